/* SPDX-License-Identifier: Apache-2.0 */
/* loop.c - one uv_loop_t and the lists of what libuv does not know: posts, hooks, ZeroMQ.
 *
 * A turn ends in uv_prepare: the hooks run, then every ZeroMQ socket that was used in this turn
 * is asked for its events, since a send may have swallowed the edge of ZMQ_FD; if one has input
 * an idle handle keeps the poll from sleeping. uv_check, right after the poll, stops it and
 * reads. Asking costs ZeroMQ two system calls, so nobody is asked without a reason. */
#include "base/loop.h"

#include "base/clock.h"
#include "base/list.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <uv.h>
#include <zmq.h>

struct post {
	void (*fn)(void *arg);
	void *arg;
};

struct posts {
	struct post *v;
	size_t n, cap;
};

struct loop {
	uv_loop_t uv;
	uv_async_t wake;
	uv_prepare_t prepare;
	uv_check_t check;
	uv_idle_t idle;
	pthread_mutex_t lock; /* of posted */
	struct posts posted;
	struct posts running;
	struct list hooks, zmqs;
	bool in_hooks;
	uint64_t now; /* 0: not read in this turn yet */
};

struct loop_hook {
	struct list node;
	struct loop *loop;
	void (*turn_end)(void *arg); /* NULL: freed while the hooks ran */
	void *arg;
};

struct loop_fd {
	uv_poll_t uv;
	int wanted;
	void (*ready)(void *arg, int events);
	void *arg;
};

struct loop_timer {
	uv_timer_t uv;
	void (*fired)(void *arg);
	void *arg;
};

struct loop_signal {
	uv_signal_t uv;
	void (*got)(void *arg);
	void *arg;
};

struct loop_zmq {
	uv_poll_t uv;
	struct list node;
	void *socket;
	bool look;                   /* it may have input */
	void (*readable)(void *arg); /* NULL: freed, waits for libuv to let go */
	void *arg;
};

static void must(int ret)
{
	if (ret < 0)
		BUG(uv_strerror(ret));
}

/* ---- ZeroMQ -------------------------------------------------------------------------- */

static bool has_input(struct loop_zmq *z)
{
	int events = 0;
	size_t n = sizeof(events);

	if (!z->readable || !z->look || zmq_getsockopt(z->socket, ZMQ_EVENTS, &events, &n) < 0)
		return false;
	z->look = events & ZMQ_POLLIN;
	return z->look;
}

static void read_sockets(struct loop *loop)
{
	list_foreach(&loop->zmqs, node) {
		struct loop_zmq *z = list_entry(node, struct loop_zmq, node);

		if (z->readable && z->look)
			z->readable(z->arg);
	}
}

static bool sockets_have_input(struct loop *loop)
{
	bool any = false;

	list_foreach(&loop->zmqs, node)
		any |= has_input(list_entry(node, struct loop_zmq, node));
	return any;
}

static void on_zmq_fd(uv_poll_t *uv, int status UNUSED, int events UNUSED)
{
	container_of(uv, struct loop_zmq, uv)->look = true; /* on_check reads */
}

void loop_zmq_used(struct loop_zmq *z)
{
	z->look = true;
}

struct loop_zmq *loop_zmq_new(struct loop *loop, void *socket, void (*readable)(void *arg),
			      void *arg)
{
	struct loop_zmq *z = xnew(struct loop_zmq);
	int fd = -1;
	size_t n = sizeof(fd);

	if (zmq_getsockopt(socket, ZMQ_FD, &fd, &n) < 0)
		BUG("not a ZeroMQ socket");
	z->socket = socket;
	z->readable = readable;
	z->arg = arg;
	z->look = true;
	must(uv_poll_init(&loop->uv, &z->uv, fd));
	must(uv_poll_start(&z->uv, UV_READABLE, on_zmq_fd));
	list_add(&loop->zmqs, &z->node);
	return z;
}

static void zmq_closed(uv_handle_t *uv)
{
	struct loop_zmq *z = container_of((uv_poll_t *)uv, struct loop_zmq, uv);

	list_del(&z->node);
	free(z);
}

void loop_zmq_free(struct loop_zmq **z)
{
	if (!*z)
		return;
	(*z)->readable = NULL;
	uv_poll_stop(&(*z)->uv);
	uv_close((uv_handle_t *)&(*z)->uv, zmq_closed);
	*z = NULL;
}

/* ---- the end of a turn --------------------------------------------------------------- */

static void hook_delete(struct loop_hook *h)
{
	list_del(&h->node);
	free(h);
}

