/* SPDX-License-Identifier: Apache-2.0 */
/* frame.c - messages between blobs and protobuf-c. */
#include "wire/frame.h"

/* A cluster map of 4,096 shards has 41,000 fields and takes 6 times its size in memory, the facts
 * of a message of many small parts 12 times. */
#define MAX_FIELDS 262144
#define MEMORY_FACTOR 16
#define MEMORY_EXTRA KIB(64)

/* ---- struct msg ------------------------------------------------------------------------- */

void msg_init(struct msg *m)
{
	memset(m, 0, sizeof(*m));
}

void msg_release(struct msg *m)
{
	blob_unref(&m->head);
	blob_unref(&m->body);
	while (m->n_payload)
		blob_unref(&m->payload[--m->n_payload]);
}

void msg_move(struct msg *to, struct msg *from)
{
	*to = *from;
	msg_init(from);
}

void msg_add(struct msg *m, struct blob *payload)
{
	INVARIANT(m->n_payload < WIRE_MAX_PARTS);
	m->payload[m->n_payload++] = payload;
}

size_t msg_bytes(const struct msg *m)
{
	size_t n = (m->head ? m->head->b.n : 0) + (m->body ? m->body->b.n : 0);

	for (unsigned i = 0; i < m->n_payload; i++)
		n += m->payload[i]->b.n;
	return n;
}

/* ---- protobuf ---------------------------------------------------------------------------- */

struct blob *wire_pack(const ProtobufCMessage *m)
{
	uint8_t *room;
	struct blob *blob = blob_new(protobuf_c_message_get_packed_size(m), &room);

	protobuf_c_message_pack(m, room);
	return blob;
}

struct capped {
	struct arena *mem;
	size_t left;
};

static void *capped_alloc(void *arg, size_t n)
{
	struct capped *c = arg;

	n = (n + 15) & ~(size_t)15; /* as the arena will */
	if (n > c->left)
		return NULL;
	c->left -= n;
	return arena_try(c->mem, n);
}

static void capped_free(void *arg UNUSED, void *p UNUSED)
{
	/* the arena goes as a whole */
}

void *wire_unpack(const ProtobufCMessageDescriptor *d, struct bytes b, struct arena *mem)
{
	struct capped cap = { .mem = mem, .left = b.n * MEMORY_FACTOR + MEMORY_EXTRA };
	ProtobufCAllocator allocator = { capped_alloc, capped_free, &cap };

	if (b.n > WIRE_MAX_BODY || !wire_scan(d, b, WIRE_MAX_DEPTH, MAX_FIELDS))
		return NULL;
	return protobuf_c_message_unpack(d, &allocator, b.n, b.n ? b.p : (const uint8_t *)"");
}
