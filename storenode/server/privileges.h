/* SPDX-License-Identifier: Apache-2.0 */
/* privileges.h - a store node needs its directories and its sockets and nothing else. */
#ifndef TERN_SERVER_PRIVILEGES_H
#define TERN_SERVER_PRIVILEGES_H

#include "base/err.h"

/* Started as root with a user named: gives that user the directories (top level only, made if
 * missing) and becomes it, for good. Always: no new privileges, no core dumps. */
int privileges_drop(const char *user, const char *data, const char *log_dir, struct why *why)
	MUST_USE;

#endif
