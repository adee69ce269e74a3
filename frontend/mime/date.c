/* SPDX-License-Identifier: Apache-2.0 */
/* date.c - RFC 5322, 3.3 and 4.3: [day-name,] day month year hh:mm[:ss] zone. */
#include "mime/header.h"
#include "mime/lexer.h"

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static bool is_alpha(uint8_t c)
{
	c = ascii_lower(c);
	return c >= 'a' && c <= 'z';
}

static bool number(struct bytes *in, size_t most, uint64_t max, uint64_t *v, size_t *digits)
{
	lex_cfws(in, NULL);
	*digits = bytes_span(*in, is_digit);
	if (*digits > most || !bytes_u64(bytes_head(*in, *digits), max, v))
		return false;
	*in = bytes_skip(*in, *digits);
	return true;
}

static struct bytes letters(struct bytes *in)
{
	struct bytes w;

	lex_cfws(in, NULL);
	w = bytes_head(*in, bytes_span(*in, is_alpha));
	*in = bytes_skip(*in, w.n);
	return w;
}

static bool mark(struct bytes *in, uint8_t c)
{
	lex_cfws(in, NULL);
	if (in->n == 0 || in->p[0] != c)
		return false;
	*in = bytes_skip(*in, 1);
	return true;
}

static bool month(struct bytes *in, unsigned *m)
{
	static const char names[] = "janfebmaraprmayjunjulaugsepoctnovdec";
	struct bytes w = letters(in);

	for (*m = 1; *m <= 12 && w.n >= 3; ++*m)
		if (bytes_ieq(bytes_head(w, 3), bytes_of(names + 3 * (*m - 1), 3)))
			return true;
	return false;
}

static bool year(struct bytes *in, unsigned *y)
{
	uint64_t v;
	size_t digits;

	if (!number(in, 4, 9999, &v, &digits) || digits < 2)
		return false;
	if (digits == 2) /* RFC 5322, 4.3 */
		v += v < 50 ? 2000 : 1900;
	else if (digits == 3)
		v += 1900;
	*y = (unsigned)v;
	return v >= 1900;
}

static bool time_of_day(struct bytes *in, unsigned *seconds)
{
	uint64_t h, m, s = 0;
	size_t digits;

	if (!number(in, 2, 23, &h, &digits) || !mark(in, ':') || !number(in, 2, 59, &m, &digits))
		return false;
	if (mark(in, ':') && !number(in, 2, 60, &s, &digits))
		return false;
	*seconds = (unsigned)(h * 3600 + m * 60 + s);
	return true;
}

/* Minutes east. Unknown and missing ones are UTC (RFC 5322, 4.3: as "-0000"). */
static int zone(struct bytes *in)
{
	static const struct {
		char name[4];
		int hours;
	} zones[] = { { "EST", -5 }, { "EDT", -4 }, { "CST", -6 }, { "CDT", -5 },
		      { "MST", -7 }, { "MDT", -6 }, { "PST", -8 }, { "PDT", -7 } };
	uint64_t v;
	size_t digits;
	int sign = 0;
	struct bytes w;

	if (mark(in, '+'))
		sign = 1;
	else if (mark(in, '-'))
		sign = -1;
	if (sign)
		return number(in, 4, 9959, &v, &digits) && digits == 4 && v % 100 < 60 ?
			       sign * (int)(v / 100 * 60 + v % 100) :
			       0;
	w = letters(in);
	for (size_t i = 0; i < ARRAY_LEN(zones); i++)
		if (bytes_ieq(w, bytes_str(zones[i].name)))
			return zones[i].hours * 60;
	return 0;
}

/* Days from 1970-01-01 in the Gregorian calendar; years begin in March here. */
static int64_t days(unsigned y, unsigned m, unsigned d)
{
	int64_t years = (int64_t)y - (m <= 2);
	int64_t era = years / 400, yoe = years % 400;
	int64_t doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;

	return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

static bool day_exists(unsigned y, unsigned m, uint64_t d)
{
	static const uint8_t length[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = y % 4 == 0 && (y % 100 != 0 || y % 400 == 0);

	return d >= 1 && d <= length[m - 1] + (unsigned)(leap && m == 2);
}

bool header_date(struct bytes in, int64_t *ms)
{
	unsigned y, m, seconds;
	uint64_t d;
	size_t digits;

	lex_cfws(&in, NULL);
	if (letters(&in).n)
		mark(&in, ',');
	if (!number(&in, 2, 31, &d, &digits))
		return false;
	mark(&in, '-'); /* "1-Jan-2020" is seen */
	if (!month(&in, &m))
		return false;
	mark(&in, '-');
	if (!year(&in, &y) || !day_exists(y, m, d) || !time_of_day(&in, &seconds))
		return false;
	*ms = (days(y, m, (unsigned)d) * 86400 + seconds - zone(&in) * 60) * 1000;
	return true;
}
