/* SPDX-License-Identifier: Apache-2.0 */
/* map.c - linear probing over slots of 32 bytes; short keys live in their slot.
 *
 * A deleted slot becomes a tombstone, so that map_next never meets an entry twice; it turns
 * into a free one at once where the slot after it is free. */
#include "base/map.h"

#include <stdlib.h>

enum { FREE = 0, DEAD = 1, FIRST_HASH = 2, SMALL_KEY = 16, FIRST_CAP = 16 };

struct map_slot {
	uint32_t hash; /* FREE, DEAD or the key's */
	uint32_t n;
	union {
		uint8_t small[SMALL_KEY];
		uint8_t *big;
	};
	void *value;
};

void map_init(struct map *m)
{
	*m = (struct map){ 0 };
}

static void drop_key(struct map_slot *s)
{
	if (s->hash >= FIRST_HASH && s->n > SMALL_KEY)
		free(s->big);
}

void map_release(struct map *m)
{
	for (size_t i = 0; i < m->cap; i++)
		drop_key(&m->slots[i]);
	free(m->slots);
	map_init(m);
}

static uint32_t hash_of(struct bytes key)
{
	uint32_t h = (uint32_t)bytes_hash(key);

	return h < FIRST_HASH ? h + FIRST_HASH : h;
}

static struct bytes key_of(const struct map_slot *s)
{
	return bytes_of(s->n > SMALL_KEY ? s->big : s->small, s->n);
}

static struct map_slot *find(const struct map *m, struct bytes key, uint32_t hash)
{
	size_t mask = m->cap - 1;

	if (m->cap == 0)
		return NULL;
	for (size_t i = hash & mask; m->slots[i].hash != FREE; i = (i + 1) & mask) {
		struct map_slot *s = &m->slots[i];

		if (s->hash == hash && bytes_eq(key_of(s), key))
			return s;
	}
	return NULL;
}

static struct map_slot *vacant(const struct map *m, uint32_t hash)
{
	size_t mask = m->cap - 1;
	size_t i = hash & mask;

	while (m->slots[i].hash >= FIRST_HASH)
		i = (i + 1) & mask;
	return &m->slots[i];
}

static void rehash(struct map *m)
{
	struct map_slot *old = m->slots;
	size_t old_cap = m->cap;

	m->cap = FIRST_CAP;
	while (m->cap < m->n * 2 + 2)
		m->cap *= 2;
	m->slots = xcalloc(m->cap, sizeof(*m->slots));
	m->dead = 0;
	for (size_t i = 0; i < old_cap; i++)
		if (old[i].hash >= FIRST_HASH)
			*vacant(m, old[i].hash) = old[i];
	free(old);
}

void *map_get(const struct map *m, struct bytes key)
{
	struct map_slot *s = m->n ? find(m, key, hash_of(key)) : NULL;

	return s ? s->value : NULL;
}

static void set_key(struct map_slot *s, struct bytes key)
{
	uint8_t *to = s->small;

	INVARIANT(key.n <= UINT32_MAX);
	s->n = (uint32_t)key.n;
	if (key.n > SMALL_KEY)
		to = s->big = xmalloc(key.n);
	if (key.n)
		memcpy(to, key.p, key.n);
}

void *map_put(struct map *m, struct bytes key, void *value)
{
	uint32_t hash = hash_of(key);
	struct map_slot *s = find(m, key, hash);
	void *had = NULL;

	if (s) {
		had = s->value;
		s->value = value;
		return had;
	}
	if ((m->n + m->dead + 1) * 4 > m->cap * 3)
		rehash(m);
	s = vacant(m, hash);
	if (s->hash == DEAD)
		m->dead--;
	set_key(s, key);
	s->hash = hash;
	s->value = value;
	m->n++;
	return NULL;
}

/* Tombstones before a free slot stop no search. */
static void bury(struct map *m, size_t i)
{
	size_t mask = m->cap - 1;

	m->slots[i].hash = DEAD;
	m->dead++;
	if (m->slots[(i + 1) & mask].hash != FREE)
		return;
	for (; m->slots[i].hash == DEAD; i = (i - 1) & mask) {
		m->slots[i].hash = FREE;
		m->dead--;
	}
}

void *map_del(struct map *m, struct bytes key)
{
	struct map_slot *s = m->n ? find(m, key, hash_of(key)) : NULL;
	void *had;

	if (!s)
		return NULL;
	had = s->value;
	drop_key(s);
	bury(m, (size_t)(s - m->slots));
	m->n--;
	return had;
}

bool map_next(const struct map *m, size_t *pos, struct bytes *key, void **value)
{
	while (*pos < m->cap) {
		const struct map_slot *s = &m->slots[(*pos)++];

		if (s->hash >= FIRST_HASH) {
			if (key)
				*key = key_of(s);
			if (value)
				*value = s->value;
			return true;
		}
	}
	return false;
}
