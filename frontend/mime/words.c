/* SPDX-License-Identifier: Apache-2.0 */
/* words.c - encoded words (RFC 2047) and parameters in pieces (RFC 2231) as UTF-8. */
#include "mime/charset.h"
#include "mime/decode.h"
#include "mime/lexer.h"

#include <stdio.h>

/* ---- encoded words ------------------------------------------------------------------------ */

struct encoded {
	struct bytes charset, text;
	uint8_t encoding; /* 'q', 'b' */
	size_t n;         /* of the whole */
};

static bool is_token_char(uint8_t c)
{
	return c > 0x20 && c < 0x7f && c != '?' && c != '=';
}

static bool is_text_char(uint8_t c)
{
	return c > 0x20 && c != '?' && c != 0x7f;
}

/* RFC 2047, 2: "=?" charset ["*" language] "?" encoding "?" text "?=" at the start of b. */
static bool encoded_word(struct bytes b, struct encoded *e)
{
	struct bytes in = bytes_skip(b, 2);

	if (!bytes_starts(b, BYTES("=?")))
		return false;
	e->charset = bytes_head(in, bytes_span(in, is_token_char));
	in = bytes_skip(in, e->charset.n);
	if (e->charset.n == 0 || in.n < 4 || in.p[0] != '?' || in.p[2] != '?')
		return false;
	e->encoding = ascii_lower(in.p[1]);
	in = bytes_skip(in, 3);
	e->text = bytes_head(in, bytes_span(in, is_text_char));
	in = bytes_skip(in, e->text.n);
	e->n = b.n - in.n + 2;
	e->charset = bytes_head(e->charset, bytes_chr(e->charset, '*')); /* RFC 2231, 5 */
	return bytes_starts(in, BYTES("?=")) && (e->encoding == 'q' || e->encoding == 'b');
}

/* Q is quoted-printable but for '_' (RFC 2047, 4.2). */
static void word_bytes(const struct encoded *e, struct buf *out)
{
	struct decode_transfer t;

	decode_transfer_init(&t, e->encoding == 'b' ? DECODE_BASE64 : DECODE_QP);
	for (struct bytes in = e->text; in.n;) {
		size_t n = e->encoding == 'b' ? in.n : bytes_chr(in, '_');

		decode_transfer(&t, bytes_head(in, n), out);
		if (n < in.n)
			decode_transfer(&t, BYTES(" "), out);
		in = bytes_skip(in, n + 1);
	}
	decode_transfer_end(&t, out);
}

struct words {
	struct buf *out;
	struct decode_charset *decoder; /* of the words that stand together */
	struct bytes charset;
	struct buf raw;
	struct bytes gap; /* blanks since the last word */
};

static void run_end(struct words *w)
{
	if (w->decoder)
		decode_charset_end(w->decoder, w->out);
	decode_charset_free(&w->decoder);
}

static void put_blanks(struct buf *out, struct bytes blanks)
{
	for (size_t i = 0; i < blanks.n; i++)
		if (blanks.p[i] != '\r' && blanks.p[i] != '\n')
			buf_putc(out, ' ');
}

static bool is_utf8(struct bytes b)
{
	uint32_t c;

	while (b.n) {
		int n = utf8_get(b, &c);

		if (n <= 0)
			return false;
		b = bytes_skip(b, (size_t)n);
	}
	return true;
}

static void plain(struct words *w, struct bytes text)
{
	struct decode_charset *d;

	run_end(w);
	put_blanks(w->out, w->gap);
	d = decode_charset_new(is_utf8(text) ? BYTES("utf-8") : BYTES("windows-1252"));
	decode_charset(d, text, w->out);
	decode_charset_end(d, w->out);
	decode_charset_free(&d);
}

/* A character may begin in one word and end in the next, whatever RFC 2047, 5 says. Blanks
 * between two words are not there. */
static void encoded(struct words *w, const struct encoded *e)
{
	if (w->decoder && !bytes_ieq(w->charset, e->charset))
		run_end(w);
	else if (!w->decoder)
		put_blanks(w->out, w->gap);
	if (!w->decoder)
		w->decoder = decode_charset_new(e->charset);
	w->charset = e->charset;
	buf_clear(&w->raw);
	word_bytes(e, &w->raw);
	decode_charset(w->decoder, buf_bytes(&w->raw), w->out);
}

