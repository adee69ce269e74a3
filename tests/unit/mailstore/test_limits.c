/* SPDX-License-Identifier: Apache-2.0 */
/* test_limits.c - pages and ranges of queries, and bounds that other tests do not reach. */
#include "store.h"

#include <stdlib.h>

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

struct asked {
	uint32_t columns, from_uid, max_bytes;
	const char *uids;
};

/* "1,3,5>7": the UIDs of one page and where to go on. */
static const char *rows(const struct asked *a)
{
	Tern__Query q = TERN__QUERY__INIT;
	Tern__Rows in = TERN__ROWS__INIT;
	struct bytes page;
	struct row row;
	Tern__Reply *r;
	const char *text;
	struct buf b;

	q.what_case = TERN__QUERY__WHAT_ROWS;
	q.rows = &in;
	in.account = ann;
	in.mailbox = 1;
	in.columns = a->columns;
	in.from_uid = a->from_uid;
	in.max_bytes = a->max_bytes;
	in.uids = a->uids ? store_ranges(&s, a->uids) : NULL;
	r = store_ask(&s, &q, &page);
	CHECK_INT(r->status, ERR_OK);
	CHECK_INT(mailstore_reply_negative(r), r->rows->next_uid == 0);
	buf_init(&b, 0);
	while (page.n) {
		CHECK(row_unpack(&page, a->columns, &row));
		buf_printf(&b, "%s%u", b.n ? "," : "", row.uid);
	}
	buf_printf(&b, ">%u", r->rows->next_uid);
	text = bytes_cstr(&s.mem, buf_bytes(&b));
	buf_release(&b);
	return text;
}

static const struct {
	struct asked asked;
	const char *want;
} row_cases[] = {
	{ { 0, 0, 0, NULL }, "1,2,3,4,6,7,8>0" },
	{ { 0, 3, 0, NULL }, "3,4,6,7,8>0" },
	{ { 0, 5, 2, NULL }, "6,7>8" },
	{ { ROW_ALL, 0, 1, NULL }, "1>2" }, /* at least one row */
	{ { 0, 0, 0, "2:3,5,7:100" }, "2,3,7,8>0" },
	{ { 0, 3, 0, "2:3,5,7" }, "3,7>0" },
	{ { 0, 0, 3, "1:3,6:8" }, "1,2,3>6" },
	{ { 0, 6, 3, "1:3,6:8" }, "6,7,8>0" },
	{ { 0, 0, 0, "5" }, ">0" },
	{ { 0, 0, 0, "4000000000" }, ">0" },
	{ { 0, UINT32_MAX, 0, NULL }, ">0" },
};

TEST(limits, rows_by_ranges_and_pages)
{
	Tern__Op *op;

	begin();
	for (int i = 0; i < 8; i++)
		store_append(&s, ann, 1, 10, "");
	op = OP_NEW(&s, expunge, EXPUNGE, expunge);
	op->expunge->account = ann;
	op->expunge->mailbox = 1;
	op->expunge->uids = store_ranges(&s, "5");
	CHECK_INT(store_do(&s, op, BYTES_NONE)->status, ERR_OK);
	for (size_t i = 0; i < ARRAY_LEN(row_cases); i++)
		CHECK_STR(rows(&row_cases[i].asked), row_cases[i].want);
	end();
}

TEST(limits, refused_rows)
{
	Tern__Query q = TERN__QUERY__INIT;
	Tern__Rows in = TERN__ROWS__INIT;
	uint32_t down[] = { 5, 4 };

	begin();
	q.what_case = TERN__QUERY__WHAT_ROWS;
	q.rows = &in;
	in.account = ann;
	in.mailbox = 1;
	in.uid_validity = 1;
	CHECK_INT(store_ask(&s, &q, NULL)->status, ERR_NOTFOUND);
	CHECK(mailstore_reply_negative(store_ask(&s, &q, NULL)));
	in.uid_validity = 0;
	in.uids = store_ranges(&s, "1");
	in.uids->v = down;
	CHECK_INT(store_ask(&s, &q, NULL)->status, ERR_INVALID);
	in.account = 99;
	CHECK_INT(store_ask(&s, &q, NULL)->status, ERR_NOTFOUND);
	q.what_case = TERN__QUERY__WHAT_STATE_HASH; /* not about rows: the server's */
	CHECK_INT(store_ask(&s, &q, NULL)->status, ERR_INVALID);
	end();
}

