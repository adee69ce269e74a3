/* SPDX-License-Identifier: Apache-2.0 */
/* router.h - one request to the right replica, as often as it takes, and an answer that is true.
 *
 * The caller names a shard and a deadline. The router knows the map, who leads, who is away; it
 * sends, hears "not leader" or nothing, waits, and sends again under the same request id. What
 * it answers is final: a result, a refusal that was never sent or is fenced, or UNKNOWN, after
 * which the caller closes without a reply. Rules as a pure table: retry.h. One router per
 * worker, on its loop's thread. */
#ifndef TERN_ROUTER_ROUTER_H
#define TERN_ROUTER_ROUTER_H

#include "base/loop.h"
#include "router/clusterconf.h"
#include "wire/frame.h"

struct router;

struct router_config {
	const struct clusterconf *cluster;
	const char *secret_key;     /* own CURVE key; borrowed for the router's life, as cluster */
	size_t max_inflight_bytes;  /* per node; beyond it calls wait, then end BUSY; 32 MiB */
	unsigned session_retry_ms;  /* 60 s: IMAP, POP3, operators */
	unsigned delivery_retry_ms; /* 5 min: SMTP and LMTP */
	unsigned attempt_ms;        /* silence after which the next replica is tried; 1500 */
};

struct router *router_new(struct loop *loop, const struct router_config *c, struct why *why);
void router_free(struct router **r); /* open calls end with ERR_GONE */

/* Until the first map has come from any node, calls wait. */
bool router_ready(const struct router *r);
uint32_t router_shards(const struct router *r); /* 0: no map yet */
uint32_t router_address_shard(const struct router *r, struct bytes normalised);
uint32_t router_domain_shard(const struct router *r, struct bytes domain);
/* The cached map; valid until the next turn of the loop; NULL: none yet. */
const Tern__ClusterMap *router_map(const struct router *r);

enum call_class {
	CALL_READ,     /* safe to send any number of times: reads, and what its own id makes one */
	CALL_ANY,      /* as READ, but any replica may answer (chunks) */
	CALL_OP,       /* the router gives it (client, seq) and says hello where needed */
	CALL_DELIVERY, /* known by the delivery id inside; fenced by it */
};

/* One request in flight. The caller fills the first part, keeps the struct alive until `done`,
 * and takes what it wants out of `reply` there (msg_move), the rest is released. */
struct call {
	enum call_class class;
	Tern__Kind kind;
	uint32_t shard;
	struct blob *body;                    /* packed Op, Query, ...; taken */
	struct blob *payload[WIRE_MAX_PARTS]; /* taken */
	unsigned n_payload;
	bool grows;
	uint64_t min_index;
	uint64_t deadline; /* clock_ms; when it passes the class decides what is true */
	uint64_t trace;
	uint8_t delivery[16]; /* CALL_DELIVERY */
	int32_t to_node;      /* CALL_READ of KIND_NODE, KIND_ADMIN, KIND_MAP: only this node, by
			       * its position in cluster.conf; else -1 */
	void (*done)(struct call *c);
	void *arg;

	/* 0: answered; the Result or Reply has a status of its own. ERR_... (positive): BUSY and
	 * FENCED mean that it did not and will not happen, UNKNOWN that nobody can tell; the rest
	 * is what a store node refused it with. */
	int status;
	struct why why;
	struct msg reply; /* reply.body: Result or Reply */
	uint64_t index;
	struct call_private *priv;
};

void call_init(struct call *c, enum call_class class, Tern__Kind kind, uint32_t shard);
/* `done` comes later, from the loop, never before this returns. */
void router_call(struct router *r, struct call *c);
/* The caller lost interest: done is called at once with ERR_GONE. A mutation that may have been
 * sent still runs to its end in the background so that its id is settled. */
void router_cancel(struct call *c);

/* Watches (RFC 2177 IDLE and the like): `hint` when the account's change sequence may have moved
 * beyond modseq. Soft state at the shard's leader, asserted again after a change of leader and
 * every 30 s; a lost hint costs a delay. */
struct watch;
struct watch *router_watch(struct router *r, uint64_t account, uint64_t modseq,
			   void (*hint)(void *arg, uint64_t modseq), void *arg);
void watch_seen(struct watch *w, uint64_t modseq); /* what the session has shown by now */
void watch_free(struct watch **w);

/* Tests of the tests: routers made from now on lack a rule. */
void router_break(const char *rule);

#endif
