/* SPDX-License-Identifier: Apache-2.0 */
/* test_loop_zmq.c - ZMQ_FD is a trap: an edge that a send may swallow. Nothing may stall. */
#include "base/loop.h"
#include "lib/test.h"

#include <poll.h>
#include <pthread.h>
#include <unistd.h>
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
	struct loop_zmq *watch;
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
	if (e->watch)
		loop_zmq_used(e->watch);
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
	struct loop_hook *h;
	struct loop_timer *t;
	pthread_t peer;

	e.send_in_hook = send_in_hook;
	connect_peer(&e);
	CHECK_INT(pthread_create(&peer, NULL, echo_peer, &e), 0);
	e.watch = loop_zmq_new(e.loop, e.socket, on_readable, &e);
	h = loop_hook_new(e.loop, turn_end, &e);
	t = loop_timer_new(e.loop, watch_for_stall, &e);
	loop_timer_set(t, QUIET_MS, QUIET_MS);
	fill_window(&e);
	loop_run(e.loop);
	CHECK(!e.stalled);
	CHECK_INT(e.got, ECHOES);
	loop_timer_free(&t);
	loop_hook_free(&h);
	loop_zmq_free(&e.watch);
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

	if (zmq_recv(s->socket, &c, 1, ZMQ_DONTWAIT) < 1)
		return;
	if (++s->got == s->until) {
		loop_zmq_free(&s->watch);
		loop_zmq_free(&s->other);
		loop_stop(s->loop);
	}
}

static void count(void *arg)
{
	(*(unsigned *)arg)++;
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
	unsigned idle_calls = 0;
	struct loop_timer *t = loop_timer_new(s.loop, give_up, s.loop);

	s.socket = zmq_socket(context, ZMQ_PULL);
	CHECK_INT(zmq_bind(s.socket, "inproc://slow"), 0);
	CHECK_INT(zmq_connect(push, "inproc://slow"), 0);
	s.watch = loop_zmq_new(s.loop, s.socket, read_one, &s);
	s.other = loop_zmq_new(s.loop, idle, count, &idle_calls);
	for (unsigned i = 0; i < s.until; i++)
		CHECK_INT(zmq_send(push, "x", 1, 0), 1);
	loop_timer_set(t, QUIET_MS, 0);
	loop_run(s.loop);
	CHECK_INT(s.got, 900);
	CHECK(idle_calls < 5); /* a socket that nothing happens to is left alone */
	loop_timer_free(&t);
	zmq_close(push);
	zmq_close(idle);
	zmq_close(s.socket);
	loop_free(&s.loop);
	zmq_ctx_term(context);
}

struct swallow {
	struct loop *loop;
	void *socket, *peer;
	struct loop_zmq *watch;
	bool sent, tells, heard;
};

static bool fd_readable(void *socket, int ms)
{
	struct pollfd p = { .events = POLLIN };
	size_t n = sizeof(p.fd);

	CHECK_INT(zmq_getsockopt(socket, ZMQ_FD, &p.fd, &n), 0);
	return poll(&p, 1, ms) == 1;
}

static void echo_once(struct swallow *w)
{
	char id[16];
	int n = zmq_recv(w->peer, id, sizeof(id), 0);
	char text[16];

	CHECK(n > 0);
	CHECK(zmq_recv(w->peer, text, sizeof(text), 0) > 0);
	CHECK_INT(zmq_send(w->peer, id, (size_t)n, ZMQ_SNDMORE), n);
	CHECK_INT(zmq_send(w->peer, "answer", 6, 0), 6);
}

/* An answer is there, its news waits on the descriptor; then a send takes the news in. ZeroMQ
 * looks for news in a send only when it has not looked for a million cycles or so. */
static void swallow_news(void *arg)
{
	struct swallow *w = arg;

	if (w->sent)
		return;
	w->sent = true;
	CHECK_INT(zmq_send(w->socket, "1", 1, 0), 1);
	echo_once(w);
	CHECK(fd_readable(w->socket, QUIET_MS));
	usleep(20000);
	CHECK_INT(zmq_send(w->socket, "2", 1, 0), 1);
	CHECK(!fd_readable(w->socket, 0)); /* or this tests nothing */
	if (w->tells)
		loop_zmq_used(w->watch);
}

static void hear(void *arg)
{
	struct swallow *w = arg;
	char text[16];

	w->heard |= zmq_recv(w->socket, text, sizeof(text), ZMQ_DONTWAIT) == 6;
	if (w->heard)
		loop_stop(w->loop);
}

static bool is_heard(bool tells)
{
	struct echo e = { .loop = loop_new(), .context = zmq_ctx_new() };
	struct swallow w = { .loop = e.loop, .tells = tells };
	struct loop_timer *t = loop_timer_new(e.loop, give_up, e.loop);
	struct loop_hook *h;

	connect_peer(&e);
	w.socket = e.socket;
	w.peer = e.peer;
	w.watch = loop_zmq_new(e.loop, e.socket, hear, &w);
	for (unsigned i = 0; i < 10; i++) { /* all news of connecting is read */
		loop_turn(e.loop);
		usleep(20000);
	}
	h = loop_hook_new(e.loop, swallow_news, &w);
	loop_timer_set(t, tells ? QUIET_MS : 300, 0);
	loop_run(e.loop);
	loop_timer_free(&t);
	loop_hook_free(&h);
	loop_zmq_free(&w.watch);
	zmq_close(e.socket);
	zmq_close(e.peer);
	zmq_ctx_term(e.context);
	loop_free(&e.loop);
	return w.heard;
}

TEST(loop_zmq, news_that_a_send_took_in_must_be_told)
{
	CHECK(is_heard(true));
	CHECK(!is_heard(false)); /* the trap is real */
}
