/* SPDX-License-Identifier: Apache-2.0 */
/* group.c - libraft, and the rules by which its version 0.22.1 must be driven.
 *
 * raft_step() is a pure function of its instance: an event goes in, an update comes out that
 * says what to write, to send and when to wake it. The packaged library is built without its
 * assertions, so each precondition is checked here and a breach ends the process. The rules are
 * numbered where they are kept:
 *
 *  R1  tracer NULL (its static buffers are shared by all instances), seeded, pre-vote on.
 *  R2  time never goes back, capacity is always set and the core's threshold for it stays 0.
 *  R3  update.entries.index <= last: truncate first. Never below what was committed.
 *  R4  PERSISTED_ENTRIES only for entries still in the log, above last_stored, and never while
 *      a snapshot is being installed.
 *  R5  A step that changed term or vote, and all later messages of the group, wait for the disk.
 *  R6  RAFT_CONFIGURATION for every applied change, on every replica.
 *  R7  A change is the first new entry of its step, and is fed only once the one before it has
 *      been applied. One server differs at a time; a leader never demotes or removes itself.
 *  R8  RAFT_SNAPSHOT only at an applied and stored index, above the last one.
 *  R9  An append whose start lies in our own compacted prefix is cut to begin behind it.
 *  R10 The batch of an append is a dummy: the bytes are ours, in struct entry.
 *  R11 InstallSnapshot: configuration and data are freed by the core if it answers, handed to
 *      us if it installs, and leaked if neither.
 *  R12 RequestVote without disrupt_leader is dropped for an election timeout after RAFT_START:
 *      the last process may have echoed the lease of a leader.
 *  R13 A replica votes whatever its own log says of its role (dissertation, 4.1: votes are
 *      counted by the candidate's configuration). The core refuses where it believes itself no
 *      voter, and one whose promotion has not arrived could then block every election. */
#include "replica/core.h"

#include "base/clock.h"
#include "base/log.h"

#include <stdlib.h>

#define UNPERSISTED_MAX MIB(4)
#define INSTALL_ELECTIONS \
	5 /* the core offers a snapshot again: that costs nothing, and
				     * a follower that began anew would wait for it */

/* ---- configurations */

void core_conf(const struct conf *c, struct raft_configuration *rc)
{
	char address[CONF_ADDRESS];

	raft_configuration_init(rc);
	for (unsigned i = 0; i < c->n; i++) {
		conf_address(&c->m[i], address);
		INVARIANT(raft_configuration_add(rc, c->m[i].replica, address, (int)c->m[i].role) ==
			  0);
	}
}

void core_refresh(struct group *g)
{
	const struct raft_configuration *rc = &g->core->configuration;

	g->conf = (struct conf){ 0 };
	for (unsigned i = 0; i < rc->n; i++)
		conf_add(&g->conf, rc->servers[i].id, conf_address_node(rc->servers[i].address),
			 (enum conf_role)rc->servers[i].role);
}

/* ---- what an update asks for */

static void keep_vote(struct group *g)
{
	struct store_meta m = { .replica = g->replica,
				.term = raft_current_term(g->core),
				.vote = raft_voted_for(g->core) };
	struct job *j = host_job(g->h);
	struct item *i = job_item(j, ITEM_META, g->shard, g->generation);

	INVARIANT(m.term >= g->term);
	g->term = m.term;
	g->vote = m.vote;
	i->meta.meta = m;
	g->hold = host_sync_ticket(g->h); /* R5 */
}

void give_budget_back(struct group *g, struct entry *e)
{
	if (!e->budgeted)
		return;
	e->budgeted = false;
	g->budget -= e->body_n;
	g->h->budget -= e->body_n;
}

static void truncate_log(struct group *g, uint64_t index, struct item *i)
{
	struct job *j = host_job(g->h);
	uint64_t n = g->log.last + 1 - index, bytes = g->log.bytes;

	INVARIANT(index > g->applied_sent); /* R3 */
	i->entries.gone = arena_array(&j->mem, struct entry *, n);
	for (uint64_t k = index; k <= g->log.last; k++) {
		struct entry *e = rlog_get(&g->log, k);

		INVARIANT(e);
		give_budget_back(g, e);
		i->entries.gone[i->entries.n_gone++] = entry_ref(e);
	}
	rlog_truncate(&g->log, index);
	g->h->cached -= bytes - g->log.bytes;
	for (size_t k = 0; k < g->n_persist; k++) /* R4 */
		g->persist[k].last = MIN(g->persist[k].last, index - 1);
}

