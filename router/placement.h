/* SPDX-License-Identifier: Apache-2.0 */
/* placement.h - which nodes hold which shard: a pure function of nodes, zones and weights.
 *
 * Every shard gets REPLICAS replicas (as many as there are nodes where those are fewer), in
 * different zones as far as there are zones, each node its share by weight; the first replica
 * of a shard is the one that should lead, and leaders are shared out by weight too. Given an
 * old placement it moves as little as these rules allow. The same input gives the same answer
 * everywhere. */
#ifndef TERN_ROUTER_PLACEMENT_H
#define TERN_ROUTER_PLACEMENT_H

#include "base/arena.h"
#include "model/ids.h"

struct place_node {
	const char *zone;
	uint32_t weight; /* 0: shall hold nothing */
};

#define PLACE_NONE UINT32_MAX

struct placement {
	uint32_t shards, replicas;
	uint32_t *node; /* [shard * replicas + i]: position of a node; PLACE_NONE: empty */
};

/* `old` (NULL: none) speaks of the same positions; a node that is gone keeps its place in the
 * list with weight 0. At least one node has weight. The result lives in mem. */
void placement_make(const struct place_node *nodes, size_t n, uint32_t shards,
		    const struct placement *old, struct arena *mem, struct placement *out);

/* Replicas of `to` that are on nodes where `from` had none of that shard. */
size_t placement_moves(const struct placement *from, const struct placement *to);

#endif
