/* SPDX-License-Identifier: Apache-2.0 */
/* uidset.h - a set of 32-bit numbers (UIDs or sequence numbers) as sorted disjoint ranges.
 *
 * Invariant: ranges ascend, do not touch or overlap (1:3 and 4:5 become 1:5), hold no 0. */
#ifndef TERN_MODEL_UIDSET_H
#define TERN_MODEL_UIDSET_H

#include "base/arena.h"
#include "base/buf.h"

struct uid_range {
	uint32_t from, to; /* inclusive */
};

struct uidset {
	struct uid_range *v;
	size_t n, cap;
};

void uidset_init(struct uidset *s);
void uidset_release(struct uidset *s);
void uidset_clear(struct uidset *s);
void uidset_add(struct uidset *s, uint32_t from, uint32_t to); /* any order; amortised */
void uidset_remove(struct uidset *s, uint32_t from, uint32_t to);
bool uidset_has(const struct uidset *s, uint32_t uid);
uint64_t uidset_count(const struct uidset *s);
uint32_t uidset_min(const struct uidset *s); /* 0: empty */
uint32_t uidset_max(const struct uidset *s);
void uidset_intersect(struct uidset *s, const struct uidset *with);

/* IMAP sequence-set: "1,3:5,9:*". `star` is what * stands for (0: an empty mailbox, a set of *
 * alone is then empty). At most max_ranges items. False: malformed, a 0 or an overflow. */
bool uidset_parse(struct uidset *s, struct bytes text, uint32_t star, size_t max_ranges) MUST_USE;
void uidset_print(const struct uidset *s, struct buf *out); /* "1,3:5"; "" when empty */

/* The wire's Ranges: from, to, from, to. False: odd count, 0, or not ascending. */
bool uidset_from_ranges(struct uidset *s, const uint32_t *v, size_t n) MUST_USE;
uint32_t *uidset_to_ranges(const struct uidset *s, struct arena *mem, size_t *n);

struct uidset_iter {
	const struct uidset *s;
	size_t i;
	uint32_t next;
};
void uidset_iter_init(struct uidset_iter *it, const struct uidset *s);
bool uidset_next(struct uidset_iter *it, uint32_t *uid);

#endif
