/* SPDX-License-Identifier: Apache-2.0 */
/* quota.h - what an account may hold: the sum of RFC822.SIZE over its placements, and their
 * number. Checked here, in apply, so that no two operations can pass the limit together. */
#ifndef TERN_MAILSTORE_QUOTA_H
#define TERN_MAILSTORE_QUOTA_H

#include "mailstore/txn.h"

/* What is there already may be over a limit that was lowered; nothing more is let in then. */
bool quota_over(const struct info_rec *info, const struct counters_rec *c, uint64_t bytes,
		uint64_t messages);
int quota_take(struct txn *t, struct account *a, uint64_t bytes, uint64_t messages) MUST_USE;
void quota_give(struct account *a, uint64_t bytes, uint64_t messages);

#endif
