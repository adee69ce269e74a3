/* SPDX-License-Identifier: Apache-2.0 */
/* data.c - works in runs: a run goes on over line ends until a line begins with a dot. */
#include "smtp/data.h"

void smtp_data_init(struct smtp_data *d, uint64_t line_max)
{
	*d = (struct smtp_data){ .state = DATA_LINE, .line_max = line_max };
}

static void count_line(struct smtp_data *d, size_t n)
{
	d->line += n;
	if (d->line > d->line_max)
		d->long_line = true;
}

/* Text of a line without its LF. A CR in it is bare unless it is the last octet, which the next
 * one decides. */
static void text(struct smtp_data *d, const uint8_t *p, size_t n)
{
	const uint8_t *cr;

	if (n == 0)
		return;
	if (d->state == DATA_CR)
		d->bare = true;
	cr = d->bare ? NULL : memchr(p, '\r', n - 1);
	if (cr)
		d->bare = true;
	d->state = p[n - 1] == '\r' ? DATA_CR : DATA_TEXT;
	count_line(d, d->state == DATA_CR ? n - 1 : n);
}

static void line_feed(struct smtp_data *d)
{
	if (d->state == DATA_CR) {
		d->state = DATA_LINE;
	} else {
		d->bare = true;
		d->state = DATA_TEXT;
	}
	d->line = 0;
}

/* Length of the run at the start of b. */
static size_t run(struct smtp_data *d, struct bytes b)
{
	const uint8_t *p = b.p, *end = b.p + b.n;

	while (p < end) {
		const uint8_t *lf = memchr(p, '\n', (size_t)(end - p));

		text(d, p, (size_t)((lf ? lf : end) - p));
		if (!lf)
			return b.n;
		line_feed(d);
		p = lf + 1;
		if (d->state == DATA_LINE && p < end && *p == '.')
			break;
	}
	return (size_t)(p - b.p);
}

/* The octets that are no message: a dot at the start of a line and, after it, the end. */
static enum smtp_data_got dots(struct smtp_data *d, uint8_t c)
{
	if (d->state == DATA_LINE && c == '.') {
		d->state = DATA_DOT;
		return DATA_MORE;
	}
	if (d->state == DATA_DOT && c == '\r') {
		d->state = DATA_DOT_CR;
		return DATA_MORE;
	}
	if (d->state == DATA_DOT_CR && c == '\n')
		return DATA_END;
	/* CRLF . CR and no LF: that CR is bare, what is left out of the message is lost with it. */
	if (d->state == DATA_DOT_CR)
		d->state = DATA_CR;
	else if (d->state == DATA_DOT)
		d->state = DATA_TEXT;
	return DATA_PIECE;
}

enum smtp_data_got smtp_data_take(struct smtp_data *d, struct bytes *in, struct bytes *piece)
{
	size_t n;

	for (; in->n && d->state != DATA_TEXT && d->state != DATA_CR; d->taken++) {
		enum smtp_data_got got = dots(d, in->p[0]);

		if (got == DATA_PIECE)
			break;
		*in = bytes_skip(*in, 1);
		if (got == DATA_END) {
			d->taken++;
			return DATA_END;
		}
	}
	if (in->n == 0)
		return DATA_MORE;
	n = run(d, *in);
	*piece = bytes_head(*in, n);
	*in = bytes_skip(*in, n);
	if (!d->bare && memchr(piece->p, 0, n))
		d->bare = true;
	d->size += n;
	d->taken += n;
	return DATA_PIECE;
}
