/* SPDX-License-Identifier: Apache-2.0 */
#include "strict.h"

void strict_init(struct strict *s)
{
	*s = (struct strict){ 0 };
	buf_init(&s->line, 0);
}

void strict_release(struct strict *s)
{
	buf_release(&s->line);
}

static void complain(struct strict *s, const char *why)
{
	if (!s->why)
		s->why = why;
}

/* Behind the opening quote; returns what follows the closing one. */
static struct bytes quoted(struct strict *s, struct bytes in)
{
	for (size_t i = 0; i < in.n; i++) {
		if (in.p[i] == '"')
			return bytes_skip(in, i + 1);
		if (in.p[i] >= 0x80)
			complain(s, "8-bit in a quoted string");
		if (in.p[i] == '\\' && (++i == in.n || (in.p[i] != '"' && in.p[i] != '\\')))
			complain(s, "bad escape");
	}
	complain(s, "unterminated string");
	return BYTES_NONE;
}

/* "{12}" at the end of the line. */
static bool announces(struct bytes in, uint64_t *n)
{
	return in.n > 2 && in.p[0] == '{' && in.p[in.n - 1] == '}' &&
	       bytes_u64(bytes_slice(in, 1, in.n - 2), INT64_MAX, n);
}

/* Data: strings, parentheses, atoms. */
static void data(struct strict *s, struct bytes in)
{
	while (in.n) {
		uint8_t c = in.p[0];

		in = bytes_skip(in, 1);
		if (c == '"')
			in = quoted(s, in);
		else if (c == '(')
			s->depth++;
		else if (c == ')' && --s->depth < 0)
			complain(s, "unbalanced parentheses");
		else if (c == '{' && announces(bytes_of(in.p - 1, in.n + 1), &s->literal)) {
			s->open = true;
			return;
		} else if (c == '{' || c < 0x20 || c >= 0x7f)
			complain(s, "a byte that is no part of a response");
	}
}

static bool is_text(struct bytes line)
{
	static const char *const words[] = { "OK", "NO", "BAD", "BYE", "PREAUTH" };
	struct bytes rest = line, first = bytes_cut(&rest, ' '), second = bytes_cut(&rest, ' ');

	if (bytes_eq(first, BYTES("+")))
		return true;
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (bytes_eq(second, bytes_str(words[i])))
			return true;
	return false;
}

/* Text for people: a response code must be closed, the rest is free of control characters. */
static void text(struct strict *s, struct bytes line)
{
	struct bytes rest = line;

	for (size_t i = 0; i < line.n; i++)
		if (line.p[i] < 0x20 || line.p[i] >= 0x7f)
			complain(s, "a byte that is no part of a text");
	bytes_cut(&rest, ' ');
	if (!bytes_starts(line, BYTES("+")))
		bytes_cut(&rest, ' ');
	if (rest.n && rest.p[0] == '[' && bytes_find(rest, BYTES("] ")) == rest.n)
		complain(s, "a response code without an end or a text");
}

static void one_line(struct strict *s)
{
	struct bytes line = buf_bytes(&s->line);

	s->open = false;
	if (s->depth == 0 && is_text(line)) {
		text(s, line);
	} else {
		if (s->depth == 0 && !bytes_starts(line, BYTES("* ")))
			complain(s, "a line that is no response");
		data(s, line);
	}
	if (!s->open && s->depth)
		complain(s, "unbalanced parentheses");
	s->responses += !s->open;
	buf_clear(&s->line);
	/* What follows a literal goes on with the same response. */
	if (s->open)
		buf_puts(&s->line, "* ");
}

static void one_byte(struct strict *s, uint8_t c)
{
	struct bytes line = buf_bytes(&s->line);
	bool cr = line.n && line.p[line.n - 1] == '\r';

	if (c == 0)
		complain(s, "NUL");
	if (cr != (c == '\n'))
		complain(s, "a bare CR or LF");
	if (c != '\n') {
		buf_putc(&s->line, c);
		return;
	}
	s->line.n -= cr;
	one_line(s);
}

void strict_feed(struct strict *s, struct bytes b)
{
	for (size_t i = 0; i < b.n && !s->why; i++) {
		if (!s->literal) {
			one_byte(s, b.p[i]);
			continue;
		}
		s->literal--;
		if (b.p[i] == 0)
			complain(s, "NUL in a literal");
	}
}
