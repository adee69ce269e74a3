/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TERN_MAILSTORE_ACCOUNT_H
#define TERN_MAILSTORE_ACCOUNT_H

#include "mailstore/txn.h"

/* From Maintain: at most `max` rows of a deleted account; when to come again, 0: gone. */
uint64_t account_purge(struct txn *t, uint64_t id, size_t max, size_t *n);

#endif
