/* SPDX-License-Identifier: Apache-2.0 */
/* hash.h - checksums and hashes; the only home of xxhash. */
#ifndef TERN_HASH_H
#define TERN_HASH_H

#include "base/bytes.h"

struct hash128 {
	uint64_t lo, hi;
};

uint64_t hash64(struct bytes b, uint64_t seed);           /* xxh3-64: stable, may be stored */
struct hash128 hash128(struct bytes b);                   /* xxh3-128: stable, may be stored */
struct hash128 hash128_2(struct bytes a, struct bytes b); /* of both, one after the other */

/* Incremental set hash: H += h(new) - h(old), modulo 2^128; order does not matter. */
void hash_set_add(struct hash128 *h, struct hash128 item);
void hash_set_sub(struct hash128 *h, struct hash128 item);
static inline bool hash128_eq(struct hash128 a, struct hash128 b)
{
	return a.lo == b.lo && a.hi == b.hi;
}

#endif
