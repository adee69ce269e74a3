/* SPDX-License-Identifier: Apache-2.0 */
/* sim_loop.c - base/loop.h on the simulator's queue, so that the router and the store node's
 * request path run on virtual time. Linked in place of base/loop.c: what is not here is not
 * used. A loop made during a node's turn is that node's and dies with its process. */
#include "sim/sim.h"

#include "base/clock.h"
#include "base/loop.h"

#include <stdlib.h>

struct post {
	void (*fn)(void *arg);
	void *arg;
};

struct loop {
	uint64_t number;
	unsigned node; /* SIM_NODES: a front end's */
	struct list timers, hooks, zmqs;
	struct post *posts;
	size_t n_posts, cap;
	uint64_t planned; /* the next turn; UINT64_MAX: none */
	bool worked;
};

struct loop_timer {
	struct list node;
	struct loop *loop;
	uint64_t at, seq, repeat; /* at: UINT64_MAX: not set */
	void (*fired)(void *arg);
	void *arg;
};

struct loop_hook {
	struct list node;
	void (*turn_end)(void *arg);
	void *arg;
};

struct loop_zmq {
	struct list node;
	struct loop *loop;
	void *socket;
	void (*readable)(void *arg);
	void *arg;
};

static struct map loops; /* number -> struct loop: events outlive them */
static uint64_t last_number, last_set;

/* ---- planning */

static void plan(struct loop *l)
{
	struct sim *s = sim_current;
	uint64_t at = l->n_posts ? s->now : UINT64_MAX;

	list_foreach(&l->timers, node)
		at = MIN(at, list_entry(node, struct loop_timer, node)->at);
	list_foreach(&l->zmqs, node)
		if (port_has_input(list_entry(node, struct loop_zmq, node)->socket))
			at = s->now;
	if (at >= l->planned)
		return;
	l->planned = MAX(at, s->now);
	sim_at(s, l->planned, EV_TURN, l->node)->a = l->number;
}

static struct loop_timer *due(struct loop *l)
{
	struct loop_timer *first = NULL;

	list_foreach(&l->timers, node) {
		struct loop_timer *t = list_entry(node, struct loop_timer, node);

		if (t->at <= sim_current->now &&
		    (!first || t->at < first->at || (t->at == first->at && t->seq < first->seq)))
			first = t;
	}
	return first;
}

static void run_timers(struct loop *l)
{
	struct loop_timer *t;

	while ((t = due(l))) {
		l->worked = true;
		t->at = t->repeat ? sim_current->now + MS(t->repeat) : UINT64_MAX;
		t->fired(t->arg); /* may free it */
	}
}

static void run_posts(struct loop *l)
{
	struct post *mine = l->posts;
	size_t n = l->n_posts;

	l->posts = NULL;
	l->n_posts = l->cap = 0;
	for (size_t i = 0; i < n; i++) {
		l->worked = true;
		mine[i].fn(mine[i].arg);
	}
	free(mine);
}

static void run_sockets(struct loop *l)
{
	list_foreach(&l->zmqs, node) {
		struct loop_zmq *z = list_entry(node, struct loop_zmq, node);

		if (!port_has_input(z->socket))
			continue;
		l->worked = true;
		z->readable(z->arg);
	}
}

void sim_loop_end(struct loop *l)
{
	list_foreach(&l->hooks, node) {
		struct loop_hook *h = list_entry(node, struct loop_hook, node);

		h->turn_end(h->arg);
	}
	l->worked = false;
	plan(l);
}

void sim_loop_turn(struct loop *l)
{
	run_timers(l);
	run_posts(l);
	run_sockets(l);
	if (l->worked)
		sim_loop_end(l);
	else
		plan(l);
}

void sim_loop_event(struct sim *s, struct event *e)
{
	struct loop *l = map_get(&loops, MAP_KEY(e->a));

	if (!l || l->planned != s->now)
		return;
	l->planned = UINT64_MAX;
	sim_loop_turn(l);
}

/* ---- base/loop.h */

struct loop *loop_new(void)
{
	struct loop *l = xnew(struct loop);

	l->number = ++last_number;
	l->node = sim_turn();
	l->planned = UINT64_MAX;
	list_init(&l->timers);
	list_init(&l->hooks);
	list_init(&l->zmqs);
	map_put(&loops, MAP_KEY(l->number), l);
	return l;
}

void loop_free(struct loop **loop)
{
	struct loop *l = *loop;

	*loop = NULL;
	if (!l)
		return;
	run_posts(l);
	INVARIANT(list_empty(&l->hooks) && list_empty(&l->timers) && list_empty(&l->zmqs));
	map_del(&loops, MAP_KEY(l->number));
	if (loops.n == 0)
		map_release(&loops);
	free(l->posts);
	free(l);
}

uint64_t loop_now(struct loop *loop)
{
	(void)loop;
	return clock_ms();
}

struct loop_timer *loop_timer_new(struct loop *loop, void (*fired)(void *arg), void *arg)
{
	struct loop_timer *t = xnew(struct loop_timer);

	t->loop = loop;
	t->at = UINT64_MAX;
	t->fired = fired;
	t->arg = arg;
	list_add(&loop->timers, &t->node);
	return t;
}

void loop_timer_set(struct loop_timer *t, uint64_t after_ms, uint64_t repeat_ms)
{
	t->at = sim_current->now + MS(MAX(after_ms, (uint64_t)1));
	t->seq = ++last_set;
	t->repeat = repeat_ms;
	plan(t->loop);
}

void loop_timer_clear(struct loop_timer *t)
{
	t->at = UINT64_MAX;
}

void loop_timer_free(struct loop_timer **t)
{
	if (!*t)
		return;
	list_del(&(*t)->node);
	free(*t);
	*t = NULL;
}

void loop_post(struct loop *l, void (*fn)(void *arg), void *arg)
{
	if (l->n_posts == l->cap) {
		l->cap = l->cap ? l->cap * 2 : 16;
		l->posts = xrealloc(l->posts, l->cap * sizeof(*l->posts));
	}
	l->posts[l->n_posts++] = (struct post){ fn, arg };
	plan(l);
}

struct loop_hook *loop_hook_new(struct loop *loop, void (*turn_end)(void *arg), void *arg)
{
	struct loop_hook *h = xnew(struct loop_hook);

	h->turn_end = turn_end;
	h->arg = arg;
	list_add(&loop->hooks, &h->node);
	return h;
}

void loop_hook_free(struct loop_hook **h)
{
	if (!*h)
		return;
	list_del(&(*h)->node);
	free(*h);
	*h = NULL;
}

struct loop_zmq *loop_zmq_new(struct loop *loop, void *socket, void (*readable)(void *arg),
			      void *arg)
{
	struct loop_zmq *z = xnew(struct loop_zmq);

	z->loop = loop;
	z->socket = socket;
	z->readable = readable;
	z->arg = arg;
	list_add(&loop->zmqs, &z->node);
	return z;
}

void loop_zmq_free(struct loop_zmq **z)
{
	if (!*z)
		return;
	list_del(&(*z)->node);
	free(*z);
	*z = NULL;
}

void loop_zmq_used(struct loop_zmq *z)
{
	plan(z->loop);
}
