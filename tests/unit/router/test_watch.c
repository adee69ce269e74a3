/* SPDX-License-Identifier: Apache-2.0 */
/* Watches: told in one message a shard, asserted again when the leader changes or comes back,
 * and hints that reach whoever has not seen them. */
#include "fake.h"

#include "router/watch.h"

static struct bench bench;

struct listener {
	struct watch *watch;
	unsigned hints;
	uint64_t modseq;
	bool free_on_hint;
	bool heard;
};

#define ACCOUNT(n) ((uint64_t)1 << 48 | (n))

static void hinted(void *arg, uint64_t modseq)
{
	struct listener *l = arg;

	l->hints++;
	l->modseq = modseq;
	l->heard = true;
	if (l->free_on_hint)
		watch_free(&l->watch);
}

static void listen_to(struct listener *l, uint64_t account, uint64_t modseq)
{
	memset(l, 0, sizeof(*l));
	l->watch = router_watch(bench.router, account, modseq, hinted, l);
}

static void hint(int node, uint64_t account, uint64_t modseq)
{
	pthread_mutex_lock(&bench.fake.lock);
	bench.fake.node[node].hint_modseq = modseq;
	bench.fake.node[node].hint_account = account;
	pthread_mutex_unlock(&bench.fake.lock);
}

TEST(watch, told_together_and_hinted_apart)
{
	struct listener l[3];

	bench_start(&bench, NULL);
	listen_to(&l[0], ACCOUNT(1), 10);
	listen_to(&l[1], ACCOUNT(1), 20);
	listen_to(&l[2], ACCOUNT(2), 5);
	bench_run(&bench, 300);
	CHECK_INT(FAKE_GET(&bench.fake, watches), 1);
	CHECK(FAKE_GET(&bench.fake, last_fresh));
	CHECK_INT(FAKE_GET(&bench.fake, n_watched), 2);
	hint(0, ACCOUNT(1), 15);
	CHECK(bench_wait(&bench, &l[0].heard, 1000));
	CHECK_INT(l[0].modseq, 15);
	CHECK_INT(l[1].hints, 0); /* has seen more */
	CHECK_INT(l[2].hints, 0);
	watch_seen(l[0].watch, 30);
	hint(0, ACCOUNT(1), 25);
	CHECK(bench_wait(&bench, &l[1].heard, 1000));
	CHECK_INT(l[0].hints, 1);
	for (int i = 0; i < 3; i++)
		watch_free(&l[i].watch);
	bench_stop(&bench);
}

TEST(watch, differences_go_alone)
{
	struct listener l[2];

	bench_start(&bench, NULL);
	listen_to(&l[0], ACCOUNT(1), 1);
	bench_run(&bench, 300);
	listen_to(&l[1], ACCOUNT(2), 1);
	bench_run(&bench, 300);
	CHECK_INT(FAKE_GET(&bench.fake, watches), 2);
	CHECK(!FAKE_GET(&bench.fake, last_fresh));
	watch_free(&l[0].watch);
	bench_run(&bench, 300);
	CHECK_INT(FAKE_GET(&bench.fake, watches), 3);
	CHECK_INT(FAKE_GET(&bench.fake, watched[0]), 0);
	CHECK(FAKE_GET(&bench.fake, watched[1]) == ACCOUNT(2));
	watch_free(&l[1].watch);
	bench_stop(&bench);
}

TEST(watch, a_callback_may_free_its_watch_and_others)
{
	struct listener l[3];

	bench_start(&bench, NULL);
	for (int i = 0; i < 3; i++)
		listen_to(&l[i], ACCOUNT(7), 1);
	l[0].free_on_hint = l[1].free_on_hint = l[2].free_on_hint = true;
	bench_run(&bench, 300);
	hint(0, ACCOUNT(7), 9);
	CHECK(bench_wait(&bench, &l[2].heard, 1000));
	for (int i = 0; i < 3; i++) {
		CHECK_INT(l[i].hints, 1);
		assert_null(l[i].watch);
	}
	bench_stop(&bench);
}

TEST(watch, asserted_within_a_second_or_two_of_a_new_leader)
{
	struct listener l;

	bench_start(&bench, NULL);
	listen_to(&l, ACCOUNT(1), 1);
	bench_run(&bench, 300);
	CHECK_INT(FAKE_GET(&bench.fake, watches), 1);
	FAKE_SET(&bench.fake, leader, 1);
	FAKE_SET(&bench.fake, node[0].cut, true);
	bench_run(&bench, 2000);
	CHECK(FAKE_GET(&bench.fake, watches) >= 2);
	CHECK(FAKE_GET(&bench.fake, last_fresh));
	hint(1, ACCOUNT(1), 5);
	CHECK(bench_wait(&bench, &l.heard, 1000));
	watch_free(&l.watch);
	bench_stop(&bench);
}

/* Another call finds out that the leadership moved: the watches follow. */
TEST(watch, follows_what_other_calls_learn)
{
	static struct test_call t;
	struct listener l;
	unsigned before;

	bench_start(&bench, NULL);
	listen_to(&l, ACCOUNT(1), 1);
	bench_run(&bench, 300);
	before = FAKE_GET(&bench.fake, watches);
	FAKE_SET(&bench.fake, leader, 2);
	test_read(&bench, &t, CALL_READ, 2000); /* shard 1, as the accounts */
	CHECK(bench_wait(&bench, &t.done, 2000));
	msg_release(&t.call.reply);
	bench_run(&bench, 1500);
	CHECK(FAKE_GET(&bench.fake, watches) > before);
	hint(2, ACCOUNT(1), 5);
	CHECK(bench_wait(&bench, &l.heard, 1000));
	watch_free(&l.watch);
	bench_stop(&bench);
}

TEST(watch, outlives_its_router)
{
	struct listener l;

	bench_start(&bench, NULL);
	listen_to(&l, ACCOUNT(1), 1);
	bench_run(&bench, 100);
	bench_stop(&bench);
	watch_seen(l.watch, 5);
	watch_free(&l.watch);
	assert_null(l.watch);
}

TEST(watch, thousands_go_in_parts)
{
	static struct listener l[2500];

	bench_start(&bench, NULL);
	for (size_t i = 0; i < ARRAY_LEN(l); i++)
		listen_to(&l[i], ACCOUNT(i + 1), 1);
	bench_run(&bench, 500);
	CHECK_INT(FAKE_GET(&bench.fake, watches), 3);
	CHECK_INT(FAKE_GET(&bench.fake, n_watched), 2500);
	for (size_t i = 0; i < ARRAY_LEN(l); i++)
		watch_free(&l[i].watch);
	bench_run(&bench, 300);
	bench_stop(&bench);
}
