/* SPDX-License-Identifier: Apache-2.0 */
/* plan.c - shard 0's leader: what is missing gets a new id, what is done goes into the map.
 *
 * One node at a time, never while another is away, and only in shards whose other replicas are
 * all well. */
#include "balance/private.h"
#include "base/base.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/rand.h"

#define SAID_SO_MS SECONDS(5) /* a node says itself that its disk is empty: soon is late enough */
#define ABSENT_MS SECONDS(15) /* a born replica that was never made is given up */

/* ---- what is done goes into the map */

static bool put_in_place(struct balance *b, Tern__ClusterMap *map, uint32_t shard)
{
	Tern__MapShard *s = map->shards[shard];
	bool changed = false;

	for (size_t i = 0; i < s->n_replicas; i++) {
		Tern__MapReplica *at = s->replicas[i];
		const struct record *new = record_live(b, shard, at->node);

		if (record_of(b, at->replica) || !new ||
		    new->state != TERN__REPLICA_STATE__REPLICA_BORN ||
		    balance_have(b, at->node, shard, new->replica) != HAVE_VOTER)
			continue;
		log_notice(NULL, "replica_replaced", "shard=%u node=%s old=%lx new=%lx", shard,
			   map->nodes[at->node]->name, (unsigned long)at->replica,
			   (unsigned long)new->replica);
		at->replica = new->replica;
		changed = true;
	}
	return changed;
}

static bool finish(struct balance *b)
{
	bool changed = false;
	Tern__ClusterMap *map;
	struct arena mem;

	arena_init(&mem, 0);
	map = WIRE_UNPACK(cluster_map, mapcache_packed(b->server->map)->b, &mem);
	for (uint32_t i = 0; map && i < map->n_shards; i++)
		changed |= put_in_place(b, map, i);
	if (changed)
		map_set(b, map);
	arena_release(&mem);
	return changed;
}

/* ---- ids that lead nowhere */

static bool absent_too_long(struct balance *b, uint64_t replica)
{
	struct absence *free_one = NULL;
	uint64_t now = clock_ms();

	for (size_t i = 0; i < ARRAY_LEN(b->absent); i++) {
		struct absence *a = &b->absent[i];

		if (a->replica == replica) {
			a->seen = true;
			return now - a->since >= ABSENT_MS;
		}
		if (!a->replica)
			free_one = a;
	}
	if (free_one)
		*free_one = (struct absence){ replica, now, true };
	return false;
}

static void forget_absences(struct balance *b)
{
	for (size_t i = 0; i < ARRAY_LEN(b->absent); i++) {
		if (!b->absent[i].seen)
			b->absent[i].replica = 0;
		b->absent[i].seen = false;
	}
}

/* Two leaders of shard 0 may have thought of the same place, one after the other. */
static bool is_double(const struct balance *b, size_t at)
{
	const struct record *r = b->live[at];

	for (size_t i = 0; i < b->n_live; i++) {
		const struct record *o = b->live[i];

		if (i != at && o->shard == r->shard && o->node == r->node &&
		    (i < at || o->state == TERN__REPLICA_STATE__REPLICA_BORN))
			return true;
	}
	return false;
}

static bool is_needed(struct balance *b, const Tern__ClusterMap *map, const struct record *r)
{
	const Tern__MapShard *s = map->shards[r->shard];

	for (size_t i = 0; i < s->n_replicas; i++)
		if ((int)s->replicas[i]->node == r->node)
			return balance_have(b, s->replicas[i]->node, r->shard,
					    s->replicas[i]->replica) < HAVE_OK;
	return true;
}

static bool leads_nowhere(struct balance *b, const Tern__ClusterMap *map, size_t at)
{
	const struct record *r = b->live[at];
	enum have have;

	if (r->node < 0 || r->shard >= map->n_shards)
		return false;
	if (r->state == TERN__REPLICA_STATE__REPLICA_ALLOCATED)
		return is_double(b, at) || !is_needed(b, map, r);
	have = balance_have(b, (uint32_t)r->node, r->shard, r->replica);
	return (have == HAVE_NOT || have == HAVE_LOST) && absent_too_long(b, r->replica);
}

