/* SPDX-License-Identifier: Apache-2.0 */
/* fetch_body.c - BODY sections: where they lie, and their octets on the way to the client.
 *
 * Offsets of the facts count from the first byte of the content; the message of this recipient
 * has a prefix before it, which belongs to its header. No more of the body is read than is
 * asked for, and nothing at all where the stored header will do. */
#include "imap/fetch.h"
#include "imap/write.h"
#include "store/body.h"

#include <inttypes.h>

#define HEADER_MAX MIB(8) /* of a header that fields are taken from; what lies behind is not seen */

/* What one section is: a range of the message, or octets at hand. */
struct source {
	bool nil, at_hand;
	struct bytes bytes;
	uint64_t from, n;
};

/* ---- what is asked for ---------------------------------------------------------------------- */

static struct section section_of(const struct fetch_item *item)
{
	if (item->what == FETCH_RFC822_HEADER)
		return (struct section){ .what = SECTION_HEADER };
	if (item->what == FETCH_RFC822_TEXT)
		return (struct section){ .what = SECTION_TEXT };
	return item->section; /* zero for RFC822: all */
}

static bool is_whole(const struct section *s)
{
	return s->n == 0 && s->what == SECTION_ALL;
}

uint32_t fetch_section_columns(const struct fetch_item *item)
{
	struct section s = section_of(item);

	return ROW_SIZE | ROW_CHUNKS | (is_whole(&s) ? 0u : ROW_FACTS);
}

bool fetch_marks(const struct fetch_item *item)
{
	return (item->what == FETCH_SECTION && !item->peek) || item->what == FETCH_RFC822 ||
	       item->what == FETCH_RFC822_TEXT;
}

bool fetch_reads_body(const struct fetch_item *item)
{
	struct section s = section_of(item);

	return s.n > 0 || s.what != SECTION_HEADER;
}

static void write_label(struct buf *out, const struct fetch_item *item)
{
	static const char *const names[] = { [FETCH_RFC822] = "RFC822",
					     [FETCH_RFC822_HEADER] = "RFC822.HEADER",
					     [FETCH_RFC822_TEXT] = "RFC822.TEXT" };

	if (item->what != FETCH_SECTION) {
		buf_puts(out, names[item->what]);
		return;
	}
	buf_puts(out, "BODY[");
	for (size_t i = 0; i < item->spec.n; i++) {
		uint8_t c = item->spec.p[i];

		buf_putc(out, c >= 'a' && c <= 'z' ? c - 32 : c);
	}
	if (item->fields) {
		buf_puts(out, item->fields == FIELDS_NOT ? ".FIELDS.NOT (" : ".FIELDS (");
		for (size_t i = 0; i < item->n_names; i++) {
			if (i)
				buf_putc(out, ' ');
			write_astring(out, item->names[i]);
		}
		buf_putc(out, ')');
	}
	buf_putc(out, ']');
	if (item->partial)
		buf_printf(out, "<%" PRIu64 ">", item->from);
}

CO int imap_body_next(struct body *b, struct bytes *piece)
{
	int ret = body_next(b, piece);

	return ret == -ERR_NOTFOUND ? -ERR_CORRUPT : ret;
}

/* ---- where it is ---------------------------------------------------------------------------- */

static struct body *body_of(struct fetch *f, const struct row *row)
{
	if (!f->body)
		f->body = body_open(&f->im->s->user, row, f->im->s->account, f->page);
	return f->body;
}

static struct bytes join(struct arena *mem, struct bytes a, struct bytes b)
{
	uint8_t *p = arena_alloc(mem, a.n + b.n + 1);

	if (a.n)
		memcpy(p, a.p, a.n);
	if (b.n)
		memcpy(p + a.n, b.p, b.n);
	return bytes_of(p, a.n + b.n);
}

/* The message's own header is stored beside it where it is not too long. */
static bool top_header(struct fetch *f, const struct row *row, struct source *src)
{
	struct bytes header;

	if (!facts_top_header(f->facts, &f->row_mem, &header))
		return false;
	src->at_hand = true;
	src->bytes = join(&f->row_mem, row->prefix, header);
	return true;
}

static int locate(struct fetch *f, const struct row *row, const struct section *s,
		  struct source *src)
{
	struct section_range r;

