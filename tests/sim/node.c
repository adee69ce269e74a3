/* SPDX-License-Identifier: Apache-2.0 */
/* node.c - one store node: its process, its disk and the stages between. */
#include "sim/sim.h"

#include "replica/host_impl.h"

#include <stdlib.h>

static struct node *node_of(void *arg)
{
	return arg;
}

/* ---- host_io */

static void io_send(void *arg, uint32_t to, struct msg *m)
{
	net_send(sim_current, node_of(arg)->id, to, m);
}

static bool io_connected(void *arg, uint32_t to)
{
	return to < sim_current->n_nodes && sim_current->node[to].up &&
	       !net_cut(sim_current, node_of(arg)->id, to);
}

static uint64_t slow(struct node *n, uint64_t us)
{
	return sim_current->now < n->slow_until ? us * 20 + MS(200) : us;
}

static void plan_write(struct sim *s, struct node *n)
{
	if (n->writing || list_empty(&n->jobs))
		return;
	n->writing = true;
	sim_at(s, s->now + slow(n, sim_between(s, 20, MS(s->disk_ms))), EV_WRITE, n->id);
}

static void io_job(void *arg, struct job *job)
{
	struct queued_job *q = xnew(struct queued_job);

	list_init(&q->list);
	q->job = job;
	list_add(&node_of(arg)->jobs, &q->list);
	plan_write(sim_current, node_of(arg));
}

static void io_read(void *arg, struct job *job)
{
	struct sim *s = sim_current;

	sim_at(s, s->now + slow(node_of(arg), sim_between(s, 50, MS(s->disk_ms * 3))), EV_READ,
	       node_of(arg)->id)
		->job = job;
}

static void io_wake_at(void *arg, uint64_t ms)
{
	struct sim *s = sim_current;
	struct node *n = node_of(arg);
	uint64_t ahead = s->skipped + (uint64_t)n->clock_us, at = ms * 1000;

	n->tick_at = MAX(at, s->now + ahead) - ahead;
	sim_at(s, n->tick_at, EV_TICK, n->id);
}

static void io_failed(void *arg, const char *why)
{
	sim_note("n%u fails: %s", node_of(arg)->id, why);
	/* Crashed when its turn ends. */
}

/* ---- host_app */

static void app_apply(void *arg, struct rows *rows, const struct host_entry *e, struct arena *mem,
		      struct host_outcome *out)
{
	sim_current->app->apply(arg, rows, e, mem, out);
}

static void app_applied(void *arg, uint32_t shard, uint64_t index, void *effects)
{
	if (node_of(arg)->door)
		door_applied(node_of(arg), shard, effects);
	if (effects)
		return;
	sim_current->faults[F_INSTALL]++;
	sim_note("n%u shard %u installed %lu", node_of(arg)->id, shard, index);
}

static void app_leading(void *arg, uint32_t shard, bool leading)
{
	sim_note("n%u shard %u %s", node_of(arg)->id, shard, leading ? "leads" : "leads no more");
	node_of(arg)->seen[shard].leads = leading;
	if (node_of(arg)->door)
		door_leading(node_of(arg), shard, leading);
}

static void app_lost(void *arg, uint32_t shard, uint64_t replica)
{
	sim_note("n%u shard %u lost replica %lx", node_of(arg)->id, shard, replica);
	sim_current->faults[F_FLOOR]++;
	control_lost(sim_current, node_of(arg)->id, shard, replica);
}

static void app_removed(void *arg, uint32_t shard, uint64_t replica)
{
	sim_note("n%u shard %u removed replica %lx", node_of(arg)->id, shard, replica);
}

/* ---- life */

