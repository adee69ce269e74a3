/* SPDX-License-Identifier: Apache-2.0 */
/* codec.h - how record values are built and taken apart; included by the record files only. */
#ifndef TERN_MAILSTORE_CODEC_H
#define TERN_MAILSTORE_CODEC_H

#include "mailstore/record_account.h"

#define RECORD_VERSION 1

struct dec {
	struct bytes in;
};

static inline void enc_start(struct buf *b)
{
	buf_init(b, 0);
	buf_putc(b, RECORD_VERSION);
}

static inline void enc_bytes(struct buf *b, struct bytes v)
{
	buf_varint(b, v.n);
	buf_put_bytes(b, v);
}

static inline void enc_int(struct buf *b, int32_t v) /* zigzag */
{
	buf_varint(b, (uint32_t)v << 1 ^ (uint32_t)(v >> 31));
}

static inline void enc_end(struct buf *b, struct rows *r, const struct key *k)
{
	rows_put(r, key_bytes(k), buf_bytes(b));
	buf_release(b);
}

static inline void dec_start(struct dec *d, struct bytes value)
{
	uint8_t version;

	d->in = value;
	INVARIANT(get_u8(&d->in, &version) && version == RECORD_VERSION);
}

static inline uint64_t dec_u64(struct dec *d)
{
	uint64_t v;

	INVARIANT(get_varint(&d->in, &v));
	return v;
}

static inline uint32_t dec_u32(struct dec *d)
{
	uint64_t v = dec_u64(d);

	INVARIANT(v <= UINT32_MAX);
	return (uint32_t)v;
}

static inline int32_t dec_int(struct dec *d)
{
	uint32_t v = dec_u32(d);

	return (int32_t)(v >> 1 ^ (0u - (v & 1)));
}

static inline struct bytes dec_bytes(struct dec *d)
{
	struct bytes v;

	INVARIANT(get_bytes(&d->in, (size_t)dec_u64(d), &v));
	return v;
}

static inline void dec_end(const struct dec *d)
{
	INVARIANT(d->in.n == 0);
}

#endif
