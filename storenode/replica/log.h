/* SPDX-License-Identifier: Apache-2.0 */
/* log.h - log entries, their rows on disk, and the part of a shard's log that is in memory.
 *
 * Every entry carries the checksum of the one before it and its own, over (previous, term,
 * type, times, body, operation): a log that was damaged, or that differs from the leader's where
 * Raft says it must not, shows at the next entry. A body's bytes are not part of the row: they
 * lie in KV_CHUNKS under (shard, index, term), once.
 *
 * In memory is everything above the applied index, without fail, and below it what the cache
 * has room for. Entries are shared with the writer and never change once appended. */
#ifndef TERN_REPLICA_LOG_H
#define TERN_REPLICA_LOG_H

#include "base/blob.h"
#include "base/buf.h"
#include "base/hash.h"

#define LOG_MAX_OP (KIB(320))
#define LOG_MAX_BODY (KIB(320))
#define LOG_MAX_INDEX (UINT64_C(1) << 62) /* of terms too: no peer moves us near an overflow */

enum entry_type { ENTRY_COMMAND = 1, ENTRY_BARRIER, ENTRY_CHANGE }; /* as libraft counts them */

struct entry {
	atomic_uint refs;
	enum entry_type type;
	uint64_t index, term;
	uint64_t log_ms, wall_ms;
	uint64_t prev, chain; /* checksums: of the entry before, of this one */
	struct blob *op;      /* NULL: empty */
	struct blob *body;    /* NULL: none, or only on disk */
	uint32_t body_n;
	struct hash128 body_hash;
	bool budgeted; /* counts against the leader's budget of uncommitted bodies */
};

struct entry *entry_new(enum entry_type type, struct blob *op, struct blob *body); /* takes both */
struct entry *entry_ref(struct entry *e);
void entry_unref(struct entry **e);
struct bytes entry_op(const struct entry *e);
size_t entry_bytes(const struct entry *e);       /* memory, roughly */
void entry_seal(struct entry *e, uint64_t prev); /* sets prev and chain */
bool entry_intact(const struct entry *e);        /* chain, and the body's hash if it is there */

/* The row without its index. */
void entry_pack(const struct entry *e, struct buf *out);
/* NULL: malformed or damaged. */
struct entry *entry_unpack(uint64_t index, struct bytes row) MUST_USE;

/* ---- the log of one shard, in memory */
struct rlog {
	uint64_t first, last; /* on disk, or on the way there; empty: last + 1 == first */
	uint64_t from;        /* in memory: [from, last] */
	uint64_t last_chain, last_term, last_log_ms;
	uint64_t bytes; /* of entries in memory */
	struct entry **ring;
	uint64_t mask;
};

void rlog_init(struct rlog *l, uint64_t applied, uint64_t term, uint64_t chain, uint64_t log_ms);
void rlog_release(struct rlog *l);
struct entry *rlog_get(const struct rlog *l, uint64_t index); /* NULL: not in memory */
void rlog_append(struct rlog *l, struct entry *e); /* takes the reference; index == last + 1 */
/* Drops everything from `index` on; all of it must be in memory. */
void rlog_truncate(struct rlog *l, uint64_t index);
/* Lets go of entries up to `upto` until at most `keep` bytes are left. */
void rlog_evict(struct rlog *l, uint64_t upto, uint64_t keep);
/* Whether entries (consecutive, each sealed upon the one before) fit what is here: the same
 * checksums wherever the terms are the same. True where Raft itself refuses them: another term
 * before the first. */
bool rlog_fits(const struct rlog *l, uint64_t prev, uint64_t prev_term, struct entry *const *e,
	       unsigned n);

#endif
