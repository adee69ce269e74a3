/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_fetch.c - FETCH: pages of rows, each row one answer.
 *
 * The first page is asked for before the news are: where the mailbox is as the client knows it
 * there are none, and that is one request less; where it is not, news come first and the page is
 * asked for again. The next page is asked for when the client has taken this one. A message that
 * cannot be read is left out and the rest goes on; the tagged answer says so. What was read is
 * marked \Seen after it has been sent, by one change for each page. */
#include "imap/fetch.h"

#include "imap/date.h"
#include "imap/write.h"
#include "mime/render.h"

#include <inttypes.h>

enum { PAGE = 65536, RANGES = 5000 };
#define MARKED (ROW_FLAGS | ROW_MODSEQ) /* columns that a change of flags answers with */

/* ---- what is asked for ---------------------------------------------------------------------- */

static uint32_t columns_of(const struct fetch_item *item)
{
	switch (item->what) {
	case FETCH_UID: return 0;
	case FETCH_FLAGS: return ROW_FLAGS;
	case FETCH_INTERNALDATE: return ROW_DATE;
	case FETCH_SIZE: return ROW_SIZE;
	case FETCH_ENVELOPE: return ROW_ENVELOPE;
	case FETCH_BODYSTRUCTURE: return ROW_STRUCTURE;
	case FETCH_BODY: return ROW_FACTS;
	default: return fetch_section_columns(item);
	}
}

static bool is_section(const struct fetch_item *item)
{
	return columns_of(item) & ROW_CHUNKS;
}

static void prepare(struct fetch *f, struct imap *im, const struct imap_cmd *cmd)
{
	*f = (struct fetch){ .im = im, .uid = cmd->uid, .by_uid = cmd->uid };
	f->items = cmd->fetch.items;
	f->n = cmd->fetch.n;
	for (size_t i = 0; i < f->n; i++) {
		f->columns |= columns_of(&f->items[i]);
		f->marks |= !im->read_only && fetch_marks(&f->items[i]);
		f->bodies |= is_section(&f->items[i]) && fetch_reads_body(&f->items[i]);
		f->uid &= f->items[i].what != FETCH_UID;
	}
	if (f->marks)
		f->columns |= ROW_FLAGS;
	buf_init(&f->out, 0);
	arena_init(&f->row_mem, 0);
}

static void finish(struct fetch *f)
{
	body_close(&f->body);
	buf_release(&f->out);
	arena_release(&f->row_mem);
}

/* ---- one message ---------------------------------------------------------------------------- */

/* Of a message whose ENVELOPE or BODYSTRUCTURE is too long to be kept beside it. */
CO static int load_facts(struct fetch *f, const struct row *row)
{
	struct store_ask ask = { .columns = ROW_FACTS };
	struct store_page page;
	struct uidset one;
	struct row full;
	int ret;

	uidset_init(&one);
	uidset_add(&one, row->uid, row->uid);
	ask.uids = &one;
	ret = store_rows(&f->im->s->user, &f->im->box, &ask, &f->row_mem, &page);
	uidset_release(&one);
	if (ret < 0)
		return ret;
	f->vanished = page.rows.n == 0;
	if (!row_unpack(&page.rows, ask.columns, &full) || full.uid != row->uid)
		return -ERR_CORRUPT;
	f->facts = facts_unpack(full.facts, &f->row_mem);
	return f->facts ? 0 : -ERR_CORRUPT;
}

typedef void render_fn(struct buf *out, const Tern__Facts *facts);

CO static int show_rendered(struct fetch *f, const struct row *row, struct bytes text,
			    render_fn *render)
{
	int ret = text.n || f->facts ? 0 : load_facts(f, row);

	if (text.n)
		buf_put_bytes(&f->out, text);
	else if (ret == 0)
		render(&f->out, f->facts);
	return ret;
}

CO static int show_item(struct fetch *f, const struct row *row, const struct fetch_item *item)
{
	struct imap *im = f->im;
	struct buf *out = &f->out;

	switch (item->what) {
	case FETCH_UID: buf_printf(out, "UID %u", row->uid); return 0;
	case FETCH_FLAGS:
		buf_puts(out, "FLAGS ");
		write_flags(out, row, im->box.keywords, im->box.n_keywords);
		return 0;
	case FETCH_INTERNALDATE:
		buf_puts(out, "INTERNALDATE ");
		date_time_print(out, row->date_ms, row->zone);
		return 0;
	case FETCH_SIZE: buf_printf(out, "RFC822.SIZE %" PRIu64, row->size); return 0;
	case FETCH_ENVELOPE:
		buf_puts(out, "ENVELOPE ");
		return show_rendered(f, row, row->envelope, render_envelope);
	case FETCH_BODY:
		buf_puts(out, "BODY ");
		render_body(out, f->facts);
		return 0;
	case FETCH_BODYSTRUCTURE:
		buf_puts(out, "BODYSTRUCTURE ");
		return show_rendered(f, row, row->structure, render_bodystructure);
	default: return fetch_section(f, row, item);
	}
}

CO static int show_items(struct fetch *f, const struct row *row, uint32_t seq)
{
	int ret = 0;

	buf_clear(&f->out);
	buf_printf(&f->out, "* %u FETCH (", seq);
	if (f->uid)
		buf_printf(&f->out, "UID %u", row->uid);
	for (size_t i = 0; ret == 0 && i < f->n; i++) {
		if (i || f->uid)
			buf_putc(&f->out, ' ');
		ret = show_item(f, row, &f->items[i]);
	}
	buf_puts(&f->out, ")\r\n");
	return ret < 0 ? ret : session_write(f->im->s, buf_bytes(&f->out));
}

