/* SPDX-License-Identifier: Apache-2.0 */
/* kv.h - the engine's contract: ordered keys in four families, atomic batches, one log.
 *
 * Two implementations: RocksDB (kv_rocks.c) and memory (kv_mem.c, which can fail and lose
 * writes); tests/unit/engine runs one suite against both.
 *
 *  - kv_write makes a batch visible at once and atomically; it is durable after a kv_sync that
 *    began later. A crash loses a suffix of the unsynced batches, never one in the middle and
 *    never part of one.
 *  - One batch is written at a time. Nearly all come from one writer thread, whose order others
 *    (the identity, the cluster map) must not care about; any number of readers, each with a
 *    snapshot or none.
 *  - Any error from kv_write or kv_sync is final: outcome unknown, the process must exit. */
#ifndef TERN_ENGINE_KV_H
#define TERN_ENGINE_KV_H

#include "base/blob.h"
#include "base/err.h"

enum kv_cf {
	KV_META,   /* identity, terms, votes, applied indexes, reclaim lists */
	KV_LOG,    /* shard | index -> log row */
	KV_CHUNKS, /* shard | index | term -> body bytes (blob files) */
	KV_ROWS,   /* shard | incarnation | row key -> row */
	KV_FAMILIES,
};

struct kv;
struct kv_batch;
struct kv_snap;
struct kv_iter;

struct kv_rocks_options {
	const char *path;    /* data directory; made if missing */
	const char *log_dir; /* RocksDB's info log: never on the data file system's critical path */
	uint64_t cache_bytes; /* block cache */
	uint64_t memtable_bytes;
	uint64_t wal_bytes; /* max_total_wal_size */
	unsigned background_threads;
	bool read_only; /* checks and dumps; max_open_files is kept != -1 */
};

/* Refuses (why: one sentence) a directory of a newer format, one in use, a damaged store. It does
 * not see that damage cost it its last writes: compare kv_seq with what had been synced. All
 * snapshots, iterators and values must be gone before kv_close. */
int kv_rocks_open(const struct kv_rocks_options *o, struct kv **kv, struct why *why) MUST_USE;
struct kv *kv_mem_new(void);
void kv_close(struct kv **kv);

/* ---- writing (a batch belongs to one thread) */
struct kv_batch *kv_batch_new(struct kv *kv);
void kv_batch_free(struct kv_batch **b);
void kv_batch_clear(struct kv_batch *b);
size_t kv_batch_bytes(const struct kv_batch *b); /* keys and values so far */
bool kv_batch_empty(const struct kv_batch *b);
void kv_batch_put(struct kv_batch *b, enum kv_cf cf, struct bytes key, struct bytes value);
/* value = a followed by b, without a copy of ours */
void kv_batch_put2(struct kv_batch *b, enum kv_cf cf, struct bytes key, struct bytes v1,
		   struct bytes v2);
void kv_batch_del(struct kv_batch *b, enum kv_cf cf, struct bytes key);
/* [from, to); `to` must not be empty. */
void kv_batch_del_range(struct kv_batch *b, enum kv_cf cf, struct bytes from, struct bytes to);

int kv_write(struct kv *kv, struct kv_batch *b) MUST_USE;
/* Written without the write-ahead log (snapshot installs): durable only after kv_flush. */
int kv_write_nolog(struct kv *kv, struct kv_batch *b) MUST_USE;
int kv_sync(struct kv *kv) MUST_USE; /* any thread */
int kv_flush(struct kv *kv) MUST_USE;
uint64_t kv_seq(struct kv *kv); /* sequence number of the last write */

/* ---- reading (any thread) */
struct kv_snap *kv_snap_new(struct kv *kv);
void kv_snap_free(struct kv *kv, struct kv_snap **snap);

/* *value: a reference to a pinned value, or NULL when there is no such key. snap may be NULL. */
int kv_get(struct kv *kv, const struct kv_snap *snap, enum kv_cf cf, struct bytes key,
	   struct blob **value) MUST_USE;

/* Keys in [from, to) ascending; `to` empty: no upper bound. Stands before the first key. The
 * bounds are copied. */
struct kv_iter *kv_iter_new(struct kv *kv, const struct kv_snap *snap, enum kv_cf cf,
			    struct bytes from, struct bytes to);
void kv_iter_free(struct kv_iter **it);
/* Steps to the next key; false at the end or on an error (kv_iter_error). key and value are
 * borrowed until the next step. */
bool kv_iter_next(struct kv_iter *it, struct bytes *key, struct bytes *value);
/* The next step is the first key >= key, within the bounds; false: there is none. */
bool kv_iter_seek(struct kv_iter *it, struct bytes key);
/* The last key of the bounds; false when empty. kv_iter_prev then goes backwards; from the end or
 * the start of an iterator it finds nothing. */
bool kv_iter_last(struct kv_iter *it, struct bytes *key, struct bytes *value);
bool kv_iter_prev(struct kv_iter *it, struct bytes *key, struct bytes *value);
int kv_iter_error(const struct kv_iter *it) MUST_USE;

struct kv_space {
	uint64_t free, total; /* of the data file system */
	uint64_t live;        /* bytes in the engine's files, without the write-ahead log */
	uint64_t garbage;     /* bytes of blob files that no key refers to any more, of those a
			       * compaction has seen */
};
int kv_space(struct kv *kv, struct kv_space *s) MUST_USE;
/* An estimate; what still lies in memory is not counted. */
int kv_size(struct kv *kv, enum kv_cf cf, struct bytes from, struct bytes to, uint64_t *bytes);
/* Compacts a range and waits for it: used by the throttled pass that gives garbage back. In
 * KV_CHUNKS it rewrites the blob files behind the range. */
int kv_compact(struct kv *kv, enum kv_cf cf, struct bytes from, struct bytes to);

/* ---- kv_mem.c only: what tests and the simulator do to it */
void kv_mem_fail(struct kv *kv, unsigned nth_write); /* the nth write from now fails; 0: none */
void kv_mem_fail_sync(struct kv *kv, unsigned nth_sync);
/* What a crash leaves: everything synced and the first `keep` of the unsynced batches; unlogged
 * ones since the last flush are gone. A batch whose write failed is the last of the unsynced.
 * No snapshot or iterator may be open. Errors are over: the store is as if opened anew. */
void kv_mem_crash(struct kv *kv, size_t keep);
size_t kv_mem_unsynced(struct kv *kv); /* batches written since the last sync */
/* A disk image: crashing the copy leaves what crashing the original would. */
struct kv *kv_mem_clone(struct kv *kv);
void kv_mem_set_space(struct kv *kv, uint64_t free_bytes, uint64_t total);

#endif
