/* SPDX-License-Identifier: Apache-2.0 */
#include "mailstore/deliver.h"
#include "mailstore/ops.h"
#include "mailstore/session.h"
#include "wire/frame.h"

/* ---- every kind of operation */

#define OP(name, NAME, version, flags)                                                \
	{                                                                             \
#name, TERN__OP__WHAT_##NAME, version, op_##name, check_##name, flags \
	}
#define check_hello check_nothing
#define check_maintain check_nothing

static const struct op_kind kinds[] = {
	OP(hello, HELLO, 1, OP_CLIENT),
	OP(fence, FENCE, 1, 0),
	OP(chunk, CHUNK, 1, OP_GROWS | OP_BODY),
	OP(upload_abort, UPLOAD_ABORT, 1, 0),
	OP(deliver, DELIVER, 1, OP_GROWS | OP_BODY),
	OP(pending_lease, PENDING_LEASE, 1, 0),
	OP(pending_done, PENDING_DONE, 1, 0),
	OP(append, APPEND, 1, OP_CLIENT | OP_GROWS | OP_BODY),
	OP(store_flags, STORE_FLAGS, 1, OP_CLIENT),
	OP(expunge, EXPUNGE, 1, OP_CLIENT),
	OP(copy, COPY, 1, OP_CLIENT | OP_GROWS),
	OP(mailbox_create, MAILBOX_CREATE, 1, OP_CLIENT | OP_GROWS),
	OP(mailbox_delete, MAILBOX_DELETE, 1, OP_CLIENT),
	OP(mailbox_rename, MAILBOX_RENAME, 1, OP_CLIENT),
	OP(subscribe, SUBSCRIBE, 1, OP_CLIENT),
	OP(account_create, ACCOUNT_CREATE, 1, OP_GROWS),
	OP(account_set, ACCOUNT_SET, 1, 0),
	OP(account_delete, ACCOUNT_DELETE, 1, 0),
	OP(domain_set, DOMAIN_SET, 1, OP_GROWS),
	OP(domain_delete, DOMAIN_DELETE, 1, 0),
	OP(alias_set, ALIAS_SET, 1, OP_GROWS),
	OP(alias_delete, ALIAS_DELETE, 1, 0),
	OP(map_set, MAP_SET, 1, OP_SHARD0),
	OP(replica_set, REPLICA_SET, 1, OP_SHARD0),
	OP(maintain, MAINTAIN, 1, 0),
};

const struct op_kind *op_kind(const Tern__Op *op)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (kinds[i].what == op->what_case)
			return op->version >= 1 && op->version <= kinds[i].version ? &kinds[i] :
										     NULL;
	return NULL;
}

bool op_grows(const Tern__Op *op)
{
	const struct op_kind *k = op_kind(op);

	/* A MOVE makes nothing bigger. */
	return k && k->flags & OP_GROWS &&
	       !(op->what_case == TERN__OP__WHAT_COPY && op->copy->move);
}

/* More than this program knows, as opposed to nonsense. */
static bool op_newer(const Tern__Op *op)
{
	return op->version > 1 ||
	       (op->what_case == TERN__OP__WHAT__NOT_SET && op->base.n_unknown_fields > 0);
}

int op_check(const Tern__Op *op, size_t body, struct why *why)
{
	const struct op_kind *k = op_kind(op);

	if (!k && op_newer(op))
		return why_set(why, ERR_VERSION, "an operation of a newer version");
	if (!k)
		return why_set(why, ERR_INVALID, "no such operation");
	return k->check(op, body, why);
}

/* ---- applying one */

static struct bytes pack(struct txn *t, int ret)
{
	Tern__Result *res = t->res;
	uint8_t *p;
	size_t n;

	if (t->answered)
		return t->answer;
	res->status = (uint32_t)-ret;
	if (ret)
		res->why = bytes_cstr(t->mem, bytes_str(t->why.text));
	n = tern__result__get_packed_size(res);
	p = arena_alloc(t->mem, n);
	return bytes_of(p, tern__result__pack(res, p));
}

static int check(struct txn *t, const Tern__Op *op, const struct op_kind *kind)
{
	int ret = op_check(op, t->e->body_stored, &t->why);

	if (ret)
		return ret;
	if (kind->flags & OP_CLIENT && t->e->stamp.client == 0)
		return REFUSE(t, ERR_INVALID, "the operation needs a request id");
	if (kind->flags & OP_SHARD0 && rows_shard(t->rows) != 0)
		return REFUSE(t, ERR_INVALID, "the operation belongs to shard 0");
	return 0;
}

/* Runs the operation; a refused one leaves no rows, open records or effects behind. */
static struct bytes run(struct txn *t, const Tern__Op *op)
{
	const struct op_kind *kind = op ? op_kind(op) : NULL;
	struct bytes answer;
	int ret;

	if (!op)
		ret = REFUSE(t, ERR_INVALID, "malformed operation");
	else
		ret = check(t, op, kind);
	if (ret)
		return pack(t, ret);
	ret = kind->run(t, op);
	if (ret && !t->keep)
		txn_rollback(t);
	else
		txn_close(t);
	answer = pack(t, ret);
	if (op->what_case == TERN__OP__WHAT_DELIVER && !t->answered && ret != -ERR_FENCED &&
	    ret != -ERR_EXPIRED)
		delivery_answer(t, op->deliver, answer);
	return answer;
}

static struct bytes in_session(struct txn *t, const Tern__Op *op)
{
	bool hello = op && op->what_case == TERN__OP__WHAT_HELLO && op->version == 1;
	struct bytes answer;
	int ret = 0;

	switch (session_begin(t, hello, &answer, &ret)) {
	case SESSION_REFUSED: return pack(t, ret);
	case SESSION_DONE: return answer;
	case SESSION_NONE: rows_mark(t->rows); return run(t, op);
	case SESSION_NEW: break;
	}
	shard_put(t->rows, &t->shard); /* what a rollback returns to */
	rows_mark(t->rows);
	answer = run(t, op);
	session_answered(t, answer);
	return answer;
}

struct bytes mailstore_apply(struct rows *rows, const struct entry *e, struct arena *mem,
			     struct effects *fx)
{
	Tern__Op *op = WIRE_UNPACK(op, e->op, mem);
	struct bytes answer;
	struct txn t;

	txn_open(&t, rows, e, mem, fx);
	answer = in_session(&t, op);
	if (op && !op_kind(op) && op_newer(op))
		fx->newer = true;
	if (e->body_stored && !t.body_used)
		txn_reclaim(&t, e->index, e->term);
	shard_put(rows, &t.shard);
	return answer;
}
