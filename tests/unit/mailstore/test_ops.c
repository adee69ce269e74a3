/* SPDX-License-Identifier: Apache-2.0 */
/* test_ops.c - every kind of operation by its plain cases. */
#include "store.h"

static struct store s;
static uint64_t ann;

static void begin(void)
{
	store_init(&s, 0);
	store_hello(&s);
	ann = store_account(&s, "ann@example.org", 0);
}

static void end(void)
{
	store_release(&s);
}

TEST(ops, a_new_account_has_an_inbox)
{
	Tern__MailboxInfo *i;

	begin();
	i = store_select(&s, ann, "inbox");
	assert_non_null(i);
	CHECK_STR(i->path, "INBOX");
	CHECK_INT(i->uid_validity, WALL / 1000);
	CHECK_INT(i->uid_next, 1);
	CHECK_INT(i->messages, 0);
	CHECK(i->selectable);
	CHECK_INT(store_account_get(&s, ann)->mailboxes, 1);
	end();
}

TEST(ops, append_gives_ascending_uids_and_counts)
{
	Tern__MailboxInfo *i;

	begin();
	CHECK_INT(store_append(&s, ann, 1, 100, ""), 1);
	CHECK_INT(store_append(&s, ann, 1, 200, "S $Work"), 2);
	CHECK_INT(store_append(&s, ann, 1, 300, "D $work $Home"), 3);
	CHECK_STR(store_show(&s, ann, 1), "1: 2:S[$Work] 3:D[$Work][$Home]");
	i = store_select(&s, ann, "INBOX");
	CHECK_INT(i->messages, 3);
	CHECK_INT(i->unseen, 2);
	CHECK_INT(i->deleted, 1);
	CHECK_INT(i->size, 600);
	CHECK_INT(i->first_unseen_uid, 1);
	CHECK_INT(i->uid_next, 4);
	CHECK_INT(store_account_get(&s, ann)->used_bytes, 600);
	end();
}

TEST(ops, deliver_to_several_and_again)
{
	uint64_t to[3], bob;
	Tern__Result *r;
	struct bytes first;

	begin();
	bob = store_account(&s, "bob@example.org", 0);
	to[0] = ann;
	to[1] = 12345;
	to[2] = bob;
	r = store_deliver(&s, 99, to, 3, 1000);
	CHECK_INT(r->status, ERR_OK);
	CHECK_INT(r->n_statuses, 3);
	CHECK_INT(r->statuses[0], ERR_OK);
	CHECK_INT(r->statuses[1], ERR_NOTFOUND);
	CHECK_INT(r->statuses[2], ERR_OK);
	CHECK_INT(s.fx.n_hints, 2);
	CHECK_INT(s.fx.n_reclaim, 0);
	first = s.packed;
	store_deliver(&s, 99, to, 3, 1000);
	CHECK(bytes_eq(first, s.packed));
	CHECK_INT(s.fx.n_hints, 0);
	CHECK_INT(s.fx.n_reclaim, 1);
	CHECK_INT(s.fx.reclaim[0].index, s.index);
	CHECK_STR(store_show(&s, ann, 1), "1:");
	CHECK_STR(store_show(&s, bob, 1), "1:");
	end();
}

struct store_case {
	const char *had;
	Tern__StoreMode mode;
	const char *arg, *has;
};

static const struct store_case store_cases[] = {
	{ "S", TERN__STORE_MODE__STORE_ADD, "F", "1:SF" },
	{ "S $a", TERN__STORE_MODE__STORE_REPLACE, "F", "1:F" },
	{ "S $a $b", TERN__STORE_MODE__STORE_REMOVE, "S $A", "1:[$b]" },
	{ "", TERN__STORE_MODE__STORE_ADD, "$x $y", "1:[$x][$y]" },
	{ "S", TERN__STORE_MODE__STORE_REMOVE, "$nothing", "1:S" },
};

TEST(ops, store_flags)
{
	for (size_t i = 0; i < ARRAY_LEN(store_cases); i++) {
		Tern__Op *op;

		begin();
		store_append(&s, ann, 1, 10, store_cases[i].had);
		op = OP_NEW(&s, store_flags, STORE_FLAGS, store_flags);
		op->store_flags->account = ann;
		op->store_flags->mailbox = 1;
		op->store_flags->uids = store_ranges(&s, "1:*");
		op->store_flags->mode = store_cases[i].mode;
		op->store_flags->flags = store_flags(&s, store_cases[i].arg);
		CHECK_INT(store_do(&s, op, BYTES_NONE)->status, ERR_OK);
		CHECK_STR(store_show(&s, ann, 1), store_cases[i].has);
		end();
	}
}

static Tern__Result *copy(uint64_t account, uint32_t from, const char *set, uint32_t to, bool move)
{
	Tern__Op *op = OP_NEW(&s, copy, COPY, copy);

	op->copy->account = account;
	op->copy->mailbox = from;
	op->copy->uids = store_ranges(&s, set);
	op->copy->to = to;
	op->copy->move = move;
	return store_do(&s, op, BYTES_NONE);
}

TEST(ops, copy_and_move)
{
	uint32_t box;
	Tern__Result *r;

	begin();
	box = store_create(&s, ann, "Archive/2023");
	store_append(&s, ann, 1, 10, "S");
	store_append(&s, ann, 1, 20, "F $k");
	store_append(&s, ann, 1, 30, "");
	r = copy(ann, 1, "2:9", box, false);
	CHECK_INT(r->status, ERR_OK);
	CHECK_STR(store_set(&s, r->uids), "2:3");
	CHECK_STR(store_set(&s, r->to_uids), "1:2");
	CHECK_STR(store_show(&s, ann, box), "1:F[$k] 2:");
	CHECK_INT(store_account_get(&s, ann)->used_bytes, 110);
	r = copy(ann, 1, "1,3", box, true);
	CHECK_STR(store_show(&s, ann, 1), "2:F[$k]");
	CHECK_STR(store_show(&s, ann, box), "1:F[$k] 2: 3:S 4:");
	CHECK_INT(store_account_get(&s, ann)->used_bytes, 110);
	r = copy(ann, box, "1", box, true); /* into itself */
	CHECK_STR(store_show(&s, ann, box), "2: 3:S 4: 5:F[$k]");
	end();
}

TEST(ops, expunge)
{
	Tern__Op *op;
	Tern__Result *r;

	begin();
	store_append(&s, ann, 1, 10, "D");
	store_append(&s, ann, 1, 20, "");
	store_append(&s, ann, 1, 30, "D");
	op = OP_NEW(&s, expunge, EXPUNGE, expunge);
	op->expunge->account = ann;
	op->expunge->mailbox = 1;
	op->expunge->only_deleted = true;
	r = store_do(&s, op, BYTES_NONE);
	CHECK_INT(r->status, ERR_OK);
	CHECK_STR(store_set(&s, r->uids), "1,3");
	CHECK_STR(store_show(&s, ann, 1), "2:");
	CHECK_INT(store_account_get(&s, ann)->used_bytes, 20);
	CHECK_INT(store_append(&s, ann, 1, 5, ""), 4);
	store_pass(&s, DAYS(13));
	CHECK_INT(s.fx.n_reclaim, 0);
	store_pass(&s, DAYS(2));
	CHECK_INT(s.fx.n_reclaim, 2);
	end();
}
