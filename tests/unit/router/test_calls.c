/* SPDX-License-Identifier: Apache-2.0 */
/* Calls against a fake cluster: where they go, what they answer, and that no id is applied twice
 * or both fenced and applied, whatever is lost, doubled, cut or late. */
#include "fake.h"

#include "router/private.h"

static struct bench bench; /* too big for a stack */

#define OTHERWISE_FAST                                                               \
	{                                                                            \
		.attempt_ms = 200, .session_retry_ms = 600, .delivery_retry_ms = 900 \
	}
static const struct router_config fast = OTHERWISE_FAST;

static int result_of(struct test_call *t)
{
	struct arena mem;
	Tern__Result *r;
	int status = -1;

	arena_init(&mem, 0);
	if (t->call.reply.body && (r = WIRE_UNPACK(result, t->call.reply.body->b, &mem)))
		status = (int)r->status;
	arena_release(&mem);
	return status;
}

static void release(struct test_call *t)
{
	msg_release(&t->call.reply);
}

static void finish(struct test_call *t, unsigned ms, int status)
{
	CHECK(bench_wait(&bench, &t->done, ms));
	CHECK_INT(t->call.status, status);
	release(t);
}

TEST(calls, an_operation_says_hello_once)
{
	static struct test_call t[20];

	bench_start(&bench, &fast);
	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		test_op(&bench, &t[i], 2, 3000);
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		CHECK(bench_wait(&bench, &t[i].done, 3000));
		CHECK_INT(t[i].call.status, 0);
		CHECK_INT(result_of(&t[i]), 0);
		CHECK_INT(t[i].call.index, 100);
		release(&t[i]);
	}
	CHECK_INT(FAKE_GET(&bench.fake, hellos), 1);
	CHECK_INT(fake_applied(&bench.fake), 20);
	CHECK(fake_once(&bench.fake));
	bench_stop(&bench);
}

TEST(calls, a_hint_is_followed_and_remembered)
{
	static struct test_call t;
	unsigned before;

	bench_start(&bench, &fast);
	FAKE_SET(&bench.fake, leader, 2);
	test_read(&bench, &t, CALL_READ, 3000);
	CHECK(bench_wait(&bench, &t.done, 3000));
	CHECK(bytes_eq(t.call.reply.body->b, BYTES("s3")));
	release(&t);
	before = FAKE_GET(&bench.fake, node[0].requests) + FAKE_GET(&bench.fake, node[1].requests);
	test_read(&bench, &t, CALL_READ, 3000);
	finish(&t, 3000, 0);
	CHECK_INT(FAKE_GET(&bench.fake, node[0].requests) + FAKE_GET(&bench.fake, node[1].requests),
		  before);
	bench_stop(&bench);
}

TEST(calls, without_a_leader_a_read_and_a_mutation_end_busy_at_the_deadline)
{
	static struct test_call t[3];

	bench_start(&bench, &fast);
	FAKE_SET(&bench.fake, leader, -1);
	test_read(&bench, &t[0], CALL_READ, 500);
	test_op(&bench, &t[1], 0, 500);
	test_delivery(&bench, &t[2], 0, 500);
	for (int i = 0; i < 3; i++) {
		finish(&t[i], 2000, ERR_BUSY);
		CHECK(t[i].took_ms >= 490 && t[i].took_ms < 900);
	}
	CHECK_INT(FAKE_GET(&bench.fake, fences), 0);
	bench_stop(&bench);
}

TEST(calls, a_new_leader_is_found_after_the_pause)
{
	static struct test_call t;

	bench_start(&bench, &fast);
	FAKE_SET(&bench.fake, leader, -1);
	test_op(&bench, &t, 0, 5000);
	bench_run(&bench, 700);
	CHECK(!t.done);
	FAKE_SET(&bench.fake, leader, 1);
	CHECK(bench_wait(&bench, &t.done, 1500));
	CHECK_INT(t.call.status, 0);
	CHECK(t.took_ms < 700 + 800);
	release(&t);
	bench_stop(&bench);
}

TEST(calls, a_lost_answer_is_asked_for_under_the_same_id)
{
	static struct test_call t[2];

	bench_start(&bench, &fast);
	FAKE_SET(&bench.fake, node[0].lose, 2);
	test_op(&bench, &t[0], 0, 3000);
	test_delivery(&bench, &t[1], 0, 3000);
	finish(&t[0], 3000, 0);
	finish(&t[1], 3000, 0);
	CHECK_INT(fake_applied(&bench.fake), 2);
	CHECK(fake_once(&bench.fake));
	bench_stop(&bench);
}

