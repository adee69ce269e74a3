/* SPDX-License-Identifier: Apache-2.0 */
/* ask.c - what the other nodes and shard 0 say, and what shard 0 is told. */
#include "balance/private.h"
#include "base/base.h"

#include "base/clock.h"
#include "base/log.h"

#include <stdlib.h>

#define NODE_MS SECONDS(2)
#define RECORDS_MS SECONDS(3)
#define STALE_MS SECONDS(1)
#define ORDER_MS SECONDS(10)
#define LINGER_MS SECONDS(30) /* records are read this long after the last node was short */

static bool leads_shard_0(struct server *s)
{
	struct host_status st;

	return host_status(s->host, 0, &st) && st.state == HOST_LEADER;
}

/* ---- nodes */

static bool is_short(const char *state)
{
	return strcmp(state, "ok") != 0 && strcmp(state, "draining") != 0;
}

static void node_answered(struct call *c)
{
	struct view *v = c->arg;
	struct balance *b = v->b;

	if (c->status == ERR_OK && c->reply.body) {
		arena_clear(&v->mem);
		v->reply = WIRE_UNPACK(node_reply, c->reply.body->b, &v->mem);
		v->heard_ms = clock_ms();
	}
	msg_release(&c->reply);
	if (v->reply && is_short(v->reply->state))
		b->busy_until = clock_ms() + LINGER_MS;
}

static void ask_nodes(struct balance *b)
{
	Tern__NodeQuery q = TERN__NODE_QUERY__INIT;
	uint64_t now = clock_ms();

	q.shards = leads_shard_0(b->server);
	for (uint32_t i = 0; i < b->server->cluster.nodes.n; i++) {
		struct view *v = &b->views[i];

		if (i == b->server->self || v->call.priv)
			continue;
		if (v->reply && now - v->heard_ms > 2 * NODE_MS)
			v->reply = NULL; /* away */
		call_init(&v->call, CALL_READ, TERN__KIND__KIND_NODE, 0);
		v->call.to_node = (int)i;
		v->call.body = wire_pack(&q.base);
		v->call.deadline = now + NODE_MS;
		v->call.done = node_answered;
		v->call.arg = v;
		router_call(b->router, &v->call);
	}
}

/* Every answer carries its sender's epoch: the router has fetched what is newer than its own. */
static void take_map(struct balance *b)
{
	const Tern__ClusterMap *map = router_map(b->router);
	struct blob *packed;
	struct why why;

	if (!map || map->epoch <= mapcache_epoch(b->server->map))
		return;
	packed = wire_pack(&map->base);
	if (mapcache_offer(b->server->map, packed->b, &why) < 0)
		log_warn(NULL, "map_ignored", "why=%s", why.text);
	blob_unref(&packed);
}

/* ---- records */

const struct record *record_of(const struct balance *b, uint64_t replica)
{
	return map_get(&b->by_id, MAP_KEY(replica));
}

const struct record *record_live(const struct balance *b, uint32_t shard, uint32_t node)
{
	for (size_t i = 0; i < b->n_live; i++)
		if (b->live[i]->shard == shard && b->live[i]->node == (int)node)
			return b->live[i];
	return NULL;
}

static bool is_mapped(const Tern__ClusterMap *map, const struct record *r)
{
	const Tern__MapShard *s = r->shard < map->n_shards ? map->shards[r->shard] : NULL;

	for (size_t i = 0; s && i < s->n_replicas; i++)
		if (s->replicas[i]->replica == r->replica)
			return true;
	return false;
}

/* A bootstrap records every id as allocated before the first as born: before that an id without
 * a record is not gone. */
static bool is_complete(const Tern__ReplicaListReply *list)
{
	for (size_t i = 0; i < list->n_replicas; i++)
		if (list->replicas[i]->state == TERN__REPLICA_STATE__REPLICA_BORN)
			return true;
	return false;
}

static void take_records(struct balance *b, const Tern__ReplicaListReply *list)
{
	const Tern__ClusterMap *map = mapcache_get(b->server->map);

	b->n_records = b->n_live = 0;
	b->records = arena_array(&b->mem, struct record, list->n_replicas + 1);
	b->live = arena_array(&b->mem, struct record *, list->n_replicas + 1);
	map_release(&b->by_id);
	map_init(&b->by_id);
	for (size_t i = 0; i < list->n_replicas; i++) {
		const Tern__ReplicaRecord *in = list->replicas[i];
		struct record *r = &b->records[b->n_records++];

		*r = (struct record){ in->replica, in->shard, clustermap_node(map, in->node),
				      in->state };
		map_put(&b->by_id, MAP_KEY(r->replica), r);
		if (!is_mapped(map, r))
			b->live[b->n_live++] = r;
	}
}

