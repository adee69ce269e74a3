/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/local_router.h"

#include "base/clock.h"
#include "base/list.h"
#include "base/map.h"
#include "engine/rows.h"
#include "mailstore/apply.h"
#include "mailstore/query.h"
#include "model/ids.h"
#include "model/row.h"

#include <stdlib.h>

enum { TERM = 1, INCARNATION = 1, HASH_KEY = 77, MAINTAIN_MAX = 64 };

struct shard {
	uint32_t id;
	struct rows_state state;
	uint64_t index, seq, log_ms;
	bool hello;
};

struct router {
	struct loop *loop;
	struct kv *kv;
	struct shard *shards;
	uint32_t n;
	struct map chunks; /* chunk_key -> struct blob */
	struct map locks;  /* account -> owner */
	struct list calls, watches;
	bool posted;
	enum local_mood mood;
	unsigned chunks_left;
	uint64_t client, log_add;
};

struct call_private {
	struct list node;
	struct router *r;
	struct call *call;
};

struct watch {
	struct list node;
	struct router *r;
	uint64_t account, seen, news;
	void (*hint)(void *arg, uint64_t modseq);
	void *arg;
};

struct chunk_key {
	uint64_t shard, index;
};

static void run(void *arg);

static void wake(struct router *r)
{
	if (!r->posted)
		loop_post(r->loop, run, r);
	r->posted = true;
}

/* ---- entries --------------------------------------------------------------------------------- */

static void hear(struct router *r, const struct effects *fx)
{
	for (size_t i = 0; i < fx->n_hints; i++)
		list_foreach(&r->watches, node) {
			struct watch *w = list_entry(node, struct watch, node);

			if (w->account == fx->hints[i].account)
				w->news = MAX(w->news, fx->hints[i].modseq);
		}
	wake(r);
}

static void reclaim(struct router *r, struct shard *s, const struct effects *fx)
{
	for (size_t i = 0; i < fx->n_reclaim; i++) {
		struct chunk_key key = { s->id, fx->reclaim[i].index };
		struct blob *b = map_del(&r->chunks, MAP_KEY(key));

		blob_unref(&b);
	}
}

static void keep_body(struct router *r, struct shard *s, uint64_t index, struct blob *body)
{
	struct chunk_key key = { s->id, index };

	if (body)
		map_put(&r->chunks, MAP_KEY(key), blob_ref(body));
}

static struct bytes apply(struct router *r, struct shard *s, const struct stamp *stamp,
			  struct bytes op, struct blob *body, struct arena *mem)
{
	struct entry e = { .index = ++s->index, .term = TERM, .stamp = *stamp, .op = op };
	struct rows *rows = rows_edit(r->kv, s->id, INCARNATION, &s->state);
	struct kv_batch *batch = kv_batch_new(r->kv);
	struct effects fx = { 0 };
	struct bytes result;

	s->log_ms = MAX(s->log_ms, clock_ms() + r->log_add);
	e.stamp.log_ms = s->log_ms;
	e.stamp.wall_ms = clock_wall_ms();
	if (body) {
		e.body_stored = (uint32_t)body->b.n;
		e.body_hash = hash128(body->b);
	}
	keep_body(r, s, e.index, body);
	result = mailstore_apply(rows, &e, mem, &fx);
	rows_flush(rows, batch);
	INVARIANT(kv_write(r->kv, batch) == 0 && kv_sync(r->kv) == 0);
	kv_batch_free(&batch);
	rows_free(&rows);
	reclaim(r, s, &fx);
	hear(r, &fx);
	return result;
}

static struct bytes pack(struct arena *mem, const ProtobufCMessage *m)
{
	uint8_t *p = arena_alloc(mem, protobuf_c_message_get_packed_size(m));

	return bytes_of(p, protobuf_c_message_pack(m, p));
}

static void maintain(struct router *r, struct shard *s)
{
	for (unsigned i = 0; i < MAINTAIN_MAX; i++) {
		struct rows *view = rows_view(r->kv, NULL, s->id, INCARNATION);
		bool due = mailstore_due(view, MAX(s->log_ms, clock_ms() + r->log_add));
		Tern__Maintain m = TERN__MAINTAIN__INIT;
		Tern__Op op = TERN__OP__INIT;
		struct stamp stamp = { 0 };
		struct arena mem;

		rows_free(&view);
		if (!due)
			return;
		arena_init(&mem, 0);
		op.version = 1;
		op.what_case = TERN__OP__WHAT_MAINTAIN;
		op.maintain = &m;
		(void)apply(r, s, &stamp, pack(&mem, &op.base), NULL, &mem);
		arena_release(&mem);
	}
}

