/* SPDX-License-Identifier: Apache-2.0 */
/* placement.c - keep what may stay, fill what is missing, then even out one replica at a time.
 *
 * Every step of evening out makes a zone conflict or the distance to the shares smaller, so it
 * ends. Ties go to a hash of (shard, node), which scatters the groups over the nodes: when one
 * dies all others share its work. */
#include "router/placement.h"

#include "base/hash.h"

struct place {
	const struct place_node *nodes;
	size_t n;
	struct placement *p;
	uint32_t *zone;  /* number of each node's zone */
	uint32_t *load;  /* replicas on each node */
	uint32_t *share; /* replicas it should have; they add up */
	uint32_t *leads, *lead_share;
};

static uint32_t *slot(const struct place *c, uint32_t shard, uint32_t i)
{
	return &c->p->node[(size_t)shard * c->p->replicas + i];
}

static bool holds(const struct place *c, uint32_t shard, uint32_t node)
{
	for (uint32_t i = 0; i < c->p->replicas; i++)
		if (*slot(c, shard, i) == node)
			return true;
	return false;
}

/* Other replicas of the shard in this zone, leaving replica `but` out. */
static uint32_t in_zone(const struct place *c, uint32_t shard, uint32_t zone, uint32_t but)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < c->p->replicas; i++)
		if (i != but && *slot(c, shard, i) != PLACE_NONE &&
		    c->zone[*slot(c, shard, i)] == zone)
			count++;
	return count;
}

static uint64_t scatter(uint32_t shard, uint32_t node)
{
	uint32_t key[2] = { shard, node };

	return hash64(bytes_of(key, sizeof(key)), 0);
}

/* ---- shares ---------------------------------------------------------------------------------- */

/* Shares `total` out by weight, none above `most` each; largest remainders get what is left. */
static void share_out(const struct place *c, uint64_t total, uint32_t most, uint32_t *share)
{
	memset(share, 0, c->n * sizeof(*share));
	while (total > 0) {
		uint64_t weight = 0, left = total;
		size_t best = c->n;

		for (size_t i = 0; i < c->n; i++)
			weight += share[i] < most ? c->nodes[i].weight : 0;
		if (weight == 0)
			return;
		for (size_t i = 0; i < c->n; i++) {
			uint64_t add = total * c->nodes[i].weight / weight;

			add = share[i] < most ? MIN(add, (uint64_t)(most - share[i])) : 0;
			share[i] += (uint32_t)add;
			left -= add;
		}
		for (size_t i = 0; left == total && i < c->n; i++)
			if (share[i] < most && c->nodes[i].weight &&
			    (best == c->n || (uint64_t)share[i] * c->nodes[best].weight <
						     (uint64_t)share[best] * c->nodes[i].weight))
				best = i;
		if (best < c->n) {
			share[best]++;
			left--;
		}
		total = left;
	}
}

/* ---- replicas -------------------------------------------------------------------------------- */

static void put(struct place *c, uint32_t shard, uint32_t i, uint32_t node)
{
	uint32_t had = *slot(c, shard, i);

	if (had != PLACE_NONE)
		c->load[had]--;
	*slot(c, shard, i) = node;
	if (node != PLACE_NONE)
		c->load[node]++;
}

static int64_t lack(const struct place *c, uint32_t node)
{
	return (int64_t)c->share[node] - c->load[node];
}

/* Is a a better home than b for this replica? */
static bool better(const struct place *c, uint32_t shard, uint32_t i, uint32_t a, uint32_t b)
{
	uint32_t za = in_zone(c, shard, c->zone[a], i), zb = in_zone(c, shard, c->zone[b], i);

	if (za != zb)
		return za < zb;
	if (lack(c, a) != lack(c, b))
		return lack(c, a) > lack(c, b);
	return scatter(shard, a) < scatter(shard, b);
}

static void fill_slot(struct place *c, uint32_t shard, uint32_t i)
{
	uint32_t best = PLACE_NONE;

	for (uint32_t node = 0; node < c->n; node++)
		if (c->nodes[node].weight && !holds(c, shard, node) &&
		    (best == PLACE_NONE || better(c, shard, i, node, best)))
			best = node;
	put(c, shard, i, best);
}

static void keep_old(struct place *c, const struct placement *old)
{
	for (uint32_t s = 0; s < c->p->shards; s++) {
		uint32_t at = 0;

		for (uint32_t i = 0; i < c->p->replicas; i++)
			*slot(c, s, i) = PLACE_NONE;
		for (uint32_t i = 0; old && i < old->replicas && at < c->p->replicas; i++) {
			uint32_t node = old->node[(size_t)s * old->replicas + i];

			if (node < c->n && c->nodes[node].weight)
				put(c, s, at++, node);
		}
	}
}

