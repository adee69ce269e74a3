/* SPDX-License-Identifier: Apache-2.0 */
/* watch.c - who watches which account, and keeping each shard's leader told. */
#include "router/private.h"

#include "base/clock.h"
#include "base/log.h"
#include "model/ids.h"

#include <stdlib.h>

enum {
	CALL_MS = 10000,
	TICK_MS = 200,
	SPREAD_MS = 1000, /* after a change of leader */
	RETRY_MS = 1000,
};

struct watches {
	struct router *r;
	struct loop *loop;
	uint64_t client;
	struct map shards; /* shard number -> struct group */
	struct list groups;
	struct list hinted; /* watches whose callback is to be called */
	struct loop_timer *tick;
	struct loop_hook *hook;
	struct prng rand;
};

struct group { /* the subscription of one shard */
	struct list node;
	struct watches *w;
	uint32_t shard;
	struct map accounts;
	struct list told, untold; /* struct account: does the leader know of it? */
	uint64_t *drops;
	size_t n_drops, cap_drops;
	uint64_t assert_at;
	bool fresh; /* the next message begins the set anew */
	bool busy, busy_fresh;
	struct call call;
};

struct account {
	struct list node; /* in told or untold */
	struct group *g;
	uint64_t id;
	struct list watches;
};

struct watch {
	struct list node, hinted;
	struct account *account; /* NULL: the router is gone */
	uint64_t seen, modseq;
	void (*hint)(void *arg, uint64_t modseq);
	void *arg;
};

/* ---- hints ----------------------------------------------------------------------------------- */

/* Least modseq that anyone has shown: nobody may miss what lies above it. */
static uint64_t seen_by_all(const struct account *a)
{
	uint64_t least = UINT64_MAX;

	list_foreach(&a->watches, node)
		least = MIN(least, list_entry(node, struct watch, node)->seen);
	return least;
}

/* Callbacks may free any watch: so they are called from a list that frees itself of the dead. */
static void hint_all(struct watches *w)
{
	struct list *first;

	while ((first = list_pop(&w->hinted))) {
		struct watch *one = list_entry(first, struct watch, hinted);

		one->hint(one->arg, one->modseq);
	}
}

static void mark_hinted(struct account *a, uint64_t modseq)
{
	list_foreach(&a->watches, node) {
		struct watch *one = list_entry(node, struct watch, node);

		if (modseq <= one->seen)
			continue;
		one->modseq = modseq;
		list_del(&one->hinted);
		list_add(&a->g->w->hinted, &one->hinted);
	}
}

void watches_hints(struct watches *w, uint32_t shard, struct bytes body)
{
	struct group *g = map_get(&w->shards, MAP_KEY(shard));
	Tern__Hints *hints = NULL;
	struct arena mem;

	arena_init(&mem, 0);
	if (g)
		hints = WIRE_UNPACK(hints, body, &mem);
	for (size_t i = 0; hints && i < hints->n_hints; i++) {
		struct account *a = map_get(&g->accounts, MAP_KEY(hints->hints[i]->account));

		if (a)
			mark_hinted(a, hints->hints[i]->modseq);
	}
	arena_release(&mem);
	hint_all(w);
}

/* ---- telling the leader ---------------------------------------------------------------------- */

static Tern__WatchItem *item_new(struct arena *mem, uint64_t account, uint64_t modseq)
{
	Tern__WatchItem *item = arena_new(mem, Tern__WatchItem);

	tern__watch_item__init(item);
	item->account = account;
	item->modseq = modseq;
	return item;
}

static void put_adds(struct group *g, struct arena *mem, Tern__Watch *m)
{
	struct list *first;

	m->add = arena_array(mem, Tern__WatchItem *, WATCH_ITEMS);
	while (m->n_add < WATCH_ITEMS && (first = list_pop(&g->untold))) {
		struct account *a = list_entry(first, struct account, node);

		list_add(&g->told, &a->node);
		m->add[m->n_add++] = item_new(mem, a->id, seen_by_all(a));
	}
}

