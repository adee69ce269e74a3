/* SPDX-License-Identifier: Apache-2.0 */
#include "replica/transport.h"
#include "replica/conf.h"

#define MAGIC 0x5445524eu /* "TERN" */
#define HEAD_SUMMED 80    /* bytes before the checksum */
#define HEAD_BYTES (HEAD_SUMMED + 8)
#define PART_FROM KIB(8) /* bodies of this size on travel as payload parts */
#define MAX_CURSOR KIB(64)
#define MAX_CONF KIB(4)

enum { BODY_NONE, BODY_INLINE, BODY_PART };

/* ---- out */

void outbox_init(struct outbox *o)
{
	o->n_part = 0;
	buf_init(&o->body, 0);
}

void outbox_clear(struct outbox *o)
{
	while (o->n_part)
		blob_unref(&o->part[--o->n_part]);
	buf_clear(&o->body);
}

void outbox_release(struct outbox *o)
{
	outbox_clear(o);
	buf_release(&o->body);
}

size_t outbox_bytes(const struct outbox *o)
{
	size_t n = o->body.n;

	for (unsigned i = 0; i < o->n_part; i++)
		n += o->part[i]->b.n;
	return n;
}

static void put_bytes(struct buf *b, struct bytes v)
{
	buf_u32be(b, (uint32_t)v.n);
	buf_put_bytes(b, v);
}

static void put_blob(struct outbox *o, struct blob *blob)
{
	struct buf *b = &o->body;

	if (!blob) {
		buf_putc(b, BODY_NONE);
	} else if (blob->b.n < PART_FROM) {
		buf_putc(b, BODY_INLINE);
		put_bytes(b, blob->b);
	} else {
		buf_putc(b, BODY_PART);
		o->part[o->n_part++] = blob_ref(blob);
	}
}

static void put_entry(struct outbox *o, const struct entry *e)
{
	size_t at = o->body.n;
	uint32_t n;

	INVARIANT(!e->body_n || e->body);
	buf_u32be(&o->body, 0);
	entry_pack(e, &o->body);
	n = (uint32_t)(o->body.n - at - 4);
	for (unsigned i = 0; i < 4; i++)
		o->body.p[o->body.start + at + i] = (uint8_t)(n >> (24 - 8 * i));
	put_blob(o, e->body);
}

static void put_append(struct outbox *o, const struct rec *r)
{
	struct buf *b = &o->body;

	buf_u64be(b, r->append.term);
	buf_u64be(b, r->append.prev);
	buf_u64be(b, r->append.prev_term);
	buf_u64be(b, r->append.commit);
	buf_u32be(b, r->append.n);
	for (unsigned i = 0; i < r->append.n; i++)
		put_entry(o, r->append.e[i]);
}

static void put_install(struct buf *b, const struct rec *r)
{
	const struct snap_descriptor *d = &r->install.d;

	buf_u64be(b, r->install.term);
	buf_u64be(b, r->install.index);
	buf_u64be(b, r->install.index_term);
	buf_u64be(b, r->install.conf_index);
	put_bytes(b, r->install.conf);
	buf_u64be(b, d->id);
	buf_u64be(b, d->chain);
	buf_u64be(b, d->log_ms);
	buf_u64be(b, d->state.hash.lo);
	buf_u64be(b, d->state.hash.hi);
	buf_u64be(b, d->state.rows);
}

static void put_three(struct buf *b, uint64_t x, uint64_t y, uint64_t z)
{
	buf_u64be(b, x);
	buf_u64be(b, y);
	buf_u64be(b, z);
}

static void put_part(struct outbox *o, const struct rec *r)
{
	struct bytes data = r->snap_part.data ? r->snap_part.data->b : BYTES_NONE;

	buf_u64be(&o->body, r->snap_part.id);
	buf_putc(&o->body, (uint8_t)r->snap_part.phase);
	put_bytes(&o->body, r->snap_part.cursor);
	buf_putc(&o->body, (uint8_t)(r->snap_part.refused | r->snap_part.end << 1));
	buf_u64be(&o->body, hash64(data, r->snap_part.id));
	put_blob(o, r->snap_part.data);
}