static void fill_all(struct place *c)
{
	for (uint32_t s = 0; s < c->p->shards; s++)
		for (uint32_t i = 0; i < c->p->replicas; i++)
			if (*slot(c, s, i) == PLACE_NONE)
				fill_slot(c, s, i);
}

/* May replica i go from where it is to `node`, and is anything won by it? */
static bool worth_moving(const struct place *c, uint32_t shard, uint32_t i, uint32_t node)
{
	uint32_t from = *slot(c, shard, i);
	uint32_t was, will;

	if (!c->nodes[node].weight || holds(c, shard, node))
		return false;
	was = in_zone(c, shard, c->zone[from], i);
	will = in_zone(c, shard, c->zone[node], i);
	if (will != was)
		return will < was;
	return lack(c, from) < 0 && lack(c, node) > 0;
}

/* One pass over all replicas; false: nothing was left to do. */
static bool even_out(struct place *c)
{
	bool moved = false;

	for (uint32_t s = 0; s < c->p->shards; s++)
		for (uint32_t i = 0; i < c->p->replicas; i++) {
			uint32_t best = PLACE_NONE;

			if (*slot(c, s, i) == PLACE_NONE)
				continue;
			for (uint32_t node = 0; node < c->n; node++)
				if (worth_moving(c, s, i, node) &&
				    (best == PLACE_NONE || better(c, s, i, node, best)))
					best = node;
			if (best == PLACE_NONE)
				continue;
			put(c, s, i, best);
			moved = true;
		}
	return moved;
}

/* ---- leaders --------------------------------------------------------------------------------- */

static void lead_by(struct place *c, uint32_t shard, uint32_t i)
{
	uint32_t first = *slot(c, shard, 0), node = *slot(c, shard, i);

	*slot(c, shard, 0) = node;
	*slot(c, shard, i) = first;
	c->leads[first]--;
	c->leads[node]++;
}

/* Over its share hands over to one below; a chain of two does what one step cannot. */
static bool lead_step(struct place *c, bool chain)
{
	bool moved = false;

	for (uint32_t s = 0; s < c->p->shards; s++) {
		uint32_t from = *slot(c, s, 0);

		for (uint32_t i = 1; i < c->p->replicas && c->leads[from] > c->lead_share[from];
		     i++) {
			uint32_t node = *slot(c, s, i);

			if (c->leads[node] < c->lead_share[node] + (chain ? 1 : 0)) {
				lead_by(c, s, i);
				moved = true;
				break;
			}
		}
	}
	return moved;
}

static void spread_leaders(struct place *c)
{
	for (uint32_t s = 0; s < c->p->shards; s++)
		c->leads[*slot(c, s, 0)]++;
	for (int round = 0; round < 16; round++) {
		while (lead_step(c, false))
			;
		if (!lead_step(c, true))
			break;
	}
}

/* ---- all of it ------------------------------------------------------------------------------- */

static void number_zones(struct place *c)
{
	for (size_t i = 0; i < c->n; i++) {
		size_t j = 0;

		while (strcmp(c->nodes[j].zone, c->nodes[i].zone) != 0)
			j++;
		c->zone[i] = (uint32_t)j;
	}
}

static uint32_t replicas_for(const struct place_node *nodes, size_t n)
{
	uint32_t usable = 0;

	for (size_t i = 0; i < n; i++)
		usable += nodes[i].weight > 0;
	INVARIANT(usable > 0);
	return MIN(usable, (uint32_t)REPLICAS);
}

void placement_make(const struct place_node *nodes, size_t n, uint32_t shards,
		    const struct placement *old, struct arena *mem, struct placement *out)
{
	struct place c = { .nodes = nodes, .n = n, .p = out };

	INVARIANT(!old || old->shards == shards);
	out->shards = shards;
	out->replicas = replicas_for(nodes, n);
	out->node = arena_array(mem, uint32_t, (size_t)shards * out->replicas);
	c.zone = arena_array(mem, uint32_t, n);
	c.load = arena_array(mem, uint32_t, n);
	c.share = arena_array(mem, uint32_t, n);
	c.leads = arena_array(mem, uint32_t, n);
	c.lead_share = arena_array(mem, uint32_t, n);
	number_zones(&c);
	share_out(&c, (uint64_t)shards * out->replicas, shards, c.share);
	share_out(&c, shards, shards, c.lead_share);
	keep_old(&c, old);
	fill_all(&c);
	while (even_out(&c))
		;
	spread_leaders(&c);
}

size_t placement_moves(const struct placement *from, const struct placement *to)
{
	size_t moves = 0;

	for (uint32_t s = 0; s < to->shards; s++)
		for (uint32_t i = 0; i < to->replicas; i++) {
			uint32_t node = to->node[(size_t)s * to->replicas + i];
			bool had = false;

			for (uint32_t j = 0; j < from->replicas; j++)
				had |= from->node[(size_t)s * from->replicas + j] == node;
			moves += !had;
		}
	return moves;
}
