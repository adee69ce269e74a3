/* SPDX-License-Identifier: Apache-2.0 */
/* check.c - what must hold after every step, and at the end. */
#include "sim/sim.h"

#include <stdlib.h>

struct applied_entry {
	uint64_t term, attempt;
	struct hash128 what;
};

enum { SENT = 1, REFUSED, APPLIED, UNKNOWN };

static void *fate(uintptr_t f)
{
	return (void *)f;
}

static uintptr_t fate_of(struct sim *s, uint64_t attempt)
{
	return (uintptr_t)map_get(&s->attempts, MAP_KEY(attempt));
}

/* ---- proposals */

void check_attempt(struct sim *s, uint64_t attempt)
{
	if (!fate_of(s, attempt))
		map_put(&s->attempts, MAP_KEY(attempt), fate(SENT));
}

void check_refused(struct sim *s, uint64_t attempt)
{
	if (fate_of(s, attempt) == APPLIED)
		sim_fail("attempt %lu was refused after it had been applied", attempt);
	map_put(&s->attempts, MAP_KEY(attempt), fate(REFUSED));
}

void check_effect(struct sim *s, uint64_t attempt)
{
	if (fate_of(s, attempt) == REFUSED)
		sim_fail("attempt %lu was refused and happens", attempt);
	map_put(&s->attempts, MAP_KEY(attempt), fate(APPLIED));
}

bool check_open(struct sim *s, uint64_t attempt)
{
	return fate_of(s, attempt) == SENT;
}

void check_unknown(struct sim *s, uint64_t attempt)
{
	if (check_open(s, attempt))
		map_put(&s->attempts, MAP_KEY(attempt), fate(UNKNOWN));
}

bool check_happened(struct sim *s, uint64_t attempt)
{
	return fate_of(s, attempt) == APPLIED;
}

/* State machine safety: one entry per index, whoever applies it. */
bool check_applied(struct sim *s, unsigned node, const struct host_entry *e, uint64_t attempt,
		   struct hash128 what)
{
	struct map *m = &s->shard[e->shard].applied;
	struct applied_entry *a = map_get(m, MAP_KEY(e->index));

	if (!a) {
		a = xnew(struct applied_entry);
		*a = (struct applied_entry){ e->term, attempt, what };
		map_put(m, MAP_KEY(e->index), a);
		s->applied_at = s->now;
		return true;
	}
	if (a->term != e->term || a->attempt != attempt || !hash128_eq(a->what, what))
		sim_fail("shard %u index %lu: n%u applies term %lu attempt %lu, another applied "
			 "term %lu attempt %lu",
			 e->shard, e->index, node, e->term, attempt, a->term, a->attempt);
	return false;
}

void check_acked(struct sim *s, unsigned node, uint32_t shard, uint64_t index, uint64_t attempt)
{
	const struct applied_entry *a = map_get(&s->shard[shard].applied, MAP_KEY(index));

	if (!a || a->attempt != attempt)
		sim_fail("attempt %lu is acknowledged at %lu, where it is not", attempt, index);
	for (unsigned i = 0; i < s->n_nodes; i++) {
		struct host_status st;
		bool valid;

		if (i == node || !s->node[i].up)
			continue;
		sim_enter(&s->node[i]);
		valid = host_lease_valid(s->node[i].host, shard) &&
			host_status(s->node[i].host, shard, &st);
		sim_enter(&s->node[node]);
		/* Committed with the last breath of an old term is fine, if the new one has it. */
		if (valid && st.commit < index)
			sim_fail("n%u acknowledges %lu while n%u holds a lease of shard %u", node,
				 index, i, shard);
	}
	s->shard[shard].acked_index = MAX(s->shard[shard].acked_index, index);
}

/* ---- reads */

void check_read(struct sim *s, unsigned node, uint32_t shard, uint64_t at_least)
{
	struct host_view v;

	if (host_view(s->node[node].kv, NULL, shard, &v))
		sim_fail("n%u: no view of shard %u", node, shard);
	if (v.applied < at_least)
		sim_fail("stale read of shard %u on n%u: %lu, but %lu had been acknowledged", shard,
			 node, v.applied, at_least);
	s->reads++;
}

/* ---- after each turn of a node */

static void check_leader(struct sim *s, const struct node *n, const struct host_status *st)
{
	struct map *m = &s->shard[st->shard].leaders;
	uintptr_t leader;

	if (st->state != HOST_LEADER)
		return;
	leader = (uintptr_t)map_get(m, MAP_KEY(st->term));
	if (leader && leader != n->id + 1)
		sim_fail("shard %u term %lu: n%u and n%u both lead", st->shard, st->term,
			 (unsigned)leader - 1, n->id);
	map_put(m, MAP_KEY(st->term), (void *)(uintptr_t)(n->id + 1));
}

