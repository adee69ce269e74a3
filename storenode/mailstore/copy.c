/* SPDX-License-Identifier: Apache-2.0 */
/* copy.c - COPY and MOVE within an account.
 *
 *   batch   placements                         next
 *   none    -                                  a step with a batch id makes it
 *   open    in a segment nobody looks into     a step adds; `last` publishes; a refused step or
 *                                              ten minutes of silence kill it
 *   dead    the same                           Maintain takes them away, then the batch
 *   done    published: UIDs and MODSEQs        Maintain moves them to segment 0, then the batch
 */
#include "mailstore/copy.h"

#include "mailstore/change.h"
#include "mailstore/expunge.h"
#include "mailstore/message.h"
#include "mailstore/ops.h"
#include "mailstore/quota.h"

int check_copy(const Tern__Op *op, size_t body UNUSED, struct why *why)
{
	const Tern__Copy *in = op->copy;

	if (!ranges_valid(in->uids) || !in->uids || in->uids->n_v == 0)
		return why_set(why, ERR_INVALID, "not a set of UIDs");
	if (in->move && in->batch)
		return why_set(why, ERR_INVALID, "a MOVE of many is many MOVEs");
	return 0;
}

/* ---- one step alone */

static int room_for(struct txn *t, const struct mailbox *to, size_t n)
{
	if (n > UINT32_MAX - to->r.uid_next)
		return REFUSE(t, ERR_LIMIT, "the mailbox has no UIDs left");
	return 0;
}

static uint64_t sum_sizes(const struct place *places, size_t n)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += places[i].row.size;
	return sum;
}

static int collect(struct txn *t, struct mailbox *from, const Tern__Copy *in, struct place **places,
		   size_t *n)
{
	uint32_t next;

	*n = places_collect(t, from, A_PLACE, in->uids, ENTRY_ROWS, places, &next);
	if (next)
		return REFUSE(t, ERR_LIMIT, "more than %d messages at a time", ENTRY_ROWS);
	return 0;
}

static void copy_one(struct txn *t, struct mailbox *from, struct mailbox *to, const struct place *p,
		     bool move)
{
	struct place copy = *p;

	copy.segment = 0;
	copy.offset = copy.row.uid = to->r.uid_next++;
	copy.relative = false;
	copy.row.save_ms = t->wall;
	copy.row.modseq = txn_modseq(t, to);
	t->res->modseq = copy.row.modseq;
	place_add(t, to, &copy);
	ranges_add(t->mem, t->res->uids, p->row.uid);
	ranges_add(t->mem, t->res->to_uids, copy.row.uid);
	if (!move) {
		email_ref(t, to->a, p->row.email);
		return;
	}
	place_remove(t, from, p);
	tomb_add(t, from, p, false);
	t->res->modseq = from->r.modseq;
}

static int copy_all(struct txn *t, struct mailbox *from, struct mailbox *to, const Tern__Copy *in)
{
	struct place *places;
	size_t n;
	int ret = collect(t, from, in, &places, &n);

	if (ret == 0)
		ret = room_for(t, to, n);
	if (ret == 0 && !in->move)
		ret = quota_take(t, to->a, sum_sizes(places, n), n);
	if (ret)
		return ret;
	for (size_t i = 0; i < n; i++)
		copy_one(t, from, to, &places[i], in->move);
	return 0;
}

/* ---- in steps */

static void batch_timer(struct txn *t, uint64_t account, uint64_t batch, uint64_t due)
{
	struct key k;

	key_clear(&k);
	key_u64(&k, account);
	key_u64(&k, batch);
	txn_timer(t, due, TIMER_BATCH, key_bytes(&k));
}

