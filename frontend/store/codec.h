/* SPDX-License-Identifier: Apache-2.0 */
/* codec.h - a chunk of a body as it is stored: [codec byte][bytes].
 *
 * At most CHUNK_RAW bytes before compression, so that any reader inflates into one fixed buffer
 * or knows the chunk to be corrupt. The only home of zstd in the front end beside mime. */
#ifndef TERN_STORE_CODEC_H
#define TERN_STORE_CODEC_H

#include "base/blob.h"
#include "base/err.h"

#define CHUNK_RAW KIB(256)

enum codec { /* stored: never renumbered */
	     CODEC_RAW = 0,
	     CODEC_ZSTD = 1,
	     /* 2: zstd with a dictionary, named by its digest */
};

/* Compresses where that saves at least an eighth. raw.n <= CHUNK_RAW. */
struct blob *codec_pack(struct bytes raw);
/* out holds CHUNK_RAW bytes; exactly raw_len must come out. -ERR_CORRUPT, -ERR_VERSION. */
int codec_unpack(struct bytes stored, size_t raw_len, uint8_t *out) MUST_USE;

#endif
