/* SPDX-License-Identifier: Apache-2.0 */
/* params.c - media types and parameters (RFC 2045, 5.1), leniently: an unquoted value goes on to
 * ';' or a comment, since file names with blanks are common. */
#include "mime/header.h"
#include "mime/lexer.h"

/* RFC 2045, 5.1, and 8-bit, which is seen in names. */
static bool is_token(uint8_t c)
{
	return c > 0x20 && c != 0x7f && !strchr("()<>@,;:\\\"/[]?=", c);
}

bool header_token(struct bytes *in, struct bytes *token)
{
	lex_cfws(in, NULL);
	*token = bytes_head(*in, bytes_span(*in, is_token));
	*in = bytes_skip(*in, token->n);
	return token->n > 0;
}

bool header_media_type(struct bytes *in, struct bytes *type, struct bytes *subtype)
{
	if (!header_token(in, type))
		return false;
	lex_cfws(in, NULL);
	if (in->n == 0 || in->p[0] != '/')
		return false;
	*in = bytes_skip(*in, 1);
	if (!header_token(in, subtype))
		return false;
	lex_cfws(in, NULL);
	return in->n == 0 || in->p[0] == ';';
}

static bool is_plain(uint8_t c)
{
	return !lex_is_white(c) && c != ';';
}

static void plain_value(struct bytes *in, struct buf *out)
{
	for (;;) {
		size_t n = bytes_span(*in, is_plain);
		struct bytes blanks;

		buf_put(out, in->p, n);
		*in = bytes_skip(*in, n);
		blanks = bytes_head(*in, bytes_span(*in, lex_is_white));
		*in = bytes_skip(*in, blanks.n);
		if (in->n == 0 || in->p[0] == ';' || in->p[0] == '(')
			return;
		for (size_t i = 0; i < blanks.n; i++)
			if (lex_is_blank(blanks.p[i]))
				buf_putc(out, blanks.p[i]);
	}
}

/* To the ';' that the next parameter stands behind. */
static bool next_semicolon(struct bytes *in)
{
	for (;;) {
		lex_cfws(in, NULL);
		if (in->n == 0)
			return false;
		if (in->p[0] == ';')
			break;
		if (in->p[0] == '"')
			lex_quoted_string(in, NULL);
		else
			*in = bytes_skip(*in, 1);
	}
	*in = bytes_skip(*in, 1);
	return true;
}

static struct bytes take_value(struct bytes *in, struct arena *mem)
{
	struct bytes value;
	struct buf text;

	buf_init(&text, 0);
	lex_cfws(in, NULL);
	if (in->n && in->p[0] == '"')
		lex_quoted_string(in, &text);
	else if (in->n)
		plain_value(in, &text);
	value = bytes_dup(mem, buf_bytes(&text));
	buf_release(&text);
	return value;
}

bool header_param(struct bytes *in, struct arena *mem, struct bytes *name, struct bytes *value)
{
	while (next_semicolon(in)) {
		if (!header_token(in, name))
			continue;
		lex_cfws(in, NULL);
		if (in->n == 0 || in->p[0] != '=')
			continue;
		*in = bytes_skip(*in, 1);
		*value = take_value(in, mem);
		return true;
	}
	return false;
}
