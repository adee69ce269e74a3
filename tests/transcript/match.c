/* SPDX-License-Identifier: Apache-2.0 */
#include "match.h"

#include <regex.h>
#include <stdlib.h>

enum { CAPTURES = 9 };

void vars_init(struct vars *v)
{
	map_init(&v->values);
}

void vars_release(struct vars *v)
{
	struct bytes key;
	void *value;
	size_t pos = 0;

	while (map_next(&v->values, &pos, &key, &value))
		free(value);
	map_release(&v->values);
}

static void set(struct vars *v, struct bytes name, struct bytes value)
{
	char *copy = xcalloc(1, value.n + 1);

	memcpy(copy, value.p, value.n);
	free(map_put(&v->values, name, copy));
}

static bool is_name(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

/* Takes "$name" off the front: false where none is. */
static bool take_name(struct bytes *in, struct bytes *name)
{
	size_t n;

	if (in->n < 2 || in->p[0] != '$')
		return false;
	n = bytes_span(bytes_skip(*in, 1), is_name);
	*name = bytes_slice(*in, 1, n);
	if (n)
		*in = bytes_skip(*in, n + 1);
	return n > 0;
}

static void put_hex(struct bytes hex, struct buf *out)
{
	for (size_t i = 0; i + 1 < hex.n; i += 2) {
		char two[3] = { (char)hex.p[i], (char)hex.p[i + 1], 0 };

		buf_putc(out, (uint8_t)strtoul(two, NULL, 16));
	}
}

/* Where the brace that is open at the front closes. */
static size_t closing(struct bytes in)
{
	size_t depth = 0;

	for (size_t i = 0; i < in.n; i++) {
		depth += in.p[i] == '{';
		if (in.p[i] == '}' && --depth == 0)
			return i;
	}
	return in.n;
}

static void repeat(const struct vars *v, uint64_t times, struct bytes body, struct buf *out)
{
	struct buf once;

	buf_init(&once, 0);
	(void)expand(v, body, &once);
	while (times-- > 0)
		buf_put_bytes(out, buf_bytes(&once));
	buf_release(&once);
}

/* Takes "@{...}" off the front. */
static bool take_special(const struct vars *v, struct bytes *in, struct buf *out)
{
	struct bytes body, word;
	uint64_t times = 0;
	size_t end;

	if (!bytes_starts(*in, BYTES("@{")))
		return false;
	end = closing(bytes_skip(*in, 1)) + 1;
	body = bytes_slice(*in, 2, end - 2);
	*in = bytes_skip(*in, end + 1);
	word = bytes_cut(&body, ' ');
	if (bytes_eq(word, BYTES("lf")))
		buf_putc(out, '\n');
	else if (bytes_eq(word, BYTES("hex")))
		put_hex(body, out);
	else if (bytes_u64(word, MIB(64), &times))
		repeat(v, times, body, out);
	return true;
}

/* One unit off the front that means itself, variables with a value included. False: something
 * else is at the front. */
static bool take_plain(const struct vars *v, struct bytes *in, struct buf *out)
{
	struct bytes rest = *in, name;
	const char *value;

	if (take_special(v, in, out))
		return true;
	if (bytes_starts(rest, BYTES("$$"))) {
		buf_putc(out, '$');
		*in = bytes_skip(*in, 2);
		return true;
	}
	if (take_name(&rest, &name)) {
		value = map_get(&v->values, name);
		if (!value)
			return false;
		buf_puts(out, value);
		*in = rest;
		return true;
	}
	buf_putc(out, in->p[0]);
	*in = bytes_skip(*in, 1);
	return true;
}

bool expand(const struct vars *v, struct bytes text, struct buf *out)
{
	while (text.n)
		if (!take_plain(v, &text, out))
			return false;
	return true;
}

/* ---- expectations ---------------------------------------------------------------------------- */

struct pattern {
	struct buf ere;
	struct bytes names[CAPTURES];
	size_t n;
};

static void put_escaped(struct buf *out, struct bytes text)
{
	for (size_t i = 0; i < text.n; i++) {
		if (strchr(".[]{}()\\*+?|^$", text.p[i]) && text.p[i])
			buf_putc(out, '\\');
		buf_putc(out, text.p[i]);
	}
}

static void translate(const struct vars *v, struct bytes text, struct pattern *p)
{
	struct buf plain;
	struct bytes name;

	buf_init(&plain, 0);
	while (text.n) {
		buf_clear(&plain);
		if (bytes_starts(text, BYTES("..."))) {
			buf_puts(&p->ere, ".*");
			text = bytes_skip(text, 3);
		} else if (take_plain(v, &text, &plain)) {
			put_escaped(&p->ere, buf_bytes(&plain));
		} else if (take_name(&text, &name) && p->n < CAPTURES) {
			p->names[p->n++] = name;
			buf_puts(&p->ere, "([^] ()]+)");
		}
	}
	buf_release(&plain);
}

bool match(struct vars *v, struct bytes pattern, struct bytes line)
{
	struct pattern p = { .n = 0 };
	regmatch_t at[CAPTURES + 1];
	struct buf text;
	regex_t re;
	bool ok;

	buf_init(&p.ere, 0);
	buf_init(&text, 0);
	buf_putc(&p.ere, '^');
	if (pattern.n > 2 && pattern.p[0] == '/' && pattern.p[pattern.n - 1] == '/')
		buf_put_bytes(&p.ere, bytes_slice(pattern, 1, pattern.n - 2));
	else
		translate(v, pattern, &p);
	buf_put(&p.ere, "$", 2);
	buf_put_bytes(&text, line);
	buf_putc(&text, 0);
	ok = regcomp(&re, (const char *)p.ere.p, REG_EXTENDED) == 0;
	if (ok) {
		ok = regexec(&re, (const char *)text.p, CAPTURES + 1, at, 0) == 0;
		for (size_t i = 0; ok && i < p.n; i++)
			set(v, p.names[i],
			    bytes_slice(line, (size_t)at[i + 1].rm_so,
					(size_t)(at[i + 1].rm_eo - at[i + 1].rm_so)));
		regfree(&re);
	}
	buf_release(&p.ere);
	buf_release(&text);
	return ok;
}