/* The biggest row there may be still fits one payload part. */
TEST(limits, the_biggest_row)
{
	Tern__Query q = TERN__QUERY__INIT;
	Tern__EmailGet get = TERN__EMAIL_GET__INIT;
	Tern__Op *op;
	struct bytes body, page;
	struct row row;

	begin();
	op = OP_NEW(&s, deliver, DELIVER, deliver);
	op->deliver->delivery.len = 16;
	op->deliver->delivery.data = arena_alloc(&s.ops, 16);
	op->deliver->born_ms = s.wall_ms;
	op->deliver->content = store_content(&s, 10, "", &body);
	op->deliver->content->facts.len = FACTS_MAX;
	op->deliver->content->facts.data = arena_alloc(&s.ops, FACTS_MAX + 1);
	op->deliver->n_here = 1;
	op->deliver->here = arena_array(&s.ops, Tern__Recipient *, 1);
	op->deliver->here[0] = store_msg(&s, &tern__recipient__descriptor);
	op->deliver->here[0]->account = ann;
	op->deliver->here[0]->prefix.len = PREFIX_MAX;
	op->deliver->here[0]->prefix.data = arena_alloc(&s.ops, PREFIX_MAX);
	CHECK_INT(store_do_unknown(&s, op, body)->statuses[0], ERR_OK);
	q.what_case = TERN__QUERY__WHAT_EMAIL;
	q.email = &get;
	get.account = ann;
	get.mailbox = get.uid = 1;
	get.columns = ROW_ALL;
	CHECK_INT(store_ask(&s, &q, &page)->status, ERR_OK);
	CHECK(row_unpack(&page, ROW_ALL, &row));
	CHECK_INT(row.facts.n, FACTS_MAX);
	CHECK_INT(row.prefix.n, PREFIX_MAX);
	/* A chunk reference takes at most 36 bytes. */
	CHECK(FACTS_MAX + 2 * ROW_RENDERED_MAX + PREFIX_MAX + 36 * ROW_MAX_CHUNKS + KIB(1) <
	      WIRE_MAX_PAYLOAD);
	op->deliver->content->facts.len++;
	op->deliver->delivery.data[0]++;
	CHECK_INT(store_do_unknown(&s, op, body)->status, ERR_TOOBIG);
	get.uid = 2;
	CHECK_INT(store_ask(&s, &q, &page)->status, ERR_NOTFOUND);
	end();
}

TEST(limits, classes_of_operations)
{
	Tern__Op *op;

	begin();
	op = OP_NEW(&s, copy, COPY, copy);
	CHECK(op_grows(op));
	op->copy->move = true;
	CHECK(!op_grows(op));
	CHECK(op_grows(OP_NEW(&s, append, APPEND, append)));
	CHECK(op_grows(OP_NEW(&s, chunk, CHUNK, chunk_put)));
	CHECK(!op_grows(OP_NEW(&s, expunge, EXPUNGE, expunge)));
	CHECK(!op_grows(OP_NEW(&s, maintain, MAINTAIN, maintain)));
	CHECK(!op_grows(store_op(&s)));
	op = OP_NEW(&s, hello, HELLO, hello);
	op->version = 2;
	CHECK_INT(op_check(op, 0, NULL), -ERR_VERSION);
	CHECK_INT(store_do(&s, op, BYTES_NONE)->status, ERR_VERSION);
	CHECK(s.fx.newer);
	op->version = 0;
	CHECK_INT(op_check(op, 0, NULL), -ERR_INVALID);
	CHECK_INT(store_do(&s, op, BYTES_NONE)->status, ERR_INVALID);
	CHECK(!s.fx.newer);
	end();
}

static Tern__Result *batch(uint64_t id, uint32_t from, uint32_t to, bool last)
{
	Tern__Op *op = OP_NEW(&s, copy, COPY, copy);

	op->copy->account = ann;
	op->copy->mailbox = from;
	op->copy->uids = store_ranges(&s, "1:*");
	op->copy->to = to;
	op->copy->batch = id;
	op->copy->last = last;
	return store_do(&s, op, BYTES_NONE);
}

