/* SPDX-License-Identifier: Apache-2.0 */
/* clock.h - time, replaceable in tests and in the simulator. */
#ifndef TERN_CLOCK_H
#define TERN_CLOCK_H

#include "base/base.h"

#define SECONDS(n) ((uint64_t)(n)*1000)
#define MINUTES(n) ((uint64_t)(n)*60000)
#define HOURS(n) ((uint64_t)(n)*3600000)
#define DAYS(n) ((uint64_t)(n)*86400000)

uint64_t clock_ms(void); /* CLOCK_BOOTTIME: timers, leases, deadlines; never goes back */
uint64_t clock_us(void);
uint64_t clock_wall_ms(void); /* since 1970, UTC: for people and INTERNALDATE, never for logic */

/* Both clocks from then on return what `now` returns; NULL brings the real ones back. */
void clock_replace(uint64_t (*now_us)(void), uint64_t (*wall_ms)(void));

/* "2026-03-01T10:00:00.123Z"; out holds at least 25 bytes. */
void clock_iso(uint64_t wall_ms, char *out);

#endif
