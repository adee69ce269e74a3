/* SPDX-License-Identifier: Apache-2.0 */
/* balance.h - replicas that were lost are made anew under new ids; leaders are spread evenly.
 *
 * A shard's leader carries out its own part (host_replace); ids and the map live in shard 0. */
#ifndef TERN_SERVER_BALANCE_H
#define TERN_SERVER_BALANCE_H

#include "server/server.h"

struct balance;

struct balance *balance_new(struct server *s, struct why *why);
void balance_free(struct balance **b);
void balance_tick(struct balance *b); /* about once a second */
void balance_leading(struct balance *b, uint32_t shard, bool leading);
void balance_lost(struct balance *b, uint32_t shard, uint64_t replica);
void balance_removed(struct balance *b, uint32_t shard, uint64_t replica);
/* This node came with an empty disk to a cluster that was there: no bootstrap makes replicas
 * here under ids of the map. */
bool balance_joined(const struct balance *b);
/* For NodeReply.state: "ok", "empty", "lost 3 of 256 replicas", "replacing 3 of 256 replicas" */
const char *balance_state(struct balance *b);

#endif
