/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_search.c - SEARCH: all rows by their columns, then those that are left by their content. */
#include "imap/search.h"

#include "base/clock.h"

enum { PAGE = 262144, DEEP_PAGE = 32768, RANGES = 5000 };
#define DEEP (ROW_SIZE | ROW_FACTS | ROW_CHUNKS)

typedef int judge_fn(struct search *q, const struct row *row, struct arena *mem);

/* ---- stages --------------------------------------------------------------------------------- */

CO static int judge_row(struct search *q, const struct row *row, struct arena *mem UNUSED)
{
	struct subject m = { .row = row };
	enum verdict v = search_judge(q, &m);

	if (v == YES)
		uidset_add(&q->hits, row->uid, row->uid);
	else if (v == OPEN)
		uidset_add(&q->open, row->uid, row->uid);
	return search_breathe(q);
}

/* A message that cannot be read ends the search: an answer without it would be a lie. */
CO static int judge_content(struct search *q, const struct row *row, struct arena *mem)
{
	struct subject m = { .row = row };
	enum verdict v;
	int ret;

	m.facts = facts_unpack(row->facts, mem);
	if (!m.facts || row->size != row->prefix.n + m.facts->size)
		return -ERR_CORRUPT;
	ret = search_read(q, &m, mem, &v);
	if (ret == 0 && v == YES)
		uidset_add(&q->hits, row->uid, row->uid);
	return ret < 0 ? ret : search_breathe(q);
}

CO static int judge_page(struct search *q, const struct store_page *page, uint32_t columns,
			 judge_fn *fn)
{
	struct bytes rows = page->rows;
	struct arena mem;
	int ret = 0;

	q->page = page;
	arena_init(&mem, 0);
	while (ret == 0 && rows.n) {
		struct row row;

		arena_clear(&mem);
		if (!row_unpack(&rows, columns, &row))
			ret = -ERR_CORRUPT;
		else if (view_seq(&q->im->view, row.uid))
			ret = fn(q, &row, &mem);
	}
	arena_release(&mem);
	return ret;
}

CO static int judge_rows(struct search *q, struct store_ask *ask, judge_fn *fn)
{
	struct imap *im = q->im;
	struct store_page page = { .next_uid = 1 };
	struct arena mem;
	int ret = 0;

	arena_init(&mem, 0);
	while (ret == 0 && page.next_uid) {
		ask->from_uid = page.next_uid;
		arena_clear(&mem);
		ret = store_rows(&im->s->user, &im->box, ask, &mem, &page);
		q->slice = clock_ms();
		if (ret == 0 && !q->told && !imap_is_current(im, page.modseq, q->by_uid))
			ret = RUN_NEWS;
		q->told = true;
		if (ret == 0)
			ret = judge_page(q, &page, ask->columns, fn);
	}
	arena_release(&mem);
	return ret;
}

CO static int judge_set(struct search *q, const struct uidset *uids, struct store_ask ask,
			judge_fn *fn)
{
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < uids->n; i += RANGES) {
		struct uidset part = { .v = uids->v + i, .n = MIN(uids->n - i, (size_t)RANGES) };

		ask.uids = &part;
		ret = judge_rows(q, &ask, fn);
	}
	return ret;
}

/* Sets that stand beside all other keys say where to look at all. */
static void narrow(struct search *q, struct uidset *uids)
{
	const struct view *v = &q->im->view;

	uidset_clear(uids);
	for (size_t i = 0; i < v->uids.n; i++)
		uidset_add(uids, v->uids.v[i].from, v->uids.v[i].to);
	for (struct search_key *k = q->root->child; k; k = k->next)
		if (k->what == SEARCH_UIDS || k->what == SEARCH_SEQS)
			uidset_intersect(uids, &q->sets[k->slot]);
	view_cover(&q->im->view, uids);
}

CO static int search(struct search *q)
{
	struct store_ask cheap = { .columns = q->columns, .max_bytes = PAGE };
	struct store_ask deep = { .columns = q->columns | DEEP, .max_bytes = DEEP_PAGE };
	struct uidset uids;
	int ret;

	uidset_init(&uids);
	narrow(q, &uids);
	ret = uids.n == 0 && !q->told ? RUN_NEWS : judge_set(q, &uids, cheap, judge_row);
	uidset_release(&uids);
	if (ret == 0 && q->open.n) {
		view_cover(&q->im->view, &q->open);
		deep.bodies = q->n_texts > 0;
		ret = judge_set(q, &q->open, deep, judge_content);
	}
	return ret;
}

/* ---- the answer ----------------------------------------------------------------------------- */

CO static int tell_hits(struct search *q, bool uid)
{
	struct session *s = q->im->s;
	struct uidset_iter it;
	struct buf out;
	uint32_t hit;
	int ret = 0;

	buf_init(&out, 0);
	buf_puts(&out, "* SEARCH");
	uidset_iter_init(&it, &q->hits);
	while (ret == 0 && uidset_next(&it, &hit)) {
		buf_printf(&out, " %u", uid ? hit : view_seq(&q->im->view, hit));
		if (out.n < KIB(8))
			continue;
		ret = session_write(s, buf_bytes(&out));
		buf_clear(&out);
	}
	buf_puts(&out, "\r\n");
	if (ret == 0)
		ret = session_write(s, buf_bytes(&out));
	buf_release(&out);
	return ret;
}

static bool known_charset(struct bytes charset)
{
	return charset.n == 0 || lex_is(charset, "US-ASCII") || lex_is(charset, "UTF-8");
}

static void release(struct search *q)
{
	for (size_t i = 0; i < q->n_sets; i++)
		uidset_release(&q->sets[i]);
	uidset_release(&q->hits);
	uidset_release(&q->open);
}

CO static int run_search(struct imap *im, const struct imap_cmd *cmd, bool told)
{
	struct search q = { .im = im, .root = cmd->search.root, .by_uid = cmd->uid, .told = told };
	int ret;

	uidset_init(&q.hits);
	uidset_init(&q.open);
	q.slice = clock_ms();
	q.deadline = q.slice + im->s->limits->search_time;
	q.wall_ms = clock_wall_ms();
	search_prepare(&q);
	ret = search(&q);
	if (ret == 0)
		ret = tell_hits(&q, cmd->uid);
	release(&q);
	return ret;
}

/* As FETCH does: the rows before the news, in the hope that there are none. */
CO int imap_cmd_search(struct imap *im, struct imap_cmd *cmd)
{
	int ret;

	if (!known_charset(cmd->search.charset)) {
		cmd->code = "BADCHARSET (US-ASCII UTF-8)";
		cmd->text = "No such charset";
		return -ERR_INVALID;
	}
	ret = run_search(im, cmd, false);
	if (ret == RUN_NEWS) {
		ret = imap_sync(im, cmd->uid);
		if (ret == 0)
			ret = run_search(im, cmd, true);
	}
	if (ret == -ERR_LIMIT)
		cmd->text = "The search took too long";
	return ret;
}
