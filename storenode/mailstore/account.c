/* SPDX-License-Identifier: Apache-2.0 */
/* account.c - accounts are born in their address's shard.
 *
 *   account   INFO         address row   meaning
 *   living    there        names it      -
 *   dying     dying        none          not found by anyone; Maintain takes its rows away
 *   gone      none         none          its number is never given again */
#include "mailstore/account.h"

#include "mailstore/directory.h"
#include "mailstore/mailbox.h"
#include "mailstore/message.h"
#include "mailstore/ops.h"
#include "model/ids.h"

static int password_check(const char *password, struct why *why)
{
	if (strlen(password) > PASSWORD_BYTES)
		return why_set(why, ERR_TOOBIG, "the password hash is too long");
	return 0;
}

int check_account_create(const Tern__Op *op, size_t body UNUSED, struct why *why)
{
	const Tern__AccountCreate *in = op->account_create;
	int ret = address_check(in->address, why);

	if (ret == 0)
		ret = password_check(in->password, why);
	if (ret)
		return ret;
	if (in->n_mailboxes > ACCOUNT_MAILBOXES_MAX)
		return why_set(why, ERR_LIMIT, "too many mailboxes to begin with");
	for (size_t i = 0; i < in->n_mailboxes && ret == 0; i++)
		ret = mailbox_create_check(in->mailboxes[i], why);
	return ret;
}

static struct account *birth(struct txn *t, const Tern__AccountCreate *in)
{
	uint64_t number = t->shard.next_account++;
	struct account *a = txn_account_new(t, ACCOUNT_ID(rows_shard(t->rows), number));

	INVARIANT(number < 1ull << 48);
	a->info.address = bytes_str(in->address);
	a->info.password = bytes_str(in->password);
	a->info.quota_bytes = in->quota_bytes;
	a->info.quota_messages = in->quota_messages;
	return a;
}

int op_account_create(struct txn *t, const Tern__Op *op)
{
	const Tern__AccountCreate *in = op->account_create;
	struct bytes full = bytes_str(in->address);
	struct address_rec rec;
	struct account *a;
	uint32_t mailbox;
	int ret;

	if (address_get(t->rows, full, t->mem, &rec)) {
		t->res->account = rec.account;
		t->keep = true; /* nothing but this number */
		return REFUSE(t, ERR_EXISTS, "the address is taken");
	}
	a = birth(t, in);
	address_put(t->rows, full, &(struct address_rec){ .account = a->id });
	ret = mailbox_make_inbox(t, a);
	for (size_t i = 0; i < in->n_mailboxes && ret == 0; i++)
		ret = mailbox_make(t, a, in->mailboxes[i], &mailbox);
	t->res->account = a->id;
	return ret;
}

int check_account_set(const Tern__Op *op, size_t body UNUSED, struct why *why)
{
	return password_check(op->account_set->password, why);
}

int op_account_set(struct txn *t, const Tern__Op *op)
{
	const Tern__AccountSet *in = op->account_set;
	struct account *a;
	int ret = txn_want_account(t, in->account, &a);

	if (ret)
		return ret;
	a->info_dirty = true;
	if (in->has_password)
		a->info.password = bytes_str(in->password);
	if (in->has_quota) {
		a->info.quota_bytes = in->quota_bytes;
		a->info.quota_messages = in->quota_messages;
	}
	if (in->has_disabled)
		a->info.disabled = in->disabled;
	return 0;
}

int check_account_delete(const Tern__Op *op, size_t body UNUSED, struct why *why)
{
	return address_check(op->account_delete->address, why);
}

int op_account_delete(struct txn *t, const Tern__Op *op)
{
	struct bytes full = bytes_str(op->account_delete->address);
	struct address_rec rec;
	struct account *a;
	struct key k;

	if (!address_get(t->rows, full, t->mem, &rec) || !rec.account)
		return REFUSE(t, ERR_NOTFOUND, "no such account");
	key_address(&k, full);
	rows_del(t->rows, key_bytes(&k));
	a = txn_account(t, rec.account);
	INVARIANT(a);
	a->info.dying = a->info_dirty = true;
	t->res->account = a->id;
	key_clear(&k);
	key_u64(&k, a->id);
	txn_timer(t, t->now, TIMER_ACCOUNT, key_bytes(&k));
	return 0;
}

/* ---- purge */

struct purge {
	struct txn *t;
	uint64_t id;
	struct info_rec info;
	struct bytes *keys;
	uint64_t *contents; /* of each key; 0: none */
	size_t n;
};

/* The next `max` rows of the account behind the last that went, but INFO, which is the first. */
static void collect_rows(struct purge *p, size_t max)
{
	struct bytes key, value;
	struct rows_iter *it;
	struct email_rec e;
	struct key all, from;

	key_table_u64(&all, T_ACCOUNT, p->id);
	key_account(&from, p->id, A_COUNTERS);
	it = rows_under(p->t->rows, key_bytes(&all),
			p->info.purged.n ? p->info.purged : key_bytes(&from));
	while (p->n < max && rows_iter_next(it, &key, &value)) {
		if (key.p[KEY_ACCOUNT - 1] == A_EMAIL) {
			email_decode(value, &e);
			p->contents[p->n] = e.content;
		}
		p->keys[p->n++] = bytes_dup(p->t->mem, key);
	}
	rows_iter_free(&it);
}

uint64_t account_purge(struct txn *t, uint64_t id, size_t max, size_t *n)
{
	struct purge p = { .t = t, .id = id };
	struct key k;

	*n = 1;
	if (!info_get(t->rows, id, t->mem, &p.info) || !p.info.dying)
		return 0;
	p.keys = arena_array(t->mem, struct bytes, max);
	p.contents = arena_array(t->mem, uint64_t, max);
	collect_rows(&p, max);
	for (size_t i = 0; i < p.n; i++) {
		if (p.contents[i])
			content_unref(t, p.contents[i]);
		rows_del(t->rows, p.keys[i]);
		p.info.purged = p.keys[i];
	}
	*n = p.n + 1;
	if (p.n == max) {
		info_put(t->rows, id, &p.info);
		return t->now;
	}
	key_account(&k, id, A_INFO);
	rows_del(t->rows, key_bytes(&k));
	return 0;
}
