/* SPDX-License-Identifier: Apache-2.0 */
/* place.h - placements: a message in a mailbox, found by UID whatever segment holds it. */
#ifndef TERN_MAILSTORE_PLACE_H
#define TERN_MAILSTORE_PLACE_H

#include "mailstore/txn.h"

struct place {
	struct row row;           /* without facts, prefix and chunks */
	uint32_t segment, offset; /* 0 and the UID, as a rule */
	bool relative;            /* MODSEQ is the segment's + offset: unchanged since then */
};

/* Any table keyed by (mailbox, segment, offset), in the order of UIDs from `from` to `to`. */
struct uid_iter {
	struct rows *rows;
	uint64_t account;
	enum account_table table;
	const struct mailbox_rec *mb;
	uint32_t next, to;
	struct rows_iter *it;   /* over the piece [piece_from, piece_to] of UIDs */
	uint32_t segment, base; /* UID = base + offset */
	uint32_t piece_to;
	bool done;
};

void uid_iter_init(struct uid_iter *it, struct rows *r, uint64_t account, enum account_table table,
		   const struct mailbox_rec *mb, uint32_t from, uint32_t to);
bool uid_iter_next(struct uid_iter *it, uint32_t *uid, struct bytes *value);
void uid_iter_release(struct uid_iter *it); /* needed only before its end */

bool place_get(struct rows *r, uint64_t account, const struct mailbox_rec *mb, uint32_t uid,
	       struct place *p);
bool place_next(struct uid_iter *it, struct place *p); /* over A_PLACE */
/* A value met while iterating over one segment; s NULL: segment 0. */
void place_decode(struct bytes value, const struct segment *s, uint32_t offset, struct place *p);

struct places {
	size_t n, cap;
	struct place *v;
};
void places_push(struct arena *mem, struct places *list, const struct place *p);

/* The places in ranges (NULL or empty: all; `table`: A_PLACE, or A_DELETED for those with
 * \Deleted), at most `max`, from UID `from`. *next: where to go on; 0: nothing is left. */
size_t places_collect(struct txn *t, struct mailbox *m, enum account_table table,
		      const Tern__Ranges *ranges, size_t max, struct place **places,
		      uint32_t *next);

/* Write all rows of a placement and keep the mailbox's counters; its email's references and the
 * account's usage are the caller's. */
void place_add(struct txn *t, struct mailbox *m, const struct place *p);
void place_update(struct txn *t, struct mailbox *m, const struct place *old, struct place *now);
void place_remove(struct txn *t, struct mailbox *m, const struct place *p);
/* The rows alone, for placements that the mailbox does not count (batches, purges, merges). */
void place_write(struct txn *t, struct mailbox *m, const struct place *p);
void place_erase(struct txn *t, struct mailbox *m, const struct place *p);

/* Allocates the mailbox's next UID. -ERR_LIMIT: there is none left. */
int place_next_uid(struct txn *t, struct mailbox *m, uint32_t *uid) MUST_USE;

/* Ranges of a result, added in ascending order. */
Tern__Ranges *ranges_new(struct arena *mem);
void ranges_add(struct arena *mem, Tern__Ranges *r, uint32_t uid);
bool ranges_valid(const Tern__Ranges *r);

#endif
