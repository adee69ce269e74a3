/* SPDX-License-Identifier: Apache-2.0 */
#include "imap/lex.h"

#include "imap/date.h"
#include "model/flags.h"

enum { SIZE_DIGITS = 20 }; /* of a literal: what is longer is no announcement */

/* ---- single characters ---------------------------------------------------------------------- */

bool lex_fail(struct lex *l, const char *why)
{
	if (!l->why)
		l->why = why;
	return false;
}

bool lex_peek(const struct lex *l, char c)
{
	return l->in.n && l->in.p[0] == (uint8_t)c;
}

bool lex_take(struct lex *l, char c)
{
	if (!lex_peek(l, c))
		return false;
	l->in = bytes_skip(l->in, 1);
	return true;
}

bool lex_char(struct lex *l, char c)
{
	return lex_take(l, c) || lex_fail(l, "Syntax error");
}

bool lex_sp(struct lex *l)
{
	return lex_take(l, ' ') || lex_fail(l, "Missing argument");
}

bool lex_end(struct lex *l)
{
	return bytes_eq(l->in, BYTES("\r\n")) || lex_fail(l, "Unexpected argument");
}

bool lex_enter(struct lex *l)
{
	return ++l->depth <= l->max_depth || lex_fail(l, "Nested too deeply");
}

void lex_leave(struct lex *l)
{
	l->depth--;
}

bool lex_open(struct lex *l)
{
	return lex_char(l, '(') && lex_enter(l);
}

bool lex_close(struct lex *l)
{
	lex_leave(l);
	return lex_char(l, ')');
}

/* ---- strings -------------------------------------------------------------------------------- */

/* RFC 3501, 9: ATOM-CHAR. */
static bool is_atom(uint8_t c)
{
	return c > 0x20 && c < 0x7f && !strchr("(){%*\"\\]", c);
}

static bool is_astring(uint8_t c)
{
	return is_atom(c) || c == ']';
}

static bool is_pattern(uint8_t c)
{
	return is_astring(c) || c == '%' || c == '*';
}

static bool take_run(struct lex *l, bool (*in)(uint8_t c), struct bytes *out)
{
	size_t n = bytes_span(l->in, in);

	*out = bytes_head(l->in, n);
	l->in = bytes_skip(l->in, n);
	return n > 0 || lex_fail(l, "Syntax error");
}

bool lex_atom(struct lex *l, struct bytes *atom)
{
	return take_run(l, is_atom, atom);
}

bool lex_is(struct bytes word, const char *keyword)
{
	return bytes_ieq(word, bytes_str(keyword));
}

/* Length of what stands before the closing quote, escapes included; the whole rest if none. */
static size_t quoted_span(struct bytes in)
{
	size_t n = 0;

	while (n < in.n && in.p[n] != '"' && in.p[n] != '\r' && in.p[n] != '\n' && in.p[n] != 0)
		n += in.p[n] == '\\' && n + 1 < in.n ? 2 : 1;
	return MIN(n, in.n);
}

/* Octets over 127 are let in: clients put UTF-8 into passwords and search strings. */
bool lex_quoted(struct lex *l, struct bytes *s)
{
	struct bytes raw;
	uint8_t *out;
	size_t n = 0;

	if (!lex_char(l, '"'))
		return false;
	raw = bytes_head(l->in, quoted_span(l->in));
	out = arena_alloc(l->mem, raw.n);
	for (size_t i = 0; i < raw.n; i++) {
		if (raw.p[i] == '\\' && ++i < raw.n && raw.p[i] != '"' && raw.p[i] != '\\')
			return lex_fail(l, "Bad escape in a quoted string");
		if (i < raw.n)
			out[n++] = raw.p[i];
	}
	*s = bytes_of(out, n);
	l->in = bytes_skip(l->in, raw.n);
	return lex_take(l, '"') || lex_fail(l, "Unterminated quoted string");
}

bool lex_announces(struct bytes line, uint64_t *size, bool *sync)
{
	size_t end = line.n, start;

	if (end == 0 || line.p[--end] != '}')
		return false;
	*sync = !(end && line.p[end - 1] == '+');
	if (!*sync)
		end--;
	for (start = end; start && line.p[start - 1] >= '0' && line.p[start - 1] <= '9'; start--)
		;
	if (start == end || end - start > SIZE_DIGITS || start == 0 || line.p[start - 1] != '{')
		return false;
	if (!bytes_u64(bytes_slice(line, start, end - start), INT64_MAX, size))
		*size = UINT64_MAX;
	return true;
}

/* Behind the announcement comes the literal, then at least CRLF: where nothing comes the client
 * has not sent it. */
