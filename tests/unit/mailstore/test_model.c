/* SPDX-License-Identifier: Apache-2.0 */
/* test_model.c - thousands of random operations against the model.
 *
 * After each entry: all invariants of the rows hold and the state hash is that of a scan. What
 * can be asked is compared with the model again and again. At the end the same entries are
 * applied to a second store in bigger batches: same results, same rows. Seeds are printed;
 * TERN_SEED and TERN_STEPS in the environment choose others. */
#include "histories.h"
#include "model.h"

#include <stdlib.h>

struct kept { /* an entry and its result */
	struct entry e;
	uint8_t *op, *result;
	size_t n_result;
};

struct run {
	struct store s;
	struct model m;
	struct prng r;
	struct kept *kept;
	size_t n, cap;
	uint64_t next_batch, next_delivery;
	unsigned names; /* of accounts so far */
	record_fn *record;
	void *arg;
};

static const char *const words[] = { "$a", "$b", "$Forwarded", "$x", "$junk" };

static unsigned below(struct run *t, unsigned n)
{
	return (unsigned)prng_below(&t->r, n);
}

/* ---- keeping entries */

static void keep(void *arg, const struct entry *e)
{
	struct run *t = arg;
	struct kept *k;

	if (t->record)
		t->record(t->arg, e);
	if (t->n == t->cap) {
		t->cap = t->cap ? t->cap * 2 : 64;
		t->kept = xrealloc(t->kept, t->cap * sizeof(*t->kept));
	}
	k = &t->kept[t->n++];
	*k = (struct kept){ .e = *e };
	k->op = xmalloc(e->op.n + 1);
	memcpy(k->op, e->op.p, e->op.n);
	k->e.op.p = k->op;
}

static void keep_result(struct run *t)
{
	struct kept *k = &t->kept[t->n - 1];

	k->n_result = t->s.packed.n;
	k->result = xmalloc(k->n_result + 1);
	if (k->n_result)
		memcpy(k->result, t->s.packed.p, k->n_result);
}

static Tern__Result *apply(struct run *t, Tern__Op *op, struct bytes body)
{
	Tern__Result *r;

	if (below(t, 8) == 0)
		t->s.done_below = t->s.seq + 1 - MIN(t->s.seq, (uint64_t)below(t, 20));
	r = store_do(&t->s, op, body);
	keep_result(t);
	return r;
}

/* ---- choosing */

static struct m_account *some_account(struct run *t)
{
	for (;;) {
		struct m_account *a = &t->m.accounts[below(t, M_ACCOUNTS)];

		if (a->used)
			return a;
	}
}

static struct m_box *some_box(struct run *t, struct m_account *a)
{
	for (;;) {
		struct m_box *b = &a->boxes[below(t, M_BOXES)];

		if (below(t, 3) == 0)
			b = m_box_by_path(a, "INBOX");
		if (b->used && b->selectable)
			return b;
	}
}

static size_t n_boxes(const struct m_account *a)
{
	size_t n = 0;

	for (size_t i = 0; i < M_BOXES; i++)
		n += a->boxes[i].used;
	return n;
}

static char *some_path(struct run *t, char *path)
{
	static const char *const parts[] = { "INBOX", "a", "b", "a-", "c" };
	unsigned depth = 1 + below(t, 3);

	*path = 0;
	for (unsigned i = 0; i < depth; i++) {
		strcat(path, i ? "/" : "");
		strcat(path, parts[below(t, ARRAY_LEN(parts))]);
	}
	return path;
}

/* An existing one more often than not. */
static char *some_name(struct run *t, struct m_account *a, char *path)
{
	struct m_box *b = &a->boxes[below(t, M_BOXES)];

	if (b->used && below(t, 3))
		return strcpy(path, b->path);
	return some_path(t, path);
}

static Tern__Flags *some_flags(struct run *t, uint32_t *flags, uint32_t *set)
{
	Tern__Flags *f = store_flags(&t->s, "");

	*flags = f->system = below(t, 4) ? below(t, 32) : 0;
	*set = below(t, 3) ? 0 : below(t, 1u << ARRAY_LEN(words));
	for (unsigned i = 0; i < ARRAY_LEN(words); i++)
		if (*set >> i & 1)
			f->keywords[f->n_keywords++] = store_text(&t->s, words[i]);
	return f;
}

