/* SPDX-License-Identifier: Apache-2.0 */
#include "imap/mutf7.h"

#include "imap/utf8.h"

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

/* RFC 3501, 5.1.3: printable US-ASCII stands for itself, all but '&'. */
static bool is_plain(uint32_t c)
{
	return c >= 0x20 && c <= 0x7e;
}

/* ---- encoding ------------------------------------------------------------------------------- */

struct encoder {
	struct buf *out;
	bool shifted;
	uint32_t bits;
	unsigned n; /* bits held, fewer than 6 */
};

static void put_unit(struct encoder *e, uint32_t unit)
{
	if (!e->shifted)
		buf_putc(e->out, '&');
	e->shifted = true;
	e->bits = e->bits << 16 | unit;
	for (e->n += 16; e->n >= 6; e->n -= 6)
		buf_putc(e->out, (uint8_t)digits[e->bits >> (e->n - 6) & 63]);
}

static void unshift(struct encoder *e)
{
	if (!e->shifted)
		return;
	if (e->n)
		buf_putc(e->out, (uint8_t)digits[e->bits << (6 - e->n) & 63]);
	buf_putc(e->out, '-');
	*e = (struct encoder){ .out = e->out };
}

void mutf7_encode(struct bytes utf8, struct buf *out)
{
	struct encoder e = { .out = out };

	while (utf8.n) {
		uint32_t c = utf8_take(&utf8);

		if (is_plain(c)) {
			unshift(&e);
			buf_putc(out, (uint8_t)c);
			if (c == '&')
				buf_putc(out, '-');
		} else if (c >= 0x10000) {
			put_unit(&e, 0xd800 + ((c - 0x10000) >> 10));
			put_unit(&e, 0xdc00 + ((c - 0x10000) & 0x3ff));
		} else {
			put_unit(&e, c);
		}
	}
	unshift(&e);
}

/* ---- decoding ------------------------------------------------------------------------------- */

struct decoder {
	struct buf *out;
	uint32_t bits, high; /* high: the first of a surrogate pair */
	unsigned n;
	bool bad;
};

static void take_unit(struct decoder *d, uint32_t unit)
{
	bool low = unit >= 0xdc00 && unit < 0xe000;

	if (unit == 0 || low != (d->high != 0)) {
		d->bad = true;
	} else if (low) {
		utf8_put(d->out, 0x10000 + ((d->high - 0xd800) << 10) + (unit - 0xdc00));
		d->high = 0;
	} else if (unit >= 0xd800 && unit < 0xdc00) {
		d->high = unit;
	} else {
		utf8_put(d->out, unit);
	}
}

static void take_digit(struct decoder *d, uint8_t c)
{
	const char *at = c ? strchr(digits, c) : NULL;

	if (!at) {
		d->bad = true;
		return;
	}
	d->bits = d->bits << 6 | (uint32_t)(at - digits);
	d->n += 6;
	if (d->n < 16)
		return;
	d->n -= 16;
	take_unit(d, d->bits >> d->n & 0xffff);
}

/* What stands between '&' and '-'. */
static bool decode_shift(struct bytes in, struct buf *out)
{
	struct decoder d = { .out = out };

	for (size_t i = 0; i < in.n && !d.bad; i++)
		take_digit(&d, in.p[i]);
	return !d.bad && !d.high;
}

static bool decode_loosely(struct bytes in, struct buf *out)
{
	while (in.n) {
		size_t end;

		if (!is_plain(in.p[0]))
			return false;
		if (in.p[0] != '&') {
			buf_putc(out, in.p[0]);
			in = bytes_skip(in, 1);
			continue;
		}
		end = bytes_chr(in, '-');
		if (end == in.n)
			return false;
		if (end == 1)
			buf_putc(out, '&');
		else if (!decode_shift(bytes_slice(in, 1, end - 1), out))
			return false;
		in = bytes_skip(in, end + 1);
	}
	return true;
}

bool mutf7_decode(struct bytes in, struct buf *out)
{
	struct buf again;
	bool same;

	if (!decode_loosely(in, out))
		return false;
	buf_init(&again, 0);
	mutf7_encode(buf_bytes(out), &again);
	same = bytes_eq(in, buf_bytes(&again));
	buf_release(&again);
	return same;
}
