/* SPDX-License-Identifier: Apache-2.0 */
/* watchers.c - who is told when an account changes (router/watch.h has the conversation).
 *
 * Soft: kept in memory by the leader, asserted again by the front ends, forgotten when a client
 * is silent or this node no longer leads. Hints of one turn travel together. */
#include "server/watchers.h"
#include "base/base.h"

#include "base/clock.h"
#include "router/watch.h"
#include "server/requests.h"

#include <stdlib.h>

#define MAX_ITEMS 200000 /* of one client in one shard */
#define MAX_HINTS 4096   /* of one turn and client; more become one "anything" */

struct account {
	uint64_t id;
	struct list items;
};

struct watcher { /* one client in one shard */
	struct watchers *all;
	uint64_t client;
	uint32_t shard;
	struct bytes peer; /* owned */
	struct map items;  /* account -> struct item */
	uint64_t heard;
	struct effect_hint *hints;
	size_t n_hints;
	struct list dirty;
};

struct item {
	struct watcher *watcher;
	struct account *account;
	uint64_t modseq;
	struct list node; /* in account->items */
};

struct watchers {
	struct server *server;
	struct map clients;  /* shard | client -> struct watcher */
	struct map accounts; /* account -> struct account */
	struct list dirty;
};

struct client_key {
	uint64_t client;
	uint64_t shard;
};

struct watchers *watchers_new(struct server *s)
{
	struct watchers *w = xnew(struct watchers);

	w->server = s;
	map_init(&w->clients);
	map_init(&w->accounts);
	list_init(&w->dirty);
	return w;
}

static void item_free(struct watchers *w, struct item *item)
{
	struct account *a = item->account;

	list_del(&item->node);
	free(item);
	if (list_empty(&a->items)) {
		map_del(&w->accounts, MAP_KEY(a->id));
		free(a);
	}
}

static void items_clear(struct watcher *c)
{
	size_t pos = 0;
	struct bytes key;
	void *value;

	while (map_next(&c->items, &pos, &key, &value))
		item_free(c->all, value);
	map_release(&c->items);
	map_init(&c->items);
}

static void watcher_free(struct watcher *c)
{
	struct client_key key = { c->client, c->shard };

	map_del(&c->all->clients, MAP_KEY(key));
	items_clear(c);
	map_release(&c->items);
	list_del(&c->dirty);
	free(c->hints);
	free((void *)c->peer.p);
	free(c);
}

void watchers_free(struct watchers **watchers)
{
	struct watchers *w = *watchers;
	size_t pos = 0;
	struct bytes key;
	void *value;

	*watchers = NULL;
	if (!w)
		return;
	while (map_next(&w->clients, &pos, &key, &value))
		watcher_free(value);
	map_release(&w->clients);
	map_release(&w->accounts);
	free(w);
}

static void set_peer(struct watcher *c, struct bytes peer)
{
	uint8_t *copy;

	if (bytes_eq(c->peer, peer))
		return;
	copy = xmalloc(peer.n + 1);
	memcpy(copy, peer.p, peer.n);
	free((void *)c->peer.p);
	c->peer = bytes_of(copy, peer.n);
}

static struct watcher *watcher_of(struct watchers *w, uint64_t client, uint32_t shard,
				  struct bytes peer)
{
	struct client_key key = { client, shard };
	struct watcher *c = map_get(&w->clients, MAP_KEY(key));

	if (!c) {
		c = xnew(struct watcher);
		c->all = w;
		c->client = client;
		c->shard = shard;
		map_init(&c->items);
		list_init(&c->dirty);
		map_put(&w->clients, MAP_KEY(key), c);
	}
	set_peer(c, peer);
	c->heard = clock_ms();
	return c;
}

static void item_add(struct watcher *c, uint64_t account, uint64_t modseq)
{
	struct item *item = map_get(&c->items, MAP_KEY(account));
	struct account *a;

	if (!item) {
		if (c->items.n >= MAX_ITEMS)
			return;
		a = map_get(&c->all->accounts, MAP_KEY(account));
		if (!a) {
			a = xnew(struct account);
			a->id = account;
			list_init(&a->items);
			map_put(&c->all->accounts, MAP_KEY(account), a);
		}
		item = xnew(struct item);
		item->watcher = c;
		item->account = a;
		list_add(&a->items, &item->node);
		map_put(&c->items, MAP_KEY(account), item);
	}
	item->modseq = MAX(item->modseq, modseq);
}

static void item_drop(struct watcher *c, uint64_t account)
{
	struct item *item = map_del(&c->items, MAP_KEY(account));

	if (item)
		item_free(c->all, item);
}

static void queue_hint(struct watcher *c, const struct effect_hint *hint)
{
	if (c->n_hints == MAX_HINTS)
		return; /* the poll, 30 s at most, brings what is beyond */
	if (!c->hints)
		c->hints = xcalloc(MAX_HINTS, sizeof(*c->hints));
	c->hints[c->n_hints++] = *hint;
	if (list_empty(&c->dirty))
		list_add(&c->all->dirty, &c->dirty);
}

void watchers_changed(struct watchers *w, UNUSED uint32_t shard, const struct effect_hint *hint)
{
	struct account *a = map_get(&w->accounts, MAP_KEY(hint->account));

	if (!a)
		return;
	list_foreach(&a->items, node) {
		struct item *item = list_entry(node, struct item, node);

		if (hint->modseq > item->modseq)
			queue_hint(item->watcher, hint);
	}
}

