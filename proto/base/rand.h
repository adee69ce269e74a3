/* SPDX-License-Identifier: Apache-2.0 */
/* rand.h - randomness: from the kernel, or from a seed where a test asks for it. */
#ifndef TERN_RAND_H
#define TERN_RAND_H

#include "base/base.h"

void rand_bytes(void *p, size_t n); /* getrandom; failure ends the process */
uint64_t rand_u64(void);

/* A seeded generator for simulation and for jitter (xoshiro256**): never for secrets. */
struct prng {
	uint64_t s[4];
};

void prng_seed(struct prng *r, uint64_t seed);
uint64_t prng_u64(struct prng *r);
uint64_t prng_below(struct prng *r, uint64_t n); /* n > 0 */
bool prng_chance(struct prng *r, unsigned percent);

#endif
