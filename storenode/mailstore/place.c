/* SPDX-License-Identifier: Apache-2.0 */
#include "mailstore/place.h"

#include "mailstore/codec.h"

/* ---- values */

enum { VALUE_FLAGS = FLAGS_SYSTEM, VALUE_RELATIVE = 0x20 };

static void place_encode(struct buf *b, const struct place *p)
{
	const struct row *row = &p->row;

	buf_putc(b, (uint8_t)(row->flags | (p->relative ? VALUE_RELATIVE : 0)));
	if (!p->relative)
		buf_varint(b, row->modseq);
	buf_varint(b, row->date_ms);
	enc_int(b, row->zone);
	buf_varint(b, row->save_ms);
	buf_varint(b, row->size);
	buf_varint(b, row->email);
	buf_varint(b, row->thread);
	buf_varint(b, row->content);                /* saves whoever wants facts the email's row */
	buf_put(b, row->keywords, row->n_keywords); /* the rest of the value */
}

static void decode_keywords(struct bytes in, struct row *row)
{
	INVARIANT(in.n <= KEYWORDS_MAX);
	row->n_keywords = (uint8_t)in.n;
	if (in.n)
		memcpy(row->keywords, in.p, in.n);
}

void place_decode(struct bytes value, const struct segment *s, uint32_t offset, struct place *p)
{
	struct row *row = &p->row;
	uint8_t flags;
	struct dec d;

	memset(p, 0, sizeof(*p));
	p->segment = s ? s->id : 0;
	p->offset = offset;
	row->uid = s ? s->uid + offset : offset;
	dec_start(&d, value);
	INVARIANT(get_u8(&d.in, &flags));
	row->flags = flags & VALUE_FLAGS;
	p->relative = flags & VALUE_RELATIVE;
	row->modseq = !p->relative ? dec_u64(&d) : s ? s->modseq + offset : 0;
	row->date_ms = dec_u64(&d);
	row->zone = dec_int(&d);
	row->save_ms = dec_u64(&d);
	row->size = dec_u64(&d);
	row->email = dec_u64(&d);
	row->thread = dec_u64(&d);
	row->content = dec_u64(&d);
	decode_keywords(d.in, row);
}

/* ---- segments */

/* Where a UID would be, and how far the piece reaches that it is in. */
static const struct segment *piece_of(const struct mailbox_rec *mb, uint32_t uid, uint32_t *to)
{
	for (uint32_t i = 0; i < mb->n_segments; i++) {
		const struct segment *s = &mb->segments[i];

		if (uid < s->uid + s->from) {
			*to = s->uid + s->from - 1;
			return NULL;
		}
		if (uid <= s->uid + (s->count - 1)) {
			*to = s->uid + (s->count - 1);
			return s;
		}
	}
	*to = UINT32_MAX;
	return NULL;
}

static const struct segment *segment_by_id(const struct mailbox_rec *mb, uint32_t id)
{
	for (uint32_t i = 0; i < mb->n_segments; i++)
		if (mb->segments[i].id == id)
			return &mb->segments[i];
	return NULL;
}

/* ---- reading */

void uid_iter_init(struct uid_iter *it, struct rows *r, uint64_t account, enum account_table table,
		   const struct mailbox_rec *mb, uint32_t from, uint32_t to)
{
	*it = (struct uid_iter){ .rows = r,
				 .account = account,
				 .table = table,
				 .mb = mb,
				 .next = MAX(from, 1u),
				 .to = to };
	it->done = it->next > to;
}

static void open_piece(struct uid_iter *it)
{
	const struct segment *s = piece_of(it->mb, it->next, &it->piece_to);
	struct key from, to, prefix;

	it->piece_to = MIN(it->piece_to, it->to);
	it->segment = s ? s->id : 0;
	it->base = s ? s->uid : 0;
	key_place(&from, it->account, it->table, it->mb->id, it->segment, it->next - it->base);
	key_place(&prefix, it->account, it->table, it->mb->id, it->segment,
		  it->piece_to - it->base);
	key_end_of(&to, key_bytes(&prefix));
	it->it = rows_iter_new(it->rows, key_bytes(&from), key_bytes(&to));
}

void uid_iter_release(struct uid_iter *it)
{
	if (it->it)
		rows_iter_free(&it->it);
	it->done = true;
}

/* One UID is a get, which costs a fraction of an iterator. */
static bool get_only(struct uid_iter *it, uint32_t *uid, struct bytes *value)
{
	const struct segment *s = piece_of(it->mb, it->next, &it->piece_to);
	struct key k;

	it->done = true;
	it->segment = s ? s->id : 0;
	it->base = s ? s->uid : 0;
	*uid = it->next;
	key_place(&k, it->account, it->table, it->mb->id, it->segment, *uid - it->base);
	return rows_get(it->rows, key_bytes(&k), value);
}

