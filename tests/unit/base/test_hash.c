/* SPDX-License-Identifier: Apache-2.0 */
#include "base/hash.h"
#include "base/rand.h"
#include "lib/test.h"

/* Stored on disks: these numbers must never change. */
TEST(hash, values_are_pinned)
{
	CHECK(hash64(BYTES(""), 0) == UINT64_C(0x2d06800538d394c2));
	CHECK(hash128(BYTES("")).hi == UINT64_C(0x99aa06d3014798d8));
	CHECK(hash128(BYTES("")).lo == UINT64_C(0x6001c324468d497f));
	CHECK(hash64(BYTES("tern"), 0) != hash64(BYTES("tern"), 1));
}

TEST(hash, two_pieces_are_one_text)
{
	uint8_t text[1000];

	rand_bytes(text, sizeof(text));
	for (size_t cut = 0; cut <= sizeof(text); cut += 37) {
		struct bytes all = bytes_of(text, sizeof(text));

		CHECK(hash128_eq(hash128_2(bytes_head(all, cut), bytes_skip(all, cut)),
				 hash128(all)));
	}
	CHECK(hash128_eq(hash128_2(BYTES_NONE, BYTES_NONE), hash128(BYTES(""))));
}

TEST(hash, a_set_has_no_order)
{
	struct hash128 item[100], forth = { 0, 0 }, back = { 0, 0 };

	for (unsigned i = 0; i < 100; i++)
		item[i] = hash128(bytes_of(&i, sizeof(i)));
	for (unsigned i = 0; i < 100; i++)
		hash_set_add(&forth, item[i]);
	for (unsigned i = 100; i > 0; i--)
		hash_set_add(&back, item[i - 1]);
	CHECK(hash128_eq(forth, back));
	for (unsigned i = 0; i < 100; i += 2)
		hash_set_sub(&forth, item[i]);
	CHECK(!hash128_eq(forth, back));
	for (unsigned i = 1; i < 100; i += 2)
		hash_set_sub(&forth, item[i]);
	CHECK(hash128_eq(forth, (struct hash128){ 0, 0 }));
}

TEST(hash, sums_carry_over_64_bits)
{
	struct hash128 h = { .lo = UINT64_MAX, .hi = UINT64_MAX };

	hash_set_add(&h, (struct hash128){ .lo = 1 });
	CHECK(h.lo == 0 && h.hi == 0);
	hash_set_sub(&h, (struct hash128){ .lo = 1 });
	CHECK(h.lo == UINT64_MAX && h.hi == UINT64_MAX);
}

TEST(rand, a_seed_gives_the_same_numbers)
{
	struct prng a, b;

	prng_seed(&a, 42);
	prng_seed(&b, 42);
	/* The first output of xoshiro256** after splitmix64(42). */
	CHECK(prng_u64(&a) == UINT64_C(0x15780b2e0c2ec716));
	prng_u64(&b);
	for (unsigned i = 0; i < 1000; i++)
		CHECK(prng_u64(&a) == prng_u64(&b));
	prng_seed(&b, 43);
	CHECK(prng_u64(&a) != prng_u64(&b));
}

TEST(rand, below_is_even)
{
	unsigned count[6] = { 0 }, hits = 0;
	struct prng r;

	prng_seed(&r, 1);
	for (unsigned i = 0; i < 60000; i++) {
		count[prng_below(&r, 6)]++;
		hits += prng_chance(&r, 25);
	}
	for (unsigned i = 0; i < 6; i++)
		CHECK(count[i] > 9500 && count[i] < 10500);
	CHECK(hits > 14400 && hits < 15600);
	CHECK_INT(prng_below(&r, 1), 0);
	CHECK(!prng_chance(&r, 0) && prng_chance(&r, 100));
}
