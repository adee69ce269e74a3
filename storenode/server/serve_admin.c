/* SPDX-License-Identifier: Apache-2.0 */
/* serve_admin.c - the map, this node's state, bootstrap, transfer of leadership. */
#include "base/base.h"
#include "server/balance.h"
#include "server/mapcache.h"
#include "server/requests.h"

#include "base/clock.h"

void serve_map(struct request *r)
{
	struct blob *packed = mapcache_packed(r->server->map);

	if (!packed)
		request_fail(r, ERR_NOTFOUND, "this node has not been bootstrapped");
	else
		request_reply(r, ERR_OK, blob_ref(packed));
}

/* ---- KIND_NODE */

static const char *role_name(const struct host_status *st)
{
	static const char *const roles[] = { "none", "spare", "standby", "voter" };

	return st->state == HOST_FOLLOWER || st->state == HOST_LEADER ? roles[st->role] :
									host_state_name(st->state);
}

static Tern__NodeShard *node_shard(struct arena *mem, const struct host_status *st)
{
	Tern__NodeShard *sh = arena_new(mem, Tern__NodeShard);

	tern__node_shard__init(sh);
	sh->shard = st->shard;
	sh->replica = st->replica;
	sh->leader = st->state == HOST_LEADER;
	sh->term = st->term;
	sh->last = st->last;
	sh->commit = st->commit;
	sh->applied = st->applied;
	sh->role = (char *)role_name(st);
	sh->leader_node = st->leader;
	return sh;
}

static void add_shards(struct request *r, Tern__NodeReply *reply)
{
	struct host *h = r->server->host;
	struct host_status st;
	uint32_t pos = 0;

	reply->shards = arena_array(&r->mem, Tern__NodeShard *, host_count(h) + 1);
	while (host_next(h, &pos, &st))
		reply->shards[reply->n_shards++] = node_shard(&r->mem, &st);
}

void serve_node(struct request *r)
{
	struct server *s = r->server;
	Tern__NodeReply reply = TERN__NODE_REPLY__INIT;
	Tern__NodeQuery *q = r->in.body ? WIRE_UNPACK(node_query, r->in.body->b, &r->mem) : NULL;

	reply.name = (char *)s->conf.name;
	reply.version = "0.1.0";
	reply.state = (char *)(s->draining ? "draining" : balance_state(s->balance));
	reply.uptime_ms = clock_ms() - s->started;
	reply.disk_free = s->space.free;
	reply.disk_total = s->space.total;
	reply.epoch = mapcache_epoch(s->map);
	if (s->has_identity) {
		reply.cluster = (ProtobufCBinaryData){ sizeof(s->id.cluster), s->id.cluster };
		reply.era = s->id.era;
		reply.start_count = s->id.start_count;
	}
	if (s->host) {
		reply.replicas = host_count(s->host);
		reply.leaders = host_leaders(s->host);
		reply.synced = host_synced_seq(s->host);
		if (q && q->shards)
			add_shards(r, &reply);
	}
	request_reply(r, ERR_OK, wire_pack(&reply.base));
}

/* ---- bootstrap: this node's identity, then its replicas with their first configuration */

static int create_replicas(struct server *s, const Tern__ClusterMap *map)
{
	for (uint32_t shard = 0; shard < map->n_shards; shard++) {
		const Tern__MapShard *sh = map->shards[shard];
		struct host_voter voters[8];
		uint64_t mine = 0;
		unsigned n = 0;
		int ret;

		for (size_t i = 0; i < sh->n_replicas && n < ARRAY_LEN(voters); i++) {
			voters[n++] = (struct host_voter){ sh->replicas[i]->replica,
							   sh->replicas[i]->node };
			if (sh->replicas[i]->node == s->self)
				mine = sh->replicas[i]->replica;
		}
		if (!mine)
			continue;
		ret = host_create(s->host, shard, mine, voters, n, NULL, NULL);
		if (ret < 0 && ret != -ERR_EXISTS)
			return ret;
	}
	return 0;
}

static int bootstrap_check(struct server *s, const Tern__Bootstrap *b, struct why *why)
{
	int ret;

	if (!b || !b->map)
		return why_set(why, ERR_INVALID, "bootstrap without a map");
	ret = clustermap_check(b->map, why);
	if (ret < 0)
		return ret;
	if (clustermap_node(b->map, s->conf.name) != (int)s->self)
		return why_set(why, ERR_INVALID, "node %s stands elsewhere in that map",
			       s->conf.name);
	if (s->has_identity && memcmp(s->id.cluster, b->map->cluster.data, CLUSTER_ID) != 0)
		return why_set(why, ERR_EXISTS, "node %s already belongs to a cluster",
			       s->conf.name);
	if (balance_joined(s->balance))
		return why_set(why, ERR_EXISTS,
			       "node %s came to this cluster with an empty disk, it gets new "
			       "replicas by itself",
			       s->conf.name);
	return 0;
}

static int bootstrap(struct server *s, const Tern__Bootstrap *b, struct why *why)
{
	struct blob *packed;
	int ret = bootstrap_check(s, b, why);

	if (ret < 0)
		return ret;
	if (!s->has_identity) {
		memcpy(s->id.cluster, b->map->cluster.data, CLUSTER_ID);
		s->id.era = b->map->era;
		s->id.node = s->self;
		/* Counts on from the wall clock, so that a node whose disk was wiped never starts
		 * below what its peers have seen of it. */
		s->id.start_count = clock_wall_ms() / 1000;
		s->id.synced = 0;
		ret = identity_store(s->kv, &s->id, why);
		if (ret == 0)
			ret = server_host_start(s, why);
	}
	if (ret < 0)
		return ret;
	packed = wire_pack(&b->map->base);
	ret = mapcache_offer(s->map, packed->b, why);
	blob_unref(&packed);
	if (ret == 0)
		ret = create_replicas(s, b->map);
	log_notice(NULL, "bootstrap", "replicas=%u", s->host ? host_count(s->host) : 0);
	return ret;
}

static int transfer(struct server *s, const Tern__Transfer *t, struct why *why)
{
	const Tern__ClusterMap *map = mapcache_get(s->map);
	int node = map && t->node ? clustermap_node(map, t->node) : -1;
	int ret;

	if (node < 0 || !s->host)
		return why_set(why, ERR_NOTFOUND, "no node \"%s\" in the map",
			       t->node ? t->node : "");
	ret = host_transfer(s->host, t->shard, (uint32_t)node);
	return ret < 0 ? why_set(why, (enum err) - ret, "shard %u: %s", t->shard, err_text(ret)) :
			 0;
}

void serve_admin(struct request *r)
{
	Tern__Admin *admin = r->in.body ? WIRE_UNPACK(admin, r->in.body->b, &r->mem) : NULL;
	struct why why = { "malformed request" };
	int ret = -ERR_INVALID;

	if (admin && admin->what_case == TERN__ADMIN__WHAT_BOOTSTRAP)
		ret = bootstrap(r->server, admin->bootstrap, &why);
	else if (admin && admin->what_case == TERN__ADMIN__WHAT_TRANSFER)
		ret = transfer(r->server, admin->transfer, &why);
	if (ret < 0)
		request_fail(r, -ret, why.text);
	else
		request_reply(r, ERR_OK, NULL);
}
