/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "base/log.h"
#include "base/rand.h"
#include "lib/test.h"

static char line[4096];
static unsigned lines;

static void take_line(struct bytes text, void *arg UNUSED)
{
	lines++;
	memcpy(line, text.p, text.n);
	line[text.n] = '\0';
}

static uint64_t fixed(void)
{
	return UINT64_C(1772359200123);
}

static void begin(void)
{
	clock_replace(fixed, fixed);
	log_set_sink(take_line, NULL);
	lines = 0;
	line[0] = '\0';
}

static void end(void)
{
	clock_replace(NULL, NULL);
	log_set_sink(NULL, NULL);
	log_set_level(LOG_INFO);
}

#define HEAD "2026-03-01T10:00:00.123Z info "

static const struct {
	struct bytes value;
	const char *shown;
} corpus[] = {
	{ BYTES("ann@example.org"), "ann@example.org" },
	{ BYTES(""), "\"\"" },
	{ BYTES("two words"), "\"two words\"" },
	{ BYTES("x result=ok"), "\"x result=ok\"" },
	{ BYTES("a=b"), "a=b" },
	{ BYTES("say \"hi\""), "\"say \\\"hi\\\"\"" },
	{ BYTES("\""), "\"\\\"\"" },
	{ BYTES("back\\slash"), "back\\slash" },
	{ BYTES("\\ \""), "\"\\\\ \\\"\"" },
	{ BYTES("a\nb"), "\"a\\nb\"" },
	{ BYTES("a\r\n2026-03-01T10:00:00.123Z info forged"),
	  "\"a\\r\\n2026-03-01T10:00:00.123Z info forged\"" },
	{ BYTES("\t"), "\"\\t\"" },
	{ BYTES("nul\0byte"), "\"nul\\x00byte\"" },
	{ BYTES("\x1b[31mred"), "\"\\x1b[31mred\"" },
	{ BYTES("\x7f"), "\"\\x7f\"" },
	{ BYTES("gr\xc3\xbc\xc3\x9f"), "gr\xc3\xbc\xc3\x9f" },
	{ BYTES("\xf0\x9f\x90\xa6"), "\xf0\x9f\x90\xa6" },
	/* not UTF-8: alone, cut off, overlong, surrogate, beyond the end */
	{ BYTES("\xfc"), "\"\\xfc\"" },
	{ BYTES("\x80"), "\"\\x80\"" },
	{ BYTES("\xc3"), "\"\\xc3\"" },
	{ BYTES("\xe2\x82"), "\"\\xe2\\x82\"" },
	{ BYTES("\xc0\x8a"), "\"\\xc0\\x8a\"" },
	{ BYTES("\xe0\x80\x8a"), "\"\\xe0\\x80\\x8a\"" },
	{ BYTES("\xed\xa0\x80"), "\"\\xed\\xa0\\x80\"" },
	{ BYTES("\xf4\x90\x80\x80"), "\"\\xf4\\x90\\x80\\x80\"" },
	/* valid, but ends lines, moves cursors or turns text round */
	{ BYTES("\xc2\x85"), "\"\\xc2\\x85\"" },
	{ BYTES("\xc2\x9b"
		"31m"),
	  "\"\\xc2\\x9b31m\"" },
	{ BYTES("\xe2\x80\xa8"), "\"\\xe2\\x80\\xa8\"" },
	{ BYTES("\xe2\x80\xae"
		"fdp"),
	  "\"\\xe2\\x80\\xaefdp\"" },
};

TEST(log, hostile_values_stay_values)
{
	char want[256];

	begin();
	for (size_t i = 0; i < ARRAY_LEN(corpus); i++) {
		log_info(NULL, "test", "v=%B end=%d", &corpus[i].value, 1);
		snprintf(want, sizeof(want), HEAD "test v=%s end=1\n", corpus[i].shown);
		CHECK_STR(line, want);
	}
	end();
}

