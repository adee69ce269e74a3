/* SPDX-License-Identifier: Apache-2.0 */
/* body.c - ranges of one message, read chunk by chunk.
 *
 * The message is its prefix followed by its chunks' raw bytes. A chunk is fetched when a range
 * first touches it and stays inflated until another is needed. Bodies are immutable: any replica
 * may answer, and what it answers is checked against the hash that the row carries. */
#include "store/body.h"
#include "base/base.h"
#include "store/private.h"

#include <stdlib.h>

struct body {
	struct store_user *user;
	uint64_t account;
	uint64_t size, at, end; /* of the message; of the range */
	struct bytes prefix;
	struct row_chunk *chunks;
	uint64_t *starts; /* offset of each chunk in the message */
	size_t n_chunks;
	size_t loaded;        /* chunk in the buffer + 1; 0: none */
	struct bytes at_hand; /* the only chunk, as stored, where it came with the row */
	uint8_t *buffer;
	struct arena mem;
};

static struct bytes came_along(const struct store_page *page, uint32_t uid)
{
	for (size_t i = 0; page && i < page->n_bodies; i++)
		if (page->bodies[i].uid == uid)
			return page->bodies[i].stored;
	return BYTES_NONE;
}

struct body *body_open(struct store_user *u, const struct row *row, uint64_t account,
		       const struct store_page *page)
{
	struct body *b = xnew(struct body);
	struct bytes list = row->chunks;
	uint64_t start = row->prefix.n;

	b->user = u;
	b->account = account;
	b->size = row->size;
	b->at_hand = came_along(page, row->uid);
	arena_init(&b->mem, 0);
	b->prefix = bytes_dup(&b->mem, row->prefix);
	b->chunks = arena_array(&b->mem, struct row_chunk, row->n_chunks + 1);
	b->starts = arena_array(&b->mem, uint64_t, row->n_chunks + 1);
	while (b->n_chunks < row->n_chunks && row_chunk_next(&list, &b->chunks[b->n_chunks])) {
		b->starts[b->n_chunks] = start;
		start += b->chunks[b->n_chunks++].raw;
	}
	return b;
}

void body_close(struct body **body)
{
	struct body *b = *body;

	*body = NULL;
	if (!b)
		return;
	chunk_buffer_put(b->user->store, &b->buffer);
	arena_release(&b->mem);
	free(b);
}

void body_range(struct body *b, uint64_t from, uint64_t n)
{
	b->at = MIN(from, b->size);
	b->end = b->at + MIN(n, b->size - b->at);
}

static int chunk_take(struct body *b, const struct row_chunk *c, struct bytes stored)
{
	if (stored.n != c->stored || !hash128_eq(hash128(stored), c->hash))
		return -ERR_CORRUPT;
	if (!b->buffer)
		b->buffer = chunk_buffer_get(b->user->store);
	return codec_unpack(stored, c->raw, b->buffer);
}

CO static int chunk_fetch(struct body *b, const struct row_chunk *c)
{
	Tern__ChunksQuery ask = TERN__CHUNKS_QUERY__INIT;
	Tern__ChunkRef ref = TERN__CHUNK_REF__INIT, *refs[1] = { &ref };
	struct store_call sc;
	int ret;

	ref.index = c->index;
	ref.term = c->term;
	ref.raw = c->raw;
	ref.stored = c->stored;
	ref.hash_lo = c->hash.lo;
	ref.hash_hi = c->hash.hi;
	ask.n_chunks = 1;
	ask.chunks = refs;
	store_call_init(&sc, b->user, CALL_ANY, TERN__KIND__KIND_CHUNKS, ACCOUNT_SHARD(b->account),
			&ask.base);
	sc.call.min_index = c->index;
	store_call_start(&sc);
	ret = store_call_wait(&sc);
	if (ret == 0)
		ret = sc.call.reply.n_payload == 1 ? chunk_take(b, c, sc.call.reply.payload[0]->b) :
						     -ERR_CORRUPT;
	store_call_release(&sc);
	return ret;
}

CO static int chunk_load(struct body *b, size_t i)
{
	const struct row_chunk *c = &b->chunks[i];
	int ret;

	if (b->loaded == i + 1)
		return 0;
	b->loaded = 0;
	ret = b->at_hand.n ? chunk_take(b, c, b->at_hand) : -ERR_CORRUPT;
	if (ret == -ERR_CORRUPT) /* not there, or damaged: another replica may do better */
		ret = chunk_fetch(b, c);
	if (ret == 0)
		b->loaded = i + 1;
	return ret;
}

/* The chunk that holds offset `at`; n_chunks: none, the row is damaged. */
static size_t chunk_at(const struct body *b, uint64_t at)
{
	size_t low = 0, high = b->n_chunks;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (b->starts[mid] + b->chunks[mid].raw <= at)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

CO int body_next(struct body *b, struct bytes *piece)
{
	size_t i;
	int ret;

	*piece = BYTES_NONE;
	if (b->at >= b->end)
		return 0;
	if (b->at < b->prefix.n) {
		*piece = bytes_slice(b->prefix, b->at, b->end - b->at);
		b->at += piece->n;
		return 0;
	}
	i = chunk_at(b, b->at);
	if (i == b->n_chunks)
		return -ERR_CORRUPT;
	ret = chunk_load(b, i);
	if (ret < 0)
		return ret;
	*piece = bytes_slice(bytes_of(b->buffer, b->chunks[i].raw), b->at - b->starts[i],
			     b->end - b->at);
	b->at += piece->n;
	return 0;
}
