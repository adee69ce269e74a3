/* SPDX-License-Identifier: Apache-2.0 */
#include "pop3/dots.h"

void pop3_dots_init(struct pop3_dots *d)
{
	*d = (struct pop3_dots){ .crlf = true, .in_header = true, .blank = true };
}

void pop3_dots_limit(struct pop3_dots *d, uint32_t lines)
{
	d->limited = true;
	d->lines = lines;
}

/* Length of the run: up to a line that begins with a dot. */
static size_t whole(struct bytes b)
{
	const uint8_t *p = b.n ? memmem(b.p, b.n, "\n.", 2) : NULL;

	return p ? (size_t)(p - b.p) + 1 : b.n;
}

/* One line or what there is of it; counts it down. */
static size_t one_line(struct pop3_dots *d, struct bytes b)
{
	size_t n = bytes_chr(b, '\n');
	bool ends = n < b.n;

	for (size_t i = 0; i < n && d->blank; i++)
		d->blank = b.p[i] == '\r';
	if (!ends)
		return n;
	if (!d->in_header)
		d->lines--;
	else if (d->blank)
		d->in_header = false;
	d->blank = true;
	d->done = !d->in_header && d->lines == 0;
	return n + 1;
}

static void note_end(struct pop3_dots *d, struct bytes run)
{
	uint8_t last = run.p[run.n - 1];
	bool cr = run.n > 1 ? run.p[run.n - 2] == '\r' : d->cr;

	d->inside = last != '\n';
	d->crlf = last == '\n' && cr;
	d->cr = last == '\r';
}

bool pop3_dots_take(struct pop3_dots *d, struct bytes *in, bool *dot, struct bytes *run)
{
	size_t n;

	if (in->n == 0 || d->done)
		return false;
	*dot = !d->inside && in->p[0] == '.';
	n = d->limited ? one_line(d, *in) : whole(*in);
	*run = bytes_head(*in, n);
	*in = bytes_skip(*in, n);
	note_end(d, *run);
	return true;
}

const char *pop3_dots_end(const struct pop3_dots *d)
{
	return d->crlf ? ".\r\n" : "\r\n.\r\n";
}
