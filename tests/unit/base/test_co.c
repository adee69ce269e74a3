/* SPDX-License-Identifier: Apache-2.0 */
#include "base/co.h"
#include "base/loop.h"
#include "dies.h"
#include "lib/test.h"

#include <stdlib.h>

/* What happened, one letter each. */
static char trace[64];
static size_t traced;

static void mark(char c)
{
	if (traced < sizeof(trace) - 1)
		trace[traced++] = c;
	trace[traced] = '\0';
}

static void restart(void)
{
	traced = 0;
	trace[0] = '\0';
}

static void once(void *arg UNUSED)
{
	mark('r');
}

CO static void twice(void *arg)
{
	*(struct co **)arg = co_self();
	mark('a');
	co_park();
	mark('b');
	co_park();
	mark('c');
}

TEST(co, runs_until_it_parks)
{
	struct co_pool *pool = co_pool_new(2);
	struct co *co = NULL;

	restart();
	CHECK(!co_self());
	CHECK(co_start(pool, once, NULL));
	CHECK_INT(co_pool_busy(pool), 0);
	CHECK(co_start(pool, twice, &co));
	CHECK(co && !co_self());
	CHECK_INT(co_pool_busy(pool), 1);
	mark('-');
	co_resume(co);
	mark('-');
	co_resume(co);
	CHECK_STR(trace, "ra-b-c");
	CHECK_INT(co_pool_busy(pool), 0);
	co_pool_free(&pool);
	CHECK(!pool);
}

struct nest {
	struct co_pool *pool;
	struct co *outer, *inner;
};

CO static void inner(void *arg)
{
	struct nest *n = arg;

	n->inner = co_self();
	mark('2');
	co_park();
	mark('4');
	co_park();
	mark('7');
}

CO static void outer(void *arg)
{
	struct nest *n = arg;

	n->outer = co_self();
	mark('1');
	CHECK(co_start(n->pool, inner, n));
	CHECK(co_self() == n->outer);
	mark('3');
	co_resume(n->inner);
	mark('5');
	co_park();
	mark('6');
	co_resume(n->inner);
	CHECK(co_self() == n->outer);
	mark('8');
}

TEST(co, resumes_nest)
{
	struct nest n = { .pool = co_pool_new(2) };

	restart();
	CHECK(co_start(n.pool, outer, &n));
	CHECK_INT(co_pool_busy(n.pool), 2);
	co_resume(n.outer);
	CHECK_STR(trace, "12345678");
	CHECK_INT(co_pool_busy(n.pool), 0);
	co_pool_free(&n.pool);
}

/* The inner one outlives the coroutine that resumed it first. */
TEST(co, a_resumer_may_change)
{
	struct nest n = { .pool = co_pool_new(2) };

	restart();
	CHECK(co_start(n.pool, outer, &n));
	co_resume(n.inner);
	CHECK_STR(trace, "123457");
	CHECK_INT(co_pool_busy(n.pool), 1);
	n.inner = NULL;
	CHECK(co_start(n.pool, inner, &n));
	co_resume(n.inner);
	co_resume(n.outer);
	CHECK_STR(trace, "12345724678");
	co_pool_free(&n.pool);
}

enum { MANY = 1000 };

struct many {
	struct co *co[MANY];
	unsigned started, sum;
};

CO static void one_of_many(void *arg)
{
	struct many *m = arg;
	unsigned me = m->started++;
	volatile uint8_t frame[3000];

	for (unsigned round = 0; round < 3; round++) {
		memset((void *)frame, (int)(me + round), sizeof(frame));
		m->co[me] = co_self();
		co_park();
		CHECK_INT(frame[sizeof(frame) - 1], (uint8_t)(me + round));
	}
	m->sum += me;
}

TEST(co, a_thousand_at_once)
{
	struct co_pool *pool = co_pool_new(MANY);
	static struct many m;

	for (unsigned pass = 0; pass < 2; pass++) {
		m.started = m.sum = 0;
		for (unsigned i = 0; i < MANY; i++)
			CHECK(co_start(pool, one_of_many, &m));
		CHECK(co_pool_full(pool));
		CHECK(!co_start(pool, one_of_many, &m));
		for (unsigned round = 0; round < 3; round++)
			for (unsigned i = MANY; i > 0; i--)
				co_resume(m.co[i - 1]);
		CHECK_INT(m.sum, MANY * (MANY - 1) / 2);
		CHECK_INT(co_pool_busy(pool), 0);
	}
	CHECK_INT(co_pool_peak(pool), MANY);
	co_pool_free(&pool);
}

