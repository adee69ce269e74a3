/* SPDX-License-Identifier: Apache-2.0 */
/* search_text.c - looking into messages: what a reader would see, in any charset and encoding.
 *
 * Searched are the text parts, decoded, and the headers of enclosed messages; for TEXT the
 * message's own header too. Attachments that are no text are not looked into. */
#include "imap/search.h"

#include "base/clock.h"
#include "mime/decode.h"
#include "mime/header.h"
#include "store/body.h"

#define SLICE_MS 10
#define HEADER_MAX MIB(1)

struct reading {
	struct search *q;
	struct subject *m;
	struct body *body;
	struct decode_search *looks; /* one for each of q->texts */
	struct buf text;
};

CO int search_breathe(struct search *q)
{
	uint64_t now = clock_ms();

	if (now >= q->deadline)
		return -ERR_LIMIT;
	if (now - q->slice < SLICE_MS)
		return 0;
	session_delay(q->im->s, 1);
	q->slice = clock_ms();
	return q->im->s->user.gone ? -ERR_GONE : 0;
}

/* ---- one stretch of text -------------------------------------------------------------------- */

static void looks_begin(struct reading *r)
{
	for (size_t i = 0; i < r->q->n_texts; i++)
		decode_search_init(&r->looks[i], r->q->texts[i]->text);
}

static void looks_end(struct reading *r)
{
	for (size_t i = 0; i < r->q->n_texts; i++)
		decode_search_release(&r->looks[i]);
}

/* What is in r->text, for those that have not found anything. */
CO static int look(struct reading *r, bool own_header)
{
	struct search *q = r->q;
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < q->n_texts; i++) {
		if (q->found[i] || (own_header && q->texts[i]->what != SEARCH_TEXT))
			continue;
		q->found[i] = decode_search(&r->looks[i], buf_bytes(&r->text));
		ret = search_breathe(q);
	}
	buf_clear(&r->text);
	return ret;
}

/* Field by field: an encoded word never reaches over the end of one. */
CO static int look_at_header(struct reading *r, struct bytes header, bool own_header)
{
	struct header_field f;
	int ret;

	looks_begin(r);
	buf_clear(&r->text);
	while (header_next(&header, &f)) {
		buf_put_bytes(&r->text, f.name);
		buf_puts(&r->text, ": ");
		decode_words(bytes_trim(f.value), &r->text);
		buf_putc(&r->text, '\n');
	}
	ret = look(r, own_header);
	looks_end(r);
	return ret;
}

/* ---- parts ---------------------------------------------------------------------------------- */

CO static int look_at_text(struct reading *r, const Tern__FactsPart *part)
{
	struct decode_part *d = decode_part_new(part);
	struct bytes piece;
	int ret;

	looks_begin(r);
	body_range(r->body, r->m->row->prefix.n + part->body, part->end - part->body);
	while ((ret = imap_body_next(r->body, &piece)) == 0 && piece.n) {
		decode_part(d, piece, &r->text);
		ret = look(r, false);
		if (ret < 0)
			break;
	}
	if (ret == 0) {
		decode_part_end(d, &r->text);
		ret = look(r, false);
	}
	looks_end(r);
	decode_part_free(&d);
	return ret;
}

CO static int read_range(struct body *body, uint64_t from, uint64_t n, struct buf *out)
{
	struct bytes piece;
	int ret;

	body_range(body, from, MIN(n, HEADER_MAX));
	while ((ret = imap_body_next(body, &piece)) == 0 && piece.n)
		buf_put_bytes(out, piece);
	return ret;
}

CO static int look_at_enclosed(struct reading *r, const Tern__FactsPart *part)
{
	struct buf header;
	int ret;

	buf_init(&header, 0);
	ret = read_range(r->body, r->m->row->prefix.n + part->header, part->body - part->header,
			 &header);
	if (ret == 0)
		ret = look_at_header(r, buf_bytes(&header), false);
	buf_release(&header);
	return ret;
}

static bool all_found(const struct search *q)
{
	for (size_t i = 0; i < q->n_texts; i++)
		if (!q->found[i])
			return false;
	return true;
}

static bool is_text(const Tern__FactsPart *part)
{
	return part->kind == PART_LEAF && bytes_ieq(facts_bytes(part->type), BYTES("text"));
}

CO static int look_at_parts(struct reading *r)
{
	const Tern__Facts *f = r->m->facts;
	int ret = look_at_header(r, r->m->header, true);

	for (size_t i = 0; ret == 0 && i < f->n_parts && !all_found(r->q); i++) {
		const Tern__FactsPart *part = f->parts[i];

		if (i > 0 && f->parts[part->parent]->kind == PART_MESSAGE)
			ret = look_at_enclosed(r, part);
		if (ret == 0 && is_text(part))
			ret = look_at_text(r, part);
	}
	return ret;
}

/* ---- the message ---------------------------------------------------------------------------- */

static struct body *open_body(struct search *q, const struct subject *m)
{
	return body_open(&q->im->s->user, m->row, q->im->s->account, q->page);
}

/* The stored header where there is one, else from the content. */
CO static int read_header(struct search *q, struct subject *m, struct arena *mem)
{
	struct bytes top = BYTES_NONE;
	struct body *body;
	struct buf b;
	int ret = 0;

	buf_init(&b, 0);
	if (facts_top_header(m->facts, mem, &top)) {
		buf_put_bytes(&b, m->row->prefix);
		buf_put_bytes(&b, top);
	} else {
		body = open_body(q, m);
		ret = read_range(body, 0, m->row->prefix.n + m->facts->header_size, &b);
		body_close(&body);
	}
	m->header = bytes_dup(mem, buf_bytes(&b));
	buf_release(&b);
	return ret;
}

CO static int read_text(struct search *q, struct subject *m, struct arena *mem)
{
	struct reading r = { .q = q, .m = m };
	int ret;

	memset(q->found, 0, q->n_texts * sizeof(*q->found));
	r.looks = arena_array(mem, struct decode_search, q->n_texts);
	r.body = open_body(q, m);
	buf_init(&r.text, 0);
	ret = look_at_parts(&r);
	buf_release(&r.text);
	body_close(&r.body);
	m->read = true;
	return ret;
}

CO int search_read(struct search *q, struct subject *m, struct arena *mem, enum verdict *verdict)
{
	int ret = q->headers ? read_header(q, m, mem) : 0;

	*verdict = ret == 0 ? search_judge(q, m) : NO;
	if (ret == 0 && *verdict == OPEN) {
		ret = read_text(q, m, mem);
		*verdict = ret == 0 ? search_judge(q, m) : NO;
	}
	return ret;
}
