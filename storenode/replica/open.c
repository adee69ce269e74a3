/* SPDX-License-Identifier: Apache-2.0 */
/* open.c - replicas come and go: found on disk, made, loaded again, lost, destroyed. */
#include "replica/group.h"

#include "replica/identity.h"

#include "base/clock.h"
#include "base/log.h"

#include <stdlib.h>

#define CAREFUL_ENTRIES 256 /* after a crash: applies that are noted first */

struct group *group_new(struct host *h, uint32_t shard, uint64_t replica)
{
	struct group *g = xnew(struct group);

	g->h = h;
	g->shard = shard;
	g->replica = replica;
	g->generation = ++h->generations;
	list_init(&g->dirty);
	list_init(&g->chores);
	list_init(&g->persisting);
	list_init(&g->reads);
	list_init(&g->barrier);
	list_init(&g->waits);
	calls_init(&g->queued);
	calls_init(&g->proposed);
	list_init(&g->doomed);
	h->by_shard[shard] = g;
	return g;
}

/* Everything above the applied index into memory. */
void group_adopt(struct group *g, struct store_replica *r)
{
	g->term = r->meta.term;
	g->vote = r->meta.vote;
	g->lost = r->meta.lost;
	g->fenced = r->meta.fenced;
	g->incarnation = r->applied.incarnation;
	g->incarnations = MAX(g->incarnations, g->incarnation);
	g->applied = g->applied_sent = r->applied.index;
	g->applied_term = r->applied.term;
	g->rows = r->applied.state;
	g->applied_conf = r->conf;
	g->conf = r->conf.conf;
	rlog_init(&g->log, r->applied.index, r->applied.term, r->applied.chain, r->applied.log_ms);
	g->log.first = r->first;
	for (size_t i = 0; i < r->n_tail; i++) {
		g->h->cached += entry_bytes(r->tail[i]);
		if (r->tail[i]->type == ENTRY_CHANGE)
			INVARIANT(conf_unpack(entry_op(r->tail[i]), &g->conf));
		rlog_append(&g->log, r->tail[i]);
	}
	INVARIANT(g->log.last == r->last);
	r->n_tail = 0;
	g->runs = r->runs;
	g->n_runs = r->n_runs;
	r->runs = NULL;
	g->body_bytes = r->body_bytes;
	g->compact_body_bytes = 0;
	g->durable_bytes = g->appended_bytes;
}

static void drop_log(struct group *g)
{
	g->h->cached -= g->log.bytes;
	rlog_release(&g->log);
	g->log = (struct rlog){ .first = 1, .from = 1 };
	free(g->runs);
	g->runs = NULL;
	g->n_runs = 0;
}

void group_free(struct group **group)
{
	struct group *g = *group;

	*group = NULL;
	group_stop(g);
	calls_fail(g, true);
	waits_fail(&g->reads, ERR_NOTLEADER);
	waits_fail(&g->barrier, ERR_NOTLEADER);
	waits_fail(&g->waits, ERR_NOTFOUND);
	move_end(g, ERR_NOTLEADER);
	snapshot_drop(g);
	drop_log(g);
	if (g->loaded)
		store_replica_release(g->loaded);
	free(g->loaded);
	free(g->persist);
	timers_set(&g->h->timers, &g->timer, 0);
	list_del(&g->dirty);
	list_del(&g->chores);
	list_del(&g->persisting);
	list_del(&g->doomed);
	if (g->h->by_shard[g->shard] == g)
		g->h->by_shard[g->shard] = NULL;
	free(g);
}

/* ---- again from disk */

void group_reload(struct group *g)
{
	group_stop(g);
	g->stopping = true;
	job_item(host_job(g->h), ITEM_LOAD, g->shard, g->generation);
	g->load_ticket = host_sync_ticket(g->h); /* what it finds must be there to stay */
}

void group_loaded(struct group *g, struct item *i)
{
	if (!g->stopping || g->loaded)
		return;
	if (i->load.status) {
		group_break(g, "it cannot be read back");
		return;
	}
	g->loaded = xnew(struct store_replica);
	*g->loaded = i->load.r;
	i->load.r = (struct store_replica){ 0 };
	group_wait_sync(g);
}

