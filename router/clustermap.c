/* SPDX-License-Identifier: Apache-2.0 */
#include "router/clustermap.h"

#include "model/ids.h"

#include <stdlib.h>

enum { MAX_NODES = 1000, MAX_REPLICAS = 7 };

struct clustermap {
	struct arena mem;
	Tern__ClusterMap *m;
};

static int check_nodes(const Tern__ClusterMap *m, struct why *why)
{
	if (m->n_nodes == 0 || m->n_nodes > MAX_NODES)
		return why_set(why, ERR_INVALID, "cluster map: %zu nodes", m->n_nodes);
	for (size_t i = 0; i < m->n_nodes; i++)
		if (clustermap_node(m, m->nodes[i]->name) != (int)i)
			return why_set(why, ERR_INVALID, "cluster map: two nodes are called %.64s",
				       m->nodes[i]->name);
	return 0;
}

static bool shard_ok(const Tern__ClusterMap *m, const Tern__MapShard *s)
{
	if (s->n_replicas == 0 || s->n_replicas > MAX_REPLICAS)
		return false;
	for (size_t i = 0; i < s->n_replicas; i++) {
		if (s->replicas[i]->node >= m->n_nodes || s->replicas[i]->replica == 0)
			return false;
		for (size_t j = 0; j < i; j++)
			if (s->replicas[j]->node == s->replicas[i]->node)
				return false;
	}
	return true;
}

int clustermap_check(const Tern__ClusterMap *m, struct why *why)
{
	if (m->epoch == 0 || m->cluster.len != CLUSTER_ID)
		return why_set(why, ERR_INVALID, "cluster map: no epoch or no cluster id");
	if (m->n_shards == 0 || m->n_shards > SHARDS_MAX)
		return why_set(why, ERR_INVALID, "cluster map: %zu shards", m->n_shards);
	if (check_nodes(m, why) < 0)
		return -ERR_INVALID;
	for (size_t i = 0; i < m->n_shards; i++)
		if (!shard_ok(m, m->shards[i]))
			return why_set(why, ERR_INVALID, "cluster map: shard %zu is malformed", i);
	return 0;
}

int clustermap_new(struct bytes packed, struct clustermap **map, struct why *why)
{
	struct clustermap *m = xnew(struct clustermap);
	int ret;

	arena_init(&m->mem, 0);
	m->m = WIRE_UNPACK(cluster_map, packed, &m->mem);
	ret = m->m ? clustermap_check(m->m, why) :
		     why_set(why, ERR_INVALID, "cluster map: malformed");
	if (ret < 0)
		clustermap_free(&m);
	*map = m;
	return ret;
}

void clustermap_free(struct clustermap **map)
{
	if (!*map)
		return;
	arena_release(&(*map)->mem);
	free(*map);
	*map = NULL;
}

const Tern__ClusterMap *clustermap_message(const struct clustermap *m)
{
	return m->m;
}

uint32_t clustermap_shards(const struct clustermap *m)
{
	return (uint32_t)m->m->n_shards;
}

uint32_t clustermap_address_shard(const struct clustermap *m, struct bytes normalised)
{
	return shard_of_address(normalised, m->m->hash_key, clustermap_shards(m));
}

uint32_t clustermap_domain_shard(const struct clustermap *m, struct bytes domain)
{
	return shard_of_domain(domain, m->m->hash_key, clustermap_shards(m));
}

int clustermap_node(const Tern__ClusterMap *m, const char *name)
{
	for (size_t i = 0; i < m->n_nodes; i++)
		if (strcmp(m->nodes[i]->name, name) == 0)
			return (int)i;
	return -1;
}

static bool same_cluster(const Tern__ClusterMap *a, const Tern__ClusterMap *b)
{
	return memcmp(a->cluster.data, b->cluster.data, CLUSTER_ID) == 0 &&
	       a->n_shards == b->n_shards && a->hash_key == b->hash_key;
}

bool clustermap_newer(const struct clustermap *from, const struct clustermap *to, struct why *why)
{
	if (!from)
		return true;
	if (!same_cluster(from->m, to->m)) {
		why_set(why, ERR_CONFIG, "this map is of another cluster");
		return false;
	}
	why_set(why, ERR_OK, "no newer map");
	return to->m->era > from->m->era ||
	       (to->m->era == from->m->era && to->m->epoch > from->m->epoch);
}