	if (is_whole(s)) {
		src->n = row->size;
		return 0;
	}
	if (row->size != row->prefix.n + f->facts->size)
		return -ERR_CORRUPT;
	if (s->n == 0 && s->what == SECTION_HEADER && top_header(f, row, src))
		return 0;
	if (!section_find(f->facts, s, &r)) {
		src->nil = true;
		return 0;
	}
	/* What is at the very start of the message has the prefix before it. */
	if (s->n == 0 && s->what == SECTION_HEADER) {
		src->n = row->prefix.n + r.length;
		return 0;
	}
	src->from = row->prefix.n + r.offset;
	src->n = r.length;
	return 0;
}

/* A header that is to be looked into. */
CO static int read_all(struct fetch *f, const struct row *row, struct source *src)
{
	struct body *body = body_of(f, row);
	struct bytes piece;
	struct buf all;
	int ret;

	buf_init(&all, 0);
	body_range(body, src->from, MIN(src->n, HEADER_MAX));
	do {
		ret = imap_body_next(body, &piece);
		buf_put_bytes(&all, piece);
	} while (ret == 0 && piece.n);
	src->bytes = bytes_dup(&f->row_mem, buf_bytes(&all));
	src->at_hand = true;
	buf_release(&all);
	return ret;
}

CO static int pick_fields(struct fetch *f, const struct row *row, const struct fetch_item *item,
			  struct source *src)
{
	struct buf picked;
	int ret = src->at_hand ? 0 : read_all(f, row, src);

	if (ret < 0)
		return ret;
	buf_init(&picked, 0);
	section_header_fields(&picked, src->bytes, item->names, item->n_names,
			      item->fields == FIELDS_NOT);
	src->bytes = bytes_dup(&f->row_mem, buf_bytes(&picked));
	buf_release(&picked);
	return 0;
}

static void cut(const struct fetch_item *item, struct source *src)
{
	uint64_t from;

	if (!item->partial)
		return;
	src->bytes = bytes_slice(src->bytes, (size_t)item->from, (size_t)item->count);
	from = MIN(item->from, src->n);
	src->from += from;
	src->n = MIN(src->n - from, item->count);
}

/* ---- on its way ----------------------------------------------------------------------------- */

static int break_off(struct fetch *f, int ret)
{
	if (ret != -ERR_GONE)
		log_warn(&f->im->s->log, "fetch_broken", "error=%s", err_name(ret));
	session_abort(f->im->s);
	return -ERR_GONE;
}

/* Octets as they are, but NUL, which no literal may hold (RFC 3501, 4.3). */
CO static int send_piece(struct fetch *f, struct bytes piece)
{
	struct session *s = f->im->s;

	session_put(s, buf_bytes(&f->out));
	buf_clear(&f->out);
	f->begun = true;
	if (bytes_chr(piece, 0) == piece.n)
		return session_write(s, piece);
	write_octets(&f->out, piece);
	session_put(s, buf_bytes(&f->out));
	buf_clear(&f->out);
	return session_flush_wait(s);
}

/* The first piece is at hand before its length is promised. */
CO static int send_range(struct fetch *f, const struct row *row, const struct fetch_item *item,
			 const struct source *src)
{
	struct body *body = body_of(f, row);
	uint64_t left = src->n;
	struct bytes piece;
	int ret;

	body_range(body, src->from, src->n);
	ret = imap_body_next(body, &piece);
	if (ret < 0)
		return ret;
	write_label(&f->out, item);
	buf_printf(&f->out, " {%" PRIu64 "}\r\n", src->n);
	while (left) {
		if (piece.n == 0 || piece.n > left)
			return break_off(f, -ERR_CORRUPT);
		left -= piece.n;
		ret = send_piece(f, piece);
		if (ret == 0 && left)
			ret = imap_body_next(body, &piece);
		if (ret < 0)
			return break_off(f, ret);
	}
	return 0;
}

CO int fetch_section(struct fetch *f, const struct row *row, const struct fetch_item *item)
{
	struct section s = section_of(item);
	struct source src = { 0 };
	int ret = locate(f, row, &s, &src);

	if (ret == 0 && !src.nil && item->fields)
		ret = pick_fields(f, row, item, &src);
	if (ret == 0 && !src.nil) {
		cut(item, &src);
		if (!src.at_hand)
			return send_range(f, row, item, &src);
	}
	if (ret < 0)
		return ret;
	write_label(&f->out, item);
	buf_putc(&f->out, ' ');
	if (src.nil)
		buf_puts(&f->out, "NIL");
	else
		write_literal(&f->out, src.bytes);
	return 0;
}
