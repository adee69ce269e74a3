/* SPDX-License-Identifier: Apache-2.0 */
/* door.c - where a node meets front ends: a struct server with the real request path (requests.c,
 * serve_*.c, watchers.c, locks.c, mapcache.c), without its threads, sockets and files.
 *
 * Stands in for listen.c, readers.c, zap.c, balance/ and server.c: what is here is linked instead.
 * It also looks at what comes and goes, to know what was promised to whom. */
#include "sim/sim.h"

#include "server/balance.h"
#include "server/listen.h"
#include "server/mapcache.h"
#include "server/requests.h"
#include "server/watchers.h"

#include <setjmp.h>
#include <stdlib.h>

struct readers {
	struct node *node;
	struct list tasks;
};

struct task {
	struct list list;
	void (*run)(void *arg);
	void (*done)(void *arg);
	void *arg;
	bool ran;
};

struct door {
	struct server server;
	struct node *node;
	void *port;
	struct readers readers;
	struct map asked; /* struct asked_key -> struct asked */
};

struct asked_key {
	uint64_t conn, call;
};

struct asked { /* an open request of a front end */
	Tern__Kind kind;
	uint32_t shard;
	uint64_t trace, client, at_least;
	bool lease, hello;
};

static struct door *door_of(struct server *s)
{
	return container_of(s, struct door, server);
}

/* ---- reader threads */

static jmp_buf disk_failed;

void server_failed(void *arg, const char *why)
{
	node_fail(door_of(arg)->node, why);
	longjmp(disk_failed, 1);
}

static uint64_t soon(struct sim *s, const struct node *n)
{
	uint64_t us = sim_between(s, 20, MS(s->disk_ms));

	return s->now + (s->now < n->slow_until ? us * 20 + MS(200) : us);
}

static void plan_task(struct sim *s, struct node *n, struct task *t)
{
	sim_at(s, soon(s, n), EV_READER, n->id)->ptr = t;
}

void readers_add(struct readers *r, void (*run)(void *arg), void (*done)(void *arg), void *arg)
{
	struct task *t = xnew(struct task);

	t->run = run;
	t->done = done;
	t->arg = arg;
	list_add(&r->tasks, &t->list);
	plan_task(sim_current, r->node, t);
}

static void run_task(struct task *t)
{
	if (setjmp(disk_failed) == 0)
		t->run(t->arg);
	t->ran = true;
}

static void end_task(struct task *t)
{
	list_del(&t->list);
	t->done(t->arg);
	free(t);
}

/* Read at one moment, answered at another. */
void door_event(struct sim *s, struct event *e)
{
	struct node *n = &s->node[e->node];
	struct task *t = e->ptr;

	if (t->ran) {
		end_task(t);
		return;
	}
	run_task(t);
	plan_task(s, n, t);
}

/* ---- what a server has beside its requests */

int listen_router(struct server *s, const char *domain, const char *address, void **socket,
		  struct why *why)
{
	(void)domain;
	(void)address;
	(void)why;
	*socket = door_of(s)->port = port_new(s->self);
	return 0;
}

bool zap_knows(struct zap *z, struct bytes user_id)
{
	(void)z;
	(void)user_id;
	return true;
}

enum zap_role zap_user_parse(struct bytes user_id, struct bytes *name)
{
	*name = bytes_skip(user_id, 2);
	return ZAP_FRONT_END;
}

const char *balance_state(struct balance *b)
{
	(void)b;
	return "ok";
}

bool balance_joined(const struct balance *b)
{
	(void)b;
	return false;
}

int server_host_start(struct server *s, struct why *why)
{
	(void)s;
	return why_set(why, ERR_INVALID, "no bootstrap here");
}

/* ---- life */

