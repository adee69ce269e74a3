/* SPDX-License-Identifier: Apache-2.0 */
#include "model/uidset.h"

#include "base/rand.h"

#include "lib/test.h"

#include <stdlib.h>

static void check_prints(const struct uidset *s, const char *want)
{
	struct buf out;

	buf_init(&out, 0);
	uidset_print(s, &out);
	buf_putc(&out, 0);
	CHECK_STR((const char *)buf_bytes(&out).p, want);
	buf_release(&out);
}

static const struct parse_case {
	const char *text;
	uint32_t star;
	const char *want; /* NULL: malformed */
} parse_cases[] = {
	{ "1", 9, "1" },
	{ "1:3,4:5", 9, "1:5" },
	{ "5:1", 9, "1:5" },
	{ "3,1,2", 9, "1:3" },
	{ "9:*", 9, "9" },
	{ "12:*", 9, "9:12" },
	{ "*:12", 9, "9:12" },
	{ "*", 9, "9" },
	{ "*:*", 9, "9" },
	{ "*", 0, "" },
	{ "1:*", 0, "1" },
	{ "7,7,7", 9, "7" },
	{ "1:4294967295", 9, "1:4294967295" },
	{ "4294967295,4294967294", 9, "4294967294:4294967295" },
	{ "*:4294967295", 9, "9:4294967295" },
	{ "2:4,1:9,3", 9, "1:9" },
	{ "", 9, NULL },
	{ ",", 9, NULL },
	{ "1,", 9, NULL },
	{ ",1", 9, NULL },
	{ "1,,2", 9, NULL },
	{ "0", 9, NULL },
	{ "0:1", 9, NULL },
	{ "1:0", 9, NULL },
	{ "01", 9, NULL },
	{ "4294967296", 9, NULL },
	{ "99999999999999999999999", 9, NULL },
	{ "1:", 9, NULL },
	{ ":1", 9, NULL },
	{ "1:2:3", 9, NULL },
	{ "-1", 9, NULL },
	{ "1 ", 9, NULL },
	{ "$", 9, NULL },
	{ "**", 9, NULL },
	{ "1*", 9, NULL },
};

TEST(uidset, parses_and_prints)
{
	struct uidset s;

	uidset_init(&s);
	for (size_t i = 0; i < ARRAY_LEN(parse_cases); i++) {
		const struct parse_case *c = &parse_cases[i];
		bool ok = uidset_parse(&s, bytes_str(c->text), c->star, 100);

		if (ok != (c->want != NULL))
			print_error("case \"%s\"\n", c->text);
		CHECK_INT(ok, c->want != NULL);
		check_prints(&s, c->want ? c->want : "");
	}
	CHECK(!uidset_parse(&s, BYTES("1,3,5"), 9, 2));
	CHECK(uidset_parse(&s, BYTES("1,3"), 9, 2));
	uidset_release(&s);
}

/* reliability-security.md, I5. */
TEST(uidset, many_ranges_merge_in_linear_time)
{
	struct uidset s;
	struct buf text;

	buf_init(&text, 0);
	for (unsigned i = 0; i < 10000; i++)
		buf_printf(&text, "%s*:4294967295,%u,1:*", i ? "," : "", 2000000000u - i * 3);
	uidset_init(&s);
	CHECK(uidset_parse(&s, buf_bytes(&text), 7, 30000));
	check_prints(&s, "1:4294967295");
	buf_release(&text);
	uidset_release(&s);
}

/* Every operation against a plain array of bits. */
TEST(uidset, agrees_with_a_bitmap)
{
	enum { N = 64 };
	bool has[N + 1] = { false };
	struct uidset s;
	struct prng r;

	uidset_init(&s);
	prng_seed(&r, 7);
	for (int step = 0; step < 20000; step++) {
		uint32_t a = 1 + (uint32_t)prng_below(&r, N), b = 1 + (uint32_t)prng_below(&r, N);
		bool add = prng_chance(&r, 50);
		uint64_t count = 0;

		if (prng_chance(&r, 50))
			b = MIN(a + 2, N);
		for (uint32_t u = MIN(a, b); u <= MAX(a, b); u++)
			has[u] = add;
		if (add)
			uidset_add(&s, a, b);
		else
			uidset_remove(&s, a, b);
		for (uint32_t u = 1; u <= N; u++) {
			CHECK(uidset_has(&s, u) == has[u]);
			count += has[u];
		}
		CHECK_INT(uidset_count(&s), count);
		for (size_t i = 0; i < s.n; i++) {
			CHECK(s.v[i].from <= s.v[i].to);
			CHECK(i == 0 || s.v[i].from > s.v[i - 1].to + 1);
		}
	}
	uidset_release(&s);
}

TEST(uidset, intersects)
{
	struct uidset a, b;

	uidset_init(&a);
	uidset_init(&b);
	CHECK(uidset_parse(&a, BYTES("1:10,20,30:40"), 0, 9));
	CHECK(uidset_parse(&b, BYTES("5:20,35:50"), 0, 9));
	uidset_intersect(&a, &b);
	check_prints(&a, "5:10,20,35:40");
	uidset_clear(&b);
	uidset_intersect(&a, &b);
	check_prints(&a, "");
	CHECK_INT(uidset_min(&a), 0);
	CHECK_INT(uidset_max(&a), 0);
	uidset_release(&a);
	uidset_release(&b);
}

TEST(uidset, ranges_and_iteration)
{
	static const uint32_t bad[][2] = { { 0, 1 }, { 2, 1 } };
	static const uint32_t overlap[] = { 1, 3, 3, 4 }, touch[] = { 1, 3, 4, 4 };
	struct uidset s;
	struct uidset_iter it;
	struct arena mem;
	uint32_t uid, seen = 0, *v;
	size_t n;

	arena_init(&mem, 0);
	uidset_init(&s);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		CHECK(!uidset_from_ranges(&s, bad[i], 2));
	CHECK(!uidset_from_ranges(&s, touch, 3));
	CHECK(!uidset_from_ranges(&s, overlap, 4));
	CHECK(uidset_from_ranges(&s, touch, 4));
	check_prints(&s, "1:4");
	uidset_add(&s, UINT32_MAX, UINT32_MAX);
	v = uidset_to_ranges(&s, &mem, &n);
	CHECK_INT(n, 4);
	CHECK_INT(v[2], UINT32_MAX);
	uidset_iter_init(&it, &s);
	while (uidset_next(&it, &uid))
		seen++;
	CHECK_INT(seen, 5);
	CHECK_INT(uid, UINT32_MAX);
	uidset_release(&s);
	arena_release(&mem);
}
