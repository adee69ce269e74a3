/* SPDX-License-Identifier: Apache-2.0 */
#include "mime/lexer.h"

bool lex_is_blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

bool lex_is_white(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\0';
}

/* Text of a comment or quoted string: foldings vanish, NUL does no harm. */
static void put_text(struct buf *out, uint8_t c)
{
	if (out && c != '\r' && c != '\n')
		buf_putc(out, c ? c : ' ');
}

/* At '('. Comments nest; counted, not recursed into. */
static void comment(struct bytes *in, struct buf *out)
{
	size_t depth = 0, i;

	if (out)
		buf_clear(out);
	for (i = 0; i < in->n; i++) {
		uint8_t c = in->p[i];

		if (c == ')' && --depth == 0)
			break;
		if (c == '(' && depth++ == 0)
			continue;
		if (c == '\\' && i + 1 < in->n)
			c = in->p[++i];
		put_text(out, c);
	}
	*in = bytes_skip(*in, i + 1);
}

bool lex_cfws(struct bytes *in, struct buf *text)
{
	const uint8_t *start = in->p;

	for (;;) {
		*in = bytes_skip(*in, bytes_span(*in, lex_is_white));
		if (in->n == 0 || in->p[0] != '(')
			return in->p != start;
		comment(in, text);
	}
}

void lex_quoted_string(struct bytes *in, struct buf *out)
{
	size_t i;

	for (i = 1; i < in->n && in->p[i] != '"'; i++) {
		if (in->p[i] == '\\' && i + 1 < in->n)
			i++;
		put_text(out, in->p[i]);
	}
	*in = bytes_skip(*in, i + 1);
}