static int batch_open(struct txn *t, struct mailbox *from, struct mailbox *to, uint64_t id,
		      struct batch_rec *b)
{
	if (!batch_get(t->rows, to->a->id, id, b)) {
		*b = (struct batch_rec){ .from = from->r.id,
					 .to = to->r.id,
					 .segment = to->r.next_segment++ };
		to->dirty = true;
		batch_timer(t, to->a->id, id, t->now + BATCH_SILENCE);
		return 0;
	}
	if (b->from != from->r.id || b->to != to->r.id)
		return REFUSE(t, ERR_INVALID, "the batch is between other mailboxes");
	if (b->state != BATCH_OPEN)
		return REFUSE(t, ERR_CANNOT, "the batch is closed");
	return 0;
}

static void batch_add(struct txn *t, struct mailbox *to, struct batch_rec *b, const struct place *p)
{
	struct place copy = *p;

	copy.segment = b->segment;
	copy.offset = b->count++;
	copy.relative = true;
	copy.row.save_ms = t->wall;
	place_write(t, to, &copy);
	email_ref(t, to->a, p->row.email);
	b->size += p->row.size;
	b->unseen += !(p->row.flags & FLAG_SEEN);
	b->deleted += (p->row.flags & FLAG_DELETED) != 0;
	ranges_add(t->mem, t->res->uids, p->row.uid);
}

static int batch_publish(struct txn *t, struct mailbox *to, struct batch_rec *b)
{
	struct mailbox_rec *r = &to->r;

	b->state = BATCH_DONE;
	if (b->count == 0)
		return 0;
	if (b->count > UINT32_MAX - r->uid_next)
		return REFUSE(t, ERR_LIMIT, "the mailbox has no UIDs left");
	if (r->n_segments == SEGMENTS_MAX)
		return REFUSE(t, ERR_LIMIT, "too many big copies into one mailbox at a time");
	r->segments[r->n_segments++] = (struct segment){ .id = b->segment,
							 .count = b->count,
							 .uid = r->uid_next,
							 .modseq = to->a->c.modseq + 1 };
	t->res->to_uids->v = arena_array(t->mem, uint32_t, 2);
	t->res->to_uids->n_v = 2;
	t->res->to_uids->v[0] = r->uid_next;
	t->res->to_uids->v[1] = r->uid_next + (b->count - 1);
	to->a->c.modseq += b->count - 1;
	t->res->modseq = txn_modseq(t, to);
	r->uid_next += b->count;
	r->messages += b->count;
	r->unseen += b->unseen;
	r->deleted += b->deleted;
	r->size += b->size;
	return 0;
}

static int batch_step(struct txn *t, struct mailbox *from, struct mailbox *to, const Tern__Copy *in,
		      struct batch_rec *b)
{
	struct place *places;
	size_t n;
	int ret = collect(t, from, in, &places, &n);

	if (ret == 0)
		ret = room_for(t, to, b->count + n);
	if (ret == 0)
		ret = quota_take(t, to->a, sum_sizes(places, n), n);
	if (ret)
		return ret;
	for (size_t i = 0; i < n; i++)
		batch_add(t, to, b, &places[i]);
	return in->last ? batch_publish(t, to, b) : 0;
}

/* A step that is refused ends the whole copy: nothing of it will be seen. */
static int copy_batch(struct txn *t, struct mailbox *from, struct mailbox *to, const Tern__Copy *in)
{
	struct batch_rec b;
	int ret = batch_open(t, from, to, in->batch, &b);

	if (ret)
		return ret;
	ret = batch_step(t, from, to, in, &b);
	if (ret) {
		b.state = BATCH_DEAD;
		t->keep = true;
	}
	if (b.state != BATCH_OPEN)
		batch_timer(t, to->a->id, in->batch, t->now);
	b.last_ms = t->now;
	batch_put(t->rows, to->a->id, in->batch, &b);
	return ret;
}

int op_copy(struct txn *t, const Tern__Op *op)
{
	const Tern__Copy *in = op->copy;
	struct mailbox *from, *to;
	int ret = txn_want_mailbox(t, in->account, in->mailbox, in->uid_validity, &from);

	if (ret == 0)
		ret = txn_want_mailbox(t, in->account, in->to, in->to_uid_validity, &to);
	if (ret)
		return ret;
	t->res->uid_validity = to->r.uid_validity;
	t->res->uids = ranges_new(t->mem);
	t->res->to_uids = ranges_new(t->mem);
	return in->batch ? copy_batch(t, from, to, in) : copy_all(t, from, to, in);
}

