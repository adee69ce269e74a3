/* SPDX-License-Identifier: Apache-2.0 */
#include "imap/date.h"

static const char months[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
				    "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };

/* Years begin in March here, so that the leap day is the last one. */
int32_t date_day(unsigned year, unsigned month, unsigned day)
{
	unsigned y = year - (month <= 2), era = y / 400, of_era = y % 400;
	unsigned of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

	return (int32_t)(era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year) -
	       719468;
}

void date_civil(int32_t days, unsigned *year, unsigned *month, unsigned *day)
{
	uint32_t z = (uint32_t)(days + 719468), era = z / 146097, doe = z % 146097;
	uint32_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	uint32_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;

	*day = doy - (153 * mp + 2) / 5 + 1;
	*month = mp < 10 ? mp + 3 : mp - 9;
	*year = yoe + era * 400 + (*month <= 2);
}

unsigned date_month(struct bytes name)
{
	for (unsigned i = 0; i < ARRAY_LEN(months); i++)
		if (bytes_ieq(name, bytes_str(months[i])))
			return i + 1;
	return 0;
}

/* The calendar has that day: turning it into a number and back changes nothing. */
static bool to_day(uint64_t year, unsigned month, uint64_t day, int32_t *out)
{
	unsigned y, m, d;

	if (month == 0 || day == 0 || day > 31 || year == 0)
		return false;
	*out = date_day((unsigned)year, month, (unsigned)day);
	date_civil(*out, &y, &m, &d);
	return y == year && m == month && d == day;
}

static bool digits(struct bytes *in, size_t least, size_t most, uint64_t *v)
{
	size_t n = 0;

	while (n < in->n && n < most && in->p[n] >= '0' && in->p[n] <= '9')
		n++;
	if (n < least || !bytes_u64(bytes_head(*in, n), UINT32_MAX, v))
		return false;
	*in = bytes_skip(*in, n);
	return true;
}

static bool take(struct bytes *in, char c)
{
	if (in->n == 0 || in->p[0] != (uint8_t)c)
		return false;
	*in = bytes_skip(*in, 1);
	return true;
}

/* "-Feb-1994" */
static bool month_and_year(struct bytes *in, unsigned *month, uint64_t *year)
{
	if (!take(in, '-'))
		return false;
	*month = date_month(bytes_head(*in, 3));
	*in = bytes_skip(*in, 3);
	return *month && take(in, '-') && digits(in, 4, 4, year);
}

bool date_parse(struct bytes text, int32_t *day)
{
	uint64_t d, year;
	unsigned month;

	return digits(&text, 1, 2, &d) && month_and_year(&text, &month, &year) && text.n == 0 &&
	       to_day(year, month, d, day);
}

static bool time_of_day(struct bytes *in, int64_t *seconds)
{
	uint64_t h, m, s;

	if (!digits(in, 2, 2, &h) || !take(in, ':') || !digits(in, 2, 2, &m) || !take(in, ':') ||
	    !digits(in, 2, 2, &s) || h > 23 || m > 59 || s > 60)
		return false;
	*seconds = (int64_t)(h * 3600 + m * 60 + s);
	return true;
}

static bool take_zone(struct bytes *in, int32_t *zone)
{
	bool west = in->n && in->p[0] == '-';
	uint64_t h, m;

	if ((!take(in, '+') && !take(in, '-')) || !digits(in, 2, 2, &h) || !digits(in, 2, 2, &m) ||
	    h > 23 || m > 59)
		return false;
	*zone = (int32_t)(h * 60 + m) * (west ? -1 : 1);
	return true;
}

bool date_time_parse(struct bytes text, int64_t *ms, int32_t *zone)
{
	bool short_day = take(&text, ' ');
	uint64_t d, year;
	int64_t seconds;
	unsigned month;
	int32_t day;

	if (!digits(&text, short_day ? 1 : 2, short_day ? 1 : 2, &d) ||
	    !month_and_year(&text, &month, &year) || !take(&text, ' ') ||
	    !time_of_day(&text, &seconds) || !take(&text, ' ') || !take_zone(&text, zone) ||
	    text.n != 0 || !to_day(year, month, d, &day))
		return false;
	*ms = ((int64_t)day * 86400 + seconds - (int64_t)*zone * 60) * 1000;
	return true;
}

int32_t date_of(uint64_t ms, int32_t zone)
{
	int64_t seconds = (int64_t)(ms / 1000) + (int64_t)zone * 60;

	return (int32_t)((seconds >= 0 ? seconds : seconds - 86399) / 86400);
}

void date_time_print(struct buf *out, uint64_t ms, int32_t zone)
{
	int32_t day = date_of(ms, zone), away = zone < 0 ? -zone : zone;
	int64_t s = (int64_t)(ms / 1000) + (int64_t)zone * 60 - (int64_t)day * 86400;
	unsigned y, m, d;

	date_civil(day, &y, &m, &d);
	buf_printf(out, "\"%2u-%s-%04u %02u:%02u:%02u %c%02d%02d\"", d, months[m - 1], y,
		   (unsigned)(s / 3600), (unsigned)(s / 60 % 60), (unsigned)(s % 60),
		   zone < 0 ? '-' : '+', away / 60, away % 60);
}

static void skip_blanks(struct bytes *in)
{
	while (in->n &&
	       (in->p[0] == ' ' || in->p[0] == '\t' || in->p[0] == '\r' || in->p[0] == '\n'))
		*in = bytes_skip(*in, 1);
}

/* RFC 5322, 3.3: [day-of-week ","] day month year; years of two digits as in 4.3. */
bool date_of_header(struct bytes value, int32_t *day)
{
	size_t comma = bytes_chr(value, ',');
	uint64_t d, year;
	unsigned month;

	if (comma < value.n)
		value = bytes_skip(value, comma + 1);
	skip_blanks(&value);
	if (!digits(&value, 1, 2, &d))
		return false;
	skip_blanks(&value);
	month = date_month(bytes_head(value, 3));
	value = bytes_skip(value, 3);
	skip_blanks(&value);
	if (!digits(&value, 2, 4, &year))
		return false;
	if (year < 1000)
		year += year < 50 ? 2000 : 1900;
	return to_day(year, month, d, day);
}
