/* SPDX-License-Identifier: Apache-2.0 */
/* private.h - what the files of store/ share: one call to the store, waited for by a command. */
#ifndef TERN_STORE_PRIVATE_H
#define TERN_STORE_PRIVATE_H

#include "base/loop.h"
#include "base/map.h"
#include "base/rand.h"
#include "router/router.h"
#include "store/codec.h"
#include "store/store.h"

struct store {
	struct loop *loop;
	struct router *router;
	struct map resolved;  /* address -> struct cached_target, positive answers only */
	struct co_pool *pool; /* what runs behind a command's back: pending deliveries, aborts */
	unsigned background;
	uint64_t owner;           /* of leases and locks: random per worker start */
	struct list free_buffers; /* chunk buffers, reused */
	unsigned n_free_buffers;
};

/* One request. Started, then waited for; several may run at once for one command. */
struct store_call {
	struct call call;
	struct store_user *user;
	struct list node; /* in user->calls while it runs */
	struct co *waiter;
	bool done;
};

/* Fills in shard, trace and deadline. The body is packed from `m`. */
void store_call_init(struct store_call *sc, struct store_user *u, enum call_class class,
		     Tern__Kind kind, uint32_t shard, const ProtobufCMessage *m);
void store_call_start(struct store_call *sc);
/* Parks until it is answered. 0 or -ERR_X (the transport's word, not the Result's). */
CO int store_call_wait(struct store_call *sc) MUST_USE;
void store_call_release(struct store_call *sc); /* cancels it if it still runs */

/* A query, answered: *out lives in mem, its status is looked at, sc holds the payloads until
 * store_call_release, which must follow. */
CO int store_ask(struct store_user *u, uint32_t shard, Tern__Query *q, struct arena *mem,
		 struct store_call *sc, Tern__Reply **out) MUST_USE;
/* A query or an operation from end to end: *out lives in mem; its status is looked at too. */
CO int store_query(struct store_user *u, uint32_t shard, Tern__Query *q, struct arena *mem,
		   Tern__Reply **out, struct bytes *page) MUST_USE;
CO int store_op(struct store_user *u, uint32_t shard, Tern__Op *op, bool grows, struct arena *mem,
		Tern__Result **out) MUST_USE;
/* The Result of an answered call; status < 0 where it refused. */
int store_result(struct store_call *sc, struct arena *mem, Tern__Result **out) MUST_USE;

/* Runs fn(arg) on a stack of the store's own pool, behind the command's back; false: no stack. */
bool store_background(struct store *s, void (*fn)(void *arg), void *arg);

/* Chunk buffers of CHUNK_RAW bytes: big enough that a fresh one costs page faults. */
uint8_t *chunk_buffer_get(struct store *s);
void chunk_buffer_put(struct store *s, uint8_t **buffer);

/* Adds dictionary entries [from, from + n) that the box does not know yet. */
void store_box_learn(struct store_box *b, uint32_t from, char **names, size_t n);

/* upload.c, shared with deliver.c: chunks of a content, copied from one shard to another. */
CO int chunks_copy(struct store_user *u, uint32_t from, uint32_t to, const Tern__Content *content,
		   const uint8_t upload[16], struct arena *mem, Tern__ChunkRef ***copied) MUST_USE;

/* pb.c: values of ours as the wire's. All live in mem. */
Tern__Flags *pb_flags(struct arena *mem, const struct store_flags *f);
Tern__Ranges *pb_ranges(struct arena *mem, const struct uidset *s);
char *pb_string(struct arena *mem, struct bytes b);
bool pb_uidset(struct uidset *s, const Tern__Ranges *r);

#endif