TEST(calls, doubled_answers_are_harmless)
{
	static struct test_call t;

	bench_start(&bench, &fast);
	for (int i = 0; i < 3; i++)
		FAKE_SET(&bench.fake, node[i].twice, 1);
	for (int i = 0; i < 30; i++) {
		test_op(&bench, &t, (uint32_t)i % 4, 3000);
		finish(&t, 3000, 0);
	}
	CHECK_INT(fake_applied(&bench.fake), 30);
	CHECK(fake_once(&bench.fake));
	bench_stop(&bench);
}

/* kill -9: the connection breaks, the call must be elsewhere at once, not after attempt_ms. */
TEST(calls, a_broken_connection_moves_calls_at_once)
{
	struct router_config slow = { .attempt_ms = 10000 };
	static struct test_call t, warm;

	bench_start(&bench, &slow);
	test_op(&bench, &warm, 0, 3000);
	finish(&warm, 3000, 0);
	FAKE_SET(&bench.fake, node[0].lose, 1);
	test_op(&bench, &t, 0, 8000);
	bench_run(&bench, 200);
	CHECK(!t.done);
	FAKE_SET(&bench.fake, leader, 1);
	FAKE_SET(&bench.fake, node[0].cut, true);
	CHECK(bench_wait(&bench, &t.done, 3000));
	CHECK_INT(t.call.status, 0);
	CHECK(t.took_ms < 1200);
	release(&t);
	CHECK_INT(fake_applied(&bench.fake), 2);
	CHECK(fake_once(&bench.fake));
	/* and it comes back */
	FAKE_SET(&bench.fake, node[0].cut, false);
	FAKE_SET(&bench.fake, leader, 0);
	bench_run(&bench, 2500);
	test_op(&bench, &t, 0, 3000);
	finish(&t, 3000, 0);
	bench_stop(&bench);
}

/* SIGSTOP: nothing breaks, nothing comes. */
TEST(calls, a_frozen_leader_is_left_after_attempt_ms)
{
	static struct test_call t, next;

	bench_start(&bench, &fast);
	test_op(&bench, &t, 0, 3000);
	finish(&t, 3000, 0);
	FAKE_SET(&bench.fake, node[0].silent, true);
	test_op(&bench, &t, 0, 5000);
	bench_run(&bench, 50);
	FAKE_SET(&bench.fake, leader, 1);
	CHECK(bench_wait(&bench, &t.done, 3000));
	CHECK_INT(t.call.status, 0);
	CHECK(t.took_ms >= 200 && t.took_ms < 700);
	release(&t);
	/* the next call knows better than to ask the frozen one */
	test_op(&bench, &next, 0, 5000);
	CHECK(bench_wait(&bench, &next.done, 3000));
	CHECK(next.took_ms < 150);
	release(&next);
	CHECK(fake_once(&bench.fake));
	bench_stop(&bench);
}

TEST(calls, an_outcome_that_stays_open_is_fenced)
{
	static struct test_call t[2];

	bench_start(&bench, &fast);
	test_op(&bench, &t[0], 0, 3000);
	finish(&t[0], 3000, 0);
	/* proposed and lost: not applied, but the router cannot know */
	FAKE_SET(&bench.fake, node[0].late_index, 7);
	test_op(&bench, &t[0], 0, 200);
	bench_run(&bench, 500);
	CHECK(!t[0].done);
	FAKE_SET(&bench.fake, node[1].refuse_status, ERR_BUSY);
	FAKE_SET(&bench.fake, node[1].refuse, 1000000);
	FAKE_SET(&bench.fake, leader, 1);
	bench_run(&bench, 500); /* past deadline + session_retry_ms */
	CHECK(!t[0].done);
	FAKE_SET(&bench.fake, node[1].refuse, 0);
	finish(&t[0], 3000, ERR_FENCED);
	CHECK_INT(FAKE_GET(&bench.fake, fences), 1);
	CHECK(fake_once(&bench.fake));
	bench_stop(&bench);
}

