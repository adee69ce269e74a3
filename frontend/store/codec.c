/* SPDX-License-Identifier: Apache-2.0 */
/* codec.c - zstd at level 1 for what gets smaller, raw bytes for what does not. */
#include "store/codec.h"
#include "base/base.h"

#include <zstd.h>

/* Contexts are reused: making one costs page faults. A worker has one thread. */
static ZSTD_CCtx *pack_ctx;
static ZSTD_DCtx *unpack_ctx;

static struct blob *pack_raw(struct bytes raw)
{
	uint8_t *room;
	struct blob *blob = blob_new(raw.n + 1, &room);

	room[0] = CODEC_RAW;
	if (raw.n)
		memcpy(room + 1, raw.p, raw.n);
	return blob;
}

struct blob *codec_pack(struct bytes raw)
{
	static uint8_t scratch[CHUNK_RAW + KIB(4)];
	uint8_t *room;
	struct blob *blob;
	size_t n;

	INVARIANT(raw.n <= CHUNK_RAW);
	if (!pack_ctx)
		pack_ctx = ZSTD_createCCtx();
	n = ZSTD_compressCCtx(pack_ctx, scratch, sizeof(scratch), raw.p, raw.n, 1);
	if (ZSTD_isError(n) || n > raw.n - raw.n / 8)
		return pack_raw(raw);
	blob = blob_new(n + 1, &room);
	room[0] = CODEC_ZSTD;
	memcpy(room + 1, scratch, n);
	return blob;
}

int codec_unpack(struct bytes stored, size_t raw_len, uint8_t *out)
{
	struct bytes in = bytes_skip(stored, 1);
	size_t n;

	if (stored.n == 0 || raw_len > CHUNK_RAW)
		return -ERR_CORRUPT;
	if (stored.p[0] == CODEC_RAW) {
		if (in.n != raw_len)
			return -ERR_CORRUPT;
		if (raw_len)
			memcpy(out, in.p, raw_len);
		return 0;
	}
	if (stored.p[0] != CODEC_ZSTD)
		return -ERR_VERSION;
	if (!unpack_ctx)
		unpack_ctx = ZSTD_createDCtx();
	n = ZSTD_decompressDCtx(unpack_ctx, out, CHUNK_RAW, in.p, in.n);
	return ZSTD_isError(n) || n != raw_len ? -ERR_CORRUPT : 0;
}