static void reloaded(struct group *g)
{
	if (!g->loaded || g->load_ticket > g->h->synced_ticket)
		return;
	drop_log(g);
	group_adopt(g, g->loaded);
	store_replica_release(g->loaded);
	free(g->loaded);
	g->loaded = NULL;
	group_start(g);
}

void group_wait_sync(struct group *g)
{
	list_del(&g->persisting);
	list_add(&g->h->persisting, &g->persisting);
}

void group_synced(struct group *g)
{
	group_persisted(g, g->h->synced_ticket);
	snapshot_switched(g);
	reloaded(g);
	if (g->n_persist || g->loaded || snapshot_waits_sync(g))
		group_wait_sync(g);
	else
		list_del(&g->persisting);
}

/* ---- chores, and who is to be worked on */

void group_dirty(struct group *g)
{
	if (list_empty(&g->dirty))
		list_add(&g->h->dirty, &g->dirty);
}

void group_chore(struct group *g)
{
	if (list_empty(&g->chores))
		list_add(&g->h->chores, &g->chores);
}

static void ask_voters(struct group *g)
{
	for (uint32_t i = 0; i < NODES_MAX && g->conf.n == 0; i++)
		if (g->h->peers[i])
			peer_hello(g->h, i);
	for (unsigned i = 0; i < g->conf.n; i++)
		if (g->conf.m[i].role == CONF_VOTER && g->conf.m[i].node != g->h->c.node)
			peer_hello(g->h, g->conf.m[i].node);
}

bool group_chores(struct group *g)
{
	uint64_t now = clock_ms();
	bool more;

	if (g->opening)
		ask_voters(g);
	if (!list_empty(&g->waits))
		waits_expire(g, now);
	more = snapshot_chores(g, now);
	if (g->move || g->queued.n || g->promote_index)
		group_dirty(g);
	return more || g->opening || g->move || g->queued.n || !list_empty(&g->waits);
}

/* ---- the floor */

/* A replica that was found empty may have been more once: any peer will do then. */
static bool word_counts(const struct group *g, uint32_t node)
{
	return g->conf.n == 0 || conf_other_voter_on(&g->conf, g->replica, node);
}

static bool needs_word(const struct group *g)
{
	if (g->conf.n == 0)
		return true;
	for (unsigned i = 0; i < g->conf.n; i++)
		if (conf_other_voter_on(&g->conf, g->replica, g->conf.m[i].node))
			return true;
	return false;
}

static void open_group(struct group *g)
{
	if (g->lost || g->fenced)
		return;
	g->opening = true;
	if (!needs_word(g) || g->h->floor_off)
		group_start(g);
	else
		group_chore(g);
}

void host_floor_ok(struct host *h, uint32_t node)
{
	for (unsigned i = 0; i < SHARDS_MAX; i++) {
		struct group *g = h->by_shard[i];

		if (g && g->opening && word_counts(g, node))
			group_start(g);
	}
}

static void lose(struct group *g)
{
	struct item *i = job_item(host_job(g->h), ITEM_META, g->shard, g->generation);

	log_error(NULL, "replica_lost", "shard=%u replica=%lu applied=%lu", g->shard, g->replica,
		  g->applied);
	g->lost = true;
	g->opening = false;
	i->meta.meta = (struct store_meta){
		.replica = g->replica, .term = g->term, .vote = g->vote, .lost = true
	};
	snapshot_drop(g);
	group_stop(g);
	g->h->app.lost(g->h->app.arg, g->shard, g->replica);
}

static void put_number(struct host *h, char kind, struct bytes value)
{
	struct item *i = job_item(host_job(h), ITEM_PUT, 0, 0);
	struct key k;

	store_key(&k, kind);
	i->put.key = bytes_dup(&h->job->mem, key_bytes(&k));
	i->put.value = bytes_dup(&h->job->mem, value);
}

/* A peer saw more than this disk has: all that it held when this process started is lost. The
 * directory goes on under a new disk id, as one that nobody has seen yet, and nothing is said
 * before that is on disk. */
