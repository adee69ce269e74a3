/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/landlock.h>
#include <pwd.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* ---- who we are ----------------------------------------------------------------------------------- */

int identity_find(const char *user, const char *group, struct identity *id, struct why *why)
{
	const struct passwd *pw;
	const struct group *gr;

	*id = (struct identity){ 0 };
	if (geteuid() != 0 || !*user)
		return 0;
	pw = getpwnam(user);
	if (!pw)
		return why_set(
			why, ERR_CONFIG,
			"user: %s does not exist; run cluster-conf/install run, or set `user`",
			user);
	*id = (struct identity){ true, pw->pw_uid, pw->pw_gid };
	if (!*group)
		return 0;
	gr = getgrnam(group);
	if (!gr)
		return why_set(why, ERR_CONFIG, "group: %s does not exist", group);
	id->gid = gr->gr_gid;
	return 0;
}

int sandbox_drop(const struct identity *id, pid_t parent, struct why *why)
{
	struct rlimit none = { 0, 0 };

	if (id->change && (setgroups(0, NULL) < 0 || setresgid(id->gid, id->gid, id->gid) < 0 ||
			   setresuid(id->uid, id->uid, id->uid) < 0))
		return why_set(why, ERR_CONFIG, "cannot become user %u: %s", (unsigned)id->uid,
			       strerror(errno));
	if (setrlimit(RLIMIT_CORE, &none) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 || prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		return why_set(why, ERR_CONFIG, "cannot give up privileges: %s", strerror(errno));
	/* It may have died before the kernel was told to tell us. */
	if (getppid() != parent)
		_exit(0);
	return 0;
}

#ifdef TERN_SANITIZE

bool sandbox_files(void)
{
	return true;
}

int sandbox_calls(struct why *why UNUSED)
{
	return 0;
}

#else

/* ---- files ----------------------------------------------------------------------------------------- */

/* Rights that exist since Landlock's ABI 1, 2 and 3. */
static uint64_t known_rights(long abi)
{
	return (UINT64_C(1) << (abi >= 3 ? 15 : abi == 2 ? 14 : 13)) - 1;
}

static bool allow_below(int ruleset, const char *path)
{
	struct landlock_path_beneath_attr rule = {
		.allowed_access = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR,
		.parent_fd = open(path, O_PATH | O_CLOEXEC),
	};
	bool ok = rule.parent_fd >= 0 && syscall(SYS_landlock_add_rule, ruleset,
						 LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0;

	if (rule.parent_fd >= 0)
		close(rule.parent_fd);
	return ok;
}

bool sandbox_files(void)
{
	struct landlock_ruleset_attr attr = { 0 };
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	int ruleset;
	bool ok;

	if (abi < 1)
		return false;
	attr.handled_access_fs = known_rights(abi);
	ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);
	if (ruleset < 0)
		return false;
	/* iconv loads its tables when a message needs them. */
	ok = allow_below(ruleset, "/usr/lib") &&
	     syscall(SYS_landlock_restrict_self, ruleset, 0) == 0;
	close(ruleset);
	return ok;
}

/* ---- system calls ----------------------------------------------------------------------------------- */

static const int allowed[] = {
	/* descriptors */
	SCMP_SYS(read),
	SCMP_SYS(write),
	SCMP_SYS(readv),
	SCMP_SYS(writev),
	SCMP_SYS(pread64),
	SCMP_SYS(close),
	SCMP_SYS(fcntl),
	SCMP_SYS(ioctl),
	SCMP_SYS(lseek),
	SCMP_SYS(fstat),
	SCMP_SYS(newfstatat),
	SCMP_SYS(dup),
	SCMP_SYS(pipe2),
	SCMP_SYS(eventfd2),
	SCMP_SYS(epoll_create1),
	SCMP_SYS(epoll_ctl),
	SCMP_SYS(epoll_wait),
	SCMP_SYS(epoll_pwait),
	SCMP_SYS(poll),
	SCMP_SYS(ppoll),
	SCMP_SYS(select),
	SCMP_SYS(pselect6),
	/* sockets; socket() itself is below */
	SCMP_SYS(connect),
	SCMP_SYS(accept4),
	SCMP_SYS(bind),
	SCMP_SYS(shutdown),
	SCMP_SYS(sendto),
	SCMP_SYS(sendmsg),
	SCMP_SYS(sendmmsg),
	SCMP_SYS(recvfrom),
	SCMP_SYS(recvmsg),
	SCMP_SYS(recvmmsg),
	SCMP_SYS(getsockname),
	SCMP_SYS(getpeername),
	SCMP_SYS(getsockopt),
	SCMP_SYS(setsockopt),
	/* memory */
	SCMP_SYS(mmap),
	SCMP_SYS(munmap),
	SCMP_SYS(mremap),
	SCMP_SYS(mprotect),
	SCMP_SYS(madvise),
	SCMP_SYS(brk),
	SCMP_SYS(mlock),
	SCMP_SYS(munlock),
	/* threads and signals */
	SCMP_SYS(futex),
	SCMP_SYS(set_robust_list),
	SCMP_SYS(rseq),
	SCMP_SYS(membarrier),
	SCMP_SYS(sched_yield),
	SCMP_SYS(sched_getaffinity),
	SCMP_SYS(sched_getparam), /* libzmq's threads look at and set their own priority */
	SCMP_SYS(sched_getscheduler),
	SCMP_SYS(sched_setscheduler),
	SCMP_SYS(getcpu),
	SCMP_SYS(gettid),
	SCMP_SYS(getpid),
	SCMP_SYS(getppid),
	SCMP_SYS(tgkill),
	SCMP_SYS(rt_sigaction),
	SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigreturn),
	SCMP_SYS(sigaltstack),
	SCMP_SYS(restart_syscall),
	SCMP_SYS(exit),
	SCMP_SYS(exit_group),
	SCMP_SYS(prctl),
	/* time, chance, who */
	SCMP_SYS(clock_gettime),
	SCMP_SYS(clock_getres),
	SCMP_SYS(clock_nanosleep),
	SCMP_SYS(nanosleep),
	SCMP_SYS(gettimeofday),
	SCMP_SYS(time),
	SCMP_SYS(getrandom),
	SCMP_SYS(getuid),
	SCMP_SYS(geteuid),
	SCMP_SYS(getgid),
	SCMP_SYS(getegid),
	SCMP_SYS(uname),
	SCMP_SYS(sysinfo),
	SCMP_SYS(getrlimit),
	SCMP_SYS(prlimit64),
	SCMP_SYS(getrusage),
};

