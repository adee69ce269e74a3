/* SPDX-License-Identifier: Apache-2.0 */
/* query_cluster.c - pending deliveries, the cluster map, replica ids. */
#include "mailstore/query_private.h"

enum { PENDING_DEFAULT = 100, PENDING_MAX = 500, PENDING_BYTES = 2 << 20, REPLICAS_LISTED = 65536 };

static ProtobufCBinaryData binary(struct bytes b)
{
	return (ProtobufCBinaryData){ b.n, (uint8_t *)(uintptr_t)b.p };
}

/* ---- the queue */

static Tern__ChunkRef *chunk_new(struct ask *a, const struct row_chunk *c)
{
	Tern__ChunkRef *ref = ASK_NEW(a, chunk_ref);

	ref->index = c->index;
	ref->term = c->term;
	ref->raw = c->raw;
	ref->stored = c->stored;
	ref->hash_lo = c->hash.lo;
	ref->hash_hi = c->hash.hi;
	return ref;
}

static Tern__Content *content_new(struct ask *a, uint64_t id, size_t *bytes)
{
	Tern__Content *c = ASK_NEW(a, content);
	struct content_rec rec;
	struct row_chunk chunk;
	struct body_rec body;

	INVARIANT(content_get(a->rows, id, &rec) && body_get(a->rows, id, a->mem, &body));
	c->size = rec.size;
	c->n_thread_keys = rec.n_keys;
	c->thread_keys = arena_array(a->mem, uint64_t, rec.n_keys);
	for (uint32_t i = 0; i < rec.n_keys; i++)
		c->thread_keys[i] = rec.keys[i];
	c->facts = binary(body.facts);
	c->envelope = binary(body.envelope);
	c->structure = binary(body.structure);
	c->n_chunks = body.n_chunks;
	c->chunks = arena_array(a->mem, Tern__ChunkRef *, body.n_chunks);
	*bytes += body.facts.n + body.envelope.n + body.structure.n + body.n_chunks * 64;
	for (size_t i = 0; i < body.n_chunks; i++) {
		INVARIANT(row_chunk_next(&body.chunks, &chunk));
		c->chunks[i] = chunk_new(a, &chunk);
	}
	return c;
}

static Tern__PendingDelivery *pending_new(struct ask *a, uint64_t id, size_t *bytes)
{
	Tern__PendingDelivery *d = ASK_NEW(a, pending_delivery);
	struct pending_rec p;

	INVARIANT(pending_get(a->rows, id, a->mem, &p));
	d->id = p.id;
	d->delivery = binary(p.delivery);
	d->born_ms = p.born_ms;
	d->date_ms = p.date_ms;
	d->zone = p.zone;
	d->attempts = p.attempts;
	d->sender = ask_text(a, p.sender);
	d->recipient = WIRE_UNPACK(recipient, p.recipient, a->mem);
	INVARIANT(d->recipient);
	d->content = content_new(a, p.content, bytes);
	*bytes += p.recipient.n + 1024;
	return d;
}

int ask_pending(struct ask *a, const Tern__Query *q)
{
	Tern__PendingReply *r = ASK_NEW(a, pending_reply);
	struct bytes key, value;
	struct shard_rec shard;
	struct rows_iter *it;
	uint64_t now, due, id;
	size_t max = q->pending->max ? MIN(q->pending->max, PENDING_MAX) : PENDING_DEFAULT;
	size_t bytes = 0;
	struct key k, from;

	shard_get(a->rows, &shard);
	now = MAX(q->pending->now_ms, shard.log_ms);
	r->pending = arena_array(a->mem, Tern__PendingDelivery *, max);
	key_table(&k, T_DUE);
	key_table_u64(&from, T_DUE, shard.due_from);
	it = rows_under(a->rows, key_bytes(&k), key_bytes(&from));
	while (r->n_pending < max && bytes < PENDING_BYTES && rows_iter_next(it, &key, &value)) {
		key = bytes_skip(key, KEY_TABLE);
		INVARIANT(get_u64be(&key, &due) && get_u64be(&key, &id));
		if (due > now)
			break;
		r->pending[r->n_pending++] = pending_new(a, id, &bytes);
	}
	rows_iter_free(&it);
	a->reply->what_case = TERN__REPLY__WHAT_PENDING;
	a->reply->pending = r;
	return 0;
}

/* ---- shard 0 */

int ask_map(struct ask *a, const Tern__Query *q UNUSED)
{
	struct bytes packed;
	struct key k;

	key_table(&k, T_MAP);
	if (!raw_get(a->rows, key_bytes(&k), a->mem, &packed))
		return DENY(a, ERR_NOTFOUND, "this shard holds no cluster map");
	a->reply->what_case = TERN__REPLY__WHAT_MAP;
	a->reply->map = WIRE_UNPACK(cluster_map, packed, a->mem);
	INVARIANT(a->reply->map);
	return 0;
}

static Tern__ReplicaRecord *replica_new(struct ask *a, struct bytes value)
{
	Tern__ReplicaRecord *r = ASK_NEW(a, replica_record);
	struct replica_rec rec;

	replica_decode(value, &rec);
	r->replica = rec.replica;
	r->shard = rec.shard;
	r->state = (Tern__ReplicaState)rec.state;
	r->node = ask_text(a, rec.node);
	return r;
}

/* Those that are gone are many in the end, and nobody asks for them. */
int ask_replicas(struct ask *a, const Tern__Query *q UNUSED)
{
	Tern__ReplicaListReply *r = ASK_NEW(a, replica_list_reply);
	struct bytes key, value;
	struct rows_iter *it;
	struct key k;

	r->replicas = arena_array(a->mem, Tern__ReplicaRecord *, REPLICAS_LISTED);
	key_table(&k, T_REPLICA);
	it = rows_under(a->rows, key_bytes(&k), BYTES_NONE);
	while (r->n_replicas < REPLICAS_LISTED && rows_iter_next(it, &key, &value)) {
		Tern__ReplicaRecord *one = replica_new(a, value);

		if (one->state != TERN__REPLICA_STATE__REPLICA_GONE)
			r->replicas[r->n_replicas++] = one;
	}
	rows_iter_free(&it);
	a->reply->what_case = TERN__REPLY__WHAT_REPLICAS;
	a->reply->replicas = r;
	return 0;
}
