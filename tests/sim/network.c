/* SPDX-License-Identifier: Apache-2.0 */
/* network.c - envelopes between nodes: lost, late, twice, or not at all. */
#include "sim/sim.h"

bool net_cut(const struct sim *s, unsigned from, unsigned to)
{
	return s->cut[from][to];
}

static void deliver(struct sim *s, unsigned from, unsigned to, struct msg *m, uint64_t at)
{
	struct event *e = sim_at(s, at, EV_DELIVER, to);

	e->a = from;
	e->boot = 0; /* whoever is up there then */
	msg_move(&e->msg, m);
}

static void copy(struct msg *to, const struct msg *from)
{
	msg_init(to);
	to->head = blob_ref(from->head);
	to->body = from->body ? blob_ref(from->body) : NULL;
	for (unsigned i = 0; i < from->n_payload; i++)
		msg_add(to, blob_ref(from->payload[i]));
}

void net_send(struct sim *s, unsigned from, unsigned to, struct msg *m)
{
	uint64_t at = s->now + sim_between(s, 100, MS(s->delay_ms));

	if (s->cut[from][to] || (!s->healed && sim_chance(s, s->drop_percent))) {
		s->faults[F_DROP]++;
		msg_release(m);
		return;
	}
	if (!s->healed && sim_chance(s, s->dup_percent)) {
		struct msg twin;

		copy(&twin, m);
		deliver(s, from, to, &twin, at + sim_between(s, 0, MS(300)));
		s->faults[F_DUPLICATE]++;
	}
	if (!s->healed && sim_chance(s, 1)) { /* out of order: to be dropped as if lost */
		s->faults[F_DELAY]++;
		deliver(s, from, to, m, at + sim_between(s, MS(20), MS(600)));
		return;
	}
	at = MAX(at, s->arrival[from][to]);
	s->arrival[from][to] = at;
	deliver(s, from, to, m, at);
}

/* A process that starts finds its connections up after a moment, and so do the others. */
void net_peers_of(struct sim *s, struct node *n)
{
	for (unsigned i = 0; i < s->n_nodes; i++) {
		if (i == n->id)
			continue;
		sim_at(s, s->now + sim_between(s, 1000, MS(20)), EV_PEER, n->id)->a = i;
		sim_at(s, s->now + sim_between(s, 1000, MS(20)), EV_PEER, i)->a = n->id;
	}
}
