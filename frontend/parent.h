/* SPDX-License-Identifier: Apache-2.0 */
/* parent.h - the small privileged process: opens ports, reads keys, keeps workers alive.
 *
 * It never touches a byte from the network. */
#ifndef TERN_PARENT_H
#define TERN_PARENT_H

#include "base/err.h"

/* Runs until SIGTERM and its workers' end; returns the exit code. Start-up failures in *why. */
int parent_run(const char *conf_path, struct why *why);
/* Only reads the configuration and the files it names. */
int parent_check(const char *conf_path, struct why *why) MUST_USE;

#endif
