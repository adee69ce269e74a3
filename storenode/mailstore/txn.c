/* SPDX-License-Identifier: Apache-2.0 */
#include "mailstore/txn.h"

#include "mailstore/keyword.h"

static Tern__Result *result_new(struct arena *mem)
{
	Tern__Result *res = arena_new(mem, Tern__Result);

	tern__result__init(res);
	return res;
}

void txn_open(struct txn *t, struct rows *rows, const struct entry *e, struct arena *mem,
	      struct effects *fx)
{
	*t = (struct txn){ .rows = rows, .e = e, .mem = mem, .fx = fx, .wall = e->stamp.wall_ms };
	*fx = (struct effects){ .n_hints = 0 };
	t->res = result_new(mem);
	shard_get(rows, &t->shard);
	t->now = MAX(t->shard.log_ms, e->stamp.log_ms);
	t->shard.log_ms = t->now;
}

void txn_rollback(struct txn *t)
{
	rows_rollback(t->rows);
	*t->fx = (struct effects){ .n_hints = 0 };
	t->cap_hints = t->cap_reclaim = 0;
	t->accounts = NULL;
	t->res = result_new(t->mem);
	t->body_used = false;
	t->answered = t->keep = false;
	shard_get(t->rows, &t->shard);
	t->shard.log_ms = t->now;
}

static void close_mailbox(struct txn *t, struct mailbox *m)
{
	if (m->dirty)
		mailbox_put(t->rows, m->a->id, &m->r);
	if (m->hint)
		txn_hint(t, m->a->id, m->r.id, m->hint);
}

static void close_account(struct txn *t, struct account *a)
{
	for (struct mailbox *m = a->mailboxes; m; m = m->next)
		close_mailbox(t, m);
	keywords_close(t, a);
	if (a->dirty)
		counters_put(t->rows, a->id, &a->c);
	if (a->info_dirty)
		info_put(t->rows, a->id, &a->info);
}

void txn_close(struct txn *t)
{
	for (struct account *a = t->accounts; a; a = a->next)
		close_account(t, a);
	t->accounts = NULL;
}

/* ---- accounts and mailboxes */

static struct account *account_add(struct txn *t, uint64_t id)
{
	struct account *a = arena_new(t->mem, struct account);

	a->id = id;
	a->next = t->accounts;
	t->accounts = a;
	return a;
}

struct account *txn_account_new(struct txn *t, uint64_t id)
{
	struct account *a = account_add(t, id);

	a->c.next_mailbox = 1;
	a->c.next_email = 1;
	a->dirty = a->info_dirty = true;
	return a;
}

struct account *txn_account(struct txn *t, uint64_t id)
{
	struct info_rec info;
	struct account *a;

	for (a = t->accounts; a; a = a->next)
		if (a->id == id)
			return a->info.dying ? NULL : a;
	if (!info_get(t->rows, id, t->mem, &info) || info.dying)
		return NULL;
	a = account_add(t, id);
	a->info = info;
	INVARIANT(counters_get(t->rows, id, &a->c));
	return a;
}

int txn_want_account(struct txn *t, uint64_t id, struct account **a)
{
	*a = txn_account(t, id);
	if (!*a)
		return REFUSE(t, ERR_NOTFOUND, "no such account");
	return 0;
}

static struct mailbox *mailbox_add(struct txn *t, struct account *a)
{
	struct mailbox *m = arena_new(t->mem, struct mailbox);

	m->a = a;
	m->next = a->mailboxes;
	a->mailboxes = m;
	return m;
}

struct mailbox *txn_mailbox_new(struct txn *t, struct account *a)
{
	struct mailbox *m = mailbox_add(t, a);

	m->dirty = true;
	return m;
}

struct mailbox *txn_mailbox_any(struct txn *t, struct account *a, uint32_t id)
{
	struct mailbox_rec r;
	struct mailbox *m;

	for (m = a->mailboxes; m; m = m->next)
		if (m->r.id == id)
			return m;
	if (!mailbox_get(t->rows, a->id, id, &r))
		return NULL;
	m = mailbox_add(t, a);
	m->r = r;
	return m;
}

struct mailbox *txn_mailbox(struct txn *t, struct account *a, uint32_t id)
{
	struct mailbox *m = txn_mailbox_any(t, a, id);

	return m && !m->r.dying ? m : NULL;
}

int txn_want_mailbox(struct txn *t, uint64_t account, uint32_t mailbox, uint32_t uid_validity,
		     struct mailbox **m)
{
	struct account *a;
	int ret = txn_want_account(t, account, &a);

	if (ret)
		return ret;
	*m = txn_mailbox(t, a, mailbox);
	if (!*m)
		return REFUSE(t, ERR_NOTFOUND, "no such mailbox");
	if (uid_validity && uid_validity != (*m)->r.uid_validity)
		return REFUSE(t, ERR_NOTFOUND, "the mailbox has another UIDVALIDITY");
	return 0;
}

/* ---- change sequence */

uint64_t txn_modseq(struct txn *t UNUSED, struct mailbox *m)
{
	m->a->dirty = m->dirty = true;
	m->hint = m->r.modseq = ++m->a->c.modseq;
	return m->r.modseq;
}

uint64_t txn_modseq_name(struct txn *t, struct account *a, uint32_t mailbox)
{
	a->dirty = true;
	a->c.modseq++;
	txn_hint(t, a->id, mailbox, a->c.modseq);
	return a->c.modseq;
}

/* ---- effects */

static void *room(struct txn *t, void *v, size_t n, size_t *cap, size_t size)
{
	uint8_t *bigger;

	if (n < *cap)
		return v;
	*cap = *cap ? *cap * 2 : 8;
	bigger = arena_alloc(t->mem, *cap * size);
	if (n)
		memcpy(bigger, v, n * size);
	return bigger;
}

void txn_hint(struct txn *t, uint64_t account, uint32_t mailbox, uint64_t modseq)
{
	struct effects *fx = t->fx;

	fx->hints = room(t, fx->hints, fx->n_hints, &t->cap_hints, sizeof(*fx->hints));
	fx->hints[fx->n_hints++] = (struct effect_hint){ account, mailbox, modseq };
}

void txn_reclaim(struct txn *t, uint64_t index, uint64_t term)
{
	struct effects *fx = t->fx;

	fx->reclaim = room(t, fx->reclaim, fx->n_reclaim, &t->cap_reclaim, sizeof(*fx->reclaim));
	fx->reclaim[fx->n_reclaim++] = (struct effect_chunk){ index, term };
}

void txn_timer(struct txn *t, uint64_t due, enum timer_kind kind, struct bytes id)
{
	struct key k;

	key_timer(&k, due, kind, id);
	blank_put(t->rows, key_bytes(&k));
}
