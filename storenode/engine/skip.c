/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/skip.h"

void skip_init(struct skip *s)
{
	*s = (struct skip){ .height = 1, .random = 0x9e3779b97f4a7c15 };
	s->head.next = s->first;
	s->head.height = SKIP_HEIGHT;
}

unsigned skip_height(struct skip *s)
{
	unsigned height = 1;
	uint64_t r;

	s->random ^= s->random << 13; /* xorshift64 */
	s->random ^= s->random >> 7;
	s->random ^= s->random << 17;
	for (r = s->random; height < SKIP_HEIGHT && (r & 3) == 0; r >>= 2)
		height++;
	return height;
}

/* The last node below key on each level from the top; key NULL: of all. */
static struct skip_node *descend(struct skip *s, const struct bytes *key, struct skip_path *path)
{
	struct skip_node *at = &s->head;

	for (unsigned i = s->height; i-- > 0;) {
		struct skip_node *n;

		while ((n = at->next[i]) && (!key || bytes_cmp(n->key, *key) < 0))
			at = n;
		if (path)
			path->before[i] = at;
	}
	return at;
}

struct skip_node *skip_seek(struct skip *s, struct bytes key, struct skip_path *path)
{
	return descend(s, &key, path)->next[0];
}

struct skip_node *skip_below(struct skip *s, struct bytes key)
{
	struct skip_node *n = descend(s, key.n ? &key : NULL, NULL);

	return n == &s->head ? NULL : n;
}

void skip_add(struct skip *s, const struct skip_path *path, struct skip_node *n)
{
	for (unsigned i = 0; i < n->height; i++) {
		struct skip_node *before = i < s->height ? path->before[i] : &s->head;

		n->next[i] = before->next[i];
		before->next[i] = n;
		if (i == 0)
			n->prev = before;
	}
	if (n->next[0])
		n->next[0]->prev = n;
	s->height = MAX(s->height, n->height);
}

void skip_remove(struct skip *s, struct skip_node *n)
{
	struct skip_path path;

	descend(s, &n->key, &path);
	for (unsigned i = 0; i < n->height; i++)
		path.before[i]->next[i] = n->next[i];
	if (n->next[0])
		n->next[0]->prev = n->prev;
}
