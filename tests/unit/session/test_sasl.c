/* SPDX-License-Identifier: Apache-2.0 */
#include "session/session.h"

#include "lib/test.h"

#include <openssl/evp.h>
#include <stdlib.h>

#define TEXT(s)                                     \
	{                                           \
		(const uint8_t *)(s), sizeof(s) - 1 \
	}

static struct bytes encode(struct arena *mem, struct bytes plain)
{
	uint8_t *p = arena_alloc(mem, (plain.n + 2) / 3 * 4 + 1);

	return bytes_of(p, (size_t)EVP_EncodeBlock(p, plain.p, (int)plain.n));
}

TEST(sasl, plain_table)
{
	static const struct {
		struct bytes in;
		bool good;
		const char *authzid, *user, *password;
	} cases[] = {
		{ TEXT("\0u\0p"), true, "", "u", "p" },
		{ TEXT("z\0u\0p"), true, "z", "u", "p" },
		{ TEXT("\0ann@example.org\0a b\tc"), true, "", "ann@example.org", "a b\tc" },
		{ TEXT("\0\xc3\xa4\0\xe2\x82\xac"), true, "", "\xc3\xa4", "\xe2\x82\xac" },
		{ TEXT("u\0p"), false },
		{ TEXT("\0u"), false },
		{ TEXT("\0\0"), false },
		{ TEXT("\0u\0p\0x"), false },
		{ TEXT("\0u\0p\0"), false },
		{ TEXT("\0u\0"), false },
		{ TEXT("\0\0p"), false },
		{ TEXT("u"), false },
		{ TEXT(""), false },
		{ TEXT("\0u\xff\0p"), false },            /* no UTF-8 */
		{ TEXT("\0u\xc0\xaf\0p"), false },        /* overlong */
		{ TEXT("\0u\xed\xa0\x80\0p"), false },    /* half a surrogate */
		{ TEXT("\0u\0\xf4\x90\x80\x80"), false }, /* beyond Unicode */
		{ TEXT("\0u\0\xc3"), false },             /* cut off */
	};
	struct bytes authzid, user, password;
	struct arena mem;

	arena_init(&mem, 0);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int ret = sasl_plain(encode(&mem, cases[i].in), &mem, &authzid, &user, &password,
				     NULL);

		CHECK_INT(ret, cases[i].good ? 0 : -ERR_INVALID);
		if (!cases[i].good)
			continue;
		CHECK(bytes_eq(authzid, bytes_str(cases[i].authzid)));
		CHECK(bytes_eq(user, bytes_str(cases[i].user)));
		CHECK(bytes_eq(password, bytes_str(cases[i].password)));
	}
	arena_release(&mem);
}

static int plain_of(size_t user_n, size_t password_n)
{
	struct bytes a, u, p;
	struct buf b;
	struct arena mem;
	int ret;

	arena_init(&mem, 0);
	buf_init(&b, 0);
	buf_putc(&b, 0);
	for (size_t i = 0; i < user_n; i++)
		buf_putc(&b, 'u');
	buf_putc(&b, 0);
	for (size_t i = 0; i < password_n; i++)
		buf_putc(&b, 'p');
	ret = sasl_plain(encode(&mem, buf_bytes(&b)), &mem, &a, &u, &p, NULL);
	buf_release(&b);
	arena_release(&mem);
	return ret;
}

TEST(sasl, sizes)
{
	CHECK_INT(plain_of(255, 1000), 0);
	CHECK_INT(plain_of(256, 1), -ERR_INVALID);
	CHECK_INT(plain_of(1, 1001), -ERR_INVALID);
	CHECK_INT(plain_of(1, 48000), -ERR_INVALID);
}

TEST(sasl, base64_is_strict)
{
	static const struct {
		const char *in;
		bool good;
		const char *out;
	} cases[] = {
		{ "", true, "" },
		{ "YQ==", true, "a" },
		{ "YWI=", true, "ab" },
		{ "YWJj", true, "abc" },
		{ "+/+/", true, "\xfb\xff\xbf" },
		{ "=", false },
		{ "====", false },
		{ "YQ", false },
		{ "YQ=", false },
		{ "YR==", false }, /* bits beyond the byte */
		{ "YWJ=", false },
		{ "Y===", false },
		{ "YQ==YQ==", false },
		{ "YW Jj", false },
		{ "YWJj\n", false },
		{ "*", false },
		{ "-_-_", false },
		{ "YW=j", false },
		{ "=WJj", false },
	};
	struct arena mem;
	struct bytes out;

	arena_init(&mem, 0);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int ret = sasl_base64(bytes_str(cases[i].in), &mem, &out);

		CHECK_INT(ret, cases[i].good ? 0 : -ERR_INVALID);
		if (cases[i].good)
			CHECK(bytes_eq(out, bytes_str(cases[i].out)));
	}
	arena_release(&mem);
}

/* Any bytes come back as they were; against OpenSSL's encoder. */
TEST(sasl, base64_round_trip)
{
	uint8_t all[300];
	struct arena mem;
	struct bytes out;

	for (size_t i = 0; i < sizeof(all); i++)
		all[i] = (uint8_t)(i * 37 + (i >> 3));
	arena_init(&mem, 0);
	for (size_t n = 0; n <= sizeof(all); n++) {
		CHECK_INT(sasl_base64(encode(&mem, bytes_of(all, n)), &mem, &out), 0);
		CHECK(bytes_eq(out, bytes_of(all, n)));
	}
	arena_release(&mem);
}