void door_open(struct sim *s, struct node *n)
{
	static struct conf_node here[SIM_NODES];
	struct door *d = xnew(struct door);
	struct server *server = &d->server;
	struct why why;

	d->node = n;
	map_init(&d->asked);
	d->readers.node = n;
	list_init(&d->readers.tasks);
	server->conf.name = "node";
	server->conf.peer_bytes = s->peer_bytes;
	server->cluster.nodes.v = here;
	server->cluster.nodes.n = SIM_NODES;
	server->self = n->id;
	server->kv = n->kv;
	server->host = n->host;
	server->id = n->id_on_disk;
	server->has_identity = true;
	server->loop = loop_new();
	server->readers = &d->readers;
	server->watchers = watchers_new(server);
	server->locks = locks_new(server);
	server->map = mapcache_new(server);
	if (requests_new(server, &server->requests, &why))
		sim_fail("n%u: %s", n->id, why.text);
	n->door = d;
}

/* The process ends: what it still says reaches nobody. */
void door_close(struct node *n)
{
	struct list *node;

	while ((node = list_first(&n->door->readers.tasks))) {
		struct task *t = list_entry(node, struct task, list);

		if (!t->ran)
			run_task(t);
		end_task(t);
	}
}

void door_free(struct node *n)
{
	struct door *d = n->door;
	struct server *server = &d->server;
	size_t pos = 0;
	struct bytes key;
	void *value;

	INVARIANT(list_empty(&d->readers.tasks) && requests_open(server->requests) == 0);
	requests_free(&server->requests);
	watchers_free(&server->watchers);
	locks_free(&server->locks);
	mapcache_free(&server->map);
	loop_free(&server->loop);
	while (map_next(&d->asked, &pos, &key, &value))
		free(value);
	map_release(&d->asked);
	free(d);
	n->door = NULL;
}

/* As in apply_glue.c. */
void door_applied(struct node *n, uint32_t shard, const struct effects *fx)
{
	struct watchers *w = n->door->server.watchers;

	if (!fx)
		watchers_shard(w, shard);
	for (size_t i = 0; fx && i < fx->n_hints; i++)
		watchers_changed(w, shard, &fx->hints[i]);
}

void door_leading(struct node *n, uint32_t shard, bool leading)
{
	locks_leading(n->door->server.locks, shard, leading);
	watchers_leading(n->door->server.watchers, shard, leading);
}

void door_turn_end(struct node *n)
{
	watchers_flush(n->door->server.watchers);
}

/* ---- what comes in */

static bool is_hello(struct arena *mem, const struct msg *m)
{
	Tern__Op *op = m->body ? WIRE_UNPACK(op, m->body->b, mem) : NULL;

	return op && op->what_case == TERN__OP__WHAT_HELLO;
}

static void note_request(struct sim *s, struct node *n, uint64_t conn, const struct msg *m)
{
	struct asked *a = xnew(struct asked);
	struct asked_key key = { .conn = conn };
	struct arena mem;
	Tern__Head *head;

	arena_init(&mem, 0);
	head = WIRE_UNPACK(head, m->head->b, &mem);
	INVARIANT(head);
	key.call = head->call;
	sim_note("n%u hears conn %lu call %lu kind %d shard %u trace %lu of %zu bytes", n->id, conn,
		 head->call, (int)head->kind, head->shard, head->trace, msg_bytes(m));
	a->kind = head->kind;
	a->shard = head->shard;
	a->trace = head->trace;
	a->client = head->client;
	a->hello = head->kind == TERN__KIND__KIND_OP && is_hello(&mem, m);
	if (a->shard < s->n_shards) {
		a->at_least = s->shard[a->shard].acked_index;
		a->lease = host_lease_valid(n->host, a->shard);
	}
	free(map_put(&n->door->asked, MAP_KEY(key), a));
	arena_release(&mem);
}

void door_knock(struct sim *s, struct node *n, uint64_t conn, struct msg *m)
{
	note_request(s, n, conn, m);
	port_put(n->door->port, conn, m);
	sim_loop_turn(n->door->server.loop);
}

/* ---- what goes out */

static void introduced(struct sim *s, const struct asked *a)
{
	uint64_t key[2] = { a->client, a->shard };

	s->faults[F_RENEWED] += map_put(&s->introduced, MAP_KEY(key), s) != NULL;
}

