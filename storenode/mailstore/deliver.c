/* SPDX-License-Identifier: Apache-2.0 */
#include "mailstore/deliver.h"

#include "mailstore/message.h"
#include "mailstore/name.h"
#include "mailstore/ops.h"
#include "mailstore/queue.h"
#include "mailstore/quota.h"

static struct bytes data(ProtobufCBinaryData d)
{
	return bytes_of(d.data, d.len);
}

/* ---- checks */

static int recipient_check(const Tern__Recipient *r, struct why *why)
{
	if (strlen(r->address) > ADDRESS_BYTES || strlen(r->mailbox) > PATH_BYTES ||
	    r->prefix.len > PREFIX_MAX)
		return why_set(why, ERR_TOOBIG, "a recipient that is too long");
	return flags_check(r->flags, why);
}

int check_deliver(const Tern__Op *op, size_t body, struct why *why)
{
	const Tern__Deliver *d = op->deliver;
	int ret = content_check(d->content, body, why);

	if (ret)
		return ret;
	if (d->delivery.len != 16)
		return why_set(why, ERR_INVALID, "a delivery id has 16 bytes");
	if (d->n_here > HERE_MAX || d->n_elsewhere > ELSEWHERE_MAX)
		return why_set(why, ERR_LIMIT, "too many recipients in one operation");
	if (d->n_here + d->n_elsewhere == 0)
		return why_set(why, ERR_INVALID, "a delivery without recipients");
	if (strlen(d->sender) > ADDRESS_BYTES || d->zone < -24 * 60 || d->zone > 24 * 60)
		return why_set(why, ERR_INVALID, "malformed delivery");
	for (size_t i = 0; i < d->n_here && ret == 0; i++)
		ret = recipient_check(d->here[i], why);
	for (size_t i = 0; i < d->n_elsewhere && ret == 0; i++)
		ret = recipient_check(d->elsewhere[i], why);
	return ret;
}

/* ---- one recipient */

static struct mailbox *destination(struct txn *t, struct account *a, const char *text)
{
	struct node_rec node;
	struct mailbox *m;
	struct path path;

	/* Mail is never lost for want of a folder: INBOX takes it. */
	if (*text && path_parse(bytes_str(text), t->mem, &path, NULL) == 0 &&
	    path_find(t->rows, a->id, &path, t->mem, &node, NULL) && node.mailbox) {
		m = txn_mailbox(t, a, node.mailbox);
		if (m)
			return m;
	}
	INVARIANT(node_get(t->rows, a->id, INBOX_NODE, t->mem, &node));
	m = txn_mailbox(t, a, node.mailbox);
	INVARIANT(m);
	return m;
}

static int deliver_to(struct txn *t, const Tern__Deliver *d, const Tern__Recipient *r,
		      struct content *content, uint64_t *email)
{
	struct message msg = { .op = d->content, .prefix = data(r->prefix), .zone = d->zone };
	struct account *a = txn_account(t, r->account);
	struct mailbox *m;
	struct place p;
	int ret;

	if (!a)
		return -ERR_NOTFOUND;
	if (a->info.disabled)
		return -ERR_CANNOT;
	if (quota_over(&a->info, &a->c, d->content->size + msg.prefix.n, 1))
		return -ERR_QUOTA;
	m = destination(t, a, r->mailbox);
	if (m->r.uid_next == UINT32_MAX)
		return -ERR_LIMIT;
	if (flags_resolve(t, a, r->flags, true, &msg.flags) != 0)
		msg.flags = (struct flag_set){ .system = r->flags->system };
	msg.content = content_number(t, content);
	msg.date_ms = t->wall;
	ret = message_add(t, m, &msg, &p);
	if (ret == 0)
		*email = p.row.email;
	if (ret == 0)
		t->res->modseq = p.row.modseq;
	return ret;
}

/* ---- the operation */

static uint64_t fingerprint(const Tern__Deliver *d)
{
	struct buf b;
	uint64_t h;

	buf_init(&b, 0);
	for (size_t i = 0; i < d->n_here; i++) {
		buf_u64be(&b, d->here[i]->account);
		buf_puts(&b, d->here[i]->address);
		buf_putc(&b, 0);
	}
	buf_putc(&b, 1);
	for (size_t i = 0; i < d->n_elsewhere; i++) {
		buf_u64be(&b, d->elsewhere[i]->account);
		buf_puts(&b, d->elsewhere[i]->address);
		buf_putc(&b, 0);
	}
	h = hash64(buf_bytes(&b), 0);
	buf_release(&b);
	return h ? h : 1; /* 0 is the fence */
}

static void delivery_timer(struct txn *t, struct bytes id)
{
	txn_timer(t, t->now + DELIVERY_MEMORY, TIMER_DELIVERY, id);
}

