/* SPDX-License-Identifier: Apache-2.0 */
/* auth.h - what the logins of one worker share: hashing threads, failures, fresh successes. */
#ifndef TERN_SESSION_AUTH_H
#define TERN_SESSION_AUTH_H

#include "base/loop.h"
#include "session/limits.h"

struct auth;

/* Starts its threads: after the fork, before the seccomp filter. */
struct auth *auth_new(struct loop *loop, const struct limits *limits);
void auth_free(struct auth **a); /* no login may be running */

#endif