static Tern__Ranges *some_uids(struct run *t, const struct m_box *b)
{
	Tern__Ranges *r = store_msg(&t->s, &tern__ranges__descriptor);
	uint32_t at = 1 + below(t, b->uid_next + 1);
	unsigned n = 1 + below(t, 3);

	r->v = arena_array(&t->s.ops, uint32_t, 6);
	for (unsigned i = 0; i < n; i++) {
		r->v[r->n_v++] = at;
		at += below(t, 3) ? below(t, 4) : below(t, 40);
		r->v[r->n_v++] = at;
		at += 1 + below(t, 5);
	}
	return r;
}

static bool in(const Tern__Ranges *r, uint32_t uid)
{
	for (size_t i = 0; r && i + 1 < r->n_v; i += 2)
		if (uid >= r->v[i] && uid <= r->v[i + 1])
			return true;
	return !r;
}

/* ---- operations: the model does the same, and the answers are compared */

static void do_account(struct run *t)
{
	Tern__Op *op;
	char address[64];

	for (size_t i = 0; i < M_ACCOUNTS; i++) {
		if (t->m.accounts[i].used)
			continue;
		snprintf(address, sizeof(address), "user%u@example.org", t->names++ % 5);
		op = OP_NEW(&t->s, account_create, ACCOUNT_CREATE, account_create);
		op->account_create->address = store_text(&t->s, address);
		for (size_t j = 0; j < M_ACCOUNTS; j++)
			if (strcmp(t->m.accounts[j].address, address) == 0) {
				CHECK_INT(apply(t, op, BYTES_NONE)->status, ERR_EXISTS);
				return;
			}
		m_account_new(&t->m.accounts[i], apply(t, op, BYTES_NONE)->account, address,
			      t->s.wall_ms);
		return;
	}
}

static void do_account_delete(struct run *t)
{
	struct m_account *a = some_account(t);
	Tern__Op *op = OP_NEW(&t->s, account_delete, ACCOUNT_DELETE, account_delete);
	unsigned used = 0;

	for (size_t i = 0; i < M_ACCOUNTS; i++)
		used += t->m.accounts[i].used;
	if (used == 1 || below(t, 12))
		return;
	op->account_delete->address = store_text(&t->s, a->address);
	CHECK_INT(apply(t, op, BYTES_NONE)->status, ERR_OK);
	m_account_gone(a);
}

static void do_quota(struct run *t)
{
	struct m_account *a = some_account(t);
	Tern__Op *op = OP_NEW(&t->s, account_set, ACCOUNT_SET, account_set);

	op->account_set->account = a->id;
	op->account_set->has_quota = true;
	op->account_set->quota_bytes = a->quota_bytes = below(t, 3) ? 0 : 2000 + below(t, 9000);
	op->account_set->quota_messages = a->quota_messages = below(t, 3) ? 0 : 20 + below(t, 90);
	CHECK_INT(apply(t, op, BYTES_NONE)->status, ERR_OK);
}

static void do_append(struct run *t)
{
	struct m_account *a = some_account(t);
	struct m_box *b = some_box(t, a);
	Tern__Op *op = OP_NEW(&t->s, append, APPEND, append);
	uint32_t size = below(t, 200), flags, set;
	struct bytes body;
	Tern__Result *r;

	op->append->account = a->id;
	if (below(t, 2)) {
		op->append->path = b->path;
	} else {
		op->append->mailbox = b->id;
		op->append->uid_validity = b->uid_validity;
	}
	op->append->content = store_content(&t->s, size, "f", &body);
	op->append->flags = some_flags(t, &flags, &set);
	op->append->content->thread_keys = arena_array(&t->s.ops, uint64_t, 3);
	op->append->content->n_thread_keys = below(t, 4);
	for (size_t i = 0; i < op->append->content->n_thread_keys; i++)
		op->append->content->thread_keys[i] = below(t, 30);
	r = apply(t, op, body);
	if (m_over(a, size, 1)) {
		CHECK_INT(r->status, ERR_QUOTA);
		return;
	}
	CHECK_INT(r->status, ERR_OK);
	CHECK_INT(r->uids->v[0], b->uid_next);
	m_append(b, flags, set, size, r->email);
}

static struct m_account *by_id(struct run *t, uint64_t id)
{
	for (size_t i = 0; i < M_ACCOUNTS; i++)
		if (t->m.accounts[i].used && t->m.accounts[i].id == id)
			return &t->m.accounts[i];
	return NULL;
}

