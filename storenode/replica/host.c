/* SPDX-License-Identifier: Apache-2.0 */
/* host.c - the turn: what came in, what is due, what goes out. */
#include "replica/group.h"

#include "base/clock.h"
#include "base/log.h"

#include <stdlib.h>

#define STALL_HANDOVER_MS 2000
#define STALL_EXIT_MS 10000
#define HANDOVER_EVERY_MS 1000
#define WORK_ROUNDS 8 /* of group_work in one turn: callbacks may make more work */

struct out_job { /* with the writer, or written and not yet synced */
	struct list list;
	uint64_t ticket, since_ms;
	bool sync, written;
};

/* ---- life */

void host_config_defaults(struct host_config *c)
{
	c->heartbeat_ms = 100;
	c->election_ms = 1000;
	c->max_inflight = 256;
	c->compact_entries = 4096;
	c->compact_bytes = MIB(64);
	c->trailing = 1024;
	c->cache_bytes = MIB(2);
	c->shard_bytes = MIB(1);
	c->node_bytes = MIB(32);
}

static int check_config(const struct host_config *c, struct why *why)
{
	if (c->node >= NODES_MAX)
		return why_set(why, ERR_CONFIG, "node %u: at most %u", c->node, NODES_MAX);
	if (!c->heartbeat_ms || c->heartbeat_ms * 5 > c->election_ms)
		return why_set(why, ERR_CONFIG,
			       "the election timeout must be 5 heartbeats or more");
	if (!c->max_inflight || c->trailing < 4 * c->max_inflight)
		return why_set(why, ERR_CONFIG, "trailing must be 4 * max_inflight or more");
	return 0;
}

/* ---- rules that can be switched off, to see that tests notice */

static const char *broken_rule = "";

void host_break(const char *rule)
{
	broken_rule = rule;
}

static void break_rules(struct host *h)
{
	h->floor_off = strcmp(broken_rule, "floor") == 0;
	h->hold_off = strcmp(broken_rule, "vote-hold") == 0;
	h->vote_off = strcmp(broken_rule, "vote-durable") == 0;
	h->lease_off = strcmp(broken_rule, "lease") == 0;
}

int host_new(const struct host_config *c, const struct host_io *io, const struct host_app *app,
	     struct kv *kv, struct host **out, struct why *why)
{
	int ret = check_config(c, why);
	struct host *h;

	if (ret)
		return ret;
	h = xnew(struct host);
	h->c = *c;
	h->io = *io;
	h->app = *app;
	h->nonce = host_random(h) | 1;
	break_rules(h);
	h->base = h->disk_synced = c->synced;
	h->next_ticket = 1;
	timers_init(&h->timers);
	list_init(&h->dirty);
	list_init(&h->chores);
	list_init(&h->persisting);
	list_init(&h->held);
	list_init(&h->created);
	list_init(&h->doomed);
	list_init(&h->jobs_out);
	*out = h;
	ret = host_open(h, kv, why);
	if (ret)
		host_free(out);
	return ret;
}

uint64_t host_random(struct host *h)
{
	uint64_t mix[4] = { h->c.seed, h->c.start_count, h->c.node, ++h->randoms };

	return hash64(bytes_of(mix, sizeof(mix)), 0);
}

static void free_doomed(struct host *h)
{
	struct list *node;

	while ((node = list_first(&h->doomed))) {
		struct group *g = list_entry(node, struct group, doomed);

		group_free(&g);
	}
}

void host_free(struct host **host)
{
	struct host *h = *host;
	struct list *node;

	*host = NULL;
	if (!h)
		return;
	h->closing = h->failed = true;
	host_created(h);
	free_doomed(h);
	for (unsigned i = 0; i < SHARDS_MAX; i++) {
		struct group *g = h->by_shard[i];

		if (g)
			group_free(&g);
	}
	peers_release_held(h);
	peers_free(h);
	while ((node = list_pop(&h->jobs_out)))
		free(list_entry(node, struct out_job, list));
	job_free(&h->job);
	timers_release(&h->timers);
	free(h);
}

void host_fail(struct host *h, const char *why)
{
	if (h->failed)
		return;
	h->failed = true; /* silent from here on */
	h->io.failed(h->io.arg, why);
}

struct group *host_group(struct host *h, uint32_t shard, uint64_t generation)
{
	struct group *g = shard < SHARDS_MAX ? h->by_shard[shard] : NULL;

	return g && g->generation == generation ? g : NULL;
}

/* ---- jobs */

struct job *host_job(struct host *h)
{
	if (!h->job) {
		h->job = job_new(JOB_WRITE, 0, 0);
		h->job->ticket = h->next_ticket;
	}
	return h->job;
}

uint64_t host_sync_ticket(struct host *h)
{
	host_job(h)->sync = true;
	return h->job->ticket;
}

