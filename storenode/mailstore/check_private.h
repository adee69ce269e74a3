/* SPDX-License-Identifier: Apache-2.0 */
/* check_private.h - the check of a whole shard; included by check*.c only. */
#ifndef TERN_MAILSTORE_CHECK_PRIVATE_H
#define TERN_MAILSTORE_CHECK_PRIVATE_H

#include "base/map.h"
#include "mailstore/place.h"
#include "mailstore/query.h"

struct check {
	struct rows *rows;
	struct arena mem;
	struct why *why;
	struct shard_rec shard;
	struct map contents; /* content id -> struct tally */
	struct map timers;   /* kind and id -> non-NULL */
	struct map chunks;   /* index and term -> non-NULL */
};

struct tally {
	uint64_t want, got;
};

#define WRONG(c, ...) why_set((c)->why, ERR_CORRUPT, __VA_ARGS__)

/* Counts one under a number. */
void tally_add(struct check *c, struct map *m, uint64_t id);
struct tally *tally_of(struct check *c, struct map *m, uint64_t id);
bool check_timer(struct check *c, enum timer_kind kind, struct bytes id);
int check_account(struct check *c, uint64_t account, const struct info_rec *info) MUST_USE;
size_t check_count(struct check *c, struct bytes prefix); /* rows under it */

#endif
