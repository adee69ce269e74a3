/* SPDX-License-Identifier: Apache-2.0 */
/* grammar.h - the arguments of each command; one function for each kind of them.
 *
 * Pure. Each takes what stands between the command's name and its CRLF, blank first. */
#ifndef TERN_IMAP_GRAMMAR_H
#define TERN_IMAP_GRAMMAR_H

#include "imap/parse.h"

struct grammar {
	struct lex lex;
	struct imap_cmd *cmd;
	const struct imap_limits *limits;
	unsigned terms;
	bool message; /* the literal that is open is APPEND's message */
};

typedef bool grammar_fn(struct grammar *g);

grammar_fn args_none, args_id, args_authenticate, args_login, args_mailbox, args_two_mailboxes,
	args_create, args_list, args_lsub, args_status, args_append, args_quota, args_set,
	args_fetch, args_store, args_copy, args_search;

/* "(MESSAGES UNSEEN)" */
bool grammar_status_items(struct lex *l, unsigned *items);

#endif