static void say_hello(struct router *r, struct shard *s)
{
	Tern__Hello hello = TERN__HELLO__INIT;
	Tern__Op op = TERN__OP__INIT;
	struct stamp stamp = { .client = r->client, .done_below = 1 };
	struct arena mem;

	if (s->hello)
		return;
	s->hello = true;
	stamp.seq = ++s->seq;
	arena_init(&mem, 0);
	op.version = 1;
	op.what_case = TERN__OP__WHAT_HELLO;
	op.hello = &hello;
	(void)apply(r, s, &stamp, pack(&mem, &op.base), NULL, &mem);
	arena_release(&mem);
}

/* ---- what is asked --------------------------------------------------------------------------- */

static int run_op(struct router *r, struct shard *s, struct call *c, struct arena *mem)
{
	struct blob *payload = c->n_payload ? c->payload[0] : NULL;
	Tern__Op *op = WIRE_UNPACK(op, c->body->b, mem);
	struct stamp stamp = { .trace = c->trace };
	struct bytes result;

	if (!op)
		return why_set(&c->why, ERR_INVALID, "malformed operation");
	if (op_check(op, payload ? payload->b.n : 0, &c->why) < 0)
		return -ERR_INVALID;
	if (c->class != CALL_DELIVERY) {
		say_hello(r, s);
		stamp.client = r->client;
		stamp.seq = stamp.done_below = ++s->seq;
	}
	result = apply(r, s, &stamp, c->body->b, payload, mem);
	maintain(r, s);
	if (r->mood == LOCAL_UNKNOWN)
		return -ERR_UNKNOWN;
	c->reply.body = blob_copy(result);
	return 0;
}

static bool chunks_gone(struct router *r)
{
	return r->mood == LOCAL_NO_CHUNKS || (r->chunks_left && --r->chunks_left == 0);
}

static struct blob *rotten(const struct blob *b)
{
	uint8_t *room;
	struct blob *bad = blob_new(b->b.n, &room);

	memcpy(room, b->b.p, b->b.n);
	room[b->b.n / 2] ^= 1;
	return bad;
}

/* Bodies that come along with their rows: every other one, so that both ways are gone. */
static void add_bodies(struct router *r, struct shard *s, const Tern__Rows *in,
		       Tern__RowsReply *out, struct msg *reply, struct arena *mem)
{
	struct bytes page = reply->n_payload ? reply->payload[0]->b : BYTES_NONE;
	struct row_chunk c;
	struct row row;

	out->bodies = arena_array(mem, uint32_t, WIRE_MAX_PARTS);
	while (reply->n_payload < WIRE_MAX_PARTS && row_unpack(&page, in->columns, &row)) {
		struct chunk_key key = { .shard = s->id };
		struct blob *b;

		if (row.uid % 2 == 0 || row.n_chunks != 1 || !row_chunk_next(&row.chunks, &c))
			continue;
		key.index = c.index;
		b = map_get(&r->chunks, MAP_KEY(key));
		if (!b || b->b.n > in->body_bytes)
			continue;
		msg_add(reply, r->mood == LOCAL_ROTTEN ? rotten(b) : blob_ref(b));
		out->bodies[out->n_bodies++] = row.uid;
	}
}

static int run_query(struct router *r, struct shard *s, struct call *c, struct arena *mem)
{
	Tern__Query *q = WIRE_UNPACK(query, c->body->b, mem);
	struct rows *view;
	Tern__Reply *reply;

	if (!q)
		return -ERR_INVALID;
	view = rows_view(r->kv, NULL, s->id, INCARNATION);
	reply = mailstore_query(view, q, mem, &c->reply);
	if (reply->what_case == TERN__REPLY__WHAT_ROWS && q->what_case == TERN__QUERY__WHAT_ROWS &&
	    q->rows->body_bytes && (r->mood == LOCAL_WELL || r->mood == LOCAL_ROTTEN) &&
	    !r->chunks_left)
		add_bodies(r, s, q->rows, reply->rows, &c->reply, mem);
	c->reply.body = wire_pack(&reply->base);
	rows_free(&view);
	return 0;
}

static int run_chunks(struct router *r, struct shard *s, struct call *c, struct arena *mem)
{
	Tern__ChunksQuery *q = WIRE_UNPACK(chunks_query, c->body->b, mem);

	if (!q)
		return -ERR_INVALID;
	if (chunks_gone(r)) {
		r->mood = LOCAL_NO_CHUNKS;
		return -ERR_BUSY;
	}
	for (size_t i = 0; i < q->n_chunks; i++) {
		struct chunk_key key = { s->id, q->chunks[i]->index };
		struct blob *b = map_get(&r->chunks, MAP_KEY(key));

		if (!b || r->mood == LOCAL_LOST)
			return -ERR_NOTFOUND;
		msg_add(&c->reply, r->mood == LOCAL_ROTTEN ? rotten(b) : blob_ref(b));
	}
	return 0;
}

