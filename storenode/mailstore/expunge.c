/* SPDX-License-Identifier: Apache-2.0 */
/* expunge.c - messages leave a mailbox: at most ENTRY_ROWS a step. */
#include "mailstore/expunge.h"

#include "mailstore/change.h"
#include "mailstore/message.h"
#include "mailstore/ops.h"
#include "mailstore/quota.h"

int check_expunge(const Tern__Op *op, size_t body UNUSED, struct why *why)
{
	const Tern__Expunge *in = op->expunge;

	if (!ranges_valid(in->uids))
		return why_set(why, ERR_INVALID, "not a set of UIDs");
	/* Everything, by a field left out, is too easily said. */
	if (!in->only_deleted && (!in->uids || in->uids->n_v == 0))
		return why_set(why, ERR_INVALID, "an EXPUNGE by UID names the UIDs");
	return 0;
}

void place_expunge(struct txn *t, struct mailbox *m, const struct place *p)
{
	bool last;

	place_remove(t, m, p);
	quota_give(m->a, p->row.size, 1);
	last = email_unref(t, m->a->id, p->row.email);
	tomb_add(t, m, p, last);
	t->res->modseq = m->r.modseq;
}

int op_expunge(struct txn *t, const Tern__Op *op)
{
	const Tern__Expunge *in = op->expunge;
	struct place *places;
	struct mailbox *m;
	size_t n;
	int ret = txn_want_mailbox(t, in->account, in->mailbox, in->uid_validity, &m);

	if (ret)
		return ret;
	n = places_collect(t, m, in->only_deleted ? A_DELETED : A_PLACE, in->uids, ENTRY_ROWS,
			   &places, &t->res->next_uid);
	t->res->uids = ranges_new(t->mem);
	for (size_t i = 0; i < n; i++) {
		place_expunge(t, m, &places[i]);
		ranges_add(t->mem, t->res->uids, places[i].row.uid);
	}
	return 0;
}
