/* SPDX-License-Identifier: Apache-2.0 */
/* skip.h - a skip list of byte keys, embedded in whatever its nodes belong to.
 *
 * Serves the memory engine and the overlay of rows.c. The caller allocates a node with room for
 * its `next` pointers and keeps key and node where they are. Adding never disturbs who holds a
 * node; the heights come from a generator with a fixed seed, so runs repeat. */
#ifndef TERN_ENGINE_SKIP_H
#define TERN_ENGINE_SKIP_H

#include "base/bytes.h"

enum { SKIP_HEIGHT = 12 }; /* 1/4 of a level goes on to the next: good for 16 million */

struct skip_node {
	struct bytes key;
	struct skip_node *prev; /* the head, for the first */
	struct skip_node **next;
	unsigned height;
};

struct skip {
	struct skip_node head;
	struct skip_node
		*first[SKIP_HEIGHT]; /* the head's next pointers: a struct skip stays put */
	unsigned height;
	uint64_t random;
};

/* The nodes before a key, level by level: where a new one goes. */
struct skip_path {
	struct skip_node *before[SKIP_HEIGHT];
};

void skip_init(struct skip *s);       /* also empties: the nodes are the caller's */
unsigned skip_height(struct skip *s); /* of the next node: it needs so many pointers */

/* The first node with a key >= key, or NULL. path may be NULL. */
struct skip_node *skip_seek(struct skip *s, struct bytes key, struct skip_path *path);
/* n: key, height and next are set; its key is not in the list; path is that of skip_seek. */
void skip_add(struct skip *s, const struct skip_path *path, struct skip_node *n);
void skip_remove(struct skip *s, struct skip_node *n);
/* The last node with a key < key, of all when key is empty; NULL if none. */
struct skip_node *skip_below(struct skip *s, struct bytes key);

static inline struct skip_node *skip_first(const struct skip *s)
{
	return s->first[0];
}

static inline struct skip_node *skip_next(const struct skip_node *n)
{
	return n->next[0];
}

static inline struct skip_node *skip_prev(const struct skip *s, const struct skip_node *n)
{
	return n->prev == &s->head ? NULL : n->prev;
}

#endif
