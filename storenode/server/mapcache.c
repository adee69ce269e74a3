/* SPDX-License-Identifier: Apache-2.0 */
/* mapcache.c - the cluster map as this node knows it.
 *
 * Truth is shard 0; every node keeps a copy in KV_META so that it can answer KIND_MAP while shard
 * 0 has no leader. A newer map is taken from wherever it comes. */
#include "server/mapcache.h"
#include "base/base.h"

#include <stdlib.h>

static const struct bytes MAP_ROW = { (const uint8_t *)"cluster-map", 11 };

struct mapcache {
	struct server *server;
	struct clustermap *map;
	struct blob *packed;
	bool reading;
};

static int take(struct mapcache *m, struct bytes packed, struct why *why)
{
	struct clustermap *map;
	int ret = clustermap_new(packed, &map, why);

	if (ret < 0)
		return ret;
	if (!clustermap_newer(m->map, map, why)) {
		clustermap_free(&map);
		return -ERR_EXISTS;
	}
	clustermap_free(&m->map);
	m->map = map;
	blob_unref(&m->packed);
	m->packed = blob_copy(packed);
	return 0;
}

struct mapcache *mapcache_new(struct server *s)
{
	struct mapcache *m = xnew(struct mapcache);
	struct blob *row = NULL;
	struct why why;

	m->server = s;
	if (kv_get(s->kv, NULL, KV_META, MAP_ROW, &row) == 0 && row && take(m, row->b, &why) < 0)
		log_warn(NULL, "map_ignored", "why=%s", why.text);
	blob_unref(&row);
	return m;
}

void mapcache_free(struct mapcache **m)
{
	if (!*m)
		return;
	clustermap_free(&(*m)->map);
	blob_unref(&(*m)->packed);
	free(*m);
	*m = NULL;
}

const Tern__ClusterMap *mapcache_get(const struct mapcache *m)
{
	return m->map ? clustermap_message(m->map) : NULL;
}

struct blob *mapcache_packed(const struct mapcache *m)
{
	return m->packed;
}

uint64_t mapcache_epoch(const struct mapcache *m)
{
	return m->map ? clustermap_message(m->map)->epoch : 0;
}

/* ---- keeping it: a reader thread writes the row. RocksDB takes writers side by side, and this
 * row has no other, so the writer's order is not touched. */

struct keep {
	struct server *server;
	struct blob *packed;
	int status;
};

static void keep_run(void *arg)
{
	struct keep *k = arg;
	struct kv_batch *b = kv_batch_new(k->server->kv);

	kv_batch_put(b, KV_META, MAP_ROW, k->packed->b);
	k->status = kv_write(k->server->kv, b);
	if (k->status == 0)
		k->status = kv_sync(k->server->kv);
	kv_batch_free(&b);
	if (k->status < 0)
		server_failed(k->server, "the cluster map could not be written");
}

static void keep_done(void *arg)
{
	struct keep *k = arg;

	blob_unref(&k->packed);
	free(k);
}

int mapcache_offer(struct mapcache *m, struct bytes packed, struct why *why)
{
	int ret = take(m, packed, why);
	struct keep *k;

	if (ret == -ERR_EXISTS)
		return 0;
	if (ret < 0)
		return ret;
	log_info(NULL, "map", "epoch=%lu nodes=%zu shards=%zu", (unsigned long)mapcache_epoch(m),
		 mapcache_get(m)->n_nodes, mapcache_get(m)->n_shards);
	k = xnew(struct keep);
	k->server = m->server;
	k->packed = blob_ref(m->packed);
	readers_add(m->server->readers, keep_run, keep_done, k);
	return 0;
}

/* ---- shard 0's rows, where they are here */

struct fetch {
	struct mapcache *cache;
	struct blob *packed;
};

static void fetch_run(void *arg)
{
	struct fetch *f = arg;
	struct kv *kv = f->cache->server->kv;
	struct kv_snap *snap = kv_snap_new(kv);
	Tern__MapGet get = TERN__MAP_GET__INIT;
	Tern__Query q = TERN__QUERY__INIT;
	struct host_view view;
	struct arena mem;
	struct msg none;

	arena_init(&mem, 0);
	msg_init(&none);
	q.what_case = TERN__QUERY__WHAT_MAP;
	q.map = &get;
	if (host_view(kv, snap, 0, &view) == 0) {
		struct rows *rows = rows_view(kv, snap, 0, view.incarnation);
		Tern__Reply *reply = mailstore_query(rows, &q, &mem, &none);

		if (reply->status == ERR_OK && reply->map)
			f->packed = wire_pack(&reply->map->base);
		rows_free(&rows);
	}
	msg_release(&none);
	arena_release(&mem);
	kv_snap_free(kv, &snap);
}

static void fetch_done(void *arg)
{
	struct fetch *f = arg;
	struct why why;

	f->cache->reading = false;
	if (f->packed && mapcache_offer(f->cache, f->packed->b, &why) < 0)
		log_warn(NULL, "map_ignored", "why=%s", why.text);
	blob_unref(&f->packed);
	free(f);
}

void mapcache_refresh(struct mapcache *m)
{
	struct fetch *f;

	if (m->reading)
		return;
	m->reading = true;
	f = xnew(struct fetch);
	f->cache = m;
	readers_add(m->server->readers, fetch_run, fetch_done, f);
}
