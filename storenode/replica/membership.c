/* SPDX-License-Identifier: Apache-2.0 */
/* membership.c - one member in, one member out, a step at a time.
 *
 *   not there --> spare --> standby --> (caught up) --> voter --> old one standby --> gone
 *
 * libraft's own catch-up rounds end only with new entries, so an idle shard would wait for ever:
 * what counts here is that the new member has everything and was heard just now.
 *
 * Each step is a configuration entry, proposed once the one before it is committed and applied,
 * and follows from the configuration alone: whoever leads next can go on. Promotion waits until
 * the new member has everything (new proposals are held for a moment if need be), because
 * libraft's replicas refuse votes as long as they do not know that they are voters; for the same
 * reason the entry that promotes goes to the other followers only when the new voter has it. */
#include "replica/group.h"

#include "base/clock.h"
#include "base/log.h"

#include <stdlib.h>

#define NEARLY 128 /* entries behind: a pause will do */
#define PAUSE_MS 200
#define PAUSE_EVERY_MS 1000
#define PROMOTE_MS 2000 /* a promotion is kept from the others this long at most */

struct move {
	uint64_t add, remove;
	uint32_t node;
	uint64_t paused_ms;
	host_ready *done;
	void *arg;
};

void move_end(struct group *g, int status)
{
	struct move *m = g->move;

	if (!m)
		return;
	g->move = NULL;
	g->pause_until = 0;
	if (m->done)
		m->done(m->arg, status);
	free(m);
}

static bool set_role(struct group *g, uint64_t replica, enum conf_role role)
{
	struct conf c = g->conf;

	c.m[conf_find(&c, replica)].role = role;
	return group_submit_conf(g, &c);
}

static void promote(struct group *g, struct move *m)
{
	uint64_t now = clock_ms(), match = group_match(g, m->add);

	/* It must be alive, too: a fourth voter that is not would cost a majority. */
	if (match + NEARLY < g->log.last || !match ||
	    now - lease_heard(&g->lease, m->add) > g->h->c.election_ms)
		return;
	if (match < g->log.last) {
		if (now - m->paused_ms >= PAUSE_EVERY_MS) {
			m->paused_ms = now;
			g->pause_until = now + PAUSE_MS;
		}
		return;
	}
	g->pause_until = 0;
	g->promote_index = g->log.last + 1;
	g->promote_replica = m->add;
	g->promote_ms = now;
	if (!set_role(g, m->add, CONF_VOTER))
		g->promote_index = 0;
}

static void bring_in(struct group *g, struct move *m)
{
	int i = conf_find(&g->conf, m->add);
	struct conf c = g->conf;

	if (i < 0) {
		if (conf_add(&c, m->add, m->node, CONF_SPARE))
			group_submit_conf(g, &c);
		else
			move_end(g, ERR_LIMIT);
	} else if (g->conf.m[i].role == CONF_SPARE) {
		set_role(g, m->add, CONF_STANDBY);
	} else {
		promote(g, m);
	}
}

static void take_out(struct group *g, struct move *m)
{
	struct conf c = g->conf;

	if (m->remove == g->replica) {
		g->transfer_to = 1; /* whoever leads then goes on */
	} else if (conf_is_voter(&g->conf, m->remove)) {
		/* A standby still hears heartbeats; the core's timer would spin on a spare. */
		set_role(g, m->remove, CONF_STANDBY);
	} else {
		conf_remove(&c, m->remove);
		group_submit_conf(g, &c);
	}
}

void move_step(struct group *g)
{
	struct move *m = g->move;

	if (g->promote_index && clock_ms() - g->promote_ms > PROMOTE_MS) {
		log_warn(NULL, "promotion_slow", "shard=%u replica=%lu", g->shard,
			 g->promote_replica);
		g->promote_index = 0;
		streams_pump(g);
	}
	if (!group_leads(g) || group_changing(g) || group_transferring(g) || g->transfer_to)
		return;
	if (m->add && !conf_is_voter(&g->conf, m->add))
		bring_in(g, m);
	else if (m->remove && conf_find(&g->conf, m->remove) >= 0)
		take_out(g, m);
	else
		move_end(g, ERR_OK);
}

int host_replace(struct host *h, uint32_t shard, uint64_t add, uint32_t node, uint64_t remove,
		 host_ready *done, void *arg)
{
	struct group *g = shard < SHARDS_MAX ? h->by_shard[shard] : NULL;

	if (!g || !group_leads(g))
		return -ERR_NOTLEADER;
	if (g->move)
		return -ERR_BUSY;
	if (add == remove || (!add && conf_voters(&g->conf) < 2))
		return -ERR_INVALID;
	g->move = xnew(struct move);
	g->move->add = add;
	g->move->node = node;
	g->move->remove = remove;
	g->move->done = done;
	g->move->arg = arg;
	group_chore(g);
	group_dirty(g);
	return 0;
}

void host_replace_stop(struct host *h, uint32_t shard)
{
	struct group *g = shard < SHARDS_MAX ? h->by_shard[shard] : NULL;

	if (g)
		move_end(g, ERR_GONE);
}
