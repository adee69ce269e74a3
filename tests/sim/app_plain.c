/* SPDX-License-Identifier: Apache-2.0 */
/* app_plain.c - the smallest state machine that can tell a lost, doubled or reordered operation:
 * numbered requests, registers, bodies that are kept for a while and then given back. */
#include "sim/sim.h"

#include "base/buf.h"
#include "replica/store.h"

#include <stdlib.h>

enum { PUT, KEEP, DROP, KINDS };

struct op {
	uint64_t client, seq, attempt, kind, key, value;
};

struct plain {
	struct op op[SIM_CLIENTS];
	struct blob *body[SIM_CLIENTS];
};

static void *init(struct sim *s)
{
	(void)s;
	return xnew(struct plain);
}

static void release(void *state)
{
	struct plain *p = state;

	for (unsigned i = 0; i < SIM_CLIENTS; i++)
		blob_unref(&p->body[i]);
	free(p);
}

static void invent(struct sim *s, unsigned client, uint32_t shard, uint64_t seq)
{
	struct plain *p = s->app_state;
	struct op *op = &p->op[client];
	uint64_t kind = prng_below(&s->rng, 100);

	*op = (struct op){ .client = client,
			   .seq = seq,
			   .key = prng_below(&s->rng, 200),
			   .value = prng_u64(&s->rng) };
	op->kind = kind < 50 ? PUT : kind < 80 ? KEEP : DROP;
	blob_unref(&p->body[client]);
	if (op->kind == KEEP) {
		uint8_t *room;

		p->body[client] = blob_new(sim_between(s, 1, sim_chance(s, 10) ? 60000 : 3000),
					   &room);
		memset(room, (int)(op->value & 0xff), p->body[client]->b.n);
	}
	(void)shard;
}

static struct blob *pack(struct sim *s, unsigned client, uint64_t attempt)
{
	struct op op = ((struct plain *)s->app_state)->op[client];

	op.attempt = attempt;
	return blob_copy(bytes_of(&op, sizeof(op)));
}

static struct blob *body(struct sim *s, unsigned client)
{
	struct blob *b = ((struct plain *)s->app_state)->body[client];

	return b ? blob_ref(b) : NULL;
}

/* ---- apply */

static void key_of(struct key *k, char kind, uint64_t a, uint64_t b)
{
	key_start(k, (uint8_t)kind);
	key_u64(k, a);
	key_u64(k, b);
}

static void reclaim(struct arena *mem, struct host_outcome *out, uint64_t index, uint64_t term)
{
	struct host_chunk *c = arena_new(mem, struct host_chunk);

	*c = (struct host_chunk){ index, term };
	out->reclaim = c;
	out->n_reclaim = 1;
}

static void drop_oldest(struct rows *rows, struct arena *mem, struct host_outcome *out)
{
	struct rows_iter *it = rows_iter_new(rows, BYTES("b"), BYTES("c"));
	struct bytes key, value;
	struct key k;
	uint64_t index, term;

	if (rows_iter_next(it, &key, &value)) {
		struct bytes in = bytes_skip(key, 1);

		key_clear(&k);
		key_raw(&k, key);
		if (get_u64be(&in, &index) && get_u64be(&in, &term))
			reclaim(mem, out, index, term);
		rows_iter_free(&it);
		rows_del(rows, key_bytes(&k));
		return;
	}
	rows_iter_free(&it);
}

static void run(struct rows *rows, const struct host_entry *e, const struct op *op,
		struct arena *mem, struct host_outcome *out)
{
	struct key k;

	if (op->kind == PUT) {
		key_of(&k, 'k', op->key, 0);
		rows_put(rows, key_bytes(&k), bytes_of(&op->value, 8));
	} else if (op->kind == KEEP) {
		key_of(&k, 'b', e->index, e->term);
		rows_put(rows, key_bytes(&k), bytes_of(&e->body_hash, sizeof(e->body_hash)));
	} else {
		drop_oldest(rows, mem, out);
	}
}

static void apply(void *node, struct rows *rows, const struct host_entry *e, struct arena *mem,
		  struct host_outcome *out)
{
	struct sim *s = sim_current;
	struct op op;
	struct bytes value;
	struct key seen;
	uint64_t last = 0;

