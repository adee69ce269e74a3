/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"
#include "lib/test.h"

#include "imap/mutf7.h"
#include "imap/name.h"

static const struct {
	const char *wire, *text; /* text NULL: refused */
} cases[] = {
	{ "INBOX", "INBOX" },
	{ "", "" },
	{ "&-", "&" },
	{ "a&-b", "a&b" },
	{ "Entw&APw-rfe", "Entw\xc3\xbcrfe" },
	{ "&U,BTFw-", "\xe5\x8f\xb0\xe5\x8c\x97" },
	{ "~peter/mail/&U,BTFw-/&ZeVnLIqe-",
	  "~peter/mail/\xe5\x8f\xb0\xe5\x8c\x97/\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e" },
	{ "&2D3eAQ-", "\xf0\x9f\x98\x81" },
	{ "&AP8A,w-", "\xc3\xbf\xc3\xbf" },
	/* not closed, not canonical, not text */
	{ "&", NULL },
	{ "a&", NULL },
	{ "&AP8", NULL },
	{ "&AEE-", NULL },      /* A in base64 */
	{ "&ACY-", NULL },      /* & in base64 */
	{ "&AAA-", NULL },      /* NUL */
	{ "&AP8-&AP8-", NULL }, /* two shifts that touch */
	{ "&AP9-", NULL },      /* bits left over */
	{ "&AP8A-", NULL },     /* a digit too many */
	{ "&AP8=-", NULL },
	{ "&AP/-", NULL },
	{ "&AP8 -", NULL },
	{ "&2D0-", NULL }, /* half a pair */
	{ "&3gE-", NULL }, /* the other half */
	{ "&2D3YPQ-", NULL },
	{ "\xc3\xbc", NULL },
	{ "\x01", NULL },
	{ "a\x7f", NULL },
};

TEST(mutf7, table)
{
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf out, back;
		bool ok;

		buf_init(&out, 0);
		buf_init(&back, 0);
		ok = mutf7_decode(bytes_str(cases[i].wire), &out);
		if (ok != (cases[i].text != NULL) ||
		    (ok && !bytes_eq(buf_bytes(&out), bytes_str(cases[i].text))))
			fail_msg("decoding %s", cases[i].wire);
		if (ok) {
			mutf7_encode(bytes_str(cases[i].text), &back);
			if (!bytes_eq(buf_bytes(&back), bytes_str(cases[i].wire)))
				fail_msg("encoding %s", cases[i].wire);
		}
		buf_release(&out);
		buf_release(&back);
	}
}

static uint32_t next(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

static void put_utf8(struct buf *out, uint32_t c)
{
	if (c < 0x80) {
		buf_putc(out, (uint8_t)c);
	} else if (c < 0x800) {
		buf_putc(out, (uint8_t)(0xc0 | c >> 6));
		buf_putc(out, (uint8_t)(0x80 | (c & 63)));
	} else {
		buf_putc(out, (uint8_t)(0xe0 | c >> 12));
		buf_putc(out, (uint8_t)(0x80 | (c >> 6 & 63)));
		buf_putc(out, (uint8_t)(0x80 | (c & 63)));
	}
}

/* Any text comes back from the one spelling that it has. */
TEST(mutf7, round_trip)
{
	uint32_t seed = 1;

	for (unsigned i = 0; i < 20000; i++) {
		struct buf text, wire, back;

		buf_init(&text, 0);
		buf_init(&wire, 0);
		buf_init(&back, 0);
		for (unsigned n = next(&seed) % 12; n; n--)
			put_utf8(&text, next(&seed) % 3 ? 0x20 + next(&seed) % 0x5f :
							  0x80 + next(&seed) % 0xd000);
		mutf7_encode(buf_bytes(&text), &wire);
		CHECK(mutf7_decode(buf_bytes(&wire), &back));
		CHECK(bytes_eq(buf_bytes(&text), buf_bytes(&back)));
		buf_release(&text);
		buf_release(&wire);
		buf_release(&back);
	}
}

static const struct {
	const char *raw, *path; /* NULL: refused */
} names[] = {
	{ "INBOX", "INBOX" },
	{ "iNbOx", "INBOX" },
	{ "inbox/a", "INBOX/a" },
	{ "inboxes", "inboxes" },
	{ "a/INBOX", "a/INBOX" },
	{ "a b", "a b" },
	{ "...", "..." },
	{ ".hidden", ".hidden" },
	{ "", NULL },
	{ "/", NULL },
	{ "/a", NULL },
	{ "a/", NULL },
	{ "a//b", NULL },
	{ ".", NULL },
	{ "..", NULL },
	{ "a/..", NULL },
	{ "a/./b", NULL },
	{ "a*", NULL },
	{ "%", NULL },
	{ "&ACo-", NULL },
	{ "&AAE-", NULL },
	{ "&AIU-", NULL }, /* NEL */
	{ "&IC4-", NULL }, /* right-to-left override */
	{ "&IGc-", NULL },
	{ "&,v8-", NULL },           /* byte order mark */
	{ "&IA0-", NULL },           /* joiner (I8) */
	{ "&IAw-", "\xe2\x80\x8c" }, /* the non-joiner is part of Persian words */
	{ "~root", NULL },
	{ "a~", "a~" },
};

TEST(name, table)
{
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct bytes path = BYTES_NONE;
		struct arena mem;
		int ret;

		arena_init(&mem, 0);
		ret = name_path(bytes_str(names[i].raw), &mem, &path);
		if ((ret == 0) != (names[i].path != NULL) ||
		    (ret == 0 && !bytes_eq(path, bytes_str(names[i].path))))
			fail_msg("%s", names[i].raw);
		arena_release(&mem);
	}
}
