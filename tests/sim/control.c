/* SPDX-License-Identifier: Apache-2.0 */
/* control.c - stands in for shard 0 and its leader: which replica is where, new ids for replicas
 * that were lost, and moves, each tried until it is done. */
#include "sim/sim.h"

#include "wire/frame.h"

#include <stdlib.h>

#define PERIOD_MS 200
#define COPIES 3

struct place {
	uint64_t replica;
	unsigned node;
};

struct move {
	bool active;
	struct place add, remove; /* remove.node: where it is, or was */
	unsigned slot;
};

struct control {
	struct place place[SIM_SHARDS][COPIES];
	struct move move[SIM_SHARDS];
	struct list old; /* struct leftover */
	uint64_t epoch;
	struct blob *map;
};

struct leftover { /* a replica that is no member any more */
	struct list list;
	uint32_t shard;
	struct place at;
};

static uint64_t new_replica(struct sim *s)
{
	return 1000 + ++s->next_replica;
}

static void turn_end(struct sim *s, struct node *n)
{
	node_turn_end(s, n);
	sim_enter(NULL);
}

/* ---- the map that front ends get */

static Tern__MapShard *map_shard(struct arena *mem, const struct place *place)
{
	Tern__MapShard *shard = arena_new(mem, Tern__MapShard);

	tern__map_shard__init(shard);
	shard->replicas = arena_array(mem, Tern__MapReplica *, COPIES);
	for (unsigned i = 0; i < COPIES; i++) {
		Tern__MapReplica *r = arena_new(mem, Tern__MapReplica);

		tern__map_replica__init(r);
		r->replica = place[i].replica;
		r->node = place[i].node;
		shard->replicas[shard->n_replicas++] = r;
	}
	return shard;
}

static void draw_map(struct sim *s)
{
	static char *const names[SIM_NODES] = { "n0", "n1", "n2", "n3", "n4" };
	struct control *c = s->control;
	Tern__ClusterMap map = TERN__CLUSTER_MAP__INIT;
	struct arena mem;

	arena_init(&mem, 0);
	map.epoch = ++c->epoch;
	map.cluster = (ProtobufCBinaryData){ sizeof(s->config.cluster), s->config.cluster };
	map.era = s->config.era;
	map.nodes = arena_array(&mem, Tern__MapNode *, SIM_NODES);
	map.shards = arena_array(&mem, Tern__MapShard *, SIM_SHARDS);
	for (unsigned i = 0; i < s->n_nodes; i++) {
		map.nodes[map.n_nodes] = arena_new(&mem, Tern__MapNode);
		tern__map_node__init(map.nodes[map.n_nodes]);
		map.nodes[map.n_nodes++]->name = names[i];
	}
	for (uint32_t i = 0; i < s->n_shards; i++)
		map.shards[map.n_shards++] = map_shard(&mem, c->place[i]);
	blob_unref(&c->map);
	c->map = wire_pack(&map.base);
	arena_release(&mem);
}

struct bytes control_map(const struct sim *s, uint64_t *epoch)
{
	*epoch = s->control->epoch;
	return s->control->map->b;
}

void control_init(struct sim *s)
{
	struct control *c = s->control = xnew(struct control);

	list_init(&c->old);
	for (uint32_t shard = 0; shard < s->n_shards; shard++) {
		unsigned first = (unsigned)prng_below(&s->rng, s->n_nodes);

		for (unsigned i = 0; i < COPIES; i++)
			c->place[shard][i] = (struct place){ new_replica(s),
							     (first + i) % s->n_nodes };
	}
	draw_map(s);
	sim_at(s, s->now + MS(PERIOD_MS), EV_CONTROL, SIM_NODES);
}

void control_start(struct sim *s)
{
	struct host_voter voters[COPIES];

	for (uint32_t shard = 0; shard < s->n_shards; shard++) {
		for (unsigned i = 0; i < COPIES; i++)
			voters[i] = (struct host_voter){ s->control->place[shard][i].replica,
							 s->control->place[shard][i].node };
		for (unsigned i = 0; i < COPIES; i++) {
			struct node *n = &s->node[voters[i].node];

			sim_enter(n);
			INVARIANT(host_create(n->host, shard, voters[i].replica, voters, COPIES,
					      NULL, NULL) == 0);
			turn_end(s, n);
		}
	}
}

/* ---- moves */

static void begin(struct sim *s, uint32_t shard, unsigned slot, unsigned node)
{
	struct move *m = &s->control->move[shard];

	m->active = true;
	m->slot = slot;
	m->remove = s->control->place[shard][slot];
	m->add = (struct place){ new_replica(s), node };
	sim_note("shard %u: replica %lx on n%u shall replace %lx on n%u", shard, m->add.replica,
		 node, m->remove.replica, m->remove.node);
}

static struct leftover *add_leftover(struct sim *s, uint32_t shard, struct place at)
{
	struct leftover *l = xnew(struct leftover);

	list_init(&l->list);
	l->shard = shard;
	l->at = at;
	list_add(&s->control->old, &l->list);
	return l;
}

static void moved(void *arg, int status)
{
	uint32_t shard = (uint32_t)(uintptr_t)arg;
	struct sim *s = sim_current;
	struct move *m = &s->control->move[shard];

	if (status != ERR_OK || !m->active)
		return;
	sim_note("shard %u: moved", shard);
	m->active = false;
	s->control->place[shard][m->slot] = m->add;
	if (m->remove.node != m->add.node)
		add_leftover(s, shard, m->remove);
	draw_map(s);
}

