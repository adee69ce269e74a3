/* SPDX-License-Identifier: Apache-2.0 */
/* name.h - paths and the tree of mailbox names.
 *
 * A node is a name (parent, component); it lives while it has a mailbox or children. Renaming a
 * tree is one row: what lies below points at the node, not at its name. INBOX is node 1 of every
 * account, found whatever its case, and always has a mailbox. */
#ifndef TERN_MAILSTORE_NAME_H
#define TERN_MAILSTORE_NAME_H

#include "mailstore/txn.h"

struct path {
	struct bytes full; /* canonical: INBOX in capitals */
	unsigned n;
	struct bytes names[DEPTH_MAX];
	size_t chars;
};

/* UTF-8, 1 to 255 characters, 32 components, none empty, no control characters. */
int path_parse(struct bytes text, struct arena *mem, struct path *p, struct why *why) MUST_USE;

bool node_find(struct rows *r, uint64_t account, uint32_t parent, struct bytes name, uint32_t *id);
/* The node of a path; how deep the path exists is in *depth (may be NULL). */
bool path_find(struct rows *r, uint64_t account, const struct path *p, struct arena *mem,
	       struct node_rec *node, unsigned *depth);
/* "a/b/c" of a node. */
struct bytes node_path(struct rows *r, uint64_t account, const struct node_rec *node,
		       struct arena *mem);

/* Writes a new node below `parent` (NULL: top level), whose count of children is kept. */
int node_add(struct txn *t, struct account *a, struct node_rec *parent, struct bytes name,
	     struct node_rec *node) MUST_USE;
/* The last step of a path's life: takes a node without mailbox and children away, and whatever
 * above it is then left without both. */
void node_prune(struct txn *t, struct account *a, const struct node_rec *node);
/* Moves a node to (parent, name); no row below it changes. */
void node_move(struct txn *t, struct account *a, struct node_rec *node, struct node_rec *parent,
	       struct bytes name);
/* The tree below a node: levels and the longest path in characters, the node not counted. */
void node_extent(struct txn *t, struct account *a, uint32_t id, unsigned *levels, size_t *chars);

size_t utf8_chars(struct bytes text);

#endif
