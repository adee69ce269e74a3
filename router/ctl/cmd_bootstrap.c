/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_bootstrap.c - cluster bootstrap: from nodes that know nothing to a cluster.
 *
 * 1. every node answers and knows no cluster; 2. the map is made: placement, ids; 3. every node
 * takes it and makes its replicas; 4. all shards have leaders; 5. shard 0 records every replica
 * id as allocated and born, then the map. Broken off after step 2 the nodes know their cluster,
 * and --resume goes on with the map they have: every step may be done twice. */
#include "router/ctl/ctl.h"
#include "router/ctl/views.h"

#include "base/clock.h"
#include "base/rand.h"
#include "router/placement.h"

#include <stdlib.h>
#include <unistd.h>

#define ASK_MS SECONDS(5)
#define RECORDS_AT_ONCE 64

/* ---- 1. are they all there, and empty? --------------------------------------------------------- */

static int check_nodes(struct ctl *ctl, const struct node_status *nodes, bool resume,
		       struct why *why)
{
	for (size_t i = 0; i < ctl->cluster.nodes.n; i++) {
		const Tern__NodeReply *r = nodes[i].reply;
		char hex[33];

		if (!r)
			return why_set(why, ERR_BUSY,
				       "node %s (%s) does not answer: %s; start it, and see that "
				       "this key is an operator's in its cluster.conf",
				       nodes[i].conf->name, nodes[i].conf->address, nodes[i].why);
		if (strcmp(r->name, nodes[i].conf->name) != 0)
			return why_set(why, ERR_CONFIG, "the node at %s calls itself %.64s, not %s",
				       nodes[i].conf->address, r->name, nodes[i].conf->name);
		if (r->cluster.len != CLUSTER_ID || resume)
			continue;
		id_hex(bytes_of(r->cluster.data, CLUSTER_ID), hex);
		return why_set(
			why, ERR_EXISTS,
			"node %s already belongs to cluster %s; to go on with a bootstrap that "
			"was broken off use --resume, to start anew empty its data directory",
			nodes[i].conf->name, hex);
	}
	return 0;
}

/* ---- 2. the map -------------------------------------------------------------------------------- */

static uint64_t replica_id(void)
{
	uint64_t id;

	do
		id = rand_u64() >> 1;
	while (id == 0);
	return id;
}

static Tern__MapShard *map_shard(struct ctl *ctl, const struct placement *p, uint32_t shard)
{
	Tern__MapShard *s = arena_new(&ctl->mem, Tern__MapShard);

	tern__map_shard__init(s);
	s->n_replicas = p->replicas;
	s->replicas = arena_array(&ctl->mem, Tern__MapReplica *, p->replicas);
	for (uint32_t i = 0; i < p->replicas; i++) {
		s->replicas[i] = arena_new(&ctl->mem, Tern__MapReplica);
		tern__map_replica__init(s->replicas[i]);
		s->replicas[i]->replica = replica_id();
		s->replicas[i]->node = p->node[(size_t)shard * p->replicas + i];
	}
	return s;
}

static void add_nodes(struct ctl *ctl, Tern__ClusterMap *m)
{
	const struct conf_node *conf = ctl->cluster.nodes.v;

	m->n_nodes = ctl->cluster.nodes.n;
	m->nodes = arena_array(&ctl->mem, Tern__MapNode *, m->n_nodes);
	for (size_t i = 0; i < m->n_nodes; i++) {
		Tern__MapNode *n = m->nodes[i] = arena_new(&ctl->mem, Tern__MapNode);

		tern__map_node__init(n);
		n->name = (char *)conf[i].name;
		n->zone = (char *)conf[i].zone;
		n->weight = (uint32_t)conf[i].weight;
		n->address = (char *)conf[i].address;
		n->raft_address = (char *)conf[i].raft;
	}
}

static int make_map(struct ctl *ctl, Tern__ClusterMap *m, struct why *why)
{
	size_t n = ctl->cluster.nodes.n;
	struct place_node *nodes = arena_array(&ctl->mem, struct place_node, n);
	const struct conf_node *conf = ctl->cluster.nodes.v;
	struct placement p;
	bool any = false;

	for (size_t i = 0; i < n; i++) {
		nodes[i] = (struct place_node){ conf[i].zone, (uint32_t)conf[i].weight };
		any |= conf[i].weight > 0;
	}
	if (!any)
		return why_set(why, ERR_CONFIG, "every node has weight 0");
	placement_make(nodes, n, (uint32_t)ctl->cluster.shards, NULL, &ctl->mem, &p);
	tern__cluster_map__init(m);
	m->epoch = 1;
	m->era = 1;
	m->hash_key = rand_u64();
	m->cluster.len = CLUSTER_ID;
	m->cluster.data = arena_alloc(&ctl->mem, CLUSTER_ID);
	rand_bytes(m->cluster.data, CLUSTER_ID);
	add_nodes(ctl, m);
	m->n_shards = p.shards;
	m->shards = arena_array(&ctl->mem, Tern__MapShard *, p.shards);
	for (uint32_t i = 0; i < p.shards; i++)
		m->shards[i] = map_shard(ctl, &p, i);
	return clustermap_check(m, why);
}

