/* SPDX-License-Identifier: Apache-2.0 */
/* buf.h - struct buf: bytes that grow, with a hard cap.
 *
 * Invariants: n <= cap <= max (max 0: no cap). A put that would pass the cap stores nothing,
 * sets `full` and returns false; `full` stays until buf_clear, so a builder may check it once
 * at its end. Readers consume from the front with buf_take; the memory is moved lazily. */
#ifndef TERN_BUF_H
#define TERN_BUF_H

#include "base/bytes.h"

#include <stdarg.h>

struct buf {
	uint8_t *p;   /* allocation */
	size_t start; /* consumed so far */
	size_t n;     /* bytes in use, from start */
	size_t cap;
	size_t max;
	bool full;
};

void buf_init(struct buf *b, size_t max); /* allocates nothing */
void buf_release(struct buf *b);          /* frees; usable again after buf_init */
void buf_clear(struct buf *b);            /* empties, keeps the memory */

static inline struct bytes buf_bytes(const struct buf *b)
{
	return bytes_of(b->p ? b->p + b->start : NULL, b->n);
}

bool buf_put(struct buf *b, const void *p, size_t n);
bool buf_put_bytes(struct buf *b, struct bytes v);
bool buf_puts(struct buf *b, const char *s);
bool buf_putc(struct buf *b, uint8_t c);
bool buf_printf(struct buf *b, const char *fmt, ...) PRINTF(2, 3);
bool buf_vprintf(struct buf *b, const char *fmt, va_list ap) PRINTF(2, 0);
bool buf_u16be(struct buf *b, uint16_t v);
bool buf_u32be(struct buf *b, uint32_t v);
bool buf_u64be(struct buf *b, uint64_t v);
bool buf_varint(struct buf *b, uint64_t v); /* LEB128, as protobuf */

/* Room for at least n more bytes at the returned place (NULL past the cap); then buf_grew. */
void *buf_room(struct buf *b, size_t n);
void buf_grew(struct buf *b, size_t n);

void buf_take(struct buf *b, size_t n); /* drop n bytes from the front */
void buf_trim(struct buf *b);           /* give unused memory back */

/* Reading back what the u*be and varint functions wrote: take off *in, false if short or bad. */
bool get_u8(struct bytes *in, uint8_t *v) MUST_USE;
bool get_u16be(struct bytes *in, uint16_t *v) MUST_USE;
bool get_u32be(struct bytes *in, uint32_t *v) MUST_USE;
bool get_u64be(struct bytes *in, uint64_t *v) MUST_USE;
bool get_varint(struct bytes *in, uint64_t *v) MUST_USE;
bool get_bytes(struct bytes *in, size_t n, struct bytes *v) MUST_USE;

#endif
