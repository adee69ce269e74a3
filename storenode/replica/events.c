/* SPDX-License-Identifier: Apache-2.0 */
/* events.c - what we ask of the core: proposals, applied configurations, snapshot marks,
 * transfers. Rule numbers are those of group.c. */
#include "replica/core.h"

#include "base/clock.h"
#include "base/log.h"

#include <stdlib.h>

#define APPLY_MAX 256 /* entries in one job */
#define SUBMIT_MAX 256
#define LIVE_LAG_MAX 65536 /* log entries kept for a follower that is up */
#define CACHE_ALL MIB(64)  /* log entries in memory, all shards */
#define CACHE_LEAST KIB(64)

/* ---- what the core knows */

bool group_leads(const struct group *g)
{
	return g->core && g->state == RAFT_LEADER;
}

enum host_state group_state(const struct group *g)
{
	return g->state == RAFT_LEADER    ? HOST_LEADER :
	       g->state == RAFT_CANDIDATE ? HOST_CANDIDATE :
					    HOST_FOLLOWER;
}

bool group_changing(const struct group *g)
{
	return g->core && g->core->configuration_uncommitted_index != 0;
}

bool group_transferring(const struct group *g)
{
	return group_leads(g) && raft_transferee(g->core) != 0;
}

uint64_t group_commit(const struct group *g)
{
	return g->core ? MIN(raft_commit_index(g->core), g->log.last) : g->applied;
}

uint64_t group_match(const struct group *g, uint64_t replica)
{
	raft_index match = 0;

	if (!group_leads(g) || raft_match_index(g->core, replica, &match))
		return 0;
	return match;
}

uint32_t group_leader_node(const struct group *g)
{
	raft_id id = 0;
	const char *address = NULL;

	if (!g->core)
		return 0;
	if (g->state == RAFT_LEADER)
		return g->h->c.node + 1;
	raft_leader(g->core, &id, &address);
	return id && address ? conf_address_node(address) + 1 : 0;
}

uint64_t group_log_ms(const struct group *g)
{
	return g->log.last_log_ms + (clock_ms() - g->seen_ms);
}

bool group_lease_ok(const struct group *g)
{
	return group_leads(g) && g->applied >= g->term_start &&
	       (g->h->lease_off ||
		clock_ms() < lease_until(&g->lease, &g->conf, g->replica, g->h->c.election_ms));
}

static void check_leading(struct group *g)
{
	if (g->told_leading || !group_leads(g) || g->applied < g->term_start)
		return;
	g->told_leading = true;
	g->h->app.leading(g->h->app.arg, g->shard, true);
}

/* ---- proposing */

static int submit(struct group *g, struct entry **e, unsigned n)
{
	struct raft_event ev = { .type = RAFT_SUBMIT };
	struct raft_entry *es = xcalloc(n, sizeof(*es));
	struct feed f = { .first = g->log.last + 1, .e = e, .n = n, .own = true };
	int ret;

	for (unsigned i = 0; i < n; i++) {
		es[i].term = raft_current_term(g->core);
		es[i].type = (enum raft_entry_type)e[i]->type;
		es[i].batch = es; /* not NULL; the core never frees what is submitted */
		es[i].buf.base = (void *)(uintptr_t)entry_op(e[i]).p;
		es[i].buf.len = entry_op(e[i]).n;
	}
	ev.submit.entries = es;
	ev.submit.n = n;
	ret = core_step(g, &ev, &f);
	free(es);
	INVARIANT(ret || f.taken);
	return ret;
}

static void refuse(struct call *call)
{
	call->done(call->arg, ERR_NOTLEADER, 0, NULL);
	entry_unref(&call->e);
	free(call);
}

