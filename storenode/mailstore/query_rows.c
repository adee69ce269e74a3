/* SPDX-License-Identifier: Apache-2.0 */
/* query_rows.c - pages of rows, and what changed. */
#include "mailstore/query_private.h"

#include "mailstore/change.h"

#include <stdlib.h>

enum { CHANGES_DEFAULT = 1000, CHANGES_MAX = 10000 };

/* ---- pages */

void page_init(struct page *p, uint32_t columns, uint32_t max_bytes)
{
	*p = (struct page){ .columns = columns & ROW_ALL };
	p->max = max_bytes ? MIN(max_bytes, PAGE_BYTES_MAX) : PAGE_BYTES;
	p->max_rows = SIZE_MAX;
	buf_init(&p->buf, 0);
}

/* From a placement to its body, and to its email for the prefix. Values live until rows_forget. */
static void join(struct ask *a, uint64_t account, struct row *row, struct arena *mem,
		 uint32_t columns)
{
	struct bytes value;
	struct email_rec e;
	struct body_rec b;
	struct key k;

	if (!(columns & (ROW_FACTS | ROW_CHUNKS | ROW_ENVELOPE | ROW_STRUCTURE)))
		return;
	key_table_u64(&k, T_BODY, row->content);
	INVARIANT(rows_get(a->rows, key_bytes(&k), &value));
	body_decode(value, &b);
	row->facts = b.facts;
	row->n_chunks = b.n_chunks;
	row->chunks = b.chunks;
	row->envelope = b.envelope;
	row->structure = b.structure;
	if (!(columns & ROW_CHUNKS))
		return;
	INVARIANT(email_get(a->rows, account, row->email, mem, &e));
	row->prefix = e.prefix;
}

bool page_add(struct ask *a, struct page *p, uint64_t account, struct row *row)
{
	size_t before = p->buf.n;
	struct arena mem;

	if (p->rows == p->max_rows)
		return false;
	arena_init(&mem, 0);
	join(a, account, row, &mem, p->columns);
	row_pack(&p->buf, row, p->columns);
	arena_release(&mem);
	rows_forget(a->rows);
	if (p->buf.n > p->max && p->rows) {
		p->buf.n = before;
		return false;
	}
	p->rows++;
	return true;
}

void page_end(struct ask *a, struct page *p)
{
	msg_add(a->out, blob_copy(buf_bytes(&p->buf)));
	buf_release(&p->buf);
}

static uint32_t fill_range(struct ask *a, struct page *p, uint64_t account,
			   const struct mailbox_rec *mb, uint32_t from, uint32_t to)
{
	struct uid_iter it;
	struct place place;
	uint32_t next = 0;

	uid_iter_init(&it, a->rows, account, A_PLACE, mb, from, to);
	while (!next && place_next(&it, &place))
		if (!page_add(a, p, account, &place.row))
			next = place.row.uid;
	uid_iter_release(&it);
	return next;
}

uint32_t page_fill(struct ask *a, struct page *p, uint64_t account, const struct mailbox_rec *mb,
		   const Tern__Ranges *ranges, uint32_t from)
{
	uint32_t next = 0;

	if (!ranges || ranges->n_v == 0)
		return fill_range(a, p, account, mb, from, UINT32_MAX);
	for (size_t i = 0; i + 1 < ranges->n_v && !next; i += 2) {
		uint32_t first = MAX(ranges->v[i], from);

		if (first >= mb->uid_next)
			break;
		if (first <= ranges->v[i + 1])
			next = fill_range(a, p, account, mb, first, ranges->v[i + 1]);
	}
	return next;
}

int ask_rows(struct ask *a, const Tern__Query *q)
{
	const Tern__Rows *in = q->rows;
	Tern__RowsReply *r = ASK_NEW(a, rows_reply);
	struct mailbox_rec mb;
	struct page page;
	int ret = ask_want_mailbox(a, in->account, in->mailbox, in->uid_validity, &mb);

	if (ret)
		return ret;
	if (!ranges_valid(in->uids))
		return DENY(a, ERR_INVALID, "not a set of UIDs");
	page_init(&page, in->columns, in->max_bytes);
	if (in->max_rows)
		page.max_rows = in->max_rows;
	r->next_uid = page_fill(a, &page, in->account, &mb, in->uids, in->from_uid);
	page_end(a, &page);
	r->modseq = mb.modseq;
	if (in->columns & ROW_FLAGS)
		r->keywords = ask_keywords(a, in->account, in->keywords_known, &r->n_keywords);
	a->reply->what_case = TERN__REPLY__WHAT_ROWS;
	a->reply->rows = r;
	return 0;
}