void watchers_shard(struct watchers *w, uint32_t shard)
{
	size_t pos = 0;
	struct bytes key;
	void *value;

	while (map_next(&w->clients, &pos, &key, &value)) {
		struct watcher *c = value;
		size_t at = 0;

		if (c->shard != shard)
			continue;
		while (map_next(&c->items, &at, &key, &value)) {
			struct item *item = value;
			struct effect_hint hint = { item->account->id, 0, UINT64_MAX };

			queue_hint(c, &hint);
		}
	}
}

void watchers_leading(struct watchers *w, uint32_t shard, bool leading)
{
	size_t pos = 0;
	struct bytes key;
	void *value;

	if (leading)
		return;
	while (map_next(&w->clients, &pos, &key, &value))
		if (((struct watcher *)value)->shard == shard)
			watcher_free(value);
}

static void send_hints(struct watcher *c)
{
	Tern__Head head = TERN__HEAD__INIT;
	Tern__Hints hints = TERN__HINTS__INIT;
	struct arena mem;

	arena_init(&mem, 0);
	hints.shard = c->shard;
	hints.hints = arena_array(&mem, Tern__Hint *, c->n_hints);
	for (size_t i = 0; i < c->n_hints; i++) {
		Tern__Hint *h = arena_new(&mem, Tern__Hint);

		tern__hint__init(h);
		h->account = c->hints[i].account;
		h->mailbox = c->hints[i].mailbox;
		h->modseq = c->hints[i].modseq;
		hints.hints[hints.n_hints++] = h;
	}
	head.version = WIRE_VERSION;
	head.kind = TERN__KIND__KIND_HINT;
	head.shard = c->shard;
	requests_push(c->all->server->requests, c->peer, &head, &hints.base);
	arena_release(&mem);
	free(c->hints);
	c->hints = NULL;
	c->n_hints = 0;
}

void watchers_flush(struct watchers *w)
{
	struct list *node;

	while ((node = list_pop(&w->dirty)))
		send_hints(list_entry(node, struct watcher, dirty));
}

void watchers_sweep(struct watchers *w)
{
	size_t pos = 0;
	struct bytes key;
	void *value;

	while (map_next(&w->clients, &pos, &key, &value))
		if (clock_ms() - ((struct watcher *)value)->heard > WATCH_FORGET_MS)
			watcher_free(value);
}

/* ---- KIND_WATCH */

static uint64_t account_modseq(struct rows *rows, uint64_t account, struct arena *mem)
{
	Tern__AccountGet get = TERN__ACCOUNT_GET__INIT;
	Tern__Query q = TERN__QUERY__INIT;
	struct msg none;
	Tern__Reply *reply;

	msg_init(&none);
	get.account = account;
	q.what_case = TERN__QUERY__WHAT_ACCOUNT;
	q.account = &get;
	reply = mailstore_query(rows, &q, mem, &none);
	msg_release(&none);
	/* A deleted account counts as changed: the session finds out by asking. */
	return reply->status == ERR_OK && reply->account ? reply->account->modseq : UINT64_MAX;
}

/* Reader thread: which of the accounts named are ahead of what the client has seen. */
static void compare(void *arg)
{
	struct request *r = arg;
	struct kv_snap *snap = kv_snap_new(r->server->kv);
	Tern__Watch *watch = WIRE_UNPACK(watch, r->in.body->b, &r->mem);
	Tern__Hints hints = TERN__HINTS__INIT;
	struct host_view view;

	hints.shard = r->head->shard;
	hints.hints = arena_array(&r->mem, Tern__Hint *, watch->n_add + 1);
	r->status = -host_view(r->server->kv, snap, r->head->shard, &view);
	if (r->status == 0) {
		struct rows *rows = rows_view(r->server->kv, snap, r->head->shard,
					      view.incarnation);

		for (size_t i = 0; i < watch->n_add; i++) {
			Tern__Hint *h = arena_new(&r->mem, Tern__Hint);

			tern__hint__init(h);
			h->account = watch->add[i]->account;
			h->modseq = account_modseq(rows, h->account, &r->mem);
			if (h->modseq > watch->add[i]->modseq)
				hints.hints[hints.n_hints++] = h;
		}
		rows_free(&rows);
	}
	kv_snap_free(r->server->kv, &snap);
	r->out.body = wire_pack(&hints.base);
}

static void answer(void *arg)
{
	struct request *r = arg;
	struct blob *body = r->out.body;

	r->out.body = NULL;
	request_reply(r, r->status, body);
}

static void ready(void *arg, int status)
{
	struct request *r = arg;
	Tern__Watch *watch;
	struct watcher *c;

	if (status != ERR_OK) {
		request_fail(r, status, "not leading");
		return;
	}
	watch = r->in.body ? WIRE_UNPACK(watch, r->in.body->b, &r->mem) : NULL;
	if (!watch || watch->n_add > WATCH_ITEMS || watch->n_drop > WATCH_ITEMS) {
		request_fail(r, ERR_INVALID, "malformed watch");
		return;
	}
	/* Registered before the comparison reads: a change in between is hinted twice at most. */
	c = watcher_of(r->server->watchers, watch->client, r->head->shard, request_peer(r));
	if (watch->fresh)
		items_clear(c);
	for (size_t i = 0; i < watch->n_add; i++)
		item_add(c, watch->add[i]->account, watch->add[i]->modseq);
	for (size_t i = 0; i < watch->n_drop; i++)
		item_drop(c, watch->drop[i]->account);
	readers_add(r->server->readers, compare, answer, r);
}

void serve_watch(struct request *r)
{
	struct host_status status;

	if (!r->server->host || !host_status(r->server->host, r->head->shard, &status))
		request_fail(r, ERR_EPOCH, "no replica of that shard here");
	else
		host_read(r->server->host, r->head->shard, ready, r);
}
