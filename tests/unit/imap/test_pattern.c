/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"
#include "base/clock.h"
#include "lib/test.h"

#include "imap/pattern.h"

static const struct {
	const char *reference, *pattern, *path;
	bool match;
} cases[] = {
	{ "", "*", "a/b/c", true },
	{ "", "%", "a", true },
	{ "", "%", "a/b", false },
	{ "", "%/%", "a/b", true },
	{ "", "%/%", "a/b/c", false },
	{ "", "a*", "a", true },
	{ "", "a%", "a", true },
	{ "", "a%", "a/b", false },
	{ "", "*b", "a/b", true },
	{ "", "*/b", "b", false },
	{ "", "%b%", "abc", true },
	{ "", "%*", "a/b", true },
	{ "", "*%", "a/b", true },
	{ "", "a*c*e", "a/b/c/d/e", true },
	{ "", "a*c*e", "a/b/c/d", false },
	{ "", "a%c%e", "abcde", true },
	{ "", "", "a", false },
	{ "a/", "%", "a/b", true },
	{ "a", "b", "ab", true },
	{ "", "inbox", "INBOX", true },
	{ "", "iNb%", "INBOX", true },
	{ "", "inbox/a", "INBOX/a", true },
	{ "", "inbox/A", "INBOX/a", false },
	{ "", "inboxes", "INBOXES", false },
	{ "", "x/inbox", "x/INBOX", false },
	{ "", "A", "a", false },
	{ "", "&AEE-", "A", false }, /* not canonical: matches nothing */
	{ "", "&AOQ-*", "\xc3\xa4x", true },
	{ "", "&*", "&x", false },
};

TEST(pattern, table)
{
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct pattern p;
		struct arena mem;

		arena_init(&mem, 0);
		pattern_init(&p, bytes_str(cases[i].reference), bytes_str(cases[i].pattern), &mem);
		if (pattern_match(&p, bytes_str(cases[i].path)) != cases[i].match)
			fail_msg("%s%s %s", cases[i].reference, cases[i].pattern, cases[i].path);
		arena_release(&mem);
	}
}

/* The obvious matcher. */
static bool plainly(const char *p, const char *s)
{
	if (!*p)
		return !*s;
	if (*p == '*' || *p == '%') {
		for (;; s++) {
			if (plainly(p + 1, s))
				return true;
			if (!*s || (*p == '%' && *s == '/'))
				return false;
		}
	}
	return *p == *s && plainly(p + 1, s + 1);
}

TEST(pattern, like_the_obvious_one)
{
	static const char letters[] = "ab/*%*%";
	uint32_t seed = 7;

	for (unsigned i = 0; i < 100000; i++) {
		char p[8] = "", s[8] = "";
		struct pattern pattern;
		struct arena mem;

		for (unsigned j = 0; j < 7; j++) {
			seed = seed * 1664525 + 1013904223;
			p[j] = (seed >> 8) % 8 ? letters[(seed >> 11) % 7] : 0;
			s[j] = (seed >> 16) % 8 ? letters[(seed >> 20) % 3] : 0;
		}
		arena_init(&mem, 0);
		pattern_init(&pattern, BYTES_NONE, bytes_str(p), &mem);
		if (pattern_match(&pattern, bytes_str(s)) != plainly(p, s))
			fail_msg("\"%s\" \"%s\"", p, s);
		arena_release(&mem);
	}
}

/* I9: 10,000 names against the worst of patterns, within a moment. */
TEST(pattern, no_pattern_is_slow)
{
	static const char *const worst[] = { "*%*%", "%a", "*a" };

	for (size_t w = 0; w < ARRAY_LEN(worst); w++) {
		uint64_t begun = clock_ms();
		struct pattern p;
		struct arena mem;
		struct buf text;

		buf_init(&text, 0);
		arena_init(&mem, 0);
		for (unsigned i = 0; i < 1000; i++)
			buf_puts(&text, worst[w]);
		buf_putc(&text, 'z');
		pattern_init(&p, BYTES_NONE, buf_bytes(&text), &mem);
		for (unsigned i = 0; i < 10000; i++)
			CHECK(!pattern_match(&p, BYTES("aaaaaaaaaaaaaaaaaaaaaaaa/aaaaaaaaaaa")));
		CHECK(clock_ms() - begun < 2000);
		buf_release(&text);
		arena_release(&mem);
	}
}
