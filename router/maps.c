/* SPDX-License-Identifier: Apache-2.0 */
/* maps.c - getting the cluster map from any node, and taking a newer one over. */
#include "router/private.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"

#include <stdlib.h>

#define FETCH_MS SECONDS(5)
#define SPACING_MS 100 /* between two fetches, however many calls heard "wrong epoch" */
#define NO_MAP_MS 500  /* a cluster that was not bootstrapped yet is asked again */

int reply_status(struct bytes body)
{
	uint64_t tag, v;
	struct bytes skipped;

	while (body.n && get_varint(&body, &tag)) {
		bool ok = (tag & 7) == 0 ? get_varint(&body, &v) :
			  (tag & 7) == 1 ? get_bytes(&body, 8, &skipped) :
			  (tag & 7) == 5 ? get_bytes(&body, 4, &skipped) :
					   (tag & 7) == 2 && get_varint(&body, &v) &&
						   get_bytes(&body, v, &skipped);

		if (!ok)
			return ERR_CORRUPT;
		if (tag == 8) /* field 1, varint */
			return v < ERR_COUNT ? (int)v : ERR_CORRUPT;
	}
	return ERR_OK;
}

/* ---- asking ---------------------------------------------------------------------------------- */

static void on_map_timer(void *arg)
{
	struct router *r = arg;
	struct flight *f;

	if (r->map_flight || r->closing)
		return;
	f = flight_new(r, ROLE_MAP, CALL_READ, TERN__KIND__KIND_MAP, 0);
	f->last = (int)(r->map_turn++ % r->n_nodes);
	flight_times(f, clock_ms() + FETCH_MS, 0);
	r->map_flight = f;
	r->map_asked_at = clock_ms();
	flight_start(f);
}

void router_want_map(struct router *r, unsigned after_ms)
{
	uint64_t since = clock_ms() - r->map_asked_at;

	if (r->map_flight || r->closing)
		return;
	if (since < SPACING_MS)
		after_ms = MAX(after_ms, (unsigned)(SPACING_MS - since));
	if (!r->map_timer)
		r->map_timer = loop_timer_new(r->loop, on_map_timer, r);
	loop_timer_set(r->map_timer, MAX(after_ms, 1u), 0);
}

void router_map_answer(struct router *r, int status, struct msg *reply)
{
	r->map_flight = NULL;
	if (status == ERR_OK && reply && reply->body)
		router_offer_map(r, reply->body->b);
	if (!r->map)
		router_want_map(r, NO_MAP_MS);
}

/* ---- taking over ----------------------------------------------------------------------------- */

static void match_nodes(struct router *r)
{
	const Tern__ClusterMap *m = clustermap_message(r->map);

	r->node_of = xrealloc(r->node_of, m->n_nodes * sizeof(*r->node_of));
	for (size_t i = 0; i < m->n_nodes; i++) {
		r->node_of[i] = clusterconf_node(r->c.cluster, m->nodes[i]->name);
		if (r->node_of[i] < 0)
			log_warn(NULL, "node_unknown", "node=%s hint=%s", m->nodes[i]->name,
				 "in the cluster map but not in this cluster.conf");
	}
}

static void make_shards(struct router *r)
{
	uint32_t n = clustermap_shards(r->map);

	r->shards = xcalloc(n, sizeof(*r->shards));
	for (uint32_t i = 0; i < n; i++) {
		struct shard *s = &r->shards[i];

		s->leader = s->asserted_to = -1;
		s->next_seq = 1;
		list_init(&s->open);
		list_init(&s->waiting);
	}
}

static void free_old(void *arg)
{
	struct clustermap *m = arg;

	clustermap_free(&m);
}

static void adopt(struct router *r, struct clustermap *map)
{
	struct list *first;

	/* Whoever looked at the old one may do so until the turn ends. */
	if (r->map)
		loop_post(r->loop, free_old, r->map);
	r->map = map;
	log_info(NULL, "cluster_map", "epoch=%llu era=%u shards=%u",
		 (unsigned long long)clustermap_message(map)->epoch, clustermap_message(map)->era,
		 clustermap_shards(map));
	match_nodes(r);
	if (!r->shards)
		make_shards(r);
	while ((first = list_pop(&r->waiting)))
		flight_send(list_entry(first, struct flight, wait));
}

void router_offer_map(struct router *r, struct bytes packed)
{
	struct clustermap *map;
	struct why why;

	if (clustermap_new(packed, &map, &why) < 0) {
		log_warn(NULL, "cluster_map_refused", "why=%s", why.text);
		return;
	}
	if (clustermap_newer(r->map, map, &why)) {
		adopt(r, map);
		return;
	}
	if (why.text[0] == 't') /* another cluster's: worth a line */
		log_warn(NULL, "cluster_map_refused", "why=%s", why.text);
	clustermap_free(&map);
}
