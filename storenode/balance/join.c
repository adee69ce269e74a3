/* SPDX-License-Identifier: Apache-2.0 */
/* join.c - a node with an empty disk in a cluster that is there already takes the cluster's
 * identity, and waits for new replicas.
 *
 * The ids in the map are born: whatever this node held under them is lost, and it makes none of
 * them anew, not even for a bootstrap that goes on; a row says so. The map must come out of
 * shard 0: as long as a bootstrap is under way there is none. */
#include "balance/private.h"
#include "base/base.h"

#include "base/clock.h"
#include "base/log.h"

#define ASK_MS SECONDS(3)

static const struct bytes JOINED_ROW = { (const uint8_t *)"joined", 6 };

bool join_marked(struct server *s)
{
	struct blob *row = NULL;
	bool there = kv_get(s->kv, NULL, KV_META, JOINED_ROW, &row) == 0 && row;

	blob_unref(&row);
	return there;
}

static int mark(struct server *s)
{
	struct kv_batch *batch = kv_batch_new(s->kv);
	int ret;

	kv_batch_put(batch, KV_META, JOINED_ROW, BYTES("1"));
	ret = kv_write(s->kv, batch);
	if (ret == 0)
		ret = kv_sync(s->kv);
	kv_batch_free(&batch);
	return ret;
}

static int take_identity(struct balance *b, const Tern__ClusterMap *map, struct why *why)
{
	struct server *s = b->server;
	int ret = mark(s);

	if (ret < 0)
		return ret;
	b->joined = true;
	memcpy(s->id.cluster, map->cluster.data, CLUSTER_ID);
	s->id.era = map->era;
	s->id.node = s->self;
	s->id.start_count = clock_wall_ms() / 1000; /* as a bootstrap does */
	s->id.synced = 0;
	ret = identity_store(s->kv, &s->id, why);
	if (ret == 0)
		ret = server_host_start(s, why);
	return ret;
}

static void join(struct balance *b, const Tern__ClusterMap *map)
{
	struct server *s = b->server;
	struct blob *packed;
	struct why why = { "" };

	if (clustermap_check(map, &why) < 0 || clustermap_node(map, s->conf.name) != (int)s->self) {
		log_warn(NULL, "join_refused", "why=%s",
			 why.text[0] ? why.text : "this node stands elsewhere in the map");
		return;
	}
	if (take_identity(b, map, &why) < 0)
		server_failed(s, "the identity could not be written");
	packed = wire_pack(&map->base);
	if (mapcache_offer(s->map, packed->b, &why) < 0)
		log_warn(NULL, "map_ignored", "why=%s", why.text);
	blob_unref(&packed);
	log_notice(NULL, "joined", "epoch=%lu state=%s", (unsigned long)map->epoch,
		   balance_state(b));
}

static void answered(struct call *c)
{
	struct balance *b = c->arg;
	Tern__Reply *reply;
	struct arena mem;

	arena_init(&mem, 0);
	reply = c->status == ERR_OK && c->reply.body ? WIRE_UNPACK(reply, c->reply.body->b, &mem) :
						       NULL;
	msg_release(&c->reply);
	if (reply && reply->status == ERR_OK && reply->what_case == TERN__REPLY__WHAT_MAP &&
	    !b->closing && !b->server->has_identity)
		join(b, reply->map);
	arena_release(&mem);
}

void join_turn(struct balance *b)
{
	Tern__MapGet get = TERN__MAP_GET__INIT;
	Tern__Query q = TERN__QUERY__INIT;

	if (b->ask.priv || !router_ready(b->router))
		return;
	q.what_case = TERN__QUERY__WHAT_MAP;
	q.map = &get;
	call_init(&b->ask, CALL_READ, TERN__KIND__KIND_QUERY, 0);
	b->ask.body = wire_pack(&q.base);
	b->ask.deadline = clock_ms() + ASK_MS;
	b->ask.done = answered;
	b->ask.arg = b;
	router_call(b->router, &b->ask);
}
