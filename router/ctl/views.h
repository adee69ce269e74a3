/* SPDX-License-Identifier: Apache-2.0 */
/* views.h - shards as their nodes describe them. */
#ifndef TERN_CTL_VIEWS_H
#define TERN_CTL_VIEWS_H

#include "router/ctl/ctl.h"

struct shard_view {
	int leader; /* position in cluster.conf, -1: nobody says it leads */
	unsigned replicas;
	uint64_t term, last;
	uint64_t least; /* applied by the replica that is furthest behind */
};

struct shard_view *shard_views(struct ctl *ctl, const struct node_status *nodes, uint32_t shards);
unsigned shards_led(const struct shard_view *v, uint32_t shards);

#endif