bool uid_iter_next(struct uid_iter *it, uint32_t *uid, struct bytes *value)
{
	struct bytes key;
	uint32_t offset;

	if (!it->done && !it->it && it->next == it->to)
		return get_only(it, uid, value);
	while (!it->done) {
		if (!it->it)
			open_piece(it);
		if (rows_iter_next(it->it, &key, value)) {
			key = bytes_skip(key, KEY_MAILBOX + 4);
			INVARIANT(get_u32be(&key, &offset));
			*uid = it->base + offset;
			return true;
		}
		rows_iter_free(&it->it);
		it->done = it->piece_to >= it->to;
		it->next = it->piece_to + 1;
	}
	return false;
}

bool place_next(struct uid_iter *it, struct place *p)
{
	struct bytes value;
	uint32_t uid;

	if (!uid_iter_next(it, &uid, &value))
		return false;
	place_decode(value, segment_by_id(it->mb, it->segment), uid - it->base, p);
	return true;
}

bool place_get(struct rows *r, uint64_t account, const struct mailbox_rec *mb, uint32_t uid,
	       struct place *p)
{
	uint32_t to;
	const struct segment *s = piece_of(mb, uid, &to);
	uint32_t offset = s ? uid - s->uid : uid;
	struct bytes value;
	struct key k;

	key_place(&k, account, A_PLACE, mb->id, s ? s->id : 0, offset);
	if (!rows_get(r, key_bytes(&k), &value))
		return false;
	place_decode(value, s, offset, p);
	return true;
}

void places_push(struct arena *mem, struct places *list, const struct place *p)
{
	struct place *bigger;

	if (list->n == list->cap) {
		list->cap = list->cap ? list->cap * 2 : 16;
		bigger = arena_array(mem, struct place, list->cap);
		if (list->n)
			memcpy(bigger, list->v, list->n * sizeof(*list->v));
		list->v = bigger;
	}
	list->v[list->n++] = *p;
}

struct collect {
	struct txn *t;
	struct mailbox *m;
	enum account_table table;
	size_t max;
	struct places list;
};

/* One range; returns where to go on, 0 when the range is done. */
static uint32_t collect_range(struct collect *c, uint32_t from, uint32_t to)
{
	struct uid_iter it;
	struct bytes value;
	struct place p;
	uint32_t uid = 0;

	uid_iter_init(&it, c->t->rows, c->m->a->id, c->table, &c->m->r, from, to);
	while (uid_iter_next(&it, &uid, &value)) {
		if (c->list.n == c->max) {
			uid_iter_release(&it);
			return uid;
		}
		if (c->table == A_PLACE)
			place_decode(value, segment_by_id(&c->m->r, it.segment), uid - it.base, &p);
		else
			INVARIANT(place_get(c->t->rows, c->m->a->id, &c->m->r, uid, &p));
		places_push(c->t->mem, &c->list, &p);
	}
	return 0;
}

size_t places_collect(struct txn *t, struct mailbox *m, enum account_table table,
		      const Tern__Ranges *ranges, size_t max, struct place **places, uint32_t *next)
{
	struct collect c = { .t = t, .m = m, .table = table, .max = max };

	*next = 0;
	if (!ranges || ranges->n_v == 0)
		*next = collect_range(&c, 1, UINT32_MAX);
	for (size_t i = 0; ranges && i + 1 < ranges->n_v && !*next; i += 2) {
		uint32_t from = ranges->v[i];

		if (from >= m->r.uid_next)
			break;
		*next = i / 2 == ENTRY_SEEKS ? from : collect_range(&c, from, ranges->v[i + 1]);
	}
	*places = c.list.v;
	return c.list.n;
}

/* ---- writing */

static void index_row(struct txn *t, const struct mailbox *m, enum account_table table,
		      const struct place *p, bool there)
{
	struct key k;

	key_place(&k, m->a->id, table, m->r.id, p->segment, p->offset);
	if (!there) {
		rows_del(t->rows, key_bytes(&k));
		return;
	}
	rows_fresh(t->rows, key_bytes(&k));
	blank_put(t->rows, key_bytes(&k));
}

static void change_row(struct txn *t, const struct mailbox *m, const struct place *p, bool there)
{
	struct key k;

	if (p->relative)
		return;
	key_modseq(&k, m->a->id, A_CHANGE, m->r.id, p->row.modseq);
	if (!there) {
		rows_del(t->rows, key_bytes(&k));
		return;
	}
	rows_fresh(t->rows, key_bytes(&k));
	number_put(t->rows, key_bytes(&k), p->row.uid);
}