static void start_host(struct sim *s, struct node *n)
{
	const struct host_io io = { .arg = n,
				    .send = io_send,
				    .connected = io_connected,
				    .job = io_job,
				    .read = io_read,
				    .stages = n,
				    .wake_at = io_wake_at,
				    .failed = io_failed };
	const struct host_app app = { .arg = n,
				      .apply = app_apply,
				      .applied = app_applied,
				      .leading = app_leading,
				      .lost = app_lost,
				      .removed = app_removed };
	struct host_config c = s->config;
	struct why why;

	if (s->broken)
		host_break(s->broken);
	c.node = n->id;
	c.start_count = n->id_on_disk.start_count;
	c.synced = n->id_on_disk.synced;
	c.seed += n->boot;
	if (host_new(&c, &io, &app, n->kv, &n->host, &why))
		sim_fail("n%u does not open: %s", n->id, why.text);
	n->writer = writer_new(n->kv, &app);
}

static void make_identity(struct sim *s, struct node *n)
{
	struct identity id = { .era = s->config.era, .node = n->id };
	struct why why;

	memcpy(id.cluster, s->config.cluster, sizeof(id.cluster));
	if (identity_store(n->kv, &id, &why))
		sim_fail("n%u has no identity: %s", n->id, why.text);
}

void node_boot(struct sim *s, struct node *n)
{
	struct why why;
	int ret;

	INVARIANT(!n->up);
	n->boot++;
	n->up = true;
	kv_mem_fail(n->kv, 0);
	kv_mem_fail_sync(n->kv, 0);
	ret = identity_start(n->kv, &n->id_on_disk, &why);
	if (ret == -ERR_NOTFOUND) {
		make_identity(s, n);
		ret = identity_start(n->kv, &n->id_on_disk, &why);
	}
	if (ret)
		sim_fail("n%u does not start: %s", n->id, why.text);
	sim_note("n%u boots, start %lu, synced %lu", n->id, n->id_on_disk.start_count,
		 n->id_on_disk.synced);
	start_host(s, n);
	if (s->app == &app_mail)
		door_open(s, n);
	net_peers_of(s, n);
	sim_at(s, s->now, EV_TICK, n->id);
}

void node_init(struct sim *s, unsigned id)
{
	struct node *n = &s->node[id];

	n->id = id;
	n->kv = kv_mem_new();
	n->clock_us = (int64_t)sim_between(s, 0, 5000000);
	list_init(&n->jobs);
	sim_enter(n);
	node_boot(s, n);
	sim_enter(NULL);
}

static void stop(struct sim *s, struct node *n)
{
	struct list *node;

	n->up = false;
	if (n->door)
		door_close(n);
	host_free(&n->host);
	if (n->door)
		door_free(n);
	while ((node = list_pop(&n->jobs))) {
		struct queued_job *q = list_entry(node, struct queued_job, list);

		job_free(&q->job);
		free(q);
	}
	writer_free(&n->writer);
	sim_forget(s, n->id);
	wires_node_down(s, n->id);
	n->boot++;
	n->writing = n->syncing = false;
	n->written = n->tick_at = 0;
	memset(n->seen, 0, sizeof(n->seen));
}

void node_crash(struct sim *s, struct node *n)
{
	size_t unsynced = kv_mem_unsynced(n->kv), keep = prng_below(&s->rng, unsynced + 1);

	sim_note("n%u crashes, keeps %zu of %zu unsynced batches", n->id, keep, unsynced);
	s->faults[F_CRASH]++;
	s->faults[F_LOST_WRITES] += keep < unsynced;
	stop(s, n);
	kv_mem_crash(n->kv, keep);
}

void node_wipe(struct sim *s, struct node *n)
{
	if (n->up)
		node_crash(s, n);
	sim_note("n%u loses its disk", n->id);
	s->faults[F_WIPE]++;
	kv_close(&n->kv);
	n->kv = kv_mem_new();
	n->wiped = true;
}

void node_rollback(struct sim *s, struct node *n)
{
	if (n->up)
		node_crash(s, n);
	sim_note("n%u gets yesterday's disk", n->id);
	s->faults[F_ROLLBACK]++;
	kv_close(&n->kv);
	n->kv = n->image;
	n->image = NULL;
	kv_mem_crash(n->kv, 0);
}