/* The map of a bootstrap that was broken off, from the first node that has one. */
static int old_map(struct ctl *ctl, Tern__ClusterMap **m, struct why *why)
{
	for (size_t i = 0; i < ctl->cluster.nodes.n; i++) {
		struct blob *body;

		if (ctl_node_call(ctl, (int)i, TERN__KIND__KIND_MAP, NULL, ASK_MS, &body, why) < 0)
			continue;
		*m = body ? WIRE_UNPACK(cluster_map, body->b, &ctl->mem) : NULL;
		blob_unref(&body);
		if (*m && clustermap_check(*m, why) == 0)
			return 0;
	}
	return why_set(why, ERR_NOTFOUND,
		       "no node has a map to go on with; bootstrap without --resume");
}

/* ---- 3. to the nodes --------------------------------------------------------------------------- */

static int hand_out(struct ctl *ctl, Tern__ClusterMap *m, struct why *why)
{
	Tern__Bootstrap b = TERN__BOOTSTRAP__INIT;
	Tern__Admin admin = TERN__ADMIN__INIT;

	b.map = m;
	admin.what_case = TERN__ADMIN__WHAT_BOOTSTRAP;
	admin.bootstrap = &b;
	for (size_t i = 0; i < ctl->cluster.nodes.n; i++) {
		const struct conf_node *n = (const struct conf_node *)ctl->cluster.nodes.v + i;
		struct blob *body;
		int ret = ctl_node_call(ctl, (int)i, TERN__KIND__KIND_ADMIN, wire_pack(&admin.base),
					MAX(ctl->timeout_ms, SECONDS(30)), &body, why);

		if (ret < 0) {
			why_add(why, "node %s", n->name);
			return ret;
		}
		blob_unref(&body);
	}
	return 0;
}

/* ---- 4. leaders -------------------------------------------------------------------------------- */

static void progress(const char *what, size_t done, size_t all)
{
	enum { WIDTH = 30 };
	size_t filled = all ? done * WIDTH / all : WIDTH;

	if (!isatty(STDERR_FILENO))
		return;
	fprintf(stderr, "\r%-8s [%.*s%*s] %zu/%zu", what, (int)filled,
		"##############################", (int)(WIDTH - filled), "", done, all);
	if (done == all)
		fputc('\n', stderr);
	fflush(stderr);
}

static int wait_for_leaders(struct ctl *ctl, uint32_t shards, uint64_t wait_ms, struct why *why)
{
	uint64_t until = clock_ms() + wait_ms;
	unsigned led;

	for (;;) {
		struct node_status *nodes = ctl_nodes(ctl, true, SECONDS(2));

		led = shards_led(shard_views(ctl, nodes, shards), shards);
		progress("leaders", led, shards);
		if (led == shards)
			return 0;
		if (clock_ms() >= until)
			break;
		usleep(200000);
	}
	return why_set(
		why, ERR_BUSY,
		"%u of %u shards have no leader after %llu s: can the nodes reach each other's "
		"raft addresses? then `ternctl cluster bootstrap --resume`",
		shards - led, shards, (unsigned long long)wait_ms / 1000);
}

/* ---- 5. into shard 0 --------------------------------------------------------------------------- */

struct records {
	struct ctl *ctl;
	const Tern__ClusterMap *map;
	Tern__ReplicaState state;
	size_t next, done, all, open;
	int status;
	struct why why;
};

struct record_call {
	struct call call;
	struct records *r;
};

static void record_next(struct record_call *rc);

static void record_done(struct call *c)
{
	struct record_call *rc = container_of(c, struct record_call, call);
	struct records *r = rc->r;
	int status = c->status;
	Tern__Result *result = status == ERR_OK && c->reply.body ?
				       WIRE_UNPACK(result, c->reply.body->b, &r->ctl->mem) :
				       NULL;

	if (status == ERR_OK)
		status = result ? (int)result->status : ERR_CORRUPT;
	/* EXISTS: a run that was broken off has been here before. */
	if (status != ERR_OK && status != ERR_EXISTS) {
		r->status = status;
		why_set(&r->why, (enum err)status, "recording a replica: %s",
			result && result->why[0] ? result->why : err_text(status));
	}
	msg_release(&c->reply);
	r->done++;
	r->open--;
	if (r->status == ERR_OK && r->next < r->all)
		record_next(rc);
	if (r->open == 0)
		loop_stop(r->ctl->loop);
}

static void record_next(struct record_call *rc)
{
	struct records *r = rc->r;
	size_t per = r->map->shards[0]->n_replicas, at = r->next++;
	const Tern__MapReplica *replica = r->map->shards[at / per]->replicas[at % per];
	Tern__Op op = TERN__OP__INIT;
	Tern__ReplicaSet set = TERN__REPLICA_SET__INIT;

	set.replica = replica->replica;
	set.shard = (uint32_t)(at / per);
	set.node = r->map->nodes[replica->node]->name;
	set.state = r->state;
	op.version = 1;
	op.what_case = TERN__OP__WHAT_REPLICA_SET;
	op.replica_set = &set;
	call_init(&rc->call, CALL_OP, TERN__KIND__KIND_OP, 0);
	rc->call.body = wire_pack(&op.base);
	rc->call.deadline = clock_ms() + MAX(r->ctl->timeout_ms, SECONDS(30));
	rc->call.done = record_done;
	r->open++;
	router_call(r->ctl->router, &rc->call);
}

