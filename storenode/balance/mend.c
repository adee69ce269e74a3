/* SPDX-License-Identifier: Apache-2.0 */
/* mend.c - what each node does about replicas on their way: makes its own, and carries out the
 * change of members in the shards it leads. */
#include "balance/private.h"
#include "base/base.h"

#include "base/log.h"

#include <stdlib.h>

#define MEMBERS_MAX 16

/* ---- the short node */

/* What is here of the shard, usable or not. */
static bool in_use(struct balance *b, uint32_t shard, struct host_status *st)
{
	return host_status(b->server->host, shard, st) &&
	       !have_lacks(balance_have(b, b->server->self, shard, st->replica));
}

static void created(UNUSED void *arg, UNUSED int status)
{
}

/* Born by this very call: made here, now or never. If the process ends in between, the id is
 * given up. */
static void born(struct balance *b, const struct record *r, bool ok)
{
	struct host *h = b->server->host;
	struct host_status st = { 0 };
	int ret = 0;

	if (!ok || in_use(b, r->shard, &st))
		return;
	if (st.replica)
		ret = host_destroy(h, r->shard, st.replica);
	if (ret == 0)
		ret = host_create(h, r->shard, r->replica, NULL, 0, created, NULL);
	log_notice(NULL, "replica_made", "shard=%u replica=%lx in_place_of=%lx error=%s", r->shard,
		   (unsigned long)r->replica, (unsigned long)st.replica, err_name(-ret));
}

static void take_new_ids(struct balance *b)
{
	struct host_status st;

	for (size_t i = 0; i < b->n_live; i++) {
		const struct record *r = b->live[i];

		if (r->node == (int)b->server->self &&
		    r->state == TERN__REPLICA_STATE__REPLICA_ALLOCATED && !in_use(b, r->shard, &st))
			record_set(b, r, TERN__REPLICA_STATE__REPLICA_BORN, born);
	}
}

static void clear_away(struct balance *b)
{
	struct host *h = b->server->host;
	struct host_status st;
	uint32_t pos = 0;

	while (host_next(h, &pos, &st)) {
		if (record_of(b, st.replica) ||
		    !have_lacks(balance_have(b, b->server->self, st.shard, st.replica)))
			continue;
		log_notice(NULL, "replica_cleared_away", "shard=%u replica=%lx", st.shard,
			   (unsigned long)st.replica);
		if (host_destroy(h, st.shard, st.replica) < 0)
			log_warn(NULL, "replica_stays", "shard=%u", st.shard);
	}
}

/* ---- a shard's leader */

struct move_order {
	struct list list;
	uint32_t shard;
	uint64_t add, remove;
};

static struct move_order *move_of(struct balance *b, uint32_t shard)
{
	list_foreach(&b->moves, node) {
		struct move_order *m = list_entry(node, struct move_order, list);

		if (m->shard == shard)
			return m;
	}
	return NULL;
}

static void moved(void *arg, int status)
{
	struct move_order *m = arg;

	log_notice(NULL, "members_changed", "shard=%u added=%lx removed=%lx error=%s", m->shard,
		   (unsigned long)m->add, (unsigned long)m->remove, err_name(status));
	list_del(&m->list);
	free(m);
}

static int move(struct balance *b, uint32_t shard, uint64_t add, uint32_t node, uint64_t remove)
{
	struct move_order *m = xnew(struct move_order);
	int ret;

	m->shard = shard;
	m->add = add;
	m->remove = remove;
	list_init(&m->list);
	list_add(&b->moves, &m->list);
	ret = host_replace(b->server->host, shard, add, node, remove, moved, m);
	if (ret == 0)
		return 0;
	list_del(&m->list);
	free(m);
	return ret;
}

struct members {
	struct host_member m[MEMBERS_MAX];
	unsigned n;
};

static const struct host_member *member(const struct members *all, uint64_t replica)
{
	for (unsigned i = 0; i < all->n; i++)
		if (all->m[i].replica == replica)
			return &all->m[i];
	return NULL;
}

static bool drop_gone(struct balance *b, uint32_t shard, const struct members *all)
{
	for (unsigned i = 0; i < all->n; i++)
		if (!record_of(b, all->m[i].replica) &&
		    move(b, shard, 0, 0, all->m[i].replica) == 0)
			return true;
	return false;
}

/* The new one is a voter, and nobody else is there for its node: the old one is history. */
static void bury(struct balance *b, const struct record *new)
{
	const Tern__MapShard *s = mapcache_get(b->server->map)->shards[new->shard];

	for (size_t i = 0; i < s->n_replicas; i++) {
		const struct record *old = record_of(b, s->replicas[i]->replica);

		if (old && old->node == new->node)
			record_set(b, old, TERN__REPLICA_STATE__REPLICA_GONE, NULL);
	}
}

static void bring_in(struct balance *b, const struct members *all, const struct record *new)
{
	const struct host_member *m = member(all, new->replica);
	uint32_t node = (uint32_t) new->node;

	for (unsigned i = 0; i < all->n; i++) {
		if (all->m[i].node != node || all->m[i].replica == new->replica)
			continue;
		if (move(b, new->shard, 0, 0, all->m[i].replica) < 0)
			(void)!move(b, new->shard, new->replica, node, all->m[i].replica);
		return;
	}
	if (!m || m->role != HOST_VOTER)
		(void)!move(b, new->shard, new->replica, node, 0);
	else
		bury(b, new);
}

static void mend_shard(struct balance *b, const struct host_status *st)
{
	struct host *h = b->server->host;
	struct move_order *m = move_of(b, st->shard);
	struct members all;

	if (m) {
		if (m->add && !record_of(b, m->add))
			host_replace_stop(h, st->shard);
		return;
	}
	all.n = MIN(host_members(h, st->shard, all.m, MEMBERS_MAX), (unsigned)MEMBERS_MAX);
	if (st->changing || drop_gone(b, st->shard, &all))
		return;
	for (size_t i = 0; i < b->n_live; i++) {
		const struct record *r = b->live[i];

		if (r->shard != st->shard || r->node < 0 ||
		    r->state != TERN__REPLICA_STATE__REPLICA_BORN)
			continue;
		bring_in(b, &all, r);
		return;
	}
}

void mend(struct balance *b)
{
	struct host_status st;
	uint32_t pos = 0;

	clear_away(b);
	take_new_ids(b);
	while (host_next(b->server->host, &pos, &st))
		if (st.state == HOST_LEADER && st.shard < mapcache_get(b->server->map)->n_shards)
			mend_shard(b, &st);
}