static int run_lock(struct router *r, struct call *c, struct arena *mem)
{
	Tern__Lock *lock = WIRE_UNPACK(lock, c->body->b, mem);
	uint64_t owner;

	if (!lock)
		return -ERR_INVALID;
	owner = (uint64_t)(uintptr_t)map_get(&r->locks, MAP_KEY(lock->account));
	if (lock->release) {
		if (owner == lock->owner)
			map_del(&r->locks, MAP_KEY(lock->account));
		return 0;
	}
	if (owner && owner != lock->owner)
		return -ERR_INUSE;
	map_put(&r->locks, MAP_KEY(lock->account), (void *)(uintptr_t)lock->owner);
	return 0;
}

static int run_call(struct router *r, struct call *c, struct arena *mem)
{
	struct shard *s = &r->shards[c->shard];

	if (r->mood == LOCAL_AWAY)
		return -ERR_BUSY;
	switch (c->kind) {
	case TERN__KIND__KIND_OP: return run_op(r, s, c, mem);
	case TERN__KIND__KIND_QUERY: return run_query(r, s, c, mem);
	case TERN__KIND__KIND_CHUNKS: return run_chunks(r, s, c, mem);
	case TERN__KIND__KIND_LOCK: return run_lock(r, c, mem);
	default: return -ERR_INVALID;
	}
}

/* ---- calls ----------------------------------------------------------------------------------- */

static void answer(struct call *c, int status)
{
	struct call_private *p = c->priv;

	list_del(&p->node);
	c->priv = NULL;
	free(p);
	c->status = status;
	blob_unref(&c->body);
	for (unsigned i = 0; i < c->n_payload; i++)
		blob_unref(&c->payload[i]);
	c->done(c);
}

static void run_calls(struct router *r)
{
	struct list now, *node;

	list_init(&now);
	while ((node = list_pop(&r->calls)))
		list_add(&now, node);
	while ((node = list_first(&now))) {
		struct call *c = list_entry(node, struct call_private, node)->call;
		struct arena mem;
		int ret;

		arena_init(&mem, 0);
		ret = run_call(r, c, &mem);
		arena_release(&mem);
		if (ret < 0)
			msg_release(&c->reply);
		answer(c, -ret);
	}
}

static void run_watches(struct router *r)
{
	bool again = r->mood != LOCAL_DEAF;

	while (again) {
		again = false;
		list_foreach(&r->watches, node) {
			struct watch *w = list_entry(node, struct watch, node);
			uint64_t news = w->news;

			if (news <= w->seen || news == 0)
				continue;
			w->news = 0;
			w->hint(w->arg, news);
			again = true; /* the list may be another one now */
			break;
		}
	}
}

static void run(void *arg)
{
	struct router *r = arg;

	r->posted = false;
	run_calls(r);
	run_watches(r);
}

void local_call_init(struct call *c, enum call_class class, Tern__Kind kind, uint32_t shard)
{
	memset(c, 0, sizeof(*c));
	c->class = class;
	c->kind = kind;
	c->shard = shard;
	c->to_node = -1;
}

void local_router_call(struct router *r, struct call *c)
{
	struct call_private *p = xnew(struct call_private);

	INVARIANT(c->shard < r->n && c->deadline > 0 && c->done);
	p->r = r;
	p->call = c;
	c->priv = p;
	msg_init(&c->reply);
	list_add(&r->calls, &p->node);
	wake(r);
}

void local_router_cancel(struct call *c)
{
	if (c->priv)
		answer(c, ERR_GONE);
}

/* ---- watches --------------------------------------------------------------------------------- */

static uint64_t account_modseq(struct router *r, uint64_t account)
{
	Tern__AccountGet get = TERN__ACCOUNT_GET__INIT;
	Tern__Query q = TERN__QUERY__INIT;
	struct rows *view = rows_view(r->kv, NULL, ACCOUNT_SHARD(account), INCARNATION);
	struct arena mem;
	struct msg out;
	Tern__Reply *reply;
	uint64_t modseq;

	arena_init(&mem, 0);
	msg_init(&out);
	get.account = account;
	q.what_case = TERN__QUERY__WHAT_ACCOUNT;
	q.account = &get;
	reply = mailstore_query(view, &q, &mem, &out);
	modseq = reply->account ? reply->account->modseq : 0;
	rows_free(&view);
	arena_release(&mem);
	return modseq;
}