static void hand_over_job(struct host *h)
{
	struct job *j = h->job;
	struct out_job *o;

	if (!j || h->failed)
		return;
	peers_save(h, clock_ms());
	o = xnew(struct out_job);
	j->synced_seq = h->base + j->ticket;
	o->ticket = j->ticket;
	o->since_ms = clock_ms();
	o->sync = j->sync;
	list_add(&h->jobs_out, &o->list);
	h->next_ticket++;
	h->job = NULL;
	h->io.job(h->io.stages, j);
}

static void note_progress(struct host *h, uint64_t written, uint64_t synced)
{
	list_foreach(&h->jobs_out, node) {
		struct out_job *o = list_entry(node, struct out_job, list);

		o->written |= o->ticket == written;
		if (!o->written || (o->sync && o->ticket > synced))
			continue;
		list_del(node);
		free(o);
	}
}

static void item_done(struct host *h, struct item *i)
{
	struct group *g = host_group(h, i->shard, i->generation);

	if (!g)
		return;
	if (i->kind == ITEM_APPLY)
		group_applied(g, i);
	else if (i->kind == ITEM_PART)
		snapshot_part_done(g, i);
	else if (i->kind == ITEM_LOAD)
		group_loaded(g, i);
	else if (i->kind == ITEM_COMPACT && i->compact.more)
		job_item(host_job(h), ITEM_COMPACT, i->shard, i->generation)->compact.first =
			i->compact.first;
}

static void read_done(struct host *h, struct job *j)
{
	struct group *g = host_group(h, j->shard, j->generation);

	if (!g || !g->core)
		return;
	if (j->kind == READ_LOG)
		stream_read_done(g, j);
	else
		snapshot_job_done(g, j);
}

void host_job_done(struct host *h, struct job *job)
{
	if (job->kind == JOB_WRITE) {
		note_progress(h, job->ticket, h->synced_ticket);
		for (struct item *i = job->items; i; i = i->next)
			item_done(h, i);
	} else {
		read_done(h, job);
	}
	job_free(&job);
}

void host_synced(struct host *h, uint64_t ticket)
{
	struct list waiting;

	if (ticket <= h->synced_ticket)
		return;
	h->synced_ticket = ticket;
	h->untold = true;
	note_progress(h, 0, ticket);
	host_created(h);
	peers_release_held(h);
	list_init(&waiting);
	while (!list_empty(&h->persisting))
		list_add(&waiting, list_pop(&h->persisting));
	while (!list_empty(&waiting))
		group_synced(list_entry(list_pop(&waiting), struct group, persisting));
}

uint64_t host_synced_seq(const struct host *h)
{
	return h->base + h->synced_ticket;
}

/* ---- the turn */

static void do_work(struct host *h)
{
	struct list round;

	for (unsigned n = 0; n < WORK_ROUNDS && !list_empty(&h->dirty); n++) {
		list_init(&round);
		while (!list_empty(&h->dirty))
			list_add(&round, list_pop(&h->dirty));
		while (!list_empty(&round))
			group_work(list_entry(list_pop(&round), struct group, dirty));
	}
}

static uint64_t next_wake(const struct host *h)
{
	uint64_t at = timers_next(&h->timers);

	if (!list_empty(&h->chores) || !list_empty(&h->jobs_out) || h->drain || h->untold)
		at = MIN(at, h->next_chores);
	if (!list_empty(&h->dirty))
		at = clock_ms();
	return at;
}

void host_flush(struct host *h)
{
	uint64_t at;

	do_work(h);
	hand_over_job(h);
	peers_flush(h);
	free_doomed(h);
	at = next_wake(h);
	if (at != UINT64_MAX && at != h->woken_at) {
		h->woken_at = at;
		h->io.wake_at(h->io.arg, at);
	}
}

/* Where the disk does not keep up, others shall lead; a disk that hangs is as good as dead. */
static void check_stall(struct host *h, uint64_t now)
{
	struct list *oldest = list_first(&h->jobs_out);
	uint64_t age = oldest ? now - list_entry(oldest, struct out_job, list)->since_ms : 0;

	if (age >= STALL_EXIT_MS) {
		host_fail(h, "writing to the data directory has hung for 10 seconds");
		return;
	}
	if (age >= STALL_HANDOVER_MS && !h->stalled)
		log_warn(NULL, "disk_stalled", "oldest_ms=%lu", age);
	h->stalled = age >= STALL_HANDOVER_MS;
}

static void hand_leaderships_over(struct host *h, uint64_t now)
{
	if (!(h->drain || h->stalled) || now - h->drain_ms < HANDOVER_EVERY_MS)
		return;
	h->drain_ms = now;
	for (unsigned i = 0; i < SHARDS_MAX; i++) {
		struct group *g = h->by_shard[i];

		if (!g || !group_leads(g) || conf_voters(&g->conf) < 2)
			continue;
		g->transfer_to = 1;
		group_dirty(g);
	}
}

static void do_chores(struct host *h, uint64_t now)
{
	struct list round;

	h->next_chores = now + CHORES_MS;
	check_stall(h, now);
	hand_leaderships_over(h, now);
	peers_tell(h, now);
	h->untold = peers_untold(h);
	list_init(&round);
	while (!list_empty(&h->chores))
		list_add(&round, list_pop(&h->chores));
	while (!list_empty(&round)) {
		struct group *g = list_entry(list_pop(&round), struct group, chores);

		if (group_chores(g))
			group_chore(g);
	}
}

