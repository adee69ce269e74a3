/* SPDX-License-Identifier: Apache-2.0 */
/* What a worker can no longer do; each attempt in a process of its own. */
#include "sandbox.c"

#include "lib/test.h"

#include <iconv.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>

#ifndef TERN_SANITIZE

static const char *const no_arguments[] = { "true", NULL };

static bool become(bool calls)
{
	struct identity id = { geteuid() == 0, 65534, 65534 };

	if (sandbox_drop(&id, getppid(), NULL) < 0)
		return false;
	(void)!sandbox_files();
	return !calls || sandbox_calls(NULL) == 0;
}

/* Exit code of `attempt` in the sandbox, or 1000 + the signal that ended it. */
static int outcome(int (*attempt)(void))
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		_exit(become(true) ? attempt() : 99);
	CHECK_INT(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? 1000 + WTERMSIG(status) : WEXITSTATUS(status);
}

static int try_exec(void)
{
	return execve("/bin/true", (char *const *)no_arguments, NULL);
}

static int try_fork(void)
{
	return fork() == 0 ? 0 : 1;
}

static int try_ptrace(void)
{
	return (int)syscall(SYS_ptrace, 0, 0, 0, 0);
}

static int try_unshare(void)
{
	return unshare(CLONE_NEWUSER);
}

static int refused(bool worked)
{
	return worked ? 1 : 42;
}

static int try_open(void)
{
	return refused(open("/etc/passwd", O_RDONLY) >= 0 || open("/proc/self/mem", O_RDONLY) >= 0);
}

static int try_write(void)
{
	return refused(open("/tmp/tern-sandbox-test", O_WRONLY | O_CREAT, 0600) >= 0 ||
		       open("/usr/lib/os-release", O_RDWR) >= 0);
}

static int try_unix_socket(void)
{
	return refused(socket(AF_UNIX, SOCK_STREAM, 0) >= 0 ||
		       socket(AF_NETLINK, SOCK_RAW, 0) >= 0);
}

static int try_kill(void)
{
	return refused(kill(getppid(), SIGCONT) == 0);
}

TEST(sandbox, what_only_an_intruder_calls_ends_the_process)
{
	CHECK_INT(outcome(try_exec), 1000 + SIGSYS);
	CHECK_INT(outcome(try_fork), 1000 + SIGSYS);
	CHECK_INT(outcome(try_ptrace), 1000 + SIGSYS);
	CHECK_INT(outcome(try_unshare), 1000 + SIGSYS);
}

TEST(sandbox, files_and_sockets_are_refused)
{
	CHECK_INT(outcome(try_open), 42);
	CHECK_INT(outcome(try_write), 42);
	CHECK_INT(outcome(try_unix_socket), 42);
	CHECK_INT(outcome(try_kill), 42);
}

/* ---- what must go on working ------------------------------------------------------------------- */

/* As libzmq's threads begin. */
static void *priorities(void *arg)
{
	struct sched_param param;
	int policy;

	if (pthread_getschedparam(pthread_self(), &policy, &param) ||
	    pthread_setschedparam(pthread_self(), policy, &param))
		_exit(96);
	return arg;
}

static int use_thread(void)
{
	pthread_t t;

	return pthread_create(&t, NULL, priorities, NULL) == 0 && pthread_join(t, NULL) == 0 ? 42 :
											       1;
}

static int use_iconv(void)
{
	return iconv_open("UTF-8", "ISO-2022-JP") != (iconv_t)-1 ? 42 : 1;
}

static int use_memory(void)
{
	char *p = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p != MAP_FAILED && mprotect(p, 4096, PROT_NONE) == 0 &&
			       socket(AF_INET6, SOCK_STREAM, 0) >= 0 ?
		       42 :
		       1;
}

TEST(sandbox, libraries_go_on_working)
{
	CHECK_INT(outcome(use_thread), 42);
	CHECK_INT(outcome(use_iconv), 42);
	CHECK_INT(outcome(use_memory), 42);
}

/* ---- what the system says of us ---------------------------------------------------------------------- */

static bool status_has(const char *text, const char *line)
{
	return strstr(text, line) != NULL;
}

static int look_at_status(void)
{
	static char text[8192];
	ssize_t n;
	int fd = open("/proc/self/status", O_RDONLY); /* before the files go */

	if (fd < 0 || !become(true))
		return 98;
	n = read(fd, text, sizeof(text) - 1);
	if (n <= 0)
		return 97;
	if (!status_has(text, "\nNoNewPrivs:\t1") || !status_has(text, "\nSeccomp:\t2"))
		return 1;
	if (geteuid() == 65534 && (!status_has(text, "\nCapEff:\t0000000000000000") ||
				   !status_has(text, "\nGroups:\t \n")))
		return 2;
	return 42;
}

TEST(sandbox, process_status)
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		_exit(look_at_status());
	CHECK_INT(waitpid(pid, &status, 0), pid);
	CHECK_INT(WEXITSTATUS(status), 42);
}

#endif

TEST(sandbox, identities)
{
	struct identity id;
	struct why why = { "" };

	CHECK_INT(identity_find("", "", &id, &why), 0);
	CHECK(!id.change);
	if (geteuid() != 0)
		return;
	CHECK_INT(identity_find("nobody", "", &id, &why), 0);
	CHECK(id.change && id.uid != 0);
	CHECK_INT(identity_find("nobody", "daemon", &id, &why), 0);
	CHECK_INT(identity_find("no-such-user", "", &id, &why), -ERR_CONFIG);
	CHECK(strstr(why.text, "no-such-user"));
	CHECK_INT(identity_find("nobody", "no-such-group", &id, &why), -ERR_CONFIG);
}
