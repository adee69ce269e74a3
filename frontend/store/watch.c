/* SPDX-License-Identifier: Apache-2.0 */
/* watch.c - what lives longer than a command: watches on accounts and the POP3 lock. */
#include "base/base.h"
#include "store/private.h"

#include "base/clock.h"
#include "store/watch.h"

#include <stdlib.h>

/* ---- watches */

struct store_watch {
	struct watch *watch;
	void (*changed)(void *arg);
	void *arg;
};

static void hinted(void *arg, UNUSED uint64_t modseq)
{
	struct store_watch *w = arg;

	w->changed(w->arg);
}

struct store_watch *store_watch(struct store_user *u, uint64_t account, uint64_t modseq,
				void (*changed)(void *arg), void *arg)
{
	struct store_watch *w = xnew(struct store_watch);

	w->changed = changed;
	w->arg = arg;
	w->watch = router_watch(u->store->router, account, modseq, hinted, w);
	return w;
}

void store_watch_seen(struct store_watch *w, uint64_t modseq)
{
	watch_seen(w->watch, modseq);
}

void store_watch_free(struct store_watch **w)
{
	if (!*w)
		return;
	watch_free(&(*w)->watch);
	free(*w);
	*w = NULL;
}

/* ---- the POP3 lock: held in the leader's memory, asserted again while it is wanted */

#define LOCK_RENEW_MS SECONDS(10)

struct store_lock {
	struct store_user user; /* its own: renewals outlive commands */
	uint64_t account, owner;
	struct loop_timer *timer;
	struct store_call sc;
	bool running, unwanted;
};

static void lock_call(struct store_lock *l, bool release)
{
	Tern__Lock lock = TERN__LOCK__INIT;

	lock.account = l->account;
	lock.owner = l->owner;
	lock.release = release;
	store_call_init(&l->sc, &l->user, CALL_READ, TERN__KIND__KIND_LOCK,
			ACCOUNT_SHARD(l->account), &lock.base);
}

static void lock_free(struct store_lock *l)
{
	loop_timer_free(&l->timer);
	free(l);
}

static void released(struct call *c)
{
	struct store_lock *l = container_of(c, struct store_lock, sc.call);

	list_del(&l->sc.node);
	l->sc.done = true;
	store_call_release(&l->sc);
	lock_free(l);
}

static void release_now(struct store_lock *l)
{
	lock_call(l, true);
	l->sc.call.done = released;
	store_call_start(&l->sc);
}

static void renewed(struct call *c)
{
	struct store_lock *l = container_of(c, struct store_lock, sc.call);

	/* A renewal that failed is tried again by the timer: nothing rests on the lock. */
	list_del(&l->sc.node);
	l->sc.done = true;
	store_call_release(&l->sc);
	l->running = false;
	if (l->unwanted)
		release_now(l);
}

static void renew(void *arg)
{
	struct store_lock *l = arg;

	if (l->running)
		return;
	l->running = true;
	lock_call(l, false);
	l->sc.call.done = renewed;
	store_call_start(&l->sc);
}

CO int store_lock(struct store_user *u, uint64_t account, struct store_lock **lock)
{
	struct store_lock *l = xnew(struct store_lock);
	struct store_call sc;
	Tern__Lock ask = TERN__LOCK__INIT;
	int ret;

	store_user_init(&l->user, u->store);
	l->account = account;
	l->owner = rand_u64() | 1;
	ask.account = account;
	ask.owner = l->owner;
	store_call_init(&sc, u, CALL_READ, TERN__KIND__KIND_LOCK, ACCOUNT_SHARD(account),
			&ask.base);
	store_call_start(&sc);
	ret = store_call_wait(&sc);
	store_call_release(&sc);
	if (ret < 0) {
		free(l);
		return ret;
	}
	l->timer = loop_timer_new(u->store->loop, renew, l);
	loop_timer_set(l->timer, LOCK_RENEW_MS, LOCK_RENEW_MS);
	*lock = l;
	return 0;
}

void store_unlock(struct store_lock **lock)
{
	struct store_lock *l = *lock;

	*lock = NULL;
	if (!l)
		return;
	loop_timer_clear(l->timer);
	l->unwanted = true;
	if (!l->running)
		release_now(l);
}
