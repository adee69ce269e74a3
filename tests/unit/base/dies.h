/* SPDX-License-Identifier: Apache-2.0 */
/* dies.h - does something end the process by abort(), as a broken invariant must? */
#ifndef DIES_H
#define DIES_H

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* Runs fn in a child that says nothing; the signal that ended it, 0 if none did. */
static inline int dies_of(void (*fn)(void))
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		int null = open("/dev/null", O_WRONLY);

		setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
		dup2(null, STDERR_FILENO);
		signal(SIGABRT, SIG_DFL);
		signal(SIGSEGV, SIG_DFL);
		fn();
		_exit(0);
	}
	waitpid(pid, &status, 0);
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static inline bool aborts(void (*fn)(void))
{
	return dies_of(fn) == SIGABRT;
}

#endif
