/* SPDX-License-Identifier: Apache-2.0 */
#include "base/hash.h"

#include "base/rand.h"

#include <pthread.h>

#define XXH_STATIC_LINKING_ONLY
#include <xxhash.h>

/* Tables are keyed by a whole random secret: whoever sends keys cannot find collisions. */
static uint8_t secret[XXH3_SECRET_DEFAULT_SIZE];
static pthread_once_t secret_once = PTHREAD_ONCE_INIT;

static void make_secret(void)
{
	rand_bytes(secret, sizeof(secret));
}

uint64_t bytes_hash(struct bytes b)
{
	pthread_once(&secret_once, make_secret);
	return XXH3_64bits_withSecret(b.n ? b.p : secret, b.n, secret, sizeof(secret));
}

void bytes_hash_seed(uint64_t seed)
{
	struct prng r;

	pthread_once(&secret_once, make_secret);
	prng_seed(&r, seed);
	for (size_t i = 0; i < sizeof(secret); i += 8)
		memcpy(secret + i, &(uint64_t){ prng_u64(&r) }, 8);
}

uint64_t hash64(struct bytes b, uint64_t seed)
{
	return XXH3_64bits_withSeed(b.n ? (const void *)b.p : "", b.n, seed);
}

static struct hash128 from_xxh(XXH128_hash_t h)
{
	return (struct hash128){ .lo = h.low64, .hi = h.high64 };
}

struct hash128 hash128(struct bytes b)
{
	return from_xxh(XXH3_128bits(b.n ? (const void *)b.p : "", b.n));
}

struct hash128 hash128_2(struct bytes a, struct bytes b)
{
	XXH3_state_t state;

	XXH3_INITSTATE(&state);
	XXH3_128bits_reset(&state);
	if (a.n)
		XXH3_128bits_update(&state, a.p, a.n);
	if (b.n)
		XXH3_128bits_update(&state, b.p, b.n);
	return from_xxh(XXH3_128bits_digest(&state));
}

void hash_set_add(struct hash128 *h, struct hash128 item)
{
	h->lo += item.lo;
	h->hi += item.hi + (h->lo < item.lo);
}

void hash_set_sub(struct hash128 *h, struct hash128 item)
{
	bool borrow = h->lo < item.lo;

	h->lo -= item.lo;
	h->hi -= item.hi + borrow;
}