static void put_payload(struct outbox *o, const struct rec *r)
{
	struct buf *b = &o->body;

	switch (r->type) {
	case REC_VOTE:
		put_three(b, r->vote.term, r->vote.last, r->vote.last_term);
		buf_putc(b, (uint8_t)(r->vote.disrupt | r->vote.pre << 1));
		break;
	case REC_VOTE_RESULT:
		buf_u64be(b, r->vote_result.term);
		buf_putc(b, (uint8_t)(r->vote_result.granted | r->vote_result.pre << 1));
		break;
	case REC_APPEND: put_append(o, r); break;
	case REC_APPEND_RESULT:
		put_three(b, r->append_result.term, r->append_result.rejected,
			  r->append_result.last);
		buf_u64be(b, r->append_result.echo_ms);
		break;
	case REC_INSTALL: put_install(b, r); break;
	case REC_TIMEOUT_NOW:
		put_three(b, r->timeout_now.term, r->timeout_now.last, r->timeout_now.last_term);
		break;
	case REC_SNAP_ASK:
		buf_u64be(b, r->snap_ask.id);
		buf_putc(b, (uint8_t)r->snap_ask.phase);
		put_bytes(b, r->snap_ask.cursor);
		break;
	case REC_SNAP_PART: put_part(o, r); break;
	default: BUG("record type");
	}
}

static bool is_part(const struct blob *blob)
{
	return blob && blob->b.n >= PART_FROM;
}

static unsigned parts_of(const struct rec *r)
{
	unsigned n = 0;

	if (r->type == REC_SNAP_PART)
		n = is_part(r->snap_part.data);
	if (r->type == REC_APPEND)
		for (unsigned i = 0; i < r->append.n; i++)
			n += is_part(r->append.e[i]->body);
	return n;
}

bool outbox_put(struct outbox *o, const struct rec *r)
{
	unsigned parts = parts_of(r);

	INVARIANT(parts <= WIRE_MAX_PARTS);
	if (o->n_part + parts > WIRE_MAX_PARTS)
		return false;
	buf_putc(&o->body, (uint8_t)r->type);
	buf_u32be(&o->body, r->shard);
	buf_u64be(&o->body, r->from);
	buf_u64be(&o->body, r->to);
	put_payload(o, r);
	return true;
}

bool outbox_move(struct outbox *o, struct outbox *from)
{
	if (o->n_part + from->n_part > WIRE_MAX_PARTS)
		return false;
	buf_put_bytes(&o->body, buf_bytes(&from->body));
	for (unsigned i = 0; i < from->n_part; i++)
		o->part[o->n_part++] = from->part[i];
	from->n_part = 0;
	buf_clear(&from->body);
	return true;
}

static struct blob *pack_head(const struct envelope *e)
{
	struct buf b;
	struct blob *blob;

	buf_init(&b, 0);
	buf_u32be(&b, MAGIC);
	buf_u16be(&b, ENVELOPE_VERSION);
	buf_putc(&b, (uint8_t)e->kind);
	buf_put(&b, e->cluster, sizeof(e->cluster));
	buf_u32be(&b, e->era);
	buf_u32be(&b, e->from);
	buf_u64be(&b, e->disk);
	buf_u64be(&b, e->start_count);
	buf_u64be(&b, e->nonce);
	put_three(&b, e->seq, e->send_ms, e->synced);
	buf_putc(&b, e->is_short);
	buf_u64be(&b, hash64(buf_bytes(&b), 0));
	blob = blob_copy(buf_bytes(&b));
	INVARIANT(blob->b.n == HEAD_BYTES);
	buf_release(&b);
	return blob;
}

