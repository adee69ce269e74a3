/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "base/loop.h"
#include "dies.h"
#include "lib/test.h"

#include <pthread.h>
#include <sys/socket.h>

static void stop(void *arg)
{
	loop_stop(arg);
}

/* Ends a test that hangs. */
static struct loop_timer *deadline(struct loop *loop, uint64_t ms)
{
	struct loop_timer *t = loop_timer_new(loop, stop, loop);

	loop_timer_set(t, ms, 0);
	return t;
}

/* ---- timers ----------------------------------------------------------------------------- */

struct ticks {
	struct loop *loop;
	struct loop_timer *timer;
	unsigned n, until;
	uint64_t last;
};

static void tick(void *arg)
{
	struct ticks *t = arg;

	t->last = clock_ms();
	if (++t->n == t->until) {
		loop_timer_free(&t->timer);
		loop_stop(t->loop);
	}
}

TEST(loop, a_timer_repeats_and_frees_itself)
{
	struct ticks t = { .loop = loop_new(), .until = 4 };
	uint64_t begin = clock_ms();

	t.timer = loop_timer_new(t.loop, tick, &t);
	loop_timer_set(t.timer, 20, 5);
	loop_run(t.loop);
	CHECK_INT(t.n, 4);
	CHECK(t.last - begin >= 33);
	CHECK(loop_now(t.loop) >= begin);
	loop_free(&t.loop);
}

TEST(loop, a_timer_can_be_set_again_and_cleared)
{
	struct loop *loop = loop_new();
	struct ticks a = { .loop = loop, .until = 9 }, b = a;
	struct loop_timer *end = deadline(loop, 60);

	a.timer = loop_timer_new(loop, tick, &a);
	b.timer = loop_timer_new(loop, tick, &b);
	loop_timer_set(a.timer, 1, 0);
	loop_timer_set(a.timer, 100000, 0);
	loop_timer_set(a.timer, 10, 0);
	loop_timer_set(b.timer, 1, 1);
	loop_timer_clear(b.timer);
	loop_run(loop);
	CHECK_INT(a.n, 1);
	CHECK_INT(b.n, 0);
	loop_timer_free(&a.timer);
	loop_timer_free(&b.timer);
	loop_timer_free(&end);
	loop_free(&loop);
}

static void again_at_once(void *arg)
{
	struct ticks *t = arg;

	t->n++;
	loop_timer_set(t->timer, 0, 0);
}

TEST(loop, a_timer_of_zero_starves_nobody)
{
	struct ticks t = { .loop = loop_new() };
	struct loop_timer *end = deadline(t.loop, 30);

	t.timer = loop_timer_new(t.loop, again_at_once, &t);
	loop_timer_set(t.timer, 0, 0);
	loop_run(t.loop);
	CHECK(t.n > 1);
	loop_timer_free(&t.timer);
	loop_timer_free(&end);
	loop_free(&t.loop);
}

/* ---- posts ------------------------------------------------------------------------------ */

enum { POSTS = 100000, THREADS = 4 };

struct poster {
	struct loop *loop;
	unsigned *total;
	unsigned next;
};

struct parcel {
	struct poster *from;
	unsigned number;
};

static struct parcel parcels[THREADS][POSTS / THREADS];

static void receive(void *arg)
{
	struct parcel *p = arg;

	assert_int_equal(p->number, p->from->next);
	p->from->next++;
	if (++*p->from->total == POSTS)
		loop_stop(p->from->loop);
}

static void *post_many(void *arg)
{
	struct parcel *mine = arg;

	for (unsigned i = 0; i < POSTS / THREADS; i++)
		loop_post(mine->from->loop, receive, &mine[i]);
	return NULL;
}

TEST(loop, posts_of_four_threads_arrive_in_order)
{
	struct loop *loop = loop_new();
	struct loop_timer *end = deadline(loop, 20000);
	struct poster posters[THREADS];
	pthread_t threads[THREADS];
	unsigned total = 0;

	for (unsigned t = 0; t < THREADS; t++) {
		posters[t] = (struct poster){ .loop = loop, .total = &total };
		for (unsigned i = 0; i < POSTS / THREADS; i++)
			parcels[t][i] = (struct parcel){ &posters[t], i };
		CHECK_INT(pthread_create(&threads[t], NULL, post_many, parcels[t]), 0);
	}
	loop_run(loop);
	CHECK_INT(total, POSTS);
	for (unsigned t = 0; t < THREADS; t++)
		pthread_join(threads[t], NULL);
	loop_timer_free(&end);
	loop_free(&loop);
}

