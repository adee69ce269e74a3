/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"
#include "lib/test.h"

#include "router/placement.h"

static const struct place_node three[] = { { "a", 100 }, { "b", 100 }, { "c", 100 } };
static const struct place_node four[] = { { "a", 100 }, { "b", 100 }, { "c", 100 }, { "d", 100 } };
static const struct place_node six_in_three[] = { { "a", 100 }, { "b", 100 }, { "c", 100 },
						  { "a", 100 }, { "b", 100 }, { "c", 100 } };

static uint32_t at(const struct placement *p, uint32_t shard, uint32_t i)
{
	return p->node[(size_t)shard * p->replicas + i];
}

static void count(const struct placement *p, uint32_t *load, uint32_t *leads, size_t n)
{
	memset(load, 0, n * sizeof(*load));
	memset(leads, 0, n * sizeof(*leads));
	for (uint32_t s = 0; s < p->shards; s++) {
		leads[at(p, s, 0)]++;
		for (uint32_t i = 0; i < p->replicas; i++)
			load[at(p, s, i)]++;
	}
}

/* Replicas of a shard on different nodes, in as many zones as there can be. */
static void check_spread(const struct placement *p, const struct place_node *nodes, uint32_t zones)
{
	for (uint32_t s = 0; s < p->shards; s++) {
		uint32_t distinct = 0;

		for (uint32_t i = 0; i < p->replicas; i++) {
			bool seen = false;

			CHECK(at(p, s, i) != PLACE_NONE);
			for (uint32_t j = 0; j < i; j++) {
				CHECK(at(p, s, i) != at(p, s, j));
				seen |= strcmp(nodes[at(p, s, i)].zone, nodes[at(p, s, j)].zone) ==
					0;
			}
			distinct += !seen;
		}
		CHECK(distinct >= MIN(zones, p->replicas));
	}
}

TEST(placement, three_nodes_hold_everything_and_lead_a_third)
{
	uint32_t load[3], leads[3];
	struct placement p;
	struct arena mem;

	arena_init(&mem, 0);
	placement_make(three, 3, 256, NULL, &mem, &p);
	CHECK_INT(p.replicas, 3);
	check_spread(&p, three, 3);
	count(&p, load, leads, 3);
	for (int i = 0; i < 3; i++) {
		CHECK_INT(load[i], 256);
		CHECK(leads[i] == 85 || leads[i] == 86);
	}
	arena_release(&mem);
}

TEST(placement, fewer_nodes_fewer_replicas)
{
	struct placement p;
	struct arena mem;

	arena_init(&mem, 0);
	placement_make(three, 1, 16, NULL, &mem, &p);
	CHECK_INT(p.replicas, 1);
	placement_make(three, 2, 16, NULL, &mem, &p);
	CHECK_INT(p.replicas, 2);
	check_spread(&p, three, 2);
	arena_release(&mem);
}

TEST(placement, six_nodes_in_three_zones)
{
	uint32_t load[6], leads[6];
	struct placement p;
	struct arena mem;

	arena_init(&mem, 0);
	placement_make(six_in_three, 6, 256, NULL, &mem, &p);
	check_spread(&p, six_in_three, 3);
	count(&p, load, leads, 6);
	for (int i = 0; i < 6; i++) {
		CHECK_INT(load[i], 128);
		CHECK(leads[i] >= 42 && leads[i] <= 43);
	}
	arena_release(&mem);
}

TEST(placement, weight_is_share)
{
	const struct place_node nodes[] = { { "a", 100 }, { "b", 100 }, { "c", 100 },
					    { "d", 50 },  { "e", 50 },  { "f", 200 } };
	uint32_t load[6], leads[6];
	struct placement p;
	struct arena mem;

	arena_init(&mem, 0);
	placement_make(nodes, 6, 600, NULL, &mem, &p);
	check_spread(&p, nodes, 6);
	count(&p, load, leads, 6);
	CHECK(load[0] >= 299 && load[0] <= 301);
	CHECK(load[3] >= 149 && load[3] <= 151);
	CHECK(load[5] >= 599 && load[5] <= 600);
	CHECK(leads[5] >= 195 && leads[5] <= 205);
	arena_release(&mem);
}