static void run_hooks(struct loop *loop)
{
	loop->in_hooks = true;
	list_foreach(&loop->hooks, node) {
		struct loop_hook *h = list_entry(node, struct loop_hook, node);

		if (h->turn_end)
			h->turn_end(h->arg);
	}
	loop->in_hooks = false;
	list_foreach(&loop->hooks, node) {
		struct loop_hook *h = list_entry(node, struct loop_hook, node);

		if (!h->turn_end)
			hook_delete(h);
	}
}

struct loop_hook *loop_hook_new(struct loop *loop, void (*turn_end)(void *arg), void *arg)
{
	struct loop_hook *h = xnew(struct loop_hook);

	h->loop = loop;
	h->turn_end = turn_end;
	h->arg = arg;
	list_add(&loop->hooks, &h->node);
	return h;
}

void loop_hook_free(struct loop_hook **h)
{
	struct loop_hook *hook = *h;

	*h = NULL;
	if (hook && hook->loop->in_hooks)
		hook->turn_end = NULL;
	else if (hook)
		hook_delete(hook);
}

static void on_idle(uv_idle_t *uv UNUSED)
{
}

static void on_prepare(uv_prepare_t *uv)
{
	struct loop *loop = container_of(uv, struct loop, prepare);

	run_hooks(loop);
	if (sockets_have_input(loop))
		uv_idle_start(&loop->idle, on_idle);
	loop->now = 0;
}

static void on_check(uv_check_t *uv)
{
	struct loop *loop = container_of(uv, struct loop, check);

	uv_idle_stop(&loop->idle);
	read_sockets(loop);
}

/* ---- posts --------------------------------------------------------------------------- */

static void run_posted(struct loop *loop)
{
	struct posts mine;

	pthread_mutex_lock(&loop->lock);
	mine = loop->posted;
	loop->posted = loop->running;
	pthread_mutex_unlock(&loop->lock);
	for (size_t i = 0; i < mine.n; i++)
		mine.v[i].fn(mine.v[i].arg);
	mine.n = 0;
	loop->running = mine;
}

static void on_wake(uv_async_t *uv)
{
	run_posted(container_of(uv, struct loop, wake));
}

void loop_post(struct loop *loop, void (*fn)(void *arg), void *arg)
{
	struct posts *p = &loop->posted;
	bool first;

	pthread_mutex_lock(&loop->lock);
	if (p->n == p->cap) {
		p->cap = p->cap ? p->cap * 2 : 16;
		p->v = xrealloc(p->v, p->cap * sizeof(*p->v));
	}
	first = p->n == 0;
	p->v[p->n++] = (struct post){ fn, arg };
	/* Under the lock: once the last post has run, the loop may be freed. */
	if (first)
		uv_async_send(&loop->wake);
	pthread_mutex_unlock(&loop->lock);
}

/* ---- the loop itself ------------------------------------------------------------------- */

struct loop *loop_new(void)
{
	struct loop *loop = xnew(struct loop);

	signal(SIGPIPE, SIG_IGN);
	must(uv_loop_init(&loop->uv));
	must(uv_async_init(&loop->uv, &loop->wake, on_wake));
	must(uv_prepare_init(&loop->uv, &loop->prepare));
	must(uv_prepare_start(&loop->prepare, on_prepare));
	must(uv_check_init(&loop->uv, &loop->check));
	must(uv_check_start(&loop->check, on_check));
	must(uv_idle_init(&loop->uv, &loop->idle));
	pthread_mutex_init(&loop->lock, NULL);
	list_init(&loop->hooks);
	list_init(&loop->zmqs);
	return loop;
}

static void name_left(uv_handle_t *uv, void *arg UNUSED)
{
	if (!uv_is_closing(uv))
		BUG(uv_handle_type_name(uv->type));
}

void loop_free(struct loop **loop)
{
	struct loop *l = *loop;

	*loop = NULL;
	if (!l)
		return;
	run_posted(l);
	INVARIANT(list_empty(&l->hooks));
	uv_close((uv_handle_t *)&l->wake, NULL);
	uv_close((uv_handle_t *)&l->prepare, NULL);
	uv_close((uv_handle_t *)&l->check, NULL);
	uv_close((uv_handle_t *)&l->idle, NULL);
	uv_walk(&l->uv, name_left, NULL);
	uv_run(&l->uv, UV_RUN_DEFAULT);
	must(uv_loop_close(&l->uv));
	INVARIANT(l->posted.n == 0);
	free(l->posted.v);
	free(l->running.v);
	pthread_mutex_destroy(&l->lock);
	free(l);
}

void loop_forked(struct loop *inherited)
{
	must(uv_loop_fork(&inherited->uv));
}