struct chain {
	struct loop *loop;
	unsigned left;
};

static void post_next(void *arg)
{
	struct chain *c = arg;

	if (--c->left > 0)
		loop_post(c->loop, post_next, c);
	else
		loop_stop(c->loop);
}

TEST(loop, a_post_may_post)
{
	struct chain c = { .loop = loop_new(), .left = 1000 };

	loop_post(c.loop, post_next, &c);
	loop_run(c.loop);
	CHECK_INT(c.left, 0);
	loop_free(&c.loop);
}

static void count(void *arg)
{
	++*(unsigned *)arg;
}

TEST(loop, freeing_runs_what_was_posted)
{
	struct loop *loop = loop_new();
	unsigned n = 0;

	loop_post(loop, count, &n);
	loop_free(&loop);
	CHECK_INT(n, 1);
}

/* ---- descriptors ------------------------------------------------------------------------ */

struct end {
	struct loop *loop;
	struct loop_fd *watch;
	int fd;
	unsigned reads, writes, events;
	bool free_in_callback;
};

static void on_end(void *arg, int events)
{
	struct end *e = arg;
	char c[8];

	e->events = (unsigned)events;
	if (events & LOOP_READ) {
		e->reads++;
		if (read(e->fd, c, sizeof(c)) == 0 || e->free_in_callback) {
			loop_fd_free(&e->watch);
			close(e->fd);
			loop_stop(e->loop);
		}
	}
	if (events & LOOP_WRITE) {
		e->writes++;
		loop_fd_want(e->watch, LOOP_READ);
	}
}

static void new_pair(struct end *e, int *other)
{
	int fds[2];

	CHECK_INT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
	e->fd = fds[0];
	*other = fds[1];
	e->watch = loop_fd_new(e->loop, e->fd, on_end, e);
}

TEST(loop, a_descriptor_is_level_triggered)
{
	struct loop *loop = loop_new();
	struct end e = { .loop = loop };
	int other;

	new_pair(&e, &other);
	CHECK_INT(write(other, "0123456789", 10), 10);
	loop_turn(loop);
	CHECK_INT(e.reads, 0);
	loop_fd_want(e.watch, LOOP_READ | LOOP_WRITE);
	loop_turn(loop);
	CHECK_INT(e.events, LOOP_READ | LOOP_WRITE);
	loop_turn(loop);
	CHECK_INT(e.reads, 2);
	CHECK_INT(e.writes, 1);
	loop_fd_want(e.watch, 0);
	CHECK_INT(write(other, "x", 1), 1);
	loop_turn(loop);
	CHECK_INT(e.reads, 2);
	loop_fd_want(e.watch, LOOP_READ);
	close(other);
	loop_run(loop);
	CHECK_INT(e.reads, 4);
	CHECK(!e.watch);
	loop_free(&loop);
}

TEST(loop, a_number_can_be_watched_again_at_once)
{
	struct loop *loop = loop_new();
	struct end e = { .loop = loop, .free_in_callback = true };
	int other, last = -1;

	for (unsigned i = 0; i < 100; i++) {
		new_pair(&e, &other);
		CHECK(last < 0 || e.fd == last);
		last = e.fd;
		loop_fd_want(e.watch, LOOP_READ);
		CHECK_INT(write(other, "x", 1), 1);
		loop_run(loop);
		CHECK_INT(e.reads, i + 1);
		close(other);
	}
	loop_free(&loop);
}

struct two {
	struct end ends[2];
	unsigned ran;
};

static void free_both(void *arg, int events UNUSED)
{
	struct two *t = arg;

	t->ran++;
	for (unsigned i = 0; i < 2; i++)
		loop_fd_free(&t->ends[i].watch);
}