struct waiters {
	struct co_pool *pool;
	unsigned waiting, ran, told;
};

static void short_job(void *arg)
{
	((struct waiters *)arg)->ran++;
}

static void start_next(void *arg)
{
	struct waiters *w = arg;

	w->told++;
	if (w->waiting) {
		w->waiting--;
		CHECK(co_start(w->pool, short_job, w));
	}
}

TEST(co, waiters_are_served_without_recursion)
{
	struct waiters w = { .pool = co_pool_new(1), .waiting = 50000 };
	struct co *co;

	co_pool_on_free(w.pool, start_next, &w);
	CHECK(co_start(w.pool, twice, &co));
	CHECK(!co_start(w.pool, short_job, &w));
	co_resume(co);
	CHECK_INT(w.told, 0);
	co_resume(co);
	CHECK_INT(w.ran, 50000);
	CHECK_INT(w.told, 50001);
	co_pool_free(&w.pool);
}

/* Each call looks into the frame above it, or a compiler might make a loop of them. */
static int deep(int n, const volatile char *above)
{
	volatile char frame[512];

	frame[0] = (char)n;
	return n ? deep(n - 1, frame) + above[0] : 0;
}

static void use_most_of_the_stack(void *arg)
{
	char top = 1;

	/* Sanitizers make frames about four times as big. */
#ifdef TERN_SANITIZE
	*(int *)arg = deep(12, &top);
#else
	*(int *)arg = deep(80, &top);
#endif
}

TEST(co, the_stack_is_usable)
{
	struct co_pool *pool = co_pool_new(1);
	int sum = 0;

	CHECK(co_start(pool, use_most_of_the_stack, &sum));
	CHECK(sum != 0);
	co_pool_free(&pool);
}

static void fall_off(void *arg UNUSED)
{
	char top = 1;

	deep(1000, &top);
}

static void overflow(void)
{
	struct co_pool *pool = co_pool_new(1);

	(void)!co_start(pool, fall_off, NULL);
}

TEST(co, the_guard_page_stops_an_overflow)
{
#ifndef TERN_SANITIZE
	CHECK_INT(dies_of(overflow), SIGSEGV);
#else
	(void)overflow;
#endif
}

static void park_outside(void)
{
	co_park();
}

static void free_a_busy_pool(void)
{
	struct co_pool *pool = co_pool_new(1);
	struct co *co;

	(void)!co_start(pool, twice, &co);
	co_pool_free(&pool);
}

static void resume_self(void *arg UNUSED)
{
	co_resume(co_self());
}

static void resume_the_running(void)
{
	struct co_pool *pool = co_pool_new(1);

	(void)!co_start(pool, resume_self, NULL);
}

TEST(co, misuse_is_a_bug)
{
	CHECK(aborts(park_outside));
	CHECK(aborts(free_a_busy_pool));
	CHECK(aborts(resume_the_running));
}

struct sleeper {
	struct loop *loop;
	struct co *co;
	struct loop_timer *timer;
	unsigned naps;
};

static void wake(void *arg)
{
	co_resume(((struct sleeper *)arg)->co);
}

CO static void nap_five_times(void *arg)
{
	struct sleeper *s = arg;

	s->co = co_self();
	s->timer = loop_timer_new(s->loop, wake, s);
	for (; s->naps < 5; s->naps++) {
		loop_timer_set(s->timer, 2, 0);
		co_park();
	}
	loop_timer_free(&s->timer);
	loop_stop(s->loop);
}

TEST(co, waits_on_a_loop)
{
	struct co_pool *pool = co_pool_new(1);
	struct sleeper s = { .loop = loop_new() };

	CHECK(co_start(pool, nap_five_times, &s));
	loop_run(s.loop);
	CHECK_INT(s.naps, 5);
	loop_free(&s.loop);
	co_pool_free(&pool);
}
