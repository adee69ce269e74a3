/* SPDX-License-Identifier: Apache-2.0 */
/* queue.h - pending deliveries: recipients of a message that live in other shards.
 *
 *   waiting    DUE in the past     may be leased by whoever comes first
 *   leased     DUE at lease's end  the owner finishes it; then it is waiting again
 *   done       no rows             its content has one reference less */
#ifndef TERN_MAILSTORE_QUEUE_H
#define TERN_MAILSTORE_QUEUE_H

#include "mailstore/txn.h"

uint64_t pending_add(struct txn *t, const Tern__Deliver *d, const Tern__Recipient *r,
		     uint64_t content);

#endif
