/* SPDX-License-Identifier: Apache-2.0 */
/* mapcache.h - this node's copy of the cluster map: from the bootstrap, from shard 0's rows where
 * a replica of it lives here, else from the nodes that have one. */
#ifndef TERN_SERVER_MAPCACHE_H
#define TERN_SERVER_MAPCACHE_H

#include "router/clustermap.h"
#include "server/server.h"

struct mapcache;

struct mapcache *mapcache_new(struct server *s); /* with what the disk remembers */
void mapcache_free(struct mapcache **m);
const Tern__ClusterMap *mapcache_get(const struct mapcache *m); /* NULL: none yet */
struct blob *mapcache_packed(const struct mapcache *m);         /* borrowed; NULL: none yet */
uint64_t mapcache_epoch(const struct mapcache *m);              /* 0: none yet */
/* A newer map than ours (others are ignored): kept, written to KV_META. */
int mapcache_offer(struct mapcache *m, struct bytes packed, struct why *why) MUST_USE;
void mapcache_refresh(struct mapcache *m); /* read it from shard 0's rows, or ask a peer */

#endif
