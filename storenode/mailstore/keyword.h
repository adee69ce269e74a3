/* SPDX-License-Identifier: Apache-2.0 */
/* keyword.h - an account's keywords as numbers, and flags as they come in operations.
 *
 * The dictionary only grows, up to KEYWORDS_MAX: a number's meaning never changes. */
#ifndef TERN_MAILSTORE_KEYWORD_H
#define TERN_MAILSTORE_KEYWORD_H

#include "mailstore/txn.h"

struct keyword_set {
	uint64_t bits[KEYWORDS_MAX / 64];
};

struct flag_set {
	uint32_t system;
	struct keyword_set keywords;
};

/* The keywords of an account, in the order of their numbers. */
size_t keywords_read(struct rows *r, uint64_t account, struct arena *mem, struct bytes *names);
void keywords_close(struct txn *t, struct account *a);
/* Entries first used by this operation go into the result. */
void keywords_report(struct txn *t, struct account *a);

int flags_check(const Tern__Flags *f, struct why *why) MUST_USE; /* f may be NULL */
/* `add`: unknown keywords get a number, -ERR_LIMIT when the dictionary is full; else they are
 * left out. flags may be NULL. */
int flags_resolve(struct txn *t, struct account *a, const Tern__Flags *flags, bool add,
		  struct flag_set *set) MUST_USE;

void row_flags_get(const struct row *row, struct flag_set *set);
void row_flags_set(struct row *row, const struct flag_set *set);
static inline bool flag_set_eq(const struct flag_set *a, const struct flag_set *b)
{
	return a->system == b->system && a->keywords.bits[0] == b->keywords.bits[0] &&
	       a->keywords.bits[1] == b->keywords.bits[1];
}

#endif
