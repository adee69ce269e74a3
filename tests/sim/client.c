/* SPDX-License-Identifier: Apache-2.0 */
/* client.c - clients that need no router: one request at a time, straight to a host, tried again
 * under its id until there is an answer, now and then sent twice. */
#include "sim/sim.h"

#include <stdlib.h>

#define TIMEOUT_MS 1000
#define AFTER_HEAL 5 /* requests that must still succeed then */

struct client {
	unsigned id, node;
	uint32_t shard;
	bool busy;
	uint64_t seq, attempt;
	unsigned left; /* after the healing */
};

struct asked { /* a request at a node */
	unsigned node, client;
	uint32_t shard;
	uint64_t seq, attempt, at_least;
};

static uint64_t hop(struct sim *s)
{
	return s->now + sim_between(s, 100, MS(s->delay_ms));
}

static unsigned any_node(struct sim *s)
{
	return (unsigned)prng_below(&s->rng, s->n_nodes);
}

/* ---- the client's side */

static void plan(struct sim *s, struct client *c, uint64_t after_us, uint64_t attempt)
{
	struct event *e = sim_at(s, s->now + after_us, EV_CLIENT, SIM_NODES);

	e->a = attempt;
	e->b = c->id;
}

static void send(struct sim *s, struct client *c, unsigned node, uint64_t at)
{
	uint64_t attempt = ++s->next_attempt;
	struct asked *asked = xnew(struct asked);
	struct event *e = sim_at(s, at, EV_REQUEST, node);

	*asked = (struct asked){ node, c->id, c->shard, c->seq, attempt, 0 };
	e->boot = 0;
	e->msg.head = s->app->op(s, c->id, attempt);
	e->msg.body = s->app->body(s, c->id);
	e->ptr = asked;
	check_attempt(s, attempt);
	c->attempt = attempt;
}

static void try_once(struct sim *s, struct client *c)
{
	if (!s->healed && sim_chance(s, 10)) {
		s->faults[F_DUP_REQUEST]++;
		send(s, c, any_node(s), s->now + sim_between(s, 0, MS(2500)));
	}
	send(s, c, c->node, hop(s));
	plan(s, c, MS(TIMEOUT_MS), c->attempt);
}

static void begin(struct sim *s, struct client *c)
{
	c->busy = true;
	c->seq++;
	c->shard = (uint32_t)prng_below(&s->rng, s->n_shards);
	s->app->invent(s, c->id, c->shard, c->seq);
	try_once(s, c);
}

static void read_something(struct sim *s)
{
	struct asked *asked = xnew(struct asked);
	struct event *e = sim_at(s, hop(s), EV_REQUEST, any_node(s));

	*asked = (struct asked){ e->node, 0, (uint32_t)prng_below(&s->rng, s->n_shards), 0, 0, 0 };
	e->boot = 0;
	e->ptr = asked;
}

static void wake(struct sim *s, struct client *c, uint64_t attempt)
{
	if (c->busy && attempt == c->attempt) { /* no answer */
		c->node = any_node(s);
		try_once(s, c);
	} else if (!c->busy && attempt == 0 && c->left) {
		if (s->hushed) {
			plan(s, c, MS(50), 0);
			return;
		}
		if (sim_chance(s, 30))
			read_something(s);
		begin(s, c);
	}
}

static void completed(struct sim *s, struct client *c)
{
	c->busy = false;
	s->acked++;
	if (s->healed)
		c->left--;
	if (c->left)
		plan(s, c, sim_between(s, MS(1), MS(25)), 0);
}

static void reply(struct sim *s, struct event *e)
{
	struct asked *asked = e->ptr;
	struct client *c = &s->clients[asked->client];
	int status = (int)e->a;

	if (c->busy && asked->seq == c->seq) {
		if (status == ERR_OK && s->app->answered(s, c->id, e->msg.head->b)) {
			c->node = asked->node;
			completed(s, c);
		} else if (asked->attempt == c->attempt) {
			c->node = status == ERR_NOTLEADER && e->b        ? (unsigned)e->b - 1 :
				  status == ERR_OK || status == ERR_BUSY ? c->node :
									   any_node(s);
			plan(s, c, sim_between(s, MS(10), MS(100)), c->attempt);
		}
	}
	free(asked);
}

/* ---- the node's side */

static void done(void *arg, int status, uint64_t index, struct blob *result)
{
	struct sim *s = sim_current;
	struct asked *asked = arg;
	struct event *e;

	if (status == ERR_OK)
		check_acked(s, asked->node, asked->shard, index, asked->attempt);
	else if (status != ERR_UNKNOWN)
		check_refused(s, asked->attempt);
	if (!s->healed && sim_chance(s, 5)) {
		s->faults[F_LOST_REPLY]++;
		free(asked);
		return;
	}
	e = sim_at(s, hop(s), EV_REPLY, SIM_NODES);
	e->a = (uint64_t)status;
	if (status == ERR_NOTLEADER && s->node[asked->node].host)
		e->b = host_leader(s->node[asked->node].host, asked->shard);
	e->msg.head = result ? blob_ref(result) : NULL;
	e->ptr = asked;
}

static void ready(void *arg, int status)
{
	struct sim *s = sim_current;
	struct asked *asked = arg;

	if (status == ERR_OK) {
		check_read(s, asked->node, asked->shard, asked->at_least);
		s->faults[asked->seq ? F_LEASE_READ : F_BARRIER_READ]++;
	}
	free(asked);
}

static void request(struct sim *s, struct event *e)
{
	struct node *n = &s->node[e->node];
	struct asked *asked = e->ptr;
	struct blob *op = e->msg.head, *body = e->msg.body;

	if (!n->up) {
		free(asked); /* the client's patience ends some time */
		return;
	}
	if (!op) {
		asked->at_least = s->shard[asked->shard].acked_index;
		asked->seq = host_lease_valid(n->host, asked->shard);
		host_read(n->host, asked->shard, ready, asked);
		return;
	}
	e->msg.head = e->msg.body = NULL;
	host_submit(n->host, asked->shard, op, body, done, asked);
}

static void on_event(struct sim *s, struct event *e)
{
	if (e->kind == EV_CLIENT)
		wake(s, &s->clients[e->b], e->a);
	else if (e->kind == EV_REQUEST)
		request(s, e);
	else
		reply(s, e);
	e->ptr = NULL;
}

static void init(struct sim *s)
{
	s->clients = xcalloc(s->n_clients, sizeof(struct client));
	for (unsigned i = 0; i < s->n_clients; i++) {
		s->clients[i].id = i;
		s->clients[i].node = any_node(s);
		s->clients[i].left = AFTER_HEAL;
		plan(s, &s->clients[i], MS(1500), 0);
	}
}

static bool all_done(struct sim *s)
{
	for (unsigned i = 0; i < s->n_clients; i++)
		if (s->clients[i].left)
			return false;
	return true;
}

static void release(struct sim *s)
{
	free(s->clients);
}

const struct sim_clients clients_direct = { init, on_event, all_done, release };
