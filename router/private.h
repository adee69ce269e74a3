/* SPDX-License-Identifier: Apache-2.0 */
/* private.h - what the files of the router share.
 *
 * A call becomes a flight, which outlives the caller's interest; a flight makes attempts, each
 * with a number of its own on the wire, so that a late refusal is not taken for another's. */
#ifndef TERN_ROUTER_PRIVATE_H
#define TERN_ROUTER_PRIVATE_H

#include "base/list.h"
#include "base/map.h"
#include "router/clustermap.h"
#include "router/due.h"
#include "router/peer.h"
#include "router/retry.h"
#include "router/watch.h"

struct node { /* of cluster.conf, in its order */
	struct router *r;
	int at;
	const struct conf_node *conf;
	struct peer *peer;
	struct list attempts; /* unanswered */
	struct list queue;    /* flights that wait for room */
	size_t inflight;      /* bytes of the attempts */
	uint64_t heard;       /* when something came from it last */
	bool suspect;         /* connected but silent: asked last */
};

enum hello { HELLO_NONE, HELLO_ASKED, HELLO_DONE };

struct shard {
	int leader;      /* node, -1: not known */
	int asserted_to; /* the leader that watches know */
	enum hello hello;
	unsigned generation; /* of hello */
	uint64_t next_seq;
	struct list open;    /* flights with a seq, ascending: the first is done_below */
	struct list waiting; /* flights that wait for hello */
};

enum flight_role { ROLE_CALL, ROLE_HELLO, ROLE_FENCE, ROLE_MAP };
enum flight_state {
	FLIGHT_MAP,   /* waits for the first map */
	FLIGHT_HELLO, /* waits until the shard knows the client */
	FLIGHT_ROOM,  /* waits for room in a node's budget */
	FLIGHT_PAUSE, /* will be sent at resume_at */
	FLIGHT_SENT,  /* waits for an answer */
	FLIGHT_FENCE, /* waits for its fence */
	FLIGHT_ENDED, /* failed before router_call returned: tells so from the loop */
};

struct attempt {
	struct list in_flight, in_node;
	struct flight *f; /* NULL: nobody waits any more, it only counts as bytes under way */
	struct node *node;
	uint64_t number;
	size_t bytes;
	uint64_t sent_at;
	bool extended; /* silence was forgiven once, the node says other things */
};

struct flight {
	struct list all;  /* of the router */
	struct list wait; /* in the list that state names */
	struct list open; /* in the shard's */
	struct list attempts;
	struct due due;
	struct router *r;
	struct call *call; /* NULL: nobody listens */
	enum flight_role role;
	enum flight_state state;
	bool starting; /* inside router_call: `done` must wait */

	/* what is sent */
	enum call_class class;
	Tern__Kind kind;
	uint32_t shard;
	int to_node;
	struct blob *body, *payload[WIRE_MAX_PARTS];
	unsigned n_payload;
	size_t bytes;
	bool grows;
	uint64_t min_index, trace, seq;
	uint8_t delivery[16];

	/* how it goes */
	uint64_t started, deadline,
		end;    /* end: a mutation that may have been sent goes on till here */
	uint64_t limit; /* the next of the two */
	uint64_t resume_at, silent_at;
	struct attempt *current;
	enum retry_where where;
	int hint, last; /* nodes, -1: none */
	unsigned maybe; /* attempts that may have been proposed */
	unsigned tries, pauses, silences, hints, hellos;
	unsigned generation; /* of the hello it was sent under */
	uint64_t asked;      /* CALL_ANY: positions of replicas asked */
	struct flight *fence, *target;
	int status; /* with FLIGHT_ENDED */
	const char *why;
};

struct router {
	struct loop *loop;
	struct router_config c;
	char public_key[CURVE_KEY + 1];
	void *zmq;
	uint64_t client, next_number;
	struct node *nodes;
	size_t n_nodes;
	struct clustermap *map;
	int *node_of; /* position in the map -> node, -1: not in cluster.conf */
	struct shard *shards;
	struct list flights;
	struct list waiting; /* for the map */
	struct map attempts; /* by number */
	struct due_heap due;
	struct loop_timer *timer, *sweep;
	struct loop_hook *hook;
	struct arena mem; /* of the message being read */
	struct prng rand;
	bool closing;
	struct flight *map_flight;
	struct loop_timer *map_timer;
	uint64_t map_asked_at;
	unsigned map_turn; /* each fetch begins with another node */
	struct watches *watches;
	bool fence_off, seq_off; /* router_break */
};

/* flight.c: the life of a call */
struct flight *flight_new(struct router *r, enum flight_role role, enum call_class class,
			  Tern__Kind kind, uint32_t shard);
void flight_times(struct flight *f, uint64_t deadline, unsigned retry_ms);
void flight_start(struct flight *f);
void flight_answer(struct flight *f, enum retry_answer answer, int status, struct msg *reply,
		   const Tern__Head *head);
void flight_due(struct flight *f, uint64_t now);
void flight_end(struct flight *f, int status, const char *why, struct msg *reply,
		const Tern__Head *head);
void flight_free(struct flight *f);
void flight_pause(struct flight *f, unsigned ms);
void flight_wait_in(struct flight *f, enum flight_state state, struct list *list);

/* send.c: where it goes, and attempts */
void flight_send(struct flight *f);
bool flight_any_left(struct flight *f);
void attempt_settle(struct attempt *a);        /* frees it */
void node_pump(struct node *n);                /* sends what waits for room */
void node_sweep(struct node *n, uint64_t now); /* forgets attempts that will not be answered */
void node_state(void *arg, bool up);
void node_message(void *arg, struct msg *m);
bool node_usable(const struct node *n);
void node_suspect(struct node *n); /* silent: asked last from now on */
bool needs_map(const struct flight *f);
int shard_leader_from_hint(struct router *r, uint32_t hint);
void shard_set_leader(struct router *r, uint32_t shard, int node);
void shard_forget_leader(struct router *r, int node); /* in all shards */

/* session.c: request ids, hello, fences */
bool session_ready(struct flight *f);           /* false: it waits for hello */
bool session_may_renew(const struct flight *f); /* after EXPIRED: is another hello worth it? */
void session_renew(struct flight *f);           /* says it, or waits for who does */
void session_new_seq(struct flight *f);         /* for tests of the tests */
uint64_t session_done_below(const struct shard *s);
void session_hello_ended(struct flight *hello, int status);
void session_begin_fence(struct flight *f);
void session_fence_ended(struct flight *fence, int status, struct msg *reply,
			 const Tern__Head *head);

/* maps.c: the cluster map */
void router_want_map(struct router *r, unsigned after_ms);
void router_map_answer(struct router *r, int status, struct msg *reply);
void router_offer_map(struct router *r, struct bytes packed);

/* Status of a packed Result or Reply: its field 1. */
int reply_status(struct bytes body);

#endif
