/* SPDX-License-Identifier: Apache-2.0 */
/* sim.c - the queue of events, virtual time, and one history from its seed. */
#include "sim/sim.h"

#include "base/clock.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define FAULT_MS 20000  /* of faults, then all is healed */
#define HEAL_MS 40000   /* by then everything must be done */
#define APPLY_MS 3000   /* after the last entry, likewise */
#define SETTLE_MS 10000 /* after that all replicas are alike: a follower is probed once a second */

struct sim *sim_current;
static unsigned turn_of = SIM_NODES;

const struct fault_kind fault_kinds[F_KINDS] = {
	{ "drop", WITH_BOTH },        { "delay", WITH_BOTH },        { "duplicate", WITH_BOTH },
	{ "partition", WITH_BOTH },   { "oneway", WITH_BOTH },       { "crash", WITH_BOTH },
	{ "lost_writes", WITH_BOTH }, { "slow_disk", WITH_BOTH },    { "write_error", WITH_BOTH },
	{ "wipe", WITH_BOTH },        { "rollback", WITH_BOTH },     { "transfer", WITH_BOTH },
	{ "move", WITH_BOTH },        { "install", WITH_BOTH },      { "compaction", WITH_BOTH },
	{ "truncation", WITH_BOTH },  { "dup_request", WITH_PLAIN }, { "lost_reply", WITH_BOTH },
	{ "floor", WITH_BOTH },       { "barrier_read", WITH_BOTH }, { "lease_read", WITH_BOTH },
	{ "drain", WITH_BOTH },       { "lease_trap", WITH_BOTH },   { "floor_trap", WITH_BOTH },
	{ "broken", WITH_MAIL },      { "cut", WITH_MAIL },          { "full", WITH_MAIL },
	{ "front", WITH_MAIL },       { "idle", WITH_MAIL },         { "cancel", WITH_MAIL },
	{ "retry", WITH_MAIL },       { "fence", WITH_MAIL },        { "fenced", WITH_MAIL },
	{ "overtaken", WITH_MAIL },   { "busy", WITH_MAIL },         { "unknown", WITH_MAIL },
	{ "renewed", WITH_MAIL },     { "epoch", WITH_MAIL },        { "read", WITH_MAIL },
	{ "chunk", WITH_MAIL },       { "hint", WITH_MAIL },
};

void sim_fail(const char *fmt, ...)
{
	va_list ap;

	printf("seed %lu at %lu.%03lu ms: ", sim_current->seed, sim_current->now / 1000,
	       sim_current->now % 1000);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	check_dump(sim_current);
	fflush(stdout);
	abort();
}

void sim_note(const char *fmt, ...)
{
	va_list ap;

	if (!sim_current->verbose)
		return;
	printf("%9.3f ", (double)sim_current->now / 1000);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
}

uint64_t sim_between(struct sim *s, uint64_t from, uint64_t to)
{
	return to > from ? from + prng_below(&s->rng, to - from + 1) : from;
}

/* ---- the queue */

static bool before(const struct event *a, const struct event *b)
{
	return a->at != b->at ? a->at < b->at : a->seq < b->seq;
}

static void push(struct sim *s, struct event *e)
{
	size_t i = s->n++;

	if (s->n > s->cap) {
		s->cap = s->cap ? s->cap * 2 : 1024;
		s->heap = xrealloc(s->heap, s->cap * sizeof(*s->heap));
	}
	for (; i && before(e, s->heap[(i - 1) / 2]); i = (i - 1) / 2)
		s->heap[i] = s->heap[(i - 1) / 2];
	s->heap[i] = e;
}

static struct event *pop(struct sim *s)
{
	struct event *first = s->heap[0], *last = s->heap[--s->n];
	size_t i = 0, child;

	while ((child = i * 2 + 1) < s->n) {
		if (child + 1 < s->n && before(s->heap[child + 1], s->heap[child]))
			child++;
		if (!before(s->heap[child], last))
			break;
		s->heap[i] = s->heap[child];
		i = child;
	}
	if (s->n)
		s->heap[i] = last;
	return first;
}

struct event *sim_at(struct sim *s, uint64_t at, enum event_kind kind, unsigned node)
{
	struct event *e = xnew(struct event);

	e->at = MAX(at, s->now);
	e->seq = ++s->seq;
	e->kind = kind;
	e->node = node;
	e->boot = node < SIM_NODES ? s->node[node].boot : 0;
	push(s, e);
	return e;
}

static void drop_payload(struct event *e)
{
	msg_release(&e->msg);
	job_free(&e->job);
}

void sim_forget(struct sim *s, unsigned node)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->heap[i]->node == node)
			job_free(&s->heap[i]->job);
}

/* ---- time */

void sim_enter(const struct node *n)
{
	turn_of = n ? n->id : SIM_NODES;
}

unsigned sim_turn(void)
{
	return turn_of;
}

bool sim_breaks(const struct sim *s, const char *rule)
{
	return s->broken && strcmp(s->broken, rule) == 0;
}

static uint64_t now_us(void)
{
	int64_t skew = turn_of < SIM_NODES ? sim_current->node[turn_of].clock_us : 0;

	return sim_current->now + sim_current->skipped + (uint64_t)skew;
}

static uint64_t wall_ms(void)
{
	return 1700000000000 + now_us() / 1000;
}

/* ---- one history */

