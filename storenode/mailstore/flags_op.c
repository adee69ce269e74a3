/* SPDX-License-Identifier: Apache-2.0 */
/* flags_op.c - STORE: at most ENTRY_ROWS placements a step. */
#include "mailstore/keyword.h"
#include "mailstore/ops.h"
#include "mailstore/place.h"

int check_store_flags(const Tern__Op *op, size_t body UNUSED, struct why *why)
{
	const Tern__StoreFlags *in = op->store_flags;

	if (!ranges_valid(in->uids) || !in->uids || in->uids->n_v == 0)
		return why_set(why, ERR_INVALID, "not a set of UIDs");
	if (in->mode != TERN__STORE_MODE__STORE_REPLACE &&
	    in->mode != TERN__STORE_MODE__STORE_ADD && in->mode != TERN__STORE_MODE__STORE_REMOVE)
		return why_set(why, ERR_INVALID, "no such STORE mode");
	return flags_check(in->flags, why);
}

static void combine(struct flag_set *had, Tern__StoreMode mode, const struct flag_set *arg)
{
	if (mode == TERN__STORE_MODE__STORE_REPLACE) {
		*had = *arg;
	} else if (mode == TERN__STORE_MODE__STORE_ADD) {
		had->system |= arg->system;
		had->keywords.bits[0] |= arg->keywords.bits[0];
		had->keywords.bits[1] |= arg->keywords.bits[1];
	} else {
		had->system &= ~arg->system;
		had->keywords.bits[0] &= ~arg->keywords.bits[0];
		had->keywords.bits[1] &= ~arg->keywords.bits[1];
	}
}

/* RFC 7162, 3.1.3: a row that has changed since is left alone and named; one whose flags come
 * out as they are keeps its MODSEQ. */
static void store_one(struct txn *t, struct mailbox *m, const Tern__StoreFlags *in,
		      const struct flag_set *arg, struct place *p, struct buf *out)
{
	struct place old = *p;
	struct flag_set had, now;

	if (in->conditional && p->row.modseq > in->unchanged_since) {
		ranges_add(t->mem, t->res->uids, p->row.uid);
		return;
	}
	row_flags_get(&p->row, &had);
	now = had;
	combine(&now, in->mode, arg);
	if (!flag_set_eq(&had, &now)) {
		row_flags_set(&p->row, &now);
		place_update(t, m, &old, p);
		t->res->modseq = p->row.modseq;
	}
	row_pack(out, &p->row, ROW_FLAGS | ROW_MODSEQ);
}

int op_store_flags(struct txn *t, const Tern__Op *op)
{
	const Tern__StoreFlags *in = op->store_flags;
	struct flag_set arg;
	struct place *places;
	struct mailbox *m;
	struct bytes rows;
	struct buf out;
	size_t n;
	int ret = txn_want_mailbox(t, in->account, in->mailbox, in->uid_validity, &m);

	if (ret == 0)
		ret = flags_resolve(t, m->a, in->flags, in->mode != TERN__STORE_MODE__STORE_REMOVE,
				    &arg);
	if (ret)
		return ret;
	n = places_collect(t, m, A_PLACE, in->uids, ENTRY_ROWS, &places, &t->res->next_uid);
	t->res->uids = ranges_new(t->mem);
	buf_init(&out, 0);
	for (size_t i = 0; i < n; i++)
		store_one(t, m, in, &arg, &places[i], &out);
	rows = bytes_dup(t->mem, buf_bytes(&out));
	buf_release(&out);
	t->res->rows.data = (uint8_t *)(uintptr_t)rows.p;
	t->res->rows.len = rows.n;
	keywords_report(t, m->a);
	return 0;
}
