/* SPDX-License-Identifier: Apache-2.0 */
#include "base/map.h"
#include "base/rand.h"
#include "lib/test.h"

#include <stdio.h>
#include <stdlib.h>

enum { MANY = 100000 };

static void *value(uintptr_t v)
{
	return (void *)(v + 1);
}

/* Some keys fit in a slot, some do not. */
static struct bytes key(char out[64], unsigned i)
{
	int n = snprintf(out, 64, i % 2 ? "%u" : "%u-and-something-that-does-not-fit", i);

	return bytes_of(out, (size_t)n);
}

TEST(map, a_hundred_thousand_with_deletes)
{
	struct map m;
	char text[64];

	map_init(&m);
	for (unsigned i = 0; i < MANY; i++)
		CHECK(!map_put(&m, key(text, i), value(i)));
	CHECK_INT(m.n, MANY);
	for (unsigned i = 0; i < MANY; i += 3)
		CHECK(map_del(&m, key(text, i)) == value(i));
	for (unsigned i = 0; i < MANY; i++)
		CHECK(map_get(&m, key(text, i)) == (i % 3 ? value(i) : NULL));
	for (unsigned i = 0; i < MANY; i += 3)
		CHECK(!map_put(&m, key(text, i), value(i + 1)));
	CHECK(map_put(&m, key(text, 3), value(9)) == value(4));
	CHECK_INT(m.n, MANY);
	map_release(&m);
	CHECK_INT(m.n, 0);
}

TEST(map, agrees_with_an_array)
{
	static void *mirror[512];
	struct prng r;
	struct map m;

	map_init(&m);
	memset(mirror, 0, sizeof(mirror));
	prng_seed(&r, 1);
	for (unsigned i = 0; i < 200000; i++) {
		uint32_t k = (uint32_t)prng_below(&r, 512);

		if (prng_chance(&r, 50)) {
			CHECK(map_put(&m, MAP_KEY(k), value(i)) == mirror[k]);
			mirror[k] = value(i);
		} else {
			CHECK(map_del(&m, MAP_KEY(k)) == mirror[k]);
			mirror[k] = NULL;
		}
		CHECK(m.cap <= 4096);
	}
	for (uint32_t k = 0; k < 512; k++)
		CHECK(map_get(&m, MAP_KEY(k)) == mirror[k]);
	map_release(&m);
}

TEST(map, entries_may_go_while_it_is_walked)
{
	size_t pos = 0, seen = 0;
	struct bytes k;
	char text[64];
	struct map m;
	void *v;

	map_init(&m);
	for (unsigned i = 0; i < 1000; i++)
		CHECK(!map_put(&m, key(text, i), value(i)));
	while (map_next(&m, &pos, &k, &v)) {
		CHECK(map_get(&m, k) == v);
		CHECK(map_del(&m, k) == v);
		seen++;
	}
	CHECK_INT(seen, 1000);
	CHECK_INT(m.n, 0);
	map_release(&m);
}

TEST(map, churn_does_not_grow_it)
{
	struct map m;

	map_init(&m);
	for (uint64_t i = 0; i < 300000; i++) {
		CHECK(!map_put(&m, MAP_KEY(i), value(i)));
		if (i >= 100) {
			uint64_t old = i - 100;

			CHECK(map_del(&m, MAP_KEY(old)) == value(old));
		}
	}
	CHECK(m.cap <= 512);
	map_release(&m);
}

TEST(map, the_empty_key_is_a_key)
{
	struct map m;

	map_init(&m);
	CHECK(!map_get(&m, BYTES("")));
	CHECK(!map_del(&m, BYTES("")));
	CHECK(!map_put(&m, BYTES(""), value(1)));
	CHECK(map_get(&m, BYTES_NONE) == value(1));
	map_release(&m);
}

TEST(map, a_seed_makes_the_hash_repeatable)
{
	uint64_t first, other;

	bytes_hash_seed(5);
	first = bytes_hash(BYTES("key"));
	bytes_hash_seed(6);
	other = bytes_hash(BYTES("key"));
	bytes_hash_seed(5);
	CHECK(first != other);
	CHECK(bytes_hash(BYTES("key")) == first);
	bytes_hash_seed(rand_u64());
}