static void choose(struct sim *s)
{
	struct host_config *c = &s->config;

	s->n_nodes = (unsigned)sim_between(s, 3, SIM_NODES);
	s->n_shards = (unsigned)sim_between(s, 1, SIM_SHARDS);
	s->n_clients = (unsigned)sim_between(s, 2, SIM_CLIENTS);
	s->n_fronts = SIM_FRONTS;
	s->pace_ms = sim_chance(s, 70) ? 60 : (unsigned)sim_between(s, 300, 3000);
	s->peer_bytes = sim_chance(s, 30) ? KIB(70) : MIB(1);
	s->drop_percent = sim_chance(s, 30) ? 0 : (unsigned)sim_between(s, 1, 15);
	s->dup_percent = sim_chance(s, 50) ? 0 : (unsigned)sim_between(s, 1, 10);
	s->delay_ms = sim_chance(s, 60) ? 5 : (unsigned)sim_between(s, 20, 150);
	s->disk_ms = sim_chance(s, 60) ? 1 : (unsigned)sim_between(s, 2, 20);
	s->sync_ms = sim_chance(s, 60) ? 5 : (unsigned)sim_between(s, 10, 400);
	host_config_defaults(c);
	c->max_inflight = (unsigned)sim_between(s, 2, 32);
	c->trailing = 4 * c->max_inflight;
	c->compact_entries = sim_between(s, 5, 60);
	c->cache_bytes = sim_chance(s, 50) ? 0 : KIB(64);
	c->shard_bytes = sim_between(s, 20000, 200000);
	c->seed = prng_u64(&s->rng);
	memcpy(c->cluster, "simulatedcluster", 16);
	c->era = 1;
}

static void handle_nobodys(struct sim *s, struct event *e)
{
	switch (e->kind) {
	case EV_CLIENT:
	case EV_CANCEL:
	case EV_REPLY: s->app->clients->event(s, e); break;
	case EV_FAULT: faults_event(s, e->a); break;
	case EV_CONTROL: control_event(s); break;
	case EV_HEAL: faults_heal(s); break;
	case EV_TURN: sim_loop_event(s, e); break;
	case EV_FRONT: fronts_event(s, e); break;
	case EV_END:
		if (!s->over || !check_led(s))
			sim_fail("nothing settles: clients %s, control %s",
				 s->app->clients->done(s) ? "done" : "waiting",
				 control_busy(s) ? "busy" : "idle");
		break;
	default: wires_event(s, e);
	}
}

static void handle(struct sim *s, struct event *e)
{
	struct node *n = e->node < SIM_NODES ? &s->node[e->node] : NULL;

	if (n && e->boot && e->boot != n->boot)
		return;
	sim_enter(n);
	if (!n)
		handle_nobodys(s, e);
	else if (e->kind == EV_REQUEST)
		s->app->clients->event(s, e);
	else
		node_event(s, e);
	if (n && n->up && n->host)
		node_turn_end(s, n);
	sim_enter(NULL);
}

static void trace(struct sim *s, const struct event *e)
{
	uint64_t what[5] = { s->trace, e->at, (uint64_t)e->kind << 32 | e->node, e->a,
			     s->rng.s[0] };

	s->trace = hash64(bytes_of(what, sizeof(what)), 0);
}

static bool settled(struct sim *s)
{
	return s->healed && s->app->clients->done(s) && !control_busy(s) && check_led(s);
}

static void start(struct sim *s)
{
	clock_replace(now_us, wall_ms);
	bytes_hash_seed(s->seed);
	prng_seed(&s->rng, s->seed);
	s->now = MS(10000);
	choose(s);
	map_init(&s->attempts);
	map_init(&s->introduced);
	for (unsigned i = 0; i < SIM_SHARDS; i++) {
		map_init(&s->shard[i].applied);
		map_init(&s->shard[i].hashes);
		map_init(&s->shard[i].leaders);
	}
	s->app_state = s->app->init(s);
	control_init(s);
	wires_init(s);
	for (unsigned i = 0; i < s->n_nodes; i++)
		node_init(s, i);
	control_start(s);
	if (s->app == &app_mail)
		fronts_init(s);
	s->app->clients->init(s);
	faults_init(s);
	sim_at(s, s->now + MS(FAULT_MS), EV_HEAL, SIM_NODES);
	sim_at(s, s->now + MS(FAULT_MS + HEAL_MS), EV_END, SIM_NODES);
}

static void free_values(struct map *m)
{
	size_t pos = 0;
	struct bytes key;
	void *value;

	while (map_next(m, &pos, &key, &value))
		free(value);
	map_release(m);
}

static void finish(struct sim *s)
{
	fronts_free(s);
	s->app->clients->free(s);
	for (unsigned i = 0; i < s->n_nodes; i++)
		node_free(&s->node[i]);
	while (s->n) {
		struct event *e = pop(s);

		drop_payload(e);
		free(e);
	}
	free(s->heap);
	wires_free(s);
	control_free(s);
	s->app->free(s->app_state);
	map_release(&s->attempts);
	map_release(&s->introduced);
	for (unsigned i = 0; i < SIM_SHARDS; i++) {
		free_values(&s->shard[i].applied);
		free_values(&s->shard[i].hashes);
		map_release(&s->shard[i].leaders);
	}
}

static void step(struct sim *s)
{
	struct event *e = pop(s);

	s->now = e->at;
	s->steps++;
	trace(s, e);
	handle(s, e);
	drop_payload(e);
	free(e);
}

void sim_run(struct sim *s)
{
	uint64_t until;

	sim_current = s;
	start(s);
	while (!settled(s))
		step(s);
	s->over = true;
	/* A leader may still give way to a higher term from the time of the faults, a router still
	 * settle what nobody waits for; EV_END bounds it. */
	for (until = s->now + MS(SETTLE_MS); s->now < until;) {
		step(s);
		if (!check_led(s))
			until = s->now + MS(SETTLE_MS);
		until = MAX(until, s->applied_at + MS(APPLY_MS));
	}
	check_end(s);
	finish(s);
	clock_replace(NULL, NULL);
}
