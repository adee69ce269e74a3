/* SPDX-License-Identifier: Apache-2.0 */
/* store.h - one shard in memory for tests: operations in, results out.
 *
 * Every entry is applied, flushed and written; with `checked` also checked: all invariants, and
 * the state hash against a scan. */
#ifndef STORE_H
#define STORE_H

#include "base/clock.h"
#include "base/rand.h"
#include "lib/test.h"
#include "mailstore/apply.h"
#include "mailstore/layout.h"
#include "mailstore/query.h"
#include "model/row.h"
#include "wire/frame.h"

#define WALL 1700000000000ull /* of the first entry */

struct store {
	struct kv *kv;
	struct rows_state state;
	uint32_t shard;
	struct arena mem; /* of everything handed out; store_clear */
	struct arena ops; /* of the operations being built */
	uint64_t index, log_ms, wall_ms;
	uint64_t client, seq, done_below;
	bool checked;
	struct effects fx;   /* of the last entry */
	struct bytes packed; /* its result */
	/* Sees each entry before it is applied. */
	void (*record)(void *arg, const struct entry *e);
	void *arg;
};

void store_init(struct store *s, uint32_t shard);
void store_release(struct store *s);
void store_clear(struct store *s); /* frees what was handed out */

struct rows *store_view(struct store *s); /* rows_free it */
void store_check(struct store *s);

/* Applies entry bytes as they are. */
struct bytes store_entry(struct store *s, const struct entry *e);
/* The next request of the store's client, with a body or none. */
Tern__Result *store_do(struct store *s, Tern__Op *op, struct bytes body);
/* The same with client 0. */
Tern__Result *store_do_unknown(struct store *s, Tern__Op *op, struct bytes body);
/* As an entry of a given request id. */
Tern__Result *store_do_as(struct store *s, uint64_t client, uint64_t seq, Tern__Op *op,
			  struct bytes body);
Tern__Reply *store_ask(struct store *s, Tern__Query *q, struct bytes *page);

/* ---- operations, built in s->ops */
#define OP_NEW(s, field, FIELD, type)                                   \
	({                                                              \
		Tern__Op *op_ = store_op(s);                            \
		op_->what_case = TERN__OP__WHAT_##FIELD;                \
		op_->field = store_msg(s, &tern__##type##__descriptor); \
		op_;                                                    \
	})
Tern__Op *store_op(struct store *s);
void *store_msg(struct store *s, const ProtobufCMessageDescriptor *d);
char *store_text(struct store *s, const char *text);
Tern__Ranges *store_ranges(struct store *s, const char *set); /* "1:3,7" */
Tern__Flags *store_flags(struct store *s, const char *flags); /* "SFDAT" system, words */
/* A content whose only chunk is the body `fill` makes; *body: what to send along. */
Tern__Content *store_content(struct store *s, uint32_t size, const char *facts, struct bytes *body);

uint64_t store_account(struct store *s, const char *address, uint64_t quota);
void store_hello(struct store *s);
uint32_t store_create(struct store *s, uint64_t account, const char *path);
/* UID of the new message; flags as in store_flags. */
uint32_t store_append(struct store *s, uint64_t account, uint32_t mailbox, uint32_t size,
		      const char *flags);
Tern__Result *store_deliver(struct store *s, uint64_t id, const uint64_t *accounts, size_t n,
			    uint32_t size);
Tern__MailboxInfo *store_select(struct store *s, uint64_t account, const char *path);
Tern__AccountReply *store_account_get(struct store *s, uint64_t account);
/* "uid:flags[keywords]" of all messages, space between. */
const char *store_show(struct store *s, uint64_t account, uint32_t mailbox);
const char *store_set(struct store *s, const Tern__Ranges *r); /* "1:3,7" */
void store_id(uint64_t id, uint8_t out[16]);
/* Lets log and wall time pass, then maintains until nothing is due. */
void store_pass(struct store *s, uint64_t ms);

#endif