void node_free(struct node *n)
{
	if (n->up)
		stop(sim_current, n);
	kv_close(&n->kv);
	if (n->image)
		kv_close(&n->image);
}

/* ---- the stages */

static void plan_sync(struct sim *s, struct node *n, uint64_t synced)
{
	if (n->syncing || n->written <= synced)
		return;
	n->syncing = true;
	sim_at(s, s->now + slow(n, sim_between(s, 100, MS(s->sync_ms))), EV_SYNCED, n->id)->a =
		n->written;
}

static void write_one(struct sim *s, struct node *n)
{
	struct queued_job *q = list_entry(list_pop(&n->jobs), struct queued_job, list);
	struct job *job = q->job;
	uint64_t done_at;

	free(q);
	n->writing = false;
	if (writer_run(n->writer, job)) {
		sim_note("n%u: write error", n->id);
		job_free(&job);
		node_crash(s, n);
		sim_at(s, s->now + sim_between(s, MS(100), MS(2000)), EV_BOOT, n->id);
		return;
	}
	if (job_sync(job)) {
		n->written = job_ticket(job);
		if (sim_breaks(s, "sync")) /* "durable", says who never synced */
			sim_at(s, s->now, EV_SYNCED, n->id)->a = n->written;
		else
			plan_sync(s, n, 0);
	}
	done_at = s->now + sim_between(s, 1, 200);
	n->done_at = MAX(n->done_at, done_at); /* in order */
	sim_at(s, n->done_at, EV_WRITTEN, n->id)->job = job;
	plan_write(s, n);
}

static void synced(struct sim *s, struct node *n, uint64_t ticket)
{
	n->syncing = false;
	if (!sim_breaks(s, "sync") && kv_sync(n->kv)) {
		node_crash(s, n);
		sim_at(s, s->now + sim_between(s, MS(100), MS(2000)), EV_BOOT, n->id);
		return;
	}
	host_synced(n->host, ticket);
	if (!sim_breaks(s, "sync"))
		plan_sync(s, n, ticket);
}

static void read_done(struct sim *s, struct node *n, struct event *e)
{
	struct job *job = e->job;

	(void)s;
	e->job = NULL;
	if (reader_run(n->kv, job))
		sim_fail("n%u cannot read", n->id);
	host_job_done(n->host, job);
}

static void written(struct node *n, struct event *e)
{
	struct job *job = e->job;

	e->job = NULL;
	host_job_done(n->host, job);
}

void node_event(struct sim *s, struct event *e)
{
	struct node *n = &s->node[e->node];

	if (e->kind == EV_BOOT) {
		if (!n->up)
			node_boot(s, n);
		return;
	}
	if (!n->up)
		return;
	if (e->kind == EV_DELIVER)
		host_receive(n->host, (uint32_t)e->a, &e->msg);
	else if (e->kind == EV_TICK)
		host_tick(n->host);
	else if (e->kind == EV_WRITE)
		write_one(s, n);
	else if (e->kind == EV_WRITTEN)
		written(n, e);
	else if (e->kind == EV_SYNCED)
		synced(s, n, e->a);
	else if (e->kind == EV_READ)
		read_done(s, n, e);
	else if (e->kind == EV_PEER)
		host_peer(n->host, (uint32_t)e->a, true);
	else if (e->kind == EV_TURN)
		sim_loop_event(s, e);
	else if (e->kind == EV_WIRE)
		wires_event(s, e);
	else if (e->kind == EV_READER)
		door_event(s, e);
}

void node_fail(struct node *n, const char *why)
{
	host_fail(n->host, why);
}

void node_turn_end(struct sim *s, struct node *n)
{
	host_flush(n->host);
	if (n->door)
		door_turn_end(n);
	if (n->host->failed) {
		node_crash(s, n);
		sim_at(s, s->now + sim_between(s, MS(100), MS(2000)), EV_BOOT, n->id);
		return;
	}
	check_state(s, n);
}
