/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TERN_MAILSTORE_EXPUNGE_H
#define TERN_MAILSTORE_EXPUNGE_H

#include "mailstore/place.h"

/* Out of the mailbox, off the quota, with a tombstone; the email goes with its last placement. */
void place_expunge(struct txn *t, struct mailbox *m, const struct place *p);

#endif
