/* SPDX-License-Identifier: Apache-2.0 */
/* watchers.h - soft state of a leader: who watches which account, and who holds POP3 locks. */
#ifndef TERN_SERVER_WATCHERS_H
#define TERN_SERVER_WATCHERS_H

#include "server/server.h"

struct watchers;
struct locks;

struct watchers *watchers_new(struct server *s);
void watchers_free(struct watchers **w);
void watchers_changed(struct watchers *w, uint32_t shard, const struct effect_hint *hint);
void watchers_shard(struct watchers *w, uint32_t shard); /* anything may have changed */
void watchers_leading(struct watchers *w, uint32_t shard, bool leading);
void watchers_flush(struct watchers *w); /* end of a turn: hints go out */
void watchers_sweep(struct watchers *w); /* now and then: forgets the silent */

struct locks *locks_new(struct server *s);
void locks_free(struct locks **l);
void locks_leading(struct locks *l, uint32_t shard, bool leading);
void locks_sweep(struct locks *l);

#endif
