/* SPDX-License-Identifier: Apache-2.0 */
/* world.h - a whole front end and its store in this process, on one thread.
 *
 * Real sessions on socket pairs, real protocols, real store calls; behind them the state machine
 * in memory (lib/local_router.h). Users: one@example.test and two@example.test, password
 * "secret"; small@example.test with a quota of 4 KiB and 5 messages; off@example.test is
 * disabled; alias@example.test is one, both@example.test one and two. */
#ifndef TRANSCRIPT_WORLD_H
#define TRANSCRIPT_WORLD_H

#include "base/loop.h"
#include "lib/local_router.h"
#include "net/tls.h"
#include "session/runner.h"

struct world {
	struct loop *loop;
	struct router *router;
	struct store *store;
	struct sessions *sessions;
	struct tls *tls;
	struct limits limits;
	uint64_t one, two; /* accounts */
};

struct world *world_new(void);
/* False: a session, a coroutine or a row is not as it should be; `why` says what. */
bool world_end(struct world **w, struct why *why);
void world_turn(struct world *w);
/* The client's end of a new connection, non-blocking. */
int world_connect(struct world *w, enum listener_kind kind, const char *peer);
/* A message with lines of its own for this recipient before it. */
bool world_deliver(struct world *w, const char *address, struct bytes prefix, struct bytes message);
bool world_limit(struct world *w, const char *name, const char *value);
bool world_kind(const char *name, enum listener_kind *kind);

#endif
