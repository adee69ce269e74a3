/* SPDX-License-Identifier: Apache-2.0 */
/* view.h - for reader threads: which rows of a shard a snapshot shows, and as of which index.
 *
 * Both come from the same kv snapshot as the rows: an install may switch incarnations at any
 * moment. Typical use:
 *
 *	struct kv_snap *snap = kv_snap_new(kv);
 *	struct host_view v;
 *
 *	if (host_view(kv, snap, shard, &v) == 0)
 *		rows = rows_view(kv, snap, shard, v.incarnation);
 */
#ifndef TERN_REPLICA_VIEW_H
#define TERN_REPLICA_VIEW_H

#include "engine/rows.h"

struct host_view {
	uint64_t incarnation;
	uint64_t applied, term;  /* of the last entry in these rows */
	uint64_t log_ms;         /* its log time */
	struct rows_state state; /* state hash at `applied` */
};

/* -ERR_NOTFOUND: no replica of the shard here. snap may be NULL (no consistency then). */
int host_view(struct kv *kv, const struct kv_snap *snap, uint32_t shard, struct host_view *v)
	MUST_USE;
/* The body stored under (shard, index, term), or NULL. */
int host_chunk_get(struct kv *kv, const struct kv_snap *snap, uint32_t shard, uint64_t index,
		   uint64_t term, struct blob **body) MUST_USE;

#endif
