/* SPDX-License-Identifier: Apache-2.0 */
/* sim_peer.c - connections between front ends and store nodes: router/peer.h at one end, what
 * storenode/server/requests.c takes for a ROUTER socket at the other. Linked in place of
 * router/peer.c and wire/socket.c.
 *
 * As over TCP: in order, whole or not at all. A connection that breaks loses the end of what was
 * under way in each direction, and what a node has received it may read much later; both sides are
 * told after a moment, a cut line after silence. */
#include "sim/sim.h"

#include "router/peer.h"

#include <stdlib.h>
#include <zmq.h>

enum { TO_NODE, TO_FRONT, WAYS };

/* With EV_SILENT, in place of the number of a cut. */
#define STUCK UINT64_MAX
#define LATE (UINT64_MAX - 1)

struct peer {
	struct peer_config c;
	uint64_t number;
	unsigned front, node;
	struct conn *conn; /* NULL: not up */
};

struct conn { /* kept to the end of the history */
	uint64_t id, boot;
	unsigned front, node;
	struct peer *peer; /* NULL: this end has done with it */
	bool broken, known_to_node;
	bool stalled; /* nothing more comes to the node; about to break */
	bool late;    /* broken, and the node has yet to read what it has received */
	struct way {
		uint64_t sent, arrived, lost_from; /* messages by number; lost_from 0: none */
		uint64_t at;                       /* of the last one's arrival */
		struct list held;                  /* struct held: the line is cut */
	} way[WAYS];
};

struct held {
	struct list list;
	uint64_t number;
	struct msg msg;
};

struct letter { /* read next from a port */
	struct list list;
	uint64_t conn;
	struct msg msg;
};

struct port { /* a node's socket for requests */
	unsigned node;
	struct list inbox;
};

struct wires {
	struct map peers, conns; /* by number */
	uint64_t last;
	bool cut[SIM_FRONTS][SIM_NODES][WAYS];
	uint64_t cuts; /* counts changes: a cut that was mended is another */
};

void wires_init(struct sim *s)
{
	s->wires = xnew(struct wires);
	map_init(&s->wires->peers);
	map_init(&s->wires->conns);
}

static struct conn *conn_of(struct sim *s, uint64_t id)
{
	return map_get(&s->wires->conns, MAP_KEY(id));
}

/* ---- messages */

static void travel(struct sim *s, struct conn *c, int way, uint64_t number, struct msg *m)
{
	struct way *w = &c->way[way];
	uint64_t at = s->now + sim_between(s, 100, MS(s->delay_ms));
	struct event *e;

	w->at = MAX(w->at, at);
	e = sim_at(s, w->at, EV_WIRE, way == TO_NODE ? c->node : SIM_NODES);
	e->a = c->id;
	e->b = number << 1 | (unsigned)way;
	msg_move(&e->msg, m);
}

static void hold(struct way *w, uint64_t number, struct msg *m)
{
	struct held *h = xnew(struct held);

	list_init(&h->list);
	h->number = number;
	msg_move(&h->msg, m);
	list_add(&w->held, &h->list);
}

static void put(struct sim *s, struct conn *c, int way, struct msg *m)
{
	struct way *w = &c->way[way];
	uint64_t number = ++w->sent;

	if (c->broken)
		msg_release(m);
	else if (s->wires->cut[c->front][c->node][way] || !list_empty(&w->held) ||
		 (c->stalled && way == TO_NODE))
		hold(w, number, m);
	else
		travel(s, c, way, number, m);
}

static void drop_held(struct way *w)
{
	struct list *node;

	while ((node = list_pop(&w->held))) {
		struct held *h = list_entry(node, struct held, list);

		msg_release(&h->msg);
		free(h);
	}
}

static void release_held(struct sim *s, struct conn *c, int way)
{
	struct list *node;

	while ((node = list_pop(&c->way[way].held))) {
		struct held *h = list_entry(node, struct held, list);

		travel(s, c, way, h->number, &h->msg);
		free(h);
	}
}

