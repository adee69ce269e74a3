/* SPDX-License-Identifier: Apache-2.0 */
/* test_batches.c - steps: COPY of many, purges, tombstones, paging of changes. */
#include "store.h"

#include "model/uidset.h"

static struct store s;
static uint64_t ann;

static void begin(void)
{
	store_init(&s, 1);
	store_hello(&s);
	ann = store_account(&s, "ann@example.org", 0);
}

static void end(void)
{
	store_release(&s);
}

static void fill(uint32_t mailbox, int n)
{
	s.checked = false;
	for (int i = 0; i < n; i++) {
		store_append(&s, ann, mailbox, 10, i % 3 ? "" : i % 2 ? "SD" : "S");
		store_clear(&s);
	}
	s.checked = true;
	store_check(&s);
}

static Tern__Result *step(uint64_t batch, uint32_t from, const char *set, uint32_t to, bool last)
{
	Tern__Op *op = OP_NEW(&s, copy, COPY, copy);

	op->copy->account = ann;
	op->copy->mailbox = from;
	op->copy->uids = store_ranges(&s, set);
	op->copy->to = to;
	op->copy->batch = batch;
	op->copy->last = last;
	return store_do(&s, op, BYTES_NONE);
}

static Tern__Result *store_step(uint32_t mailbox, const char *set, const char *flags)
{
	Tern__Op *op = OP_NEW(&s, store_flags, STORE_FLAGS, store_flags);

	op->store_flags->account = ann;
	op->store_flags->mailbox = mailbox;
	op->store_flags->uids = store_ranges(&s, set);
	op->store_flags->mode = TERN__STORE_MODE__STORE_ADD;
	op->store_flags->flags = store_flags(&s, flags);
	return store_do(&s, op, BYTES_NONE);
}

static Tern__Result *expunge(uint32_t mailbox, const char *set, bool only_deleted)
{
	Tern__Op *op = OP_NEW(&s, expunge, EXPUNGE, expunge);

	op->expunge->account = ann;
	op->expunge->mailbox = mailbox;
	op->expunge->uids = *set ? store_ranges(&s, set) : NULL;
	op->expunge->only_deleted = only_deleted;
	return store_do(&s, op, BYTES_NONE);
}

static uint64_t modseq_of(const char *path)
{
	return store_select(&s, ann, path)->highest_modseq;
}

/* All changes since *modseq, in pages of `max`: "gone / changed UIDs". */
static const char *changes(uint32_t mailbox, uint64_t *modseq, uint32_t max)
{
	Tern__Query q = TERN__QUERY__INIT;
	Tern__Changes in = TERN__CHANGES__INIT;
	struct uidset live, gone;
	Tern__ChangesReply *r;
	struct bytes page;
	const char *text;
	struct buf b;

	uidset_init(&live);
	uidset_init(&gone);
	buf_init(&b, 0);
	q.what_case = TERN__QUERY__WHAT_CHANGES;
	q.changes = &in;
	in.account = ann;
	in.mailbox = mailbox;
	in.columns = ROW_FLAGS | ROW_MODSEQ;
	in.max_rows = max;
	do {
		struct row row;
		uint64_t last = *modseq;

		in.since = *modseq;
		r = store_ask(&s, &q, &page)->changes;
		for (size_t i = 0; i + 1 < r->gone->n_v; i += 2)
			uidset_add(&gone, r->gone->v[i], r->gone->v[i + 1]);
		while (page.n) {
			CHECK(row_unpack(&page, in.columns, &row));
			CHECK(row.modseq > last && row.modseq <= r->modseq);
			last = row.modseq;
			uidset_add(&live, row.uid, row.uid);
		}
		CHECK(!r->more || r->modseq > *modseq);
		*modseq = r->modseq;
	} while (r->more);
	uidset_print(&gone, &b);
	buf_puts(&b, r->trimmed ? " ! " : " / ");
	uidset_print(&live, &b);
	text = bytes_cstr(&s.mem, buf_bytes(&b));
	buf_release(&b);
	uidset_release(&live);
	uidset_release(&gone);
	return text;
}

