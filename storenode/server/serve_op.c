/* SPDX-License-Identifier: Apache-2.0 */
/* serve_op.c - an operation: checked, proposed, answered once a majority's disks have it and it
 * is applied here. */
#include "base/base.h"
#include "base/fault.h"
#include "server/requests.h"

/* What goes through the log: the stamp without times (the leader's host adds them to the entry
 * itself), then the packed Op. */
static struct blob *entry_pack(const struct request *r)
{
	struct stamp stamp = { .client = r->head->client,
			       .seq = r->head->seq,
			       .done_below = r->head->done_below,
			       .trace = r->head->trace };
	struct bytes op = r->in.body->b;
	uint8_t *room;
	struct blob *blob = blob_new(STAMP_BYTES + op.n, &room);

	stamp_pack(&stamp, room);
	memcpy(room + STAMP_BYTES, op.p, op.n);
	return blob;
}

static void done(void *arg, int status, uint64_t index, struct blob *result)
{
	struct request *r = arg;

	r->index = index;
	if (status == ERR_OK) {
		log_debug(NULL, "op_done", "trace=%016lx shard=%u index=%lu",
			  (unsigned long)r->head->trace, r->head->shard, (unsigned long)index);
		if (FAULT("op_reply_lost"))
			request_drop(r);
		else
			request_reply(r, ERR_OK, result ? blob_ref(result) : NULL);
		return;
	}
	/* A refusal with an index says: proposed, and its fate is open. The router asks again
	 * under the same id; without one this attempt certainly does nothing. */
	if (status == ERR_UNKNOWN)
		r->index = MAX(index, 1);
	else
		r->index = 0;
	request_reply(r, status == ERR_UNKNOWN ? ERR_NOTLEADER : status, NULL);
}

/* Nodes keep the map and the replica records, operators may mend them; nobody sends what only
 * a leader proposes. */
static bool may_ask(enum zap_role role, Tern__Op__WhatCase what)
{
	if (what == TERN__OP__WHAT_MAINTAIN)
		return false;
	if (what == TERN__OP__WHAT_MAP_SET || what == TERN__OP__WHAT_REPLICA_SET)
		return role == ZAP_NODE || role == ZAP_OPERATOR;
	return role != ZAP_NODE || what == TERN__OP__WHAT_HELLO || what == TERN__OP__WHAT_FENCE;
}

static int check(struct request *r, struct why *why)
{
	Tern__Op *op = r->in.body ? WIRE_UNPACK(op, r->in.body->b, &r->mem) : NULL;
	size_t body = r->in.n_payload ? r->in.payload[0]->b.n : 0;

	if (!op || r->in.n_payload > 1)
		return why_set(why, ERR_INVALID, "malformed operation");
	if (!may_ask(r->role, op->what_case))
		return why_set(why, ERR_DENIED, "not for this key");
	if (op_grows(op) && host_shard_short(r->server->host, r->head->shard))
		return why_set(why, ERR_NOSPACE, "a replica of the shard is short of disk space");
	return op_check(op, body, why);
}

void serve_op(struct request *r)
{
	struct host_status status;
	struct blob *body;
	struct why why;
	int ret;

	if (!r->server->host || !host_status(r->server->host, r->head->shard, &status)) {
		request_fail(r, ERR_EPOCH, "no replica of that shard here");
		return;
	}
	ret = check(r, &why);
	if (ret < 0) {
		request_fail(r, -ret, why.text);
		return;
	}
	body = r->in.n_payload ? blob_ref(r->in.payload[0]) : NULL;
	host_submit(r->server->host, r->head->shard, entry_pack(r), body, done, r);
}