static void some_recipients(struct run *t, Tern__Deliver *d)
{
	char path[M_PATH];

	d->n_here = below(t, 4);
	d->here = arena_array(&t->s.ops, Tern__Recipient *, 4);
	for (size_t i = 0; i < d->n_here; i++) {
		struct m_account *a = some_account(t);

		d->here[i] = store_msg(&t->s, &tern__recipient__descriptor);
		d->here[i]->account = below(t, 6) ? a->id : a->id + 1000;
		d->here[i]->mailbox = store_text(&t->s, below(t, 2) ? "" : some_name(t, a, path));
		d->here[i]->prefix.len = below(t, 20);
		d->here[i]->prefix.data = arena_alloc(&t->s.ops, 20);
	}
	d->n_elsewhere = d->n_here ? below(t, 4) / 2 : 1;
	d->elsewhere = arena_array(&t->s.ops, Tern__Recipient *, 4);
	for (size_t i = 0; i < d->n_elsewhere; i++)
		d->elsewhere[i] = store_msg(&t->s, &tern__recipient__descriptor);
}

/* What becomes of one recipient; `before` are those that were decided first. */
static enum err expect(struct run *t, const Tern__Deliver *d, size_t i, const Tern__Result *r)
{
	struct m_account *a = by_id(t, d->here[i]->account);
	uint64_t size = d->content->size + d->here[i]->prefix.len;
	struct m_box *b;

	for (size_t j = 0; j < i; j++)
		if (d->here[j]->account == d->here[i]->account)
			return r->statuses[j];
	if (!a)
		return ERR_NOTFOUND;
	if (m_over(a, size, 1))
		return ERR_QUOTA;
	b = m_box_by_path(a, d->here[i]->mailbox);
	if (!b || !b->selectable)
		b = m_box_by_path(a, "INBOX");
	m_append(b, 0, 0, size, 0); /* which email is not said */
	return ERR_OK;
}

static void do_deliver(struct run *t)
{
	Tern__Op *op = OP_NEW(&t->s, deliver, DELIVER, deliver);
	Tern__Deliver *d = op->deliver;
	bool taken = false;
	struct bytes body;
	Tern__Result *r;

	d->delivery.len = 16;
	d->delivery.data = arena_alloc(&t->s.ops, 16);
	store_id(++t->next_delivery, d->delivery.data);
	d->born_ms = t->s.wall_ms;
	d->content = store_content(&t->s, below(t, 200), "f", &body);
	some_recipients(t, d);
	r = store_do_unknown(&t->s, op, body);
	keep_result(t);
	CHECK_INT(r->status, ERR_OK);
	CHECK_INT(r->n_statuses, d->n_here);
	CHECK_INT(r->n_pending, d->n_elsewhere);
	for (size_t i = 0; i < d->n_here; i++) {
		CHECK_INT(r->statuses[i], expect(t, d, i, r));
		taken |= r->statuses[i] == ERR_OK;
	}
	CHECK_INT(t->s.fx.n_reclaim, body.n && !taken && !d->n_elsewhere);
}

static void combine(struct m_msg *m, Tern__StoreMode mode, uint32_t flags, uint32_t set)
{
	if (mode == TERN__STORE_MODE__STORE_REPLACE) {
		m->flags = flags;
		m->words = set;
	} else if (mode == TERN__STORE_MODE__STORE_ADD) {
		m->flags |= flags;
		m->words |= set;
	} else {
		m->flags &= ~flags;
		m->words &= ~set;
	}
}

static void do_store(struct run *t)
{
	struct m_account *a = some_account(t);
	struct m_box *b = some_box(t, a);
	Tern__Op *op = OP_NEW(&t->s, store_flags, STORE_FLAGS, store_flags);
	uint32_t flags, set;

	op->store_flags->account = a->id;
	op->store_flags->mailbox = b->id;
	op->store_flags->uids = some_uids(t, b);
	op->store_flags->mode = (Tern__StoreMode)below(t, 3);
	op->store_flags->flags = some_flags(t, &flags, &set);
	CHECK_INT(apply(t, op, BYTES_NONE)->status, ERR_OK);
	for (size_t i = 0; i < b->msgs.n; i++)
		if (in(op->store_flags->uids, b->msgs.v[i].uid))
			combine(&b->msgs.v[i], op->store_flags->mode, flags, set);
}

