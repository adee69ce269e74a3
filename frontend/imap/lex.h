/* SPDX-License-Identifier: Apache-2.0 */
/* lex.h - the tokens of RFC 3501, section 9, taken off the front of a command.
 *
 * Pure. The first function that fails leaves its complaint in `why`; whoever calls passes false
 * on. Where the input ends behind the announcement of a literal, `open` is set: the client has
 * not sent it yet. What is returned points into the input, or into mem where it was quoted. */
#ifndef TERN_IMAP_LEX_H
#define TERN_IMAP_LEX_H

#include "base/arena.h"
#include "base/buf.h"

struct lex {
	struct bytes in;
	struct arena *mem;
	const char *why;
	unsigned depth, max_depth; /* of parentheses, NOT and OR */
	uint64_t literal;          /* size of the literal that is open */
	bool open, sync, big;      /* big: its size is no number of 63 bits */
};

struct imap_flags {
	uint32_t system;
	struct bytes *keywords;
	size_t n;
};

bool lex_fail(struct lex *l, const char *why); /* false */
bool lex_peek(const struct lex *l, char c);
bool lex_take(struct lex *l, char c); /* true and past it if it is next; no complaint */
bool lex_char(struct lex *l, char c);
bool lex_sp(struct lex *l);
bool lex_end(struct lex *l);  /* CRLF and nothing behind */
bool lex_open(struct lex *l); /* '(' and one level deeper */
bool lex_close(struct lex *l);
bool lex_enter(struct lex *l); /* one level deeper without a parenthesis */
void lex_leave(struct lex *l);

bool lex_atom(struct lex *l, struct bytes *atom);
bool lex_quoted(struct lex *l, struct bytes *s);
bool lex_literal(struct lex *l, struct bytes *s);
bool lex_string(struct lex *l, struct bytes *s);
bool lex_astring(struct lex *l, struct bytes *s);
bool lex_nstring(struct lex *l, struct bytes *s, bool *nil);
bool lex_pattern(struct lex *l, struct bytes *s); /* list-mailbox */
bool lex_number(struct lex *l, uint64_t max, uint64_t *v);
bool lex_set(struct lex *l, struct bytes *set); /* sequence-set, checked, not resolved */
bool lex_flag(struct lex *l, struct imap_flags *flags);
bool lex_flags(struct lex *l, struct imap_flags *flags); /* flag-list */
bool lex_date(struct lex *l, int32_t *day);              /* days since 1970 */
bool lex_date_time(struct lex *l, int64_t *ms, int32_t *zone);

bool lex_is(struct bytes word, const char *keyword); /* without case */
/* "{12}" or "{12+}" at the end of a line (without its CRLF); UINT64_MAX: no number of 63 bits. */
bool lex_announces(struct bytes line, uint64_t *size, bool *sync);

#endif