/* The fence finds that it did happen: that is the answer. */
TEST(calls, a_fence_brings_the_outcome_it_finds)
{
	static struct test_call t;
	unsigned applied;

	bench_start(&bench, &fast);
	FAKE_SET(&bench.fake, node[0].lose, 1);
	test_delivery(&bench, &t, 0, 100);
	bench_run(&bench, 50);
	applied = fake_applied(&bench.fake);
	CHECK_INT(applied, 1);
	FAKE_SET(&bench.fake, leader, -1);
	bench_run(&bench, 1200); /* past deadline + delivery_retry_ms */
	CHECK(!t.done);
	FAKE_SET(&bench.fake, leader, 2);
	CHECK(bench_wait(&bench, &t.done, 3000));
	CHECK_INT(t.call.status, 0);
	CHECK_INT(result_of(&t), 0);
	release(&t);
	CHECK_INT(fake_applied(&bench.fake), 1);
	CHECK_INT(FAKE_GET(&bench.fake, fences), 1);
	CHECK(fake_once(&bench.fake));
	bench_stop(&bench);
}

TEST(calls, nothing_to_fence_with_is_unknown)
{
	static struct test_call t;

	bench_start(&bench, &fast);
	FAKE_SET(&bench.fake, node[0].lose, 1);
	test_delivery(&bench, &t, 0, 100);
	bench_run(&bench, 50);
	FAKE_SET(&bench.fake, leader, -1);
	finish(&t, 100 + 900 + 10000 + 2000, ERR_UNKNOWN);
	bench_stop(&bench);
}

/* A refusal is only true when no earlier attempt may have been proposed. */
TEST(calls, a_late_refusal_is_fenced_not_believed)
{
	static struct test_call t;

	bench_start(&bench, &fast);
	test_op(&bench, &t, 0, 3000);
	finish(&t, 3000, 0);
	FAKE_SET(&bench.fake, node[0].late_index, 7);
	FAKE_SET(&bench.fake, node[1].refuse_status, ERR_NOSPACE);
	FAKE_SET(&bench.fake, node[1].refuse, 1);
	test_op(&bench, &t, 0, 3000);
	bench_run(&bench, 5);
	FAKE_SET(&bench.fake, leader, 1);
	finish(&t, 3000, ERR_FENCED);
	CHECK_INT(FAKE_GET(&bench.fake, fences), 1);
	/* without one it is believed */
	FAKE_SET(&bench.fake, node[1].refuse, 1);
	test_op(&bench, &t, 0, 3000);
	finish(&t, 3000, ERR_NOSPACE);
	CHECK_INT(FAKE_GET(&bench.fake, fences), 1);
	CHECK(fake_once(&bench.fake));
	bench_stop(&bench);
}

TEST(calls, a_forgotten_client_says_hello_again_under_the_same_id)
{
	static struct test_call t[10];

	bench_start(&bench, &fast);
	test_op(&bench, &t[0], 0, 3000);
	finish(&t[0], 3000, 0);
	FAKE_SET(&bench.fake, n_known, 0);
	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		test_op(&bench, &t[i], 0, 3000);
	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		finish(&t[i], 3000, 0);
	CHECK_INT(FAKE_GET(&bench.fake, hellos), 2);
	CHECK_INT(fake_applied(&bench.fake), 11);
	CHECK(fake_once(&bench.fake));
	bench_stop(&bench);
}

TEST(calls, a_refused_hello_ends_the_calls)
{
	static struct test_call t;

	bench_start(&bench, &fast);
	FAKE_SET(&bench.fake, refuse_hello, true);
	test_op(&bench, &t, 0, 3000);
	finish(&t, 3000, ERR_DENIED);
	bench_stop(&bench);
}

TEST(calls, done_below_never_passes_an_open_one)
{
	static struct test_call open, t;

	bench_start(&bench, &fast);
	test_op(&bench, &t, 0, 3000);
	finish(&t, 3000, 0);
	FAKE_SET(&bench.fake, node[0].lose, 1);
	test_op(&bench, &open, 0, 3000); /* seq 3: hello was 1 */
	bench_run(&bench, 20);
	for (int i = 0; i < 5; i++) {
		test_op(&bench, &t, 0, 3000);
		finish(&t, 3000, 0);
	}
	CHECK(FAKE_GET(&bench.fake, done_below[0]) <= 3);
	finish(&open, 3000, 0);
	test_op(&bench, &t, 0, 3000);
	finish(&t, 3000, 0);
	CHECK_INT(FAKE_GET(&bench.fake, done_below[0]), 9);
	CHECK(fake_once(&bench.fake));
	bench_stop(&bench);
}

