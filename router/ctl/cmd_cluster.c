/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_cluster.c - cluster status, node list, shard list, show, verify: looking at a cluster. */
#include "router/ctl/ctl.h"
#include "router/ctl/views.h"

#include "model/ids.h"

#include <stdlib.h>

/* ---- what the nodes say, by shard -------------------------------------------------------------- */

struct shard_view *shard_views(struct ctl *ctl, const struct node_status *nodes, uint32_t shards)
{
	struct shard_view *v = arena_array(&ctl->mem, struct shard_view, shards);

	for (uint32_t i = 0; i < shards; i++)
		v[i].leader = -1;
	for (size_t n = 0; n < ctl->cluster.nodes.n; n++) {
		const Tern__NodeReply *r = nodes[n].reply;

		for (size_t i = 0; r && i < r->n_shards; i++) {
			const Tern__NodeShard *s = r->shards[i];

			if (s->shard >= shards)
				continue;
			v[s->shard].least = v[s->shard].replicas++ ?
						    MIN(v[s->shard].least, s->applied) :
						    s->applied;
			v[s->shard].last = MAX(v[s->shard].last, s->applied);
			/* Of two that think they lead the later term does. */
			if (s->leader && (v[s->shard].leader < 0 || s->term > v[s->shard].term)) {
				v[s->shard].leader = (int)n;
				v[s->shard].term = s->term;
			}
		}
	}
	return v;
}

unsigned shards_led(const struct shard_view *v, uint32_t shards)
{
	unsigned led = 0;

	for (uint32_t i = 0; i < shards; i++)
		led += v[i].leader >= 0;
	return led;
}

static const Tern__NodeShard *node_shard(const struct node_status *n, uint32_t shard)
{
	for (size_t i = 0; n->reply && i < n->reply->n_shards; i++)
		if (n->reply->shards[i]->shard == shard)
			return n->reply->shards[i];
	return NULL;
}

static uint64_t answer_time(const struct ctl *ctl)
{
	return MIN(ctl->timeout_ms, (uint64_t)3000);
}

/* ---- cluster status ---------------------------------------------------------------------------- */

struct summary {
	unsigned nodes, up, shards, led, short_of_replicas;
	const char *cluster;
	uint64_t epoch;
};

static void node_columns(struct table *t)
{
	table_column(t, "node", TABLE_TEXT);
	table_column(t, "zone", TABLE_TEXT);
	table_column(t, "address", TABLE_TEXT);
	table_column(t, "state", TABLE_TEXT);
	table_column(t, "replicas", TABLE_NUMBER);
	table_column(t, "leaders", TABLE_NUMBER);
	table_column(t, "disk_free", TABLE_NUMBER);
	table_column(t, "disk_total", TABLE_NUMBER);
	table_column(t, "up", TABLE_TEXT);
	table_column(t, "version", TABLE_TEXT);
}

static const char *node_state(const struct node_status *n)
{
	return !n->reply ? "away" : n->reply->cluster.len == 0 ? "no cluster" : n->reply->state;
}

static void node_row(struct table *t, const struct node_status *n)
{
	static const Tern__NodeReply nothing = TERN__NODE_REPLY__INIT;
	const Tern__NodeReply *r = n->reply ? n->reply : &nothing;
	char up[16] = "-";

	if (n->reply)
		time_text(r->uptime_ms, up);
	table_row(t);
	table_text(t, "%s", n->conf->name);
	table_text(t, "%s", n->conf->zone);
	table_text(t, "%s", n->conf->address);
	table_text(t, "%s", node_state(n));
	table_number(t, r->replicas);
	table_number(t, r->leaders);
	table_size(t, r->disk_free);
	table_size(t, r->disk_total);
	table_text(t, "%s", up);
	table_text(t, "%s", n->reply ? r->version : "-");
}

static void print_nodes(struct ctl *ctl, const struct node_status *nodes, FILE *out)
{
	struct table *t = table_new("nodes", ctl->json);

	node_columns(t);
	for (size_t i = 0; i < ctl->cluster.nodes.n; i++)
		node_row(t, &nodes[i]);
	table_print(&t, out);
}

static void sum_nodes(struct ctl *ctl, const struct node_status *nodes, struct summary *s)
{
	s->nodes = (unsigned)ctl->cluster.nodes.n;
	for (size_t i = 0; i < s->nodes; i++) {
		const Tern__NodeReply *r = nodes[i].reply;

		if (!r)
			continue;
		s->up++;
		s->epoch = MAX(s->epoch, r->epoch);
		if (r->cluster.len == CLUSTER_ID) {
			char hex[33];

			id_hex(bytes_of(r->cluster.data, CLUSTER_ID), hex);
			s->cluster = arena_printf(&ctl->mem, "%s", hex);
		}
	}
}

