/* SPDX-License-Identifier: Apache-2.0 */
/* sandbox.h - what a worker gives up before the first byte from the network.
 *
 * In this order: sandbox_drop, sandbox_files, start threads and open sockets, sandbox_calls. In
 * builds with sanitizers, whose runtimes need more, the last two do nothing. */
#ifndef TERN_SANDBOX_H
#define TERN_SANDBOX_H

#include "base/err.h"

#include <sys/types.h>

struct identity {
	bool change; /* started as root with a user configured */
	uid_t uid;
	gid_t gid;
};

/* In the parent: looks the names up; `group` may be "". */
int identity_find(const char *user, const char *group, struct identity *id, struct why *why)
	MUST_USE;

/* User, groups, no new privileges, no core dumps, no ptrace; dies with `parent`. */
int sandbox_drop(const struct identity *id, pid_t parent, struct why *why) MUST_USE;
/* No files but those libraries load late (/usr/lib); false: this kernel has no Landlock. */
bool sandbox_files(void);
/* System calls by an allow-list; what only an intruder would call ends the process. */
int sandbox_calls(struct why *why) MUST_USE;

#endif
