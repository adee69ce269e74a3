/* SPDX-License-Identifier: Apache-2.0 */
/* txn.h - one entry being applied.
 *
 * Records that an operation changes more than once are opened here: there is one struct for
 * each, however often it is asked for, and txn_close writes the changed ones back. An operation
 * that is refused returns -ERR_X; then nothing it did remains (unless it set `keep`). */
#ifndef TERN_MAILSTORE_TXN_H
#define TERN_MAILSTORE_TXN_H

#include "mailstore/apply.h"
#include "mailstore/record_account.h"

struct keywords;

struct mailbox {
	struct mailbox *next;
	struct account *a;
	struct mailbox_rec r;
	uint64_t hint; /* MODSEQ of its last change by this entry; 0: none */
	bool dirty;
};

struct account {
	struct account *next;
	struct mailbox *mailboxes;
	uint64_t id;
	struct info_rec info;
	struct counters_rec c;
	struct keywords *keywords; /* NULL: not asked for yet */
	bool dirty, info_dirty;
};

struct txn {
	struct rows *rows;
	const struct entry *e;
	struct arena *mem;
	struct effects *fx;
	uint64_t now, wall; /* log and wall time, ms */
	struct shard_rec shard;
	Tern__Result *res;
	struct why why;
	struct account *accounts;
	size_t cap_hints, cap_reclaim;
	struct bytes answer; /* when `answered`: the packed Result, instead of res */
	bool answered;       /* by an earlier entry */
	bool body_used;      /* the entry's own body is referred to */
	bool keep;           /* refused, but what was written stays */
};

void txn_open(struct txn *t, struct rows *rows, const struct entry *e, struct arena *mem,
	      struct effects *fx);
void txn_close(struct txn *t);
/* Forgets everything since txn_open. */
void txn_rollback(struct txn *t);

/* NULL: no such account, or a deleted one. */
struct account *txn_account(struct txn *t, uint64_t id);
/* A new account's counters and limits, not yet in any row. */
struct account *txn_account_new(struct txn *t, uint64_t id);
/* The same with a sentence in t->why. */
int txn_want_account(struct txn *t, uint64_t id, struct account **a) MUST_USE;
struct mailbox *txn_mailbox(struct txn *t, struct account *a, uint32_t id);
struct mailbox *txn_mailbox_any(struct txn *t, struct account *a, uint32_t id); /* dying too */
struct mailbox *txn_mailbox_new(struct txn *t, struct account *a);
/* uid_validity 0: any. */
int txn_want_mailbox(struct txn *t, uint64_t account, uint32_t mailbox, uint32_t uid_validity,
		     struct mailbox **m) MUST_USE;

/* The account's next MODSEQ, given to something in m. */
uint64_t txn_modseq(struct txn *t, struct mailbox *m);
/* The same for a change of the tree of names. */
uint64_t txn_modseq_name(struct txn *t, struct account *a, uint32_t mailbox);

void txn_hint(struct txn *t, uint64_t account, uint32_t mailbox, uint64_t modseq);
void txn_reclaim(struct txn *t, uint64_t index, uint64_t term);
void txn_timer(struct txn *t, uint64_t due, enum timer_kind kind, struct bytes id);

#define REFUSE(t, err, ...) why_set(&(t)->why, (err), __VA_ARGS__)

#endif