/* Damage is this message's own; anything else ends the command. */
static int about_message(struct fetch *f, const struct row *row, int ret)
{
	if (ret != -ERR_CORRUPT && ret != -ERR_VERSION)
		return ret;
	if (f->vanished) { /* expunged a moment ago */
		f->vanished = false;
		f->shown--;
		return 0;
	}
	log_error(&f->im->s->log, "message_unreadable", "uid=%u error=%s", row->uid, err_name(ret));
	f->worst = ret;
	return 0;
}

CO static int show(struct fetch *f, const struct row *row, uint32_t seq)
{
	int ret = 0;

	arena_clear(&f->row_mem);
	f->begun = false;
	f->facts = NULL;
	if (f->columns & ROW_FACTS) {
		f->facts = facts_unpack(row->facts, &f->row_mem);
		ret = f->facts ? 0 : -ERR_CORRUPT;
	}
	if (ret == 0)
		ret = show_items(f, row, seq);
	body_close(&f->body);
	/* Part of an answer is on its way, the rest cannot be had. */
	if (ret < 0 && ret != -ERR_GONE && f->begun) {
		session_abort(f->im->s);
		return -ERR_GONE;
	}
	f->shown++;
	f->complete = ret == 0;
	return about_message(f, row, ret);
}

/* ---- \Seen ---------------------------------------------------------------------------------- */

CO static int mark(struct fetch *f, const struct uidset *unseen, struct arena *mem)
{
	struct store_flags seen = { .system = FLAG_SEEN };
	struct imap *im = f->im;
	struct bytes page;
	struct row row;
	int ret;

	if (unseen->n == 0)
		return 0;
	ret = store_flags(&im->s->user, &im->box, unseen, FLAGS_ADD, &seen, NULL, mem, &page, NULL);
	if (ret < 0)
		return ret;
	buf_clear(&f->out);
	while (page.n) {
		if (!row_unpack(&page, MARKED, &row))
			return -ERR_CORRUPT;
		view_tell(&im->view, row.modseq);
		imap_write_flags(im, &f->out, &row);
	}
	return session_write(im->s, buf_bytes(&f->out));
}

/* ---- pages ---------------------------------------------------------------------------------- */

CO static int show_page(struct fetch *f, const struct store_page *page, struct arena *mem)
{
	struct bytes rows = page->rows;
	struct uidset unseen;
	int ret = 0, marked;

	f->page = page;
	uidset_init(&unseen);
	imap_tell_keywords(f->im);
	while (ret == 0 && rows.n) {
		struct row row;
		uint32_t seq;

		if (!row_unpack(&rows, f->columns, &row)) {
			ret = -ERR_CORRUPT;
			break;
		}
		seq = view_seq(&f->im->view, row.uid);
		if (!seq)
			continue;
		ret = show(f, &row, seq);
		if (ret == 0 && f->marks && f->complete && !(row.flags & FLAG_SEEN))
			uidset_add(&unseen, row.uid, row.uid);
	}
	marked = ret == -ERR_GONE ? ret : mark(f, &unseen, mem);
	uidset_release(&unseen);
	return ret < 0 ? ret : marked;
}

CO static int show_rows(struct fetch *f, const struct uidset *uids)
{
	struct store_ask ask = { .uids = uids, .columns = f->columns, .max_bytes = PAGE };
	struct store_page page = { .next_uid = 1 };
	struct imap *im = f->im;
	struct arena mem;
	int ret = 0;

	arena_init(&mem, 0);
	ask.bodies = f->bodies;
	while (ret == 0 && page.next_uid) {
		ask.from_uid = page.next_uid;
		arena_clear(&mem);
		ret = store_rows(&im->s->user, &im->box, &ask, &mem, &page);
		if (ret == 0 && !f->told && !imap_is_current(im, page.modseq, f->by_uid))
			ret = RUN_NEWS;
		f->told = true;
		if (ret == 0)
			ret = show_page(f, &page, &mem);
	}
	arena_release(&mem);
	return ret;
}

/* One request names so many ranges at most. */
CO static int show_set(struct fetch *f, const struct uidset *uids)
{
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < uids->n; i += RANGES) {
		struct uidset part = { .v = uids->v + i, .n = MIN(uids->n - i, (size_t)RANGES) };

		ret = show_rows(f, &part);
	}
	return ret;
}

CO static int show_wanted(struct fetch *f, struct imap_cmd *cmd)
{
	struct imap *im = f->im;
	struct uidset uids;
	uint64_t wanted;
	int ret;

	uidset_init(&uids);
	view_resolve(&im->view, cmd->set, cmd->uid, &uids);
	wanted = uidset_count(&uids);
	view_cover(&im->view, &uids);
	ret = wanted == 0 && !f->told ? RUN_NEWS : show_set(f, &uids);
	if (ret == 0 && f->shown < wanted) {
		/* RFC 5530: somebody else expunged them; NOOP will say which. */
		cmd->code = "EXPUNGEISSUED";
		cmd->text = "Some of the messages are gone";
	}
	uidset_release(&uids);
	return ret;
}

CO int imap_cmd_fetch(struct imap *im, struct imap_cmd *cmd)
{
	struct fetch f;
	int ret;

	prepare(&f, im, cmd);
	ret = show_wanted(&f, cmd);
	if (ret == RUN_NEWS) {
		f.told = true;
		ret = imap_sync(im, cmd->uid);
		if (ret == 0)
			ret = show_wanted(&f, cmd);
	}
	if (ret == 0 && f.worst) {
		cmd->code = NULL;
		cmd->text = "Some of the messages cannot be read";
		ret = f.worst;
	}
	finish(&f);
	return ret;
}
