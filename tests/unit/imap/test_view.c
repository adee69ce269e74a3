/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"
#include "lib/test.h"

#include "imap/view.h"

static void fill(struct view *v, const char *uids)
{
	struct uidset set;

	view_init(v);
	uidset_init(&set);
	if (*uids)
		CHECK(uidset_parse(&set, bytes_str(uids), 0, 100));
	view_add(v, &set);
	uidset_release(&set);
}

static void gone(struct view *v, const char *uids)
{
	struct uidset set;

	uidset_init(&set);
	CHECK(uidset_parse(&set, bytes_str(uids), 0, 100));
	view_gone(v, &set);
	uidset_release(&set);
}

static void check_set(const struct uidset *set, const char *want)
{
	struct buf out;

	buf_init(&out, 0);
	uidset_print(set, &out);
	buf_putc(&out, 0);
	CHECK_STR((const char *)out.p, want);
	buf_release(&out);
}

TEST(view, numbers)
{
	struct view v;

	fill(&v, "3:5,10,20:30");
	CHECK_INT(view_count(&v), 15);
	CHECK_INT(view_max(&v), 30);
	CHECK_INT(view_seq(&v, 3), 1);
	CHECK_INT(view_seq(&v, 5), 3);
	CHECK_INT(view_seq(&v, 6), 0);
	CHECK_INT(view_seq(&v, 10), 4);
	CHECK_INT(view_seq(&v, 30), 15);
	CHECK_INT(view_seq(&v, 31), 0);
	CHECK_INT(view_seq(&v, 0), 0);
	for (uint32_t seq = 1; seq <= 15; seq++)
		CHECK_INT(view_seq(&v, view_uid(&v, seq)), seq);
	CHECK_INT(view_uid(&v, 0), 0);
	CHECK_INT(view_uid(&v, 16), 0);
	view_release(&v);
}

static const struct {
	const char *uids, *set;
	bool uid;
	const char *want;
} sets[] = {
	{ "3:5,10,20:30", "1:4", false, "3:5,10" },
	{ "3:5,10,20:30", "3:5", false, "5,10,20" },
	{ "3:5,10,20:30", "*", false, "30" },
	{ "3:5,10,20:30", "14:*", false, "29:30" },
	{ "3:5,10,20:30", "20:*", false, "30" },
	{ "3:5,10,20:30", "*:1", false, "3:5,10,20:30" },
	{ "3:5,10,20:30", "16:4294967295", false, "" },
	{ "3:5,10,20:30", "1:4294967295", false, "3:5,10,20:30" },
	{ "3:5,10,20:30", "4,1,4,2:3", false, "3:5,10" },
	{ "3:5,10,20:30", "1:4", true, "3:4" },
	{ "3:5,10,20:30", "4:25", true, "4:5,10,20:25" },
	{ "3:5,10,20:30", "100:*", true, "30" },
	{ "3:5,10,20:30", "*", true, "30" },
	{ "3:5,10,20:30", "31:100", true, "" },
	{ "", "1:*", false, "" },
	{ "", "1:*", true, "" },
	{ "", "*", true, "" },
};

TEST(view, sets)
{
	for (size_t i = 0; i < ARRAY_LEN(sets); i++) {
		struct uidset out;
		struct view v;

		fill(&v, sets[i].uids);
		uidset_init(&out);
		view_resolve(&v, bytes_str(sets[i].set), sets[i].uid, &out);
		check_set(&out, sets[i].want);
		uidset_release(&out);
		view_release(&v);
	}
}

