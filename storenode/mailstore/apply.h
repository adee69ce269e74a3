/* SPDX-License-Identifier: Apache-2.0 */
/* apply.h - the only way in: committed entries change a shard's rows, deterministically.
 *
 * No clock, no randomness, no I/O but rows.h: the same entries give the same rows, results and
 * effects on every replica, for ever (an operation version never changes its result). A refused
 * operation changes nothing but its answered-request row. Every entry is bounded: at most 1,000
 * rows of mail change in one.
 *
 * A log entry's bytes are [stamp][Op]; the body (a chunk), if any, is kept apart by the replica
 * under (shard, index, term) before the entry is applied. */
#ifndef TERN_MAILSTORE_APPLY_H
#define TERN_MAILSTORE_APPLY_H

#include "base/arena.h"
#include "engine/rows.h"
#include "wire/tern.pb-c.h"

/* What the leader puts before the operation. Fixed binary layout, STAMP_BYTES long. */
struct stamp {
	uint64_t log_ms;                  /* log time: never goes back, no wall clock in it */
	uint64_t wall_ms;                 /* for INTERNALDATE and people only */
	uint64_t client, seq, done_below; /* request id; client 0: known by the delivery's id */
	uint64_t trace;
};
#define STAMP_BYTES 50 /* version 16 bit, six numbers */

void stamp_pack(const struct stamp *s, uint8_t out[STAMP_BYTES]);
/* Takes it off *entry. -ERR_VERSION: made by a newer version. */
int stamp_unpack(struct bytes *entry, struct stamp *s) MUST_USE;

struct entry {
	uint64_t index, term;
	struct stamp stamp;
	struct bytes op;      /* packed Op */
	uint32_t body_stored; /* bytes of the entry's body; 0: none */
	struct hash128 body_hash;
};

/* What the world outside the rows must know of an applied entry. Lists live in the arena. */
struct effects {
	struct effect_hint { /* for watchers */
		uint64_t account;
		uint32_t mailbox;
		uint64_t modseq;
	} * hints;
	size_t n_hints;
	struct effect_chunk { /* bodies that nothing refers to any more: the reclaim list */
		uint64_t index, term;
	} * reclaim;
	size_t n_reclaim;
	bool map_changed; /* shard 0: read the map again */
	bool newer;       /* made by a newer version: this program must not apply any more */
};

/* Applies one entry and returns the packed Result (in mem). A duplicate of an answered request
 * returns the first answer and has no effects but its own unused body. */
struct bytes mailstore_apply(struct rows *rows, const struct entry *e, struct arena *mem,
			     struct effects *fx);

/* A leader asks now and then (with its log time) whether proposing Maintain is worth it: idle
 * clients, staged uploads, old answers, tombstones, marked mailboxes, unreferenced content,
 * leases that have ended. */
bool mailstore_due(struct rows *rows, uint64_t log_ms);
/* Log time of the last entry applied; a new leader goes on from there. */
uint64_t mailstore_log_ms(struct rows *rows);

/* The request classes of an operation, for admission before it is proposed. */
bool op_grows(const Tern__Op *op); /* needs disk: refused when space is short */
int op_check(const Tern__Op *op, size_t body, struct why *why) MUST_USE; /* shape and limits */

#endif