static void give_up(struct balance *b, const Tern__ClusterMap *map)
{
	for (size_t i = 0; i < b->n_live; i++) {
		if (!leads_nowhere(b, map, i))
			continue;
		log_notice(NULL, "replica_given_up", "shard=%u replica=%lx", b->live[i]->shard,
			   (unsigned long)b->live[i]->replica);
		record_set(b, b->live[i], TERN__REPLICA_STATE__REPLICA_GONE, NULL);
	}
	forget_absences(b);
}

/* ---- new ids */

static bool is_away(const struct balance *b, uint32_t node)
{
	return node != b->server->self && !b->views[node].reply;
}

static unsigned missing_on(struct balance *b, const Tern__ClusterMap *map, uint32_t node)
{
	unsigned n = 0;

	for (uint32_t i = 0; i < map->n_shards; i++)
		for (size_t j = 0; j < map->shards[i]->n_replicas; j++) {
			const Tern__MapReplica *r = map->shards[i]->replicas[j];

			n += r->node == node && have_lacks(balance_have(b, node, i, r->replica));
		}
	return n;
}

/* An answer from before the newest map does not know the newest ids. */
static bool is_current(const struct balance *b, const Tern__ClusterMap *map, uint32_t node)
{
	return node == b->server->self || b->views[node].reply->epoch == map->epoch;
}

/* How long the node stays as it is. "replacing": an earlier leader of shard 0 has begun. */
static uint64_t grace(struct balance *b, uint32_t node)
{
	const char *s = node == b->server->self ? balance_state(b) : b->views[node].reply->state;
	uint64_t most = b->server->conf.replace_after;

	if (strncmp(s, "replacing", 9) == 0)
		return 0;
	if (strncmp(s, "empty", 5) == 0 || strncmp(s, "lost", 4) == 0)
		return MIN((uint64_t)SAID_SO_MS, most);
	return most;
}

/* The node whose turn it is, -1: none. */
static int next_node(struct balance *b, const Tern__ClusterMap *map)
{
	uint64_t now = clock_ms();
	int found = -1;

	for (uint32_t i = 0; i < map->n_nodes; i++) {
		struct view *v = &b->views[i];

		if (!is_current(b, map, i))
			return -1;
		if (!missing_on(b, map, i)) {
			v->short_since = 0;
			continue;
		}
		if (!v->short_since) {
			v->short_since = now;
			log_notice(NULL, "node_short", "node=%s missing=%u", map->nodes[i]->name,
				   missing_on(b, map, i));
		}
		if (found < 0 && now - v->short_since >= grace(b, i))
			found = (int)i;
	}
	return found;
}

/* The replica to be replaced on the node, 0: none. The others must all be well. */
static uint64_t due(struct balance *b, const Tern__ClusterMap *map, uint32_t shard, uint32_t node)
{
	const Tern__MapShard *s = map->shards[shard];
	uint64_t lacking = 0;

	if (record_live(b, shard, node))
		return 0;
	for (size_t i = 0; i < s->n_replicas; i++) {
		const Tern__MapReplica *r = s->replicas[i];
		enum have have = balance_have(b, r->node, shard, r->replica);

		if (r->node != node && have < HAVE_OK)
			return 0;
		if (r->node == node && have_lacks(have))
			lacking = r->replica;
	}
	return lacking;
}

static void allocate(struct balance *b, const Tern__ClusterMap *map, uint32_t node)
{
	size_t n = b->n_live;

	for (size_t i = 0; i < b->n_live; i++)
		if (b->live[i]->node != (int)node)
			return;
	for (uint32_t i = 0; i < map->n_shards && n < AT_ONCE; i++) {
		struct record r = { (rand_u64() >> 1) | 1, i, (int)node, 0 };
		uint64_t old = due(b, map, i, node);

		if (!old)
			continue;
		log_notice(NULL, "replica_allocated", "shard=%u node=%s old=%lx new=%lx", i,
			   map->nodes[node]->name, (unsigned long)old, (unsigned long)r.replica);
		record_set(b, &r, TERN__REPLICA_STATE__REPLICA_ALLOCATED, NULL);
		n++;
	}
}

void plan(struct balance *b)
{
	const Tern__ClusterMap *map = mapcache_get(b->server->map);
	int node;

	if (map->n_nodes > b->server->cluster.nodes.n || finish(b))
		return;
	give_up(b, map);
	for (uint32_t i = 0; i < map->n_nodes; i++)
		if (is_away(b, i))
			return;
	node = next_node(b, map);
	if (node >= 0)
		allocate(b, map, (uint32_t)node);
}
