/* SPDX-License-Identifier: Apache-2.0 */
/* balance.c - leaders spread evenly: a shard is led by the first of its replicas in the map. And
 * the clock of what mends. */
#include "balance/private.h"
#include "base/base.h"

#include "base/clock.h"
#include "base/rand.h"

#include <stdio.h>
#include <stdlib.h>

#define IDLE_MS 2000
#define BUSY_MS 400
#define KEEP_MS SECONDS(10)

static void turn(void *arg)
{
	struct balance *b = arg;
	uint64_t pause = clock_ms() < b->busy_until ? BUSY_MS : IDLE_MS;

	loop_timer_set(b->timer, pause * 3 / 4 + rand_u64() % (pause / 2), 0);
	if (!b->server->draining)
		ask_turn(b);
}

struct balance *balance_new(struct server *s, struct why *why)
{
	struct router_config c = { .cluster = &s->cluster, .secret_key = s->secret_key };
	struct balance *b = xnew(struct balance);

	b->server = s;
	b->joined = join_marked(s);
	list_init(&b->moves);
	map_init(&b->by_id);
	arena_init(&b->mem, 0);
	b->views = xcalloc(s->cluster.nodes.n, sizeof(*b->views));
	for (size_t i = 0; i < s->cluster.nodes.n; i++) {
		b->views[i].b = b;
		arena_init(&b->views[i].mem, 0);
	}
	b->timer = loop_timer_new(s->loop, turn, b);
	loop_timer_set(b->timer, BUSY_MS, 0);
	b->router = router_new(s->loop, &c, why);
	if (!b->router)
		balance_free(&b);
	return b;
}

void balance_free(struct balance **balance)
{
	struct balance *b = *balance;

	*balance = NULL;
	if (!b)
		return;
	b->closing = true;
	router_free(&b->router);
	loop_timer_free(&b->timer);
	for (size_t i = 0; i < b->server->cluster.nodes.n; i++)
		arena_release(&b->views[i].mem);
	free(b->views);
	map_release(&b->by_id);
	arena_release(&b->mem);
	free(b);
}

bool balance_joined(const struct balance *b)
{
	return b->joined;
}

/* ---- what is there */

static enum have have_here(struct server *s, uint32_t shard, uint64_t replica)
{
	struct host_status st;

	if (!s->host || !host_status(s->host, shard, &st) || st.replica != replica)
		return HAVE_NOT;
	if (st.state == HOST_LOST)
		return HAVE_LOST;
	if (st.state != HOST_FOLLOWER && st.state != HOST_LEADER)
		return HAVE_OK;
	return st.role == HOST_NONE ? HAVE_IDLE : st.role == HOST_VOTER ? HAVE_VOTER : HAVE_OK;
}

static enum have have_of(const char *role)
{
	static const struct {
		const char *role;
		enum have have;
	} known[] = { { "lost", HAVE_LOST }, { "none", HAVE_IDLE }, { "voter", HAVE_VOTER } };

	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (strcmp(known[i].role, role) == 0)
			return known[i].have;
	return HAVE_OK;
}

enum have balance_have(struct balance *b, uint32_t node, uint32_t shard, uint64_t replica)
{
	const Tern__NodeReply *r;

	if (node == b->server->self)
		return have_here(b->server, shard, replica);
	r = node < b->server->cluster.nodes.n ? b->views[node].reply : NULL;
	if (!r || r->n_shards != r->replicas)
		return HAVE_UNKNOWN;
	for (size_t i = 0; i < r->n_shards; i++)
		if (r->shards[i]->shard == shard && r->shards[i]->replica == replica)
			return have_of(r->shards[i]->role);
	return HAVE_NOT;
}

const char *balance_state(struct balance *b)
{
	struct server *s = b->server;
	const Tern__ClusterMap *map = mapcache_get(s->map);
	unsigned mine = 0, lacking = 0, lost = 0;

	for (uint32_t i = 0; s->host && map && i < map->n_shards; i++) {
		for (size_t j = 0; j < map->shards[i]->n_replicas; j++) {
			const Tern__MapReplica *r = map->shards[i]->replicas[j];
			enum have have = HAVE_OK;

			if (r->node == s->self)
				mine++, have = have_here(s, i, r->replica);
			lacking += have_lacks(have);
			lost += have == HAVE_LOST;
		}
	}
	if (!lacking)
		return "ok";
	if (host_count(s->host) == 0)
		return "empty";
	snprintf(b->state, sizeof(b->state), "%s %u of %u replicas",
		 lost == lacking ? "lost" : "replacing", lacking, mine);
	return b->state;
}

/* ---- who leads */

/* A transfer stops the shard's writes until it is done: only to a member that is there and has
 * everything. */
static bool ready_to_lead(struct server *s, const struct host_status *st, uint32_t node)
{
	struct host_member m[8];
	unsigned n = host_members(s->host, st->shard, m, ARRAY_LEN(m));

	if (!s->io.connected(s->io.arg, node))
		return false;
	for (unsigned i = 0; i < n && i < ARRAY_LEN(m); i++)
		if (m[i].node == node && m[i].role == HOST_VOTER)
			return m[i].match >= st->last;
	return false;
}

/* One transfer a second at most: a shard led here whose first replica is elsewhere. Not one that
 * came a moment ago: it may have come from a node that drains, which would get it back. */
void balance_tick(struct balance *b)
{
	struct server *s = b->server;
	const Tern__ClusterMap *map = mapcache_get(s->map);
	struct host_status st;

	if (!s->host || !map || s->draining)
		return;
	while (host_next(s->host, &b->pos, &st)) {
		uint32_t first;

		if (st.state != HOST_LEADER || st.shard >= map->n_shards ||
		    map->shards[st.shard]->n_replicas == 0)
			continue;
		first = map->shards[st.shard]->replicas[0]->node;
		if (first != s->self && clock_ms() - b->led_since[st.shard] >= KEEP_MS &&
		    ready_to_lead(s, &st, first) && host_transfer(s->host, st.shard, first) == 0)
			return;
	}
	b->pos = 0;
}

void balance_leading(struct balance *b, uint32_t shard, bool leading)
{
	if (b && leading)
		b->led_since[shard] = clock_ms();
}

/* Looks again at once: the sooner it is known, the sooner it is mended. */
void balance_lost(struct balance *b, UNUSED uint32_t shard, UNUSED uint64_t replica)
{
	loop_timer_set(b->timer, 1, 0);
}

void balance_removed(UNUSED struct balance *b, UNUSED uint32_t shard, UNUSED uint64_t replica)
{
}