static void do_expunge(struct run *t)
{
	struct m_account *a = some_account(t);
	struct m_box *b = some_box(t, a);
	Tern__Op *op = OP_NEW(&t->s, expunge, EXPUNGE, expunge);
	Tern__Expunge *e = op->expunge;
	Tern__Result *r;

	e->account = a->id;
	e->mailbox = b->id;
	e->only_deleted = below(t, 3);
	e->uids = e->only_deleted && below(t, 2) ? NULL : some_uids(t, b);
	r = apply(t, op, BYTES_NONE);
	CHECK_INT(r->status, ERR_OK);
	for (size_t i = b->msgs.n; i-- > 0;) {
		const struct m_msg *m = &b->msgs.v[i];
		bool goes = in(e->uids, m->uid) && (!e->only_deleted || m->flags & FLAG_DELETED);

		CHECK_INT(in(r->uids, m->uid), goes);
		if (goes)
			m_list_del(&b->msgs, i);
	}
}

/* Messages of `b` in ranges, at this moment. */
static struct m_list chosen(const struct m_box *b, const Tern__Ranges *r, uint64_t *bytes)
{
	struct m_list l = { .n = 0 };

	*bytes = 0;
	for (size_t i = 0; i < b->msgs.n; i++)
		if (in(r, b->msgs.v[i].uid)) {
			m_list_add(&l, &b->msgs.v[i]);
			*bytes += b->msgs.v[i].size;
		}
	return l;
}

static void do_copy(struct run *t)
{
	struct m_account *a = some_account(t);
	struct m_box *from = some_box(t, a), *to = some_box(t, a);
	Tern__Op *op = OP_NEW(&t->s, copy, COPY, copy);
	struct m_list l;
	Tern__Result *r;
	uint64_t bytes;

	op->copy->account = a->id;
	op->copy->mailbox = from->id;
	op->copy->to = to->id;
	op->copy->uids = some_uids(t, from);
	op->copy->move = below(t, 2);
	l = chosen(from, op->copy->uids, &bytes);
	r = apply(t, op, BYTES_NONE);
	if (!op->copy->move && m_over(a, bytes, l.n)) {
		CHECK_INT(r->status, ERR_QUOTA);
		m_list_clear(&l);
		return;
	}
	CHECK_INT(r->status, ERR_OK);
	for (size_t i = 0; i < l.n; i++) {
		m_append(to, l.v[i].flags, l.v[i].words, l.v[i].size, l.v[i].email);
		for (size_t j = 0; op->copy->move && j < from->msgs.n; j++)
			if (from->msgs.v[j].uid == l.v[i].uid) {
				m_list_del(&from->msgs, j);
				break;
			}
	}
	m_list_clear(&l);
}

static struct m_batch *some_batch(struct run *t, struct m_account *a)
{
	struct m_batch *b = &a->batches[below(t, M_BATCHES)];

	if (b->id)
		return b;
	b->id = ++t->next_batch;
	b->from = some_box(t, a)->id;
	b->to = some_box(t, a)->id;
	b->dead = false;
	return b;
}

static void batch_publish(struct m_account *a, struct m_batch *batch)
{
	struct m_box *to = m_box_by_id(a, batch->to);

	for (size_t i = 0; i < batch->msgs.n; i++) {
		const struct m_msg *m = &batch->msgs.v[i];

		m_append(to, m->flags, m->words, m->size, m->email);
	}
	m_list_clear(&batch->msgs);
	batch->id = 0;
}

static void do_batch(struct run *t)
{
	struct m_account *a = some_account(t);
	struct m_batch *batch = some_batch(t, a);
	struct m_box *from = m_box_by_id(a, batch->from), *to = m_box_by_id(a, batch->to);
	Tern__Op *op = OP_NEW(&t->s, copy, COPY, copy);
	enum err want = ERR_OK;
	struct m_list l;
	uint64_t bytes;

	op->copy->account = a->id;
	op->copy->mailbox = batch->from;
	op->copy->to = batch->to;
	op->copy->uids = some_uids(t, from ? from : some_box(t, a));
	op->copy->batch = batch->id;
	op->copy->last = below(t, 3) == 0;
	if (!from || !to) {
		CHECK_INT(apply(t, op, BYTES_NONE)->status, ERR_NOTFOUND);
		batch->dead |= batch->last_ms == 0; /* not even begun */
		return;
	}
	l = chosen(from, op->copy->uids, &bytes);
	if (batch->dead)
		want = ERR_CANNOT;
	else if (m_over(a, bytes, l.n))
		want = ERR_QUOTA;
	CHECK_INT(apply(t, op, BYTES_NONE)->status, want);
	batch->dead |= want != ERR_OK;
	batch->last_ms = t->s.log_ms;
	for (size_t i = 0; want == ERR_OK && i < l.n; i++)
		m_list_add(&batch->msgs, &l.v[i]);
	if (want == ERR_OK && op->copy->last)
		batch_publish(a, batch);
	m_list_clear(&l);
}

