/* SPDX-License-Identifier: Apache-2.0 */
/* watch.h - hints that an account changed: one soft subscription per (worker, shard).
 *
 * On the wire: Watch goes as KIND_WATCH to the leader of Head.shard, with the worker's client
 * id. `fresh` says: forget what this client watched here, `add` is the whole set (or its first
 * part). Without it `drop` forgets accounts, then `add` adds some or raises the modseq seen.
 * The answer is a Head with status 0 and a body Hints, which names each account of `add` whose
 * change sequence is beyond the modseq given (mailbox 0: any); NOTLEADER and so on as for a
 * read. From then on the leader sends Head{kind HINT, shard} + Hints, unasked, to the connection
 * that the last Watch came by, for every change of a watched account. It forgets a client that
 * was silent for 90 s, whose connection broke, or when it no longer leads.
 *
 * Nothing rests on hints: every 30 s, after a change of leader and when the connection came back
 * the whole set goes again, fresh, which is the poll. At most WATCH_ITEMS items a message. */
#ifndef TERN_ROUTER_WATCH_H
#define TERN_ROUTER_WATCH_H

#include "router/router.h"

#define WATCH_ITEMS 1000
#define WATCH_ASSERT_MS SECONDS(30)
#define WATCH_FORGET_MS SECONDS(90) /* store nodes: a client silent this long is forgotten */

struct watches;

struct watches *watches_new(struct router *r, struct loop *loop, uint64_t client);
void watches_free(struct watches **w);
void watches_hints(struct watches *w, uint32_t shard, struct bytes body); /* Hints, from a node */
/* Who leads the shard changed, or its leader's connection came back: assert within a second. */
void watches_leader(struct watches *w, uint32_t shard);

#endif
