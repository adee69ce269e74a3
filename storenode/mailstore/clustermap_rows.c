/* SPDX-License-Identifier: Apache-2.0 */
/* clustermap_rows.c - shard 0: the cluster map, and which replica ids have been used.
 *
 *   replica      next        who asks
 *   (none)       allocated   the balancer
 *   allocated    born, gone  the node that will hold it, before it creates it
 *   born         gone        -
 *   gone         -           kept for ever: an id is never used again
 *
 * `born` is granted once: a node without the data of a born id must not make it anew. */
#include "mailstore/ops.h"
#include "mailstore/txn.h"
#include "model/ids.h"

enum { NODES_MAX = 1024, REPLICAS_MAX = 16, NAME_BYTES = 255 };

static int nodes_check(const Tern__ClusterMap *m, struct why *why)
{
	if (m->n_nodes == 0 || m->n_nodes > NODES_MAX)
		return why_set(why, ERR_INVALID, "a map has 1 to %d nodes", NODES_MAX);
	for (size_t i = 0; i < m->n_nodes; i++) {
		const Tern__MapNode *n = m->nodes[i];

		if (!*n->name || strlen(n->name) > NAME_BYTES || strlen(n->zone) > NAME_BYTES ||
		    strlen(n->address) > NAME_BYTES || strlen(n->raft_address) > NAME_BYTES)
			return why_set(why, ERR_INVALID, "malformed node in the map");
	}
	return 0;
}

int check_map_set(const Tern__Op *op, size_t body UNUSED, struct why *why)
{
	const Tern__ClusterMap *m = op->map_set->map;
	int ret;

	if (!m || m->cluster.len != 16 || m->n_shards == 0 || m->n_shards > SHARDS_MAX)
		return why_set(why, ERR_INVALID, "malformed map");
	ret = nodes_check(m, why);
	if (ret)
		return ret;
	for (size_t i = 0; i < m->n_shards; i++) {
		const Tern__MapShard *s = m->shards[i];

		if (s->n_replicas > REPLICAS_MAX)
			return why_set(why, ERR_INVALID, "too many replicas of a shard");
		for (size_t j = 0; j < s->n_replicas; j++)
			if (s->replicas[j]->node >= m->n_nodes)
				return why_set(why, ERR_INVALID, "a replica on no node");
	}
	return 0;
}

static uint64_t epoch_now(struct txn *t, struct key *k)
{
	Tern__ClusterMap *map;
	struct bytes packed;
	uint64_t epoch;

	key_table(k, T_MAP);
	if (!raw_get(t->rows, key_bytes(k), t->mem, &packed))
		return 0;
	map = tern__cluster_map__unpack(NULL, packed.n, packed.p);
	INVARIANT(map);
	epoch = map->epoch;
	tern__cluster_map__free_unpacked(map, NULL);
	return epoch;
}

int op_map_set(struct txn *t, const Tern__Op *op)
{
	const Tern__MapSet *in = op->map_set;
	uint8_t *p;
	struct key k;

	if (epoch_now(t, &k) != in->if_epoch)
		return REFUSE(t, ERR_EPOCH, "the cluster map has changed meanwhile");
	if (in->map->epoch <= in->if_epoch)
		return REFUSE(t, ERR_INVALID, "the map's epoch does not go on");
	p = arena_alloc(t->mem, tern__cluster_map__get_packed_size(in->map));
	raw_put(t->rows, key_bytes(&k), bytes_of(p, tern__cluster_map__pack(in->map, p)));
	t->fx->map_changed = true;
	return 0;
}

int check_replica_set(const Tern__Op *op, size_t body UNUSED, struct why *why)
{
	const Tern__ReplicaSet *in = op->replica_set;

	if (in->replica == 0 || in->shard >= SHARDS_MAX || strlen(in->node) > NAME_BYTES)
		return why_set(why, ERR_INVALID, "malformed replica");
	if (in->state != TERN__REPLICA_STATE__REPLICA_ALLOCATED &&
	    in->state != TERN__REPLICA_STATE__REPLICA_BORN &&
	    in->state != TERN__REPLICA_STATE__REPLICA_GONE)
		return why_set(why, ERR_INVALID, "no such state of a replica");
	return 0;
}

int op_replica_set(struct txn *t, const Tern__Op *op)
{
	const Tern__ReplicaSet *in = op->replica_set;
	struct bytes node = bytes_str(in->node);
	struct replica_rec rec;
	bool there = replica_get(t->rows, in->replica, t->mem, &rec);

	if (in->state == TERN__REPLICA_STATE__REPLICA_ALLOCATED) {
		if (there)
			return REFUSE(t, ERR_EXISTS, "the replica id has been used");
		rec = (struct replica_rec){ .replica = in->replica,
					    .shard = in->shard,
					    .node = node };
	} else if (!there) {
		return REFUSE(t, ERR_NOTFOUND, "no such replica id");
	} else if (rec.shard != in->shard || !bytes_eq(rec.node, node)) {
		return REFUSE(t, ERR_INVALID, "the replica id belongs elsewhere");
	} else if (in->state == TERN__REPLICA_STATE__REPLICA_BORN &&
		   rec.state != TERN__REPLICA_STATE__REPLICA_ALLOCATED) {
		return REFUSE(t, ERR_EXISTS, "the replica has been born before");
	}
	rec.state = in->state;
	replica_put(t->rows, &rec);
	return 0;
}
