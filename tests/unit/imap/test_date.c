/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/test.h"

#include "imap/date.h"

TEST(date, days_and_back)
{
	unsigned year, month, day;

	CHECK_INT(date_day(1970, 1, 1), 0);
	CHECK_INT(date_day(2000, 3, 1), 11017);
	CHECK_INT(date_day(1969, 12, 31), -1);
	for (int32_t d = -700000; d < 1000000; d += 17) {
		date_civil(d, &year, &month, &day);
		CHECK_INT(date_day(year, month, day), d);
	}
}

TEST(date, parse)
{
	static const struct {
		const char *text;
		bool ok;
	} cases[] = { { "1-Feb-1994", true },   { "01-feb-1994", true },  { "29-Feb-2000", true },
		      { "29-Feb-1900", false }, { "31-Apr-2020", false }, { "0-Jan-2020", false },
		      { "32-Jan-2020", false }, { "1-Foo-2020", false },  { "1-Jan-20", false },
		      { "1-Jan-20200", false }, { "1 Jan 2020", false },  { "", false },
		      { "-Jan-2020", false },   { "1-Jan-0000", false } };
	int32_t day;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (date_parse(bytes_str(cases[i].text), &day) != cases[i].ok)
			fail_msg("%s", cases[i].text);
}

TEST(date, date_time_round_trip)
{
	static const char *const good[] = {
		"17-Jul-1996 02:44:25 -0700", " 7-Jul-1996 00:00:00 +0000",
		"29-Feb-2024 23:59:59 +1400", " 1-Jan-1970 00:00:00 +0000",
		"31-Dec-9999 23:59:59 -0001", " 1-Jan-1970 12:00:00 +1159",
	};
	static const char *const bad[] = {
		"7-Jul-1996 00:00:00 +0000",
		"17-Jul-1996 24:00:00 +0000",
		"17-Jul-1996 00:60:00 +0000",
		"17-Jul-1996 00:00:00 0000",
		"17-Jul-1996 00:00:00 +2400",
		"17-Jul-1996 00:00:00 +0000 ",
		"17-Jul-1996T00:00:00 +0000",
		"31-Jun-1996 00:00:00 +0000",
		"",
	};
	int32_t zone;
	int64_t ms;

	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		struct buf out;

		buf_init(&out, 0);
		CHECK(date_time_parse(bytes_str(good[i]), &ms, &zone));
		date_time_print(&out, (uint64_t)ms, zone);
		CHECK(bytes_eq(bytes_slice(buf_bytes(&out), 1, out.n - 2), bytes_str(good[i])));
		buf_release(&out);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (date_time_parse(bytes_str(bad[i]), &ms, &zone))
			fail_msg("%s", bad[i]);
}

TEST(date, of_a_header)
{
	static const struct {
		const char *value;
		unsigned year, month, day; /* 0: none */
	} cases[] = {
		{ " Wed, 17 Jul 1996 02:23:25 -0700 (PDT)", 1996, 7, 17 },
		{ "17 Jul 1996 02:23:25 -0700", 1996, 7, 17 },
		{ "\r\n 1 Feb 94 00:00 GMT", 1994, 2, 1 },
		{ "Mon,1 Feb 2026 00:00:00 +0000", 2026, 2, 1 },
		{ "1 Feb 26 00:00:00 +0000", 2026, 2, 1 },
		{ "yesterday", 0, 0, 0 },
		{ "", 0, 0, 0 },
		{ "30 Feb 2020 00:00:00 +0000", 0, 0, 0 },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int32_t day = 0;
		bool ok = date_of_header(bytes_str(cases[i].value), &day);

		CHECK_INT(ok, cases[i].year != 0);
		if (ok)
			CHECK_INT(day, date_day(cases[i].year, cases[i].month, cases[i].day));
	}
}

TEST(date, zones)
{
	CHECK_INT(date_of(0, 0), 0);
	CHECK_INT(date_of(0, -1), -1);
	CHECK_INT(date_of(86399999, 0), 0);
	CHECK_INT(date_of(86399999, 1), 1);
	CHECK_INT(date_of(0, -720), -1);
}
