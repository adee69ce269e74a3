/* SPDX-License-Identifier: Apache-2.0 */
#include "base/rand.h"

/* splitmix64 */
void prng_seed(struct prng *r, uint64_t seed)
{
	for (unsigned i = 0; i < 4; i++) {
		uint64_t z = seed += 0x9e3779b97f4a7c15;

		z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
		z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
		r->s[i] = z ^ (z >> 31);
	}
}

static uint64_t rotl(uint64_t v, unsigned n)
{
	return v << n | v >> (64 - n);
}

/* xoshiro256** */
uint64_t prng_u64(struct prng *r)
{
	uint64_t *s = r->s;
	uint64_t result = rotl(s[1] * 5, 7) * 9;
	uint64_t t = s[1] << 17;

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = rotl(s[3], 45);
	return result;
}

uint64_t prng_below(struct prng *r, uint64_t n)
{
	uint64_t v, rest;

	INVARIANT(n > 0);
	rest = -n % n; /* 2^64 mod n: below it the low numbers would come up more often */
	do
		v = prng_u64(r);
	while (v < rest);
	return v % n;
}

bool prng_chance(struct prng *r, unsigned percent)
{
	return prng_below(r, 100) < percent;
}
