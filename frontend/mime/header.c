/* SPDX-License-Identifier: Apache-2.0 */
#include "mime/header.h"

#include "mime/lexer.h"

size_t header_empty_line(struct bytes b)
{
	if (b.n && b.p[0] == '\n')
		return 1;
	return bytes_starts(b, BYTES("\r\n")) ? 2 : 0;
}

static bool is_field_name(uint8_t c)
{
	return c > 0x20 && c < 0x7f && c != ':';
}

struct bytes header_name(struct bytes b, size_t *colon)
{
	size_t n = bytes_span(b, is_field_name);

	*colon = n + bytes_span(bytes_skip(b, n), lex_is_blank);
	if (*colon >= b.n || b.p[*colon] != ':')
		return BYTES_NONE;
	return bytes_head(b, n);
}

/* Length of the line at the start of b, its end included. */
static size_t line_length(struct bytes b)
{
	return MIN(bytes_chr(b, '\n') + 1, b.n);
}

bool header_next(struct bytes *in, struct header_field *f)
{
	size_t n, colon;

	if (in->n == 0 || header_empty_line(*in))
		return false;
	n = line_length(*in);
	while (n < in->n && lex_is_blank(in->p[n]))
		n += line_length(bytes_skip(*in, n));
	f->whole = bytes_head(*in, n);
	*in = bytes_skip(*in, n);
	f->name = header_name(f->whole, &colon);
	f->value = f->name.n ? bytes_skip(f->whole, colon + 1) : BYTES_NONE;
	if (f->value.n && f->value.p[f->value.n - 1] == '\n')
		f->value.n--;
	if (f->value.n && f->value.p[f->value.n - 1] == '\r')
		f->value.n--;
	return true;
}

bool header_find(struct bytes header, struct bytes name, struct bytes *value)
{
	struct header_field f;

	while (header_next(&header, &f)) {
		if (bytes_ieq(f.name, name)) {
			*value = f.value;
			return true;
		}
	}
	return false;
}

struct bytes header_unfold(struct bytes value, struct arena *mem)
{
	uint8_t *p;
	size_t n = 0;

	value = bytes_trim(value);
	p = arena_alloc(mem, value.n);
	for (size_t i = 0; i < value.n; i++) {
		uint8_t c = value.p[i];

		if (c == '\n' || (c == '\r' && i + 1 < value.n && value.p[i + 1] == '\n'))
			continue;
		p[n++] = c == '\r' || c == '\0' ? ' ' : c;
	}
	return bytes_trim(bytes_of(p, n));
}

static bool is_space(uint8_t c)
{
	return c <= 0x20;
}

/* An id that somebody forgot the brackets of. */
static bool bare_id(struct bytes value, struct bytes *id)
{
	*id = bytes_trim(value);
	for (size_t i = 0; i < id->n; i++)
		if (is_space(id->p[i]))
			return false;
	return bytes_chr(*id, '@') < id->n;
}

bool header_message_id(struct bytes *in, struct arena *mem, struct bytes *id)
{
	size_t start = bytes_chr(*in, '<'), end, n = 0;
	struct bytes inside;
	uint8_t *p;

	if (start == in->n) {
		bool found = bare_id(*in, id);

		*in = BYTES_NONE;
		return found;
	}
	inside = bytes_skip(*in, start + 1);
	end = bytes_chr(inside, '>');
	*in = end < inside.n ? bytes_skip(inside, end + 1) : BYTES_NONE;
	if (end == inside.n)
		return false;
	p = arena_alloc(mem, end);
	for (size_t i = 0; i < end; i++)
		if (!is_space(inside.p[i]))
			p[n++] = inside.p[i];
	*id = bytes_of(p, n);
	/* What is left may hold the next one, but never a bare one. */
	if (bytes_chr(*in, '<') == in->n)
		*in = BYTES_NONE;
	return true;
}
