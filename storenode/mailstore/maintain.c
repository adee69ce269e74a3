/* SPDX-License-Identifier: Apache-2.0 */
/* maintain.c - what time brings about, driven by timers in log time.
 *
 * A timer is a row (due, kind, id) put when something begins that will end by itself. It is not
 * moved when that end is put off: when it fires, its function looks at what it is about and says
 * when to come again (0: never). A timer about something that is gone does nothing, so none has
 * to be found and taken back. */
#include "mailstore/account.h"
#include "mailstore/change.h"
#include "mailstore/chunk.h"
#include "mailstore/copy.h"
#include "mailstore/deliver.h"
#include "mailstore/mailbox.h"
#include "mailstore/message.h"
#include "mailstore/ops.h"
#include "mailstore/session.h"

enum { MAX_TIMERS = 200 }; /* fired by one entry */

struct due {
	uint64_t due;
	uint8_t kind;
	struct bytes id, key; /* id lies in key */
};

static bool first_timer(struct rows *r, uint64_t from_ms, struct arena *mem, struct due *d)
{
	struct bytes key, value;
	struct rows_iter *it;
	struct key k, from;
	bool found;

	key_table(&k, T_TIMER);
	key_table_u64(&from, T_TIMER, from_ms);
	it = rows_under(r, key_bytes(&k), key_bytes(&from));
	found = rows_iter_next(it, &key, &value);
	if (found) {
		d->key = d->id = bytes_dup(mem, key);
		d->id = bytes_skip(d->id, KEY_TABLE);
		INVARIANT(get_u64be(&d->id, &d->due) && get_u8(&d->id, &d->kind));
	}
	rows_iter_free(&it);
	return found;
}

static uint64_t take_u64(struct bytes *id)
{
	uint64_t v;

	INVARIANT(get_u64be(id, &v));
	return v;
}

static uint32_t take_u32(struct bytes *id)
{
	uint32_t v;

	INVARIANT(get_u32be(id, &v));
	return v;
}

static uint64_t trim(struct txn *t, uint64_t account, uint32_t mailbox, size_t max, size_t *n)
{
	struct account *a = txn_account(t, account);
	struct mailbox *m = a ? txn_mailbox(t, a, mailbox) : NULL;

	*n = 1;
	return m ? tombs_trim(t, m, max, n) : 0;
}

/* When to come again; 0: never. *n: rows of work. */
static uint64_t fire(struct txn *t, const struct due *d, size_t max, size_t *n)
{
	struct bytes id = d->id;
	uint64_t a;

	switch (d->kind) {
	case TIMER_DELIVERY: return delivery_expire(t, id, n);
	case TIMER_UPLOAD: return upload_expire(t, id, n);
	case TIMER_CLIENT: return client_expire(t, take_u64(&id), max, n);
	case TIMER_CONTENT: return content_expire(t, take_u64(&id), n);
	case TIMER_ACCOUNT: return account_purge(t, take_u64(&id), max, n);
	default: break;
	}
	a = take_u64(&id);
	switch (d->kind) {
	case TIMER_BATCH: return batch_run(t, a, take_u64(&id), max, n);
	case TIMER_TOMBS: return trim(t, a, take_u32(&id), max, n);
	case TIMER_MAILBOX: return mailbox_purge(t, a, take_u32(&id), max, n);
	default: BUG("a timer of unknown kind");
	}
}

int op_maintain(struct txn *t, const Tern__Op *op UNUSED)
{
	size_t left = ENTRY_ROWS, timers = MAX_TIMERS, n;
	struct due d;

	while (first_timer(t->rows, t->shard.timers_from, t->mem, &d) && d.due <= t->now) {
		uint64_t again;

		if (left == 0 || timers-- == 0) {
			t->res->more = true;
			break;
		}
		again = fire(t, &d, left, &n);
		left -= MIN(left, n);
		rows_del(t->rows, d.key);
		t->shard.timers_from = d.due; /* new ones are not due before now */
		if (again)
			txn_timer(t, again, (enum timer_kind)d.kind, d.id);
	}
	return 0;
}

/* A lease that has ended since the last entry: the next one's log time makes its delivery
 * visible to whoever lists the queue. */
static bool lease_ended(struct rows *rows, uint64_t log_ms)
{
	uint64_t last = mailstore_log_ms(rows);
	struct bytes key, value;
	struct rows_iter *it;
	struct key from, to;
	bool found;

	if (log_ms <= last)
		return false;
	key_table_u64(&from, T_DUE, last + 1);
	key_table_u64(&to, T_DUE, log_ms + 1);
	it = rows_iter_new(rows, key_bytes(&from), key_bytes(&to));
	found = rows_iter_next(it, &key, &value);
	rows_iter_free(&it);
	return found;
}

bool mailstore_due(struct rows *rows, uint64_t log_ms)
{
	struct shard_rec shard;
	struct arena mem;
	struct due d;
	bool due;

	arena_init(&mem, 0);
	shard_get(rows, &shard);
	due = first_timer(rows, shard.timers_from, &mem, &d) && d.due <= log_ms;
	arena_release(&mem);
	return due || lease_ended(rows, log_ms);
}

uint64_t mailstore_log_ms(struct rows *rows)
{
	struct shard_rec s;

	shard_get(rows, &s);
	return s.log_ms;
}
