/* SPDX-License-Identifier: Apache-2.0 */
/* change.h - what changed in a mailbox since a MODSEQ: changes of living placements (CHANGE
 * rows, unmerged segments) and tombstones, both in the order of MODSEQ. */
#ifndef TERN_MAILSTORE_CHANGE_H
#define TERN_MAILSTORE_CHANGE_H

#include "mailstore/place.h"

/* Leaves a tombstone of a placement just removed. */
void tomb_add(struct txn *t, struct mailbox *m, const struct place *p, bool last);
/* Drops at most `max` tombstones that are too old or too many; returns when to come again
 * (0: never), and in *n how many went. */
uint64_t tombs_trim(struct txn *t, struct mailbox *m, size_t max, size_t *n);

/* Placements changed after `since`, in the order of MODSEQ. */
struct change_iter {
	struct rows *rows;
	uint64_t account;
	const struct mailbox_rec *mb;
	uint64_t next;           /* MODSEQ */
	uint64_t piece_to;       /* of the rows that are open: up to here */
	const struct segment *s; /* whose they are; NULL: CHANGE */
	struct rows_iter *it;
	bool done;
};

void change_iter_init(struct change_iter *it, struct rows *r, uint64_t account,
		      const struct mailbox_rec *mb, uint64_t since);
bool change_iter_next(struct change_iter *it, uint64_t *modseq, uint32_t *uid);
void change_iter_release(struct change_iter *it);

#endif