void host_floor_broken(struct host *h, uint64_t synced)
{
	struct identity id = { .era = h->c.era,
			       .node = h->c.node,
			       .start_count = h->c.start_count };
	struct buf b;

	log_error(NULL, "disk_rolled_back", "synced=%lu seen=%lu", h->disk_synced, synced);
	for (unsigned i = 0; i < SHARDS_MAX; i++)
		if (h->by_shard[i] && !h->by_shard[i]->fresh && !h->by_shard[i]->lost)
			lose(h->by_shard[i]);
	h->disk = id.disk = host_random(h) | 1;
	h->nonce = host_random(h) | 1; /* answers to the old name do not count */
	memcpy(id.cluster, h->c.cluster, sizeof(id.cluster));
	buf_init(&b, 0);
	identity_pack(&id, &b);
	put_number(h, 'i', buf_bytes(&b));
	buf_release(&b);
	h->mute_until = host_sync_ticket(h);
}

/* ---- made and destroyed */

static struct entry *first_entry(const struct conf *c)
{
	struct entry *e;
	struct buf b;

	buf_init(&b, 0);
	conf_pack(c, &b);
	e = entry_new(ENTRY_CHANGE, blob_copy(buf_bytes(&b)), NULL);
	buf_release(&b);
	e->index = e->term = 1;
	entry_seal(e, 0); /* the same on every voter: no times */
	return e;
}

static int conf_of(const struct host_voter *voters, unsigned n, struct store_conf *c)
{
	*c = (struct store_conf){ .index = n ? 1 : 0 };
	for (unsigned i = 0; i < n; i++)
		if (!conf_add(&c->conf, voters[i].replica, voters[i].node, CONF_VOTER))
			return -ERR_INVALID;
	return 0;
}

struct created {
	struct list list;
	uint64_t ticket;
	uint32_t shard;
	uint64_t generation;
	host_ready *done;
	void *arg;
};

static void wait_created(struct host *h, struct group *g, host_ready *done, void *arg)
{
	struct created *c = xnew(struct created);

	list_init(&c->list);
	c->ticket = host_sync_ticket(h);
	c->shard = g->shard;
	c->generation = g->generation;
	c->done = done;
	c->arg = arg;
	list_add(&h->created, &c->list);
}

void host_created(struct host *h)
{
	list_foreach(&h->created, node) {
		struct created *c = list_entry(node, struct created, list);
		struct group *g = host_group(h, c->shard, c->generation);

		if (c->ticket > h->synced_ticket && !h->closing)
			continue;
		list_del(node);
		if (g && !h->closing)
			group_start(g);
		if (c->done)
			c->done(c->arg, g && !h->closing ? ERR_OK : ERR_UNKNOWN);
		free(c);
	}
}

static void adopt_new(struct group *g, struct entry *first, const struct store_conf *c)
{
	struct store_replica r = { .shard = g->shard, .conf = *c, .first = 1 };

	r.meta = (struct store_meta){ .replica = g->replica };
	r.applied.incarnation = 1;
	if (first) {
		r.meta.term = 1;
		r.applied.index = r.applied.term = r.last = 1;
		r.applied.chain = first->chain;
		r.runs = xnew(struct store_run);
		r.runs[0] = (struct store_run){ .term = 1, .n = 1 };
		r.n_runs = 1;
	}
	group_adopt(g, &r);
	g->fresh = true;
}

int host_create(struct host *h, uint32_t shard, uint64_t replica, const struct host_voter *voters,
		unsigned n, host_ready *done, void *arg)
{
	struct store_conf c;
	struct entry *first = NULL;
	struct group *g;
	struct item *i;

	if (shard >= SHARDS_MAX || !replica || conf_of(voters, n, &c) ||
	    (n && !conf_is_voter(&c.conf, replica)))
		return -ERR_INVALID;
	if (h->by_shard[shard])
		return -ERR_EXISTS;
	g = group_new(h, shard, replica);
	if (n)
		first = first_entry(&c.conf);
	adopt_new(g, first, &c);
	i = job_item(host_job(h), ITEM_CREATE, shard, g->generation);
	i->create.meta = (struct store_meta){ .replica = replica, .term = g->term };
	i->create.conf = c;
	i->create.first = first;
	wait_created(h, g, done, arg);
	return 0;
}

int host_destroy(struct host *h, uint32_t shard, uint64_t replica)
{
	struct group *g = shard < SHARDS_MAX ? h->by_shard[shard] : NULL;

	if (!g || g->replica != replica)
		return -ERR_NOTFOUND;
	job_item(host_job(h), ITEM_DESTROY, shard, g->generation);
	host_sync_ticket(h);
	/* Perhaps from inside one of its own callbacks: freed when the turn ends. */
	h->by_shard[shard] = NULL;
	list_add(&h->doomed, &g->doomed);
	return 0;
}

