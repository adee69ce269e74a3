/* SPDX-License-Identifier: Apache-2.0 */
/* calls.c - who waits for what: proposals for their entry, readers for an index. */
#include "replica/group.h"

#include "base/clock.h"

#include <stdlib.h>

#define QUEUE_MAX 2048 /* proposals of one shard that are not yet applied */
#define WAITS_DUE_MS 1

/* ---- proposals */

void calls_init(struct calls *c)
{
	*c = (struct calls){ .end = &c->first };
}

void calls_push(struct calls *c, struct call *call)
{
	call->next = NULL;
	*c->end = call;
	c->end = &call->next;
	c->n++;
}

struct call *calls_pop(struct calls *c)
{
	struct call *call = c->first;

	if (!call)
		return NULL;
	c->first = call->next;
	if (!c->first)
		c->end = &c->first;
	c->n--;
	return call;
}

static void finish(struct call *call, int status, uint64_t index, struct blob *result)
{
	call->done(call->arg, status, index, result);
	entry_unref(&call->e);
	free(call);
}

void calls_fail(struct group *g, bool proposed_too)
{
	struct call *call;

	while ((call = calls_pop(&g->queued))) {
		give_budget_back(g, call->e);
		finish(call, ERR_NOTLEADER, 0, NULL);
	}
	while (proposed_too && (call = calls_pop(&g->proposed)))
		finish(call, ERR_UNKNOWN, 0, NULL);
}

void calls_applied(struct group *g, const struct entry *e, struct bytes result)
{
	struct call *call = g->proposed.first;
	struct blob *blob;

	if (!call || call->index > e->index)
		return;
	INVARIANT(call->index == e->index);
	calls_pop(&g->proposed);
	blob = blob_copy(result);
	finish(call, call->term == e->term ? ERR_OK : ERR_UNKNOWN, e->index, blob);
	blob_unref(&blob);
}

static int admit(struct host *h, struct group *g, size_t body)
{
	if (!g || !group_leads(g) || group_transferring(g) || g->transfer_to)
		return ERR_NOTLEADER;
	if (g->queued.n + g->proposed.n >= QUEUE_MAX)
		return ERR_BUSY;
	/* Bodies have a budget; whatever comes without one goes on. */
	if (body && (g->budget + body > MAX(h->c.shard_bytes, body) ||
		     h->budget + body > MAX(h->c.node_bytes, body)))
		return ERR_BUSY;
	return 0;
}

void host_submit(struct host *h, uint32_t shard, struct blob *op, struct blob *body,
		 host_done *done, void *arg)
{
	struct group *g = shard < SHARDS_MAX ? h->by_shard[shard] : NULL;
	size_t n = body ? body->b.n : 0;
	int refused = admit(h, g, n);
	struct call *call;

	INVARIANT(op && op->b.n <= LOG_MAX_OP && n <= LOG_MAX_BODY);
	if (refused) {
		blob_unref(&op);
		blob_unref(&body);
		done(arg, refused, 0, NULL);
		return;
	}
	call = xnew(struct call);
	call->e = entry_new(ENTRY_COMMAND, op, body);
	call->done = done;
	call->arg = arg;
	if (n) {
		call->e->budgeted = true;
		g->budget += n;
		h->budget += n;
	}
	calls_push(&g->queued, call);
	group_dirty(g);
}

/* ---- readers */

static struct wait *wait_new(uint64_t index, host_ready *ready, void *arg)
{
	struct wait *w = xnew(struct wait);

	list_init(&w->list);
	w->index = index;
	w->ready = ready;
	w->arg = arg;
	return w;
}

static void wait_end(struct wait *w, int status)
{
	list_del(&w->list);
	w->ready(w->arg, status);
	free(w);
}

/* Callbacks may add new waits, to the same list: those are not looked at. */
static void end_reached(struct list *waits, uint64_t applied)
{
	struct list ready;

	list_init(&ready);
	list_foreach(waits, node) {
		if (list_entry(node, struct wait, list)->index > applied)
			continue;
		list_del(node);
		list_add(&ready, node);
	}
	while (!list_empty(&ready))
		wait_end(list_entry(list_first(&ready), struct wait, list), ERR_OK);
}

void waits_applied(struct group *g)
{
	if (!list_empty(&g->reads))
		end_reached(&g->reads, g->applied);
	if (!list_empty(&g->waits))
		end_reached(&g->waits, g->applied);
}

void waits_fail(struct list *waits, int status)
{
	struct list all;

	list_init(&all);
	while (!list_empty(waits))
		list_add(&all, list_pop(waits));
	while (!list_empty(&all))
		wait_end(list_entry(list_first(&all), struct wait, list), status);
}

void waits_expire(struct group *g, uint64_t now)
{
	struct list late;

	list_init(&late);
	list_foreach(&g->waits, node) {
		if (list_entry(node, struct wait, list)->due_ms > now)
			continue;
		list_del(node);
		list_add(&late, node);
	}
	while (!list_empty(&late))
		wait_end(list_entry(list_first(&late), struct wait, list), ERR_LATE);
}

void host_read(struct host *h, uint32_t shard, host_ready *ready, void *arg)
{
	struct group *g = shard < SHARDS_MAX ? h->by_shard[shard] : NULL;
	struct wait *w;

	if (!g || !group_leads(g)) {
		ready(arg, ERR_NOTLEADER);
		return;
	}
	w = wait_new(group_commit(g), ready, arg);
	if (!group_lease_ok(g)) {
		list_add(&g->barrier, &w->list);
		group_dirty(g);
	} else if (g->applied >= w->index) {
		wait_end(w, ERR_OK);
	} else {
		list_add(&g->reads, &w->list);
	}
}

bool host_lease_valid(struct host *h, uint32_t shard)
{
	return shard < SHARDS_MAX && h->by_shard[shard] && group_lease_ok(h->by_shard[shard]);
}

void host_wait_applied(struct host *h, uint32_t shard, uint64_t index, unsigned timeout_ms,
		       host_ready *ready, void *arg)
{
	struct group *g = shard < SHARDS_MAX ? h->by_shard[shard] : NULL;
	struct wait *w;

	if (!g || g->lost || g->broken || g->fenced) {
		ready(arg, ERR_NOTFOUND);
		return;
	}
	if (g->applied >= index) {
		ready(arg, ERR_OK);
		return;
	}
	w = wait_new(index, ready, arg);
	w->due_ms = clock_ms() + timeout_ms + WAITS_DUE_MS;
	list_add(&g->waits, &w->list);
	group_chore(g);
}
