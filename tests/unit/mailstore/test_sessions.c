/* SPDX-License-Identifier: Apache-2.0 */
/* test_sessions.c - request ids, fences, deliveries brought again. */
#include "store.h"

#include "mailstore/record.h"

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

static Tern__Op *append_op(struct bytes *body)
{
	Tern__Op *op = OP_NEW(&s, append, APPEND, append);

	op->append->account = ann;
	op->append->mailbox = 1;
	op->append->content = store_content(&s, 10, "f", body);
	return op;
}

static uint32_t append_as(uint64_t client, uint64_t seq)
{
	struct bytes body;
	Tern__Op *op = append_op(&body);

	return store_do_as(&s, client, seq, op, body)->status;
}

static uint32_t hello_as(uint64_t client, uint64_t seq)
{
	return store_do_as(&s, client, seq, OP_NEW(&s, hello, HELLO, hello), BYTES_NONE)->status;
}

static Tern__Result *fence_as(uint64_t client, uint64_t seq, uint64_t of, uint64_t of_seq)
{
	Tern__Op *op = OP_NEW(&s, fence, FENCE, fence);

	op->fence->client = of;
	op->fence->seq = of_seq;
	return store_do_as(&s, client, seq, op, BYTES_NONE);
}

static uint32_t messages(void)
{
	return store_select(&s, ann, "INBOX")->messages;
}

TEST(sessions, a_repeated_request_returns_the_first_answer)
{
	struct bytes body, first;
	Tern__Op *op;

	begin();
	op = append_op(&body);
	CHECK_INT(store_do_as(&s, 7, 10, op, body)->status, ERR_OK);
	first = s.packed;
	store_do_as(&s, 7, 10, op, body);
	CHECK(bytes_eq(first, s.packed));
	CHECK_INT(messages(), 1);
	CHECK_INT(s.fx.n_hints, 0);
	CHECK_INT(s.fx.n_reclaim, 1);
	end();
}

TEST(sessions, a_refusal_is_an_answer_too)
{
	Tern__Op *op;
	struct bytes body;

	begin();
	op = append_op(&body);
	op->append->mailbox = 99;
	CHECK_INT(store_do_as(&s, 7, 10, op, body)->status, ERR_NOTFOUND);
	CHECK_INT(s.fx.n_reclaim, 1);
	op->append->mailbox = 1; /* the same id, whatever it says */
	CHECK_INT(store_do_as(&s, 7, 10, op, body)->status, ERR_NOTFOUND);
	CHECK_INT(messages(), 0);
	end();
}

TEST(sessions, strangers_and_old_requests_expire)
{
	begin();
	CHECK_INT(append_as(8, 1), ERR_EXPIRED);
	CHECK_INT(hello_as(8, 1), ERR_OK);
	CHECK_INT(append_as(8, 2), ERR_OK);
	s.done_below = 5;
	CHECK_INT(append_as(8, 5), ERR_OK);
	CHECK_INT(append_as(8, 4), ERR_EXPIRED);
	CHECK_INT(append_as(8, 2), ERR_EXPIRED);
	CHECK_INT(append_as(0, 0), ERR_INVALID); /* APPEND without an id */
	CHECK_INT(append_as(8, 0), ERR_INVALID);
	CHECK_INT(append_as(8, 5 + SEQS_OPEN + 1), ERR_LIMIT);
	CHECK_INT(messages(), 2);
	end();
}

/* done_below beyond the request itself must not drop its own answer. */
TEST(sessions, done_below_is_bounded_by_the_request)
{
	begin();
	s.done_below = UINT64_MAX;
	CHECK_INT(append_as(7, 20), ERR_OK);
	CHECK_INT(append_as(7, 20), ERR_OK);
	CHECK_INT(messages(), 1);
	CHECK_INT(append_as(7, 19), ERR_EXPIRED);
	end();
}