/* Up to the next blank, or to what may be an encoded word. */
static size_t plain_length(struct bytes in)
{
	size_t n = 1;

	while (n < in.n && !lex_is_white(in.p[n]) &&
	       !(in.p[n] == '=' && n + 1 < in.n && in.p[n + 1] == '?'))
		n++;
	return n;
}

void decode_words(struct bytes in, struct buf *out)
{
	struct words w = { .out = out };
	struct encoded e;

	buf_init(&w.raw, 0);
	for (;;) {
		size_t n;

		w.gap = bytes_head(in, bytes_span(in, lex_is_white));
		in = bytes_skip(in, w.gap.n);
		if (in.n == 0)
			break;
		if (encoded_word(in, &e)) {
			encoded(&w, &e);
			n = e.n;
		} else {
			n = plain_length(in);
			plain(&w, bytes_head(in, n));
		}
		in = bytes_skip(in, n);
	}
	run_end(&w);
	put_blanks(out, w.gap);
	buf_release(&w.raw);
}

/* ---- parameters --------------------------------------------------------------------------- */

enum { PIECES_MAX = 1000 };

/* name, name*, name*0 or name*0* */
static const Tern__FactsParam *find(const Tern__FactsParam *const *params, size_t n,
				    struct bytes name, int piece, bool coded)
{
	char tail[16];
	int len = piece < 0 ? snprintf(tail, sizeof(tail), "%s", coded ? "*" : "") :
			      snprintf(tail, sizeof(tail), "*%d%s", piece, coded ? "*" : "");

	for (size_t i = 0; i < n; i++) {
		struct bytes b = facts_bytes(params[i]->name);

		if (b.n == name.n + (size_t)len && bytes_istarts(b, name) &&
		    bytes_eq(bytes_skip(b, name.n), bytes_of(tail, (size_t)len)))
			return params[i];
	}
	return NULL;
}

static int hex(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = ascii_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static void percent(struct bytes in, struct buf *out)
{
	for (size_t i = 0; i < in.n; i++) {
		if (in.p[i] == '%' && i + 2 < in.n && hex(in.p[i + 1]) >= 0 &&
		    hex(in.p[i + 2]) >= 0) {
			buf_putc(out, (uint8_t)(hex(in.p[i + 1]) << 4 | hex(in.p[i + 2])));
			i += 2;
		} else {
			buf_putc(out, in.p[i]);
		}
	}
}

/* RFC 2231, 4: charset'language'text, in the first piece only. */
static struct bytes take_charset(struct bytes *value)
{
	size_t n = bytes_chr(*value, '\'');
	size_t language = bytes_chr(bytes_skip(*value, n + 1), '\'');
	struct bytes charset = bytes_head(*value, n);

	if (n + 1 + language >= value->n)
		return BYTES_NONE;
	*value = bytes_skip(*value, n + 1 + language + 1);
	return charset;
}

static void pieces(const Tern__FactsParam *const *params, size_t n, struct bytes name,
		   const Tern__FactsParam *first, bool coded, int next, struct buf *out)
{
	struct bytes value = facts_bytes(first->value), charset = BYTES_NONE;
	struct decode_charset *d;
	struct buf raw;

	buf_init(&raw, 0);
	if (coded)
		charset = take_charset(&value);
	for (;;) {
		if (coded)
			percent(value, &raw);
		else
			buf_put_bytes(&raw, value);
		if (next < 0 || next > PIECES_MAX)
			break;
		coded = (first = find(params, n, name, next, true));
		if (!first)
			first = find(params, n, name, next, false);
		if (!first)
			break;
		value = facts_bytes(first->value);
		next++;
	}
	d = decode_charset_new(charset);
	decode_charset(d, buf_bytes(&raw), out);
	decode_charset_end(d, out);
	decode_charset_free(&d);
	buf_release(&raw);
}

bool decode_param(const Tern__FactsParam *const *params, size_t n, struct bytes name,
		  struct buf *out)
{
	const Tern__FactsParam *p;

	for (int coded = 1; coded >= 0; coded--) {
		if ((p = find(params, n, name, 0, coded))) {
			pieces(params, n, name, p, coded, 1, out);
			return true;
		}
		if (coded && (p = find(params, n, name, -1, true))) {
			pieces(params, n, name, p, true, -1, out);
			return true;
		}
	}
	if (!(p = find(params, n, name, -1, false)))
		return false;
	decode_words(facts_bytes(p->value), out); /* not allowed, and usual */
	return true;
}
