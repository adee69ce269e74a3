/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include <time.h>

static uint64_t read_us(clockid_t id)
{
	struct timespec t;

	if (clock_gettime(id, &t) < 0)
		BUG("clock_gettime failed");
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static uint64_t real_us(void)
{
	return read_us(CLOCK_BOOTTIME);
}

static uint64_t real_wall_ms(void)
{
	return read_us(CLOCK_REALTIME) / 1000;
}

static uint64_t (*now)(void) = real_us;
static uint64_t (*wall)(void) = real_wall_ms;

void clock_replace(uint64_t (*now_us)(void), uint64_t (*wall_ms)(void))
{
	now = now_us ? now_us : real_us;
	wall = wall_ms ? wall_ms : real_wall_ms;
}

uint64_t clock_us(void)
{
	return now();
}

uint64_t clock_ms(void)
{
	return now() / 1000;
}

uint64_t clock_wall_ms(void)
{
	return wall();
}

static char *digits(char *out, unsigned v, unsigned n, char after)
{
	for (unsigned i = n; i > 0; i--, v /= 10)
		out[i - 1] = (char)('0' + v % 10);
	out[n] = after;
	return out + n + 1;
}

void clock_iso(uint64_t wall_ms, char *out)
{
	time_t seconds = (time_t)MIN(wall_ms / 1000, UINT64_C(253402300799)); /* year 9999 */
	struct tm t;

	gmtime_r(&seconds, &t);
	out = digits(out, (unsigned)t.tm_year + 1900, 4, '-');
	out = digits(out, (unsigned)t.tm_mon + 1, 2, '-');
	out = digits(out, (unsigned)t.tm_mday, 2, 'T');
	out = digits(out, (unsigned)t.tm_hour, 2, ':');
	out = digits(out, (unsigned)t.tm_min, 2, ':');
	out = digits(out, (unsigned)t.tm_sec, 2, '.');
	out = digits(out, (unsigned)(wall_ms % 1000), 3, 'Z');
	*out = '\0';
}