static void records_answered(struct call *c)
{
	struct balance *b = c->arg;
	struct server *s = b->server;
	Tern__Reply *reply = NULL;

	arena_clear(&b->mem);
	if (c->status == ERR_OK && c->reply.body)
		reply = WIRE_UNPACK(reply, c->reply.body->b, &b->mem);
	msg_release(&c->reply);
	if (b->closing || s->draining || !s->host || !mapcache_get(s->map) || !reply ||
	    reply->status != ERR_OK || reply->what_case != TERN__REPLY__WHAT_REPLICAS ||
	    !is_complete(reply->replicas) || clock_ms() - b->asked_ms > STALE_MS)
		return;
	take_records(b, reply->replicas);
	mend(b);
	if (leads_shard_0(s))
		plan(b);
}

static void ask_records(struct balance *b)
{
	Tern__ReplicaList list = TERN__REPLICA_LIST__INIT;
	Tern__Query q = TERN__QUERY__INIT;

	if (b->ask.priv || b->orders)
		return;
	q.what_case = TERN__QUERY__WHAT_REPLICAS;
	q.replicas = &list;
	call_init(&b->ask, CALL_READ, TERN__KIND__KIND_QUERY, 0);
	b->ask.body = wire_pack(&q.base);
	b->asked_ms = clock_ms();
	b->ask.deadline = b->asked_ms + RECORDS_MS;
	b->ask.done = records_answered;
	b->ask.arg = b;
	router_call(b->router, &b->ask);
}

void ask_turn(struct balance *b)
{
	uint64_t now = clock_ms();

	if (!b->server->has_identity) {
		join_turn(b);
		return;
	}
	take_map(b);
	ask_nodes(b);
	if (is_short(balance_state(b)))
		b->busy_until = now + LINGER_MS;
	if (now < b->busy_until && router_ready(b->router))
		ask_records(b);
}

/* ---- orders */

struct order {
	struct call call;
	struct balance *b;
	struct record record;
	recorded *done;
};

static bool succeeded(struct call *c)
{
	struct arena mem;
	Tern__Result *r;
	bool ok;

	arena_init(&mem, 0);
	r = c->status == ERR_OK && c->reply.body ? WIRE_UNPACK(result, c->reply.body->b, &mem) :
						   NULL;
	ok = r && r->status == ERR_OK;
	if (!ok)
		log_notice(NULL, "record_refused", "error=%s why=%s",
			   err_name(r ? (int)r->status : c->status), r ? r->why : c->why.text);
	arena_release(&mem);
	msg_release(&c->reply);
	return ok;
}

static void order_done(struct call *c)
{
	struct order *o = container_of(c, struct order, call);
	bool ok = succeeded(c);

	o->b->orders--;
	if (o->done && !o->b->closing)
		o->done(o->b, &o->record, ok);
	free(o);
}

static void give_order(struct balance *b, struct order *o, Tern__Op *op)
{
	o->b = b;
	op->version = 1;
	call_init(&o->call, CALL_OP, TERN__KIND__KIND_OP, 0);
	o->call.body = wire_pack(&op->base);
	o->call.deadline = clock_ms() + ORDER_MS;
	o->call.done = order_done;
	b->orders++;
	router_call(b->router, &o->call);
}

void record_set(struct balance *b, const struct record *r, Tern__ReplicaState state, recorded *done)
{
	const Tern__ClusterMap *map = mapcache_get(b->server->map);
	Tern__ReplicaSet set = TERN__REPLICA_SET__INIT;
	Tern__Op op = TERN__OP__INIT;
	struct order *o;

	if (r->node < 0 || (size_t)r->node >= map->n_nodes)
		return;
	o = xnew(struct order);
	o->record = *r;
	o->done = done;
	set.replica = r->replica;
	set.shard = r->shard;
	set.node = map->nodes[r->node]->name;
	set.state = state;
	op.what_case = TERN__OP__WHAT_REPLICA_SET;
	op.replica_set = &set;
	give_order(b, o, &op);
}

void map_set(struct balance *b, Tern__ClusterMap *map)
{
	Tern__MapSet set = TERN__MAP_SET__INIT;
	Tern__Op op = TERN__OP__INIT;

	set.if_epoch = map->epoch++;
	set.map = map;
	op.what_case = TERN__OP__WHAT_MAP_SET;
	op.map_set = &set;
	give_order(b, xnew(struct order), &op);
}