/* New ids are the store's. */
static void learn_ids(struct run *t, struct m_account *a);

static void do_create(struct run *t)
{
	struct m_account *a = some_account(t);
	Tern__Op *op = OP_NEW(&t->s, mailbox_create, MAILBOX_CREATE, mailbox_create);
	char path[M_PATH];

	if (n_boxes(a) > M_BOXES / 2)
		return;
	op->mailbox_create->account = a->id;
	op->mailbox_create->path = store_text(&t->s, some_path(t, path));
	CHECK_INT(apply(t, op, BYTES_NONE)->status, m_create(a, path, t->s.wall_ms));
	learn_ids(t, a);
}

static void do_delete(struct run *t)
{
	struct m_account *a = some_account(t);
	struct m_box *b = some_box(t, a);
	Tern__Op *op = OP_NEW(&t->s, mailbox_delete, MAILBOX_DELETE, mailbox_delete);

	op->mailbox_delete->account = a->id;
	op->mailbox_delete->mailbox = b->id;
	CHECK_INT(apply(t, op, BYTES_NONE)->status, m_delete(a, b->id));
}

static void do_rename(struct run *t)
{
	struct m_account *a = some_account(t);
	Tern__Op *op = OP_NEW(&t->s, mailbox_rename, MAILBOX_RENAME, mailbox_rename);
	char from[M_PATH], to[M_PATH];

	if (n_boxes(a) > M_BOXES / 2)
		return;
	op->mailbox_rename->account = a->id;
	op->mailbox_rename->from = store_text(&t->s, some_name(t, a, from));
	op->mailbox_rename->to = store_text(&t->s, some_path(t, to));
	CHECK_INT(apply(t, op, BYTES_NONE)->status, m_rename(a, from, to, t->s.wall_ms));
	learn_ids(t, a);
}

static void do_subscribe(struct run *t)
{
	struct m_account *a = some_account(t);
	Tern__Op *op = OP_NEW(&t->s, subscribe, SUBSCRIBE, subscribe);
	char path[M_PATH];

	op->subscribe->account = a->id;
	op->subscribe->path = store_text(&t->s, some_name(t, a, path));
	op->subscribe->on = below(t, 2);
	if (op->subscribe->on && below(t, 2))
		return;
	m_subscribe(a, path, op->subscribe->on);
	CHECK_INT(apply(t, op, BYTES_NONE)->status, ERR_OK);
}

/* Whatever waits for Maintain is done then. */
static void do_pass(struct run *t)
{
	static const uint64_t steps[] = { 0, 0, 1000, 60000, MINUTES(5), HOURS(2), DAYS(4) };
	uint64_t ms = steps[below(t, ARRAY_LEN(steps))];

	t->s.log_ms += ms;
	t->s.wall_ms += below(t, 2) ? ms : 0;
	CHECK_INT(apply(t, OP_NEW(&t->s, hello, HELLO, hello), BYTES_NONE)->status, ERR_OK);
	for (;;) {
		struct rows *view = store_view(&t->s);
		bool due = mailstore_due(view, t->s.log_ms);

		rows_free(&view);
		if (!due)
			break;
		store_do_unknown(&t->s, OP_NEW(&t->s, maintain, MAINTAIN, maintain), BYTES_NONE);
		keep_result(t);
	}
	for (size_t i = 0; i < M_ACCOUNTS * M_BATCHES; i++) {
		struct m_batch *b = &t->m.accounts[i / M_BATCHES].batches[i % M_BATCHES];

		if (b->dead || b->last_ms + BATCH_SILENCE <= t->s.log_ms) {
			m_list_clear(&b->msgs);
			*b = (struct m_batch){ .id = 0 };
		}
	}
}

