/* SPDX-License-Identifier: Apache-2.0 */
#include "router/due.h"

#include <stdlib.h>

void due_init(struct due_heap *h)
{
	*h = (struct due_heap){ 0 };
}

void due_release(struct due_heap *h)
{
	free(h->v);
	due_init(h);
}

static void put(struct due_heap *h, size_t place, struct due *d)
{
	h->v[place] = d;
	d->place = place;
}

static void up(struct due_heap *h, size_t place, struct due *d)
{
	for (; place > 1 && h->v[place / 2]->at > d->at; place /= 2)
		put(h, place, h->v[place / 2]);
	put(h, place, d);
}

static void down(struct due_heap *h, size_t place, struct due *d)
{
	for (size_t child; (child = place * 2) <= h->n; place = child) {
		if (child < h->n && h->v[child + 1]->at < h->v[child]->at)
			child++;
		if (h->v[child]->at >= d->at)
			break;
		put(h, place, h->v[child]);
	}
	put(h, place, d);
}

static void settle(struct due_heap *h, size_t place, struct due *d)
{
	if (place > 1 && h->v[place / 2]->at > d->at)
		up(h, place, d);
	else
		down(h, place, d);
}

void due_set(struct due_heap *h, struct due *d, uint64_t at)
{
	d->at = at;
	if (d->place == 0) {
		if (h->n + 2 > h->cap) {
			h->cap = h->cap ? h->cap * 2 : 64;
			h->v = xrealloc(h->v, h->cap * sizeof(*h->v));
		}
		d->place = ++h->n;
	}
	settle(h, d->place, d);
}

void due_clear(struct due_heap *h, struct due *d)
{
	size_t place = d->place;
	struct due *last;

	if (place == 0)
		return;
	d->place = 0;
	last = h->v[h->n--];
	if (last != d)
		settle(h, place, last);
}

struct due *due_first(const struct due_heap *h)
{
	return h->n ? h->v[1] : NULL;
}
