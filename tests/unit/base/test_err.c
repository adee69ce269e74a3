/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "base/err.h"
#include "base/rand.h"
#include "lib/test.h"

#include <limits.h>

TEST(err, either_sign_will_do)
{
	CHECK_STR(err_name(ERR_NOTFOUND), "NOTFOUND");
	CHECK_STR(err_name(-ERR_NOTFOUND), "NOTFOUND");
	CHECK_STR(err_imap_code(-ERR_QUOTA), "OVERQUOTA");
	CHECK(!err_imap_code(-ERR_UNKNOWN));
	CHECK_INT(err_smtp_code(-ERR_UNKNOWN), 0);
	CHECK_STR(err_smtp_enhanced(ERR_TOOBIG), "5.3.4");
	CHECK_STR(err_text(0), "ok");
}

TEST(err, a_newer_number_is_a_passing_trouble)
{
	static const int unknown[] = { ERR_COUNT, -ERR_COUNT, INT_MAX, INT_MIN };

	for (size_t i = 0; i < ARRAY_LEN(unknown); i++) {
		CHECK_INT(err_smtp_code(unknown[i]), 451);
		CHECK_STR(err_imap_code(unknown[i]), "UNAVAILABLE");
	}
}

/* Numbers are stored and sent: a new row goes to the end. */
TEST(err, numbers_are_pinned)
{
	CHECK_INT(ERR_NOTFOUND, 1);
	CHECK_INT(ERR_BUSY, 9);
	CHECK_INT(ERR_DENIED, 22);
	CHECK_INT(ERR_IO, 24);
}

TEST(err, permanent_and_passing_replies_agree)
{
	for (int e = 0; e < ERR_COUNT; e++)
		if (err_smtp_enhanced(e))
			CHECK_INT(err_smtp_enhanced(e)[0] - '0', err_smtp_code(e) / 100);
}

TEST(why, context_is_added_outward)
{
	struct why why;
	char big[400];

	CHECK_INT(why_set(&why, ERR_IO, "cannot open %s", "x"), -ERR_IO);
	why_add(&why, "shard %d", 7);
	CHECK_STR(why.text, "shard 7: cannot open x");
	CHECK_INT(why_set(NULL, ERR_IO, "nobody listens"), -ERR_IO);
	why_add(NULL, "nor here");
	memset(big, 'x', sizeof(big) - 1);
	big[399] = '\0';
	why_add(&why, "%s", big);
	CHECK_INT(strlen(why.text), sizeof(why.text) - 1);
	why_set(&why, ERR_IO, "%s", big);
	why_add(&why, "outer");
	CHECK_INT(strlen(why.text), sizeof(why.text) - 1);
	CHECK(strncmp(why.text, "outer: xxx", 10) == 0);
}

static uint64_t noon(void)
{
	return 12345678;
}

TEST(clock, can_be_replaced)
{
	uint64_t before = clock_us();

	CHECK(clock_us() >= before);
	clock_replace(noon, noon);
	CHECK_INT(clock_us(), 12345678);
	CHECK_INT(clock_ms(), 12345);
	CHECK_INT(clock_wall_ms(), 12345678);
	clock_replace(NULL, NULL);
	CHECK(clock_us() >= before);
	CHECK(clock_wall_ms() > UINT64_C(1700000000000));
}

TEST(clock, iso_time)
{
	char text[25];

	clock_iso(UINT64_C(1772359200123), text);
	CHECK_STR(text, "2026-03-01T10:00:00.123Z");
	clock_iso(0, text);
	CHECK_STR(text, "1970-01-01T00:00:00.000Z");
	clock_iso(UINT64_MAX, text);
	CHECK_INT(strlen(text), 24);
}
