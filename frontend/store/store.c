/* SPDX-License-Identifier: Apache-2.0 */
/* store.c - one worker's store: what its sessions share. */
#include "base/base.h"
#include "store/codec.h"
#include "store/private.h"

#include <stdlib.h>

#define BACKGROUND_STACKS 64
#define SPARE_BUFFERS 16

struct buffer {
	struct list node;
};

struct store *store_new(struct loop *loop, struct router *router)
{
	struct store *s = xnew(struct store);

	s->loop = loop;
	s->router = router;
	s->owner = rand_u64() | 1;
	s->pool = co_pool_new(BACKGROUND_STACKS);
	map_init(&s->resolved);
	list_init(&s->free_buffers);
	return s;
}

void store_free(struct store **store)
{
	struct store *s = *store;
	struct list *node;
	struct bytes key;
	size_t pos = 0;
	void *value;

	if (!s)
		return;
	while (map_next(&s->resolved, &pos, &key, &value))
		free(value);
	map_release(&s->resolved);
	while ((node = list_pop(&s->free_buffers)))
		free(list_entry(node, struct buffer, node));
	co_pool_free(&s->pool);
	free(s);
	*store = NULL;
}

bool store_ready(const struct store *s)
{
	return router_ready(s->router);
}

bool store_background(struct store *s, void (*fn)(void *arg), void *arg)
{
	return co_start(s->pool, fn, arg);
}

uint32_t store_shards(const struct store *s)
{
	return router_shards(s->router);
}

uint8_t *chunk_buffer_get(struct store *s)
{
	struct list *node = list_pop(&s->free_buffers);

	if (!node)
		return xmalloc(CHUNK_RAW);
	s->n_free_buffers--;
	return (uint8_t *)list_entry(node, struct buffer, node);
}

void chunk_buffer_put(struct store *s, uint8_t **buffer)
{
	struct buffer *b = (struct buffer *)*buffer;

	*buffer = NULL;
	if (!b)
		return;
	if (s->n_free_buffers >= SPARE_BUFFERS) {
		free(b);
		return;
	}
	list_add_first(&s->free_buffers, &b->node);
	s->n_free_buffers++;
}