/* ---- Maintain */

/* At most `max` places of a segment, from an offset on. */
static struct places segment_places(struct txn *t, uint64_t account, uint32_t mailbox,
				    const struct segment *s, size_t max)
{
	struct places list = { .n = 0 };
	struct bytes key, value;
	struct rows_iter *it;
	struct key from, to;
	uint32_t offset;
	struct place p;

	key_place(&from, account, A_PLACE, mailbox, s->id, s->from);
	key_place(&to, account, A_PLACE, mailbox, s->id, s->count);
	it = rows_iter_new(t->rows, key_bytes(&from), key_bytes(&to));
	while (list.n < max && rows_iter_next(it, &key, &value)) {
		key = bytes_skip(key, KEY_MAILBOX + 4);
		INVARIANT(get_u32be(&key, &offset));
		place_decode(value, s, offset, &p);
		places_push(t->mem, &list, &p);
	}
	rows_iter_free(&it);
	return list;
}

static size_t batch_undo(struct txn *t, struct account *a, struct batch_rec *b, size_t max)
{
	const struct segment s = { .id = b->segment, .from = b->undone, .count = b->count };
	struct mailbox m = { .a = a, .r = { .id = b->to } };
	struct places list = segment_places(t, a->id, b->to, &s, max);

	for (size_t i = 0; i < list.n; i++) {
		place_erase(t, &m, &list.v[i]);
		quota_give(a, list.v[i].row.size, 1);
		email_unref(t, a->id, list.v[i].row.email);
		b->undone = list.v[i].offset + 1;
	}
	return list.n;
}

static void segment_remove(struct mailbox *m, uint32_t i)
{
	memmove(&m->r.segments[i], &m->r.segments[i + 1],
		(m->r.n_segments - i - 1) * sizeof(m->r.segments[0]));
	m->r.n_segments--;
	m->dirty = true;
}

static size_t segment_merge(struct txn *t, struct mailbox *m, uint32_t at, size_t max)
{
	struct segment *s = &m->r.segments[at];
	struct places list = segment_places(t, m->a->id, m->r.id, s, max);

	for (size_t i = 0; i < list.n; i++) {
		struct place p = list.v[i];

		place_erase(t, m, &p);
		s->from = p.offset + 1;
		p.segment = 0;
		p.offset = p.row.uid;
		p.relative = false;
		place_write(t, m, &p);
	}
	m->dirty = true;
	if (list.n < max || s->from == s->count)
		segment_remove(m, at);
	return list.n;
}

static size_t batch_merge(struct txn *t, struct account *a, const struct batch_rec *b, size_t max)
{
	struct mailbox *m = txn_mailbox(t, a, b->to);

	for (uint32_t i = 0; m && i < m->r.n_segments; i++)
		if (m->r.segments[i].id == b->segment)
			return segment_merge(t, m, i, max);
	return 0;
}

uint64_t batch_run(struct txn *t, uint64_t account, uint64_t id, size_t max, size_t *n)
{
	struct account *a = txn_account(t, account);
	struct batch_rec b;
	struct key k;

	*n = 1;
	if (!a || !batch_get(t->rows, account, id, &b))
		return 0;
	if (b.state == BATCH_OPEN && b.last_ms + BATCH_SILENCE > t->now)
		return b.last_ms + BATCH_SILENCE;
	if (b.state == BATCH_OPEN)
		b.state = BATCH_DEAD;
	*n = b.state == BATCH_DEAD ? batch_undo(t, a, &b, max) : batch_merge(t, a, &b, max);
	batch_put(t->rows, account, id, &b);
	if (*n == max)
		return t->now;
	key_account_u64(&k, account, A_BATCH, id);
	rows_del(t->rows, key_bytes(&k));
	*n += 1;
	return 0;
}