/* Nobody holds a lease once another may have acknowledged what it does not know. */
static void check_leases(struct sim *s, const struct node *n, const struct host_status *st)
{
	for (unsigned i = 0; i < s->n_nodes; i++) {
		struct host_status other;
		bool valid;

		if (i == n->id || !s->node[i].up)
			continue;
		sim_enter(&s->node[i]);
		valid = host_lease_valid(s->node[i].host, st->shard) &&
			host_status(s->node[i].host, st->shard, &other);
		sim_enter(n);
		if (valid && other.term < st->term)
			sim_fail("n%u leads shard %u in term %lu while n%u holds a lease of term "
				 "%lu",
				 n->id, st->shard, st->term, i, other.term);
	}
}

static void check_hash(struct sim *s, const struct node *n, const struct host_status *st)
{
	struct map *m = &s->shard[st->shard].hashes;
	struct hash128 *h = map_get(m, MAP_KEY(st->applied));

	if (!h) {
		h = xnew(struct hash128);
		*h = st->rows.hash;
		map_put(m, MAP_KEY(st->applied), h);
	} else if (!hash128_eq(*h, st->rows.hash)) {
		sim_fail("shard %u index %lu: n%u has another state", st->shard, st->applied,
			 n->id);
	}
}

static void count(struct sim *s, struct node *n, const struct host_status *st)
{
	struct seen *seen = &n->seen[st->shard];

	if (seen->replica == st->replica) {
		s->faults[F_COMPACTION] += st->first > seen->first && st->last == seen->last;
		s->faults[F_TRUNCATION] += st->last < seen->last;
	}
	seen->replica = st->replica;
	seen->first = st->first;
	seen->last = st->last;
}

void check_state(struct sim *s, struct node *n)
{
	struct host_status st;
	uint32_t pos = 0;

	while (host_next(n->host, &pos, &st)) {
		if (st.state == HOST_LOST)
			continue;
		check_leader(s, n, &st);
		if (n->seen[st.shard].leads)
			check_leases(s, n, &st);
		check_hash(s, n, &st);
		count(s, n, &st);
	}
}

void check_dump(struct sim *s)
{
	struct host_member m[16];
	struct host_status st;

	for (unsigned i = 0; i < s->n_nodes; i++) {
		uint32_t pos = 0;

		sim_note("n%u %s", i, s->node[i].up ? "up" : "down");
		while (s->node[i].up && host_next(s->node[i].host, &pos, &st)) {
			unsigned n = host_members(s->node[i].host, st.shard, m, ARRAY_LEN(m));

			sim_note("  shard %u %lx %s role %u term %lu log [%lu, %lu] commit %lu "
				 "applied %lu leader %u%s",
				 st.shard, st.replica, host_state_name(st.state), st.role, st.term,
				 st.first, st.last, st.commit, st.applied, st.leader,
				 st.changing ? " changing" : "");
			for (unsigned k = 0; k < n; k++)
				sim_note("    %lx on n%u role %u match %lu", m[k].replica,
					 m[k].node, m[k].role, m[k].match);
		}
	}
}

/* ---- the end */

static bool find_leader(struct sim *s, uint32_t shard, struct host_status *st)
{
	for (unsigned i = 0; i < s->n_nodes; i++)
		if (s->node[i].up && host_status(s->node[i].host, shard, st) &&
		    st->state == HOST_LEADER)
			return true;
	return false;
}

static void check_replica(struct sim *s, struct node *n, const struct host_status *leader)
{
	struct rows_state scanned;
	struct host_status st;

	if (!host_status(n->host, leader->shard, &st) ||
	    !control_holds(s, n->id, leader->shard, st.replica))
		return;
	if (st.applied != leader->applied || st.commit != leader->commit)
		sim_fail("shard %u: n%u (%s) stays at %lu, the leader is at %lu", st.shard, n->id,
			 host_state_name(st.state), st.applied, leader->applied);
	if (rows_scan(n->kv, NULL, st.shard, st.incarnation, &scanned))
		sim_fail("n%u cannot scan shard %u", n->id, st.shard);
	if (!hash128_eq(scanned.hash, leader->rows.hash) || scanned.rows != leader->rows.rows)
		sim_fail("shard %u: the rows of n%u are not what its state hash says", st.shard,
			 n->id);
	s->app->check(s, n, st.shard);
}

bool check_led(struct sim *s)
{
	struct host_status leader;

	for (uint32_t shard = 0; shard < s->n_shards; shard++)
		if (!find_leader(s, shard, &leader))
			return false;
	return true;
}

void check_end(struct sim *s)
{
	struct host_status leader;

	for (uint32_t shard = 0; shard < s->n_shards; shard++) {
		if (!find_leader(s, shard, &leader))
			sim_fail("shard %u has no leader", shard);
		if (leader.applied < s->shard[shard].acked_index)
			sim_fail("shard %u: %lu was acknowledged, the log ends at %lu", shard,
				 s->shard[shard].acked_index, leader.applied);
		for (unsigned i = 0; i < s->n_nodes; i++)
			check_replica(s, &s->node[i], &leader);
	}
}
