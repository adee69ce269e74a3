/* SPDX-License-Identifier: Apache-2.0 */
/* html.c - the words of an HTML text, for previews and searches; not for showing HTML.
 *
 * A state machine over characters: no tree, no memory. Tags that break lines become a blank. */
#include "mime/charset.h"
#include "mime/decode.h"

#include <stdlib.h>

enum {
	TEXT,
	ENTITY,   /* "&name" */
	OPEN,     /* "<" */
	NAME,     /* "<name", "</name" */
	TAG,      /* the rest up to '>' */
	DECLARED, /* "<!...", "<?..." */
	COMMENT,  /* "<!--" */
};

void decode_html_init(struct decode_html *d)
{
	*d = (struct decode_html){ .state = TEXT };
}

static struct bytes word_of(const struct decode_html *d)
{
	return bytes_of(d->word, d->n);
}

static void word_add(struct decode_html *d, uint8_t c)
{
	if (d->n < sizeof(d->word))
		d->word[d->n++] = (char)c;
}

static void put(struct decode_html *d, struct bytes b, struct buf *out)
{
	if (!d->skip[0])
		buf_put_bytes(out, b);
}

static bool is_alnum(uint8_t c)
{
	c = ascii_lower(c);
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* ---- entities ----------------------------------------------------------------------------- */

static const struct {
	char name[8];
	uint16_t c;
} entities[] = {
	{ "amp", '&' },      { "lt", '<' },       { "gt", '>' },       { "quot", '"' },
	{ "apos", '\'' },    { "nbsp", 0xa0 },    { "copy", 0xa9 },    { "reg", 0xae },
	{ "euro", 0x20ac },  { "pound", 0xa3 },   { "sect", 0xa7 },    { "deg", 0xb0 },
	{ "middot", 0xb7 },  { "laquo", 0xab },   { "raquo", 0xbb },   { "hellip", 0x2026 },
	{ "ndash", 0x2013 }, { "mdash", 0x2014 }, { "lsquo", 0x2018 }, { "rsquo", 0x2019 },
	{ "ldquo", 0x201c }, { "rdquo", 0x201d }, { "bdquo", 0x201e }, { "bull", 0x2022 },
	{ "trade", 0x2122 }, { "shy", 0xad },     { "zwnj", 0x200c },  { "zwj", 0x200d },
	{ "auml", 0xe4 },    { "ouml", 0xf6 },    { "uuml", 0xfc },    { "Auml", 0xc4 },
	{ "Ouml", 0xd6 },    { "Uuml", 0xdc },    { "szlig", 0xdf },   { "eacute", 0xe9 },
	{ "egrave", 0xe8 },  { "ecirc", 0xea },   { "agrave", 0xe0 },  { "aacute", 0xe1 },
	{ "acirc", 0xe2 },   { "aring", 0xe5 },   { "ccedil", 0xe7 },  { "iacute", 0xed },
	{ "oacute", 0xf3 },  { "oslash", 0xf8 },  { "ntilde", 0xf1 },  { "uacute", 0xfa },
};

/* 0: not known. */
static uint32_t numeric(struct bytes w)
{
	char digits[16] = { 0 }, *end;
	bool hex = w.n > 1 && ascii_lower(w.p[1]) == 'x';
	unsigned long v;

	w = bytes_skip(w, hex ? 2 : 1);
	if (w.n == 0 || w.n >= sizeof(digits) || !is_alnum(w.p[0]))
		return 0;
	memcpy(digits, w.p, w.n);
	v = strtoul(digits, &end, hex ? 16 : 10);
	return *end || v > 0x10ffff ? 0 : (uint32_t)v;
}

static uint32_t entity(struct bytes w)
{
	if (w.n && w.p[0] == '#')
		return numeric(w);
	for (size_t i = 0; i < ARRAY_LEN(entities); i++)
		if (bytes_eq(w, bytes_str(entities[i].name)))
			return entities[i].c;
	return 0;
}

/* What is no known entity stays as it was written. */
static void entity_end(struct decode_html *d, bool semicolon, struct buf *out)
{
	uint32_t c = entity(word_of(d));

	d->state = TEXT;
	if (d->skip[0])
		return;
	if (c) {
		charset_put_utf8(out, c);
		return;
	}
	buf_putc(out, '&');
	buf_put_bytes(out, word_of(d));
	if (semicolon)
		buf_putc(out, ';');
}

static bool in_entity(struct decode_html *d, uint8_t c, struct buf *out)
{
	if ((is_alnum(c) || (c == '#' && d->n == 0)) && d->n < sizeof(d->word)) {
		word_add(d, c);
		return true;
	}
	entity_end(d, c == ';', out);
	return c == ';';
}

/* ---- tags --------------------------------------------------------------------------------- */

static bool is_inline(struct bytes name)
{
	static const char *const names[] = { "a",    "b",      "i",    "u",    "s",
					     "em",   "strong", "span", "font", "small",
					     "big",  "sub",    "sup",  "tt",   "code",
					     "abbr", "wbr",    "mark", "o:p" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (bytes_ieq(name, bytes_str(names[i])))
			return true;
	return false;
}

static bool has_no_text(struct bytes name)
{
	return bytes_ieq(name, BYTES("script")) || bytes_ieq(name, BYTES("style")) ||
	       bytes_ieq(name, BYTES("title"));
}

static void tag_named(struct decode_html *d, struct buf *out)
{
	struct bytes name = word_of(d);
	bool closes = name.n && name.p[0] == '/';

	name = bytes_skip(name, closes);
	if (d->skip[0]) {
		if (closes && bytes_ieq(name, bytes_str(d->skip)))
			d->skip[0] = '\0';
		return;
	}
	if (!is_inline(name))
		buf_putc(out, ' ');
	if (!closes && has_no_text(name)) {
		memcpy(d->skip, name.p, name.n);
		d->skip[name.n] = '\0';
	}
}

static bool opened(struct decode_html *d, uint8_t c, struct buf *out)
{
	uint8_t small = ascii_lower(c);

	d->n = 0;
	if ((small >= 'a' && small <= 'z') || c == '/') {
		word_add(d, c);
		d->state = NAME;
	} else if (c == '!' || c == '?') {
		d->state = DECLARED;
	} else {
		d->state = TEXT;
		put(d, BYTES("<"), out);
		return false;
	}
	return true;
}

static bool named(struct decode_html *d, uint8_t c, struct buf *out)
{
	if (is_alnum(c) || c == ':' || c == '-') {
		word_add(d, c);
		return true;
	}
	tag_named(d, out);
	d->state = TAG;
	d->quote = 0;
	return false;
}

static void in_tag(struct decode_html *d, uint8_t c)
{
	if (d->quote) {
		if (c == d->quote)
			d->quote = 0;
	} else if ((c == '"' || c == '\'') && d->n == 1 && d->word[0] == '=') {
		d->quote = c;
	} else if (c == '>') {
		d->state = TEXT;
	}
	if (c != ' ' || d->quote) { /* the last character before a quote: only a value has one */
		d->word[0] = (char)c;
		d->n = 1;
	}
}

static void declared(struct decode_html *d, uint8_t c)
{
	word_add(d, c);
	if (c == '>')
		d->state = TEXT;
	else if (bytes_eq(word_of(d), BYTES("--")))
		d->state = COMMENT;
}

/* Ends with "-->"; "<!-->" and "<!--->" are whole comments too. */
static void in_comment(struct decode_html *d, uint8_t c)
{
	if (c == '>' && d->n >= 2)
		d->state = TEXT;
	else
		d->n = c == '-' ? MIN(d->n + 1, 2u) : 0;
}

static void in_text(struct decode_html *d, uint8_t c)
{
	d->n = 0;
	if (c == '<')
		d->state = OPEN;
	else
		d->state = ENTITY;
}

static bool is_plain(uint8_t c)
{
	return c != '<' && c != '&';
}

/* True: c is used up. */
static bool step(struct decode_html *d, uint8_t c, struct buf *out)
{
	switch (d->state) {
	case TEXT: in_text(d, c); return true;
	case ENTITY: return in_entity(d, c, out);
	case OPEN: return opened(d, c, out);
	case NAME: return named(d, c, out);
	case TAG: in_tag(d, c); return true;
	case DECLARED: declared(d, c); return true;
	default: in_comment(d, c); return true;
	}
}

void decode_html(struct decode_html *d, struct bytes in, struct buf *out)
{
	while (in.n) {
		size_t n = d->state == TEXT ? bytes_span(in, is_plain) : 0;

		if (n)
			put(d, bytes_head(in, n), out);
		else
			n = step(d, in.p[0], out);
		in = bytes_skip(in, n);
	}
}

void decode_html_end(struct decode_html *d, struct buf *out)
{
	if (d->state == ENTITY)
		entity_end(d, false, out);
	else if (d->state == OPEN)
		put(d, BYTES("<"), out);
	d->state = TEXT;
}