static unsigned answers(void)
{
	struct rows *r = store_view(&s);
	struct bytes key, value;
	struct rows_iter *it;
	struct key k;
	unsigned n = 0;

	key_table(&k, T_ANSWER);
	it = rows_under(r, key_bytes(&k), BYTES_NONE);
	while (rows_iter_next(it, &key, &value))
		n++;
	rows_iter_free(&it);
	rows_free(&r);
	return n;
}

/* More answers than one entry drops: the next ones go on where it stopped. */
TEST(sessions, answers_go_when_they_are_done_with)
{
	unsigned before;

	begin();
	CHECK_INT(hello_as(8, 1), ERR_OK);
	s.done_below = 1;
	before = answers();
	for (uint64_t seq = 2; seq <= 600; seq++)
		CHECK_INT(append_as(8, seq), ERR_OK);
	CHECK_INT(answers(), before + 599);
	s.done_below = 601;
	for (uint64_t seq = 601; seq <= 603; seq++)
		CHECK_INT(append_as(8, seq), ERR_OK);
	CHECK_INT(answers(), before + 2); /* of 1 to 603, those from 601 on */
	end();
}

TEST(sessions, a_silent_client_is_forgotten)
{
	begin();
	CHECK_INT(hello_as(8, 1), ERR_OK);
	CHECK_INT(append_as(8, 7), ERR_OK);
	store_pass(&s, MINUTES(59));
	CHECK_INT(append_as(8, 8), ERR_OK);
	store_pass(&s, MINUTES(59));
	CHECK_INT(append_as(8, 9), ERR_OK);
	store_pass(&s, MINUTES(61));
	CHECK_INT(append_as(8, 10), ERR_EXPIRED);
	CHECK_INT(hello_as(8, 9), ERR_EXPIRED); /* sent before */
	CHECK_INT(hello_as(8, 11), ERR_OK);
	CHECK_INT(append_as(8, 9), ERR_EXPIRED);
	CHECK_INT(append_as(8, 12), ERR_OK);
	store_pass(&s, DAYS(8));
	CHECK_INT(append_as(8, 13), ERR_EXPIRED);
	CHECK_INT(hello_as(8, 1), ERR_OK); /* quite forgotten */
	CHECK_INT(messages(), 4);
	end();
}

TEST(sessions, fence_of_what_happened_returns_its_answer)
{
	Tern__Result *r;

	begin();
	CHECK_INT(append_as(7, 10), ERR_OK);
	r = fence_as(7, 11, 7, 10);
	CHECK_INT(r->status, ERR_OK);
	CHECK_INT(r->uids->v[0], 1);
	r = fence_as(7, 11, 7, 10); /* the fence again */
	CHECK_INT(r->uids->v[0], 1);
	end();
}

TEST(sessions, fence_of_what_did_not_happen_keeps_it_out)
{
	begin();
	CHECK_INT(fence_as(7, 11, 7, 10)->status, ERR_FENCED);
	CHECK_INT(append_as(7, 10), ERR_FENCED);
	CHECK_INT(append_as(7, 12), ERR_OK);
	CHECK_INT(fence_as(7, 13, 7, 13)->status, ERR_INVALID);
	CHECK_INT(messages(), 1);
	end();
}

/* The fence may overtake the client's Hello. */
TEST(sessions, fence_of_a_stranger_binds_it)
{
	begin();
	CHECK_INT(fence_as(7, 11, 9, 3)->status, ERR_FENCED);
	CHECK_INT(hello_as(9, 1), ERR_EXPIRED);
	CHECK_INT(append_as(9, 3), ERR_EXPIRED);
	CHECK_INT(hello_as(9, 4), ERR_OK);
	CHECK_INT(append_as(9, 3), ERR_EXPIRED);
	CHECK_INT(append_as(9, 5), ERR_OK);
	end();
}

static Tern__Result *fence_delivery(uint64_t id)
{
	Tern__Op *op = OP_NEW(&s, fence, FENCE, fence);

	op->fence->delivery.len = 16;
	op->fence->delivery.data = arena_alloc(&s.ops, 16);
	store_id(id, op->fence->delivery.data);
	return store_do_unknown(&s, op, BYTES_NONE);
}

