/* SPDX-License-Identifier: Apache-2.0 */
/* clustermap.h - a checked cluster map and what is asked of it. Pure. */
#ifndef TERN_ROUTER_CLUSTERMAP_H
#define TERN_ROUTER_CLUSTERMAP_H

#include "wire/frame.h"

#define CLUSTER_ID 16 /* bytes */

struct clustermap; /* owns its memory */

/* Everything that later code relies on: an epoch, a cluster id, 1 to SHARDS_MAX shards, 1 to 7
 * replicas each on different nodes that exist, names given once. */
int clustermap_check(const Tern__ClusterMap *m, struct why *why) MUST_USE;

int clustermap_new(struct bytes packed, struct clustermap **map, struct why *why) MUST_USE;
void clustermap_free(struct clustermap **map);
const Tern__ClusterMap *clustermap_message(const struct clustermap *m);

uint32_t clustermap_shards(const struct clustermap *m);
uint32_t clustermap_address_shard(const struct clustermap *m, struct bytes normalised);
uint32_t clustermap_domain_shard(const struct clustermap *m, struct bytes domain);
int clustermap_node(const Tern__ClusterMap *m, const char *name); /* position or -1 */

/* May `to` take the place of `from` (NULL: none yet)? Another cluster's map or an older one not. */
bool clustermap_newer(const struct clustermap *from, const struct clustermap *to, struct why *why);

#endif
