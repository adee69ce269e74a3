/* SPDX-License-Identifier: Apache-2.0 */
/* store.h - what a replica keeps on disk beside its rows: keys and values, packed and unpacked.
 *
 *   KV_META    R i            identity (identity.h)
 *              R s            synced sequence: written with every batch that is to be synced
 *              R p node       what we know of a peer: starts, synced sequence
 *              R m shard      replica id, term, vote, flags
 *              R c shard      last applied configuration
 *              R a shard      applied index, incarnation, state hash, log time
 *              R r shard index term   a body to be reclaimed once the log begins above it
 *              R n shard      the entry about to be applied after a crash
 *   KV_LOG     shard index            entry (log.h)
 *              shard 1<<63|index term -> length: which bodies there are, without reading them
 *   KV_CHUNKS  shard index term       body
 *   KV_ROWS    shard incarnation ...  rows (engine/rows.h)
 *
 * Numbers in keys are big-endian. Values begin with a version byte. */
#ifndef TERN_REPLICA_STORE_H
#define TERN_REPLICA_STORE_H

#include "engine/keys.h"
#include "engine/rows.h"
#include "replica/conf.h"
#include "replica/log.h"

void store_key(struct key *k, char kind);
void store_shard_key(struct key *k, char kind, uint32_t shard);
void store_log_key(struct key *k, uint32_t shard, uint64_t index);
void store_chunk_key(struct key *k, uint32_t shard, uint64_t index, uint64_t term);
void store_body_key(struct key *k, uint32_t shard, uint64_t index, uint64_t term); /* KV_LOG */
void store_reclaim_key(struct key *k, uint32_t shard, uint64_t index, uint64_t term);
/* [from, to) of everything a shard has in a family other than KV_META. */
void store_shard_range(struct key *from, struct key *to, uint32_t shard);

struct store_meta {
	uint64_t replica, term, vote;
	bool lost, fenced;
};
void store_meta_pack(const struct store_meta *m, struct buf *out);
bool store_meta_unpack(struct bytes b, struct store_meta *m) MUST_USE;

struct store_applied {
	uint64_t incarnation;
	uint64_t index, term, chain, log_ms; /* of the last applied entry */
	struct rows_state state;
};
void store_applied_pack(const struct store_applied *a, struct buf *out);
bool store_applied_unpack(struct bytes b, struct store_applied *a) MUST_USE;

struct store_conf {
	uint64_t index;
	struct conf conf;
};
void store_conf_pack(const struct store_conf *c, struct buf *out);
bool store_conf_unpack(struct bytes b, struct store_conf *c) MUST_USE;

struct store_peer {
	uint64_t disk; /* its data directory */
	uint64_t start_count, nonce;
	uint64_t synced;        /* highest seen of that process */
	uint64_t synced_before; /* highest seen of earlier ones, on that disk */
	uint64_t retired[4];    /* disks that it had before: never heard again */
};
void store_peer_pack(const struct store_peer *p, struct buf *out);
bool store_peer_unpack(struct bytes b, struct store_peer *p) MUST_USE;

/* ---- a replica as it is found on disk */
struct store_replica {
	uint32_t shard;
	struct store_meta meta;
	struct store_applied applied;
	struct store_conf conf; /* as of `applied` */
	uint64_t first, last;   /* log; empty: first == last + 1 == applied + 1 */
	/* Everything the core wants to know of [first, last]: the terms as runs, the
	 * configuration entries above `applied`, and all entries above it. */
	struct store_run {
		uint64_t term, n;
	} * runs;
	size_t n_runs;
	struct entry **tail; /* (applied, last] */
	size_t n_tail;
	uint64_t body_bytes; /* in the log */
};
/* 0; -ERR_NOTFOUND; -ERR_CORRUPT: the log or a row is damaged (why says which); -ERR_IO. */
int store_load(struct kv *kv, const struct kv_snap *snap, uint32_t shard, struct store_replica *r,
	       struct why *why) MUST_USE;
void store_replica_release(struct store_replica *r);

/* Reads one small value; false: none. */
int store_get(struct kv *kv, const struct kv_snap *snap, const struct key *k, struct blob **v)
	MUST_USE;

#endif