TEST(sessions, fence_of_a_delivery)
{
	Tern__Result *r;

	begin();
	CHECK_INT(fence_delivery(5)->status, ERR_FENCED);
	CHECK_INT(fence_delivery(5)->status, ERR_FENCED);
	CHECK_INT(store_deliver(&s, 5, &ann, 1, 10)->status, ERR_FENCED);
	CHECK_INT(s.fx.n_reclaim, 1);
	CHECK_INT(messages(), 0);
	CHECK_INT(store_deliver(&s, 6, &ann, 1, 10)->status, ERR_OK);
	r = fence_delivery(6);
	CHECK_INT(r->status, ERR_OK);
	CHECK_INT(r->n_statuses, 1);
	CHECK_INT(messages(), 1);
	end();
}

TEST(sessions, a_delivery_reaches_each_account_once)
{
	uint64_t both[2], bob;
	Tern__Result *r;

	begin();
	bob = store_account(&s, "bob@example.org", 0);
	both[0] = ann;
	both[1] = bob;
	CHECK_INT(store_deliver(&s, 5, &ann, 1, 10)->statuses[0], ERR_OK);
	r = store_deliver(&s, 5, both, 2, 10);
	CHECK_INT(r->statuses[0], ERR_OK);
	CHECK_INT(r->statuses[1], ERR_OK);
	CHECK_INT(messages(), 1);
	CHECK_INT(store_select(&s, bob, "INBOX")->messages, 1);
	r = store_deliver(&s, 5, &bob, 1, 10);
	CHECK_INT(r->statuses[0], ERR_OK);
	CHECK_INT(s.fx.n_reclaim, 1); /* nobody took this body */
	CHECK_INT(store_select(&s, bob, "INBOX")->messages, 1);
	end();
}

TEST(sessions, a_delivery_is_remembered_for_seven_days)
{
	Tern__Op *op;
	struct bytes body;

	begin();
	CHECK_INT(store_deliver(&s, 5, &ann, 1, 10)->status, ERR_OK);
	store_pass(&s, DAYS(6) + HOURS(23));
	CHECK_INT(store_deliver(&s, 5, &ann, 1, 10)->status, ERR_OK);
	CHECK_INT(messages(), 1);
	op = OP_NEW(&s, deliver, DELIVER, deliver);
	op->deliver->delivery.len = 16;
	op->deliver->delivery.data = arena_alloc(&s.ops, 16);
	store_id(6, op->deliver->delivery.data);
	op->deliver->content = store_content(&s, 10, "", &body);
	op->deliver->n_here = 1;
	op->deliver->here = arena_array(&s.ops, Tern__Recipient *, 1);
	op->deliver->here[0] = store_msg(&s, &tern__recipient__descriptor);
	op->deliver->here[0]->account = ann;
	op->deliver->born_ms = s.wall_ms - DAYS(6) - 1;
	CHECK_INT(store_do_unknown(&s, op, body)->status, ERR_EXPIRED);
	op->deliver->born_ms = s.wall_ms - DAYS(6);
	CHECK_INT(store_do_unknown(&s, op, body)->status, ERR_OK);
	store_pass(&s, DAYS(8));
	CHECK_INT(messages(), 2);
	end();
}

TEST(sessions, log_time_never_goes_back)
{
	begin();
	CHECK_INT(hello_as(8, 1), ERR_OK);
	s.log_ms += HOURS(2);
	CHECK_INT(append_as(7, 50), ERR_OK);
	s.log_ms -= HOURS(2);
	CHECK_INT(append_as(7, 51), ERR_OK);
	s.log_ms += HOURS(2);
	store_pass(&s, 0);
	CHECK_INT(append_as(8, 2), ERR_EXPIRED);
	CHECK_INT(append_as(7, 52), ERR_OK);
	end();
}
