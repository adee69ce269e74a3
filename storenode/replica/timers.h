/* SPDX-License-Identifier: Apache-2.0 */
/* timers.h - deadlines of many groups: a heap, on a coarse grid.
 *
 * Deadlines are rounded up to the grid, so that the heartbeats of all the shards a node leads
 * fall into one turn and share one envelope per peer. Moving a deadline later costs nothing:
 * the heap keeps the earlier one, and who is woken too soon is put back. */
#ifndef TERN_REPLICA_TIMERS_H
#define TERN_REPLICA_TIMERS_H

#include "base/base.h"

#define TIMER_GRID_MS 50

struct timer {
	uint64_t due;    /* 0: none */
	uint64_t queued; /* where the heap has it; 0: not in the heap */
	size_t slot;
};

struct timers {
	struct timer **heap;
	size_t n, cap;
};

void timers_init(struct timers *t);
void timers_release(struct timers *t);
void timers_set(struct timers *t, struct timer *timer, uint64_t due_ms); /* 0: never */
/* Takes one that is due at `now` out (its due is 0 then), or NULL. */
struct timer *timers_pop(struct timers *t, uint64_t now);
uint64_t timers_next(const struct timers *t); /* when to look again; UINT64_MAX: nothing set */

#endif