struct watch *local_router_watch(struct router *r, uint64_t account, uint64_t modseq,
				 void (*hint)(void *arg, uint64_t modseq), void *arg)
{
	struct watch *w = xnew(struct watch);

	w->r = r;
	w->account = account;
	w->seen = modseq;
	w->hint = hint;
	w->arg = arg;
	w->news = account_modseq(r, account);
	list_add(&r->watches, &w->node);
	wake(r);
	return w;
}

void local_watch_seen(struct watch *w, uint64_t modseq)
{
	w->seen = MAX(w->seen, modseq);
}

void local_watch_free(struct watch **w)
{
	if (!*w)
		return;
	list_del(&(*w)->node);
	free(*w);
	*w = NULL;
}

/* ---- the router ------------------------------------------------------------------------------ */

struct router *local_router_new(struct loop *loop, uint32_t shards)
{
	struct router *r = xnew(struct router);

	r->loop = loop;
	r->kv = kv_mem_new();
	r->n = shards;
	r->shards = xcalloc(shards, sizeof(*r->shards));
	r->client = 4711;
	for (uint32_t i = 0; i < shards; i++)
		r->shards[i] = (struct shard){ .id = i, .index = 1 };
	map_init(&r->chunks);
	map_init(&r->locks);
	list_init(&r->calls);
	list_init(&r->watches);
	return r;
}

void local_router_free(struct router **arg)
{
	struct router *r = *arg;
	struct list *node;
	struct bytes key;
	void *value;
	size_t pos = 0;

	*arg = NULL;
	while ((node = list_first(&r->calls)))
		answer(list_entry(node, struct call_private, node)->call, ERR_GONE);
	while (r->posted)
		loop_turn(r->loop);
	while (map_next(&r->chunks, &pos, &key, &value)) {
		struct blob *b = value;

		blob_unref(&b);
	}
	map_release(&r->chunks);
	map_release(&r->locks);
	kv_close(&r->kv);
	free(r->shards);
	free(r);
}

void local_router_mood(struct router *r, enum local_mood mood)
{
	r->mood = mood;
	wake(r);
}

void local_router_chunks(struct router *r, unsigned left)
{
	r->chunks_left = left ? left + 1 : 0;
}

void local_router_log_time(struct router *r, uint64_t ms)
{
	r->log_add += ms;
	for (uint32_t i = 0; i < r->n; i++) {
		r->shards[i].hello =
			false; /* a silent client is forgotten: it introduces itself anew */
		maintain(r, &r->shards[i]);
	}
}

int local_router_op(struct router *r, uint32_t shard, Tern__Op *op, uint64_t *account)
{
	struct shard *s = &r->shards[shard];
	struct stamp stamp = { .client = r->client };
	Tern__Result *result;
	struct arena mem;
	int status;

	arena_init(&mem, 0);
	op->version = 1;
	say_hello(r, s);
	stamp.seq = stamp.done_below = ++s->seq;
	result = WIRE_UNPACK(result, apply(r, s, &stamp, pack(&mem, &op->base), NULL, &mem), &mem);
	INVARIANT(result);
	status = -(int)result->status;
	if (account)
		*account = result->account;
	arena_release(&mem);
	return status;
}

int local_router_deliver(struct router *r, uint32_t shard, Tern__Op *op, struct blob *body)
{
	struct stamp stamp = { 0 };
	Tern__Result *result;
	struct arena mem;
	int status;

	arena_init(&mem, 0);
	op->version = 1;
	result = WIRE_UNPACK(result,
			     apply(r, &r->shards[shard], &stamp, pack(&mem, &op->base), body, &mem),
			     &mem);
	INVARIANT(result);
	status = -(int)result->status;
	arena_release(&mem);
	return status;
}

int local_router_check(struct router *r, struct why *why)
{
	int ret = 0;

	for (uint32_t i = 0; ret == 0 && i < r->n; i++) {
		struct rows *view = rows_view(r->kv, NULL, i, INCARNATION);

		ret = mailstore_check(view, why);
		rows_free(&view);
	}
	return ret;
}

bool local_router_ready(const struct router *r)
{
	return r->mood != LOCAL_AWAY;
}

uint32_t local_router_shards(const struct router *r)
{
	return r->n;
}

uint32_t local_router_address_shard(const struct router *r, struct bytes normalised)
{
	return shard_of_address(normalised, HASH_KEY, r->n);
}

uint32_t local_router_domain_shard(const struct router *r, struct bytes domain)
{
	return shard_of_domain(domain, HASH_KEY, r->n);
}

const Tern__ClusterMap *local_router_map(const struct router *r)
{
	(void)r;
	return NULL;
}