static void submit_queued(struct group *g)
{
	struct entry *e[SUBMIT_MAX];
	struct calls batch;
	struct call *call;
	unsigned n = 0;

	calls_init(&batch);
	while (n < SUBMIT_MAX && (call = calls_pop(&g->queued))) {
		e[n++] = call->e;
		calls_push(&batch, call);
	}
	if (!n)
		return;
	if (!group_leads(g) || submit(g, e, n)) {
		for (unsigned i = 0; i < n; i++)
			give_budget_back(g, e[i]);
		while ((call = calls_pop(&batch)))
			refuse(call);
		return;
	}
	while ((call = calls_pop(&batch))) {
		call->index = call->e->index;
		call->term = call->e->term;
		entry_unref(&call->e);
		calls_push(&g->proposed, call);
	}
}

/* Reads that found no lease: one barrier for all that asked before it was proposed. None may
 * join one that is under way, whose acknowledgements may be older than the read. */
static void submit_barrier(struct group *g)
{
	struct entry *e;

	if (list_empty(&g->barrier) || g->barrier_index)
		return;
	e = entry_new(ENTRY_BARRIER, NULL, NULL);
	if (!group_leads(g) || submit(g, &e, 1)) {
		waits_fail(&g->barrier, ERR_NOTLEADER);
	} else {
		g->barrier_index = e->index;
		list_foreach(&g->barrier, node)
			list_entry(node, struct wait, list)->index = e->index;
		while (!list_empty(&g->barrier))
			list_add(&g->reads, list_pop(&g->barrier));
	}
	entry_unref(&e);
}

bool group_submit_conf(struct group *g, const struct conf *c)
{
	struct entry *e;
	struct buf b;
	int ret;

	/* R7; and a leader changes nothing before an entry of its own term is committed, or
	 * two configurations without a common majority could both be in force. */
	if (!group_leads(g) || g->applied < g->term_start || group_transferring(g) ||
	    group_changing(g) || g->core->leader_state.promotee_id)
		return false;
	INVARIANT(conf_is_voter(c, g->replica));
	INVARIANT(MAX(c->n, g->conf.n) - MIN(c->n, g->conf.n) <= 1);
	buf_init(&b, 0);
	conf_pack(c, &b);
	e = entry_new(ENTRY_CHANGE, blob_copy(buf_bytes(&b)), NULL);
	buf_release(&b);
	ret = submit(g, &e, 1);
	entry_unref(&e);
	return ret == 0;
}

/* ---- transfer */

static void transfer(struct group *g)
{
	struct raft_event ev = { .type = RAFT_TRANSFER };

	if (!g->transfer_to || !group_leads(g) || group_transferring(g))
		return;
	ev.transfer.server_id = g->transfer_to - 1;
	g->transfer_to = 0;
	/* Tried counts: from here on its target may be elected whatever the core says. */
	g->lease.transferred = true;
	if (core_step(g, &ev, NULL) == 0)
		log_info(NULL, "shard_transfer", "shard=%u to=%lu", g->shard,
			 (uint64_t)raft_transferee(g->core));
}

/* ---- applying */

static void send_apply(struct group *g)
{
	uint64_t to = group_commit(g);
	struct job *j;
	struct item *i;

	if (!g->core || g->core->snapshot.installing || g->fenced || g->applied_sent >= to)
		return;
	j = host_job(g->h);
	if (g->apply_ticket == j->ticket)
		return; /* the next turn; two applies of a shard do not share a batch */
	to = MIN(to, g->applied_sent + APPLY_MAX);
	i = job_item(j, ITEM_APPLY, g->shard, g->generation);
	i->apply.careful = to <= g->careful_until || g->applied_sent < g->careful_until;
	i->apply.e = arena_array(&j->mem, struct entry *, to - g->applied_sent);
	while (g->applied_sent < to) {
		struct entry *e = rlog_get(&g->log, ++g->applied_sent);

		INVARIANT(e);
		i->apply.e[i->apply.n++] = entry_ref(e);
	}
	g->apply_ticket = j->ticket;
}

