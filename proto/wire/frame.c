/* SPDX-License-Identifier: Apache-2.0 */
/* frame.c - messages between blobs, protobuf-c and ZeroMQ, without copying a payload. */
#include "wire/frame.h"

#include "base/metric.h"

#include <errno.h>
#include <stdlib.h>
#include <zmq.h>

/* A cluster map of 4,096 shards has 41,000 fields and takes 6 times its size in memory, the facts
 * of a message of many small parts 12 times. */
#define MAX_FIELDS 262144
#define MEMORY_FACTOR 16
#define MEMORY_EXTRA KIB(64)

/* Below this a copy is cheaper than a reference that the I/O thread gives back. */
#define COPY_BELOW 256

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

/* ---- ZeroMQ: out -------------------------------------------------------------------------- */

static void give_back(void *p UNUSED, void *hint)
{
	struct blob *blob = hint; /* on the I/O thread */

	blob_unref(&blob);
}

/* Takes the reference. */
static void part_from_blob(zmq_msg_t *part, struct blob *blob)
{
	int ret;

	if (blob->b.n < COPY_BELOW) {
		ret = zmq_msg_init_size(part, blob->b.n);
		if (ret == 0 && blob->b.n)
			memcpy(zmq_msg_data(part), blob->b.p, blob->b.n);
		blob_unref(&blob);
	} else {
		ret = zmq_msg_init_data(part, (void *)(uintptr_t)blob->b.p, blob->b.n, give_back,
					blob);
	}
	INVARIANT(ret == 0); /* fails for want of memory only */
}

static bool send_part(void *socket, struct blob *blob, bool more)
{
	zmq_msg_t part;

	part_from_blob(&part, blob);
	if (zmq_msg_send(&part, socket, ZMQ_DONTWAIT | (more ? ZMQ_SNDMORE : 0)) >= 0)
		return true;
	zmq_msg_close(&part);
	return false;
}

static unsigned list_parts(struct msg *m, struct blob **parts)
{
	unsigned n = 0;

	parts[n++] = m->head;
	if (m->body || m->n_payload)
		parts[n++] = m->body ? m->body : blob_copy(BYTES_NONE);
	for (unsigned i = 0; i < m->n_payload; i++)
		parts[n++] = m->payload[i];
	msg_init(m);
	return n;
}

/* Once the first part is in, all must follow whatever becomes of the peer meanwhile: ZeroMQ
 * drops what is left of a message up to its last part. */
static bool send_parts(void *socket, struct blob **parts, unsigned n)
{
	bool sent = send_part(socket, parts[0], n > 1);

	if (!sent) {
		for (unsigned i = 1; i < n; i++)
			blob_unref(&parts[i]);
		return false;
	}
	for (unsigned i = 1; i < n; i++)
		sent &= send_part(socket, parts[i], i + 1 < n);
	return sent;
}

int wire_send(void *socket, struct bytes peer, struct msg *m)
{
	struct blob *parts[WIRE_MAX_PARTS + 2];

	INVARIANT(m->head);
	metric_inc(M_wire_messages_total);
	if (peer.n && zmq_send(socket, peer.p, peer.n, ZMQ_DONTWAIT | ZMQ_SNDMORE) < 0) {
		msg_release(m);
		return -ERR_BUSY;
	}
	return send_parts(socket, parts, list_parts(m, parts)) ? 0 : -ERR_BUSY;
}

/* ---- ZeroMQ: in ---------------------------------------------------------------------------- */

/* A blob around the message it came in. */
struct part {
	struct blob blob;
	zmq_msg_t msg;
};

static void part_release(struct blob *blob)
{
	struct part *part = container_of(blob, struct part, blob);

	zmq_msg_close(&part->msg);
	free(part);
}

static struct part *recv_part(void *socket)
{
	struct part *part = xnew(struct part);

	zmq_msg_init(&part->msg);
	if (zmq_msg_recv(&part->msg, socket, ZMQ_DONTWAIT) < 0) {
		zmq_msg_close(&part->msg);
		free(part);
		return NULL;
	}
	part->blob.b = bytes_of(zmq_msg_data(&part->msg), zmq_msg_size(&part->msg));
	part->blob.release = part_release;
	atomic_init(&part->blob.refs, 1);
	return part;
}

static bool has_more(const struct part *part)
{
	return zmq_msg_more(&part->msg);
}

/* Puts the n-th part where it belongs; false: it is too much, and dropped. */
static bool keep_part(struct msg *m, unsigned n, struct part *part)
{
	struct blob *blob = &part->blob;
	size_t max = n == 0 ? WIRE_MAX_HEAD : n == 1 ? WIRE_MAX_BODY : WIRE_MAX_PAYLOAD;

	if (blob->b.n > max || n >= WIRE_MAX_PARTS + 2) {
		blob_unref(&blob);
		return false;
	}
	if (n == 0)
		m->head = blob;
	else if (n == 1)
		m->body = blob;
	else
		msg_add(m, blob);
	return true;
}

/* The rest of a message is read to its end even when it will be dropped. */
static int recv_rest(void *socket, struct part *part, struct msg *m)
{
	bool ok = true, more = true;

	for (unsigned n = 0; more && part; n++) {
		more = has_more(part);
		ok &= keep_part(m, n, part);
		part = more ? recv_part(socket) : NULL;
	}
	if (ok && m->head)
		return 0;
	msg_release(m);
	return -ERR_INVALID;
}

/* ZAP's word, which libzmq keeps beside each part of an authenticated connection (but not beside
 * a routing id that was fetched by a poll). */
static struct bytes sender_id(struct arena *mem, struct part *part)
{
	return bytes_dup(mem, bytes_str(zmq_msg_gets(&part->msg, "User-Id")));
}

int wire_recv(void *socket, bool router, struct arena *mem, struct bytes *peer,
	      struct bytes *user_id, struct msg *m)
{
	struct part *part = recv_part(socket);
	struct blob *id;

	msg_init(m);
	*peer = BYTES_NONE;
	*user_id = BYTES_NONE;
	if (!part)
		return -ERR_BUSY;
	if (router) {
		id = &part->blob;
		*peer = bytes_dup(mem, id->b);
		part = has_more(part) ? recv_part(socket) : NULL;
		blob_unref(&id);
	}
	if (part)
		*user_id = sender_id(mem, part);
	return recv_rest(socket, part, m);
}