TEST(batches, a_copy_in_steps_is_seen_at_once)
{
	uint64_t modseq;
	uint32_t to;
	Tern__Result *r;

	begin();
	to = store_create(&s, ann, "to");
	fill(1, 6);
	store_append(&s, ann, to, 10, "F");
	modseq = modseq_of("to");
	r = step(77, 1, "1:3", to, false);
	CHECK_INT(r->status, ERR_OK);
	CHECK_STR(store_set(&s, r->uids), "1:3");
	CHECK_INT(s.fx.n_hints, 0);
	CHECK_STR(store_show(&s, ann, to), "1:F");
	CHECK_INT(store_select(&s, ann, "to")->uid_next, 2);
	store_append(&s, ann, to, 10, "A"); /* between the steps */
	store_step(1, "2", "F $late");      /* of the source: too late for the copy */
	r = step(77, 1, "5:6", to, true);
	CHECK_STR(store_set(&s, r->to_uids), "3:7");
	CHECK_INT(s.fx.n_hints, 1);
	CHECK_STR(store_show(&s, ann, to), "1:F 2:A 3:S 4: 5: 6: 7:");
	CHECK_INT(store_select(&s, ann, "to")->messages, 7);
	CHECK_INT(store_select(&s, ann, "to")->uid_next, 8);
	CHECK_STR(changes(to, &modseq, 2), " / 2:7");
	CHECK_INT(step(77, 1, "4", to, true)->status, ERR_CANNOT);
	store_pass(&s, 0); /* merged */
	CHECK_STR(store_show(&s, ann, to), "1:F 2:A 3:S 4: 5: 6: 7:");
	modseq -= 3;
	CHECK_STR(changes(to, &modseq, 2), " / 5:7");
	end();
}

/* While its placements still lie in the segment, everything works on them. */
TEST(batches, the_copy_is_usable_before_it_is_merged)
{
	uint64_t modseq;
	uint32_t to, other;
	Tern__Result *r;

	begin();
	to = store_create(&s, ann, "to");
	other = store_create(&s, ann, "other");
	fill(1, 8);
	step(1, 1, "1:4", to, false);
	step(2, 1, "5:8", to, false);
	step(2, 1, "1", to, true);          /* 1:5 */
	store_append(&s, ann, to, 10, "F"); /* 6 */
	step(1, 1, "8", to, true);          /* 7:11 */
	CHECK_STR(store_show(&s, ann, to), "1: 2: 3:S 4: 5:S 6:F 7:S 8: 9: 10:SD 11:");
	CHECK_INT(store_select(&s, ann, "to")->first_unseen_uid, 1);
	modseq = modseq_of("to");
	r = store_step(to, "2,9", "S $x");
	CHECK_INT(r->status, ERR_OK);
	CHECK_STR(changes(to, &modseq, 1), " / 2,9");
	r = expunge(to, "", true);
	CHECK_STR(store_set(&s, r->uids), "10");
	r = expunge(to, "1,7", false);
	CHECK_STR(store_set(&s, r->uids), "1,7");
	CHECK_STR(changes(to, &modseq, 1), "1,7,10 / ");
	r = step(0, to, "3:8", other, false);
	CHECK_STR(store_set(&s, r->to_uids), "1:5");
	CHECK_STR(store_show(&s, ann, to), "2:S[$x] 3:S 4: 5:S 6:F 8: 9:S[$x] 11:");
	store_pass(&s, 0);
	CHECK_STR(store_show(&s, ann, to), "2:S[$x] 3:S 4: 5:S 6:F 8: 9:S[$x] 11:");
	modseq = 0;
	CHECK_STR(changes(to, &modseq, 3), "1,7,10 / 2:6,8:9,11");
	end();
}

