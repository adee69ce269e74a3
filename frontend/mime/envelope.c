/* SPDX-License-Identifier: Apache-2.0 */
#include "mime/envelope.h"

static bool take(struct bytes *in, const char *word)
{
	if (!bytes_starts(*in, bytes_str(word)))
		return false;
	*in = bytes_skip(*in, strlen(word));
	return true;
}

static bool quoted(struct bytes *in, struct buf *out)
{
	for (size_t i = 0; i < in->n; i++) {
		if (in->p[i] == '"') {
			*in = bytes_skip(*in, i + 1);
			return true;
		}
		if (in->p[i] == '\\')
			i++;
		if (i < in->n)
			buf_putc(out, in->p[i]);
	}
	return false;
}

static bool literal(struct bytes *in, struct buf *out)
{
	struct bytes text;
	size_t n = 0, i;

	for (i = 0; i < in->n && in->p[i] >= '0' && in->p[i] <= '9' && n < in->n; i++)
		n = n * 10 + in->p[i] - '0';
	*in = bytes_skip(*in, i);
	if (i == 0 || !take(in, "}\r\n") || n > in->n || !get_bytes(in, n, &text))
		return false;
	buf_put_bytes(out, text);
	return true;
}

static bool nstring(struct bytes *in, struct buf *out)
{
	if (take(in, "NIL"))
		return true;
	return take(in, "\"") ? quoted(in, out) : take(in, "{") && literal(in, out);
}

/* (name route mailbox host): a group begins with one without host and ends with one without
 * either. */
static bool address(struct bytes *in, struct buf *out)
{
	size_t was = out->n, mark;

	if (!take(in, "(") || !nstring(in, out) || !take(in, " "))
		return false;
	if (out->n > was)
		buf_putc(out, ' ');
	mark = out->n;
	if (!nstring(in, out) || !take(in, " "))
		return false;
	out->n = mark; /* nobody looks for a route */
	buf_putc(out, '<');
	if (!nstring(in, out) || !take(in, " "))
		return false;
	buf_putc(out, '@');
	if (!nstring(in, out) || !take(in, ")"))
		return false;
	buf_putc(out, '>');
	return true;
}

static bool addresses(struct bytes *in, struct buf *out)
{
	bool first = true;

	if (take(in, "NIL"))
		return true;
	if (!take(in, "("))
		return false;
	for (; !take(in, ")"); first = false) {
		if (!first)
			buf_puts(out, ", ");
		if (!address(in, out))
			return false;
	}
	return true;
}

static bool one_field(struct bytes *in, enum envelope_field field, struct buf *out)
{
	bool plain = field < ENVELOPE_FROM || field > ENVELOPE_BCC;

	return plain ? nstring(in, out) : addresses(in, out);
}

bool envelope_text(struct bytes rendered, enum envelope_field field, struct buf *out)
{
	size_t was = out->n;

	if (!take(&rendered, "("))
		return false;
	for (enum envelope_field f = ENVELOPE_DATE; f < field; f++) {
		if (!one_field(&rendered, f, out) || !take(&rendered, " "))
			return false;
		out->n = was;
	}
	return one_field(&rendered, field, out);
}
