/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TERN_MAILSTORE_COPY_H
#define TERN_MAILSTORE_COPY_H

#include "mailstore/txn.h"

/* From Maintain: undoes a dead batch or merges a done one, at most `max` placements. Returns
 * when to come again, 0: it is gone. */
uint64_t batch_run(struct txn *t, uint64_t account, uint64_t id, size_t max, size_t *n);

#endif