static void do_pending(struct run *t)
{
	Tern__Query q = TERN__QUERY__INIT;
	Tern__PendingList list = TERN__PENDING_LIST__INIT;
	Tern__PendingReply *p;
	Tern__Op *op;

	q.what_case = TERN__QUERY__WHAT_PENDING;
	q.pending = &list;
	p = store_ask(&t->s, &q, NULL)->pending;
	if (p->n_pending == 0)
		return;
	op = OP_NEW(&t->s, pending_done, PENDING_DONE, pending_done);
	if (below(t, 2)) {
		op = OP_NEW(&t->s, pending_lease, PENDING_LEASE, pending_lease);
		op->pending_lease->owner = 1 + below(t, 3);
		op->pending_lease->for_ms = below(t, 100000);
		op->pending_lease->n_ids = 1;
		op->pending_lease->ids = &p->pending[0]->id;
	} else {
		op->pending_done->n_ids = 1;
		op->pending_done->ids = &p->pending[below(t, (unsigned)p->n_pending)]->id;
	}
	CHECK_INT(apply(t, op, BYTES_NONE)->statuses[0], ERR_OK);
}

/* An entry comes a second time, as it is or behind others. */
static void do_again(struct run *t)
{
	size_t back = 1 + below(t, below(t, 2) ? 2 : 30);
	struct kept k;
	struct rows_state before = t->s.state;
	Tern__Result *r;

	if (back > t->n)
		return;
	k = t->kept[t->n - back];
	if (k.e.stamp.client == 0 || k.e.stamp.log_ms != t->s.log_ms)
		return;
	k.e.index = ++t->s.index;
	r = WIRE_UNPACK(result, store_entry(&t->s, &k.e), &t->s.mem);
	keep_result(t);
	if (r->status != ERR_EXPIRED)
		CHECK(bytes_eq(t->s.packed, bytes_of(k.result, k.n_result)));
	CHECK(hash128_eq(before.hash, t->s.state.hash));
	CHECK_INT(t->s.fx.n_reclaim, k.e.body_stored > 0);
	CHECK_INT(t->s.fx.n_hints, 0);
}

/* ---- asking and comparing */

static Tern__MailboxesReply *list(struct run *t, struct m_account *a)
{
	Tern__Query q = TERN__QUERY__INIT;
	Tern__Mailboxes in_ = TERN__MAILBOXES__INIT;

	q.what_case = TERN__QUERY__WHAT_MAILBOXES;
	q.mailboxes = &in_;
	in_.account = a->id;
	return store_ask(&t->s, &q, NULL)->mailboxes;
}

static void learn_ids(struct run *t, struct m_account *a)
{
	Tern__MailboxesReply *r = list(t, a);

	for (size_t i = 0; i < r->n_mailboxes; i++) {
		struct m_box *b = m_box_by_path(a, r->mailboxes[i]->path);

		if (!b || !b->selectable)
			continue;
		if (b->id)
			CHECK_INT(b->id, r->mailboxes[i]->id);
		b->id = r->mailboxes[i]->id;
	}
}

static uint32_t words_of(const struct row *row, char **names, size_t n)
{
	uint32_t set = 0;

	for (unsigned i = 0; i < row->n_keywords; i++) {
		CHECK(row->keywords[i] < n);
		for (unsigned j = 0; j < ARRAY_LEN(words); j++)
			if (strcmp(words[j], names[row->keywords[i]]) == 0)
				set |= 1u << j;
	}
	return set;
}

static void compare_rows(struct run *t, struct m_account *a, struct m_box *b)
{
	const uint32_t columns = ROW_FLAGS | ROW_SIZE | ROW_IDS | ROW_MODSEQ;
	Tern__Query q = TERN__QUERY__INIT;
	Tern__Rows in_ = TERN__ROWS__INIT;
	struct bytes page;
	struct row row;
	size_t n = 0;

	q.what_case = TERN__QUERY__WHAT_ROWS;
	q.rows = &in_;
	in_.account = a->id;
	in_.mailbox = b->id;
	in_.uid_validity = b->uid_validity;
	in_.columns = columns;
	in_.max_bytes = 1 + below(t, 300);
	do {
		Tern__RowsReply *r = store_ask(&t->s, &q, &page)->rows;

		assert_non_null(r);
		while (page.n) {
			CHECK(row_unpack(&page, columns, &row));
			CHECK(n < b->msgs.n);
			CHECK_INT(row.uid, b->msgs.v[n].uid);
			CHECK_INT(row.flags, b->msgs.v[n].flags);
			CHECK_INT(words_of(&row, r->keywords, r->n_keywords), b->msgs.v[n].words);
			CHECK_INT(row.size, b->msgs.v[n].size);
			if (b->msgs.v[n].email)
				CHECK_INT(row.email, b->msgs.v[n].email);
			b->msgs.v[n++].email = row.email;
			CHECK(row.modseq <= r->modseq);
		}
		in_.from_uid = r->next_uid;
	} while (in_.from_uid);
	CHECK_INT(n, b->msgs.n);
}