	INVARIANT(e->op.n == sizeof(op));
	memcpy(&op, e->op.p, sizeof(op));
	if (check_applied(s, ((struct node *)node)->id, e, op.attempt,
			  hash128_2(e->op, bytes_of(&e->body_hash, 16))))
		check_effect(s, op.attempt);
	out->effects = mem;
	out->result = bytes_dup(mem, bytes_of(&op.seq, 8));
	key_of(&seen, 'd', op.client, 0);
	if (rows_get(rows, key_bytes(&seen), &value))
		memcpy(&last, value.p, 8);
	if (op.seq <= last) { /* a duplicate, or older than one that was answered */
		if (e->body_stored)
			reclaim(mem, out, e->index, e->term);
		return;
	}
	if (op.seq > last + 1 && op.client < s->n_clients && last) {
		/* Requests of a client go to any shard, so there are gaps, but no way back. */
	}
	rows_put(rows, key_bytes(&seen), bytes_of(&op.seq, 8));
	key_of(&seen, 'i', op.client, op.seq);
	if (rows_get(rows, key_bytes(&seen), &value))
		sim_fail("request %lu of client %lu has two effects", op.seq, op.client);
	rows_put(rows, key_bytes(&seen), BYTES("x"));
	run(rows, e, &op, mem, out);
}

static bool answered(struct sim *s, unsigned client, struct bytes result)
{
	struct plain *p = s->app_state;

	return result.n == 8 && memcmp(result.p, &p->op[client].seq, 8) == 0;
}

/* ---- the end: a body for every row that names one, and no others */

static uint64_t count(struct kv *kv, enum kv_cf cf, const struct key *from, const struct key *to)
{
	struct kv_iter *it = kv_iter_new(kv, NULL, cf, key_bytes(from), key_bytes(to));
	struct bytes key, value;
	uint64_t n = 0;

	while (kv_iter_next(it, &key, &value))
		n++;
	kv_iter_free(&it);
	return n;
}

static void check_body(struct node *n, uint32_t shard, struct bytes key, struct bytes value)
{
	struct bytes in = bytes_skip(key, 1);
	struct hash128 promised, found;
	struct blob *blob = NULL;
	uint64_t index = 0, term = 0;

	memcpy(&promised, value.p, sizeof(promised));
	if (!get_u64be(&in, &index) || !get_u64be(&in, &term) ||
	    host_chunk_get(n->kv, NULL, shard, index, term, &blob) || !blob)
		sim_fail("n%u shard %u: the body at %lu is gone", n->id, shard, index);
	found = hash128(blob->b);
	if (!hash128_eq(found, promised))
		sim_fail("n%u shard %u: the body at %lu is another", n->id, shard, index);
	blob_unref(&blob);
}

static void check(struct sim *s, struct node *n, uint32_t shard)
{
	struct host_view v;
	struct rows *rows;
	struct rows_iter *it;
	struct bytes key, value;
	struct key from, to;
	uint64_t named = 0, waiting, there;

	(void)s;
	INVARIANT(host_view(n->kv, NULL, shard, &v) == 0);
	rows = rows_view(n->kv, NULL, shard, v.incarnation);
	it = rows_iter_new(rows, BYTES("b"), BYTES("c"));
	for (; rows_iter_next(it, &key, &value); named++)
		check_body(n, shard, key, value);
	rows_iter_free(&it);
	rows_free(&rows);
	store_shard_range(&from, &to, shard);
	there = count(n->kv, KV_CHUNKS, &from, &to);
	store_shard_key(&from, 'r', shard);
	store_shard_key(&to, 'r', shard + 1);
	waiting = count(n->kv, KV_META, &from, &to);
	if (there != named + waiting)
		sim_fail("n%u shard %u: %lu bodies, %lu named and %lu to be reclaimed", n->id,
			 shard, there, named, waiting);
}

const struct sim_app app_plain = { "plain", WITH_PLAIN, &clients_direct, init,
				   release, apply,      check,           invent,
				   pack,    body,       answered };