void loop_run(struct loop *loop)
{
	uv_run(&loop->uv, UV_RUN_DEFAULT);
}

void loop_stop(struct loop *loop)
{
	uv_stop(&loop->uv);
}

void loop_turn(struct loop *loop)
{
	uv_run(&loop->uv, UV_RUN_NOWAIT);
}

uint64_t loop_now(struct loop *loop)
{
	if (!loop->now)
		loop->now = clock_ms();
	return loop->now;
}

/* ---- descriptors --------------------------------------------------------------------- */

static void on_fd(uv_poll_t *uv, int status, int events);

static void watch(struct loop_fd *w)
{
	int events = (w->wanted & LOOP_READ ? UV_READABLE : 0) |
		     (w->wanted & LOOP_WRITE ? UV_WRITABLE : 0);

	must(events ? uv_poll_start(&w->uv, events, on_fd) : uv_poll_stop(&w->uv));
}

static void on_fd(uv_poll_t *uv, int status, int events)
{
	struct loop_fd *w = container_of(uv, struct loop_fd, uv);
	int got = (events & UV_READABLE ? LOOP_READ : 0) | (events & UV_WRITABLE ? LOOP_WRITE : 0);

	/* On an error libuv stops watching; we stay level-triggered, and the owner finds the
	 * error when it reads or writes. */
	if (status < 0) {
		got = w->wanted;
		watch(w);
	}
	got &= w->wanted;
	if (got)
		w->ready(w->arg, got);
}

struct loop_fd *loop_fd_new(struct loop *loop, int fd, void (*ready)(void *arg, int events),
			    void *arg)
{
	struct loop_fd *w = xnew(struct loop_fd);

	w->ready = ready;
	w->arg = arg;
	must(uv_poll_init(&loop->uv, &w->uv, fd));
	return w;
}

void loop_fd_want(struct loop_fd *w, int events)
{
	if (events == w->wanted)
		return;
	w->wanted = events;
	watch(w);
}

static void fd_closed(uv_handle_t *uv)
{
	free(container_of((uv_poll_t *)uv, struct loop_fd, uv));
}

void loop_fd_free(struct loop_fd **w)
{
	if (!*w)
		return;
	uv_poll_stop(&(*w)->uv);
	uv_close((uv_handle_t *)&(*w)->uv, fd_closed);
	*w = NULL;
}

/* ---- timers and signals -------------------------------------------------------------- */

static void on_timer(uv_timer_t *uv)
{
	struct loop_timer *t = container_of(uv, struct loop_timer, uv);

	t->fired(t->arg);
}

struct loop_timer *loop_timer_new(struct loop *loop, void (*fired)(void *arg), void *arg)
{
	struct loop_timer *t = xnew(struct loop_timer);

	t->fired = fired;
	t->arg = arg;
	must(uv_timer_init(&loop->uv, &t->uv));
	return t;
}

void loop_timer_set(struct loop_timer *t, uint64_t after_ms, uint64_t repeat_ms)
{
	/* libuv counts from the start of the turn, and would run a timer that sets itself to
	 * zero for ever within one turn. */
	uv_update_time(t->uv.loop);
	must(uv_timer_start(&t->uv, on_timer, MAX(after_ms, (uint64_t)1), repeat_ms));
}

void loop_timer_clear(struct loop_timer *t)
{
	uv_timer_stop(&t->uv);
}

static void timer_closed(uv_handle_t *uv)
{
	free(container_of((uv_timer_t *)uv, struct loop_timer, uv));
}

void loop_timer_free(struct loop_timer **t)
{
	if (!*t)
		return;
	uv_close((uv_handle_t *)&(*t)->uv, timer_closed);
	*t = NULL;
}

static void on_signal(uv_signal_t *uv, int signo UNUSED)
{
	struct loop_signal *s = container_of(uv, struct loop_signal, uv);

	s->got(s->arg);
}

struct loop_signal *loop_signal_new(struct loop *loop, int signo, void (*got)(void *arg), void *arg)
{
	struct loop_signal *s = xnew(struct loop_signal);

	s->got = got;
	s->arg = arg;
	must(uv_signal_init(&loop->uv, &s->uv));
	must(uv_signal_start(&s->uv, on_signal, signo));
	return s;
}

static void signal_closed(uv_handle_t *uv)
{
	free(container_of((uv_signal_t *)uv, struct loop_signal, uv));
}

void loop_signal_free(struct loop_signal **s)
{
	if (!*s)
		return;
	uv_close((uv_handle_t *)&(*s)->uv, signal_closed);
	*s = NULL;
}