static void sum_shards(struct ctl *ctl, const struct node_status *nodes, struct summary *s)
{
	const Tern__ClusterMap *map = router_map(ctl->router);
	struct shard_view *v;

	if (!map)
		return;
	s->shards = (unsigned)map->n_shards;
	v = shard_views(ctl, nodes, s->shards);
	s->led = shards_led(v, s->shards);
	for (unsigned i = 0; i < s->shards; i++)
		s->short_of_replicas += v[i].replicas < map->shards[i]->n_replicas;
}

static void print_summary(struct ctl *ctl, const struct summary *s, FILE *out)
{
	struct table *t = table_new("cluster", ctl->json);

	table_column(t, "name", TABLE_TEXT);
	table_column(t, "cluster", TABLE_TEXT);
	table_column(t, "epoch", TABLE_NUMBER);
	table_column(t, "nodes_known", TABLE_NUMBER);
	table_column(t, "nodes_up", TABLE_NUMBER);
	table_column(t, "shards", TABLE_NUMBER);
	table_column(t, "without_leader", TABLE_NUMBER);
	table_column(t, "missing_replicas", TABLE_NUMBER);
	table_row(t);
	table_text(t, "%s", ctl->cluster.name);
	table_text(t, "%s", s->cluster ? s->cluster : ctl->json ? "" : "not bootstrapped");
	table_number(t, s->epoch);
	table_number(t, s->nodes);
	table_number(t, s->up);
	table_number(t, s->shards);
	table_number(t, s->shards - s->led);
	table_number(t, s->short_of_replicas);
	table_print_record(&t, out);
}

/* One JSON object: the record, with the list of nodes as its last member. */
static void print_status_json(struct ctl *ctl, const struct summary *s,
			      const struct node_status *nodes)
{
	char *record, *list;
	size_t record_n, list_n;
	FILE *a = open_memstream(&record, &record_n), *b = open_memstream(&list, &list_n);

	INVARIANT(a && b);
	print_summary(ctl, s, a);
	print_nodes(ctl, nodes, b);
	fclose(a);
	fclose(b);
	printf("%.*s,%s", (int)(strrchr(record, '}') - record), record, strchr(list, '{') + 1);
	free(record);
	free(list);
}

static void print_status(struct ctl *ctl, const struct summary *s, const struct node_status *nodes)
{
	if (ctl->json) {
		print_status_json(ctl, s, nodes);
		return;
	}
	print_summary(ctl, s, stdout);
	putchar('\n');
	print_nodes(ctl, nodes, stdout);
}

int run_cluster_status(struct ctl *ctl, const struct args *a)
{
	struct summary s = { .nodes = 0 };
	struct node_status *nodes = ctl_nodes(ctl, true, answer_time(ctl));
	struct why why;

	sum_nodes(ctl, nodes, &s);
	if (s.cluster && !router_ready(ctl->router) && !ctl_connect(ctl, &why))
		return ctl_fail(ERR_BUSY, "%s", why.text);
	sum_shards(ctl, nodes, &s);
	print_status(ctl, &s, nodes);
	if (s.up == 0)
		return ctl_fail(ERR_BUSY,
				"no node answered: are they up, is this key in cluster.conf?");
	if (!s.cluster)
		return ctl_fail(ERR_NOTFOUND,
				"there is no cluster yet: run `ternctl cluster bootstrap`");
	if (args_option(a, "check") && (s.up < s.nodes || s.led < s.shards || s.short_of_replicas))
		return EXIT_REFUSED;
	return EXIT_OK;
}

int run_node_list(struct ctl *ctl, const struct args *a UNUSED)
{
	print_nodes(ctl, ctl_nodes(ctl, false, answer_time(ctl)), stdout);
	return EXIT_OK;
}

/* ---- shards ------------------------------------------------------------------------------------ */

static const char *replica_names(struct ctl *ctl, const Tern__ClusterMap *map, uint32_t shard)
{
	const Tern__MapShard *s = map->shards[shard];
	const char *text = "";

	for (size_t i = 0; i < s->n_replicas; i++)
		text = arena_printf(&ctl->mem, "%s%s%s", text, i ? " " : "",
				    map->nodes[s->replicas[i]->node]->name);
	return text;
}

int run_shard_list(struct ctl *ctl, const struct args *a UNUSED)
{
	struct node_status *nodes = ctl_nodes(ctl, true, answer_time(ctl));
	const Tern__ClusterMap *map = router_map(ctl->router);
	struct shard_view *v = shard_views(ctl, nodes, (uint32_t)map->n_shards);
	struct table *t = table_new("shards", ctl->json);

	table_column(t, "shard", TABLE_NUMBER);
	table_column(t, "leader", TABLE_TEXT);
	table_column(t, "replicas", TABLE_TEXT);
	table_column(t, "present", TABLE_NUMBER);
	table_column(t, "term", TABLE_NUMBER);
	table_column(t, "applied", TABLE_NUMBER);
	table_column(t, "behind", TABLE_NUMBER);
	for (uint32_t i = 0; i < map->n_shards; i++) {
		table_row(t);
		table_number(t, i);
		table_text(t, "%s", v[i].leader < 0 ? "-" : nodes[v[i].leader].conf->name);
		table_text(t, "%s", replica_names(ctl, map, i));
		table_number(t, v[i].replicas);
		table_number(t, v[i].term);
		table_number(t, v[i].last);
		table_number(t, v[i].last - v[i].least);
	}
	table_print(&t, stdout);
	return EXIT_OK;
}

