/* SPDX-License-Identifier: Apache-2.0 */
/* maildrop.h - the INBOX as it was at login: numbers, UIDs and sizes, and what is to be deleted.
 *
 * Locked from open to close, so that two POP3 clients do not fetch and delete at cross purposes;
 * nothing rests on the lock, since the end deletes by UID. */
#ifndef TERN_POP3_MAILDROP_H
#define TERN_POP3_MAILDROP_H

#include "session/session.h"
#include "store/body.h"
#include "store/watch.h"

struct drop_message {
	uint32_t uid;
	bool deleted;
	uint64_t size;
};

struct maildrop {
	struct store_lock *lock;
	struct store_box box;
	struct drop_message *v;
	size_t n, cap;
	size_t kept; /* those not deleted, and their octets */
	uint64_t octets;
	const struct drop_message *last; /* opened */
	struct store_page ahead;         /* read with their bodies: who takes one takes the next */
	struct arena ahead_mem;
};

/* On failure there is none. -ERR_INUSE: another session has it. */
CO int maildrop_open(struct session *s, struct maildrop **drop) MUST_USE;
void maildrop_close(struct maildrop **drop);

/* Message `number` (from 1), unless there is none or it is deleted. */
struct drop_message *maildrop_get(struct maildrop *d, uint32_t number);
void maildrop_delete(struct maildrop *d, struct drop_message *m);
void maildrop_undelete(struct maildrop *d); /* all */

/* Opens a message's body; -ERR_NOTFOUND: expunged meanwhile. */
CO int maildrop_body(struct session *s, struct maildrop *d, const struct drop_message *m,
		     struct body **body) MUST_USE;
/* Deletes for good. `gone`: how many were before an error. */
CO int maildrop_commit(struct session *s, struct maildrop *d, uint64_t *gone) MUST_USE;

#endif
