/* SPDX-License-Identifier: Apache-2.0 */
/* date.h - days and date-times as RFC 3501 writes them. Pure: no clock, no time zones of the
 * system. */
#ifndef TERN_IMAP_DATE_H
#define TERN_IMAP_DATE_H

#include "base/buf.h"

/* Days since 1970 of a day of the Gregorian calendar. */
int32_t date_day(unsigned year, unsigned month, unsigned day);
void date_civil(int32_t days, unsigned *year, unsigned *month, unsigned *day);
unsigned date_month(struct bytes name); /* "Feb" is 2; 0: none */

/* date-text: "1-Feb-1994". */
bool date_parse(struct bytes text, int32_t *day) MUST_USE;
/* date-time without its quotes: "17-Jul-1996 02:44:25 -0700", " 7-Jul-..."; zone in minutes. */
bool date_time_parse(struct bytes text, int64_t *ms, int32_t *zone) MUST_USE;
void date_time_print(struct buf *out, uint64_t ms, int32_t zone); /* quoted */
/* The day on which `ms` fell in that zone. */
int32_t date_of(uint64_t ms, int32_t zone);
/* The day that a Date: header names, whatever the time and zone. */
bool date_of_header(struct bytes value, int32_t *day) MUST_USE;

#endif
