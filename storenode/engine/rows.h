/* SPDX-License-Identifier: Apache-2.0 */
/* rows.h - one shard's rows, read from a snapshot or read and written in apply.
 *
 * The only way to KV_ROWS: adds the prefix (shard, incarnation), overlays what has been written
 * and not yet flushed, and keeps the state hash (H += h(key, new) - h(key, old)) and the row
 * count. Keys and values here are without the prefix. */
#ifndef TERN_ENGINE_ROWS_H
#define TERN_ENGINE_ROWS_H

#include "base/hash.h"
#include "engine/kv.h"

#define ROWS_PREFIX 12 /* shard 32 bit, incarnation 64 bit, big-endian */

struct rows;
struct rows_iter;

struct rows_state { /* kept by the caller beside the applied index, in the same batch */
	struct hash128 hash;
	uint64_t rows;
};

/* For queries: reads only. snap may be NULL (the newest state). */
struct rows *rows_view(struct kv *kv, const struct kv_snap *snap, uint32_t shard,
		       uint64_t incarnation);
/* For apply: reads its own writes; *state is kept up to date. */
struct rows *rows_edit(struct kv *kv, uint32_t shard, uint64_t incarnation,
		       struct rows_state *state);
void rows_free(struct rows **r); /* unflushed writes are dropped */
uint32_t rows_shard(const struct rows *r);

/* The value lives until the next write to, or free of, r. False: no such row. An engine read
 * error ends the process in apply and is kept for rows_error in a view. */
bool rows_get(struct rows *r, struct bytes key, struct bytes *value);
/* A view keeps what its gets brought; a long one drops it now and then: all values die. */
void rows_forget(struct rows *r);
int rows_error(const struct rows *r) MUST_USE;

/* Before a put: there is no such row in the engine, so it need not be asked for the old one (half
 * of the reads of a delivery). A wrong word spoils the state hash; builds for tests ask. */
void rows_fresh(struct rows *r, struct bytes key);
void rows_put(struct rows *r, struct bytes key, struct bytes value);
void rows_del(struct rows *r, struct bytes key);
/* What an operation wrote since the mark vanishes again: a refused one leaves nothing. One mark
 * at a time; a new mark replaces it, and so does a flush. */
void rows_mark(struct rows *r);
void rows_rollback(struct rows *r);
size_t rows_changed(const struct rows *r); /* rows put or deleted since the mark */
/* Hands all writes to the batch and forgets them (they become readable after kv_write; call it
 * before reading again). */
void rows_flush(struct rows *r, struct kv_batch *b);

/* Ascending over [from, to); `to` empty: to the end of the shard. Rows put or deleted while
 * iterating are seen or not, but nothing else is skipped or repeated. Key and value live until
 * the next step. No flush while an iterator is open. */
struct rows_iter *rows_iter_new(struct rows *r, struct bytes from, struct bytes to);
bool rows_iter_next(struct rows_iter *it, struct bytes *key, struct bytes *value);
void rows_iter_free(struct rows_iter **it);
/* The last row of [from, to), alive as from rows_get: for "highest uid below". */
bool rows_last(struct rows *r, struct bytes from, struct bytes to, struct bytes *key,
	       struct bytes *value);

/* Recomputes the state by a scan of the snapshot. */
int rows_scan(struct kv *kv, const struct kv_snap *snap, uint32_t shard, uint64_t incarnation,
	      struct rows_state *state) MUST_USE;

#endif
