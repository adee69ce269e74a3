/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"

#include <stdio.h>
#include <stdlib.h>

enum { FIRST_CAP = 64 };

void buf_init(struct buf *b, size_t max)
{
	*b = (struct buf){ .max = max };
}

void buf_release(struct buf *b)
{
	free(b->p);
	*b = (struct buf){ .max = b->max };
}

void buf_clear(struct buf *b)
{
	b->start = b->n = 0;
	b->full = false;
}

static void move_to_front(struct buf *b)
{
	if (b->start && b->n)
		memmove(b->p, b->p + b->start, b->n);
	b->start = 0;
}

static void grow(struct buf *b, size_t need)
{
	size_t cap = b->cap ? b->cap : FIRST_CAP;

	while (cap < need)
		cap = cap > SIZE_MAX / 2 ? need : cap * 2;
	if (b->max)
		cap = MIN(cap, b->max);
	move_to_front(b);
	b->p = xrealloc(b->p, cap);
	b->cap = cap;
}

void *buf_room(struct buf *b, size_t n)
{
	size_t need = b->n + n;

	if (need < n || (b->max && need > b->max)) {
		b->full = true;
		return NULL;
	}
	if (need > b->cap)
		grow(b, need);
	else if (b->start > b->cap - need) {
		/* Moving a lot for a little, again and again, would be quadratic. */
		if (b->start < b->n && b->cap < (b->max ? b->max : SIZE_MAX / 2))
			grow(b, b->cap + 1);
		else
			move_to_front(b);
	} else if (!b->p)
		grow(b, 1);
	return b->p + b->start + b->n;
}

void buf_grew(struct buf *b, size_t n)
{
	INVARIANT(n <= b->cap - b->start - b->n);
	b->n += n;
}

bool buf_put(struct buf *b, const void *p, size_t n)
{
	void *room;

	if (n == 0)
		return true;
	room = buf_room(b, n);
	if (!room)
		return false;
	memcpy(room, p, n);
	b->n += n;
	return true;
}

bool buf_put_bytes(struct buf *b, struct bytes v)
{
	return buf_put(b, v.p, v.n);
}

bool buf_puts(struct buf *b, const char *s)
{
	return buf_put_bytes(b, bytes_str(s));
}

bool buf_putc(struct buf *b, uint8_t c)
{
	return buf_put(b, &c, 1);
}

bool buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	bool ok;

	va_start(ap, fmt);
	ok = buf_vprintf(b, fmt, ap);
	va_end(ap);
	return ok;
}

bool buf_vprintf(struct buf *b, const char *fmt, va_list ap)
{
	char small[256];
	va_list again;
	char *big;
	bool ok;
	int n;

	va_copy(again, ap);
	n = vsnprintf(small, sizeof(small), fmt, ap);
	if (n < 0) {
		b->full = true;
		ok = false;
	} else if ((size_t)n < sizeof(small)) {
		ok = buf_put(b, small, (size_t)n);
	} else if (b->max && (size_t)n > b->max - b->n) {
		b->full = true;
		ok = false;
	} else {
		/* vsnprintf wants a place for its NUL, which the cap may not have. */
		big = xmalloc((size_t)n + 1);
		vsnprintf(big, (size_t)n + 1, fmt, again);
		ok = buf_put(b, big, (size_t)n);
		free(big);
	}
	va_end(again);
	return ok;
}

static bool put_be(struct buf *b, uint64_t v, unsigned n)
{
	uint8_t out[8];

	for (unsigned i = 0; i < n; i++)
		out[i] = (uint8_t)(v >> (8 * (n - 1 - i)));
	return buf_put(b, out, n);
}

bool buf_u16be(struct buf *b, uint16_t v)
{
	return put_be(b, v, 2);
}

bool buf_u32be(struct buf *b, uint32_t v)
{
	return put_be(b, v, 4);
}

bool buf_u64be(struct buf *b, uint64_t v)
{
	return put_be(b, v, 8);
}

bool buf_varint(struct buf *b, uint64_t v)
{
	uint8_t out[10];
	size_t n = 0;

	for (; v >= 0x80; v >>= 7)
		out[n++] = (uint8_t)(v | 0x80);
	out[n++] = (uint8_t)v;
	return buf_put(b, out, n);
}

void buf_take(struct buf *b, size_t n)
{
	INVARIANT(n <= b->n);
	b->n -= n;
	b->start = b->n ? b->start + n : 0;
}

void buf_trim(struct buf *b)
{
	if (b->n == 0) {
		free(b->p);
		b->p = NULL;
		b->cap = b->start = 0;
	} else if (b->n < b->cap) {
		move_to_front(b);
		b->p = xrealloc(b->p, b->n);
		b->cap = b->n;
	}
}

static bool get_be(struct bytes *in, unsigned n, uint64_t *v)
{
	uint64_t got = 0;

	if (in->n < n)
		return false;
	for (unsigned i = 0; i < n; i++)
		got = got << 8 | in->p[i];
	*in = bytes_skip(*in, n);
	*v = got;
	return true;
}

bool get_u8(struct bytes *in, uint8_t *v)
{
	uint64_t got;

	if (!get_be(in, 1, &got))
		return false;
	*v = (uint8_t)got;
	return true;
}

bool get_u16be(struct bytes *in, uint16_t *v)
{
	uint64_t got;

	if (!get_be(in, 2, &got))
		return false;
	*v = (uint16_t)got;
	return true;
}

bool get_u32be(struct bytes *in, uint32_t *v)
{
	uint64_t got;

	if (!get_be(in, 4, &got))
		return false;
	*v = (uint32_t)got;
	return true;
}

bool get_u64be(struct bytes *in, uint64_t *v)
{
	return get_be(in, 8, v);
}

bool get_varint(struct bytes *in, uint64_t *v)
{
	uint64_t got = 0;

	for (size_t i = 0; i < in->n && i < 10; i++) {
		uint8_t c = in->p[i];

		if (i == 9 && c > 1)
			return false;
		got |= (uint64_t)(c & 0x7f) << (7 * i);
		if (c < 0x80) {
			*in = bytes_skip(*in, i + 1);
			*v = got;
			return true;
		}
	}
	return false;
}

bool get_bytes(struct bytes *in, size_t n, struct bytes *v)
{
	if (in->n < n)
		return false;
	*v = bytes_head(*in, n);
	*in = bytes_skip(*in, n);
	return true;
}