static void read_answered(struct sim *s, struct node *n, const struct asked *a, uint64_t index)
{
	if (index < a->at_least)
		sim_fail("stale read of shard %u on n%u: %lu, but %lu had been acknowledged",
			 a->shard, n->id, index, a->at_least);
	s->faults[a->lease ? F_LEASE_READ : F_BARRIER_READ]++;
	s->reads++;
}

static bool is_fenced(struct arena *mem, const struct msg *m)
{
	Tern__Result *r = m->body ? WIRE_UNPACK(result, m->body->b, mem) : NULL;

	return r && r->status == ERR_FENCED;
}

static void promised(struct sim *s, struct node *n, const struct asked *a, const Tern__Head *head,
		     bool fenced)
{
	if (head->status == ERR_EPOCH)
		s->faults[F_EPOCH]++;
	if (head->status != ERR_OK)
		return;
	if (a->kind == TERN__KIND__KIND_OP)
		check_acked(s, n->id, a->shard, head->index, a->trace);
	if (fenced) /* no moment is worse for what came before it and was not read */
		wires_read_late(s, n->id);
	if (a->hello)
		introduced(s, a);
	if (a->kind == TERN__KIND__KIND_QUERY)
		read_answered(s, n, a, head->index);
}

void door_answers(struct sim *s, struct node *n, uint64_t conn, const struct msg *m)
{
	struct asked_key key = { .conn = conn };
	struct asked *a = NULL;
	struct arena mem;
	Tern__Head *head;

	arena_init(&mem, 0);
	head = WIRE_UNPACK(head, m->head->b, &mem);
	INVARIANT(head);
	key.call = head->call;
	sim_note("n%u answers conn %lu call %lu: %s %s", n->id, conn, head->call,
		 err_name((int)head->status), head->why);
	if (head->kind != TERN__KIND__KIND_HINT)
		a = map_del(&n->door->asked, MAP_KEY(key));
	if (a)
		promised(s, n, a, head, a->kind == TERN__KIND__KIND_OP && is_fenced(&mem, m));
	free(a);
	arena_release(&mem);
}

/* ---- unasked, five times a second */

static void maintained(void *arg, int status, uint64_t index, struct blob *result)
{
	(void)arg;
	(void)status;
	(void)index;
	(void)result;
}

/* As in upkeep.c. */
static void propose_maintain(struct node *n, uint32_t shard)
{
	Tern__Maintain maintain = TERN__MAINTAIN__INIT;
	Tern__Op op = TERN__OP__INIT;
	struct stamp stamp = { 0 };
	struct blob *packed, *entry;
	uint8_t *room;

	op.version = 1;
	op.what_case = TERN__OP__WHAT_MAINTAIN;
	op.maintain = &maintain;
	packed = wire_pack(&op.base);
	entry = blob_new(STAMP_BYTES + packed->b.n, &room);
	stamp_pack(&stamp, room);
	memcpy(room + STAMP_BYTES, packed->b.p, packed->b.n);
	blob_unref(&packed);
	host_submit(n->host, shard, entry, NULL, maintained, NULL);
}

static bool maintain_due(struct node *n, uint32_t shard)
{
	struct host_view view;
	struct rows *rows;
	bool due;

	if (host_view(n->kv, NULL, shard, &view))
		return false;
	rows = rows_view(n->kv, NULL, shard, view.incarnation);
	due = mailstore_due(rows, host_log_ms(n->host, shard));
	rows_free(&rows);
	return due;
}

void door_upkeep(struct sim *s, struct node *n)
{
	struct host_status st;
	uint32_t pos = 0;
	uint64_t epoch;
	struct bytes map = control_map(s, &epoch);
	struct why why;

	if (mapcache_epoch(n->door->server.map) != epoch && sim_chance(s, s->healed ? 100 : 30) &&
	    mapcache_offer(n->door->server.map, map, &why))
		sim_fail("n%u does not take the map: %s", n->id, why.text);
	while (host_next(n->host, &pos, &st))
		if (st.state == HOST_LEADER && n->seen[st.shard].leads && maintain_due(n, st.shard))
			propose_maintain(n, st.shard);
}
