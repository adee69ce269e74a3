/* SPDX-License-Identifier: Apache-2.0 */
/* message.h - from a body to a message in a mailbox and back.
 *
 *   chunks <- CONTENT/BODY (one per body in the shard) <- EMAIL (one per account) <- placements
 *
 * Each arrow is a reference that is counted at its head. An email without placements goes at
 * once, a content without emails and pending deliveries waits `UNDELETE`. */
#ifndef TERN_MAILSTORE_MESSAGE_H
#define TERN_MAILSTORE_MESSAGE_H

#include "mailstore/chunk.h"
#include "mailstore/keyword.h"
#include "mailstore/place.h"

struct content { /* as an operation brings it, chunks found */
	const Tern__Content *op;
	struct staged staged; /* n 0: no upload */
	struct bytes chunks;  /* packed */
	bool own;             /* the entry's body is one of them */
	uint64_t id;          /* 0: not stored yet */
};

int content_check(const Tern__Content *c, size_t body, struct why *why) MUST_USE;
/* Finds the chunks among the entry's body and the staged ones; changes nothing. */
int content_open(struct txn *t, const Tern__Content *op, struct content *c) MUST_USE;
/* Writes it with `refs` references, or drops the upload when nobody wants it. */
void content_store(struct txn *t, struct content *c, uint64_t refs);
void content_drop(struct txn *t, struct content *c);
/* A number for it before it is stored. */
uint64_t content_number(struct txn *t, struct content *c);
void content_unref(struct txn *t, uint64_t id);
/* From Maintain: the body goes. When to come again; 0: never. */
uint64_t content_expire(struct txn *t, uint64_t id, size_t *n);

struct message {
	uint64_t content;
	const Tern__Content *op;
	struct bytes prefix;
	uint64_t date_ms;
	int32_t zone;
	struct flag_set flags;
};

/* A new email with its first placement; quota is taken. Changes nothing when it refuses. */
int message_add(struct txn *t, struct mailbox *m, const struct message *msg, struct place *p)
	MUST_USE;

/* One placement more or less of an email; true: that was the last, the email is gone. */
void email_ref(struct txn *t, struct account *a, uint64_t id);
bool email_unref(struct txn *t, uint64_t account, uint64_t id);

#endif
