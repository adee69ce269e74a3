/* SPDX-License-Identifier: Apache-2.0 */
/* serve_chunks.c - bodies: immutable, so any replica that has applied the index may answer. What
 * leaves the node has been checked against its hash. */
#include "base/base.h"
#include "server/requests.h"

#define WAIT_MS 1000

int chunk_read(const struct request *r, const struct kv_snap *snap, const struct row_chunk *c,
	       struct blob **body)
{
	int ret = host_chunk_get(r->server->kv, snap, r->head->shard, c->index, c->term, body);

	if (ret < 0)
		return ret;
	if (!*body)
		return -ERR_NOTFOUND;
	if ((*body)->b.n == c->stored && hash128_eq(hash128((*body)->b), c->hash))
		return 0;
	log_error(NULL, "chunk_corrupt", "shard=%u index=%lu term=%lu", r->head->shard,
		  (unsigned long)c->index, (unsigned long)c->term);
	blob_unref(body);
	return -ERR_CORRUPT;
}

static int chunk_add(struct request *r, const Tern__ChunkRef *ref)
{
	struct row_chunk c = { .index = ref->index,
			       .term = ref->term,
			       .stored = ref->stored,
			       .hash = { ref->hash_lo, ref->hash_hi } };
	struct blob *body;
	int ret = chunk_read(r, NULL, &c, &body);

	if (ret == 0)
		msg_add(&r->out, body);
	return ret;
}

/* On a reader thread. */
static void run(void *arg)
{
	struct request *r = arg;
	Tern__ChunksQuery *q;
	int ret = 0;

	q = r->in.body ? WIRE_UNPACK(chunks_query, r->in.body->b, &r->mem) : NULL;
	if (!q || q->n_chunks == 0 || q->n_chunks > WIRE_MAX_PARTS)
		ret = -ERR_INVALID;
	for (size_t i = 0; ret == 0 && i < q->n_chunks; i++)
		ret = chunk_add(r, q->chunks[i]);
	r->status = -ret;
}

static void answer(void *arg)
{
	struct request *r = arg;

	if (r->status == 0) {
		request_reply(r, ERR_OK, NULL);
		return;
	}
	msg_release(&r->out);
	request_fail(r, r->status, "the chunk cannot be read here");
}

static void ready(void *arg, int status)
{
	struct request *r = arg;

	if (status != ERR_OK)
		request_fail(r, status == ERR_LATE ? ERR_BUSY : ERR_EPOCH, "not applied here");
	else
		readers_add(r->server->readers, run, answer, r);
}

void serve_chunks(struct request *r)
{
	if (!r->server->host)
		request_fail(r, ERR_EPOCH, "no replica of that shard here");
	else
		host_wait_applied(r->server->host, r->head->shard, r->head->min_index, WAIT_MS,
				  ready, r);
}
