/* SPDX-License-Identifier: Apache-2.0 */
/* identity.h - who the data directory belongs to: cluster, era, node, starts, what was synced.
 *
 * A directory without one is fresh (or was wiped): it may take part in a bootstrap or be given
 * new replica ids, and creates nothing for ids that are born already. */
#ifndef TERN_REPLICA_IDENTITY_H
#define TERN_REPLICA_IDENTITY_H

#include "base/buf.h"
#include "engine/kv.h"

struct identity {
	uint8_t cluster[16];
	uint32_t era;
	uint32_t node;        /* position in the cluster map */
	uint64_t disk;        /* random: of this data directory; made by identity_store if 0 */
	uint64_t start_count; /* starts on this directory, this one included */
	uint64_t synced;      /* highest synced sequence number that the disk remembers */
};

/* -ERR_NOTFOUND: a fresh directory. -ERR_VERSION: written by a newer version. */
int identity_load(struct kv *kv, struct identity *id, struct why *why) MUST_USE;
/* Bootstrap, or a higher era: writes and syncs. Before the writer thread runs, or on it. */
int identity_store(struct kv *kv, struct identity *id, struct why *why) MUST_USE;
/* At every start, before host_new: counts the start, synced, so that no peer ever takes two
 * processes for one. */
int identity_start(struct kv *kv, struct identity *id, struct why *why) MUST_USE;
void identity_pack(const struct identity *id, struct buf *out); /* without `synced` */

#endif