static void stamp(struct group *g, struct entry *e, uint64_t index)
{
	e->index = index;
	e->term = raft_current_term(g->core);
	e->log_ms = group_log_ms(g);
	e->wall_ms = clock_wall_ms();
	entry_seal(e, g->log.last_chain);
}

static void append_one(struct group *g, struct entry *e)
{
	g->body_bytes += e->body_n;
	g->appended_bytes += entry_bytes(e);
	g->h->cached += entry_bytes(e);
	rlog_append(&g->log, entry_ref(e));
	g->seen_ms = clock_ms();
}

static void note_persist(struct group *g)
{
	uint64_t ticket = host_sync_ticket(g->h);
	struct persist *p;

	if (!g->n_persist || g->persist[g->n_persist - 1].ticket != ticket) {
		if (g->n_persist == g->cap_persist) {
			g->cap_persist = g->cap_persist ? g->cap_persist * 2 : 8;
			g->persist = xrealloc(g->persist, g->cap_persist * sizeof(struct persist));
		}
		g->persist[g->n_persist++].ticket = ticket;
	}
	p = &g->persist[g->n_persist - 1];
	p->last = g->log.last;
	p->bytes = g->appended_bytes;
	list_del(&g->persisting);
	list_add(&g->h->persisting, &g->persisting);
}

static struct entry *fed_entry(struct group *g, const struct feed *f, uint64_t index,
			       const struct raft_entry *batch)
{
	if (batch == &g->core->barrier) {
		raft_free(g->core->barrier.buf.base);
		return entry_new(ENTRY_BARRIER, NULL, NULL);
	}
	INVARIANT(f && index >= f->first && index - f->first < f->n);
	return entry_ref(f->e[index - f->first]);
}

static void append_entries(struct group *g, const struct raft_update *u, struct feed *f)
{
	bool own = u->entries.batch == &g->core->barrier || (f && f->own), change = false;
	struct job *j = host_job(g->h);
	struct item *i = job_item(j, ITEM_ENTRIES, g->shard, g->generation);
	uint64_t index = u->entries.index;

	if (index <= g->log.last)
		truncate_log(g, index, i);
	INVARIANT(index == g->log.last + 1);
	i->entries.e = arena_array(&j->mem, struct entry *, u->entries.n);
	for (unsigned k = 0; k < u->entries.n; k++) {
		struct entry *e = fed_entry(g, f, index + k, u->entries.batch);

		if (own)
			stamp(g, e, index + k);
		INVARIANT(e->index == index + k);
		append_one(g, e);
		change |= e->type == ENTRY_CHANGE;
		i->entries.e[i->entries.n++] = e;
	}
	note_persist(g);
	if (f)
		f->taken = true;
	if (change || i->entries.n_gone)
		core_refresh(g);
}

/* ---- leading and not leading */

static void begin_leading(struct group *g)
{
	g->term_start = g->log.last;
	lease_start(&g->lease, raft_current_term(g->core));
	streams_clear(g);
	log_info(NULL, "shard_leading", "shard=%u replica=%lu term=%lu last=%lu", g->shard,
		 g->replica, g->lease.term, g->log.last);
	group_dirty(g);
}

static void end_leading(struct group *g)
{
	lease_end(&g->lease);
	streams_clear(g);
	g->transfer_to = g->promote_index = g->pause_until = g->barrier_index = 0;
	for (uint64_t k = g->applied + 1; k <= g->log.last; k++)
		give_budget_back(g, rlog_get(&g->log, k));
	if (g->told_leading) {
		g->told_leading = false;
		g->h->app.leading(g->h->app.arg, g->shard, false);
	}
	calls_fail(g, true);
	waits_fail(&g->reads, ERR_NOTLEADER);
	waits_fail(&g->barrier, ERR_NOTLEADER);
	move_end(g, ERR_NOTLEADER);
}