static void put_drops(struct group *g, struct arena *mem, Tern__Watch *m)
{
	m->drop = arena_array(mem, Tern__WatchItem *, WATCH_ITEMS);
	while (m->n_drop < WATCH_ITEMS && g->n_drops)
		m->drop[m->n_drop++] = item_new(mem, g->drops[--g->n_drops], 0);
}

static struct blob *pack_watch(struct group *g)
{
	Tern__Watch m = TERN__WATCH__INIT;
	struct blob *packed;
	struct arena mem;

	arena_init(&mem, 0);
	m.client = g->w->client;
	m.fresh = g->fresh;
	put_drops(g, &mem, &m);
	put_adds(g, &mem, &m);
	packed = wire_pack(&m.base);
	arena_release(&mem);
	return packed;
}

static void all_untold(struct group *g)
{
	struct list *first;

	while ((first = list_pop(&g->told)))
		list_add(&g->untold, first);
	g->n_drops = 0;
}

static bool anything_to_say(const struct group *g)
{
	return !list_empty(&g->untold) || g->n_drops;
}

static void on_told(struct call *c);

static void tell(struct group *g)
{
	if (g->busy || !router_ready(g->w->r))
		return;
	if (g->fresh)
		all_untold(g);
	if (!anything_to_say(g))
		return;
	call_init(&g->call, CALL_READ, TERN__KIND__KIND_WATCH, g->shard);
	g->call.deadline = clock_ms() + CALL_MS;
	g->call.done = on_told;
	g->call.arg = g;
	g->busy = true;
	g->busy_fresh = g->fresh;
	g->call.body = pack_watch(g);
	g->fresh = false;
	router_call(g->w->r, &g->call);
}

static void assert_within(struct group *g, uint64_t ms)
{
	g->assert_at = MIN(g->assert_at, clock_ms() + ms);
}

static void on_told(struct call *c)
{
	struct group *g = c->arg;
	struct msg reply;

	g->busy = false;
	if (g->w->r->closing)
		return;
	if (c->status != ERR_OK) {
		assert_within(g, RETRY_MS);
		return;
	}
	if (g->busy_fresh)
		g->assert_at = clock_ms() + WATCH_ASSERT_MS - prng_below(&g->w->rand, SPREAD_MS);
	msg_move(&reply, &c->reply);
	tell(g);
	if (reply.body)
		watches_hints(g->w, g->shard, reply.body->b);
	msg_release(&reply);
}

void watches_leader(struct watches *w, uint32_t shard)
{
	struct group *g = map_get(&w->shards, MAP_KEY(shard));

	/* A fresh set that is under way ends at whoever leads. */
	if (g && !(g->busy && g->busy_fresh))
		assert_within(g, prng_below(&w->rand, SPREAD_MS));
}

static void group_free(struct group *g);

static void on_tick(void *arg)
{
	struct watches *w = arg;
	uint64_t now = clock_ms();

	list_foreach(&w->groups, node) {
		struct group *g = list_entry(node, struct group, node);

		if (g->accounts.n == 0 && !g->busy && !g->n_drops) {
			group_free(g);
		} else if (now >= g->assert_at && !g->busy) {
			g->fresh = true;
			g->assert_at = now + WATCH_ASSERT_MS;
			tell(g);
		}
	}
	if (list_empty(&w->groups))
		loop_timer_clear(w->tick);
}

/* What came and went in this turn goes in one message a shard. */
static void on_turn_end(void *arg)
{
	struct watches *w = arg;

	list_foreach(&w->groups, node) {
		struct group *g = list_entry(node, struct group, node);

		if (anything_to_say(g))
			tell(g);
	}
}

/* ---- groups and accounts --------------------------------------------------------------------- */

static struct group *group_get(struct watches *w, uint32_t shard)
{
	struct group *g = map_get(&w->shards, MAP_KEY(shard));