void outbox_seal(struct outbox *o, const struct envelope *head, struct msg *m)
{
	msg_init(m);
	m->head = pack_head(head);
	m->body = blob_copy(buf_bytes(&o->body));
	for (unsigned i = 0; i < o->n_part; i++)
		msg_add(m, o->part[i]);
	o->n_part = 0;
	buf_clear(&o->body);
	if (o->body.cap > ENVELOPE_SOFT)
		buf_trim(&o->body);
}

static void small_seal(const struct envelope *head, struct buf *b, struct msg *m)
{
	msg_init(m);
	m->head = pack_head(head);
	m->body = blob_copy(buf_bytes(b));
	buf_release(b);
}

void hello_pack(const struct envelope *head, struct msg *m)
{
	struct buf b;

	buf_init(&b, 0);
	small_seal(head, &b, m);
}

void welcome_pack(const struct envelope *head, const struct welcome *w, struct msg *m)
{
	struct buf b;

	buf_init(&b, 0);
	buf_u64be(&b, w->nonce);
	buf_u64be(&b, w->synced);
	buf_putc(&b, w->conflict);
	small_seal(head, &b, m);
}

/* ---- in */

static bool get_three(struct bytes *in, uint64_t *x, uint64_t *y, uint64_t *z)
{
	return get_u64be(in, x) && get_u64be(in, y) && get_u64be(in, z);
}

bool envelope_unpack(const struct msg *m, struct envelope *e)
{
	struct bytes in = m->head ? m->head->b : BYTES_NONE, cluster;
	struct bytes covered = bytes_head(in, HEAD_SUMMED);
	uint32_t magic;
	uint16_t version;
	uint8_t kind, is_short;
	uint64_t sum;

	if (in.n != HEAD_BYTES || !get_u32be(&in, &magic) || magic != MAGIC ||
	    !get_u16be(&in, &version) || version != ENVELOPE_VERSION || !get_u8(&in, &kind) ||
	    kind < ENVELOPE_RECORDS || kind > ENVELOPE_WELCOME ||
	    !get_bytes(&in, sizeof(e->cluster), &cluster) || !get_u32be(&in, &e->era) ||
	    !get_u32be(&in, &e->from) || !get_u64be(&in, &e->disk) ||
	    !get_u64be(&in, &e->start_count) || !get_u64be(&in, &e->nonce) ||
	    !get_three(&in, &e->seq, &e->send_ms, &e->synced) || !get_u8(&in, &is_short) ||
	    !get_u64be(&in, &sum) || sum != hash64(covered, 0))
		return false;
	e->kind = (enum envelope_kind)kind;
	e->is_short = is_short != 0;
	memcpy(e->cluster, cluster.p, sizeof(e->cluster));
	return true;
}

bool welcome_unpack(const struct msg *m, struct welcome *w)
{
	struct bytes in = m->body ? m->body->b : BYTES_NONE;
	uint8_t conflict;

	if (!get_u64be(&in, &w->nonce) || !get_u64be(&in, &w->synced) || !get_u8(&in, &conflict))
		return false;
	w->conflict = conflict != 0;
	return in.n == 0;
}

void rec_reader_init(struct rec_reader *r, const struct msg *m)
{
	*r = (struct rec_reader){ .m = m, .left = m->body ? m->body->b : BYTES_NONE };
}

static bool take_bytes(struct bytes *in, size_t max, struct bytes *v)
{
	uint32_t n;

	return get_u32be(in, &n) && n <= max && get_bytes(in, n, v);
}

static bool take_flags(struct bytes *in, bool *low, bool *high)
{
	uint8_t flags;

	if (!get_u8(in, &flags) || flags > 3)
		return false;
	*low = flags & 1;
	*high = flags & 2;
	return true;
}

/* *blob: a reference, or NULL where there is none. */
static bool take_blob(struct rec_reader *r, size_t max, struct blob **blob)
{
	struct bytes v;
	uint8_t how;

	*blob = NULL;
	if (!get_u8(&r->left, &how))
		return false;
	if (how == BODY_NONE)
		return true;
	if (how == BODY_INLINE) {
		if (!take_bytes(&r->left, MIN(max, PART_FROM - 1), &v))
			return false;
		*blob = blob_copy(v);
		return true;
	}
	if (how != BODY_PART || r->part == r->m->n_payload || r->m->payload[r->part]->b.n > max)
		return false;
	*blob = blob_ref(r->m->payload[r->part++]);
	return true;
}