static void state_changed(struct group *g)
{
	int was = g->state;

	g->state = raft_state(g->core);
	if (was == RAFT_LEADER && g->state != RAFT_LEADER)
		end_leading(g);
	if (was != RAFT_LEADER && g->state == RAFT_LEADER)
		begin_leading(g);
}

/* ---- messages out */

void group_send(struct group *g, struct rec *rec, uint32_t node)
{
	struct host *h = g->h;

	rec->shard = g->shard;
	rec->from = g->replica;
	if (g->hold > h->synced_ticket && !h->vote_off) /* R5 */
		peer_hold(h, node, g->hold, rec);
	else
		peer_put(h, node, rec);
}

static void send_vote(struct group *g, const struct raft_message *m, uint32_t node)
{
	struct rec r = { .type = REC_VOTE, .to = m->server_id };

	r.vote.term = m->request_vote.term;
	r.vote.last = m->request_vote.last_log_index;
	r.vote.last_term = m->request_vote.last_log_term;
	r.vote.disrupt = m->request_vote.disrupt_leader;
	r.vote.pre = m->request_vote.pre_vote;
	group_send(g, &r, node);
}

static void send_vote_result(struct group *g, const struct raft_message *m, uint32_t node)
{
	struct rec r = { .type = REC_VOTE_RESULT, .to = m->server_id };

	r.vote_result.term = m->request_vote_result.term;
	r.vote_result.granted = m->request_vote_result.vote_granted;
	r.vote_result.pre = m->request_vote_result.pre_vote;
	group_send(g, &r, node);
}

static void send_append_result(struct group *g, const struct raft_message *m, uint32_t node)
{
	const struct raft_append_entries_result *a = &m->append_entries_result;
	struct rec r = { .type = REC_APPEND_RESULT, .to = m->server_id };

	r.append_result.term = a->term;
	r.append_result.rejected = a->rejected;
	/* Left uninitialised by the core where it rejects an old term. */
	r.append_result.last = a->last_log_index < LOG_MAX_INDEX ? a->last_log_index : 0;
	if (a->term == g->heard_term)
		r.append_result.echo_ms = g->heard_ms;
	group_send(g, &r, node);
}

static void send_timeout_now(struct group *g, const struct raft_message *m, uint32_t node)
{
	struct rec r = { .type = REC_TIMEOUT_NOW, .to = m->server_id };

	r.timeout_now.term = m->timeout_now.term;
	r.timeout_now.last = m->timeout_now.last_log_index;
	r.timeout_now.last_term = m->timeout_now.last_log_term;
	group_send(g, &r, node);
}

static void send_message(struct group *g, const struct raft_message *m)
{
	uint32_t node = conf_address_node(m->server_address);

	/* The core repeats itself; nothing piles up for a peer that is away. */
	if (!peer_connected(g->h, node))
		return;
	switch (m->type) {
	case RAFT_REQUEST_VOTE: send_vote(g, m, node); break;
	case RAFT_REQUEST_VOTE_RESULT: send_vote_result(g, m, node); break;
	case RAFT_APPEND_ENTRIES:
		stream_append(g, m->server_id, node, m->append_entries.prev_log_index,
			      m->append_entries.prev_log_term, m->append_entries.n_entries);
		break;
	case RAFT_APPEND_ENTRIES_RESULT: send_append_result(g, m, node); break;
	case RAFT_INSTALL_SNAPSHOT: snapshot_wanted(g, m->server_id, node); break;
	case RAFT_TIMEOUT_NOW: send_timeout_now(g, m, node); break;
	}
}

/* ---- the step */

static void take_snapshot(struct group *g, struct raft_update *u, struct feed *f)
{
	raft_configuration_close(&u->snapshot.metadata.configuration);
	raft_free(u->snapshot.chunk.base);
	INVARIANT(f && f->rec && f->rec->install.index > g->applied_sent);
	f->snapshot = true;
	g->n_persist = 0; /* R4 */
	g->durable_bytes = g->appended_bytes;
	snapshot_begin(g, f->rec, f->node);
}

