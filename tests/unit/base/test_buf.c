/* SPDX-License-Identifier: Apache-2.0 */
#include "base/blob.h"
#include "base/buf.h"
#include "dies.h"
#include "lib/test.h"

TEST(buf, cap_stores_nothing_and_stays_full)
{
	struct buf b;

	buf_init(&b, 10);
	CHECK(buf_puts(&b, "12345678"));
	CHECK(!buf_puts(&b, "abc"));
	CHECK(b.full);
	CHECK(bytes_eq(buf_bytes(&b), BYTES("12345678")));
	CHECK(buf_puts(&b, "9"));
	CHECK(b.full);
	CHECK(!buf_printf(&b, "%s", "too long"));
	CHECK(bytes_eq(buf_bytes(&b), BYTES("123456789")));
	CHECK(buf_printf(&b, "%c", '0'));
	CHECK(b.cap <= 10);
	buf_clear(&b);
	CHECK(!b.full && b.n == 0);
	CHECK(!buf_room(&b, SIZE_MAX) && b.full);
	buf_release(&b);
	CHECK(buf_puts(&b, "after release"[0] ? "x" : ""));
	buf_release(&b);
}

TEST(buf, long_printf)
{
	char big[1000];
	struct buf b;

	memset(big, 'x', sizeof(big) - 1);
	big[999] = '\0';
	buf_init(&b, 1001);
	CHECK(buf_printf(&b, "<%s>", big));
	CHECK_INT(b.n, 1001);
	CHECK(bytes_ends(buf_bytes(&b), BYTES("x>")));
	CHECK(!buf_printf(&b, "%s", big));
	buf_release(&b);
}

TEST(buf, takes_from_the_front_keep_the_order)
{
	struct buf b;
	unsigned put = 0, got = 0;

	buf_init(&b, 4096);
	for (unsigned i = 0; i < 20000; i++) {
		CHECK(buf_u32be(&b, put++));
		if (i % 3) {
			struct bytes in = buf_bytes(&b);
			uint32_t v;

			CHECK(get_u32be(&in, &v));
			CHECK_INT(v, got++);
			buf_take(&b, 4);
		}
		while (b.n > 2000) {
			buf_take(&b, 4);
			got++;
		}
		CHECK(b.start + b.n <= b.cap && b.cap <= 4096);
	}
	buf_trim(&b);
	CHECK_INT(b.cap, b.n);
	buf_take(&b, b.n);
	buf_trim(&b);
	CHECK(!b.p && b.cap == 0);
	CHECK(buf_putc(&b, 'a'));
	buf_release(&b);
}

TEST(buf, a_full_one_has_room_again_after_a_take)
{
	struct buf b;

	buf_init(&b, 64);
	for (int i = 0; i < 64; i++)
		CHECK(buf_putc(&b, (uint8_t)i));
	CHECK(!buf_putc(&b, 0));
	buf_take(&b, 1);
	CHECK(buf_putc(&b, 64));
	for (int i = 0; i < 64; i++)
		CHECK_INT(buf_bytes(&b).p[i], i + 1);
	buf_release(&b);
}

static void take_too_much(void)
{
	struct buf b;

	buf_init(&b, 0);
	buf_puts(&b, "ab");
	buf_take(&b, 3);
}

TEST(buf, taking_too_much_is_a_bug)
{
	CHECK(aborts(take_too_much));
}

static const uint64_t varints[] = { 0, 1, 127, 128, 16383, 16384, UINT32_MAX, UINT64_MAX };

TEST(buf, numbers_come_back)
{
	struct bytes in, at;
	struct buf b;
	uint64_t v64;
	uint16_t v16;

	buf_init(&b, 0);
	for (size_t i = 0; i < ARRAY_LEN(varints); i++)
		buf_varint(&b, varints[i]);
	buf_u16be(&b, 0xabcd);
	buf_u64be(&b, UINT64_C(0x0102030405060708));
	in = buf_bytes(&b);
	for (size_t i = 0; i < ARRAY_LEN(varints); i++) {
		CHECK(get_varint(&in, &v64));
		CHECK(v64 == varints[i]);
	}
	CHECK(get_u16be(&in, &v16) && v16 == 0xabcd);
	at = in;
	CHECK(!get_bytes(&in, 9, &at));
	CHECK(get_u64be(&in, &v64) && v64 == UINT64_C(0x0102030405060708));
	CHECK(!get_u16be(&in, &v16) && in.n == 0);
	buf_release(&b);
}

TEST(buf, bad_varints_take_nothing)
{
	static const struct bytes bad[] = {
		BYTES(""),
		BYTES("\x80"),
		BYTES("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"),
		BYTES("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01"),
	};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct bytes in = bad[i];
		uint64_t v;

		CHECK(!get_varint(&in, &v));
		CHECK_INT(in.n, bad[i].n);
	}
}

static unsigned released;

static void count_release(struct blob *blob)
{
	released += *(unsigned *)blob->owner;
}

TEST(blob, the_last_reference_releases)
{
	unsigned weight = 7;
	struct blob own = { .refs = 1, .release = count_release, .owner = &weight };
	struct blob *a = &own, *b = blob_ref(a);
	struct blob *copy = blob_copy(BYTES("text")), *none = NULL;

	blob_unref(&a);
	CHECK(!a && released == 0);
	blob_unref(&b);
	CHECK_INT(released, 7);
	CHECK(bytes_eq(copy->b, BYTES("text")));
	blob_unref(&copy);
	blob_unref(&none);
}
