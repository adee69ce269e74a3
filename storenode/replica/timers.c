/* SPDX-License-Identifier: Apache-2.0 */
#include "replica/timers.h"

#include <stdlib.h>

void timers_init(struct timers *t)
{
	*t = (struct timers){ 0 };
}

void timers_release(struct timers *t)
{
	free(t->heap);
	timers_init(t);
}

static void put(struct timers *t, size_t slot, struct timer *timer)
{
	t->heap[slot] = timer;
	timer->slot = slot;
}

static void sift_up(struct timers *t, size_t slot)
{
	struct timer *timer = t->heap[slot];

	while (slot && t->heap[(slot - 1) / 2]->queued > timer->queued) {
		put(t, slot, t->heap[(slot - 1) / 2]);
		slot = (slot - 1) / 2;
	}
	put(t, slot, timer);
}

static void sift_down(struct timers *t, size_t slot)
{
	struct timer *timer = t->heap[slot];

	for (;;) {
		size_t child = slot * 2 + 1;

		if (child >= t->n)
			break;
		if (child + 1 < t->n && t->heap[child + 1]->queued < t->heap[child]->queued)
			child++;
		if (t->heap[child]->queued >= timer->queued)
			break;
		put(t, slot, t->heap[child]);
		slot = child;
	}
	put(t, slot, timer);
}

static void insert(struct timers *t, struct timer *timer)
{
	if (t->n == t->cap) {
		t->cap = t->cap ? t->cap * 2 : 64;
		t->heap = xrealloc(t->heap, t->cap * sizeof(struct timer *));
	}
	timer->queued = timer->due;
	put(t, t->n++, timer);
	sift_up(t, t->n - 1);
}

static void take_out(struct timers *t, struct timer *timer)
{
	size_t slot = timer->slot;
	struct timer *last = t->heap[--t->n];

	timer->queued = 0;
	if (last == timer)
		return;
	put(t, slot, last);
	sift_down(t, slot);
	sift_up(t, last->slot);
}

void timers_set(struct timers *t, struct timer *timer, uint64_t due_ms)
{
	uint64_t due = (due_ms + TIMER_GRID_MS - 1) / TIMER_GRID_MS * TIMER_GRID_MS;

	timer->due = due;
	if (timer->queued && (due == 0 || due < timer->queued))
		take_out(t, timer);
	if (due && !timer->queued)
		insert(t, timer);
}

struct timer *timers_pop(struct timers *t, uint64_t now)
{
	while (t->n && t->heap[0]->queued <= now) {
		struct timer *timer = t->heap[0];

		take_out(t, timer);
		if (timer->due <= now) {
			timer->due = 0;
			return timer;
		}
		insert(t, timer); /* it was moved later meanwhile */
	}
	return NULL;
}

uint64_t timers_next(const struct timers *t)
{
	return t->n ? t->heap[0]->queued : UINT64_MAX;
}