/* R6 */
static void change_applied(struct group *g, const struct entry *e)
{
	struct raft_event ev = { .type = RAFT_CONFIGURATION };
	bool was = conf_find(&g->applied_conf.conf, g->replica) >= 0;

	g->applied_conf.index = e->index;
	INVARIANT(conf_unpack(entry_op(e), &g->applied_conf.conf));
	if (g->promote_index == e->index)
		g->promote_index = 0;
	if (g->core && !g->core->snapshot.installing) {
		ev.configuration.index = e->index;
		core_conf(&g->applied_conf.conf, &ev.configuration.conf);
		INVARIANT(core_step(g, &ev, NULL) == 0);
		core_refresh(g);
	}
	log_info(NULL, "shard_members", "shard=%u index=%lu members=%u voters=%u", g->shard,
		 e->index, g->applied_conf.conf.n, conf_voters(&g->applied_conf.conf));
	if (was && conf_find(&g->applied_conf.conf, g->replica) < 0)
		g->h->app.removed(g->h->app.arg, g->shard, g->replica);
}

static void evict(struct group *g)
{
	uint64_t before = g->log.bytes;
	uint64_t keep = g->h->cached > CACHE_ALL ? CACHE_LEAST : g->h->c.cache_bytes;

	rlog_evict(&g->log, MIN(g->applied, g->core ? g->core->last_stored : 0), keep);
	g->h->cached -= before - g->log.bytes;
}

static void fence(struct group *g)
{
	struct item *i = job_item(host_job(g->h), ITEM_META, g->shard, g->generation);

	log_error(NULL, "replica_fenced", "shard=%u index=%lu", g->shard, g->applied + 1);
	g->fenced = true;
	i->meta.meta = (struct store_meta){
		.replica = g->replica, .term = g->term, .vote = g->vote, .fenced = true
	};
	host_sync_ticket(g->h);
	group_stop(g);
}

static void entry_applied(struct group *g, struct item *i, size_t k)
{
	struct entry *e = i->apply.e[k];
	struct host_outcome *out = &i->apply.out[k];

	g->applied = e->index;
	g->applied_term = e->term;
	give_budget_back(g, e);
	if (g->barrier_index && g->barrier_index <= e->index) {
		g->barrier_index = 0;
		group_dirty(g);
	}
	calls_applied(g, e, out->result);
	if (e->type == ENTRY_COMMAND)
		g->h->app.applied(g->h->app.arg, g->shard, e->index, out->effects);
	if (e->type == ENTRY_CHANGE)
		change_applied(g, e);
}

void group_applied(struct group *g, struct item *i)
{
	for (size_t k = 0; k < i->apply.n && i->apply.e[k]->index <= i->apply.after.index; k++)
		entry_applied(g, i, k);
	g->rows = i->apply.after.state;
	if (i->apply.fenced) {
		fence(g);
		return;
	}
	waits_applied(g);
	check_leading(g);
	evict(g);
	group_compact(g);
	group_dirty(g);
}

/* ---- compaction */

/* The highest index that nobody needs any more. */
static uint64_t keep_above(const struct group *g)
{
	uint64_t keep = g->applied > g->h->c.trailing ? g->applied - g->h->c.trailing : 0;

	keep = MIN(keep, snapshot_floor(g));
	for (unsigned i = 0; group_leads(g) && i < g->conf.n; i++) {
		const struct conf_member *m = &g->conf.m[i];
		uint64_t match = group_match(g, m->replica);

		if (m->replica != g->replica && m->role != CONF_SPARE &&
		    peer_connected(g->h, m->node) && g->log.last - match <= LIVE_LAG_MAX)
			keep = MIN(keep, MAX(match, 1) - 1); /* its term goes with what follows */
	}
	return keep;
}

static bool worth_it(const struct group *g, uint64_t keep)
{
	if (keep < g->log.first)
		return false;
	return keep + 1 - g->log.first >= g->h->c.compact_entries ||
	       g->body_bytes - g->compact_body_bytes >= g->h->c.compact_bytes;
}