static void update(struct group *g, struct raft_update *u, struct feed *f)
{
	unsigned flags = u->flags;

	if (flags & RAFT_UPDATE_CURRENT_TERM || flags & RAFT_UPDATE_VOTED_FOR)
		keep_vote(g);
	if (flags & RAFT_UPDATE_ENTRIES)
		append_entries(g, u, f);
	if (flags & RAFT_UPDATE_SNAPSHOT)
		take_snapshot(g, u, f);
	if (flags & RAFT_UPDATE_STATE)
		state_changed(g);
	if (flags & RAFT_UPDATE_MESSAGES) {
		for (unsigned i = 0; i < u->messages.n; i++)
			send_message(g, &u->messages.batch[i]);
		if (f)
			f->answered = true;
	}
	if (flags & RAFT_UPDATE_COMMIT_INDEX)
		group_dirty(g);
	timers_set(&g->h->timers, &g->timer, raft_timeout(g->core));
}

int core_step(struct group *g, struct raft_event *ev, struct feed *f)
{
	struct raft_update u;
	int ret;

	INVARIANT(g->core && !g->h->stepping);
	memset(&u, 0, sizeof(u));
	ev->time = clock_ms();
	ev->capacity = UINT16_MAX;
	INVARIANT(ev->time >= g->core->now); /* R2 */
	g->h->stepping = true;
	ret = raft_step(g->core, ev, &u);
	g->h->stepping = false;
	if (ret == 0)
		update(g, &u, f);
	return ret;
}

/* ---- start and stop */

static struct raft_entry *start_entries(const struct group *g)
{
	struct raft_entry *es = xcalloc(g->log.last + 2 - g->log.first, sizeof(*es));
	uint64_t at = 0;

	for (size_t r = 0; r < g->n_runs; r++)
		for (uint64_t k = 0; k < g->runs[r].n; k++, at++) {
			const struct entry *e = rlog_get(&g->log, g->log.first + at);

			es[at].term = g->runs[r].term;
			es[at].type = e ? (enum raft_entry_type)e->type : RAFT_COMMAND;
			es[at].batch = es; /* never freed, only compared with NULL */
			if (!e || e->type != ENTRY_CHANGE || e->index <= g->applied)
				continue;
			es[at].buf.base = (void *)(uintptr_t)entry_op(e).p;
			es[at].buf.len = entry_op(e).n;
		}
	INVARIANT(at == g->log.last + 1 - g->log.first);
	return es;
}

static void configure(struct group *g)
{
	const struct host_config *c = &g->h->c;
	uint64_t mix[4] = { c->seed, c->start_count, g->shard, g->replica };

	g->core->tracer = NULL; /* R1 */
	raft_seed(g->core, (unsigned)hash64(bytes_of(mix, sizeof(mix)), g->generation));
	raft_set_pre_vote(g->core, true);
	raft_set_election_timeout(g->core, c->election_ms);
	raft_set_heartbeat_timeout(g->core, c->heartbeat_ms);
	raft_set_max_inflight_entries(g->core, c->max_inflight);
	raft_set_install_snapshot_timeout(g->core, INSTALL_ELECTIONS * c->election_ms);
	raft_set_capacity_threshold(g->core, 0); /* R2 */
}

/* The rows are the snapshot: the core starts with its mark at the applied index, so everything
 * up to there counts as committed and only newer configurations as open. */
void group_start(struct group *g)
{
	struct raft_event ev = { .type = RAFT_START };
	struct raft_snapshot_metadata md = { .index = g->applied, .term = g->applied_term };
	struct raft_entry *es = start_entries(g);
	char address[CONF_ADDRESS];

	conf_address(&(struct conf_member){ g->replica, g->h->c.node, CONF_VOTER }, address);
	g->core = xnew(struct raft);
	INVARIANT(raft_init(g->core, NULL, NULL, g->replica, address) == 0);
	configure(g);
	if (g->applied) {
		core_conf(&g->applied_conf.conf, &md.configuration);
		md.configuration_index = g->applied_conf.index;
		ev.start.metadata = &md;
	}
	ev.start.term = g->term;
	ev.start.voted_for = g->vote;
	ev.start.start_index = g->log.first;
	ev.start.n_entries = (unsigned)(g->log.last + 1 - g->log.first);
	ev.start.entries = ev.start.n_entries ? es : NULL;
	g->snap_index = g->applied;
	g->snap_term = g->applied_term;
	g->opening = g->stopping = false;
	g->started_ms = g->seen_ms = clock_ms();
	g->state = RAFT_FOLLOWER;
	INVARIANT(core_step(g, &ev, NULL) == 0);
	free(es);
	free(g->runs);
	g->runs = NULL;
	g->n_runs = 0;
	core_refresh(g);
	state_changed(g);
	group_dirty(g);
}

