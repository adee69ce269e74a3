/* SPDX-License-Identifier: Apache-2.0 */
/* due.h - many deadlines behind one timer: a heap of embedded nodes, earliest first. */
#ifndef TERN_ROUTER_DUE_H
#define TERN_ROUTER_DUE_H

#include "base/base.h"

struct due {
	uint64_t at;
	size_t place; /* in the heap, from 1; 0: in none */
};

struct due_heap {
	struct due **v; /* v[1..n] */
	size_t n, cap;
};

void due_init(struct due_heap *h);
void due_release(struct due_heap *h);
void due_set(struct due_heap *h, struct due *d, uint64_t at); /* puts in or moves */
void due_clear(struct due_heap *h, struct due *d);            /* harmless where it is in none */
struct due *due_first(const struct due_heap *h);              /* NULL: empty */

#endif
