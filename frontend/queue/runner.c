/* SPDX-License-Identifier: Apache-2.0 */
/* runner.c - one walk over all shards takes about WALK_MS, whatever their number. */
#include "queue/runner.h"
#include "base/base.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/rand.h"

#include <stdlib.h>

#define TICK_MS SECONDS(2)
#define WALK_MS SECONDS(30)
#define PENDING_AT_ONCE 50

struct runner {
	struct loop *loop;
	struct store *store;
	struct loop_timer *timer;
	struct co_pool *pool;
	uint32_t shard; /* where the walk goes on */
	bool running, stopped;
};

CO static void walk_shard(struct runner *r, struct store_user *u, uint32_t shard)
{
	unsigned finished;
	int ret;

	do {
		ret = store_pending_run(u, shard, PENDING_AT_ONCE, &finished);
		if (ret == 0 && finished > 0)
			log_info(NULL, "pending_finished", "shard=%u deliveries=%u", shard,
				 finished);
	} while (ret == 0 && finished == PENDING_AT_ONCE && !r->stopped);
}

CO static void walk(void *arg)
{
	struct runner *r = arg;
	uint32_t shards = store_shards(r->store);
	uint32_t n = (uint32_t)(shards * TICK_MS / WALK_MS) + 1;
	struct store_user user;

	store_user_init(&user, r->store);
	user.trace = rand_u64();
	for (uint32_t i = 0; i < n && !r->stopped; i++)
		walk_shard(r, &user, r->shard++ % shards);
	r->running = false;
}

static void tick(void *arg)
{
	struct runner *r = arg;

	if (r->running || r->stopped || store_shards(r->store) == 0)
		return;
	r->running = true;
	if (!co_start(r->pool, walk, r))
		r->running = false;
}

struct runner *runner_new(struct loop *loop, struct store *store)
{
	struct runner *r = xnew(struct runner);

	r->loop = loop;
	r->store = store;
	r->pool = co_pool_new(1);
	r->shard = (uint32_t)rand_u64(); /* so that runners do not walk in step */
	r->timer = loop_timer_new(loop, tick, r);
	loop_timer_set(r->timer, TICK_MS, TICK_MS);
	return r;
}

void runner_stop(struct runner *r)
{
	r->stopped = true;
	loop_timer_clear(r->timer);
}

bool runner_idle(const struct runner *r)
{
	return !r->running;
}

void runner_free(struct runner **runner)
{
	struct runner *r = *runner;

	*runner = NULL;
	if (!r)
		return;
	loop_timer_free(&r->timer);
	co_pool_free(&r->pool);
	free(r);
}
