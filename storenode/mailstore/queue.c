/* SPDX-License-Identifier: Apache-2.0 */
#include "mailstore/queue.h"

#include "mailstore/message.h"
#include "mailstore/ops.h"

enum { IDS_MAX = 500 };

static void due_row(struct txn *t, const struct pending_rec *p, bool there)
{
	struct key k;

	key_table_u64x2(&k, T_DUE, p->due_ms, p->id);
	if (there)
		blank_put(t->rows, key_bytes(&k));
	else
		rows_del(t->rows, key_bytes(&k));
}

uint64_t pending_add(struct txn *t, const Tern__Deliver *d, const Tern__Recipient *r,
		     uint64_t content)
{
	size_t n = tern__recipient__get_packed_size(r);
	uint8_t *packed = arena_alloc(t->mem, n);
	struct pending_rec p = { .id = t->shard.next_pending++,
				 .delivery = bytes_of(d->delivery.data, d->delivery.len),
				 .born_ms = d->born_ms,
				 .date_ms = t->wall,
				 .zone = d->zone,
				 .content = content,
				 .sender = bytes_str(d->sender),
				 .due_ms = t->now };

	p.recipient = bytes_of(packed, tern__recipient__pack(r, packed));
	t->shard.pendings++;
	pending_put(t->rows, &p);
	due_row(t, &p, true);
	return p.id;
}

static int ids_check(size_t n, struct why *why)
{
	if (n == 0 || n > IDS_MAX)
		return why_set(why, ERR_LIMIT, "1 to %d pending deliveries at a time", IDS_MAX);
	return 0;
}

int check_pending_lease(const Tern__Op *op, size_t body UNUSED, struct why *why)
{
	if (op->pending_lease->owner == 0 || op->pending_lease->for_ms > LEASE_MAX)
		return why_set(why, ERR_INVALID, "malformed lease");
	return ids_check(op->pending_lease->n_ids, why);
}

int check_pending_done(const Tern__Op *op, size_t body UNUSED, struct why *why)
{
	if (op->pending_done->n_status && op->pending_done->n_status != op->pending_done->n_ids)
		return why_set(why, ERR_INVALID, "one status for each pending delivery");
	return ids_check(op->pending_done->n_ids, why);
}

/* The owner may renew its lease before it ends, anyone take it over after. */
static uint32_t lease_one(struct txn *t, uint64_t id, uint64_t owner, uint64_t for_ms)
{
	struct pending_rec p;

	if (!pending_get(t->rows, id, t->mem, &p))
		return ERR_NOTFOUND;
	if (p.due_ms > t->now && p.owner != owner)
		return ERR_INUSE;
	due_row(t, &p, false);
	if (p.due_ms <= t->now || p.owner != owner)
		p.attempts++;
	p.owner = owner;
	p.due_ms = t->now + for_ms;
	pending_put(t->rows, &p);
	due_row(t, &p, true);
	return ERR_OK;
}

int op_pending_lease(struct txn *t, const Tern__Op *op)
{
	const Tern__PendingLease *in = op->pending_lease;

	t->res->n_statuses = in->n_ids;
	t->res->statuses = arena_array(t->mem, uint32_t, in->n_ids);
	for (size_t i = 0; i < in->n_ids; i++)
		t->res->statuses[i] = lease_one(t, in->ids[i], in->owner, in->for_ms);
	return 0;
}

static uint32_t finish_one(struct txn *t, uint64_t id, uint64_t owner)
{
	struct pending_rec p;
	struct key k;

	if (!pending_get(t->rows, id, t->mem, &p))
		return ERR_OK; /* finished before */
	if (owner && p.owner != owner && p.due_ms > t->now)
		return ERR_INUSE;
	due_row(t, &p, false);
	key_table_u64(&k, T_PENDING, id);
	rows_del(t->rows, key_bytes(&k));
	if (--t->shard.pendings == 0)
		t->shard.due_from = t->now;
	content_unref(t, p.content);
	return ERR_OK;
}

int op_pending_done(struct txn *t, const Tern__Op *op)
{
	const Tern__PendingDone *in = op->pending_done;

	t->res->n_statuses = in->n_ids;
	t->res->statuses = arena_array(t->mem, uint32_t, in->n_ids);
	for (size_t i = 0; i < in->n_ids; i++)
		t->res->statuses[i] = finish_one(t, in->ids[i], in->owner);
	return 0;
}