TEST(limits, batches_not_yet_merged)
{
	uint32_t to, other;

	begin();
	to = store_create(&s, ann, "to");
	other = store_create(&s, ann, "other");
	store_append(&s, ann, 1, 10, "");
	for (uint64_t i = 1; i <= SEGMENTS_MAX; i++)
		CHECK_INT(batch(i, 1, to, true)->status, ERR_OK);
	CHECK_INT(batch(90, 1, to, true)->status, ERR_LIMIT);
	CHECK_INT(batch(91, 1, to, false)->status, ERR_OK);
	CHECK_INT(batch(91, 1, other, true)->status, ERR_INVALID);
	store_pass(&s, 0);
	CHECK_INT(batch(91, 1, to, true)->status, ERR_OK);
	CHECK_INT(store_select(&s, ann, "to")->messages, SEGMENTS_MAX + 2);
	store_pass(&s, 0);
	end();
}

TEST(limits, subscriptions_and_recipients)
{
	Tern__Op *op;
	struct bytes body;
	char path[20];

	begin();
	s.checked = false;
	for (int i = 0; i <= MAILBOXES_MAX; i++) {
		snprintf(path, sizeof(path), "n%d", i);
		op = OP_NEW(&s, subscribe, SUBSCRIBE, subscribe);
		op->subscribe->account = ann;
		op->subscribe->path = store_text(&s, path);
		op->subscribe->on = true;
		CHECK_INT(store_do(&s, op, BYTES_NONE)->status,
			  i < MAILBOXES_MAX ? ERR_OK : ERR_LIMIT);
		s.done_below = s.seq;
		store_clear(&s);
	}
	op = OP_NEW(&s, deliver, DELIVER, deliver);
	op->deliver->delivery.len = 16;
	op->deliver->delivery.data = arena_alloc(&s.ops, 16);
	op->deliver->content = store_content(&s, 10, "", &body);
	op->deliver->n_here = HERE_MAX + 1;
	op->deliver->here = arena_array(&s.ops, Tern__Recipient *, HERE_MAX + 1);
	for (int i = 0; i <= HERE_MAX; i++)
		op->deliver->here[i] = store_msg(&s, &tern__recipient__descriptor);
	CHECK_INT(store_do_unknown(&s, op, body)->status, ERR_LIMIT);
	store_check(&s);
	end();
}

/* A keyword too many does not cost the message. */
TEST(limits, delivery_with_a_full_dictionary)
{
	Tern__Op *op;
	struct bytes body;
	char flags[20];

	begin();
	s.checked = false;
	for (int i = 0; i < KEYWORDS_MAX; i++) {
		snprintf(flags, sizeof(flags), "$k%d", i);
		store_append(&s, ann, 1, 1, flags);
	}
	op = OP_NEW(&s, deliver, DELIVER, deliver);
	op->deliver->delivery.len = 16;
	op->deliver->delivery.data = arena_alloc(&s.ops, 16);
	op->deliver->born_ms = s.wall_ms;
	op->deliver->content = store_content(&s, 10, "", &body);
	op->deliver->n_here = 1;
	op->deliver->here = arena_array(&s.ops, Tern__Recipient *, 1);
	op->deliver->here[0] = store_msg(&s, &tern__recipient__descriptor);
	op->deliver->here[0]->account = ann;
	op->deliver->here[0]->flags = store_flags(&s, "F $new");
	CHECK_INT(store_do_unknown(&s, op, body)->statuses[0], ERR_OK);
	CHECK_STR(strstr(store_show(&s, ann, 1), "129:"), "129:F");
	store_check(&s);
	end();
}

/* More answers than one entry drops. */
TEST(limits, answers_go_in_steps)
{
	uint64_t rows_before;

	begin();
	s.checked = false;
	rows_before = s.state.rows;
	for (int i = 0; i < 700; i++)
		store_hello(&s);
	CHECK(s.state.rows > rows_before + 600);
	s.done_below = s.seq;
	for (int i = 0; i < 4; i++)
		store_hello(&s);
	CHECK(s.state.rows < rows_before + 10);
	store_check(&s);
	for (int i = 0; i < 1500; i++) {
		store_do_as(&s, s.client, ++s.seq, OP_NEW(&s, hello, HELLO, hello), BYTES_NONE);
		store_clear(&s);
	}
	s.checked = true;
	s.client = 8;
	store_hello(&s);
	store_pass(&s, HOURS(2)); /* forgotten: 1,500 answers */
	CHECK(s.state.rows < rows_before + 20);
	end();
}