bool lex_literal(struct lex *l, struct bytes *s)
{
	size_t end = bytes_find(l->in, BYTES("\r\n"));
	struct bytes line = bytes_head(l->in, end);
	uint64_t size;
	bool sync;

	if (!lex_peek(l, '{') || end == l->in.n || !lex_announces(line, &size, &sync) ||
	    bytes_chr(bytes_skip(line, 1), '{') < line.n - 1)
		return lex_fail(l, "Malformed literal");
	l->in = bytes_skip(l->in, end + 2);
	if (l->in.n == 0) {
		l->open = true;
		l->literal = size;
		l->sync = sync;
		l->big = size == UINT64_MAX;
		return false;
	}
	if (size > l->in.n)
		return lex_fail(l, "Malformed literal");
	*s = bytes_head(l->in, (size_t)size);
	l->in = bytes_skip(l->in, (size_t)size);
	/* RFC 3501, 9: CHAR8 is any octet but NUL. */
	return bytes_chr(*s, 0) == s->n || lex_fail(l, "NUL in a literal");
}

bool lex_string(struct lex *l, struct bytes *s)
{
	return lex_peek(l, '{') ? lex_literal(l, s) : lex_quoted(l, s);
}

static bool string_or_run(struct lex *l, bool (*in)(uint8_t c), struct bytes *s)
{
	if (lex_peek(l, '{') || lex_peek(l, '"'))
		return lex_string(l, s);
	return take_run(l, in, s);
}

bool lex_astring(struct lex *l, struct bytes *s)
{
	return string_or_run(l, is_astring, s);
}

bool lex_nstring(struct lex *l, struct bytes *s, bool *nil)
{
	*nil = false;
	if (lex_peek(l, '{') || lex_peek(l, '"'))
		return lex_string(l, s);
	if (!lex_atom(l, s))
		return false;
	*nil = true;
	return lex_is(*s, "NIL") || lex_fail(l, "Syntax error");
}

bool lex_pattern(struct lex *l, struct bytes *s)
{
	return string_or_run(l, is_pattern, s);
}

/* ---- numbers and sets ----------------------------------------------------------------------- */

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

bool lex_number(struct lex *l, uint64_t max, uint64_t *v)
{
	struct bytes digits;

	if (!take_run(l, is_digit, &digits))
		return false;
	return bytes_u64(digits, max, v) || lex_fail(l, "Number out of range");
}

static bool is_set(uint8_t c)
{
	return is_digit(c) || c == ':' || c == ',' || c == '*';
}

/* nz-number or '*' */
static bool check_number(struct bytes text)
{
	uint64_t v;

	return bytes_eq(text, BYTES("*")) ||
	       (text.n && text.p[0] != '0' && bytes_u64(text, UINT32_MAX, &v));
}

static bool check_item(struct bytes item)
{
	size_t colon = bytes_chr(item, ':');

	return check_number(bytes_head(item, colon)) &&
	       (colon == item.n || check_number(bytes_skip(item, colon + 1)));
}

bool lex_set(struct lex *l, struct bytes *set)
{
	struct bytes rest;

	if (!take_run(l, is_set, set))
		return false;
	if (set->p[set->n - 1] == ',')
		return lex_fail(l, "Malformed sequence set");
	for (rest = *set; rest.n;)
		if (!check_item(bytes_cut(&rest, ',')))
			return lex_fail(l, "Malformed sequence set");
	return true;
}

/* ---- flags and dates ------------------------------------------------------------------------ */

static void add_keyword(struct lex *l, struct imap_flags *flags, struct bytes name)
{
	for (size_t i = 0; i < flags->n; i++)
		if (bytes_ieq(flags->keywords[i], name))
			return;
	if (!flags->keywords)
		flags->keywords = arena_array(l->mem, struct bytes, KEYWORDS_MAX);
	flags->keywords[flags->n++] = name;
}

bool lex_flag(struct lex *l, struct imap_flags *flags)
{
	bool system = lex_take(l, '\\');
	struct bytes name;
	uint32_t bit;

	if (!lex_atom(l, &name))
		return false;
	if (system) {
		/* \Recent is nobody's to set (RFC 3501, 2.3.2). */
		bit = flag_parse(bytes_of(name.p - 1, name.n + 1));
		flags->system |= bit;
		return bit || lex_fail(l, "No such system flag");
	}
	if (!keyword_valid(name))
		return lex_fail(l, "Keyword too long");
	if (flags->n == KEYWORDS_MAX)
		return lex_fail(l, "Too many keywords");
	add_keyword(l, flags, name);
	return true;
}

bool lex_flags(struct lex *l, struct imap_flags *flags)
{
	if (!lex_open(l))
		return false;
	if (!lex_peek(l, ')'))
		do
			if (!lex_flag(l, flags))
				return false;
		while (lex_take(l, ' '));
	return lex_close(l);
}

bool lex_date(struct lex *l, int32_t *day)
{
	struct bytes text;
	bool ok = lex_peek(l, '"') ? lex_quoted(l, &text) : lex_atom(l, &text);

	return ok && (date_parse(text, day) || lex_fail(l, "Malformed date"));
}

bool lex_date_time(struct lex *l, int64_t *ms, int32_t *zone)
{
	struct bytes text;

	return lex_quoted(l, &text) &&
	       (date_time_parse(text, ms, zone) || lex_fail(l, "Malformed date-time"));
}
