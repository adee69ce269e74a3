/* SPDX-License-Identifier: Apache-2.0 */
#include "net/proxyproto.h"

#include "lib/test.h"

#define SIG "\r\n\r\n\0\r\nQUIT\n"
#define TEXT(s)                                     \
	{                                           \
		(const uint8_t *)(s), sizeof(s) - 1 \
	}

struct proxy_case {
	const char *name;
	struct bytes in;
	enum proxy result;
	const char *peer, *local; /* NULL: the connection speaks for itself */
	size_t size;              /* 0: all of `in` */
};

static const struct proxy_case cases[] = {
	{ "v1 ipv4", TEXT("PROXY TCP4 192.0.2.1 198.51.100.2 4000 25\r\n"), PROXY_DONE,
	  "192.0.2.1:4000", "198.51.100.2:25" },
	{ "v1 ipv6", TEXT("PROXY TCP6 2001:db8::1 2001:db8::2 4000 25\r\n"), PROXY_DONE,
	  "[2001:db8::1]:4000", "[2001:db8::2]:25" },
	{ "v1 unknown", TEXT("PROXY UNKNOWN\r\n"), PROXY_DONE },
	{ "v1 unknown with words", TEXT("PROXY UNKNOWN ffff::1 ::1 65535 1\r\n"), PROXY_DONE },
	{ "v1 then data", TEXT("PROXY TCP4 192.0.2.1 198.51.100.2 1 2\r\nEHLO\r\n"), PROXY_DONE,
	  "192.0.2.1:1", "198.51.100.2:2", 39 },
	{ "v1 no such family", TEXT("PROXY UDP4 192.0.2.1 198.51.100.2 1 2\r\n"), PROXY_BAD },
	{ "v1 wrong case", TEXT("proxy TCP4 192.0.2.1 198.51.100.2 1 2\r\n"), PROXY_BAD },
	{ "v1 families mixed", TEXT("PROXY TCP4 2001:db8::1 2001:db8::2 1 2\r\n"), PROXY_BAD },
	{ "v1 port too large", TEXT("PROXY TCP4 192.0.2.1 198.51.100.2 65536 2\r\n"), PROXY_BAD },
	{ "v1 port with zero", TEXT("PROXY TCP4 192.0.2.1 198.51.100.2 025 2\r\n"), PROXY_BAD },
	{ "v1 no port", TEXT("PROXY TCP4 192.0.2.1 198.51.100.2 25\r\n"), PROXY_BAD },
	{ "v1 word too many", TEXT("PROXY TCP4 192.0.2.1 198.51.100.2 25 26 27\r\n"), PROXY_BAD },
	{ "v1 two blanks", TEXT("PROXY TCP4  192.0.2.1 198.51.100.2 25 26\r\n"), PROXY_BAD },
	{ "v1 bare LF", TEXT("PROXY TCP4 192.0.2.1 198.51.100.2 25 26\n"), PROXY_BAD },
	{ "v1 NUL in an address", TEXT("PROXY TCP4 192.0.2.1 198.51.100.2\0\0 25 26\r\n"),
	  PROXY_BAD },
	{ "v1 CR inside", TEXT("PROXY UNKNOWN \r x\r\n"), PROXY_BAD },
	{ "v1 endless",
	  TEXT("PROXY UNKNOWN xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	       "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"),
	  PROXY_BAD },
	{ "a command", TEXT("EHLO there\r\n"), PROXY_BAD },
	{ "TLS", TEXT("\x16\x03\x01\x02\x00"), PROXY_BAD },
	{ "v2 ipv4",
	  TEXT(SIG "\x21\x11\x00\x0c"
		   "\xc0\x00\x02\x01\xc6\x33\x64\x02\x0f\xa0\x00\x19"),
	  PROXY_DONE, "192.0.2.1:4000", "198.51.100.2:25" },
	{ "v2 ipv4 with TLVs, then data",
	  TEXT(SIG "\x21\x11\x00\x10"
		   "\xc0\x00\x02\x01\xc6\x33\x64\x02\x0f\xa0\x00\x19"
		   "\x04\x00\x01\x00"
		   "\x16\x03"),
	  PROXY_DONE, "192.0.2.1:4000", "198.51.100.2:25", 32 },
	{ "v2 ipv6",
	  TEXT(SIG "\x21\x21\x00\x24"
		   "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01"
		   "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x02\x0f\xa0\x00\x19"),
	  PROXY_DONE, "[2001:db8::1]:4000", "[2001:db8::2]:25" },
	{ "v2 local", TEXT(SIG "\x20\x00\x00\x00"), PROXY_DONE },
	{ "v2 local with an address nobody reads",
	  TEXT(SIG "\x20\x11\x00\x0c"
		   "\xc0\x00\x02\x01\xc6\x33\x64\x02\x0f\xa0\x00\x19"),
	  PROXY_DONE },
	{ "v2 unspecified", TEXT(SIG "\x21\x00\x00\x00"), PROXY_DONE },
	{ "v2 wrong version", TEXT(SIG "\x11\x11\x00\x0c"), PROXY_BAD },
	{ "v2 wrong command", TEXT(SIG "\x22\x11\x00\x0c"), PROXY_BAD },
	{ "v2 udp",
	  TEXT(SIG "\x21\x12\x00\x0c"
		   "\xc0\x00\x02\x01\xc6\x33\x64\x02\x0f\xa0\x00\x19"),
	  PROXY_BAD },
	{ "v2 too short for its family",
	  TEXT(SIG "\x21\x11\x00\x0b"
		   "12345678901"),
	  PROXY_BAD },
	{ "v2 too long", TEXT(SIG "\x21\x11\xff\xff"), PROXY_BAD },
	{ "nothing", TEXT(""), PROXY_MORE },
	{ "v2 half", TEXT(SIG "\x21"), PROXY_MORE },
};

static void check_addresses(const struct proxy_case *c, const struct proxy_header *h)
{
	char text[64];

	CHECK_INT(h->named, c->peer != NULL);
	CHECK_INT(h->size, c->size ? c->size : c->in.n);
	if (!c->peer)
		return;
	net_print(&h->peer, text, sizeof(text));
	CHECK_STR(text, c->peer);
	net_print(&h->local, text, sizeof(text));
	CHECK_STR(text, c->local);
}

TEST(proxyproto, table)
{
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct proxy_header h;
		enum proxy got = proxy_parse(cases[i].in, &h);

		if (got != cases[i].result)
			fail_msg("%s: %d, not %d", cases[i].name, got, cases[i].result);
		if (got == PROXY_DONE)
			check_addresses(&cases[i], &h);
	}
}

/* Every beginning of a good header asks for more, none is mistaken for a whole one. */
TEST(proxyproto, byte_by_byte)
{
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct proxy_case *c = &cases[i];
		size_t size = c->size ? c->size : c->in.n;
		struct proxy_header h;

		for (size_t n = 0; c->result == PROXY_DONE && n < size; n++)
			if (proxy_parse(bytes_head(c->in, n), &h) != PROXY_MORE)
				fail_msg("%s: cut at %zu", c->name, n);
	}
}
