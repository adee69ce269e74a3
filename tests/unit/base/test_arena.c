/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"
#include "dies.h"
#include "lib/test.h"

static bool zero(const uint8_t *p, size_t n)
{
	while (n && *p == 0)
		p++, n--;
	return n == 0;
}

TEST(arena, memory_is_zeroed_aligned_and_apart)
{
	uint8_t *last = NULL;
	struct arena a;

	arena_init(&a, 0);
	for (size_t n = 0; n < 3000; n += 7) {
		uint8_t *p = arena_alloc(&a, n);

		CHECK_INT((uintptr_t)p % 16, 0);
		CHECK(zero(p, n));
		memset(p, 0xee, n);
		CHECK(p != last);
		last = p;
	}
	arena_clear(&a);
	CHECK(zero(arena_alloc(&a, 4000), 4000));
	arena_release(&a);
}

TEST(arena, the_limit_is_exact)
{
	struct arena a;

	arena_init(&a, 1024);
	CHECK(arena_try(&a, 1000));
	CHECK(arena_try(&a, 16));
	CHECK(!arena_try(&a, 1));
	arena_clear(&a);
	CHECK_INT(a.max, 1024);
	CHECK(arena_try(&a, 1024));
	CHECK(!arena_try(&a, 0));
	arena_clear(&a);
	CHECK(!arena_try(&a, 1025));
	CHECK(!arena_try(&a, SIZE_MAX));
	CHECK(!arena_try(&a, SIZE_MAX - 8));
	arena_release(&a);
}

static void pass_the_limit(void)
{
	struct arena a;

	arena_init(&a, 64);
	(void)!arena_alloc(&a, 65);
}

TEST(arena, passing_the_limit_is_a_bug)
{
	CHECK(aborts(pass_the_limit));
}

TEST(arena, big_ones_between_small_ones)
{
	struct arena a;
	char *s;

	arena_init(&a, 0);
	for (unsigned i = 0; i < 50; i++) {
		uint8_t *small = arena_alloc(&a, 24);
		uint8_t *big = arena_alloc(&a, 100000);

		memset(big, 1, 100000);
		CHECK(zero(small, 24));
	}
	s = arena_printf(&a, "%d-%s", 7, "x");
	CHECK_STR(s, "7-x");
	arena_release(&a);
	CHECK_INT(a.used, 0);
}
