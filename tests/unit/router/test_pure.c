/* SPDX-License-Identifier: Apache-2.0 */
/* The cluster map's checks, the heap of deadlines, user ids. */
#include "base/base.h"
#include "lib/test.h"

#include "base/rand.h"
#include "router/clustermap.h"
#include "router/due.h"
#include "router/zap.h"

/* ---- the map */

struct map_parts {
	Tern__ClusterMap m;
	Tern__MapNode nodes[3], *node_list[3];
	Tern__MapShard shards[2], *shard_list[2];
	Tern__MapReplica replicas[2][3], *replica_list[2][3];
	uint8_t cluster[16];
};

static void make_map(struct map_parts *p)
{
	static char *const names[] = { "s1", "s2", "s3" };

	memset(p, 0, sizeof(*p));
	tern__cluster_map__init(&p->m);
	for (int i = 0; i < 3; i++) {
		tern__map_node__init(&p->nodes[i]);
		p->nodes[i].name = names[i];
		p->node_list[i] = &p->nodes[i];
	}
	for (int s = 0; s < 2; s++) {
		tern__map_shard__init(&p->shards[s]);
		p->shard_list[s] = &p->shards[s];
		for (int i = 0; i < 3; i++) {
			tern__map_replica__init(&p->replicas[s][i]);
			p->replicas[s][i].replica = (uint64_t)(s * 3 + i + 1);
			p->replicas[s][i].node = (uint32_t)i;
			p->replica_list[s][i] = &p->replicas[s][i];
		}
		p->shards[s].n_replicas = 3;
		p->shards[s].replicas = p->replica_list[s];
	}
	p->m.epoch = 1;
	p->m.era = 1;
	p->m.cluster = (ProtobufCBinaryData){ 16, p->cluster };
	p->m.n_nodes = 3;
	p->m.nodes = p->node_list;
	p->m.n_shards = 2;
	p->m.shards = p->shard_list;
}

static int load(struct map_parts *p, struct clustermap **map)
{
	struct blob *packed = wire_pack(&p->m.base);
	struct why why;
	int ret = clustermap_new(packed->b, map, &why);

	blob_unref(&packed);
	return ret;
}

static void refused(struct map_parts *p)
{
	struct clustermap *map;

	CHECK_INT(load(p, &map), -ERR_INVALID);
	assert_null(map);
	make_map(p);
}

TEST(clustermap, what_later_code_relies_on_is_checked)
{
	struct map_parts p;
	struct clustermap *map;

	make_map(&p);
	CHECK_INT(load(&p, &map), 0);
	CHECK_INT(clustermap_shards(map), 2);
	CHECK_INT(clustermap_node(clustermap_message(map), "s3"), 2);
	CHECK(clustermap_address_shard(map, BYTES("a@b.c")) < 2);
	clustermap_free(&map);
	p.m.epoch = 0;
	refused(&p);
	p.m.cluster.len = 15;
	refused(&p);
	p.m.n_shards = 0;
	refused(&p);
	p.m.n_nodes = 0;
	refused(&p);
	p.replicas[1][2].node = 3;
	refused(&p);
	p.replicas[1][2].node = 1;
	refused(&p);
	p.replicas[1][2].replica = 0;
	refused(&p);
	p.shards[0].n_replicas = 0;
	refused(&p);
	p.nodes[2].name = "s1";
	refused(&p);
}

TEST(clustermap, only_a_newer_map_of_the_same_cluster_replaces)
{
	struct map_parts p;
	struct clustermap *old, *next;
	struct why why;

	make_map(&p);
	p.m.epoch = 5;
	CHECK_INT(load(&p, &old), 0);
	CHECK(clustermap_newer(NULL, old, &why));
	CHECK(!clustermap_newer(old, old, &why));
	p.m.epoch = 6;
	CHECK_INT(load(&p, &next), 0);
	CHECK(clustermap_newer(old, next, &why) && !clustermap_newer(next, old, &why));
	clustermap_free(&next);
	p.m.epoch = 1;
	p.m.era = 2;
	CHECK_INT(load(&p, &next), 0);
	CHECK(clustermap_newer(old, next, &why));
	clustermap_free(&next);
	p.cluster[3] = 9;
	p.m.epoch = 9;
	CHECK_INT(load(&p, &next), 0);
	CHECK(!clustermap_newer(old, next, &why));
	clustermap_free(&next);
	clustermap_free(&old);
}

/* ---- deadlines */

TEST(due, come_out_in_order_whatever_is_moved_or_taken_out)
{
	static struct due d[500];
	struct due_heap h;
	struct prng rand;
	uint64_t last = 0;
	size_t left = 0;

	prng_seed(&rand, 3);
	due_init(&h);
	memset(d, 0, sizeof(d));
	for (int i = 0; i < 5000; i++) {
		struct due *one = &d[prng_below(&rand, ARRAY_LEN(d))];

		if (prng_chance(&rand, 30))
			due_clear(&h, one);
		else
			due_set(&h, one, prng_below(&rand, 1000));
	}
	for (size_t i = 0; i < ARRAY_LEN(d); i++)
		left += d[i].place != 0;
	CHECK_INT(h.n, left);
	for (struct due *one; (one = due_first(&h)); left--) {
		CHECK(one->at >= last);
		last = one->at;
		due_clear(&h, one);
		due_clear(&h, one);
	}
	CHECK_INT(left, 0);
	due_release(&h);
}

/* ---- user ids */

TEST(zap, user_ids)
{
	struct bytes name;

	CHECK_INT(zap_user_parse(BYTES("n:s1"), &name), ZAP_NODE);
	CHECK(bytes_eq(name, BYTES("s1")));
	CHECK_INT(zap_user_parse(BYTES("f:front"), &name), ZAP_FRONT_END);
	CHECK_INT(zap_user_parse(BYTES("o:ann"), &name), ZAP_OPERATOR);
	CHECK_INT(zap_user_parse(BYTES(""), &name), ZAP_NOBODY);
	CHECK_INT(zap_user_parse(BYTES("n:"), &name), ZAP_NOBODY);
	CHECK_INT(zap_user_parse(BYTES("n"), &name), ZAP_NOBODY);
	CHECK_INT(zap_user_parse(BYTES("x:s1"), &name), ZAP_NOBODY);
	CHECK_INT(zap_user_parse(BYTES("ns1"), &name), ZAP_NOBODY);
}
