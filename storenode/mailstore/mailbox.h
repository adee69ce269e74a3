/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TERN_MAILSTORE_MAILBOX_H
#define TERN_MAILSTORE_MAILBOX_H

#include "mailstore/name.h"

/* INBOX of a new account. */
int mailbox_make_inbox(struct txn *t, struct account *a) MUST_USE;
/* CREATE: missing parents are made too. */
int mailbox_make(struct txn *t, struct account *a, const Tern__MailboxCreate *op, uint32_t *id)
	MUST_USE;
int mailbox_create_check(const Tern__MailboxCreate *op, struct why *why) MUST_USE;
/* From Maintain: at most `max` messages of a deleted mailbox; when to come again, 0: gone. */
uint64_t mailbox_purge(struct txn *t, uint64_t account, uint32_t id, size_t max, size_t *n);

#endif