TEST(log, every_conversion)
{
	struct bytes b = BYTES("b b");

	begin();
	log_info(NULL, "all", "d=%d i=%i u=%u x=%x ld=%ld lu=%lu zu=%zu llu=%llu s=%s B=%B", -1,
		 -2147483647 - 1, 4294967295u, 255u, -5L, 5UL, (size_t)6, 18446744073709551615ULL,
		 "str", &b);
	CHECK_STR(line, HEAD "all d=-1 i=-2147483648 u=4294967295 x=ff ld=-5 lu=5 zu=6 "
			     "llu=18446744073709551615 s=str B=\"b b\"\n");
	log_info(NULL, "hex", "t=%06x l=%016lx", 0xabu, 0x1234ul);
	CHECK_STR(line, HEAD "hex t=0000ab l=0000000000001234\n");
	log_info(NULL, "null", "s=%s B=%B", (const char *)NULL, (const struct bytes *)NULL);
	CHECK_STR(line, HEAD "null s=(null) B=\"\"\n");
	log_info(NULL, "bare", NULL);
	CHECK_STR(line, HEAD "bare\n");
	log_info(NULL, "wrong", "a=%f b=%d", 1.0, 2);
	CHECK_STR(line, HEAD "wrong a=?\n");
	end();
}

TEST(log, levels)
{
	begin();
	log_debug(NULL, "quiet", "");
	CHECK_INT(lines, 0);
	log_set_level(LOG_WARN);
	log_notice(NULL, "quiet", "");
	CHECK_INT(lines, 0);
	log_warn(NULL, "loud", "");
	CHECK_STR(line, "2026-03-01T10:00:00.123Z warn loud\n");
	log_error(NULL, "loud", "");
	CHECK_INT(lines, 2);
	end();
}

TEST(log, context_is_inherited)
{
	struct log_ctx session, command;

	begin();
	log_ctx_set(&session, NULL, "sess=%x proto=%s", 0x7f3u, "imap");
	log_ctx_set(&command, &session, "tag=%s", "a 1\n");
	log_info(&command, "fetch", "n=%d", 3);
	CHECK_STR(line, HEAD "fetch sess=7f3 proto=imap tag=\"a 1\\n\" n=3\n");
	log_info(&session, "bye", "");
	CHECK_STR(line, HEAD "bye sess=7f3 proto=imap\n");
	end();
}

TEST(log, long_lines_are_cut_but_whole)
{
	static char big[5000];
	struct log_ctx ctx;

	begin();
	memset(big, 'x', sizeof(big) - 1);
	log_info(NULL, "big", "a=%d v=%s after=%d", 1, big, 2);
	CHECK(strncmp(line, HEAD "big a=1 v=\"xxx", strlen(HEAD) + 14) == 0);
	CHECK(bytes_ends(bytes_str(line), BYTES("xxx\" cut=1\n")));
	CHECK(strlen(line) <= 2000);
	memset(big, '"', sizeof(big) - 1);
	log_info(NULL, "big", "v=%s", big);
	CHECK(bytes_ends(bytes_str(line), BYTES("\\\"\" cut=1\n")));
	big[2500] = '\0';
	log_ctx_set(&ctx, NULL, "v=%s w=%d", big, 1);
	CHECK(strlen(ctx.fields) < sizeof(ctx.fields));
	CHECK(bytes_ends(bytes_str(ctx.fields), BYTES("\\\"\"")));
	end();
}

/* Whatever the bytes: one line, and `end=1` still stands where it was put. */
TEST(log, random_bytes)
{
	uint8_t raw[64];
	struct prng r;

	begin();
	prng_seed(&r, 9);
	for (unsigned i = 0; i < 20000; i++) {
		struct bytes v = bytes_of(raw, prng_below(&r, sizeof(raw)));

		for (size_t k = 0; k < v.n; k++)
			raw[k] = (uint8_t)prng_below(&r, prng_chance(&r, 50) ? 256 : 64);
		log_info(NULL, "r", "v=%B end=%d", &v, 1);
		CHECK_INT(bytes_chr(bytes_str(line), '\n'), strlen(line) - 1);
		CHECK_INT(bytes_chr(bytes_str(line), '\r'), strlen(line));
		CHECK_INT(bytes_chr(bytes_str(line), '\x1b'), strlen(line));
		CHECK(bytes_ends(bytes_str(line), BYTES(" end=1\n")));
	}
	end();
}