void group_stop(struct group *g)
{
	if (!g->core)
		return;
	if (g->state == RAFT_LEADER)
		end_leading(g);
	g->state = RAFT_FOLLOWER;
	timers_set(&g->h->timers, &g->timer, 0);
	raft_close(g->core, NULL);
	free(g->core);
	g->core = NULL;
	g->n_persist = 0;
	list_del(&g->persisting);
}

void group_break(struct group *g, const char *why)
{
	log_error(NULL, "replica_broken", "shard=%u replica=%lu why=%s", g->shard, g->replica, why);
	g->broken = true;
	snapshot_drop(g);
	group_stop(g);
	g->h->app.lost(g->h->app.arg, g->shard, g->replica);
}

/* ---- receiving */

static int receive(struct group *g, struct raft_message *m, const struct rec *rec, uint32_t node,
		   struct feed *f)
{
	struct raft_event ev = { .type = RAFT_RECEIVE };
	char address[CONF_ADDRESS];

	conf_address(&(struct conf_member){ rec->from, node, CONF_VOTER }, address);
	m->server_id = rec->from;
	m->server_address = address;
	ev.receive.message = m;
	return core_step(g, &ev, f);
}

/* R13: the core believes us a voter for the length of one step. It also never lets go of a
 * leader it once followed where it is no voter: after an election timeout of silence we do. */
static int receive_as_voter(struct group *g, struct raft_message *m, const struct rec *rec,
			    uint32_t node)
{
	int i = conf_find(&g->conf, g->replica), ret;

	if (i < 0 || g->conf.m[i].role == CONF_VOTER)
		return receive(g, m, rec, node, NULL);
	if (clock_ms() - g->contact_ms >= g->h->c.election_ms)
		m->request_vote.disrupt_leader = true;
	g->core->configuration.servers[i].role = RAFT_VOTER;
	ret = receive(g, m, rec, node, NULL);
	g->core->configuration.servers[i].role = (int)g->conf.m[i].role;
	return ret;
}

static void receive_vote(struct group *g, const struct rec *rec, uint32_t node)
{
	struct raft_message m = { .type = RAFT_REQUEST_VOTE };

	if (!rec->vote.disrupt && !g->h->hold_off &&
	    clock_ms() - g->started_ms < g->h->c.election_ms) /* R12 */
		return;
	m.request_vote.version = 2;
	m.request_vote.term = rec->vote.term;
	m.request_vote.candidate_id = rec->from;
	m.request_vote.last_log_index = rec->vote.last;
	m.request_vote.last_log_term = rec->vote.last_term;
	m.request_vote.disrupt_leader = rec->vote.disrupt;
	m.request_vote.pre_vote = rec->vote.pre;
	if (receive_as_voter(g, &m, rec, node))
		group_break(g, "a vote request");
}

static void receive_vote_result(struct group *g, const struct rec *rec, uint32_t node)
{
	struct raft_message m = { .type = RAFT_REQUEST_VOTE_RESULT };

	m.request_vote_result.version = 2;
	m.request_vote_result.term = rec->vote_result.term;
	m.request_vote_result.vote_granted = rec->vote_result.granted;
	m.request_vote_result.pre_vote = rec->vote_result.pre;
	if (receive(g, &m, rec, node, NULL))
		group_break(g, "a vote");
}

/* R9. What lies below the snapshot mark is committed, so it cannot differ. */
static void cut_prefix(const struct group *g, struct rec *rec, unsigned *skip)
{
	uint64_t prev = rec->append.prev;
	unsigned n;

	if (prev >= g->snap_index || prev >= g->log.first || g->log.first == 1)
		return;
	n = (unsigned)MIN(g->snap_index - prev, rec->append.n);
	rec->append.prev = g->snap_index;
	rec->append.prev_term = g->snap_term;
	*skip = n;
}

static void fill_entries(struct raft_entry *es, struct entry *const *e, unsigned n, void *batch)
{
	for (unsigned i = 0; i < n; i++) {
		es[i].term = e[i]->term;
		es[i].type = (enum raft_entry_type)e[i]->type;
		es[i].batch = batch;
		es[i].buf.base = (void *)(uintptr_t)entry_op(e[i]).p;
		es[i].buf.len = entry_op(e[i]).n;
	}
}

