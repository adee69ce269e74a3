/* SPDX-License-Identifier: Apache-2.0 */
/* sync.c - from what changed in the store to what the client hears.
 *
 * Changes come in pages in the order of MODSEQ, messages in the order of UID: nothing is told
 * before all pages are there, or a message could get a number that belongs to another. */
#include "imap/private.h"
#include "imap/write.h"

#include <stdlib.h>

#define COLUMNS (ROW_FLAGS | ROW_MODSEQ)

struct news {
	struct imap *im;
	struct arena mem;
	struct uidset fresh; /* UIDs that the view does not have */
	struct bytes *pages; /* of rows; in mem */
	size_t n, cap;
	struct buf out;
};

/* ---- small responses ------------------------------------------------------------------------ */

int imap_mailbox_gone(struct imap *im)
{
	session_puts(im->s, "* BYE The selected mailbox is gone\r\n");
	session_close(im->s);
	return RUN_ANSWERED;
}

void imap_write_flags(struct imap *im, struct buf *out, const struct row *row)
{
	uint32_t seq = view_seq(&im->view, row->uid);

	if (!seq)
		return;
	buf_printf(out, "* %u FETCH (UID %u FLAGS ", seq, row->uid);
	write_flags(out, row, im->box.keywords, im->box.n_keywords);
	buf_puts(out, ")\r\n");
}

void imap_tell_keywords(struct imap *im)
{
	struct buf out;

	if (im->keywords_told == im->box.n_keywords)
		return;
	im->keywords_told = im->box.n_keywords;
	buf_init(&out, 0);
	buf_puts(&out, "* FLAGS ");
	write_all_flags(&out, im->box.keywords, im->box.n_keywords, false);
	buf_puts(&out, "\r\n");
	session_put(im->s, buf_bytes(&out));
	buf_release(&out);
}

static void tell_expunge(void *arg, uint32_t seq)
{
	struct imap *im = arg;

	session_printf(im->s, "* %u EXPUNGE\r\n", seq);
}

void imap_tell_gone(struct imap *im, const struct uidset *uids)
{
	view_gone(&im->view, uids);
	view_forget(&im->view, tell_expunge, im);
}

/* ---- collecting ----------------------------------------------------------------------------- */

static void keep_page(struct news *n, struct bytes page)
{
	if (n->n == n->cap) {
		struct bytes *more = arena_array(&n->mem, struct bytes, n->cap * 2 + 4);

		if (n->n)
			memcpy(more, n->pages, n->n * sizeof(*more));
		n->pages = more;
		n->cap = n->cap * 2 + 4;
	}
	n->pages[n->n++] = page;
}

static int note_fresh(struct news *n, struct bytes page, uint32_t columns)
{
	struct view *v = &n->im->view;
	struct row row;

	while (page.n) {
		if (!row_unpack(&page, columns, &row))
			return -ERR_CORRUPT;
		if (row.uid > view_max(v))
			uidset_add(&n->fresh, row.uid, row.uid);
	}
	return 0;
}

/* Too much has happened for tombstones: what is not among all UIDs of now is gone. */
CO static int reload(struct news *n)
{
	struct imap *im = n->im;
	struct store_page page = { .next_uid = 1 };
	struct uidset gone;
	struct row row;
	int ret = 0;

	uidset_init(&gone);
	for (size_t i = 0; i < im->view.uids.n; i++)
		uidset_add(&gone, im->view.uids.v[i].from, im->view.uids.v[i].to);
	while (ret == 0 && page.next_uid) {
		struct store_ask ask = { .from_uid = page.next_uid };

		ret = store_rows(&im->s->user, &im->box, &ask, &n->mem, &page);
		if (ret == 0)
			ret = note_fresh(n, page.rows, 0);
		while (ret == 0 && row_unpack(&page.rows, 0, &row))
			uidset_remove(&gone, row.uid, row.uid);
	}
	if (ret == 0)
		view_gone(&im->view, &gone);
	uidset_release(&gone);
	return ret;
}

/* What came and went before anybody heard of it leaves no trace. */
static void forget(struct news *n, const struct uidset *gone)
{
	for (size_t i = 0; i < gone->n; i++)
		uidset_remove(&n->fresh, gone->v[i].from, gone->v[i].to);
	view_gone(&n->im->view, gone);
}

CO static int collect(struct news *n, uint64_t *modseq)
{
	struct imap *im = n->im;
	struct store_changes c;
	int ret;

	do {
		ret = store_changes(&im->s->user, &im->box, *modseq, COLUMNS, &n->mem, &c);
		if (ret == 0)
			ret = note_fresh(n, c.page, COLUMNS);
		if (ret == 0) {
			keep_page(n, c.page);
			forget(n, &c.gone);
			*modseq = c.modseq;
		}
		uidset_release(&c.gone);
		if (ret == 0 && c.trimmed)
			ret = reload(n);
	} while (ret == 0 && c.more);
	return ret;
}

/* ---- telling -------------------------------------------------------------------------------- */

static bool is_told(struct news *n, const struct row *row)
{
	struct view *v = &n->im->view;

	return view_was_told(v, row->modseq) || uidset_has(&n->fresh, row->uid) ||
	       uidset_has(&v->gone, row->uid);
}

CO static int tell_flags(struct news *n, struct bytes page)
{
	struct row row;

	buf_clear(&n->out);
	while (page.n) {
		if (!row_unpack(&page, COLUMNS, &row))
			return -ERR_CORRUPT;
		if (!is_told(n, &row))
			imap_write_flags(n->im, &n->out, &row);
	}
	return session_write(n->im->s, buf_bytes(&n->out));
}

CO static int tell(struct news *n, bool expunges)
{
	struct imap *im = n->im;
	int ret = 0;

	imap_tell_keywords(im);
	if (expunges)
		view_forget(&im->view, tell_expunge, im);
	if (n->fresh.n) {
		view_add(&im->view, &n->fresh);
		session_printf(im->s, "* %u EXISTS\r\n", view_count(&im->view));
	}
	for (size_t i = 0; ret == 0 && i < n->n; i++)
		ret = tell_flags(n, n->pages[i]);
	return ret;
}

bool imap_is_current(const struct imap *im, uint64_t modseq, bool expunges)
{
	return modseq == im->view.modseq && (im->view.gone.n == 0 || !expunges);
}

CO int imap_sync(struct imap *im, bool expunges)
{
	struct news n = { .im = im };
	uint64_t modseq = im->view.modseq;
	int ret;

	if (!im->selected)
		return 0;
	arena_init(&n.mem, 0);
	uidset_init(&n.fresh);
	buf_init(&n.out, 0);
	ret = collect(&n, &modseq);
	if (ret == 0) {
		ret = tell(&n, expunges);
		view_seen(&im->view, modseq);
	}
	uidset_release(&n.fresh);
	buf_release(&n.out);
	arena_release(&n.mem);
	return ret;
}