static void mark_snapshot(struct group *g, uint64_t index, uint64_t term,
			  const struct store_conf *c, uint64_t trailing)
{
	struct raft_event ev = { .type = RAFT_SNAPSHOT };

	INVARIANT(index > g->snap_index && index <= g->applied &&
		  index <= g->core->last_stored); /* R8 */
	ev.snapshot.metadata.index = index;
	ev.snapshot.metadata.term = term;
	ev.snapshot.metadata.configuration_index = c->index;
	core_conf(&c->conf, &ev.snapshot.metadata.configuration);
	ev.snapshot.trailing = (unsigned)MIN(trailing, UINT32_MAX);
	INVARIANT(core_step(g, &ev, NULL) == 0);
	g->snap_index = index;
	g->snap_term = term;
}

void group_compact(struct group *g)
{
	uint64_t keep, before = g->log.bytes;
	struct item *i;

	if (!g->core || g->core->snapshot.installing || g->install || g->export ||
	    g->core->last_stored < g->applied || g->applied <= g->snap_index)
		return;
	keep = keep_above(g);
	if (!worth_it(g, keep))
		return;
	mark_snapshot(g, g->applied, g->applied_term, &g->applied_conf, g->applied - keep);
	g->log.first = keep + 1;
	rlog_evict(&g->log, keep, 0);
	g->h->cached -= before - g->log.bytes;
	g->compact_body_bytes = g->body_bytes;
	i = job_item(host_job(g->h), ITEM_COMPACT, g->shard, g->generation);
	i->compact.first = g->log.first;
}

/* The core's heartbeats to a follower that installs must start where its log will: exactly at
 * the export; else it takes their rejection, or a match below its mark, for a failed install.
 * Moves the mark there without dropping anything; while an export lives nothing moves it again.
 * False: not yet, or not here. */
bool group_anchor(struct group *g, const struct store_applied *a, const struct store_conf *c)
{
	if (!group_leads(g) || g->core->snapshot.installing || a->index < g->log.first)
		return false;
	if (g->snap_index == a->index)
		return true;
	if (a->index < g->snap_index || g->core->last_stored < a->index || g->applied < a->index)
		return false;
	mark_snapshot(g, a->index, a->term, c, a->index + 1 - g->log.first);
	return true;
}

/* The snapshot has been switched to, durably. */
void group_installed(struct group *g, const struct store_applied *a, const struct store_conf *c)
{
	struct raft_event ev = { .type = RAFT_PERSISTED_SNAPSHOT };
	struct raft_snapshot_metadata *md = &ev.persisted_snapshot.metadata;

	INVARIANT(g->core && g->core->snapshot.installing && a->index > g->applied);
	g->h->cached -= g->log.bytes;
	rlog_release(&g->log);
	rlog_init(&g->log, a->index, a->term, a->chain, a->log_ms);
	g->applied = g->applied_sent = g->snap_index = a->index;
	g->applied_term = g->snap_term = a->term;
	g->applied_conf = *c;
	g->incarnation = a->incarnation;
	g->rows = a->state;
	g->seen_ms = clock_ms();
	md->index = a->index;
	md->term = a->term;
	md->configuration_index = c->index;
	core_conf(&c->conf, &md->configuration);
	ev.persisted_snapshot.last = true;
	INVARIANT(core_step(g, &ev, NULL) == 0);
	core_refresh(g);
	g->h->app.applied(g->h->app.arg, g->shard, a->index, NULL);
	waits_applied(g);
	group_dirty(g);
}

/* ---- the turn */

void group_work(struct group *g)
{
	bool paused = g->pause_until > clock_ms();

	if (g->move)
		move_step(g);
	if (!paused && g->queued.n)
		submit_queued(g);
	submit_barrier(g);
	transfer(g);
	send_apply(g);
	check_leading(g);
	if (g->queued.n && !paused)
		group_dirty(g);
}
