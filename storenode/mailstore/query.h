/* SPDX-License-Identifier: Apache-2.0 */
/* query.h - what a shard's rows say: pure reads of one snapshot, paged and bounded. */
#ifndef TERN_MAILSTORE_QUERY_H
#define TERN_MAILSTORE_QUERY_H

#include "base/arena.h"
#include "engine/rows.h"
#include "wire/frame.h"

/* Answers q from the view. The reply's status carries refusals; payload parts are added to
 * `out`. The reply lives in mem. The caller decides about leases: a negative answer may only be
 * sent while one is valid (mailstore_reply_negative). */
Tern__Reply *mailstore_query(struct rows *view, const Tern__Query *q, struct arena *mem,
			     struct msg *out);
bool mailstore_reply_negative(const Tern__Reply *r); /* "no such ...", or an empty answer */

/* Every invariant of the rows, recomputed: counters against sums, quota, name tree, change
 * index, references of contents, next ids above all given. For tests, the simulator and
 * `tern-storenode --verify`. */
int mailstore_check(struct rows *view, struct why *why) MUST_USE;

#endif
