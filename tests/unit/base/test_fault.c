/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "base/fault.h"
#include "dies.h"
#include "lib/test.h"

#include <stdlib.h>

#ifdef TERN_FAULTS

static void pass_thrice(void)
{
	for (unsigned i = 0; i < 3; i++)
		if (FAULT("deliver_before_commit"))
			_exit(i + 1);
	_exit(9);
}

static void pass_twice(void)
{
	(void)FAULT("deliver_before_commit");
	(void)FAULT("deliver_before_commit");
	_exit(0);
}

static int exit_of(const char *armed)
{
	int status = 0;
	pid_t pid;

	setenv("FAULTPOINT", armed, 1);
	pid = fork();
	if (pid == 0)
		pass_thrice();
	waitpid(pid, &status, 0);
	unsetenv("FAULTPOINT");
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static int death_of(void (*fn)(void), const char *armed)
{
	int signo;

	setenv("FAULTPOINT", armed, 1);
	signo = dies_of(fn);
	unsetenv("FAULTPOINT");
	return signo;
}

TEST(fault, strikes_at_the_nth)
{
	uint64_t before = clock_ms();

	CHECK_INT(exit_of("deliver_before_commit:2:error"), 2);
	CHECK_INT(exit_of("deliver_before_commit:0:error"), 1);
	CHECK_INT(exit_of("deliver_before_commit:1:delay=50"), 9);
	CHECK(clock_ms() - before >= 50);
	CHECK_INT(exit_of("deliver_before_commit:4"), 9);
	CHECK_INT(death_of(pass_twice, "deliver_before_commit:2"), SIGKILL);
	CHECK_INT(death_of(pass_twice, "deliver_before_commit:2:kill"), SIGKILL);
	CHECK_INT(death_of(pass_twice, "deliver_before_commit:3:kill"), 0);
}

TEST(fault, a_typing_mistake_is_told)
{
	CHECK_INT(death_of(pass_twice, "deliver_before_comit:1"), SIGABRT);
	CHECK_INT(death_of(pass_twice, "deliver_before_commit"), SIGABRT);
	CHECK_INT(death_of(pass_twice, "deliver_before_commit:1:explode"), SIGABRT);
}

#else

TEST(fault, is_nothing_in_a_release)
{
	CHECK(!FAULT("no such point"));
}

#endif
