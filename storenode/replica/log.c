/* SPDX-License-Identifier: Apache-2.0 */
#include "replica/log.h"

#include <stdlib.h>

#define ROW_VERSION 1
#define RING_MIN 16

/* ---- entries */

struct entry *entry_new(enum entry_type type, struct blob *op, struct blob *body)
{
	struct entry *e = xnew(struct entry);

	atomic_init(&e->refs, 1);
	e->type = type;
	e->op = op;
	e->body = body;
	if (body && body->b.n) {
		e->body_n = (uint32_t)body->b.n;
		e->body_hash = hash128(body->b);
	} else {
		blob_unref(&e->body);
	}
	return e;
}

struct entry *entry_ref(struct entry *e)
{
	atomic_fetch_add_explicit(&e->refs, 1, memory_order_relaxed);
	return e;
}

void entry_unref(struct entry **e)
{
	struct entry *old = *e;

	*e = NULL;
	if (!old || atomic_fetch_sub_explicit(&old->refs, 1, memory_order_acq_rel) != 1)
		return;
	blob_unref(&old->op);
	blob_unref(&old->body);
	free(old);
}

struct bytes entry_op(const struct entry *e)
{
	return e->op ? e->op->b : BYTES_NONE;
}

size_t entry_bytes(const struct entry *e)
{
	return sizeof(*e) + entry_op(e).n + (e->body ? e->body_n : 0);
}

static void put_head(const struct entry *e, struct buf *out)
{
	buf_putc(out, ROW_VERSION);
	buf_putc(out, (uint8_t)e->type);
	buf_u64be(out, e->term);
	buf_u64be(out, e->log_ms);
	buf_u64be(out, e->wall_ms);
	buf_u32be(out, e->body_n);
	if (e->body_n) {
		buf_u64be(out, e->body_hash.lo);
		buf_u64be(out, e->body_hash.hi);
	}
}

static uint64_t chain_of(const struct entry *e)
{
	struct buf head;
	uint64_t h;

	buf_init(&head, 0);
	put_head(e, &head);
	h = hash64(buf_bytes(&head), e->prev);
	buf_release(&head);
	return hash64(entry_op(e), h);
}

void entry_seal(struct entry *e, uint64_t prev)
{
	e->prev = prev;
	e->chain = chain_of(e);
}

bool entry_intact(const struct entry *e)
{
	if (e->body && !hash128_eq(hash128(e->body->b), e->body_hash))
		return false;
	return e->chain == chain_of(e);
}

void entry_pack(const struct entry *e, struct buf *out)
{
	put_head(e, out);
	buf_u64be(out, e->prev);
	buf_u64be(out, e->chain);
	buf_put_bytes(out, entry_op(e));
}

static bool take_head(struct bytes *in, struct entry *e)
{
	uint8_t version, type;

	if (!get_u8(in, &version) || version != ROW_VERSION || !get_u8(in, &type) ||
	    type < ENTRY_COMMAND || type > ENTRY_CHANGE || !get_u64be(in, &e->term) ||
	    !get_u64be(in, &e->log_ms) || !get_u64be(in, &e->wall_ms) ||
	    !get_u32be(in, &e->body_n) || e->body_n > LOG_MAX_BODY)
		return false;
	e->type = (enum entry_type)type;
	if (e->body_n && (!get_u64be(in, &e->body_hash.lo) || !get_u64be(in, &e->body_hash.hi)))
		return false;
	return e->term > 0 && e->term < LOG_MAX_INDEX && get_u64be(in, &e->prev) &&
	       get_u64be(in, &e->chain);
}

struct entry *entry_unpack(uint64_t index, struct bytes row)
{
	struct entry *e = entry_new(ENTRY_COMMAND, NULL, NULL);
	bool good = take_head(&row, e) && row.n <= LOG_MAX_OP;

	e->index = index;
	if (good && row.n)
		e->op = blob_copy(row);
	if (!good || !entry_intact(e))
		entry_unref(&e);
	return e;
}

/* ---- the log in memory */

void rlog_init(struct rlog *l, uint64_t applied, uint64_t term, uint64_t chain, uint64_t log_ms)
{
	*l = (struct rlog){ .first = applied + 1,
			    .last = applied,
			    .from = applied + 1,
			    .last_chain = chain,
			    .last_term = term,
			    .last_log_ms = log_ms };
	l->mask = RING_MIN - 1;
	l->ring = xcalloc(RING_MIN, sizeof(struct entry *));
}

void rlog_release(struct rlog *l)
{
	for (uint64_t i = l->from; l->ring && i <= l->last; i++)
		entry_unref(&l->ring[i & l->mask]);
	free(l->ring);
	l->ring = NULL;
}

struct entry *rlog_get(const struct rlog *l, uint64_t index)
{
	return index >= l->from && index <= l->last ? l->ring[index & l->mask] : NULL;
}

static void grow(struct rlog *l)
{
	uint64_t mask = l->mask * 2 + 1;
	struct entry **ring = xcalloc(mask + 1, sizeof(struct entry *));

	for (uint64_t i = l->from; i <= l->last; i++)
		ring[i & mask] = l->ring[i & l->mask];
	free(l->ring);
	l->ring = ring;
	l->mask = mask;
}

void rlog_append(struct rlog *l, struct entry *e)
{
	INVARIANT(e->index == l->last + 1 && e->prev == l->last_chain && e->term >= l->last_term);
	if (l->last + 1 - l->from > l->mask)
		grow(l);
	l->last++;
	l->ring[l->last & l->mask] = e;
	l->last_chain = e->chain;
	l->last_term = e->term;
	l->last_log_ms = MAX(l->last_log_ms, e->log_ms);
	l->bytes += entry_bytes(e);
}

void rlog_truncate(struct rlog *l, uint64_t index)
{
	INVARIANT(index >= l->from && index >= l->first);
	while (l->last >= index) {
		struct entry **e = &l->ring[l->last & l->mask];
		const struct entry *before;

		l->last_chain = (*e)->prev;
		l->bytes -= entry_bytes(*e);
		entry_unref(e);
		l->last--;
		before = rlog_get(l, l->last);
		if (before)
			l->last_log_ms = before->log_ms;
		/* Where the entry before is only on disk its term is not known here; the
		 * core knows, and never appends a lower one. */
		l->last_term = before ? before->term : 0;
	}
}

void rlog_evict(struct rlog *l, uint64_t upto, uint64_t keep)
{
	while (l->from <= l->last && l->from <= upto && l->bytes > keep) {
		struct entry **e = &l->ring[l->from & l->mask];

		l->bytes -= entry_bytes(*e);
		entry_unref(e);
		l->from++;
	}
}

bool rlog_fits(const struct rlog *l, uint64_t prev, uint64_t prev_term, struct entry *const *e,
	       unsigned n)
{
	const struct entry *before = rlog_get(l, prev);

	if (before && before->term != prev_term)
		return true;
	for (unsigned i = 0; i < n; i++) {
		uint64_t index = prev + 1 + i;
		const struct entry *mine = rlog_get(l, index);

		if (index > l->last)
			return index > l->last + 1 || e[i]->prev == l->last_chain;
		if (!mine)
			continue; /* applied long ago; Raft compares its term */
		if (mine->prev != e[i]->prev)
			return false;
		if (mine->term != e[i]->term)
			return true; /* a conflict: from here on the leader's entries win */
		if (mine->chain != e[i]->chain)
			return false;
	}
	return true;
}
