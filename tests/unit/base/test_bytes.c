/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"
#include "base/bytes.h"
#include "lib/test.h"

static const struct {
	const char *text;
	uint64_t max;
	bool ok;
	uint64_t value;
} numbers[] = {
	{ "0", 0, true, 0 },
	{ "1", 0, false, 0 },
	{ "007", 7, true, 7 },
	{ "4294967295", UINT32_MAX, true, UINT32_MAX },
	{ "4294967296", UINT32_MAX, false, 0 },
	{ "18446744073709551615", UINT64_MAX, true, UINT64_MAX },
	{ "18446744073709551616", UINT64_MAX, false, 0 },
	{ "99999999999999999999999999", UINT64_MAX, false, 0 },
	{ "", UINT64_MAX, false, 0 },
	{ "-1", UINT64_MAX, false, 0 },
	{ "+1", UINT64_MAX, false, 0 },
	{ " 1", UINT64_MAX, false, 0 },
	{ "1 ", UINT64_MAX, false, 0 },
	{ "0x1", UINT64_MAX, false, 0 },
	{ "1:", UINT64_MAX, false, 0 },
	{ "1/", UINT64_MAX, false, 0 },
};

TEST(bytes, u64_edges)
{
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		uint64_t v = 77;

		CHECK_INT(bytes_u64(bytes_str(numbers[i].text), numbers[i].max, &v), numbers[i].ok);
		CHECK_INT(v, numbers[i].ok ? numbers[i].value : 77);
	}
}

TEST(bytes, slices_never_leave)
{
	struct bytes b = BYTES("abcdef");

	CHECK(bytes_eq(bytes_slice(b, 2, 2), BYTES("cd")));
	CHECK(bytes_eq(bytes_slice(b, 4, SIZE_MAX), BYTES("ef")));
	CHECK_INT(bytes_slice(b, SIZE_MAX, SIZE_MAX).n, 0);
	CHECK_INT(bytes_slice(BYTES_NONE, 1, 1).n, 0);
	CHECK(bytes_eq(bytes_head(b, 99), b));
	CHECK_INT(bytes_skip(b, 99).n, 0);
}

TEST(bytes, empty_is_safe_everywhere)
{
	struct bytes none = BYTES_NONE;

	CHECK(bytes_eq(none, BYTES("")));
	CHECK(bytes_ieq(none, BYTES("")));
	CHECK_INT(bytes_cmp(none, none), 0);
	CHECK(bytes_starts(none, none) && bytes_ends(none, none) && bytes_istarts(none, none));
	CHECK_INT(bytes_chr(none, 'a'), 0);
	CHECK_INT(bytes_find(none, none), 0);
	CHECK_INT(bytes_find(none, BYTES("a")), 0);
	CHECK_INT(bytes_trim(none).n, 0);
	CHECK_INT(bytes_cut(&none, ',').n, 0);
	CHECK(bytes_hash(none) == bytes_hash(BYTES("")));
}

TEST(bytes, compares)
{
	CHECK(bytes_cmp(BYTES("a"), BYTES("b")) < 0);
	CHECK(bytes_cmp(BYTES("ab"), BYTES("a")) > 0);
	CHECK(bytes_cmp(BYTES("\xff"), BYTES("a")) > 0);
	CHECK(bytes_ieq(BYTES("InBoX"), BYTES("INBOX")));
	/* Only ASCII letters have a case: '[' and '{' differ by the same bit. */
	CHECK(!bytes_ieq(BYTES("["), BYTES("{")));
	CHECK(bytes_istarts(BYTES("content-TYPE: x"), BYTES("Content-Type:")));
	CHECK(!bytes_istarts(BYTES("co"), BYTES("Content")));
	CHECK(bytes_ends(BYTES("a\r\n"), BYTES("\r\n")));
	CHECK(!bytes_ends(BYTES("\n"), BYTES("\r\n")));
}

static bool is_a(uint8_t c)
{
	return c == 'a';
}

TEST(bytes, finds_and_cuts)
{
	struct bytes list = BYTES("one,two,,four");

	CHECK_INT(bytes_find(BYTES("hay\0needle"), BYTES("\0n")), 3);
	CHECK_INT(bytes_find(BYTES("hay"), BYTES("needle")), 3);
	CHECK_INT(bytes_chr(BYTES("abc"), 'c'), 2);
	for (size_t n = 0; n < 20; n++) {
		uint8_t text[20];

		memset(text, 'a', sizeof(text));
		CHECK_INT(bytes_ascii(bytes_of(text, n)), n);
		text[n] = 0x80;
		CHECK_INT(bytes_ascii(bytes_of(text, sizeof(text))), n);
	}
	CHECK_INT(bytes_span(BYTES("aaab"), is_a), 3);
	CHECK(bytes_eq(bytes_cut(&list, ','), BYTES("one")));
	CHECK(bytes_eq(bytes_cut(&list, ','), BYTES("two")));
	CHECK(bytes_eq(bytes_cut(&list, ','), BYTES("")));
	CHECK(bytes_eq(bytes_cut(&list, ','), BYTES("four")));
	CHECK_INT(list.n, 0);
	CHECK(bytes_eq(bytes_trim(BYTES("\t a b\r\n")), BYTES("a b")));
	CHECK_INT(bytes_trim(BYTES(" \r\n")).n, 0);
}

TEST(bytes, copies_live_in_the_arena)
{
	struct arena mem;

	arena_init(&mem, 0);
	CHECK_STR(bytes_cstr(&mem, BYTES("abc")), "abc");
	CHECK_STR(bytes_cstr(&mem, BYTES_NONE), "");
	CHECK(bytes_eq(bytes_lower(&mem, BYTES("A\xc4Z")), BYTES("a\xc4z")));
	CHECK(bytes_eq(bytes_dup(&mem, BYTES("a\0b")), BYTES("a\0b")));
	arena_release(&mem);
}
