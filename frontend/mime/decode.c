/* SPDX-License-Identifier: Apache-2.0 */
/* decode.c - transfer encodings (RFC 2045, 6), and the whole way of a part to text. */
#include "mime/decode.h"

#include <stdlib.h>

enum decode_encoding decode_encoding(struct bytes name)
{
	static const struct {
		const char *name;
		enum decode_encoding encoding;
	} names[] = { { "7bit", DECODE_IDENTITY },
		      { "8bit", DECODE_IDENTITY },
		      { "binary", DECODE_IDENTITY },
		      { "base64", DECODE_BASE64 },
		      { "quoted-printable", DECODE_QP } };

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (bytes_ieq(name, bytes_str(names[i].name)))
			return names[i].encoding;
	return DECODE_UNKNOWN;
}

void decode_transfer_init(struct decode_transfer *d, enum decode_encoding encoding)
{
	*d = (struct decode_transfer){ .encoding = encoding };
}

/* ---- base64: state counts the characters of a group --------------------------------------- */

static int sextet(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* A group that ends early: whole bytes only. */
static void base64_flush(struct decode_transfer *d, struct buf *out)
{
	if (d->state == 2) {
		buf_putc(out, (uint8_t)(d->held >> 4));
	} else if (d->state == 3) {
		buf_putc(out, (uint8_t)(d->held >> 10));
		buf_putc(out, (uint8_t)(d->held >> 2));
	}
	d->state = 0;
	d->held = 0;
}

static void base64(struct decode_transfer *d, struct bytes in, struct buf *out)
{
	for (size_t i = 0; i < in.n; i++) {
		int v = sextet(in.p[i]);

		if (in.p[i] == '=')
			base64_flush(d, out);
		if (v < 0)
			continue;
		d->held = d->held << 6 | (uint32_t)v;
		if (++d->state == 4) {
			uint8_t *p = buf_room(out, 3);

			if (p) {
				p[0] = (uint8_t)(d->held >> 16);
				p[1] = (uint8_t)(d->held >> 8);
				p[2] = (uint8_t)d->held;
				buf_grew(out, 3);
			}
			d->state = 0;
			d->held = 0;
		}
	}
}

/* ---- quoted-printable --------------------------------------------------------------------- */

enum { QP_TEXT, QP_EQUALS, QP_HEX, QP_BLANKS, QP_CR };

static int hex(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = ascii_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* What looked like an escape and is none. */
static void qp_undo(struct decode_transfer *d, struct buf *out)
{
	if (d->state != QP_TEXT)
		buf_putc(out, '=');
	if (d->state == QP_HEX)
		buf_putc(out, (uint8_t)d->held);
	for (; d->state == QP_BLANKS && d->held; d->held--)
		buf_putc(out, ' ');
	d->state = QP_TEXT;
	d->held = 0;
}

/* Behind '='. True: c is used up. */
static bool qp_escape(struct decode_transfer *d, uint8_t c, struct buf *out)
{
	bool blank = c == ' ' || c == '\t';

	if (d->state == QP_HEX && hex(c) >= 0) {
		buf_putc(out, (uint8_t)(hex((uint8_t)d->held) << 4 | hex(c)));
		d->state = QP_TEXT;
	} else if (d->state == QP_EQUALS && hex(c) >= 0) {
		d->state = QP_HEX;
		d->held = c;
	} else if (d->state != QP_HEX && c == '\n') {
		d->state = QP_TEXT; /* a soft line break */
	} else if ((d->state == QP_EQUALS || d->state == QP_BLANKS) && c == '\r') {
		d->state = QP_CR;
	} else if ((d->state == QP_EQUALS || d->state == QP_BLANKS) && blank) {
		d->held = d->state == QP_BLANKS ? d->held + 1 : 1;
		d->state = QP_BLANKS;
	} else {
		qp_undo(d, out);
		return false;
	}
	return true;
}

static bool is_no_equals(uint8_t c)
{
	return c != '=';
}

static void quoted_printable(struct decode_transfer *d, struct bytes in, struct buf *out)
{
	while (in.n) {
		size_t n = 1;

		if (d->state != QP_TEXT) {
			if (!qp_escape(d, in.p[0], out))
				continue;
		} else if (in.p[0] == '=') {
			d->state = QP_EQUALS;
		} else {
			n = bytes_span(in, is_no_equals);
			buf_put(out, in.p, n);
		}
		in = bytes_skip(in, n);
	}
}

void decode_transfer(struct decode_transfer *d, struct bytes in, struct buf *out)
{
	if (d->encoding == DECODE_BASE64)
		base64(d, in, out);
	else if (d->encoding == DECODE_QP)
		quoted_printable(d, in, out);
	else
		buf_put_bytes(out, in);
}

void decode_transfer_end(struct decode_transfer *d, struct buf *out)
{
	if (d->encoding == DECODE_BASE64)
		base64_flush(d, out);
	else if (d->encoding == DECODE_QP && d->state != QP_EQUALS)
		qp_undo(d, out);
	d->state = 0;
}

/* ---- parts -------------------------------------------------------------------------------- */

enum { STEP = 16384 }; /* input of one step: bounds the intermediate buffers */

struct decode_part {
	struct decode_transfer transfer;
	struct decode_charset *charset;
	struct decode_html html;
	bool is_html;
	struct buf raw, text;
};

static struct bytes charset_of(const Tern__FactsPart *part)
{
	for (size_t i = 0; i < part->n_params; i++)
		if (bytes_ieq(facts_bytes(part->params[i]->name), BYTES("charset")))
			return facts_bytes(part->params[i]->value);
	return BYTES_NONE;
}

struct decode_part *decode_part_new(const Tern__FactsPart *part)
{
	struct decode_part *d = xnew(struct decode_part);

	decode_transfer_init(&d->transfer, decode_encoding(facts_bytes(part->encoding)));
	d->charset = decode_charset_new(charset_of(part));
	d->is_html = bytes_ieq(facts_bytes(part->subtype), BYTES("html"));
	decode_html_init(&d->html);
	buf_init(&d->raw, 0);
	buf_init(&d->text, 0);
	return d;
}

void decode_part_free(struct decode_part **d)
{
	if (!*d)
		return;
	decode_charset_free(&(*d)->charset);
	buf_release(&(*d)->raw);
	buf_release(&(*d)->text);
	free(*d);
	*d = NULL;
}

/* From d->raw on. */
static void onward(struct decode_part *d, bool last, struct buf *out)
{
	struct buf *text = d->is_html ? &d->text : out;

	decode_charset(d->charset, buf_bytes(&d->raw), text);
	if (last)
		decode_charset_end(d->charset, text);
	if (d->is_html)
		decode_html(&d->html, buf_bytes(&d->text), out);
	if (d->is_html && last)
		decode_html_end(&d->html, out);
	buf_clear(&d->raw);
	buf_clear(&d->text);
}

void decode_part(struct decode_part *d, struct bytes in, struct buf *out)
{
	while (in.n) {
		decode_transfer(&d->transfer, bytes_head(in, STEP), &d->raw);
		onward(d, false, out);
		in = bytes_skip(in, STEP);
	}
}

void decode_part_end(struct decode_part *d, struct buf *out)
{
	decode_transfer_end(&d->transfer, &d->raw);
	onward(d, true, out);
}