/* The core decodes configurations without looking twice. */
static bool op_ok(const struct entry *e)
{
	struct conf c;

	if (e->type == ENTRY_CHANGE)
		return !e->body_n && conf_unpack(entry_op(e), &c) && c.n;
	return e->type == ENTRY_COMMAND || (entry_op(e).n == 0 && !e->body_n);
}

static bool take_entry(struct rec_reader *r, uint64_t index, struct entry **e)
{
	struct bytes row;
	struct blob *body;

	if (!take_bytes(&r->left, LOG_MAX_OP + 256, &row))
		return false;
	*e = entry_unpack(index, row);
	if (!*e || !take_blob(r, LOG_MAX_BODY, &body))
		return false;
	(*e)->body = body;
	return (body ? body->b.n : 0) == (*e)->body_n && entry_intact(*e) && op_ok(*e);
}

static bool index_ok(uint64_t v)
{
	return v < LOG_MAX_INDEX;
}

/* What Raft and the core rely on: a term with an index and none without, no term below the one
 * before it, none above the leader's. */
static bool append_ok(const struct rec *rec)
{
	uint64_t before = rec->append.prev_term;

	if (!index_ok(rec->append.term) || !rec->append.term || !index_ok(rec->append.prev) ||
	    !index_ok(rec->append.commit) || before > rec->append.term ||
	    (rec->append.prev == 0) != (before == 0))
		return false;
	for (unsigned i = 0; i < rec->append.n; i++) {
		const struct entry *e = rec->append.e[i];

		if (e->term < before || e->term > rec->append.term ||
		    (i && e->prev != rec->append.e[i - 1]->chain))
			return false;
		before = e->term;
	}
	return true;
}

static bool take_append(struct rec_reader *r, struct rec *rec, struct arena *mem)
{
	uint32_t n;

	if (!get_three(&r->left, &rec->append.term, &rec->append.prev, &rec->append.prev_term) ||
	    !get_u64be(&r->left, &rec->append.commit) || !get_u32be(&r->left, &n) ||
	    n > APPEND_MAX_ENTRIES || !index_ok(rec->append.prev))
		return false;
	rec->append.e = arena_array(mem, struct entry *, n + 1);
	for (uint32_t i = 0; i < n; i++) {
		bool good = take_entry(r, rec->append.prev + 1 + i, &rec->append.e[i]);

		rec->append.n += rec->append.e[i] != NULL;
		if (!good)
			return false;
	}
	return append_ok(rec);
}

static bool take_install(struct bytes *in, struct rec *rec)
{
	struct snap_descriptor *d = &rec->install.d;

	return get_three(in, &rec->install.term, &rec->install.index, &rec->install.index_term) &&
	       get_u64be(in, &rec->install.conf_index) &&
	       take_bytes(in, MAX_CONF, &rec->install.conf) &&
	       get_three(in, &d->id, &d->chain, &d->log_ms) &&
	       get_three(in, &d->state.hash.lo, &d->state.hash.hi, &d->state.rows) &&
	       rec->install.term && index_ok(rec->install.term) && rec->install.index &&
	       index_ok(rec->install.index) && rec->install.index_term &&
	       rec->install.index_term <= rec->install.term && rec->install.conf_index &&
	       rec->install.conf_index <= rec->install.index;
}

static bool take_snap(struct bytes *in, uint64_t *id, enum snap_phase *phase, struct bytes *cursor)
{
	uint8_t p;

	if (!get_u64be(in, id) || !get_u8(in, &p) || p < SNAP_ROWS || p >= SNAP_PHASES ||
	    !take_bytes(in, MAX_CURSOR, cursor))
		return false;
	*phase = (enum snap_phase)p;
	return true;
}