int ask_email(struct ask *a, const Tern__Query *q)
{
	const Tern__EmailGet *in = q->email;
	Tern__RowsReply *r = ASK_NEW(a, rows_reply);
	struct mailbox_rec mb;
	struct place place;
	struct page page;
	int ret = ask_want_mailbox(a, in->account, in->mailbox, in->uid_validity, &mb);

	if (ret)
		return ret;
	if (!place_get(a->rows, in->account, &mb, in->uid, &place))
		return DENY(a, ERR_NOTFOUND, "no such message");
	page_init(&page, in->columns, 0);
	page_add(a, &page, in->account, &place.row);
	page_end(a, &page);
	r->modseq = mb.modseq;
	a->reply->what_case = TERN__REPLY__WHAT_ROWS;
	a->reply->rows = r;
	return 0;
}

/* ---- changes */

struct tomb_iter {
	struct rows_iter *it;
	uint64_t modseq; /* 0: no more */
	uint32_t uid;
};

static void tomb_step(struct tomb_iter *it)
{
	struct bytes key, value;
	struct tomb_rec tomb;

	it->modseq = 0;
	if (!rows_iter_next(it->it, &key, &value))
		return;
	key = bytes_skip(key, KEY_MAILBOX);
	INVARIANT(get_u64be(&key, &it->modseq));
	tomb_decode(value, &tomb);
	it->uid = tomb.uid;
}

static void tomb_iter_init(struct tomb_iter *it, struct rows *r, uint64_t account, uint32_t mailbox,
			   uint64_t since)
{
	struct key prefix, from;

	key_account_u32(&prefix, account, A_TOMB, mailbox);
	key_modseq(&from, account, A_TOMB, mailbox, since + 1);
	it->it = rows_under(r, key_bytes(&prefix), key_bytes(&from));
	tomb_step(it);
}

struct changes {
	struct ask *a;
	const Tern__Changes *in;
	const struct mailbox_rec *mb;
	Tern__ChangesReply *r;
	struct page page;
	uint32_t *gone;
	size_t n_gone, n, max;
};

static bool add_row(struct changes *c, uint32_t uid)
{
	struct place place;

	INVARIANT(place_get(c->a->rows, c->in->account, c->mb, uid, &place));
	return page_add(c->a, &c->page, c->in->account, &place.row);
}

/* Living and gone in the order of MODSEQ, so that any cut is a state the caller can go on
 * from. */
static void merge(struct changes *c, struct change_iter *live, struct tomb_iter *tombs)
{
	uint64_t modseq = 0;
	uint32_t uid = 0;
	bool more = change_iter_next(live, &modseq, &uid);

	for (; more || tombs->modseq; c->n++) {
		bool gone = tombs->modseq && (!more || tombs->modseq < modseq);

		c->r->more = c->n == c->max || (!gone && !add_row(c, uid));
		if (c->r->more)
			return;
		c->r->modseq = gone ? tombs->modseq : modseq;
		if (gone) {
			c->gone[c->n_gone++] = tombs->uid;
			tomb_step(tombs);
		} else {
			more = change_iter_next(live, &modseq, &uid);
		}
	}
}

static int by_uid(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static void collect_changes(struct changes *c)
{
	struct tomb_iter tombs = { .modseq = 0 };
	struct change_iter live;
	uint64_t since = MIN(c->in->since, c->mb->modseq);

	c->gone = arena_array(c->a->mem, uint32_t, c->max);
	c->r->modseq = since;
	c->r->trimmed = since < c->mb->trimmed;
	change_iter_init(&live, c->a->rows, c->in->account, c->mb, since);
	tomb_iter_init(&tombs, c->a->rows, c->in->account, c->mb->id, since);
	merge(c, &live, &tombs);
	change_iter_release(&live);
	rows_iter_free(&tombs.it);
	if (!c->r->more)
		c->r->modseq = c->mb->modseq;
	if (c->n_gone)
		qsort(c->gone, c->n_gone, sizeof(*c->gone), by_uid);
	c->r->gone = ranges_new(c->a->mem);
	for (size_t i = 0; i < c->n_gone; i++)
		ranges_add(c->a->mem, c->r->gone, c->gone[i]);
}

int ask_changes(struct ask *a, const Tern__Query *q)
{
	const Tern__Changes *in = q->changes;
	struct mailbox_rec mb;
	struct changes c = { .a = a, .in = in, .mb = &mb };
	int ret = ask_want_mailbox(a, in->account, in->mailbox, in->uid_validity, &mb);

	if (ret)
		return ret;
	c.r = ASK_NEW(a, changes_reply);
	c.max = in->max_rows ? MIN(in->max_rows, CHANGES_MAX) : CHANGES_DEFAULT;
	page_init(&c.page, in->columns, 0);
	collect_changes(&c);
	page_end(a, &c.page);
	c.r->uid_next = mb.uid_next;
	c.r->messages = mb.messages;
	c.r->keywords = ask_keywords(a, in->account, in->keywords_known, &c.r->n_keywords);
	a->reply->what_case = TERN__REPLY__WHAT_CHANGES;
	a->reply->changes = c.r;
	return 0;
}