static void arrive(struct sim *s, struct event *e)
{
	struct conn *c = conn_of(s, e->a);
	int way = (int)(e->b & 1);
	struct way *w = &c->way[way];
	struct loop *loop;

	if (w->lost_from && e->b >> 1 >= w->lost_from)
		return;
	if (way == TO_NODE && c->late) {
		hold(w, e->b >> 1, &e->msg);
		return;
	}
	w->arrived = e->b >> 1;
	if (way == TO_NODE) {
		door_knock(s, &s->node[c->node], c->id, &e->msg);
	} else if (c->peer) {
		loop = c->peer->c.loop;
		c->peer->c.message(c->peer->c.arg, &e->msg);
		sim_loop_end(loop);
	}
}

/* ---- connections */

static void plan_connect(struct sim *s, struct peer *p, uint64_t from_ms, uint64_t to_ms)
{
	sim_at(s, s->now + sim_between(s, MS(from_ms), MS(to_ms)), EV_CONNECT, SIM_NODES)->a =
		p->number;
}

static void plan_silence(struct sim *s, struct conn *c, uint64_t why)
{
	uint64_t ms = why == LATE  ? sim_between(s, 200, 15000) :
		      why == STUCK ? sim_between(s, 100, 3000) :
				     sim_between(s, 1000, 5000);
	struct event *e = sim_at(s, s->now + MS(ms), EV_SILENT, SIM_NODES);

	e->a = c->id;
	e->b = why;
}

static void conn_break(struct sim *s, struct conn *c, uint64_t notice_ms)
{
	if (c->broken)
		return;
	c->broken = true;
	if (!s->healed && sim_chance(s, 80)) {
		c->late = true;
		release_held(s, c, TO_NODE);
		plan_silence(s, c, LATE);
	}
	for (int i = 0; i < WAYS; i++) {
		struct way *w = &c->way[i];
		struct list *first = list_first(&w->held);
		uint64_t end = first ? list_entry(first, struct held, list)->number - 1 : w->sent;

		w->lost_from = w->arrived + 1 + prng_below(&s->rng, end - w->arrived + 1);
		drop_held(w);
	}
	sim_at(s, s->now + sim_between(s, 100, MS(notice_ms)), EV_HANGUP, SIM_NODES)->a = c->id;
}

static void hangup(struct sim *s, struct conn *c)
{
	struct peer *p = c->peer;
	struct loop *loop;

	c->known_to_node = false;
	if (!p)
		return;
	c->peer = NULL;
	p->conn = NULL;
	loop = p->c.loop;
	plan_connect(s, p, 100, 1000);
	p->c.state(p->c.arg, false);
	sim_loop_end(loop);
}

static bool link_whole(const struct sim *s, unsigned front, unsigned node)
{
	const bool *cut = s->wires->cut[front][node];

	return !cut[TO_NODE] && !cut[TO_FRONT];
}

static void try_connect(struct sim *s, uint64_t number)
{
	struct peer *p = map_get(&s->wires->peers, MAP_KEY(number));
	struct conn *c;

	if (!p || p->conn)
		return;
	if (!s->node[p->node].up || !link_whole(s, p->front, p->node)) {
		plan_connect(s, p, 100, 1000);
		return;
	}
	c = xnew(struct conn);
	c->id = ++s->wires->last;
	c->boot = s->node[p->node].boot;
	c->front = p->front;
	c->node = p->node;
	c->peer = p;
	c->known_to_node = true;
	list_init(&c->way[TO_NODE].held);
	list_init(&c->way[TO_FRONT].held);
	map_put(&s->wires->conns, MAP_KEY(c->id), c);
	p->conn = c;
	p->c.state(p->c.arg, true);
	sim_loop_end(p->c.loop);
}

