/* SPDX-License-Identifier: Apache-2.0 */
#include "smtp/fields.h"

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

static void count(struct smtp_fields *f)
{
	static const char *const names[] = { "received", "date", "message-id", "from" };
	unsigned *counts[] = { &f->received, &f->date, &f->message_id, &f->from };
	size_t n = f->n;

	/* RFC 5322, 4.5.8: blanks before the colon. */
	while (n && is_blank(f->name[n - 1]))
		n--;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (bytes_ieq(bytes_of(f->name, n), bytes_str(names[i])))
			++*counts[i];
}

/* One octet of a line whose name is not known yet. */
static void name(struct smtp_fields *f, uint8_t c)
{
	if (c == ':') {
		count(f);
		f->skip = true;
	} else if ((f->n == 0 && is_blank(c)) || f->n == sizeof(f->name)) {
		f->skip = true; /* a folded line, or no field that we count */
	} else {
		f->name[f->n++] = c;
	}
}

size_t smtp_fields_scan(struct smtp_fields *f, struct bytes piece)
{
	const uint8_t *p = piece.p, *end = piece.p + piece.n;

	while (p < end && !f->over) {
		if (f->skip) {
			const uint8_t *lf = memchr(p, '\n', (size_t)(end - p));

			if (!lf)
				break;
			f->skip = false;
			f->n = 0;
			p = lf + 1;
		} else if (f->n == 0 && *p == '\r') {
			f->over = true;
			return (size_t)(p - piece.p);
		} else if (*p == '\n') {
			f->n = 0;
			p++;
		} else {
			name(f, *p++);
		}
	}
	return piece.n;
}