TEST(batches, silence_and_refusals_undo)
{
	uint32_t to;
	Tern__Op *op;

	begin();
	to = store_create(&s, ann, "to");
	fill(1, 6);
	step(1, 1, "1:3", to, false);
	CHECK_INT(store_account_get(&s, ann)->used_messages, 9);
	store_pass(&s, MINUTES(9));
	CHECK_INT(step(1, 1, "4", to, false)->status, ERR_OK);
	store_pass(&s, MINUTES(9));
	CHECK_INT(store_account_get(&s, ann)->used_messages, 10);
	store_pass(&s, MINUTES(1));
	CHECK_INT(store_account_get(&s, ann)->used_messages, 6);
	op = OP_NEW(&s, account_set, ACCOUNT_SET, account_set);
	op->account_set->account = ann;
	op->account_set->has_quota = true;
	op->account_set->quota_messages = 8;
	store_do(&s, op, BYTES_NONE);
	CHECK_INT(step(2, 1, "1:2", to, false)->status, ERR_OK);
	CHECK_INT(step(2, 1, "3", to, false)->status, ERR_QUOTA);
	CHECK_INT(step(2, 1, "3", to, true)->status, ERR_CANNOT);
	CHECK_INT(step(3, 1, "3", 99, true)->status, ERR_NOTFOUND);
	store_pass(&s, 0);
	CHECK_INT(store_account_get(&s, ann)->used_messages, 6);
	CHECK_INT(store_select(&s, ann, "to")->uid_next, 1);
	end();
}

TEST(batches, the_destination_may_go_meanwhile)
{
	uint32_t to;
	Tern__Op *op;

	begin();
	to = store_create(&s, ann, "to");
	fill(1, 4);
	step(1, 1, "1:2", to, false);
	step(2, 1, "1:4", to, true);
	op = OP_NEW(&s, mailbox_delete, MAILBOX_DELETE, mailbox_delete);
	op->mailbox_delete->account = ann;
	op->mailbox_delete->mailbox = to;
	CHECK_INT(store_do(&s, op, BYTES_NONE)->status, ERR_OK);
	CHECK_INT(step(1, 1, "3", to, true)->status, ERR_NOTFOUND);
	CHECK_INT(store_account_get(&s, ann)->used_messages, 6); /* with the hidden ones */
	store_pass(&s, 0);
	store_pass(&s, MINUTES(10));
	CHECK_INT(store_account_get(&s, ann)->used_messages, 4);
	end();
}

TEST(batches, thousands)
{
	uint32_t to;
	uint64_t modseq = 0;
	char set[32];
	Tern__Result *r;

	begin();
	to = store_create(&s, ann, "to");
	fill(1, 2500);
	CHECK_INT(step(0, 1, "1:*", to, false)->status, ERR_LIMIT);
	CHECK_INT(step(0, 1, "1:1000", to, false)->status, ERR_OK);
	for (int i = 0; i < 3; i++) {
		snprintf(set, sizeof(set), "%d:%d", i * 1000 + 1, MIN(i * 1000 + 1000, 2500));
		CHECK_INT(step(5, 1, set, to, i == 2)->status, ERR_OK);
	}
	CHECK_INT(store_select(&s, ann, "to")->messages, 3500);
	/* One step of the merge at a time, with work between. */
	for (int i = 0; i < 3; i++) {
		r = store_step(to, "1900:2100", i == 1 ? "$a" : "F");
		CHECK_INT(r->status, ERR_OK);
		r = expunge(to, i == 1 ? "2950:3050" : "1950:1955,3400", false);
		store_do_unknown(&s, OP_NEW(&s, maintain, MAINTAIN, maintain), BYTES_NONE);
	}
	store_pass(&s, 0);
	CHECK_INT(store_select(&s, ann, "to")->messages, 3500 - 101 - 7);
	CHECK_STR(changes(to, &modseq, 700),
		  "1950:1955,2950:3050,3400 / 1:1949,1956:2949,3051:3399,3401:3500");
	r = store_step(1, "1:*", "F");
	CHECK_INT(r->next_uid, 1001);
	r = expunge(1, "1:*", false);
	CHECK_INT(r->next_uid, 1001);
	CHECK_STR(store_set(&s, r->uids), "1:1000");
	r = expunge(1, "", true);
	CHECK_INT(r->next_uid, 0);
	end();
}