TEST(calls, an_old_map_is_fetched_anew)
{
	static struct test_call t;

	bench_start(&bench, &fast);
	pthread_mutex_lock(&bench.fake.lock);
	bench.fake.epoch = 5;
	bench.fake.min_epoch = 5;
	pthread_mutex_unlock(&bench.fake.lock);
	test_op(&bench, &t, 0, 3000);
	finish(&t, 3000, 0);
	CHECK_INT(router_map(bench.router)->epoch, 5);
	bench_stop(&bench);
}

TEST(calls, chunks_come_from_any_replica_and_from_another_when_one_lacks_them)
{
	static struct test_call t;
	unsigned asked = 0;

	bench_start(&bench, &fast);
	FAKE_SET(&bench.fake, leader, -1);
	for (int i = 0; i < 2; i++) {
		FAKE_SET(&bench.fake, node[i].refuse_status, ERR_NOTFOUND);
		FAKE_SET(&bench.fake, node[i].refuse, 1);
	}
	test_read(&bench, &t, CALL_ANY, 3000);
	CHECK(bench_wait(&bench, &t.done, 3000));
	CHECK_INT(t.call.status, 0);
	CHECK(t.took_ms < 300);
	release(&t);
	for (int i = 0; i < 3; i++) {
		FAKE_SET(&bench.fake, node[i].refuse_status, ERR_NOTFOUND);
		FAKE_SET(&bench.fake, node[i].refuse, 1);
	}
	test_read(&bench, &t, CALL_ANY, 3000);
	finish(&t, 3000, ERR_NOTFOUND);
	for (int i = 0; i < 3; i++)
		asked += FAKE_GET(&bench.fake, node[i].refuse);
	CHECK_INT(asked, 0);
	bench_stop(&bench);
}

TEST(calls, the_byte_budget_holds_calls_back_then_ends_them_busy)
{
	struct router_config c = OTHERWISE_FAST;
	static struct test_call t[4];
	unsigned seen;

	c.max_inflight_bytes = 1000;
	c.attempt_ms = 5000;
	bench_start(&bench, &c);
	test_op(&bench, &t[0], 0, 3000);
	finish(&t[0], 3000, 0);
	FAKE_SET(&bench.fake, node[0].silent, true);
	seen = FAKE_GET(&bench.fake, node[0].requests);
	for (int i = 0; i < 4; i++) {
		call_init(&t[i].call, CALL_READ, TERN__KIND__KIND_QUERY, 0);
		t[i].call.payload[0] = blob_copy(bytes_of((uint8_t[600]){ 0 }, 600));
		t[i].call.n_payload = 1;
		test_begin(&bench, &t[i], 1000);
	}
	/* One comes, however slow the machine is, and no second one after it. */
	for (int i = 0; i < 40 && FAKE_GET(&bench.fake, node[0].requests) == seen; i++)
		bench_run(&bench, 20);
	bench_run(&bench, 150);
	CHECK_INT(FAKE_GET(&bench.fake, node[0].requests) - seen, 1);
	for (int i = 0; i < 4; i++)
		finish(&t[i], 2000, ERR_BUSY);
	bench_stop(&bench);
}

TEST(calls, bytes_of_requests_that_were_dropped_in_silence_are_given_back)
{
	static struct test_call t;

	bench_start(&bench, &fast);
	FAKE_SET(&bench.fake, node[0].silent, true);
	call_init(&t.call, CALL_READ, TERN__KIND__KIND_QUERY, 0);
	t.call.payload[0] = blob_copy(bytes_of((uint8_t[600]){ 0 }, 600));
	t.call.n_payload = 1;
	test_begin(&bench, &t, 100);
	finish(&t, 1000, ERR_BUSY);
	CHECK_INT(bench.router->nodes[0].inflight, 600);
	node_sweep(&bench.router->nodes[0], clock_ms() + SECONDS(30));
	CHECK_INT(bench.router->nodes[0].inflight, 600);
	node_sweep(&bench.router->nodes[0], clock_ms() + SECONDS(61));
	CHECK_INT(bench.router->nodes[0].inflight, 0);
	bench_stop(&bench);
}

