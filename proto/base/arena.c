/* SPDX-License-Identifier: Apache-2.0 */
/* arena.c - blocks that double up to 64 KiB, each filled from its start.
 *
 * Under sanitizers every allocation is a block of its own, so that an overrun is seen. */
#include "base/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { FIRST_BLOCK = 1024, LAST_BLOCK = 65536, ALIGN = 16 };

struct arena_block {
	struct arena_block *next;
	size_t size; /* of data */
	_Alignas(ALIGN) uint8_t data[];
};

void arena_init(struct arena *a, size_t max)
{
	*a = (struct arena){ .max = max };
}

static void free_blocks(struct arena_block *block)
{
	while (block) {
		struct arena_block *next = block->next;

		free(block);
		block = next;
	}
}

void arena_release(struct arena *a)
{
	free_blocks(a->blocks);
	*a = (struct arena){ .max = a->max };
}

void arena_clear(struct arena *a)
{
	struct arena_block *keep = a->blocks;

#ifdef TERN_SANITIZE
	keep = NULL;
	free_blocks(a->blocks);
#else
	if (keep && keep->size > LAST_BLOCK) {
		free_blocks(keep);
		keep = NULL;
	} else if (keep) {
		free_blocks(keep->next);
		keep->next = NULL;
	}
#endif
	a->blocks = keep;
	a->at = keep ? keep->data : NULL;
	a->end = keep ? keep->data + keep->size : NULL;
	a->used = 0;
}

static size_t block_size(const struct arena *a, size_t need)
{
	size_t size = FIRST_BLOCK;

#ifdef TERN_SANITIZE
	return need;
#endif
	if (a->blocks)
		size = MIN(a->blocks->size * 2, (size_t)LAST_BLOCK);
	return MAX(size, need);
}

static void *from_new_block(struct arena *a, size_t n)
{
	size_t size = block_size(a, n);
	struct arena_block *block = xmalloc(sizeof(*block) + size);

	block->size = size;
	/* A big allocation must not throw the rest of the current block away. */
	if (n > LAST_BLOCK / 4 && a->blocks) {
		block->next = a->blocks->next;
		a->blocks->next = block;
	} else {
		block->next = a->blocks;
		a->blocks = block;
		a->at = block->data + n;
		a->end = block->data + size;
	}
	return block->data;
}

void *arena_try(struct arena *a, size_t n)
{
	size_t need;
	uint8_t *p;

	if (n > SIZE_MAX / 2)
		return NULL;
	need = MAX((n + ALIGN - 1) & ~(size_t)(ALIGN - 1), (size_t)ALIGN);
	if (a->max && (need > a->max || a->used > a->max - need))
		return NULL;
	a->used += need;
#ifdef TERN_SANITIZE
	need = n;
#endif
	if (a->at && need && need <= (size_t)(a->end - a->at)) {
		p = a->at;
		a->at += need;
	} else {
		p = from_new_block(a, need);
	}
	return memset(p, 0, n);
}

void *arena_alloc(struct arena *a, size_t n)
{
	void *p = arena_try(a, n);

	INVARIANT(p);
	return p;
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap, again;
	char *s;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	INVARIANT(n >= 0);
	s = arena_alloc(a, (size_t)n + 1);
	vsnprintf(s, (size_t)n + 1, fmt, again);
	va_end(again);
	va_end(ap);
	return s;
}