static void read_late(struct sim *s, struct conn *c)
{
	c->late = false;
	if (c->boot == s->node[c->node].boot)
		release_held(s, c, TO_NODE);
	else
		drop_held(&c->way[TO_NODE]);
}

/* Heartbeats have found out: a line that was cut and still is, or a reader that is stuck. */
static void silence(struct sim *s, struct event *e)
{
	struct conn *c = conn_of(s, e->a);

	if (e->b == LATE)
		read_late(s, c);
	if (c->broken)
		return;
	if (e->b != STUCK && (e->b != s->wires->cuts || link_whole(s, c->front, c->node)))
		return;
	s->faults[F_BROKEN]++;
	conn_break(s, c, 100);
}

void wires_event(struct sim *s, struct event *e)
{
	if (e->kind == EV_WIRE)
		arrive(s, e);
	else if (e->kind == EV_CONNECT)
		try_connect(s, e->a);
	else if (e->kind == EV_HANGUP)
		hangup(s, conn_of(s, e->a));
	else
		silence(s, e);
}

/* Those that are whole, in the order of their numbers. */
static struct conn *next_conn(struct sim *s, uint64_t *id)
{
	while (++*id <= s->wires->last) {
		struct conn *c = conn_of(s, *id);

		if (c && !c->broken)
			return c;
	}
	return NULL;
}

/* ---- what befalls them */

/* What the node has received over connections that are gone. */
void wires_read_late(struct sim *s, unsigned node)
{
	for (uint64_t id = 1; id <= s->wires->last; id++) {
		struct conn *c = conn_of(s, id);

		if (c && c->late && c->node == node)
			read_late(s, c);
	}
}

void wires_node_down(struct sim *s, unsigned node)
{
	struct conn *c;

	for (uint64_t id = 0; (c = next_conn(s, &id));) {
		if (c->node != node)
			continue;
		s->faults[F_BROKEN]++;
		conn_break(s, c, 20);
	}
}

void wires_break(struct sim *s)
{
	struct conn *c;

	for (uint64_t id = 0; (c = next_conn(s, &id));) {
		if (!sim_chance(s, 25))
			continue;
		if (sim_chance(s, 75)) {
			c->stalled = true;
			plan_silence(s, c, STUCK);
			continue;
		}
		s->faults[F_BROKEN]++;
		conn_break(s, c, 20);
	}
}

void wires_cut(struct sim *s)
{
	unsigned front = (unsigned)prng_below(&s->rng, s->n_fronts);
	unsigned ways = (unsigned)sim_between(s, 1, 3);
	struct conn *c;

	s->faults[F_CUT]++;
	s->wires->cuts++;
	for (unsigned i = 0; i < s->n_nodes; i++)
		for (int way = 0; way < WAYS; way++)
			s->wires->cut[front][i][way] |= ways >> way & 1 && sim_chance(s, 50);
	for (uint64_t id = 0; (c = next_conn(s, &id));)
		if (!link_whole(s, c->front, c->node))
			plan_silence(s, c, s->wires->cuts);
}

void wires_mend(struct sim *s)
{
	struct conn *c;

	memset(s->wires->cut, 0, sizeof(s->wires->cut));
	s->wires->cuts++;
	for (unsigned i = 0; s->healed && i < s->n_nodes; i++)
		wires_read_late(s, i);
	for (uint64_t id = 0; (c = next_conn(s, &id));) {
		if (!c->stalled)
			release_held(s, c, TO_NODE);
		release_held(s, c, TO_FRONT);
	}
}

void wires_free(struct sim *s)
{
	size_t pos = 0;
	struct bytes key;
	void *value;

	INVARIANT(s->wires->peers.n == 0);
	while (map_next(&s->wires->conns, &pos, &key, &value)) {
		struct conn *c = value;

		drop_held(&c->way[TO_NODE]);
		drop_held(&c->way[TO_FRONT]);
		free(c);
	}
	map_release(&s->wires->conns);
	map_release(&s->wires->peers);
	free(s->wires);
}