/* Nothing of ours calls these: whoever does has taken the process over. */
static const int deadly[] = {
	SCMP_SYS(execve),
	SCMP_SYS(execveat),
	SCMP_SYS(fork),
	SCMP_SYS(vfork),
	SCMP_SYS(ptrace),
	SCMP_SYS(process_vm_readv),
	SCMP_SYS(process_vm_writev),
	SCMP_SYS(bpf),
	SCMP_SYS(keyctl),
	SCMP_SYS(add_key),
	SCMP_SYS(request_key),
	SCMP_SYS(userfaultfd),
	SCMP_SYS(io_uring_setup),
	SCMP_SYS(io_uring_enter),
	SCMP_SYS(io_uring_register),
	SCMP_SYS(perf_event_open),
	SCMP_SYS(init_module),
	SCMP_SYS(finit_module),
	SCMP_SYS(kexec_load),
	SCMP_SYS(mount),
	SCMP_SYS(umount2),
	SCMP_SYS(pivot_root),
	SCMP_SYS(chroot),
	SCMP_SYS(setns),
	SCMP_SYS(unshare),
	SCMP_SYS(open_by_handle_at),
};

static int add(scmp_filter_ctx f, uint32_t action, const int *calls, size_t n)
{
	int ret = 0;

	for (size_t i = 0; i < n && ret == 0; i++)
		ret = seccomp_rule_add(f, action, calls[i], 0);
	return ret;
}

/* Calls that depend on what they are asked for. */
static int add_conditional(scmp_filter_ctx f)
{
	int ret = 0;

	/* Internet sockets only. */
	ret |= seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1,
				SCMP_A0(SCMP_CMP_EQ, AF_INET));
	ret |= seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1,
				SCMP_A0(SCMP_CMP_EQ, AF_INET6));
	/* Files for reading only; Landlock says which. */
	ret |= seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(openat), 1,
				SCMP_A2(SCMP_CMP_MASKED_EQ, O_ACCMODE | O_CREAT | O_TRUNC,
					O_RDONLY));
	/* Threads, no processes. clone3 hides its flags from a filter; glibc falls back. */
	ret |= seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
				SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD));
	ret |= seccomp_rule_add(f, SCMP_ACT_KILL_PROCESS, SCMP_SYS(clone), 1,
				SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0));
	ret |= seccomp_rule_add(f, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
	return ret;
}

int sandbox_calls(struct why *why)
{
	scmp_filter_ctx f = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int ret = f ? 0 : -ENOMEM;

	if (ret == 0)
		ret = add(f, SCMP_ACT_ALLOW, allowed, ARRAY_LEN(allowed));
	if (ret == 0)
		ret = add(f, SCMP_ACT_KILL_PROCESS, deadly, ARRAY_LEN(deadly));
	if (ret == 0)
		ret = add_conditional(f);
	if (ret == 0)
		ret = seccomp_attr_set(f, SCMP_FLTATR_CTL_TSYNC, 1);
	if (ret == 0)
		ret = seccomp_load(f);
	seccomp_release(f);
	return ret ? why_set(why, ERR_CONFIG, "no filter for system calls: %s",
			     strerror(abs(ret))) :
		     0;
}

#endif
