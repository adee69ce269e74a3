/* SPDX-License-Identifier: Apache-2.0 */
/* run.h - a store node from start to exit, for main.c. */
#ifndef TERN_SERVER_RUN_H
#define TERN_SERVER_RUN_H

#include "base/err.h"

/* Exit codes (sysexits.h where one fits). */
enum {
	EXIT_DRAINED = 0,
	EXIT_USAGE_ERROR = 64,
	EXIT_DISK = 74, /* a write or sync failed, or hangs: outcome unknown, never served again */
	EXIT_CONFIG = 78,
};

/* Runs until SIGTERM; returns the exit code. Start-up failures are in *why. */
int server_run(const char *conf_path, struct why *why);
/* Only reads the configuration and the files it names. */
int server_check(const char *conf_path, struct why *why) MUST_USE;

#endif
