/* SPDX-License-Identifier: Apache-2.0 */
/* A history of arbitrary operations applies to its end: all invariants hold, the state hash is
 * that of a scan, and the same history on another store gives the same rows.
 *
 * The input is a list of [flags, length 16 bit, packed Op]. */
#include "base/buf.h"
#include "mailstore/apply.h"
#include "mailstore/query.h"
#include "wire/frame.h"

#define SHARD 5

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { NO_CLIENT = BIT(0), AGAIN = BIT(1), LATER = BIT(2), MUCH_LATER = BIT(3), BODY = BIT(4) };

struct target {
	struct kv *kv;
	struct kv_batch *batch;
	struct rows_state state;
	struct rows *rows;
	struct entry e;
	uint64_t seq;
};

static void apply(struct target *t, struct bytes op, unsigned flags)
{
	struct effects fx;
	struct arena mem;

	arena_init(&mem, 0);
	t->e.index++;
	t->e.op = op;
	t->seq += !(flags & AGAIN);
	t->e.stamp.client = flags & NO_CLIENT ? 0 : 7;
	t->e.stamp.seq = flags & NO_CLIENT ? 0 : t->seq;
	t->e.stamp.log_ms += flags & LATER ? 700000 : flags & MUCH_LATER ? 90000000 : 1;
	t->e.stamp.wall_ms += 1000;
	INVARIANT(WIRE_UNPACK(result, mailstore_apply(t->rows, &t->e, &mem, &fx), &mem));
	rows_flush(t->rows, t->batch);
	INVARIANT(kv_write(t->kv, t->batch) == 0);
	kv_batch_clear(t->batch);
	arena_release(&mem);
}

/* The body a content names, whatever it is: else nothing would ever be stored. */
static void fit_body(struct target *t, struct bytes packed, unsigned flags)
{
	const Tern__Content *c = NULL;
	struct arena mem;
	Tern__Op *op;

	arena_init(&mem, 0);
	op = WIRE_UNPACK(op, packed, &mem);
	if (op && op->what_case == TERN__OP__WHAT_APPEND)
		c = op->append->content;
	if (op && op->what_case == TERN__OP__WHAT_DELIVER)
		c = op->deliver->content;
	t->e.body_stored = flags & BODY ? 16 : 0;
	t->e.body_hash = (struct hash128){ 1, 2 };
	if (c && c->n_chunks && c->chunks[0]->index == 0) {
		t->e.body_stored = c->chunks[0]->stored;
		t->e.body_hash.lo = c->chunks[0]->hash_lo;
		t->e.body_hash.hi = c->chunks[0]->hash_hi;
	}
	arena_release(&mem);
}

static void apply_op(struct target *t, const Tern__Op *op)
{
	struct blob *packed = wire_pack(&op->base);

	apply(t, packed->b, 0);
	blob_unref(&packed);
}

static void begin(struct target *t)
{
	Tern__Op op = TERN__OP__INIT;
	Tern__Hello hello = TERN__HELLO__INIT;
	Tern__AccountCreate account = TERN__ACCOUNT_CREATE__INIT;

	memset(t, 0, sizeof(*t));
	t->kv = kv_mem_new();
	t->batch = kv_batch_new(t->kv);
	t->rows = rows_edit(t->kv, SHARD, 1, &t->state);
	t->e.stamp.wall_ms = 1700000000000;
	op.version = 1;
	op.what_case = TERN__OP__WHAT_HELLO;
	op.hello = &hello;
	apply_op(t, &op);
	op.what_case = TERN__OP__WHAT_ACCOUNT_CREATE;
	op.account_create = &account;
	account.address = (char *)(uintptr_t) "user0@example.org";
	apply_op(t, &op);
}

static void end(struct target *t)
{
	rows_free(&t->rows);
	kv_batch_free(&t->batch);
	kv_close(&t->kv);
}

static void play(struct target *t, struct bytes in)
{
	struct bytes op;
	uint16_t length;
	uint8_t flags;

	begin(t);
	while (get_u8(&in, &flags) && get_u16be(&in, &length)) {
		op = bytes_head(in, length);
		in = bytes_skip(in, length);
		fit_body(t, op, flags);
		apply(t, op, flags);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct rows_state scan;
	struct target a, b;
	struct why why = { "" };
	struct rows *view;

	play(&a, bytes_of(data, n));
	view = rows_view(a.kv, NULL, SHARD, 1);
	if (mailstore_check(view, &why))
		bug_at(__FILE__, __LINE__, why.text);
	rows_free(&view);
	INVARIANT(rows_scan(a.kv, NULL, SHARD, 1, &scan) == 0);
	INVARIANT(hash128_eq(scan.hash, a.state.hash));
	play(&b, bytes_of(data, n));
	INVARIANT(hash128_eq(a.state.hash, b.state.hash));
	end(&a);
	end(&b);
	return 0;
}