/* One step with entries [from, from + n) of the record. False: do not go on. */
static bool feed_append(struct group *g, const struct rec *rec, uint32_t node, unsigned from,
			unsigned n)
{
	struct raft_message m = { .type = RAFT_APPEND_ENTRIES };
	struct feed f = { .e = rec->append.e + from, .n = n };
	struct raft_entry *es = xcalloc(n + 1, sizeof(*es));
	void *batch = n ? raft_malloc(1) : NULL; /* R10 */
	int ret;

	f.first = rec->append.prev + 1 + from;
	fill_entries(es, f.e, n, batch);
	m.append_entries.term = rec->append.term;
	m.append_entries.prev_log_index = f.first - 1;
	m.append_entries.prev_log_term = from ? rec->append.e[from - 1]->term :
						rec->append.prev_term;
	m.append_entries.leader_commit = rec->append.commit;
	m.append_entries.entries = es;
	m.append_entries.n_entries = n;
	ret = receive(g, &m, rec, node, &f);
	if (ret == 0 && f.taken)
		raft_free(batch);
	free(es);
	if (ret)
		group_break(g, "its log contradicts the leader's");
	return ret == 0;
}

static bool is_new(const struct group *g, const struct entry *e)
{
	const struct entry *mine = rlog_get(&g->log, e->index);

	return e->index > g->log.last || (mine && mine->term != e->term);
}

/* R7. The rest of the record is dropped as if it had been lost: the leader sends it again. */
static void feed_pieces(struct group *g, const struct rec *rec, uint32_t node, unsigned n)
{
	unsigned from = 0, to;

	do {
		for (to = from; to < n; to++) {
			const struct entry *e = rec->append.e[to];
			uint64_t open = g->core->configuration_uncommitted_index;

			if (e->type != ENTRY_CHANGE || !is_new(g, e))
				continue;
			if (to > from)
				break;
			if (open && open < e->index)
				n = to;
		}
		to = MIN(to, n);
		if ((to > from || from == 0) && !feed_append(g, rec, node, from, to - from))
			return;
		from = to;
	} while (from < n);
}

static bool two_leaders(struct group *g, uint64_t term)
{
	if (g->state != RAFT_LEADER || term != raft_current_term(g->core))
		return false;
	group_break(g, "another replica leads in the same term");
	return true;
}

static void note_heard(struct group *g, uint64_t term, uint64_t send_ms)
{
	if (term < raft_current_term(g->core) || term < g->heard_term)
		return;
	g->heard_ms = term > g->heard_term ? send_ms : MAX(g->heard_ms, send_ms);
	g->heard_term = term;
	g->contact_ms = clock_ms();
}

static void receive_append(struct group *g, struct rec *rec, uint32_t node, uint64_t send_ms)
{
	struct rec cut = *rec; /* the record keeps its references */
	unsigned skip = 0;

	if (two_leaders(g, rec->append.term))
		return;
	note_heard(g, rec->append.term, send_ms);
	if (rec->append.term >= raft_current_term(g->core) && !g->core->snapshot.installing) {
		cut_prefix(g, &cut, &skip);
		cut.append.e += skip;
		cut.append.n -= skip;
		if (!rlog_fits(&g->log, cut.append.prev, cut.append.prev_term, cut.append.e,
			       cut.append.n)) {
			group_break(g, "the checksums of its log differ from the leader's");
			return;
		}
	}
	/* Entries that cannot be taken still tell that the leader lives. */
	if (g->core->snapshot.installing || g->appended_bytes - g->durable_bytes > UNPERSISTED_MAX)
		cut.append.n = 0;
	feed_pieces(g, &cut, node, cut.append.n);
}

