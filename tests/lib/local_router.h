/* SPDX-License-Identifier: Apache-2.0 */
/* local_router.h - router/router.h straight over the state machine, in memory, without a cluster.
 *
 * Each shard has one replica that is always right: an operation becomes an entry and is applied,
 * a query reads the rows. Calls are answered by the loop, never at once, so that commands wait
 * as they would. A program that includes lib/local_router_names.h in one of its files has the
 * functions of router/router.h from here. */
#ifndef LIB_LOCAL_ROUTER_H
#define LIB_LOCAL_ROUTER_H

#include "router/router.h"

enum local_mood { /* what calls meet from now on */
		  LOCAL_WELL,
		  LOCAL_AWAY,    /* nobody answers: ERR_BUSY */
		  LOCAL_UNKNOWN, /* operations happen, what became of them is not known: ERR_UNKNOWN */
		  LOCAL_NO_CHUNKS, /* bodies cannot be had: ERR_BUSY */
		  LOCAL_ROTTEN,    /* bodies come back altered */
		  LOCAL_DEAF,      /* watches hear nothing */
		  LOCAL_LOST,      /* bodies are not there */
};

struct router *local_router_new(struct loop *loop, uint32_t shards);
void local_router_free(struct router **r);
void local_router_mood(struct router *r, enum local_mood mood);
/* Bodies are lost after so many more of them; 0: never. */
void local_router_chunks(struct router *r, unsigned left);
void local_router_log_time(struct router *r, uint64_t ms); /* lets log time go on */

/* At once, for setting things up: the Result's status. */
int local_router_op(struct router *r, uint32_t shard, Tern__Op *op, uint64_t *account);
/* The same for a Deliver and its body. */
int local_router_deliver(struct router *r, uint32_t shard, Tern__Op *op, struct blob *body);
/* mailstore_check of every shard. */
int local_router_check(struct router *r, struct why *why);

/* router/router.h */
bool local_router_ready(const struct router *r);
uint32_t local_router_shards(const struct router *r);
uint32_t local_router_address_shard(const struct router *r, struct bytes normalised);
uint32_t local_router_domain_shard(const struct router *r, struct bytes domain);
const Tern__ClusterMap *local_router_map(const struct router *r);
void local_call_init(struct call *c, enum call_class class, Tern__Kind kind, uint32_t shard);
void local_router_call(struct router *r, struct call *c);
void local_router_cancel(struct call *c);
struct watch *local_router_watch(struct router *r, uint64_t account, uint64_t modseq,
				 void (*hint)(void *arg, uint64_t modseq), void *arg);
void local_watch_seen(struct watch *w, uint64_t modseq);
void local_watch_free(struct watch **w);

#endif
