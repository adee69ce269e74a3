/* SPDX-License-Identifier: Apache-2.0 */
#include "mime/render.h"

#include "mime/build.h"
#include "mime/mime.h"

#define QUOTED_MAX 1024 /* longer ones are literals: some clients have short lines */

/* RFC 3501, 9: QUOTED-CHAR is 7-bit without CR and LF. */
static bool quotable(struct bytes s)
{
	if (s.n > QUOTED_MAX)
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] >= 0x80 || s.p[i] == '\r' || s.p[i] == '\n')
			return false;
	return true;
}

/* CHAR8 is any octet but NUL; one octet for one, so counts stay. What needs no change, mostly all
 * of it, goes in one piece. */
static void put_octets(struct buf *out, struct bytes s, bool quoted)
{
	size_t done = 0;

	for (size_t i = 0; i < s.n; i++) {
		uint8_t c = s.p[i];

		if (c && !(quoted && (c == '"' || c == '\\')))
			continue;
		buf_put(out, s.p + done, i - done);
		if (c)
			buf_putc(out, '\\');
		buf_putc(out, c ? c : '?');
		done = i + 1;
	}
	if (done < s.n)
		buf_put(out, s.p + done, s.n - done);
}

void render_string(struct buf *out, struct bytes s)
{
	bool quoted = quotable(s);

	if (quoted)
		buf_putc(out, '"');
	else
		buf_printf(out, "{%zu}\r\n", s.n);
	put_octets(out, s, quoted);
	if (quoted)
		buf_putc(out, '"');
}

void render_nstring(struct buf *out, bool there, struct bytes s)
{
	if (there)
		render_string(out, s);
	else
		buf_puts(out, "NIL");
}

static void nstring(struct buf *out, bool there, ProtobufCBinaryData d)
{
	render_nstring(out, there, facts_bytes(d));
}

/* ---- ENVELOPE --------------------------------------------------------------------------- */

static void address(struct buf *out, const Tern__FactsAddr *a)
{
	buf_putc(out, '(');
	nstring(out, !(a->null & ADDR_NO_NAME), a->name);
	buf_putc(out, ' ');
	nstring(out, !(a->null & ADDR_NO_ADL), a->adl);
	buf_putc(out, ' ');
	nstring(out, !(a->null & ADDR_NO_MAILBOX), a->mailbox);
	buf_putc(out, ' ');
	nstring(out, !(a->null & ADDR_NO_HOST), a->host);
	buf_putc(out, ')');
}

static void addresses(struct buf *out, Tern__FactsAddr *const *v, size_t n)
{
	buf_putc(out, ' ');
	if (n == 0) {
		buf_puts(out, "NIL");
		return;
	}
	buf_putc(out, '(');
	for (size_t i = 0; i < n; i++)
		address(out, v[i]);
	buf_putc(out, ')');
}

/* RFC 3501, 7.4.2: Sender and Reply-To that are absent or empty are From. */
static void or_from(struct buf *out, const Tern__FactsEnvelope *e, Tern__FactsAddr *const *v,
		    size_t n)
{
	if (n)
		addresses(out, v, n);
	else
		addresses(out, e->from, e->n_from);
}

static void envelope(struct buf *out, const Tern__FactsEnvelope *e)
{
	static const Tern__FactsEnvelope none = TERN__FACTS_ENVELOPE__INIT;

	if (!e)
		e = &none;
	buf_putc(out, '(');
	nstring(out, e->has_date, e->date);
	buf_putc(out, ' ');
	nstring(out, e->has_subject, e->subject);
	addresses(out, e->from, e->n_from);
	or_from(out, e, e->sender, e->n_sender);
	or_from(out, e, e->reply_to, e->n_reply_to);
	addresses(out, e->to, e->n_to);
	addresses(out, e->cc, e->n_cc);
	addresses(out, e->bcc, e->n_bcc);
	buf_putc(out, ' ');
	nstring(out, e->has_in_reply_to, e->in_reply_to);
	buf_putc(out, ' ');
	nstring(out, e->has_message_id, e->message_id);
	buf_putc(out, ')');
}

void render_envelope(struct buf *out, const Tern__Facts *f)
{
	envelope(out, f->envelope);
}

/* ---- BODY, BODYSTRUCTURE ---------------------------------------------------------------- */

static void params(struct buf *out, Tern__FactsParam *const *v, size_t n)
{
	if (n == 0) {
		buf_puts(out, "NIL");
		return;
	}
	buf_putc(out, '(');
	for (size_t i = 0; i < n; i++) {
		if (i)
			buf_putc(out, ' ');
		render_string(out, facts_bytes(v[i]->name));
		buf_putc(out, ' ');
		render_string(out, facts_bytes(v[i]->value));
	}
	buf_putc(out, ')');
}