TEST(calls, cancel_ends_at_once_and_settles_in_the_background)
{
	static struct test_call t, never;

	bench_start(&bench, &fast);
	test_op(&bench, &t, 0, 3000);
	finish(&t, 3000, 0);
	FAKE_SET(&bench.fake, node[0].lose, 1);
	test_op(&bench, &t, 0, 3000);
	bench_run(&bench, 30);
	router_cancel(&t.call);
	CHECK(t.done);
	CHECK_INT(t.call.status, ERR_GONE);
	router_cancel(&t.call); /* harmless */
	FAKE_SET(&bench.fake, leader, -1);
	test_op(&bench, &never, 1, 3000);
	router_cancel(&never.call);
	CHECK_INT(never.call.status, ERR_GONE);
	FAKE_SET(&bench.fake, leader, 0);
	bench_run(&bench, 700);
	/* the cancelled one's id is closed: done_below passes it */
	test_op(&bench, &t, 0, 3000);
	finish(&t, 3000, 0);
	CHECK_INT(FAKE_GET(&bench.fake, done_below[0]), 4);
	CHECK_INT(fake_applied(&bench.fake), 3);
	CHECK(fake_once(&bench.fake));
	bench_stop(&bench);
}

TEST(calls, freeing_the_router_ends_open_calls)
{
	static struct test_call t[3];

	bench_start(&bench, &fast);
	FAKE_SET(&bench.fake, leader, -1);
	test_op(&bench, &t[0], 0, 3000);
	test_read(&bench, &t[1], CALL_READ, 3000);
	test_delivery(&bench, &t[2], 3, 3000);
	bench_run(&bench, 50);
	bench_stop(&bench);
	for (int i = 0; i < 3; i++) {
		CHECK(t[i].done);
		CHECK_INT(t[i].call.status, ERR_GONE);
	}
}

TEST(calls, a_deadline_in_the_past_and_a_bad_shard_are_refused_later_not_inside_the_call)
{
	static struct test_call t;

	bench_start(&bench, &fast);
	test_op(&bench, &t, 0, 0);
	finish(&t, 1000, ERR_BUSY);
	test_op(&bench, &t, 77, 1000);
	finish(&t, 1000, ERR_INVALID);
	bench_stop(&bench);
}

TEST(calls, one_node_can_be_asked_for_itself)
{
	static struct test_call t;

	bench_start(&bench, &fast);
	for (int i = 0; i < 3; i++) {
		call_init(&t.call, CALL_READ, TERN__KIND__KIND_NODE, 0);
		t.call.to_node = i;
		test_begin(&bench, &t, 1000);
		CHECK(bench_wait(&bench, &t.done, 1000));
		CHECK_INT(t.call.status, 0);
		CHECK(bytes_eq(t.call.reply.body->b, bytes_str(bench.fake.conf[i].name)));
		release(&t);
	}
	FAKE_SET(&bench.fake, node[1].cut, true);
	bench_run(&bench, 50);
	call_init(&t.call, CALL_READ, TERN__KIND__KIND_NODE, 0);
	t.call.to_node = 1;
	test_begin(&bench, &t, 300);
	finish(&t, 1000, ERR_BUSY);
	bench_stop(&bench);
}

/* Everything at once: leaders change, connections break, answers get lost or doubled. */
TEST(calls, a_storm_applies_every_acknowledged_id_once)
{
	static struct test_call t[60];
	unsigned ok = 0;

	bench_start(&bench, &fast);
	for (int round = 0; round < 6; round++) {
		for (int i = 0; i < 3; i++)
			FAKE_SET(&bench.fake, node[i].twice, 1);
		for (int i = 0; i < 10; i++) {
			if (i % 2)
				test_op(&bench, &t[round * 10 + i], (uint32_t)i % 4, 4000);
			else
				test_delivery(&bench, &t[round * 10 + i], (uint32_t)i % 4, 4000);
		}
		FAKE_SET(&bench.fake, node[round % 3].lose, 3);
		bench_run(&bench, 60);
		FAKE_SET(&bench.fake, leader, (round + 1) % 3);
		if (round % 2)
			FAKE_SET(&bench.fake, node[round % 3].cut, true);
		bench_run(&bench, 60);
		FAKE_SET(&bench.fake, node[round % 3].cut, false);
	}
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		CHECK(bench_wait(&bench, &t[i].done, 8000));
		ok += t[i].call.status == 0;
		release(&t[i]);
	}
	CHECK_INT(ok, 60);
	CHECK_INT(fake_applied(&bench.fake), 60);
	CHECK(fake_once(&bench.fake));
	bench_stop(&bench);
}
