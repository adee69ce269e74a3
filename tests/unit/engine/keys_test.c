/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/keys.h"

#include "base/rand.h"

#include "lib/test.h"

TEST(keys, numbers_are_big_endian)
{
	struct key k;

	key_start(&k, 'm');
	key_u8(&k, 1);
	key_u16(&k, 0x0203);
	key_u32(&k, 0x04050607);
	key_u64(&k, 0x08090a0b0c0d0e0f);
	key_raw(&k, BYTES("xy"));
	CHECK(bytes_eq(key_bytes(&k), BYTES("m\1\2\3\4\5\6\7\x8\x9\xa\xb\xc\xd\xe\xf"
					    "xy")));
}

static int sign(int n)
{
	return (n > 0) - (n < 0);
}

static struct bytes random_text(struct prng *r, uint8_t *room)
{
	size_t n = prng_below(r, 5);

	for (size_t i = 0; i < n; i++)
		room[i] = (uint8_t[]){ 0, 1, 0xfe, 0xff }[prng_below(r, 4)];
	return bytes_of(room, n);
}

static void text_key(struct key *k, struct bytes text, uint8_t after)
{
	key_start(k, 'n');
	key_text(k, text);
	key_u8(k, after);
}

TEST(keys, texts_sort_as_they_do_bare_and_end_somewhere)
{
	struct prng r;

	prng_seed(&r, 3);
	for (int i = 0; i < 100000; i++) {
		uint8_t room[2][8], tail[2] = { (uint8_t)prng_u64(&r), (uint8_t)prng_u64(&r) };
		struct bytes a = random_text(&r, room[0]), b = random_text(&r, room[1]);
		struct key ka, kb;
		int want = bytes_cmp(a, b);

		text_key(&ka, a, tail[0]);
		text_key(&kb, b, tail[1]);
		if (want == 0)
			want = tail[0] - tail[1];
		CHECK_INT(sign(bytes_cmp(key_bytes(&ka), key_bytes(&kb))), sign(want));
	}
}

TEST(keys, texts_come_back)
{
	struct prng r;

	prng_seed(&r, 4);
	for (int i = 0; i < 10000; i++) {
		uint8_t room[8];
		struct bytes a = random_text(&r, room), in;
		struct key k, back;

		text_key(&k, a, 9);
		in = bytes_skip(key_bytes(&k), 1);
		CHECK(key_take_text(&in, &back));
		CHECK(bytes_eq(key_bytes(&back), a));
		CHECK(bytes_eq(in, BYTES("\x09")));
	}
}

TEST(keys, what_is_no_text_is_not_taken)
{
	const struct bytes bad[] = { BYTES(""),          BYTES("a"),  BYTES("a\0"),
				     BYTES("a\0\1\0\0"), BYTES("\0"), BYTES("a\0\xff") };

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct bytes in = bad[i];
		struct key k;

		CHECK(!key_take_text(&in, &k));
	}
}

TEST(keys, end_of_a_prefix)
{
	struct key to;

	key_end_of(&to, BYTES("ab"));
	CHECK(bytes_eq(key_bytes(&to), BYTES("ac")));
	key_end_of(&to, BYTES("a\xff\xff"));
	CHECK(bytes_eq(key_bytes(&to), BYTES("b")));
	key_end_of(&to, BYTES("\xff"));
	CHECK_INT(to.n, 0);
	key_end_of(&to, BYTES_NONE);
	CHECK_INT(to.n, 0);
}