/* The new replica must be there, and nothing else of that shard on its node. */
static bool make_room(struct sim *s, struct node *n, uint32_t shard, uint64_t replica)
{
	struct host_status st;
	bool there = host_status(n->host, shard, &st);

	if (there && st.replica == replica)
		return true;
	if (there && host_destroy(n->host, shard, st.replica))
		sim_fail("n%u: cannot destroy", n->id);
	if (host_create(n->host, shard, replica, NULL, 0, NULL, NULL))
		sim_fail("n%u: cannot create", n->id);
	(void)s;
	return true;
}

static void push_move(struct sim *s, uint32_t shard, struct move *m)
{
	struct node *target = &s->node[m->add.node];

	if (target->up) {
		sim_enter(target);
		make_room(s, target, shard, m->add.replica);
		turn_end(s, target);
	}
	for (unsigned i = 0; i < s->n_nodes && m->active; i++) {
		struct node *n = &s->node[i];
		struct host_status st;

		if (!n->up)
			continue;
		sim_enter(n);
		if (host_status(n->host, shard, &st) && st.state == HOST_LEADER)
			(void)!host_replace(n->host, shard, m->add.replica, m->add.node,
					    m->remove.replica, moved, (void *)(uintptr_t)shard);
		turn_end(s, n);
	}
}

bool control_move(struct sim *s)
{
	uint32_t shard = (uint32_t)prng_below(&s->rng, s->n_shards);
	unsigned slot = (unsigned)prng_below(&s->rng, COPIES);
	unsigned node = (unsigned)prng_below(&s->rng, s->n_nodes);

	if (s->control->move[shard].active)
		return false;
	for (unsigned i = 0; i < COPIES; i++)
		if (s->control->place[shard][i].node == node)
			return false;
	list_foreach(&s->control->old, l)
		if (list_entry(l, struct leftover, list)->shard == shard)
			return false;
	begin(s, shard, slot, node);
	return true;
}

/* ---- replicas that are gone */

static void replace(struct sim *s, unsigned node, uint32_t shard)
{
	struct control *c = s->control;

	for (unsigned i = 0; i < COPIES; i++)
		if (c->place[shard][i].node == node && !c->move[shard].active)
			begin(s, shard, i, node);
}

void control_lost(struct sim *s, unsigned node, uint32_t shard, uint64_t replica)
{
	(void)replica;
	s->node[node].wiped = true;
	(void)shard;
}

/* A node that lost its disk gets a new replica for each that it held. One whose replica was on
 * its way in gets another id for it. */
static void look_after(struct sim *s, struct node *n)
{
	struct host_status st;
	bool whole = true;

	for (uint32_t shard = 0; shard < s->n_shards; shard++) {
		struct move *m = &s->control->move[shard];

		if (m->active && m->add.node == n->id && host_status(n->host, shard, &st) &&
		    st.replica == m->add.replica && st.state == HOST_LOST)
			sim_fail("n%u lost a replica that was being made", n->id);
		for (unsigned i = 0; i < COPIES; i++) {
			const struct place *p = &s->control->place[shard][i];
			bool there = host_status(n->host, shard, &st) && st.state != HOST_LOST;

			if (p->node != n->id || (there && st.replica == p->replica))
				continue;
			whole = false;
			replace(s, n->id, shard);
		}
	}
	n->wiped = !whole;
}

static void sweep(struct sim *s)
{
	list_foreach(&s->control->old, node) {
		struct leftover *l = list_entry(node, struct leftover, list);
		struct node *n = &s->node[l->at.node];

		if (!n->up)
			continue;
		sim_enter(n);
		(void)!host_destroy(n->host, l->shard, l->at.replica);
		turn_end(s, n);
		list_del(node);
		free(l);
	}
}

void control_event(struct sim *s)
{
	for (unsigned i = 0; i < s->n_nodes; i++)
		if (s->node[i].up && s->node[i].wiped)
			look_after(s, &s->node[i]);
	for (uint32_t shard = 0; shard < s->n_shards; shard++)
		if (s->control->move[shard].active)
			push_move(s, shard, &s->control->move[shard]);
	sweep(s);
	for (unsigned i = 0; i < s->n_nodes; i++) {
		if (!s->node[i].up || !s->node[i].door)
			continue;
		sim_enter(&s->node[i]);
		door_upkeep(s, &s->node[i]);
		turn_end(s, &s->node[i]);
	}
	sim_at(s, s->now + MS(PERIOD_MS), EV_CONTROL, SIM_NODES);
}

/* ---- */

bool control_busy(const struct sim *s)
{
	for (unsigned i = 0; i < s->n_nodes; i++)
		if (s->node[i].wiped)
			return true;
	for (unsigned i = 0; i < s->n_shards; i++)
		if (s->control->move[i].active)
			return true;
	return !list_empty(&s->control->old);
}

bool control_calm(struct sim *s)
{
	struct host_status st;

	if (control_busy(s))
		return false;
	for (uint32_t shard = 0; shard < s->n_shards; shard++)
		for (unsigned i = 0; i < COPIES; i++) {
			struct node *n = &s->node[s->control->place[shard][i].node];

			if (!n->up || !host_status(n->host, shard, &st) || st.state == HOST_OPENING)
				return false;
		}
	return true;
}

bool control_holds(struct sim *s, unsigned node, uint32_t shard, uint64_t replica)
{
	for (unsigned i = 0; i < COPIES; i++)
		if (s->control->place[shard][i].node == node &&
		    s->control->place[shard][i].replica == replica)
			return true;
	return false;
}

void control_free(struct sim *s)
{
	struct list *node;

	while ((node = list_pop(&s->control->old)))
		free(list_entry(node, struct leftover, list));
	blob_unref(&s->control->map);
	free(s->control);
}
