/* SPDX-License-Identifier: Apache-2.0 */
#include "pop3/maildrop.h"
#include "store/body.h"
#include "store/watch.h"

#include <stdlib.h>

enum { PAGE = 65536 };
#define COLUMNS (ROW_SIZE | ROW_CHUNKS)

static int take_page(struct maildrop *d, struct bytes page)
{
	struct row row;

	while (page.n) {
		if (!row_unpack(&page, ROW_SIZE, &row))
			return -ERR_CORRUPT;
		if (d->n == d->cap) {
			d->cap = MAX(d->cap * 2, 16);
			d->v = xrealloc(d->v, d->cap * sizeof(*d->v));
		}
		d->v[d->n++] = (struct drop_message){ .uid = row.uid, .size = row.size };
	}
	return 0;
}

CO static int load(struct session *s, struct maildrop *d)
{
	struct store_ask ask = { .columns = ROW_SIZE, .max_bytes = PAGE };
	struct store_page page;
	struct mailbox info;
	struct arena mem;
	int ret;

	arena_init(&mem, 0);
	ret = store_select(&s->user, s->account, BYTES("INBOX"), ROW_SIZE, &mem, &info, &d->box,
			   &page.rows, &page.next_uid);
	while (ret == 0) {
		ret = take_page(d, page.rows);
		if (ret < 0 || page.next_uid == 0)
			break;
		ask.from_uid = page.next_uid;
		arena_clear(&mem);
		ret = store_rows(&s->user, &d->box, &ask, &mem, &page);
	}
	arena_release(&mem);
	return ret;
}

CO int maildrop_open(struct session *s, struct maildrop **drop)
{
	struct maildrop *d = xnew(struct maildrop);
	int ret;

	arena_init(&d->ahead_mem, 0);
	ret = store_lock(&s->user, s->account, &d->lock);
	if (ret == 0)
		ret = load(s, d);
	if (ret < 0) {
		maildrop_close(&d);
		return ret;
	}
	maildrop_undelete(d);
	*drop = d;
	return 0;
}

void maildrop_close(struct maildrop **drop)
{
	struct maildrop *d = *drop;

	*drop = NULL;
	if (!d)
		return;
	store_unlock(&d->lock);
	store_box_release(&d->box);
	arena_release(&d->ahead_mem);
	free(d->v);
	free(d);
}

struct drop_message *maildrop_get(struct maildrop *d, uint32_t number)
{
	if (number == 0 || number > d->n || d->v[number - 1].deleted)
		return NULL;
	return &d->v[number - 1];
}

void maildrop_delete(struct maildrop *d, struct drop_message *m)
{
	INVARIANT(!m->deleted);
	m->deleted = true;
	d->kept--;
	d->octets -= m->size;
}

void maildrop_undelete(struct maildrop *d)
{
	d->kept = d->n;
	d->octets = 0;
	for (size_t i = 0; i < d->n; i++) {
		d->v[i].deleted = false;
		d->octets += d->v[i].size;
	}
}

/* ---- bodies ----------------------------------------------------------------------------------
 * POP3 clients take one message after the other: where this one follows on the last, the next
 * few come along. */

static bool is_ahead(const struct store_page *page, uint32_t uid)
{
	for (size_t i = 0; i < page->n_bodies; i++)
		if (page->bodies[i].uid == uid)
			return true;
	return false;
}

CO static int read_rows(struct session *s, struct maildrop *d, const struct drop_message *m)
{
	bool next = m == (d->last ? d->last + 1 : d->v);
	struct store_ask ask = { .columns = COLUMNS, .from_uid = m->uid, .bodies = true };
	struct uidset one;
	int ret;

	uidset_init(&one);
	uidset_add(&one, m->uid, m->uid);
	ask.uids = next ? NULL : &one;
	arena_clear(&d->ahead_mem);
	ret = store_rows(&s->user, &d->box, &ask, &d->ahead_mem, &d->ahead);
	uidset_release(&one);
	return ret;
}

CO int maildrop_body(struct session *s, struct maildrop *d, const struct drop_message *m,
		     struct body **body)
{
	int ret = is_ahead(&d->ahead, m->uid) ? 0 : read_rows(s, d, m);
	struct bytes rows = d->ahead.rows;
	struct row row = { .uid = 0 };

	d->last = m;
	while (ret == 0 && rows.n && row.uid < m->uid)
		if (!row_unpack(&rows, COLUMNS, &row))
			ret = -ERR_CORRUPT;
	if (ret == 0 && row.uid != m->uid)
		ret = -ERR_NOTFOUND;
	if (ret < 0)
		return ret;
	*body = body_open(&s->user, &row, s->account, &d->ahead);
	body_range(*body, 0, row.size);
	return 0;
}

CO int maildrop_commit(struct session *s, struct maildrop *d, uint64_t *gone)
{
	struct uidset uids, were;
	int ret = 0;

	uidset_init(&uids);
	uidset_init(&were);
	for (size_t i = 0; i < d->n; i++)
		if (d->v[i].deleted)
			uidset_add(&uids, d->v[i].uid, d->v[i].uid);
	if (uids.n)
		ret = store_expunge(&s->user, &d->box, &uids, false, &were);
	*gone = uidset_count(&were);
	uidset_release(&uids);
	uidset_release(&were);
	return ret;
}