TEST(view, cover)
{
	static const struct {
		const char *set, *want;
	} cases[] = {
		{ "3:5,10,20:30", "3:30" }, { "3,5", "3,5" },       { "5,10", "5:10" },
		{ "3:4,10", "3:4,10" },     { "4:5,20", "4:5,20" }, { "10,20:22,25", "10:22,25" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct uidset set;
		struct view v;

		fill(&v, "3:5,10,20:30");
		uidset_init(&set);
		CHECK(uidset_parse(&set, bytes_str(cases[i].set), 0, 100));
		view_cover(&v, &set);
		check_set(&set, cases[i].want);
		uidset_release(&set);
		view_release(&v);
	}
}

static void tell(void *arg, uint32_t seq)
{
	buf_printf(arg, "%u ", seq);
}

/* A client that takes one message out for each number that it is told ends up with the same. */
TEST(view, forgetting)
{
	struct buf told;
	struct view v;

	fill(&v, "3:5,10,20:30");
	gone(&v, "1,4,10,29:40");
	CHECK_INT(view_count(&v), 15);
	CHECK_INT(view_seq(&v, 20), 5);
	buf_init(&told, 0);
	view_forget(&v, tell, &told);
	buf_putc(&told, 0);
	CHECK_STR((const char *)told.p, "15 14 4 2 ");
	check_set(&v.uids, "3,5,20:28");
	CHECK_INT(view_count(&v), 11);
	CHECK_INT(v.gone.n, 0);
	buf_release(&told);
	view_release(&v);
}

TEST(view, many_gone_at_random)
{
	uint32_t seed = 3;

	for (unsigned round = 0; round < 300; round++) {
		uint32_t left[200];
		size_t n = 0;
		struct view v;
		struct uidset set;
		struct buf told;

		view_init(&v);
		uidset_init(&set);
		for (uint32_t uid = 1; uid <= 200; uid++) {
			seed = seed * 1664525 + 1013904223;
			if ((seed >> 8) % 3 == 0)
				continue;
			uidset_add(&set, uid, uid);
			left[n++] = uid;
		}
		view_add(&v, &set);
		uidset_clear(&set);
		for (uint32_t uid = 1; uid <= 200; uid++) {
			seed = seed * 1664525 + 1013904223;
			if ((seed >> 8) % 2)
				uidset_add(&set, uid, uid);
		}
		view_gone(&v, &set);
		buf_init(&told, 0);
		view_forget(&v, tell, &told);
		for (struct bytes rest = buf_bytes(&told); rest.n;) {
			uint64_t seq;

			CHECK(bytes_u64(bytes_cut(&rest, ' '), n, &seq) && seq > 0);
			memmove(&left[seq - 1], &left[seq], (n - seq) * sizeof(*left));
			n--;
		}
		CHECK_INT(view_count(&v), n);
		for (uint32_t seq = 1; seq <= n; seq++) {
			CHECK_INT(view_uid(&v, seq), left[seq - 1]);
			CHECK(!uidset_has(&set, left[seq - 1]));
		}
		buf_release(&told);
		uidset_release(&set);
		view_release(&v);
	}
}

TEST(view, knows)
{
	struct uidset set;
	struct view v;

	view_init(&v);
	CHECK(view_knows(&v, BYTES("*")) && !view_knows(&v, BYTES("1")));
	uidset_init(&set);
	uidset_add(&set, 3, 5);
	uidset_add(&set, 9, 9);
	view_add(&v, &set);
	CHECK(view_knows(&v, BYTES("1:4")) && view_knows(&v, BYTES("7,9")) &&
	      view_knows(&v, BYTES("2:*")) && view_knows(&v, BYTES("*")));
	CHECK(!view_knows(&v, BYTES("10")) && !view_knows(&v, BYTES("10:*")) &&
	      !view_knows(&v, BYTES("1,8:20")));
	uidset_release(&set);
	view_release(&v);
}

TEST(view, told)
{
	struct view v;

	view_init(&v);
	view_seen(&v, 100);
	view_tell(&v, 50);
	CHECK(!view_was_told(&v, 50));
	view_tell(&v, 101); /* nothing lies between: known up to here */
	CHECK_INT(v.modseq, 101);
	view_tell(&v, 103);
	view_tell(&v, 104);
	view_tell(&v, 200);
	CHECK_INT(v.modseq, 101);
	CHECK(view_was_told(&v, 103) && view_was_told(&v, 104) && view_was_told(&v, 200));
	CHECK(!view_was_told(&v, 102) && !view_was_told(&v, 150));
	/* The oldest is forgotten: it is told twice then, which harms nobody. */
	for (uint64_t m = 1000; m < 1000 + 2 * VIEW_TOLD; m += 2)
		view_tell(&v, m);
	CHECK(!view_was_told(&v, 103));
	view_release(&v);
}
