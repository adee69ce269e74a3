/* SPDX-License-Identifier: Apache-2.0 */
/* map.h - hash map from bytes to pointers; keyed hash, open addressing, keys are copied. */
#ifndef TERN_MAP_H
#define TERN_MAP_H

#include "base/bytes.h"

struct map_slot;

struct map {
	struct map_slot *slots;
	size_t n, cap, dead;
};

void map_init(struct map *m);
void map_release(struct map *m); /* the values are the caller's */

void *map_get(const struct map *m, struct bytes key);
void *map_put(struct map *m, struct bytes key, void *value); /* returns the value it replaced */
void *map_del(struct map *m, struct bytes key);              /* returns the value it removed */
/* Iteration in no order; start with *pos = 0; entries may be deleted meanwhile, not added. */
bool map_next(const struct map *m, size_t *pos, struct bytes *key, void **value);

/* A number as a key. */
#define MAP_KEY(v) bytes_of(&(v), sizeof(v))

#endif