static int record_all(struct ctl *ctl, const Tern__ClusterMap *m, Tern__ReplicaState state,
		      struct why *why)
{
	struct records r = { .ctl = ctl, .map = m, .state = state };
	struct record_call *calls = xcalloc(RECORDS_AT_ONCE, sizeof(*calls));

	r.all = m->n_shards * m->shards[0]->n_replicas;
	for (size_t i = 0; i < MIN(r.all, (size_t)RECORDS_AT_ONCE); i++) {
		calls[i].r = &r;
		record_next(&calls[i]);
	}
	while (r.open)
		loop_run(ctl->loop);
	free(calls);
	if (r.status != ERR_OK && why)
		*why = r.why;
	return -r.status;
}

static int record_map(struct ctl *ctl, Tern__ClusterMap *m, struct why *why)
{
	Tern__MapSet set = TERN__MAP_SET__INIT;
	Tern__Op op = TERN__OP__INIT;
	Tern__Result *result;
	int ret;

	set.map = m;
	set.if_epoch = 0;
	op.what_case = TERN__OP__WHAT_MAP_SET;
	op.map_set = &set;
	ret = ctl_op(ctl, 0, &op, false, &result, why);
	return ret == -ERR_EPOCH ? 0 : ret; /* a run before this one got as far as here */
}

static int record(struct ctl *ctl, Tern__ClusterMap *m, struct why *why)
{
	int ret = ctl_connect(ctl, why) ? 0 : -ERR_BUSY;

	if (ret == 0)
		ret = record_all(ctl, m, TERN__REPLICA_STATE__REPLICA_ALLOCATED, why);
	if (ret == 0)
		ret = record_all(ctl, m, TERN__REPLICA_STATE__REPLICA_BORN, why);
	if (ret == 0)
		ret = record_map(ctl, m, why);
	return ret;
}

/* ---- all of it --------------------------------------------------------------------------------- */

/* Where shard 0 has the map there is nothing to go on with, and a node that lost its disk must not
 * be given the ids of the map again: it joins by itself, under new ones. */
static int check_unfinished(struct ctl *ctl, struct why *why)
{
	Tern__MapGet get = TERN__MAP_GET__INIT;
	Tern__Query q = TERN__QUERY__INIT;
	struct why none = { "" };
	Tern__Reply *reply;

	q.what_case = TERN__QUERY__WHAT_MAP;
	q.map = &get;
	if (!ctl_connect(ctl, &none) || ctl_query(ctl, 0, &q, &reply, &none) != 0 || !reply->map)
		return 0;
	return why_set(why, ERR_EXISTS,
		       "the bootstrap is complete; a node whose disk was lost joins by itself when "
		       "it is started");
}

static int get_map(struct ctl *ctl, bool resume, Tern__ClusterMap **m, struct why *why)
{
	int ret = resume ? check_unfinished(ctl, why) : 0;

	if (ret < 0)
		return ret;
	if (resume)
		return old_map(ctl, m, why);
	*m = arena_new(&ctl->mem, Tern__ClusterMap);
	return make_map(ctl, *m, why);
}

static void print_result(struct ctl *ctl, const Tern__ClusterMap *m)
{
	char hex[33];

	id_hex(bytes_of(m->cluster.data, CLUSTER_ID), hex);
	if (ctl->json)
		printf("{\"cluster\": \"%s\", \"nodes\": %zu, \"shards\": %zu}\n", hex, m->n_nodes,
		       m->n_shards);
	else
		printf("cluster %s: %zu nodes, %zu shards, %zu replicas each\n"
		       "now `ternctl domain add NAME`\n",
		       hex, m->n_nodes, m->n_shards, m->shards[0]->n_replicas);
}

int run_cluster_bootstrap(struct ctl *ctl, const struct args *a)
{
	const char *wait = args_option(a, "wait");
	bool resume = args_option(a, "resume") != NULL;
	uint64_t wait_ms = SECONDS(60);
	Tern__ClusterMap *m = NULL;
	struct why why;
	int ret;

	if (wait && !conf_parse_duration(bytes_str(wait), &wait_ms))
		return ctl_fail(ERR_INVALID, "--wait %s: give a time such as 60s", wait);
	ret = check_nodes(ctl, ctl_nodes(ctl, false, ASK_MS), resume, &why);
	if (ret == 0)
		ret = get_map(ctl, resume, &m, &why);
	if (ret == 0)
		ret = hand_out(ctl, m, &why);
	if (ret == 0)
		ret = wait_for_leaders(ctl, (uint32_t)m->n_shards, wait_ms, &why);
	if (ret == 0)
		ret = record(ctl, m, &why);
	if (ret < 0)
		return ctl_fail(ret, "%s", why.text);
	print_result(ctl, m);
	return EXIT_OK;
}