/* ---- router/peer.h */

struct peer *peer_new(const struct peer_config *config)
{
	struct sim *s = sim_current;
	struct peer *p = xnew(struct peer);

	p->c = *config;
	p->number = ++s->wires->last;
	p->front = front_now(s);
	p->node = (unsigned)(config->name[1] - '0');
	map_put(&s->wires->peers, MAP_KEY(p->number), p);
	plan_connect(s, p, 1, 20);
	return p;
}

void peer_free(struct peer **p)
{
	struct sim *s = sim_current;

	if (!*p)
		return;
	map_del(&s->wires->peers, MAP_KEY((*p)->number));
	if ((*p)->conn) {
		(*p)->conn->peer = NULL;
		conn_break(s, (*p)->conn, 20);
	}
	free(*p);
	*p = NULL;
}

bool peer_up(const struct peer *p)
{
	return p->conn != NULL;
}

int peer_send(struct peer *p, struct msg *m)
{
	struct sim *s = sim_current;

	if (p->conn && !(!s->healed && sim_chance(s, 1))) {
		put(s, p->conn, TO_NODE, m);
		return 0;
	}
	s->faults[F_FULL] += p->conn != NULL;
	msg_release(m);
	return -ERR_BUSY;
}

/* ---- a node's socket */

void *port_new(unsigned node)
{
	struct port *port = xnew(struct port);

	port->node = node;
	list_init(&port->inbox);
	return port;
}

void port_put(void *socket, uint64_t conn, struct msg *m)
{
	struct letter *l = xnew(struct letter);

	list_init(&l->list);
	l->conn = conn;
	msg_move(&l->msg, m);
	list_add(&((struct port *)socket)->inbox, &l->list);
}

bool port_has_input(void *socket)
{
	return !list_empty(&((struct port *)socket)->inbox);
}

int wire_recv(void *socket, bool router, struct arena *mem, struct bytes *peer,
	      struct bytes *user_id, struct msg *m)
{
	struct list *node = list_pop(&((struct port *)socket)->inbox);
	struct letter *l;

	INVARIANT(router);
	msg_init(m);
	if (!node)
		return -ERR_BUSY;
	l = list_entry(node, struct letter, list);
	*peer = bytes_dup(mem, MAP_KEY(l->conn));
	*user_id = BYTES("f:front");
	msg_move(m, &l->msg);
	free(l);
	return 0;
}

int wire_send(void *socket, struct bytes peer, struct msg *m)
{
	struct sim *s = sim_current;
	struct port *port = socket;
	struct conn *c;
	uint64_t id;

	memcpy(&id, peer.p, sizeof(id));
	c = conn_of(s, id);
	if (!c->known_to_node || c->boot != s->node[port->node].boot || !s->node[port->node].up) {
		msg_release(m);
		return -ERR_BUSY;
	}
	door_answers(s, &s->node[port->node], id, m);
	if (!s->healed && sim_chance(s, 3)) { /* its reader's queue is full */
		plan_silence(s, c, STUCK);
		s->faults[F_LOST_REPLY]++;
		msg_release(m);
		return -ERR_BUSY;
	}
	put(s, c, TO_FRONT, m);
	return 0;
}

int zmq_close(void *socket)
{
	struct msg m;

	while (port_has_input(socket)) {
		struct letter *l = list_entry(list_pop(&((struct port *)socket)->inbox),
					      struct letter, list);

		msg_move(&m, &l->msg);
		msg_release(&m);
		free(l);
	}
	free(socket);
	return 0;
}

/* ---- no context is needed */

void *zmq_ctx_new(void)
{
	static int context;

	return &context;
}

int zmq_ctx_set(void *context, int option, int value)
{
	(void)context;
	(void)option;
	(void)value;
	return 0;
}

int zmq_ctx_term(void *context)
{
	(void)context;
	return 0;
}