static int parse_shard(struct ctl *ctl, const char *text, uint32_t *shard)
{
	uint32_t n = router_shards(ctl->router);
	uint64_t v;

	if (!bytes_u64(bytes_str(text), n - 1, &v))
		return ctl_fail(ERR_INVALID, "%s: this cluster has shards 0 to %u", text, n - 1);
	*shard = (uint32_t)v;
	return EXIT_OK;
}

static void replica_row(struct table *t, const char *name, uint64_t replica,
			const Tern__NodeShard *s)
{
	static const Tern__NodeShard nothing = TERN__NODE_SHARD__INIT;
	const Tern__NodeShard *v = s ? s : &nothing;

	table_row(t);
	table_text(t, "%s", name);
	table_text(t, "%016llx", (unsigned long long)replica);
	table_text(t, "%s", s ? (v->leader ? "leader" : v->role) : "not there");
	table_number(t, v->term);
	table_number(t, v->last);
	table_number(t, v->commit);
	table_number(t, v->applied);
}

int run_shard_show(struct ctl *ctl, const struct args *a)
{
	const Tern__ClusterMap *map;
	struct node_status *nodes;
	struct table *t;
	uint32_t shard;
	int ret = parse_shard(ctl, a->words[0], &shard);

	if (ret != EXIT_OK)
		return ret;
	nodes = ctl_nodes(ctl, true, answer_time(ctl));
	map = router_map(ctl->router);
	t = table_new("replicas", ctl->json);
	table_column(t, "node", TABLE_TEXT);
	table_column(t, "replica", TABLE_TEXT);
	table_column(t, "role", TABLE_TEXT);
	table_column(t, "term", TABLE_NUMBER);
	table_column(t, "last", TABLE_NUMBER);
	table_column(t, "commit", TABLE_NUMBER);
	table_column(t, "applied", TABLE_NUMBER);
	for (size_t i = 0; i < map->shards[shard]->n_replicas; i++) {
		const Tern__MapReplica *r = map->shards[shard]->replicas[i];
		const char *name = map->nodes[r->node]->name;
		int at = clusterconf_node(&ctl->cluster, name);

		replica_row(t, name, r->replica, at < 0 ? NULL : node_shard(&nodes[at], shard));
	}
	table_print(&t, stdout);
	return EXIT_OK;
}

static void print_hash(struct ctl *ctl, const Tern__StateHashReply *h, bool good)
{
	struct table *t = table_new("state", ctl->json);

	table_column(t, "index", TABLE_NUMBER);
	table_column(t, "rows", TABLE_NUMBER);
	table_column(t, "kept", TABLE_TEXT);
	table_column(t, "recomputed", TABLE_TEXT);
	table_column(t, "good", TABLE_BOOL);
	table_row(t);
	table_number(t, h->index);
	table_number(t, h->rows);
	table_text(t, "%016llx%016llx", (unsigned long long)h->hi, (unsigned long long)h->lo);
	table_text(t, "%016llx%016llx", (unsigned long long)h->scan_hi,
		   (unsigned long long)h->scan_lo);
	table_bool(t, good);
	table_print_record(&t, stdout);
}

int run_shard_verify(struct ctl *ctl, const struct args *a)
{
	Tern__Query q = TERN__QUERY__INIT;
	Tern__StateHash ask = TERN__STATE_HASH__INIT;
	const Tern__StateHashReply *h;
	Tern__Reply *reply;
	struct why why;
	uint32_t shard;
	bool good;
	int ret = parse_shard(ctl, a->words[0], &shard);

	if (ret != EXIT_OK)
		return ret;
	q.what_case = TERN__QUERY__WHAT_STATE_HASH;
	q.state_hash = &ask;
	ret = ctl_query(ctl, shard, &q, &reply, &why);
	if (ret == 0 && reply->what_case != TERN__REPLY__WHAT_STATE_HASH)
		ret = why_set(&why, ERR_CORRUPT, "the answer is malformed");
	if (ret < 0)
		return ctl_fail(ret, "shard %u: %s", shard, why.text);
	h = reply->state_hash;
	good = h->lo == h->scan_lo && h->hi == h->scan_hi;
	print_hash(ctl, h, good);
	if (good)
		return EXIT_OK;
	return ctl_fail(ERR_CORRUPT,
			"shard %u: the leader's rows do not add up to its state hash; "
			"stop that node and run `tern-storenode --verify`",
			shard);
}
