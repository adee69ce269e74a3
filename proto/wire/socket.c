/* SPDX-License-Identifier: Apache-2.0 */
/* socket.c - whole messages over ZeroMQ, without copying a payload. */
#include "wire/frame.h"

#include "base/metric.h"

#include <stdlib.h>
#include <zmq.h>

/* Below this a copy is cheaper than a reference that the I/O thread gives back. */
#define COPY_BELOW 256

/* ---- out ---------------------------------------------------------------------------------- */

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

/* ---- in ------------------------------------------------------------------------------------ */

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
