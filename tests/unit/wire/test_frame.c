/* SPDX-License-Identifier: Apache-2.0 */
/* Messages over real ZeroMQ sockets: parts arrive as they were sent, hostile ones are dropped
 * whole and leave the socket usable, references are given back. */
#include "base/base.h"
#include "lib/test.h"

#include "wire/frame.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>
#include <zmq.h>

struct pair {
	void *zmq, *router, *dealer;
	struct arena mem;
};

static void pair_open(struct pair *p)
{
	int zero = 0, one = 1;
	char where[64];
	size_t n = sizeof(where);

	p->zmq = zmq_ctx_new();
	p->router = zmq_socket(p->zmq, ZMQ_ROUTER);
	p->dealer = zmq_socket(p->zmq, ZMQ_DEALER);
	zmq_setsockopt(p->router, ZMQ_LINGER, &zero, sizeof(zero));
	zmq_setsockopt(p->dealer, ZMQ_LINGER, &zero, sizeof(zero));
	zmq_setsockopt(p->router, ZMQ_ROUTER_MANDATORY, &one, sizeof(one));
	CHECK_INT(zmq_bind(p->router, "tcp://127.0.0.1:*"), 0);
	zmq_getsockopt(p->router, ZMQ_LAST_ENDPOINT, where, &n);
	CHECK_INT(zmq_connect(p->dealer, where), 0);
	arena_init(&p->mem, 0);
}

static void pair_close(struct pair *p)
{
	zmq_close(p->router);
	zmq_close(p->dealer);
	zmq_ctx_term(p->zmq);
	arena_release(&p->mem);
}

static int receive(struct pair *p, bool router, struct bytes *peer, struct msg *m)
{
	zmq_pollitem_t item = { router ? p->router : p->dealer, 0, ZMQ_POLLIN, 0 };
	struct bytes user;

	CHECK_INT(zmq_poll(&item, 1, 5000), 1);
	return wire_recv(item.socket, router, &p->mem, peer, &user, m);
}

static struct blob *filled(size_t n, uint8_t c)
{
	uint8_t *room;
	struct blob *b = blob_new(n, &room);

	memset(room, c, n);
	return b;
}

TEST(frame, there_and_back)
{
	struct pair p;
	struct bytes peer, none;
	struct msg m;

	pair_open(&p);
	msg_init(&m);
	m.head = blob_copy(BYTES("head"));
	m.body = filled(5000, 'b');
	msg_add(&m, filled(3, 'x'));
	msg_add(&m, filled(KIB(256), 'y'));
	CHECK_INT(msg_bytes(&m), 4 + 5000 + 3 + KIB(256));
	CHECK_INT(wire_send(p.dealer, BYTES_NONE, &m), 0);
	CHECK(!m.head && !m.body && !m.n_payload);
	CHECK_INT(receive(&p, true, &peer, &m), 0);
	CHECK(peer.n > 0);
	CHECK(bytes_eq(m.head->b, BYTES("head")));
	CHECK(m.body->b.n == 5000 && m.body->b.p[4999] == 'b');
	CHECK_INT(m.n_payload, 2);
	CHECK(m.payload[1]->b.n == KIB(256) && m.payload[1]->b.p[7] == 'y');
	/* what came is sent on without a copy, and the blobs outlive the socket's message */
	CHECK_INT(wire_send(p.router, peer, &m), 0);
	CHECK_INT(receive(&p, false, &none, &m), 0);
	CHECK_INT(none.n, 0);
	CHECK_INT(m.n_payload, 2);
	CHECK(m.payload[1]->b.p[KIB(256) - 1] == 'y');
	msg_release(&m);
	pair_close(&p);
}

TEST(frame, head_alone_and_payload_without_a_body)
{
	struct pair p;
	struct bytes peer;
	struct msg m;

	pair_open(&p);
	msg_init(&m);
	m.head = blob_copy(BYTES("h"));
	CHECK_INT(wire_send(p.dealer, BYTES_NONE, &m), 0);
	CHECK_INT(receive(&p, true, &peer, &m), 0);
	CHECK(m.head && !m.body && m.n_payload == 0);
	msg_release(&m);
	m.head = blob_copy(BYTES("h"));
	msg_add(&m, filled(10, 'z'));
	CHECK_INT(wire_send(p.dealer, BYTES_NONE, &m), 0);
	CHECK_INT(receive(&p, true, &peer, &m), 0);
	CHECK(m.body && m.body->b.n == 0 && m.n_payload == 1);
	msg_release(&m);
	pair_close(&p);
}

