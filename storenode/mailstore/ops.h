/* SPDX-License-Identifier: Apache-2.0 */
/* ops.h - every kind of operation: how it is checked and how it is applied.
 *
 * op_X changes rows and fills t->res, or refuses with -ERR_X and a sentence in t->why. check_X
 * looks at the message alone; op_X is only called for what check_X let pass. */
#ifndef TERN_MAILSTORE_OPS_H
#define TERN_MAILSTORE_OPS_H

#include "mailstore/txn.h"

typedef int op_run(struct txn *t, const Tern__Op *op);
typedef int op_checker(const Tern__Op *op, size_t body, struct why *why);

op_run op_hello, op_fence, op_chunk, op_upload_abort, op_deliver, op_pending_lease, op_pending_done,
	op_append, op_store_flags, op_expunge, op_copy, op_mailbox_create, op_mailbox_delete,
	op_mailbox_rename, op_subscribe, op_account_create, op_account_set, op_account_delete,
	op_domain_set, op_domain_delete, op_alias_set, op_alias_delete, op_map_set, op_replica_set,
	op_maintain;

op_checker check_nothing, check_fence, check_chunk, check_upload_abort, check_deliver,
	check_pending_lease, check_pending_done, check_append, check_store_flags, check_expunge,
	check_copy, check_mailbox_create, check_mailbox_delete, check_mailbox_rename,
	check_subscribe, check_account_create, check_account_set, check_account_delete,
	check_domain_set, check_domain_delete, check_alias_set, check_alias_delete, check_map_set,
	check_replica_set;

enum {
	OP_CLIENT = BIT(0), /* only for a known client: it must not happen twice */
	OP_GROWS = BIT(1),  /* needs disk */
	OP_SHARD0 = BIT(2), /* only there */
	OP_BODY = BIT(3),   /* may bring a chunk along */
};

struct op_kind {
	const char *name;
	Tern__Op__WhatCase what;
	uint32_t version; /* the newest that is known; all below too */
	op_run *run;
	op_checker *check;
	unsigned flags;
};

const struct op_kind *op_kind(const Tern__Op *op); /* NULL: unknown kind or version */

#endif
