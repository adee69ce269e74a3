/* SPDX-License-Identifier: Apache-2.0 */
/* keys.h - building and taking apart ordered keys, on the stack.
 *
 *	struct key k;
 *
 *	key_start(&k, ROW_MAILBOX);
 *	key_u64(&k, account);
 *	key_text(&k, name);
 *	rows_get(r, key_bytes(&k), &value);
 *
 * Numbers are big-endian, so that keys sort as their fields do. A text of any length inside a
 * key is escaped and ended (00 -> 00 FF, end 00 00): it sorts as the bare text does, and what
 * follows it cannot be mistaken for a part of it. A key past KEY_MAX is a BUG: whatever a
 * client may size has a smaller cap of its own (a text: KEY_TEXT_MAX, without NUL bytes). */
#ifndef TERN_ENGINE_KEYS_H
#define TERN_ENGINE_KEYS_H

#include "base/bytes.h"

#define KEY_MAX 1200
#define KEY_TEXT_MAX 1100

struct key {
	size_t n;
	uint8_t p[KEY_MAX];
};

static inline void key_clear(struct key *k)
{
	k->n = 0;
}

static inline struct bytes key_bytes(const struct key *k)
{
	return bytes_of(k->p, k->n);
}

static inline void key_raw(struct key *k, struct bytes b) /* as it is: last, or of fixed length */
{
	INVARIANT(b.n <= KEY_MAX - k->n);
	if (b.n)
		memcpy(k->p + k->n, b.p, b.n);
	k->n += b.n;
}

static inline void key_number(struct key *k, uint64_t v, size_t width)
{
	INVARIANT(width <= KEY_MAX - k->n);
	for (size_t i = width; i-- > 0; v >>= 8)
		k->p[k->n + i] = (uint8_t)v;
	k->n += width;
}

static inline void key_u8(struct key *k, uint8_t v)
{
	key_number(k, v, 1);
}

static inline void key_u16(struct key *k, uint16_t v)
{
	key_number(k, v, 2);
}

static inline void key_u32(struct key *k, uint32_t v)
{
	key_number(k, v, 4);
}

static inline void key_u64(struct key *k, uint64_t v)
{
	key_number(k, v, 8);
}

static inline void key_text(struct key *k, struct bytes text)
{
	for (size_t i = 0; i < text.n; i++) {
		key_u8(k, text.p[i]);
		if (text.p[i] == 0)
			key_u8(k, 0xff);
	}
	key_u16(k, 0);
}

/* A key of one byte, usually the kind of row. */
static inline void key_start(struct key *k, uint8_t kind)
{
	k->n = 1;
	k->p[0] = kind;
}

/* The least key above all that start with `prefix` (for `to` of a range); *to is empty, that
 * is without bound, when there is none. */
static inline void key_end_of(struct key *to, struct bytes prefix)
{
	while (prefix.n && prefix.p[prefix.n - 1] == 0xff)
		prefix.n--;
	key_clear(to);
	key_raw(to, prefix);
	if (to->n)
		to->p[to->n - 1]++;
}

/* Takes a text that key_text wrote off *in; false if it is not one. Numbers: get_u32be &c. of
 * base/buf.h. */
static inline bool key_take_text(struct bytes *in, struct key *text)
{
	size_t i = 0;

	key_clear(text);
	while (i + 1 < in->n) {
		uint8_t c = in->p[i++];

		if (c == 0 && in->p[i] == 0) {
			*in = bytes_skip(*in, i + 1);
			return true;
		}
		if ((c == 0 && in->p[i++] != 0xff) || text->n == KEY_MAX)
			return false;
		text->p[text->n++] = c;
	}
	return false;
}

#endif