static void hold_row(struct txn *t, const struct mailbox *m, const struct place *p, bool there)
{
	struct key k;

	key_hold(&k, m->a->id, p->row.email, m->r.id, p->segment, p->offset);
	if (!there) {
		rows_del(t->rows, key_bytes(&k));
		return;
	}
	rows_fresh(t->rows, key_bytes(&k));
	blank_put(t->rows, key_bytes(&k));
}

static void put_value(struct txn *t, const struct mailbox *m, const struct place *p, bool fresh)
{
	struct buf b;
	struct key k;

	key_place(&k, m->a->id, A_PLACE, m->r.id, p->segment, p->offset);
	if (fresh)
		rows_fresh(t->rows, key_bytes(&k));
	enc_start(&b);
	place_encode(&b, p);
	enc_end(&b, t->rows, &k);
}

void place_write(struct txn *t, struct mailbox *m, const struct place *p)
{
	put_value(t, m, p, true);
	change_row(t, m, p, true);
	hold_row(t, m, p, true);
	if (!(p->row.flags & FLAG_SEEN))
		index_row(t, m, A_UNSEEN, p, true);
	if (p->row.flags & FLAG_DELETED)
		index_row(t, m, A_DELETED, p, true);
}

void place_erase(struct txn *t, struct mailbox *m, const struct place *p)
{
	struct key k;

	key_place(&k, m->a->id, A_PLACE, m->r.id, p->segment, p->offset);
	rows_del(t->rows, key_bytes(&k));
	change_row(t, m, p, false);
	hold_row(t, m, p, false);
	if (!(p->row.flags & FLAG_SEEN))
		index_row(t, m, A_UNSEEN, p, false);
	if (p->row.flags & FLAG_DELETED)
		index_row(t, m, A_DELETED, p, false);
}

/* Unsigned arithmetic: subtracting is adding the complement. */
static void count(struct mailbox *m, const struct row *row, uint32_t n)
{
	m->dirty = true;
	m->r.messages += n;
	m->r.size += n == 1 ? row->size : -row->size;
	m->r.unseen += row->flags & FLAG_SEEN ? 0 : n;
	m->r.deleted += row->flags & FLAG_DELETED ? n : 0;
}

void place_add(struct txn *t, struct mailbox *m, const struct place *p)
{
	place_write(t, m, p);
	count(m, &p->row, 1);
}

void place_remove(struct txn *t, struct mailbox *m, const struct place *p)
{
	place_erase(t, m, p);
	count(m, &p->row, UINT32_MAX);
}

void place_update(struct txn *t, struct mailbox *m, const struct place *old, struct place *now)
{
	uint32_t changed = old->row.flags ^ now->row.flags;

	change_row(t, m, old, false);
	now->relative = false;
	now->row.modseq = txn_modseq(t, m);
	put_value(t, m, now, false);
	change_row(t, m, now, true);
	if (changed & FLAG_SEEN)
		index_row(t, m, A_UNSEEN, now, !(now->row.flags & FLAG_SEEN));
	if (changed & FLAG_DELETED)
		index_row(t, m, A_DELETED, now, now->row.flags & FLAG_DELETED);
	count(m, &old->row, UINT32_MAX);
	count(m, &now->row, 1);
}

int place_next_uid(struct txn *t, struct mailbox *m, uint32_t *uid)
{
	if (m->r.uid_next == UINT32_MAX)
		return REFUSE(t, ERR_LIMIT, "the mailbox has no UIDs left");
	*uid = m->r.uid_next++;
	m->dirty = true;
	return 0;
}

/* ---- ranges */

Tern__Ranges *ranges_new(struct arena *mem)
{
	Tern__Ranges *r = arena_new(mem, Tern__Ranges);

	tern__ranges__init(r);
	return r;
}

void ranges_add(struct arena *mem, Tern__Ranges *r, uint32_t uid)
{
	uint32_t *bigger;

	if (r->n_v && r->v[r->n_v - 1] + 1 == uid) {
		r->v[r->n_v - 1] = uid;
		return;
	}
	/* Room for a power of two of numbers: full when n is one. */
	if ((r->n_v & (r->n_v - 1)) == 0) {
		bigger = arena_array(mem, uint32_t, MAX(r->n_v * 2, (size_t)2));
		if (r->n_v)
			memcpy(bigger, r->v, r->n_v * sizeof(*r->v));
		r->v = bigger;
	}
	r->v[r->n_v++] = uid;
	r->v[r->n_v++] = uid;
}

bool ranges_valid(const Tern__Ranges *r)
{
	uint32_t last = 0;

	if (!r)
		return true;
	if (r->n_v % 2 || r->n_v > RANGES_MAX)
		return false;
	for (size_t i = 0; i < r->n_v; i += 2) {
		if (r->v[i] <= last || r->v[i + 1] < r->v[i])
			return false;
		last = r->v[i + 1];
	}
	return true;
}