static void send_raw(void *socket, unsigned parts, const size_t *sizes)
{
	for (unsigned i = 0; i < parts; i++) {
		void *part = calloc(1, sizes[i] + 1);

		CHECK(zmq_send(socket, part, sizes[i], i + 1 < parts ? ZMQ_SNDMORE : 0) >= 0);
		free(part);
	}
}

TEST(frame, too_much_is_dropped_whole)
{
	static const struct {
		unsigned n;
		size_t sizes[3];
	} bad[] = {
		{ 1, { WIRE_MAX_HEAD + 1 } },
		{ 2, { 1, WIRE_MAX_BODY + 1 } },
		{ 3, { 1, 1, WIRE_MAX_PAYLOAD + 1 } },
	};
	size_t many[WIRE_MAX_PARTS + 3] = { 1, 1, 1 };
	struct pair p;
	struct bytes peer;
	struct msg m;

	pair_open(&p);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		send_raw(p.dealer, bad[i].n, bad[i].sizes);
		CHECK_INT(receive(&p, true, &peer, &m), -ERR_INVALID);
		CHECK(!m.head && peer.n > 0);
	}
	send_raw(p.dealer, WIRE_MAX_PARTS + 3, many);
	CHECK_INT(receive(&p, true, &peer, &m), -ERR_INVALID);
	send_raw(p.dealer, WIRE_MAX_PARTS + 2, many);
	CHECK_INT(receive(&p, true, &peer, &m), 0);
	CHECK_INT(m.n_payload, WIRE_MAX_PARTS);
	msg_release(&m);
	CHECK_INT(wire_recv(p.router, true, &p.mem, &peer, &peer, &m), -ERR_BUSY);
	pair_close(&p);
}

TEST(frame, nobody_there_is_busy_and_nothing_leaks)
{
	struct pair p;
	struct msg m;
	struct blob *held = filled(KIB(64), 'q');

	pair_open(&p);
	msg_init(&m);
	m.head = blob_copy(BYTES("h"));
	m.body = blob_ref(held);
	CHECK_INT(wire_send(p.router, BYTES("ghost"), &m), -ERR_BUSY);
	CHECK(!m.head && !m.body);
	CHECK_INT(atomic_load(&held->refs), 1);
	blob_unref(&held);
	pair_close(&p);
}

/* At the high-water mark a DEALER takes nothing of a message, or all. */
TEST(frame, full_is_busy)
{
	void *zmq = zmq_ctx_new(), *dealer = zmq_socket(zmq, ZMQ_DEALER);
	int hwm = 5, zero = 0, sent = 0;
	struct msg m;

	zmq_setsockopt(dealer, ZMQ_SNDHWM, &hwm, sizeof(hwm));
	zmq_setsockopt(dealer, ZMQ_LINGER, &zero, sizeof(zero));
	CHECK_INT(zmq_connect(dealer, "tcp://127.0.0.1:1"), 0);
	for (int i = 0; i < 20; i++) {
		msg_init(&m);
		m.head = blob_copy(BYTES("h"));
		m.body = filled(1000, 'x');
		msg_add(&m, filled(1000, 'y'));
		sent += wire_send(dealer, BYTES_NONE, &m) == 0;
	}
	CHECK_INT(sent, 5);
	zmq_close(dealer);
	zmq_ctx_term(zmq);
}

TEST(frame, move_and_release)
{
	struct msg a, b;

	msg_init(&a);
	a.head = blob_copy(BYTES("h"));
	msg_add(&a, blob_copy(BYTES("p")));
	msg_move(&b, &a);
	CHECK(!a.head && a.n_payload == 0 && b.head && b.n_payload == 1);
	msg_release(&a);
	msg_release(&b);
	CHECK(!b.head && b.n_payload == 0);
}
