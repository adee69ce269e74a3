/* SPDX-License-Identifier: Apache-2.0 */
/* deliver.h - deliveries: known by (delivery id, recipient account) for seven days, whoever
 * brings them.
 *
 *   delivery    rows                                 brought again
 *   unknown     none                                 done, unless born over six days ago
 *   answered    DELIVERY fingerprint, DELIVERED      same recipients: the first answer; others:
 *                                                    done for those not in DELIVERED
 *   fenced      DELIVERY 0                           refused: it will not happen
 *
 * The fingerprint is a hash of the recipients, so that a delivery may reach a shard in several
 * operations (its home's, and pending ones of another home). */
#ifndef TERN_MAILSTORE_DELIVER_H
#define TERN_MAILSTORE_DELIVER_H

#include "mailstore/txn.h"

bool delivery_fence(struct txn *t, struct bytes id, struct bytes *answer, int *ret);
/* Keeps the packed Result of a delivery, a refusal too: what was refused will not happen when
 * the same operation comes again and would then succeed. */
void delivery_answer(struct txn *t, const Tern__Deliver *op, struct bytes answer);
uint64_t delivery_expire(struct txn *t, struct bytes id, size_t *n);

#endif
