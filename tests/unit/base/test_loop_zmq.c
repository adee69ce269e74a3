/* SPDX-License-Identifier: Apache-2.0 */
/* test_loop_zmq.c - ZMQ_FD is a trap: an edge that a send may swallow. Nothing may stall. */
#include "base/loop.h"
#include "lib/test.h"

#include <pthread.h>
#include <zmq.h>

#ifdef TERN_SANITIZE
enum { ECHOES = 50000 };
#else
enum { ECHOES = 200000 };
#endif

enum { WINDOW = 64, QUIET_MS = 10000 };

struct echo {
	struct loop *loop;
	void *context, *socket, *peer;
	unsigned sent, got, seen;
	bool send_in_hook;
	bool stalled;
};

static void *echo_peer(void *arg)
{
	void *s = ((struct echo *)arg)->peer;

	for (;;) {
		zmq_msg_t id, body;
		size_t n;

		zmq_msg_init(&id);
		zmq_msg_init(&body);
		zmq_msg_recv(&id, s, 0);
		zmq_msg_recv(&body, s, 0);
		n = zmq_msg_size(&body);
		zmq_msg_send(&id, s, ZMQ_SNDMORE);
		zmq_msg_send(&body, s, 0);
		if (n == 0)
			return NULL;
	}
}

static void fill_window(struct echo *e)
{
	while (e->sent < ECHOES && e->sent - e->got < WINDOW &&
	       zmq_send(e->socket, "0123456789", 10, ZMQ_DONTWAIT) == 10)
		e->sent++;
}

static void on_readable(void *arg)
{
	struct echo *e = arg;
	char text[16];

	for (unsigned i = 0; i < 256 && zmq_recv(e->socket, text, sizeof(text), ZMQ_DONTWAIT) > 0;
	     i++)
		e->got++;
	if (!e->send_in_hook)
		fill_window(e);
	if (e->got == ECHOES)
		loop_stop(e->loop);
}

static void turn_end(void *arg)
{
	struct echo *e = arg;

	if (e->send_in_hook)
		fill_window(e);
}

static void watch_for_stall(void *arg)
{
	struct echo *e = arg;

	if (e->seen == e->got) {
		e->stalled = true;
		loop_stop(e->loop);
	}
	e->seen = e->got;
}

static void connect_peer(struct echo *e)
{
	char endpoint[64];
	size_t n = sizeof(endpoint);

	e->peer = zmq_socket(e->context, ZMQ_ROUTER);
	e->socket = zmq_socket(e->context, ZMQ_DEALER);
	CHECK_INT(zmq_bind(e->peer, "tcp://127.0.0.1:*"), 0);
	CHECK_INT(zmq_getsockopt(e->peer, ZMQ_LAST_ENDPOINT, endpoint, &n), 0);
	CHECK_INT(zmq_connect(e->socket, endpoint), 0);
}

static void run_echo(bool send_in_hook)
{
	struct echo e = { .loop = loop_new(), .context = zmq_ctx_new() };
	struct loop_zmq *z;
	struct loop_hook *h;
	struct loop_timer *t;
	pthread_t peer;

	e.send_in_hook = send_in_hook;
	connect_peer(&e);
	CHECK_INT(pthread_create(&peer, NULL, echo_peer, &e), 0);
	z = loop_zmq_new(e.loop, e.socket, on_readable, &e);
	h = loop_hook_new(e.loop, turn_end, &e);
	t = loop_timer_new(e.loop, watch_for_stall, &e);
	loop_timer_set(t, QUIET_MS, QUIET_MS);
	fill_window(&e);
	loop_run(e.loop);
	CHECK(!e.stalled);
	CHECK_INT(e.got, ECHOES);
	loop_timer_free(&t);
	loop_hook_free(&h);
	loop_zmq_free(&z);
	CHECK(zmq_send(e.socket, "", 0, 0) == 0);
	pthread_join(peer, NULL);
	zmq_close(e.socket);
	zmq_close(e.peer);
	zmq_ctx_term(e.context);
	loop_free(&e.loop);
}

TEST(loop_zmq, echoes_sent_from_the_callback)
{
	run_echo(false);
}

TEST(loop_zmq, echoes_sent_from_the_hook)
{
	run_echo(true);
}

struct slow {
	struct loop *loop;
	void *socket;
	struct loop_zmq *watch, *other;
	unsigned got, until;
};

static void read_one(void *arg)
{
	struct slow *s = arg;
	char c;

	assert_int_equal(zmq_recv(s->socket, &c, 1, ZMQ_DONTWAIT), 1);
	if (++s->got == s->until) {
		loop_zmq_free(&s->watch);
		loop_zmq_free(&s->other);
		loop_stop(s->loop);
	}
}

static void give_up(void *arg)
{
	loop_stop(arg);
}

/* One message a turn, and no further edge on the descriptor. Frees two in its own callback. */
TEST(loop_zmq, what_is_left_is_read_in_the_next_turn)
{
	void *context = zmq_ctx_new();
	void *push = zmq_socket(context, ZMQ_PUSH), *idle = zmq_socket(context, ZMQ_PULL);
	struct slow s = { .loop = loop_new(), .until = 900 };
	struct loop_timer *t = loop_timer_new(s.loop, give_up, s.loop);

	s.socket = zmq_socket(context, ZMQ_PULL);
	CHECK_INT(zmq_bind(s.socket, "inproc://slow"), 0);
	CHECK_INT(zmq_connect(push, "inproc://slow"), 0);
	s.watch = loop_zmq_new(s.loop, s.socket, read_one, &s);
	s.other = loop_zmq_new(s.loop, idle, read_one, &s);
	for (unsigned i = 0; i < s.until; i++)
		CHECK_INT(zmq_send(push, "x", 1, 0), 1);
	loop_timer_set(t, QUIET_MS, 0);
	loop_run(s.loop);
	CHECK_INT(s.got, 900);
	loop_timer_free(&t);
	zmq_close(push);
	zmq_close(idle);
	zmq_close(s.socket);
	loop_free(&s.loop);
	zmq_ctx_term(context);
}
