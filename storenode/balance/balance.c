/* SPDX-License-Identifier: Apache-2.0 */
/* balance.c - leaders spread evenly: a shard is led by the first of its replicas in the map. */
#include "server/balance.h"
#include "base/base.h"

#include "server/mapcache.h"

#include <stdlib.h>

struct balance {
	struct server *server;
	uint32_t pos;
};

struct balance *balance_new(struct server *s)
{
	struct balance *b = xnew(struct balance);

	b->server = s;
	return b;
}

void balance_free(struct balance **b)
{
	free(*b);
	*b = NULL;
}

const char *balance_state(UNUSED struct balance *b)
{
	return "ok";
}

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

/* One transfer a second at most: a shard led here whose first replica is elsewhere. */
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
		if (first != s->self && ready_to_lead(s, &st, first) &&
		    host_transfer(s->host, st.shard, first) == 0)
			return;
	}
	b->pos = 0;
}

void balance_leading(UNUSED struct balance *b, UNUSED uint32_t shard, UNUSED bool leading)
{
}

void balance_lost(UNUSED struct balance *b, UNUSED uint32_t shard, UNUSED uint64_t replica)
{
}

void balance_removed(UNUSED struct balance *b, UNUSED uint32_t shard, UNUSED uint64_t replica)
{
}
