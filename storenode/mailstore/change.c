/* SPDX-License-Identifier: Apache-2.0 */
#include "mailstore/change.h"

static void mailbox_timer(struct txn *t, uint64_t due, enum timer_kind kind,
			  const struct mailbox *m)
{
	struct key id;

	key_clear(&id);
	key_u64(&id, m->a->id);
	key_u32(&id, m->r.id);
	txn_timer(t, due, kind, key_bytes(&id));
}

void tomb_add(struct txn *t, struct mailbox *m, const struct place *p, bool last)
{
	struct tomb_rec tomb = {
		.uid = p->row.uid, .email = p->row.email, .last = last, .log_ms = t->now
	};

	tomb_put(t->rows, m->a->id, m->r.id, txn_modseq(t, m), &tomb);
	m->r.tombs++;
	if (m->r.tombs == 1)
		mailbox_timer(t, t->now + TOMB_MEMORY, TIMER_TOMBS, m);
	else if (m->r.tombs > TOMBS_MAX)
		mailbox_timer(t, t->now, TIMER_TOMBS, m);
}

uint64_t tombs_trim(struct txn *t, struct mailbox *m, size_t max, size_t *n)
{
	uint64_t *old = arena_array(t->mem, uint64_t, max), again = 0, modseq;
	struct bytes key, value;
	struct rows_iter *it;
	struct tomb_rec tomb;
	struct key k, from;

	*n = 0;
	key_account_u32(&k, m->a->id, A_TOMB, m->r.id);
	key_modseq(&from, m->a->id, A_TOMB, m->r.id, m->r.trimmed + 1);
	it = rows_under(t->rows, key_bytes(&k), key_bytes(&from));
	while (rows_iter_next(it, &key, &value)) {
		tomb_decode(value, &tomb);
		again = tomb.log_ms + TOMB_MEMORY;
		if ((again > t->now && m->r.tombs - *n <= TOMBS_MAX) || *n == max)
			break;
		key = bytes_skip(key, KEY_MAILBOX);
		INVARIANT(get_u64be(&key, &modseq));
		old[(*n)++] = modseq;
		again = 0;
	}
	rows_iter_free(&it);
	for (size_t i = 0; i < *n; i++) {
		key_modseq(&k, m->a->id, A_TOMB, m->r.id, old[i]);
		rows_del(t->rows, key_bytes(&k));
		m->r.trimmed = old[i];
	}
	m->r.tombs -= (uint32_t)*n;
	m->dirty |= *n > 0;
	return again;
}

/* ---- reading */

void change_iter_init(struct change_iter *it, struct rows *r, uint64_t account,
		      const struct mailbox_rec *mb, uint64_t since)
{
	*it = (struct change_iter){ .rows = r, .account = account, .mb = mb };
	it->next = since + 1;
	it->done = since >= mb->modseq;
}

void change_iter_release(struct change_iter *it)
{
	if (it->it)
		rows_iter_free(&it->it);
	it->done = true;
}

/* The segment that owns a MODSEQ, or the first MODSEQ above that one owns. Segments were given
 * their UIDs and MODSEQs together, so both ascend alike. */
static const struct segment *segment_at(const struct mailbox_rec *mb, uint64_t modseq, uint64_t *to)
{
	for (uint32_t i = 0; i < mb->n_segments; i++) {
		const struct segment *s = &mb->segments[i];

		if (modseq < s->modseq + s->from) {
			*to = s->modseq + s->from - 1;
			return NULL;
		}
		if (modseq < s->modseq + s->count) {
			*to = s->modseq + s->count - 1;
			return s;
		}
	}
	*to = UINT64_MAX - 1;
	return NULL;
}

static void open_changes(struct change_iter *it)
{
	struct key from, to;

	it->s = segment_at(it->mb, it->next, &it->piece_to);
	if (it->s) {
		key_place(&from, it->account, A_PLACE, it->mb->id, it->s->id,
			  (uint32_t)(it->next - it->s->modseq));
		key_place(&to, it->account, A_PLACE, it->mb->id, it->s->id, it->s->count);
	} else {
		key_modseq(&from, it->account, A_CHANGE, it->mb->id, it->next);
		key_modseq(&to, it->account, A_CHANGE, it->mb->id, it->piece_to + 1);
	}
	it->it = rows_iter_new(it->rows, key_bytes(&from), key_bytes(&to));
}

static bool take(struct change_iter *it, struct bytes key, struct bytes value, uint64_t *modseq,
		 uint32_t *uid)
{
	struct place p;
	uint32_t offset;

	if (!it->s) {
		key = bytes_skip(key, KEY_MAILBOX);
		INVARIANT(get_u64be(&key, modseq));
		*uid = (uint32_t)number_decode(value);
		return true;
	}
	key = bytes_skip(key, KEY_MAILBOX + 4);
	INVARIANT(get_u32be(&key, &offset));
	place_decode(value, it->s, offset, &p);
	*modseq = p.row.modseq;
	*uid = p.row.uid;
	return p.relative; /* else it has a CHANGE row */
}

bool change_iter_next(struct change_iter *it, uint64_t *modseq, uint32_t *uid)
{
	struct bytes key, value;

	while (!it->done) {
		if (!it->it)
			open_changes(it);
		while (rows_iter_next(it->it, &key, &value))
			if (take(it, key, value, modseq, uid))
				return true;
		rows_iter_free(&it->it);
		it->next = it->piece_to + 1;
		it->done = it->next > it->mb->modseq;
	}
	return false;
}
