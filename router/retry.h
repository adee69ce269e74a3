/* SPDX-License-Identifier: Apache-2.0 */
/* retry.h - what to do after an answer, a silence or a deadline: the rules as a pure table.
 *
 * Two facts decide. Sent: once an attempt went out and was not refused before being proposed, the
 * operation *may* happen, and only its own answer or a fence makes a negative reply true. Time:
 * the caller's deadline, and behind it the window in which a mutation that may have been sent
 * goes on under its id. router/README.md shows the table to people. */
#ifndef TERN_ROUTER_RETRY_H
#define TERN_ROUTER_RETRY_H

#include "base/rand.h"
#include "router/router.h"

enum retry_answer {
	RETRY_GOT_FINAL,     /* the operation's own outcome, good or bad */
	RETRY_GOT_REFUSED,   /* this attempt was refused for good, before it was proposed */
	RETRY_GOT_MISSING,   /* CALL_ANY: not here, but another replica was not asked yet */
	RETRY_GOT_HINT,      /* not the leader; it named one that can be reached */
	RETRY_GOT_NOTLEADER, /* not the leader, and no usable hint */
	RETRY_GOT_EPOCH,     /* our map is out of date */
	RETRY_GOT_BUSY,      /* also: too late for the node's taste */
	RETRY_GOT_EXPIRED,   /* the shard does not know the client (any more) */
	RETRY_SILENCE,       /* attempt_ms passed without a word */
	RETRY_DISCONNECT,    /* the connection that carried the attempt broke */
	RETRY_UNSENT,        /* nothing can be sent there now */
	RETRY_TIME,          /* a deadline passed while waiting */
	RETRY_ANSWERS,
};

enum retry_sent { RETRY_NEVER_SENT, RETRY_MAYBE_SENT };
enum retry_time { RETRY_IN_TIME, RETRY_PAST_DEADLINE, RETRY_PAST_ALL };

enum retry_action {
	RETRY_DONE,    /* give the caller this answer */
	RETRY_SEND,    /* again, under the same id */
	RETRY_HELLO,   /* introduce the client to the shard, then send again */
	RETRY_REFRESH, /* fetch the map; send again after a pause */
	RETRY_WAIT,    /* what was sent may still be answered: nothing to do */
	RETRY_FENCE,   /* commit a fence, its answer is the caller's */
	RETRY_FAIL_BUSY,
	RETRY_FAIL_UNKNOWN,
};

enum retry_where { RETRY_SAME, RETRY_NEXT, RETRY_TO_HINT };

struct retry_step {
	enum retry_action action;
	enum retry_where where;
	bool backoff; /* first wait for retry_backoff */
};

/* `fencing`: the call is itself a fence, which nothing can fence. */
struct retry_step retry_step(enum call_class class, bool fencing, enum retry_answer answer,
			     enum retry_sent sent, enum retry_time time);

/* Jittered pause before attempt n (from 0): 20 ms doubling to 500 ms, between half and all. */
unsigned retry_backoff(struct prng *rand, unsigned n);

#endif