TEST(batches, purge_in_steps)
{
	Tern__Op *op;
	uint32_t to;
	int steps = 0;

	begin();
	to = store_create(&s, ann, "to");
	fill(to, 2100);
	op = OP_NEW(&s, mailbox_delete, MAILBOX_DELETE, mailbox_delete);
	op->mailbox_delete->account = ann;
	op->mailbox_delete->mailbox = to;
	CHECK_INT(store_do(&s, op, BYTES_NONE)->status, ERR_OK);
	CHECK_INT(store_account_get(&s, ann)->used_bytes, 0);
	while (store_do_unknown(&s, OP_NEW(&s, maintain, MAINTAIN, maintain), BYTES_NONE)->more)
		steps++;
	CHECK_INT(steps, 2);
	store_pass(&s, UNDELETE);
	CHECK_INT(store_account_get(&s, ann)->mailboxes, 1);
	end();
}

TEST(batches, tombstones_are_trimmed)
{
	uint64_t modseq, old;

	begin();
	fill(1, 5);
	old = modseq = modseq_of("INBOX");
	expunge(1, "2", false);
	CHECK_STR(changes(1, &modseq, 0), "2 / ");
	store_pass(&s, DAYS(20));
	expunge(1, "4", false);
	store_pass(&s, DAYS(11));
	CHECK_STR(changes(1, &modseq, 0), "4 / ");
	modseq = old;
	store_step(1, "1", "F");
	CHECK_STR(changes(1, &modseq, 0), "4 ! 1");
	CHECK_INT(modseq, modseq_of("INBOX"));
	store_pass(&s, DAYS(30));
	modseq = old;
	CHECK_STR(changes(1, &modseq, 0), " ! 1");
	end();
}

TEST(batches, unchanged_since)
{
	Tern__Op *op;
	Tern__Result *r;
	uint64_t modseq;

	begin();
	fill(1, 3);
	modseq = modseq_of("INBOX");
	store_step(1, "2", "F");
	op = OP_NEW(&s, store_flags, STORE_FLAGS, store_flags);
	op->store_flags->account = ann;
	op->store_flags->mailbox = 1;
	op->store_flags->uids = store_ranges(&s, "1:3");
	op->store_flags->mode = TERN__STORE_MODE__STORE_ADD;
	op->store_flags->flags = store_flags(&s, "A");
	op->store_flags->conditional = true;
	op->store_flags->unchanged_since = modseq;
	r = store_do(&s, op, BYTES_NONE);
	CHECK_STR(store_set(&s, r->uids), "2");
	CHECK_STR(store_show(&s, ann, 1), "1:SA 2:F 3:A");
	op->store_flags->unchanged_since = 0;
	r = store_do(&s, op, BYTES_NONE);
	CHECK_STR(store_set(&s, r->uids), "1:3");
	end();
}

TEST(batches, the_dictionary_is_bounded)
{
	char word[16];
	Tern__Result *r;

	begin();
	fill(1, 1);
	s.checked = false;
	for (int i = 0; i < KEYWORDS_MAX; i++) {
		snprintf(word, sizeof(word), "$k%d", i);
		r = store_step(1, "1", word);
		CHECK_INT(r->status, ERR_OK);
		CHECK_INT(r->keywords_from, i);
		CHECK_INT(r->n_keywords, 1);
	}
	store_check(&s);
	CHECK_INT(store_step(1, "1", "$more")->status, ERR_LIMIT);
	r = store_step(1, "1", "$K5");
	CHECK_INT(r->status, ERR_OK);
	CHECK_INT(r->n_keywords, 0);
	end();
}

TEST(batches, the_last_uid)
{
	Tern__Op *op;

	begin();
	/* No operation gets a mailbox there in a test's time: the ranges must still end. */
	CHECK_INT(store_append(&s, ann, 1, 1, ""), 1);
	CHECK_STR(store_set(&s, store_step(1, "4294967295", "F")->uids), "");
	op = OP_NEW(&s, expunge, EXPUNGE, expunge);
	op->expunge->account = ann;
	op->expunge->mailbox = 1;
	op->expunge->uids = store_ranges(&s, "1:4294967295");
	CHECK_STR(store_set(&s, store_do(&s, op, BYTES_NONE)->uids), "1");
	op->expunge->uids = NULL;
	CHECK_INT(store_do(&s, op, BYTES_NONE)->status, ERR_INVALID);
	end();
}