void host_tick(struct host *h)
{
	uint64_t now = clock_ms();
	struct timer *t;

	h->woken_at = 0;
	if (h->failed)
		return;
	while ((t = timers_pop(&h->timers, now)))
		group_timeout(container_of(t, struct group, timer));
	if (now >= h->next_chores)
		do_chores(h, now);
}

/* ---- status and orders */

static enum host_state state_of(const struct group *g)
{
	if (g->lost || g->broken)
		return HOST_LOST;
	if (g->fenced)
		return HOST_FENCED;
	if (!g->core)
		return HOST_OPENING;
	if (g->install)
		return HOST_INSTALLING;
	return group_state(g);
}

const char *host_state_name(enum host_state s)
{
	static const char *const names[] = { "opening",    "follower", "candidate", "leader",
					     "installing", "lost",     "fenced" };

	return names[s];
}

static enum host_role role_of(const struct conf *c, uint64_t replica)
{
	static const enum host_role roles[] = { HOST_STANDBY, HOST_VOTER, HOST_SPARE };
	int i = conf_find(c, replica);

	return i < 0 ? HOST_NONE : roles[c->m[i].role];
}

bool host_status(struct host *h, uint32_t shard, struct host_status *s)
{
	struct group *g = shard < SHARDS_MAX ? h->by_shard[shard] : NULL;

	if (!g)
		return false;
	*s = (struct host_status){ .shard = shard,
				   .replica = g->replica,
				   .state = state_of(g),
				   .role = role_of(&g->conf, g->replica),
				   .term = g->term,
				   .first = g->log.first,
				   .last = g->log.last,
				   .commit = group_commit(g),
				   .applied = g->applied,
				   .incarnation = g->incarnation,
				   .rows = g->rows,
				   .leader = group_leader_node(g),
				   .changing = group_changing(g) };
	return true;
}

unsigned host_count(const struct host *h)
{
	unsigned n = 0;

	for (unsigned i = 0; i < SHARDS_MAX; i++)
		n += h->by_shard[i] != NULL;
	return n;
}

bool host_next(struct host *h, uint32_t *pos, struct host_status *s)
{
	while (*pos < SHARDS_MAX)
		if (host_status(h, (*pos)++, s))
			return true;
	return false;
}

unsigned host_leaders(const struct host *h)
{
	unsigned n = 0;

	for (unsigned i = 0; i < SHARDS_MAX; i++)
		n += h->by_shard[i] && group_leads(h->by_shard[i]);
	return n;
}

uint32_t host_leader(struct host *h, uint32_t shard)
{
	return shard < SHARDS_MAX && h->by_shard[shard] ? group_leader_node(h->by_shard[shard]) : 0;
}

unsigned host_members(struct host *h, uint32_t shard, struct host_member *m, unsigned max)
{
	struct group *g = shard < SHARDS_MAX ? h->by_shard[shard] : NULL;

	if (!g)
		return 0;
	for (unsigned i = 0; i < g->conf.n && i < max; i++)
		m[i] = (struct host_member){ .replica = g->conf.m[i].replica,
					     .node = g->conf.m[i].node,
					     .role = role_of(&g->conf, g->conf.m[i].replica),
					     .match = group_match(g, g->conf.m[i].replica) };
	return g->conf.n;
}

uint64_t host_log_ms(struct host *h, uint32_t shard)
{
	struct group *g = shard < SHARDS_MAX ? h->by_shard[shard] : NULL;

	return g && group_leads(g) ? group_log_ms(g) : 0;
}

int host_transfer(struct host *h, uint32_t shard, uint32_t node)
{
	struct group *g = shard < SHARDS_MAX ? h->by_shard[shard] : NULL;

	if (!g || !group_leads(g))
		return -ERR_NOTLEADER;
	if (group_transferring(g) || g->transfer_to)
		return -ERR_BUSY;
	for (unsigned i = 0; i < g->conf.n; i++) {
		const struct conf_member *m = &g->conf.m[i];

		if (m->node != node || m->role != CONF_VOTER || m->replica == g->replica)
			continue;
		g->transfer_to = m->replica + 1;
		group_dirty(g);
		return 0;
	}
	return -ERR_NOTFOUND;
}

void host_drain(struct host *h, bool on)
{
	h->drain = on;
	h->drain_ms = 0;
}

void host_space_short(struct host *h, bool is_short)
{
	h->is_short = is_short;
}

bool host_shard_short(struct host *h, uint32_t shard)
{
	struct group *g = shard < SHARDS_MAX ? h->by_shard[shard] : NULL;

	if (h->is_short)
		return true;
	for (unsigned i = 0; g && i < g->conf.n; i++) {
		const struct conf_member *m = &g->conf.m[i];

		if (m->role == CONF_VOTER && m->node < NODES_MAX && h->peers[m->node] &&
		    h->peers[m->node]->is_short)
			return true;
	}
	return false;
}
