/* SPDX-License-Identifier: Apache-2.0 */
#include "imap/write.h"

#include "imap/lex.h"
#include "imap/mutf7.h"
#include "mime/render.h"

void write_string(struct buf *out, struct bytes s)
{
	render_string(out, s);
}

/* RFC 3501, 9: ASTRING-CHAR; NIL would be read as none. */
static bool is_plain(struct bytes s)
{
	if (s.n == 0 || lex_is(s, "NIL"))
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= 0x20 || s.p[i] >= 0x7f || strchr("(){%*\"\\", s.p[i]))
			return false;
	return true;
}

void write_astring(struct buf *out, struct bytes s)
{
	if (is_plain(s))
		buf_put_bytes(out, s);
	else
		write_string(out, s);
}

void write_mailbox(struct buf *out, struct bytes path)
{
	struct buf name;

	buf_init(&name, 0);
	mutf7_encode(path, &name);
	write_astring(out, buf_bytes(&name));
	buf_release(&name);
}

void write_octets(struct buf *out, struct bytes s)
{
	while (s.n) {
		size_t n = bytes_chr(s, 0);

		buf_put_bytes(out, bytes_head(s, n));
		if (n < s.n)
			buf_putc(out, '?');
		s = bytes_skip(s, n + 1);
	}
}

void write_literal(struct buf *out, struct bytes s)
{
	buf_printf(out, "{%zu}\r\n", s.n);
	write_octets(out, s);
}

void write_word(struct buf *out, const char *word)
{
	struct bytes b = buf_bytes(out);

	if (b.n && b.p[b.n - 1] != '(')
		buf_putc(out, ' ');
	buf_puts(out, word);
}

static void write_keyword(struct buf *out, struct bytes name)
{
	if (!keyword_valid(name))
		return;
	write_word(out, "");
	buf_put_bytes(out, name);
}

static void write_system(struct buf *out, uint32_t flags)
{
	for (uint32_t bit = FLAG_SEEN; bit <= FLAG_DRAFT; bit <<= 1)
		if (flags & bit)
			write_word(out, flag_name(bit));
}

void write_flags(struct buf *out, const struct row *row, const struct bytes *keywords, size_t n)
{
	buf_putc(out, '(');
	write_system(out, row->flags);
	for (size_t i = 0; i < row->n_keywords; i++)
		if (row->keywords[i] < n)
			write_keyword(out, keywords[row->keywords[i]]);
	buf_putc(out, ')');
}

void write_all_flags(struct buf *out, const struct bytes *keywords, size_t n, bool more)
{
	buf_putc(out, '(');
	write_system(out, FLAGS_SYSTEM);
	for (size_t i = 0; i < n; i++)
		write_keyword(out, keywords[i]);
	if (more)
		write_word(out, "\\*");
	buf_putc(out, ')');
}