	if (g)
		return g;
	g = xnew(struct group);
	g->w = w;
	g->shard = shard;
	g->fresh = true;
	g->assert_at = clock_ms() + WATCH_ASSERT_MS;
	map_init(&g->accounts);
	list_init(&g->told);
	list_init(&g->untold);
	list_add(&w->groups, &g->node);
	map_put(&w->shards, MAP_KEY(shard), g);
	loop_timer_set(w->tick, TICK_MS, TICK_MS);
	return g;
}

static void group_free(struct group *g)
{
	map_del(&g->w->shards, MAP_KEY(g->shard));
	map_release(&g->accounts);
	list_del(&g->node);
	free(g->drops);
	free(g);
}

static struct account *account_get(struct group *g, uint64_t id)
{
	struct account *a = map_get(&g->accounts, MAP_KEY(id));

	if (a)
		return a;
	a = xnew(struct account);
	a->g = g;
	a->id = id;
	list_init(&a->watches);
	list_add(&g->untold, &a->node);
	map_put(&g->accounts, MAP_KEY(id), a);
	return a;
}

static void account_free(struct account *a)
{
	struct group *g = a->g;

	map_del(&g->accounts, MAP_KEY(a->id));
	list_del(&a->node);
	if (g->n_drops == g->cap_drops) {
		g->cap_drops = g->cap_drops ? g->cap_drops * 2 : 16;
		g->drops = xrealloc(g->drops, g->cap_drops * sizeof(*g->drops));
	}
	g->drops[g->n_drops++] = a->id;
	free(a);
}

/* ---- the public part ------------------------------------------------------------------------- */

struct watch *router_watch(struct router *r, uint64_t account, uint64_t modseq,
			   void (*hint)(void *arg, uint64_t modseq), void *arg)
{
	struct group *g = group_get(r->watches, ACCOUNT_SHARD(account));
	struct watch *w = xnew(struct watch);

	w->account = account_get(g, account);
	w->seen = modseq;
	w->hint = hint;
	w->arg = arg;
	list_init(&w->hinted);
	/* An account that others watch already: the leader's hints come, but what happened before
	 * must be asked for. */
	if (!list_empty(&w->account->watches)) {
		list_del(&w->account->node);
		list_add(&g->untold, &w->account->node);
	}
	list_add(&w->account->watches, &w->node);
	return w;
}

void watch_seen(struct watch *w, uint64_t modseq)
{
	w->seen = MAX(w->seen, modseq);
}

void watch_free(struct watch **watch)
{
	struct watch *w = *watch;

	if (!w)
		return;
	list_del(&w->node);
	list_del(&w->hinted);
	if (w->account && list_empty(&w->account->watches))
		account_free(w->account);
	free(w);
	*watch = NULL;
}

struct watches *watches_new(struct router *r, struct loop *loop, uint64_t client)
{
	struct watches *w = xnew(struct watches);

	w->r = r;
	w->loop = loop;
	w->client = client;
	map_init(&w->shards);
	list_init(&w->groups);
	list_init(&w->hinted);
	prng_seed(&w->rand, client);
	w->tick = loop_timer_new(loop, on_tick, w);
	w->hook = loop_hook_new(loop, on_turn_end, w);
	return w;
}

/* Watches that are still held stay good for watch_free, and nothing else. */
static void let_go(struct account *a)
{
	struct list *first;

	while ((first = list_pop(&a->watches))) {
		struct watch *one = list_entry(first, struct watch, node);

		one->account = NULL;
		list_del(&one->hinted);
	}
	free(a);
}

void watches_free(struct watches **watches)
{
	struct watches *w = *watches;
	struct list *first;

	while ((first = list_first(&w->groups))) {
		struct group *g = list_entry(first, struct group, node);
		size_t pos = 0;
		struct bytes key;
		void *a;

		router_cancel(&g->call);
		while (map_next(&g->accounts, &pos, &key, &a))
			let_go(a);
		group_free(g);
	}
	map_release(&w->shards);
	loop_timer_free(&w->tick);
	loop_hook_free(&w->hook);
	free(w);
	*watches = NULL;
}