static bool take_part(struct rec_reader *r, struct rec *rec)
{
	struct bytes *in = &r->left;
	uint64_t sum;

	return take_snap(in, &rec->snap_part.id, &rec->snap_part.phase, &rec->snap_part.cursor) &&
	       take_flags(in, &rec->snap_part.refused, &rec->snap_part.end) &&
	       get_u64be(in, &sum) &&
	       take_blob(r, SNAP_PART_MAX + LOG_MAX_BODY, &rec->snap_part.data) &&
	       sum == hash64(rec->snap_part.data ? rec->snap_part.data->b : BYTES_NONE,
			     rec->snap_part.id);
}

static bool take_vote(struct bytes *in, struct rec *rec)
{
	return get_three(in, &rec->vote.term, &rec->vote.last, &rec->vote.last_term) &&
	       take_flags(in, &rec->vote.disrupt, &rec->vote.pre) && rec->vote.term &&
	       index_ok(rec->vote.term) && index_ok(rec->vote.last) &&
	       rec->vote.last_term <= rec->vote.term;
}

static bool take_result(struct bytes *in, struct rec *rec)
{
	return get_three(in, &rec->append_result.term, &rec->append_result.rejected,
			 &rec->append_result.last) &&
	       get_u64be(in, &rec->append_result.echo_ms) && index_ok(rec->append_result.term) &&
	       index_ok(rec->append_result.rejected) && index_ok(rec->append_result.last);
}

static bool take_timeout_now(struct bytes *in, struct rec *rec)
{
	return get_three(in, &rec->timeout_now.term, &rec->timeout_now.last,
			 &rec->timeout_now.last_term) &&
	       rec->timeout_now.term && index_ok(rec->timeout_now.term) &&
	       index_ok(rec->timeout_now.last);
}

static bool take_payload(struct rec_reader *r, struct rec *rec, struct arena *mem)
{
	struct bytes *in = &r->left;

	switch (rec->type) {
	case REC_VOTE: return take_vote(in, rec);
	case REC_VOTE_RESULT:
		return get_u64be(in, &rec->vote_result.term) && index_ok(rec->vote_result.term) &&
		       take_flags(in, &rec->vote_result.granted, &rec->vote_result.pre);
	case REC_APPEND: return take_append(r, rec, mem);
	case REC_APPEND_RESULT: return take_result(in, rec);
	case REC_INSTALL: return take_install(in, rec);
	case REC_TIMEOUT_NOW: return take_timeout_now(in, rec);
	case REC_SNAP_ASK:
		return take_snap(in, &rec->snap_ask.id, &rec->snap_ask.phase,
				 &rec->snap_ask.cursor);
	case REC_SNAP_PART: return take_part(r, rec);
	default: return false;
	}
}

bool rec_next(struct rec_reader *r, struct rec *rec, struct arena *mem)
{
	uint8_t type;

	*rec = (struct rec){ 0 };
	if (r->left.n == 0 || r->bad) {
		/* A part that no record asked for is as wrong as one too few. */
		r->bad |= r->part != r->m->n_payload;
		return false;
	}
	if (get_u8(&r->left, &type) && get_u32be(&r->left, &rec->shard) &&
	    get_u64be(&r->left, &rec->from) && get_u64be(&r->left, &rec->to) && rec->from &&
	    rec->to && type >= REC_VOTE && type < REC_TYPES) {
		rec->type = (enum rec_type)type;
		if (take_payload(r, rec, mem))
			return true;
		rec_release(rec);
	}
	r->bad = true;
	return false;
}

void rec_release(struct rec *rec)
{
	if (rec->type == REC_APPEND)
		for (unsigned i = 0; i < rec->append.n; i++)
			entry_unref(&rec->append.e[i]);
	if (rec->type == REC_SNAP_PART)
		blob_unref(&rec->snap_part.data);
	rec->type = 0;
}