/* ---- found on disk */

static int open_one(struct host *h, struct kv *kv, uint32_t shard, struct why *why)
{
	struct store_replica r;
	struct group *g;
	int ret = store_load(kv, NULL, shard, &r, why);

	if (ret && ret != -ERR_CORRUPT)
		return ret;
	g = group_new(h, shard, r.meta.replica);
	if (ret) {
		/* One damaged replica is no reason to keep the others from serving. */
		log_error(NULL, "replica_damaged", "shard=%u why=%s", shard, why->text);
		rlog_init(&g->log, 0, 0, 0, 0);
		g->lost = true;
		return 0;
	}
	group_adopt(g, &r);
	store_replica_release(&r);
	if (h->unclean)
		g->careful_until = g->applied + CAREFUL_ENTRIES;
	return 0;
}

static int drop_incarnations(struct kv *kv, struct kv_batch *b, uint32_t shard, uint64_t from,
			     uint64_t to)
{
	struct bytes key, value;
	struct key low, high;
	struct kv_iter *it;
	int ret;

	store_log_key(&low, shard, from);
	if (to)
		store_log_key(&high, shard, to);
	else
		store_shard_range(&(struct key){ 0 }, &high, shard);
	it = kv_iter_new(kv, NULL, KV_ROWS, key_bytes(&low), key_bytes(&high));
	if (kv_iter_next(it, &key, &value))
		kv_batch_del_range(b, KV_ROWS, key_bytes(&low), key_bytes(&high));
	ret = kv_iter_error(it);
	kv_iter_free(&it);
	return ret;
}

/* What an install that never came to its end has left. */
static int sweep(struct host *h, struct kv *kv)
{
	struct kv_batch *b = kv_batch_new(kv);
	int ret = 0;

	for (uint32_t s = 0; s < SHARDS_MAX && ret == 0; s++) {
		struct group *g = h->by_shard[s];

		if (!g || g->lost)
			continue;
		ret = drop_incarnations(kv, b, s, 0, g->incarnation);
		if (ret == 0)
			ret = drop_incarnations(kv, b, s, g->incarnation + 1, 0);
	}
	if (ret == 0)
		ret = kv_write(kv, b);
	kv_batch_free(&b);
	return ret;
}

static int load_peers(struct host *h, struct kv *kv)
{
	struct key from, to;
	struct bytes key, value;
	struct kv_iter *it;
	int ret;

	store_key(&from, 'p');
	store_key(&to, 'p' + 1);
	it = kv_iter_new(kv, NULL, KV_META, key_bytes(&from), key_bytes(&to));
	while (kv_iter_next(it, &key, &value)) {
		struct bytes k = bytes_skip(key, 2);
		struct peer *p;
		uint32_t node;

		if (get_u32be(&k, &node) && (p = peer_of(h, node)))
			(void)!store_peer_unpack(value, &p->seen);
	}
	ret = kv_iter_error(it);
	kv_iter_free(&it);
	return ret;
}

static int open_all(struct host *h, struct kv *kv, struct why *why)
{
	struct key from, to;
	struct bytes key, value;
	struct kv_iter *it;
	int ret = 0;

	store_key(&from, 'm');
	store_key(&to, 'm' + 1);
	it = kv_iter_new(kv, NULL, KV_META, key_bytes(&from), key_bytes(&to));
	while (ret == 0 && kv_iter_next(it, &key, &value)) {
		struct bytes k = bytes_skip(key, 2);
		uint32_t shard;

		if (get_u32be(&k, &shard) && shard < SHARDS_MAX)
			ret = open_one(h, kv, shard, why);
	}
	if (ret == 0)
		ret = kv_iter_error(it);
	kv_iter_free(&it);
	return ret;
}

int host_open(struct host *h, struct kv *kv, struct why *why)
{
	struct identity id;
	int ret = identity_load(kv, &id, why);

	h->disk = id.disk;
	if (ret == 0)
		ret = load_peers(h, kv);
	if (ret == 0)
		ret = open_all(h, kv, why);
	if (ret == 0)
		ret = sweep(h, kv);
	for (unsigned i = 0; i < SHARDS_MAX && ret == 0; i++)
		if (h->by_shard[i])
			open_group(h->by_shard[i]);
	return ret;
}