/* How many references the content needs: one for each placement made here. */
static uint64_t deliver_here(struct txn *t, const Tern__Deliver *d, struct content *content)
{
	struct delivered_rec done;
	uint64_t refs = 0;

	t->res->n_statuses = d->n_here;
	t->res->statuses = arena_array(t->mem, uint32_t, d->n_here);
	for (size_t i = 0; i < d->n_here; i++) {
		uint64_t account = d->here[i]->account;

		if (!delivered_get(t->rows, data(d->delivery), account, &done)) {
			done = (struct delivered_rec){ .log_ms = t->now };
			done.status = (uint32_t)-deliver_to(t, d, d->here[i], content, &done.email);
			delivered_put(t->rows, data(d->delivery), account, &done);
			refs += done.status == ERR_OK;
		}
		t->res->statuses[i] = done.status;
		if (!t->res->email)
			t->res->email = done.email;
	}
	return refs;
}

static void deliver_elsewhere(struct txn *t, const Tern__Deliver *d, uint64_t content)
{
	t->res->n_pending = d->n_elsewhere;
	t->res->pending = arena_array(t->mem, uint64_t, d->n_elsewhere);
	for (size_t i = 0; i < d->n_elsewhere; i++)
		t->res->pending[i] = pending_add(t, d, d->elsewhere[i], content);
}

int op_deliver(struct txn *t, const Tern__Op *op)
{
	const Tern__Deliver *d = op->deliver;
	struct bytes id = data(d->delivery);
	struct delivery_rec rec;
	struct content content;
	uint64_t refs;
	int ret;

	if (delivery_get(t->rows, id, fingerprint(d), t->mem, &rec)) {
		t->answer = rec.result;
		t->answered = true;
		return 0;
	}
	if (delivery_get(t->rows, id, 0, t->mem, &rec))
		return REFUSE(t, ERR_FENCED, "the delivery was given up");
	if (d->born_ms + DELIVERY_AGE < t->wall)
		return REFUSE(t, ERR_EXPIRED, "the delivery is too old");
	ret = content_open(t, d->content, &content);
	if (ret)
		return ret;
	refs = deliver_here(t, d, &content) + d->n_elsewhere;
	if (refs)
		content_store(t, &content, refs);
	else
		content_drop(t, &content);
	deliver_elsewhere(t, d, content.id);
	return 0;
}

void delivery_answer(struct txn *t, const Tern__Deliver *d, struct bytes answer)
{
	struct delivery_rec rec = { .log_ms = t->now, .index = t->e->index, .result = answer };

	delivery_put(t->rows, data(d->delivery), fingerprint(d), &rec);
	delivery_timer(t, data(d->delivery));
}

/* ---- fence, expiry */

bool delivery_fence(struct txn *t, struct bytes id, struct bytes *answer, int *ret)
{
	struct delivery_rec rec, first = { .index = 0 };
	struct bytes key, value;
	struct rows_iter *it;
	struct key k;

	*ret = REFUSE(t, ERR_FENCED, "it did not happen and will not");
	if (delivery_get(t->rows, id, 0, t->mem, &rec))
		return false;
	key_id(&k, T_DELIVERY, id);
	it = rows_under(t->rows, key_bytes(&k), BYTES_NONE);
	while (rows_iter_next(it, &key, &value)) {
		delivery_decode(value, &rec);
		if (first.index && rec.index > first.index)
			continue;
		first = rec;
		first.result = bytes_dup(t->mem, rec.result);
	}
	rows_iter_free(&it);
	*answer = first.result;
	if (first.index)
		return true;
	delivery_put(t->rows, id, 0, &(struct delivery_rec){ .log_ms = t->now });
	delivery_timer(t, id);
	return false;
}

#define EXPIRE_ROWS (ENTRY_ROWS / 4)

/* Deletes the rows of a table under a delivery id that are older than the memory; returns when
 * the next one will be, 0 when none is left. */
static uint64_t expire_rows(struct txn *t, enum table table, struct bytes id, size_t *n)
{
	struct bytes key, value, *old = arena_array(t->mem, struct bytes, EXPIRE_ROWS);
	struct delivered_rec d;
	struct delivery_rec a;
	struct rows_iter *it;
	uint64_t again = 0, due;
	size_t n_old = 0;
	struct key k;

	key_id(&k, table, id);
	it = rows_under(t->rows, key_bytes(&k), BYTES_NONE);
	while (rows_iter_next(it, &key, &value) && n_old < EXPIRE_ROWS) {
		if (table == T_DELIVERED)
			delivered_decode(value, &d);
		else
			delivery_decode(value, &a);
		due = (table == T_DELIVERED ? d.log_ms : a.log_ms) + DELIVERY_MEMORY;
		if (due <= t->now)
			old[n_old++] = bytes_dup(t->mem, key);
		else
			again = again ? MIN(again, due) : due;
	}
	if (n_old == EXPIRE_ROWS)
		again = t->now;
	rows_iter_free(&it);
	for (size_t i = 0; i < n_old; i++)
		rows_del(t->rows, old[i]);
	*n += n_old;
	return again;
}

uint64_t delivery_expire(struct txn *t, struct bytes id, size_t *n)
{
	uint64_t answers, accounts;

	*n = 1;
	answers = expire_rows(t, T_DELIVERY, id, n);
	accounts = expire_rows(t, T_DELIVERED, id, n);
	return answers && accounts ? MIN(answers, accounts) : answers + accounts;
}