TEST(placement, one_zone_too_few_still_keeps_nodes_apart)
{
	const struct place_node nodes[] = {
		{ "a", 100 }, { "a", 100 }, { "b", 100 }, { "b", 100 }
	};
	uint32_t load[4], leads[4];
	struct placement p;
	struct arena mem;

	arena_init(&mem, 0);
	placement_make(nodes, 4, 256, NULL, &mem, &p);
	check_spread(&p, nodes, 2);
	count(&p, load, leads, 4);
	for (int i = 0; i < 4; i++)
		CHECK(load[i] >= 190 && load[i] <= 194);
	arena_release(&mem);
}

TEST(placement, the_same_again_moves_nothing)
{
	struct placement p, again;
	struct arena mem;

	arena_init(&mem, 0);
	placement_make(six_in_three, 6, 256, NULL, &mem, &p);
	placement_make(six_in_three, 6, 256, &p, &mem, &again);
	CHECK_INT(placement_moves(&p, &again), 0);
	arena_release(&mem);
}

TEST(placement, a_new_node_takes_its_share_and_nothing_else_moves)
{
	uint32_t load[4], leads[4];
	struct placement p, grown;
	struct arena mem;

	arena_init(&mem, 0);
	placement_make(three, 3, 256, NULL, &mem, &p);
	placement_make(four, 4, 256, &p, &mem, &grown);
	check_spread(&grown, four, 4);
	count(&grown, load, leads, 4);
	for (int i = 0; i < 4; i++) {
		CHECK_INT(load[i], 192);
		CHECK_INT(leads[i], 64);
	}
	CHECK_INT(placement_moves(&p, &grown), 192);
	arena_release(&mem);
}

TEST(placement, a_node_that_goes_moves_only_what_it_had)
{
	struct place_node nodes[6];
	uint32_t load[6], leads[6], before[6];
	struct placement p, less;
	struct arena mem;

	arena_init(&mem, 0);
	memcpy(nodes, six_in_three, sizeof(nodes));
	placement_make(nodes, 6, 256, NULL, &mem, &p);
	count(&p, before, leads, 6);
	nodes[4].weight = 0;
	placement_make(nodes, 6, 256, &p, &mem, &less);
	check_spread(&less, nodes, 3);
	count(&less, load, leads, 6);
	CHECK_INT(load[4], 0);
	CHECK_INT(leads[4], 0);
	/* its zone's other node must take all of it: zones go before shares */
	CHECK_INT(load[1], 256);
	CHECK(placement_moves(&p, &less) <= before[4] + 8);
	arena_release(&mem);
}

TEST(placement, any_cluster_ends_up_spread)
{
	static const char *const zones[] = { "a", "b", "c", "d", "e" };
	uint64_t seed = 1;

	for (int round = 0; round < 200; round++) {
		struct place_node nodes[12];
		struct placement p, next;
		struct arena mem;
		size_t n;

		arena_init(&mem, 0);
		seed = seed * 6364136223846793005u + 1442695040888963407u;
		n = 1 + (seed >> 33) % 12;
		for (size_t i = 0; i < n; i++) {
			seed = seed * 6364136223846793005u + 1442695040888963407u;
			nodes[i].zone = zones[(seed >> 40) % 5];
			nodes[i].weight = i == 0 ? 100 : (uint32_t)(seed >> 50) % 300;
		}
		placement_make(nodes, n, 64, NULL, &mem, &p);
		check_spread(&p, nodes, 1);
		nodes[0].weight = 250;
		placement_make(nodes, n, 64, &p, &mem, &next);
		check_spread(&next, nodes, 1);
		arena_release(&mem);
	}
}

TEST(placement, 4096_shards_on_100_nodes)
{
	static struct place_node nodes[100];
	static uint32_t load[100], leads[100];
	struct placement p;
	struct arena mem;

	arena_init(&mem, 0);
	for (int i = 0; i < 100; i++)
		nodes[i] = (struct place_node){ i % 3 == 0 ? "a" : i % 3 == 1 ? "b" : "c", 100 };
	placement_make(nodes, 100, 4096, NULL, &mem, &p);
	check_spread(&p, nodes, 3);
	count(&p, load, leads, 100);
	for (int i = 0; i < 100; i++) {
		CHECK(load[i] >= 118 && load[i] <= 126);
		CHECK(leads[i] >= 38 && leads[i] <= 44);
	}
	arena_release(&mem);
}
