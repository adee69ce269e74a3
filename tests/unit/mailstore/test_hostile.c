/* SPDX-License-Identifier: Apache-2.0 */
/* test_hostile.c - whatever is in the log, apply ends well: no crash, all invariants hold.
 *
 * Operations of all kinds with random fields, and valid ones with bytes changed, in sessions and
 * without, with stamps that jump. */
#include "histories.h"
#include "mutate.h"

#include <stdlib.h>

struct enemy {
	struct store s;
	struct prng r;
	unsigned accepted, refused;
};

static struct bytes pack(struct arena *mem, const ProtobufCMessage *m)
{
	uint8_t *p = arena_alloc(mem, protobuf_c_message_get_packed_size(m) + 8);

	return bytes_of(p, protobuf_c_message_pack(m, p));
}

/* Makes the body fit now and then, or nothing with a body would ever be taken. */
static void fit_body(struct enemy *e, Tern__Content *c, struct bytes *body)
{
	if (!c || prng_below(&e->r, 4) == 0)
		return;
	Tern__Content *good = store_content(&e->s, (uint32_t)prng_below(&e->r, 100), "f", body);

	c->size = good->size;
	c->n_chunks = good->n_chunks;
	c->chunks = good->chunks;
	c->upload.len = 0;
	if (prng_below(&e->r, 4))
		c->n_thread_keys = MIN(c->n_thread_keys, (size_t)THREAD_KEYS_MAX);
}

static struct bytes bodies(struct enemy *e, Tern__Op *op)
{
	struct bytes body = bytes_of("0123456789abcdef", prng_below(&e->r, 2) * 16);

	if (op->what_case == TERN__OP__WHAT_APPEND)
		fit_body(e, op->append->content, &body);
	if (op->what_case == TERN__OP__WHAT_DELIVER)
		fit_body(e, op->deliver->content, &body);
	return body;
}

static void scramble(struct enemy *e, struct bytes b)
{
	uint8_t *p = (uint8_t *)(uintptr_t)b.p;

	while (b.n && prng_below(&e->r, 2))
		p[prng_below(&e->r, b.n)] = (uint8_t)prng_u64(&e->r);
}

static void send(struct enemy *e)
{
	Tern__Op *op = mutate_op_new(&e->r, &e->s.ops);
	struct bytes body = bodies(e, op), packed = pack(&e->s.ops, &op->base);
	struct entry entry = { .index = ++e->s.index, .term = 1 };
	Tern__Result *r;

	if (prng_below(&e->r, 6) == 0)
		scramble(e, packed);
	entry.op = packed;
	entry.body_stored = (uint32_t)body.n;
	entry.body_hash = hash128(body);
	entry.stamp = (struct stamp){ .log_ms = e->s.log_ms, .wall_ms = e->s.wall_ms };
	if (prng_below(&e->r, 5)) {
		entry.stamp.client = 7 + prng_below(&e->r, 2);
		entry.stamp.seq = prng_below(&e->r, 10) ? ++e->s.seq : prng_below(&e->r, 100);
		entry.stamp.done_below = prng_below(&e->r, 4) ? 1 : e->s.seq;
	}
	if (prng_below(&e->r, 10) == 0)
		e->s.log_ms += prng_below(&e->r, 3) * prng_below(&e->r, MINUTES(20));
	r = WIRE_UNPACK(result, store_entry(&e->s, &entry), &e->s.mem);
	assert_non_null(r);
	e->accepted += r->status == ERR_OK;
	e->refused += r->status != ERR_OK;
	store_clear(&e->s);
}

static void begin(struct enemy *e, uint64_t seed, record_fn *record, void *arg)
{
	uint64_t account;

	memset(e, 0, sizeof(*e));
	prng_seed(&e->r, seed);
	store_init(&e->s, seed % 2 ? 5 : HISTORY_HOSTILE_SHARD);
	e->s.record = record;
	e->s.arg = arg;
	store_hello(&e->s);
	store_account(&e->s, "ann@example.org", 5000);
	account = store_account(&e->s, "bob@example.org", 0);
	store_create(&e->s, account, "a/b");
	for (int i = 0; i < 8; i++)
		store_append(&e->s, account, 1 + (uint32_t)i % 2, 10, i % 3 ? "D" : "S $k");
}

void history_hostile(uint64_t seed, unsigned steps, record_fn *record, void *arg)
{
	static struct enemy e;

	begin(&e, seed, record, arg);
	for (unsigned i = 0; i < steps; i++) {
		send(&e);
		if (i % 100 == 0)
			store_hello(&e.s);
	}
	store_pass(&e.s, DAYS(30));
	CHECK(e.accepted > steps / 20);
	CHECK(e.refused > steps / 20);
	store_release(&e.s);
}

TEST(hostile, random_operations)
{
	const char *text = getenv("TERN_SEED"), *count = getenv("TERN_STEPS");
	uint64_t seed = text ? strtoull(text, NULL, 10) : 1;
	unsigned steps = count ? (unsigned)strtoul(count, NULL, 10) : 1500;

	for (uint64_t i = 0; i < 3; i++) {
		print_message("seed %llu\n", (unsigned long long)(seed + i));
		history_hostile(seed + i, steps, NULL, NULL);
	}
}

/* Queries come from front ends: the same rule. */
TEST(hostile, random_queries)
{
	static struct enemy e;

	begin(&e, 2, NULL, NULL);
	for (int i = 0; i < 2000; i++) {
		const ProtobufCMessageDescriptor *d = &tern__query__descriptor;
		const ProtobufCFieldDescriptor *f = &d->fields[prng_below(&e.r, d->n_fields)];
		const ProtobufCMessageDescriptor *type = f->descriptor;
		ProtobufCMessage *m = arena_alloc(&e.s.ops, type->sizeof_message);
		Tern__Query q = TERN__QUERY__INIT;
		struct bytes page;
		Tern__Reply *r;

		protobuf_c_message_init(type, m);
		mutate(m, &e.r, &e.s.ops, 1);
		q.what_case = (Tern__Query__WhatCase)f->id;
		q.resolve = (Tern__Resolve *)m;
		r = store_ask(&e.s, &q, &page);
		mailstore_reply_negative(r);
		CHECK(page.n <= WIRE_MAX_PAYLOAD);
		store_clear(&e.s);
	}
	store_check(&e.s);
	store_release(&e.s);
}

TEST(hostile, stamps)
{
	struct stamp s = { .log_ms = 1,
			   .wall_ms = 2,
			   .client = 3,
			   .seq = 4,
			   .done_below = 5,
			   .trace = 6 },
		     t;
	uint8_t packed[STAMP_BYTES + 3];
	struct bytes in;

	stamp_pack(&s, packed);
	for (size_t n = 0; n < STAMP_BYTES; n++) {
		in = bytes_of(packed, n);
		CHECK(stamp_unpack(&in, &t) < 0);
		CHECK_INT(in.n, n);
	}
	in = bytes_of(packed, sizeof(packed));
	CHECK_INT(stamp_unpack(&in, &t), 0);
	CHECK_INT(in.n, 3);
	CHECK_INT(memcmp(&s, &t, sizeof(s)), 0);
	packed[1]++;
	in = bytes_of(packed, sizeof(packed));
	CHECK_INT(stamp_unpack(&in, &t), -ERR_VERSION);
}
