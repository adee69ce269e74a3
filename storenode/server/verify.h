/* SPDX-License-Identifier: Apache-2.0 */
/* verify.h - a stopped node's data directory, checked from end to end. */
#ifndef TERN_SERVER_VERIFY_H
#define TERN_SERVER_VERIFY_H

#include "base/base.h"

/* Prints shard, replica state, applied index, state hash (kept and recomputed), and what
 * mailstore_check says. 0: all well; 1: something is wrong; 74: cannot be read. */
int verify_run(const char *dir, bool json);

#endif
