/* SPDX-License-Identifier: Apache-2.0 */
/* arena.h - memory that is freed as a whole: one command, one transaction, one request.
 *
 * arena_alloc never fails (BUG past `max`: what clients size is checked before); arena_try
 * returns NULL past `max` and is for decoders of hostile input. Memory is zeroed, aligned
 * to 16. */
#ifndef TERN_ARENA_H
#define TERN_ARENA_H

#include "base/base.h"

struct arena_block;

struct arena {
	struct arena_block *blocks;
	uint8_t *at, *end;
	size_t used, max; /* max 0: no limit */
};

void arena_init(struct arena *a, size_t max);
void arena_release(struct arena *a); /* frees all; usable again after arena_init */
void arena_clear(struct arena *a);   /* frees all but one block, keeps max */

void *arena_alloc(struct arena *a, size_t n) MUST_USE;
void *arena_try(struct arena *a, size_t n) MUST_USE;
#define arena_new(a, type) ((type *)arena_alloc((a), sizeof(type)))
#define arena_array(a, type, n) ((type *)arena_alloc((a), sizeof(type) * (n)))
char *arena_printf(struct arena *a, const char *fmt, ...) PRINTF(2, 3);

#endif
