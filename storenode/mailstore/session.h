/* SPDX-License-Identifier: Apache-2.0 */
/* session.h - request ids: what has been answered is not done twice, what is forgotten never.
 *
 *   client       row                  its requests
 *   unknown      none                 refused as expired, but Hello
 *   known        CLIENT               below done_below expired; answered: the first answer; else
 *                                     done, and the answer kept until done_below passes it
 *   forgotten    CLIENT, forgotten    refused as expired; Hello above all it ever sent revives it
 *
 * Known becomes forgotten after an hour of silence, forgotten unknown seven days later. */
#ifndef TERN_MAILSTORE_SESSION_H
#define TERN_MAILSTORE_SESSION_H

#include "mailstore/txn.h"

enum session {
	SESSION_NONE,    /* no client: nothing is kept */
	SESSION_NEW,     /* to be done */
	SESSION_DONE,    /* *answer is the first answer */
	SESSION_REFUSED, /* -ERR_EXPIRED or such, kept nowhere */
};

enum session session_begin(struct txn *t, bool hello, struct bytes *answer, int *ret);
/* Keeps the answer, moves done_below on and drops answers below. After the operation's own rows
 * are settled. */
void session_answered(struct txn *t, struct bytes answer);
uint64_t client_expire(struct txn *t, uint64_t client, size_t max, size_t *n);

/* fence of (client, seq): true with the answer if it has happened. */
bool session_fence(struct txn *t, uint64_t client, uint64_t seq, struct bytes *answer, int *ret);

#endif