static void compare_box(struct run *t, struct m_account *a, struct m_box *b,
			const Tern__MailboxInfo *i)
{
	Tern__MailboxInfo *selected;
	uint32_t first = 0, unseen = 0;

	CHECK_INT(i->selectable, b->selectable);
	CHECK_INT(i->subscribed, m_subscribed(a, b->path));
	if (!b->selectable)
		return;
	CHECK_INT(i->id, b->id);
	CHECK_INT(i->uid_validity, b->uid_validity);
	CHECK_INT(i->uid_next, b->uid_next);
	CHECK_INT(i->messages, b->msgs.n);
	for (size_t j = 0; j < b->msgs.n; j++)
		if (!(b->msgs.v[j].flags & FLAG_SEEN)) {
			unseen++;
			first = first ? first : b->msgs.v[j].uid;
		}
	CHECK_INT(i->unseen, unseen);
	selected = store_select(&t->s, a->id, b->path);
	CHECK_INT(selected->first_unseen_uid, first);
	CHECK_INT(selected->subscribed, i->subscribed);
	compare_rows(t, a, b);
}

static void compare(struct run *t)
{
	uint64_t bytes, messages;

	for (size_t k = 0; k < M_ACCOUNTS; k++) {
		struct m_account *a = &t->m.accounts[k];
		Tern__MailboxesReply *r;
		size_t boxes = 0;

		if (!a->used)
			continue;
		r = list(t, a);
		for (size_t i = 0; i < r->n_mailboxes; i++) {
			struct m_box *b = m_box_by_path(a, r->mailboxes[i]->path);

			CHECK_INT(b != NULL, r->mailboxes[i]->id != 0);
			if (b)
				compare_box(t, a, b, r->mailboxes[i]);
			else
				CHECK(m_subscribed(a, r->mailboxes[i]->path));
			boxes += b != NULL;
		}
		CHECK_INT(boxes, n_boxes(a));
		m_usage(a, &bytes, &messages);
		CHECK_INT(store_account_get(&t->s, a->id)->used_bytes, bytes);
		CHECK_INT(store_account_get(&t->s, a->id)->used_messages, messages);
	}
}

/* A client that knows a mailbox as of some MODSEQ comes back. */
static void catch_up(struct m_box *b, const Tern__ChangesReply *r, struct bytes page)
{
	struct row row;

	for (size_t i = b->seen.n; r->gone->n_v && i-- > 0;)
		if (in(r->gone, b->seen.v[i].uid))
			m_list_del(&b->seen, i);
	while (page.n) {
		struct m_msg msg = { .uid = 0 }, *had;

		CHECK(row_unpack(&page, ROW_FLAGS, &row));
		msg.uid = row.uid;
		msg.flags = row.flags;
		msg.words = words_of(&row, r->keywords, r->n_keywords);
		had = m_list_find(&b->seen, row.uid);
		if (had)
			*had = msg;
		else
			m_list_add(&b->seen, &msg);
	}
	b->seen_modseq = r->modseq;
}