static void receive_append_result(struct group *g, const struct rec *rec, uint32_t node)
{
	struct raft_message m = { .type = RAFT_APPEND_ENTRIES_RESULT };

	m.append_entries_result.version = 1;
	m.append_entries_result.term = rec->append_result.term;
	m.append_entries_result.rejected = rec->append_result.rejected;
	m.append_entries_result.last_log_index = rec->append_result.last;
	if (g->lease.term && rec->append_result.term == g->lease.term)
		lease_echo(&g->lease, &g->conf, rec->from, rec->append_result.echo_ms);
	if (rec->append_result.rejected)
		stream_rejected(g, rec->from);
	if (receive(g, &m, rec, node, NULL)) {
		group_break(g, "an append's result");
		return;
	}
	if (group_leads(g) && rec->append_result.term == g->lease.term)
		stream_acked(g, rec->from, group_match(g, rec->from));
	if (g->move || g->transfer_to)
		group_dirty(g);
}

static void receive_install(struct group *g, const struct rec *rec, uint32_t node, uint64_t send_ms)
{
	struct raft_message m = { .type = RAFT_INSTALL_SNAPSHOT };
	struct raft_install_snapshot *s = &m.install_snapshot;
	struct feed f = { .rec = rec, .node = node };
	struct conf c;

	if (two_leaders(g, rec->install.term) || !conf_unpack(rec->install.conf, &c) ||
	    rec->install.index <= g->applied_sent)
		return;
	note_heard(g, rec->install.term, send_ms);
	s->term = rec->install.term;
	s->last_index = rec->install.index;
	s->last_term = rec->install.index_term;
	s->conf_index = rec->install.conf_index;
	core_conf(&c, &s->conf);
	s->data.base = raft_malloc(8);
	s->data.len = 8;
	if (receive(g, &m, rec, node, &f)) {
		group_break(g, "a snapshot's offer");
	} else if (!f.snapshot && !f.answered) { /* R11 */
		raft_configuration_close(&s->conf);
		raft_free(s->data.base);
	}
}

static void receive_timeout_now(struct group *g, const struct rec *rec, uint32_t node)
{
	struct raft_message m = { .type = RAFT_TIMEOUT_NOW };

	m.timeout_now.version = 1;
	m.timeout_now.term = rec->timeout_now.term;
	m.timeout_now.last_log_index = rec->timeout_now.last;
	m.timeout_now.last_log_term = rec->timeout_now.last_term;
	if (receive(g, &m, rec, node, NULL))
		group_break(g, "a transfer");
}

void group_receive(struct group *g, struct rec *rec, uint32_t node, uint64_t send_ms)
{
	switch (rec->type) {
	case REC_VOTE: receive_vote(g, rec, node); break;
	case REC_VOTE_RESULT: receive_vote_result(g, rec, node); break;
	case REC_APPEND: receive_append(g, rec, node, send_ms); break;
	case REC_APPEND_RESULT: receive_append_result(g, rec, node); break;
	case REC_INSTALL: receive_install(g, rec, node, send_ms); break;
	case REC_TIMEOUT_NOW: receive_timeout_now(g, rec, node); break;
	default: break;
	}
}

/* ---- time and disk */

void group_timeout(struct group *g)
{
	struct raft_event ev = { .type = RAFT_TIMEOUT };

	if (!g->core)
		return;
	if (raft_timeout(g->core) > clock_ms()) {
		timers_set(&g->h->timers, &g->timer, raft_timeout(g->core));
		return;
	}
	INVARIANT(core_step(g, &ev, NULL) == 0);
	if (raft_timeout(g->core) <= clock_ms())
		timers_set(&g->h->timers, &g->timer, clock_ms() + 1);
}

void group_persisted(struct group *g, uint64_t synced_ticket)
{
	struct raft_event ev = { .type = RAFT_PERSISTED_ENTRIES };
	uint64_t last = 0;
	size_t n = 0;

	for (; n < g->n_persist && g->persist[n].ticket <= synced_ticket; n++) {
		last = g->persist[n].last;
		g->durable_bytes = g->persist[n].bytes;
	}
	g->n_persist -= n;
	if (g->n_persist)
		memmove(g->persist, g->persist + n, g->n_persist * sizeof(struct persist));
	if (!g->n_persist)
		list_del(&g->persisting);
	if (!g->core || g->core->snapshot.installing || last <= g->core->last_stored)
		return; /* R4 */
	INVARIANT(last <= g->log.last);
	ev.persisted_entries.index = last;
	INVARIANT(core_step(g, &ev, NULL) == 0);
	if (group_leads(g))
		streams_pump(g);
}