TEST(loop, freeing_another_one_in_the_same_turn)
{
	struct loop *loop = loop_new();
	struct two t = { 0 };
	int fds[2][2];

	for (unsigned i = 0; i < 2; i++) {
		CHECK_INT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds[i]), 0);
		t.ends[i].watch = loop_fd_new(loop, fds[i][0], free_both, &t);
		loop_fd_want(t.ends[i].watch, LOOP_READ);
		CHECK_INT(write(fds[i][1], "x", 1), 1);
	}
	loop_turn(loop);
	loop_turn(loop);
	CHECK_INT(t.ran, 1);
	for (unsigned i = 0; i < 4; i++)
		close(fds[i / 2][i % 2]);
	loop_free(&loop);
}

/* ---- hooks, signals, forks -------------------------------------------------------------- */

struct hooks {
	struct loop_hook *hook[3];
	unsigned ran[3];
};

static void hook_0(void *arg)
{
	struct hooks *h = arg;

	h->ran[0]++;
	loop_hook_free(&h->hook[1]);
	loop_hook_free(&h->hook[0]);
}

static void hook_1(void *arg)
{
	((struct hooks *)arg)->ran[1]++;
}

static void hook_2(void *arg)
{
	((struct hooks *)arg)->ran[2]++;
}

TEST(loop, hooks_may_free_each_other)
{
	struct loop *loop = loop_new();
	struct hooks h = { 0 };

	h.hook[0] = loop_hook_new(loop, hook_0, &h);
	h.hook[1] = loop_hook_new(loop, hook_1, &h);
	h.hook[2] = loop_hook_new(loop, hook_2, &h);
	loop_turn(loop);
	loop_turn(loop);
	CHECK_INT(h.ran[0], 1);
	CHECK_INT(h.ran[1], 0);
	CHECK_INT(h.ran[2], 2);
	loop_hook_free(&h.hook[2]);
	loop_free(&loop);
}

struct got_signal {
	struct loop *loop;
	struct loop_signal *signal;
	unsigned n;
};

static void on_signal(void *arg)
{
	struct got_signal *g = arg;

	g->n++;
	loop_signal_free(&g->signal);
	loop_stop(g->loop);
}

TEST(loop, a_signal_arrives)
{
	struct got_signal g = { .loop = loop_new() };
	struct loop_timer *end = deadline(g.loop, 5000);

	g.signal = loop_signal_new(g.loop, SIGUSR1, on_signal, &g);
	raise(SIGUSR1);
	loop_run(g.loop);
	CHECK_INT(g.n, 1);
	loop_timer_free(&end);
	loop_free(&g.loop);
}

static void child_with_a_loop(struct loop *inherited)
{
	struct got_signal g = { 0 };
	struct loop_timer *end;

	loop_forked(inherited);
	g.loop = loop_new();
	end = deadline(g.loop, 5000);
	g.signal = loop_signal_new(g.loop, SIGUSR1, on_signal, &g);
	raise(SIGUSR1);
	loop_run(g.loop);
	loop_timer_free(&end);
	_exit(g.n == 1 ? 0 : 1);
}

/* Without loop_forked the child's signal is told to the parent too. */
TEST(loop, a_child_has_signals_of_its_own)
{
	struct got_signal g = { .loop = loop_new() };
	int status = -1;
	pid_t pid;

	g.signal = loop_signal_new(g.loop, SIGUSR1, on_signal, &g);
	pid = fork();
	if (pid == 0)
		child_with_a_loop(g.loop);
	CHECK_INT(waitpid(pid, &status, 0), pid);
	CHECK_INT(status, 0);
	loop_turn(g.loop);
	loop_turn(g.loop);
	CHECK_INT(g.n, 0);
	loop_signal_free(&g.signal);
	loop_free(&g.loop);
}

static void nothing(void *arg UNUSED)
{
}

static void leave_a_timer(void)
{
	struct loop *loop = loop_new();

	(void)loop_timer_new(loop, nothing, NULL);
	loop_free(&loop);
}

static void leave_a_hook(void)
{
	struct loop *loop = loop_new();

	(void)loop_hook_new(loop, nothing, NULL);
	loop_free(&loop);
}

TEST(loop, what_is_left_behind_is_a_bug)
{
	CHECK(aborts(leave_a_timer));
	CHECK(aborts(leave_a_hook));
}
