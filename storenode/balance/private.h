/* SPDX-License-Identifier: Apache-2.0 */
/* private.h - what the files of this folder share; all of it on the loop's thread.
 *
 * How a node that lost its disk gets new replicas. All state is in shard 0's records and in the
 * shards' configurations, so whoever comes next goes on from there:
 *
 *   shard 0's leader   allocates ids for what is missing, a few at a time       plan.c
 *   the short node     has each recorded as born, then makes it, once           mend.c
 *   a shard's leader   takes the old member out, brings the new one in, and
 *                      records the old one as gone                              mend.c
 *   shard 0's leader   puts the new id in the old one's place in the map        plan.c
 *
 * The old member goes first: it is dead for certain (the short node says so by taking a new id),
 * and four voters with a dead one are worse off than two that live. */
#ifndef TERN_BALANCE_PRIVATE_H
#define TERN_BALANCE_PRIVATE_H

#include "model/ids.h"
#include "router/router.h"
#include "server/balance.h"
#include "server/mapcache.h"

#define AT_ONCE 8 /* replicas on their way */

struct record { /* a replica id in shard 0 */
	uint64_t replica;
	uint32_t shard;
	int node; /* -1: of a node that is not in the map */
	Tern__ReplicaState state;
};

struct view { /* a node as it has answered */
	struct balance *b;
	struct call call;
	struct arena mem; /* of the reply */
	Tern__NodeReply *reply;
	uint64_t heard_ms;
	uint64_t short_since; /* replicas of it are missing; 0: none */
};

struct absence { /* a born replica that its node does not have */
	uint64_t replica, since;
	bool seen;
};

struct balance {
	struct server *server;
	struct router *router;
	struct loop_timer *timer;
	struct view *views; /* one for each node, by position; the own one stays empty */
	bool joined;        /* came to a cluster that was there already, with an empty disk */
	bool closing;

	struct call ask; /* for the map, before this node belongs; then for the records */
	uint64_t asked_ms;
	struct arena mem; /* of the records */
	struct record *records, **live;
	size_t n_records, n_live;
	struct map by_id;
	uint64_t busy_until;            /* somewhere replicas are short */
	uint64_t led_since[SHARDS_MAX]; /* by this node, where it leads */

	unsigned orders; /* under way; new ones are given with fresh records only */
	struct list moves;
	struct absence absent[2 * AT_ONCE];
	uint32_t pos;
	char state[48];
};

enum have {
	HAVE_UNKNOWN, /* the node did not answer */
	HAVE_NOT,
	HAVE_LOST,
	HAVE_IDLE, /* there, and no member */
	HAVE_OK,
	HAVE_VOTER,
};

static inline bool have_lacks(enum have h)
{
	return h == HAVE_NOT || h == HAVE_LOST || h == HAVE_IDLE;
}

/* balance.c: does that node have that replica? */
enum have balance_have(struct balance *b, uint32_t node, uint32_t shard, uint64_t replica);

/* ask.c */
void ask_turn(struct balance *b); /* nodes, records; what they answer leads to mend and plan */
/* NULL: gone, for those are not listed. */
const struct record *record_of(const struct balance *b, uint64_t replica);
/* The one on its way for this place, NULL: none. */
const struct record *record_live(const struct balance *b, uint32_t shard, uint32_t node);
/* Has shard 0 record it; `done` (may be NULL) with the outcome: true: this very call did it. */
typedef void recorded(struct balance *b, const struct record *r, bool ok);
void record_set(struct balance *b, const struct record *r, Tern__ReplicaState state,
		recorded *done);
void map_set(struct balance *b, Tern__ClusterMap *map); /* epoch is raised here */

/* join.c: a node without identity whose cluster is there already */
void join_turn(struct balance *b);
bool join_marked(struct server *s);

/* mend.c */
void mend(struct balance *b);

/* plan.c */
void plan(struct balance *b);

#endif