static void languages(struct buf *out, const Tern__FactsPart *part)
{
	if (part->n_languages <= 1) {
		nstring(out, part->n_languages,
			part->n_languages ? part->languages[0] : (ProtobufCBinaryData){ 0 });
		return;
	}
	for (size_t i = 0; i < part->n_languages; i++) {
		buf_putc(out, i ? ' ' : '(');
		render_string(out, facts_bytes(part->languages[i]));
	}
	buf_putc(out, ')');
}

/* body-fld-dsp, body-fld-lang, body-fld-loc */
static void extension(struct buf *out, const Tern__FactsPart *part)
{
	if (part->has_disposition) {
		buf_puts(out, " (");
		render_string(out, facts_bytes(part->disposition));
		buf_putc(out, ' ');
		params(out, part->disposition_params, part->n_disposition_params);
		buf_puts(out, ") ");
	} else {
		buf_puts(out, " NIL ");
	}
	languages(out, part);
	buf_putc(out, ' ');
	nstring(out, part->has_location, part->location);
}

/* RFC 2045, 5.2: text without a type is text/plain in US-ASCII. */
static void type_and_params(struct buf *out, const Tern__FactsPart *part)
{
	render_string(out, facts_bytes(part->type));
	buf_putc(out, ' ');
	render_string(out, facts_bytes(part->subtype));
	buf_putc(out, ' ');
	if (part->n_params == 0 && build_type_is(part, "text", "plain"))
		buf_puts(out, "(\"charset\" \"us-ascii\")");
	else
		params(out, part->params, part->n_params);
}

static void fields(struct buf *out, const Tern__FactsPart *part)
{
	type_and_params(out, part);
	buf_putc(out, ' ');
	nstring(out, part->has_id, part->id);
	buf_putc(out, ' ');
	nstring(out, part->has_description, part->description);
	buf_putc(out, ' ');
	render_string(out, facts_bytes(part->encoding));
	buf_printf(out, " %llu", (unsigned long long)(part->end - part->body));
}

static void leaf_end(struct buf *out, const Tern__FactsPart *part, bool extended)
{
	if (extended) {
		buf_putc(out, ' ');
		nstring(out, part->has_md5, part->md5);
		extension(out, part);
	}
	buf_putc(out, ')');
}

static bool is_rfc822(const Tern__FactsPart *part)
{
	/* message/global has no envelope and body before IMAP4rev2. */
	return part->kind == PART_MESSAGE && build_type_is(part, "message", "rfc822");
}

static void open_part(struct buf *out, const Tern__FactsPart *part, bool extended)
{
	buf_putc(out, '(');
	if (part->kind == PART_MULTIPART)
		return;
	fields(out, part);
	if (is_rfc822(part)) {
		buf_putc(out, ' ');
		envelope(out, part->envelope);
		buf_putc(out, ' ');
		return;
	}
	if (build_type_is(part, "text", NULL))
		buf_printf(out, " %u", part->lines);
	leaf_end(out, part, extended);
}

/* Behind the children of a container. */
static void close_part(struct buf *out, const Tern__FactsPart *part, bool extended)
{
	if (part->kind == PART_MESSAGE) {
		buf_printf(out, " %u", part->lines);
		leaf_end(out, part, extended);
		return;
	}
	buf_putc(out, ' ');
	render_string(out, facts_bytes(part->subtype));
	if (extended) {
		buf_putc(out, ' ');
		params(out, part->params, part->n_params);
		extension(out, part);
	}
	buf_putc(out, ')');
}

static bool is_open(const Tern__FactsPart *part)
{
	return part->kind == PART_MULTIPART || is_rfc822(part);
}

/* The first part behind i that is no descendant of it. */
static uint32_t behind(const Tern__Facts *f, uint32_t i)
{
	uint32_t next = i + 1;

	while (next < f->n_parts && f->parts[next]->parent >= i)
		next++;
	return next;
}

/* Parts stand in pre-order: a stack of those that are open is all it takes. */
static void structure(struct buf *out, const Tern__Facts *f, bool extended)
{
	uint32_t open[MIME_MAX_DEPTH + 2];
	size_t n = 0;

	for (uint32_t i = 0; i < f->n_parts;) {
		while (n && open[n - 1] != f->parts[i]->parent)
			close_part(out, f->parts[open[--n]], extended);
		open_part(out, f->parts[i], extended);
		if (is_open(f->parts[i]) && n < ARRAY_LEN(open)) {
			open[n++] = i;
			i++;
		} else {
			i = behind(f, i);
		}
	}
	while (n)
		close_part(out, f->parts[open[--n]], extended);
}

void render_body(struct buf *out, const Tern__Facts *f)
{
	structure(out, f, false);
}

void render_bodystructure(struct buf *out, const Tern__Facts *f)
{
	structure(out, f, true);
}