static void do_look(struct run *t)
{
	struct m_account *a = some_account(t);
	struct m_box *b = some_box(t, a);
	Tern__Query q = TERN__QUERY__INIT;
	Tern__Changes in_ = TERN__CHANGES__INIT;
	Tern__ChangesReply *r;
	bool anew = b->seen_modseq == 0;
	struct bytes page;

	q.what_case = TERN__QUERY__WHAT_CHANGES;
	q.changes = &in_;
	in_.account = a->id;
	in_.mailbox = b->id;
	in_.columns = ROW_FLAGS;
	in_.max_rows = 1 + below(t, 20);
	do {
		in_.since = b->seen_modseq;
		r = store_ask(&t->s, &q, &page)->changes;
		if (r->trimmed && !anew) { /* as a client does: drop everything, begin anew */
			m_list_clear(&b->seen);
			b->seen_modseq = 0;
			anew = true;
			continue;
		}
		catch_up(b, r, page);
	} while (r->more || in_.since != b->seen_modseq);
	CHECK_INT(b->seen.n, b->msgs.n);
	for (size_t i = 0; i < b->msgs.n; i++) {
		const struct m_msg *m = m_list_find(&b->seen, b->msgs.v[i].uid);

		assert_non_null(m);
		CHECK_INT(m->flags, b->msgs.v[i].flags);
		CHECK_INT(m->words, b->msgs.v[i].words);
	}
}

/* ---- running */

static const struct {
	unsigned weight;
	void (*run)(struct run *t);
} kinds[] = {
	{ 2, do_account },   { 1, do_account_delete }, { 2, do_quota },   { 20, do_append },
	{ 12, do_deliver },  { 20, do_store },         { 8, do_expunge }, { 10, do_copy },
	{ 12, do_batch },    { 6, do_create },         { 3, do_delete },  { 6, do_rename },
	{ 3, do_subscribe }, { 5, do_pass },           { 4, do_pending }, { 8, do_again },
	{ 12, do_look },
};

static void step(struct run *t)
{
	unsigned sum = 0, at;

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		sum += kinds[i].weight;
	at = below(t, sum);
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		if (at < kinds[i].weight) {
			kinds[i].run(t);
			break;
		}
		at -= kinds[i].weight;
	}
	store_clear(&t->s);
}

/* The same entries, several to a flush, on a store of its own. */
static void replay(struct run *t)
{
	struct kv *kv = kv_mem_new();
	struct rows_state state = { .rows = 0 };
	struct kv_batch *batch = kv_batch_new(kv);
	struct rows *rows = rows_edit(kv, t->s.shard, 1, &state);
	struct arena mem;
	struct effects fx;

	arena_init(&mem, 0);
	for (size_t i = 0; i < t->n; i++) {
		const struct kept *k = &t->kept[i];
		struct bytes result = mailstore_apply(rows, &k->e, &mem, &fx);

		CHECK(bytes_eq(result, bytes_of(k->result, k->n_result)));
		arena_clear(&mem);
		if (below(t, 5) && i + 1 < t->n)
			continue;
		rows_flush(rows, batch);
		CHECK_INT(kv_write(kv, batch), 0);
		kv_batch_clear(batch);
	}
	CHECK(hash128_eq(state.hash, t->s.state.hash));
	CHECK_INT(state.rows, t->s.state.rows);
	rows_free(&rows);
	kv_batch_free(&batch);
	arena_release(&mem);
	kv_close(&kv);
}

void history_model(uint64_t seed, unsigned steps, record_fn *record, void *arg)
{
	static struct run t;

	t = (struct run){ .record = record, .arg = arg };
	prng_seed(&t.r, seed);
	store_init(&t.s, HISTORY_MODEL_SHARD);
	t.s.record = keep;
	t.s.arg = &t;
	CHECK_INT(apply(&t, OP_NEW(&t.s, hello, HELLO, hello), BYTES_NONE)->status, ERR_OK);
	do_account(&t);
	for (unsigned i = 0; i < steps; i++) {
		step(&t);
		if (i % 20 == 0)
			compare(&t);
	}
	compare(&t);
	replay(&t);
	for (size_t i = 0; i < t.n; i++) {
		free(t.kept[i].op);
		free(t.kept[i].result);
	}
	free(t.kept);
	model_release(&t.m);
	store_release(&t.s);
}

static unsigned from_env(const char *name, unsigned otherwise)
{
	const char *text = getenv(name);

	return text ? (unsigned)strtoul(text, NULL, 10) : otherwise;
}

TEST(model, random_operations)
{
	unsigned seed = from_env("TERN_SEED", 1), steps = from_env("TERN_STEPS", 1000);
	unsigned seeds = from_env("TERN_SEEDS", 3);

	for (unsigned i = 0; i < seeds; i++) {
		print_message("seed %u\n", seed + i);
		history_model(seed + i, steps, NULL, NULL);
	}
}
