/* SPDX-License-Identifier: Apache-2.0 */
/* reader.c - what replicas read from disk beside the loop and the writer: old log entries for
 * followers that lag, the parts of an export, and what a snapshot that comes in still lacks. */
#include "replica/job.h"
#include "replica/writer.h"

#include <stdlib.h>

#define LOG_READ_BYTES MIB(1)
#define NOINLINE __attribute__((noinline))

struct export_source {
	atomic_uint refs;
	struct kv *kv;
	struct kv_snap *snap;
	uint64_t incarnation, index;
};

struct export_source *export_source_ref(struct export_source *s)
{
	atomic_fetch_add(&s->refs, 1);
	return s;
}

void export_source_unref(struct export_source **source)
{
	struct export_source *s = *source;

	*source = NULL;
	if (atomic_fetch_sub(&s->refs, 1) != 1)
		return;
	kv_snap_free(s->kv, &s->snap);
	free(s);
}

/* ---- log */

/* 1: nothing there (compacted or overwritten meanwhile): the caller stops. */
static int read_entry(struct kv *kv, const struct kv_snap *snap, uint32_t shard, uint64_t index,
		      struct entry **e)
{
	struct blob *row;
	struct key k;
	int ret;

	store_log_key(&k, shard, index);
	ret = kv_get(kv, snap, KV_LOG, key_bytes(&k), &row);
	if (ret || !row)
		return ret ? ret : 1;
	*e = entry_unpack(index, row->b);
	blob_unref(&row);
	if (!*e || !(*e)->body_n)
		return *e ? 0 : -ERR_CORRUPT;
	store_chunk_key(&k, shard, index, (*e)->term);
	ret = kv_get(kv, snap, KV_CHUNKS, key_bytes(&k), &(*e)->body);
	if (ret == 0 && !(*e)->body)
		ret = 1;
	if (ret == 0 && ((*e)->body->b.n != (*e)->body_n || !entry_intact(*e)))
		ret = -ERR_CORRUPT;
	if (ret)
		entry_unref(e);
	return ret;
}

static int read_log(struct kv *kv, struct job *j)
{
	struct kv_snap *snap = kv_snap_new(kv);
	size_t bytes = 0, parts = 0;
	int ret = 0;

	j->e = arena_array(&j->mem, struct entry *, j->to - j->from);
	while (j->from + j->n < j->to && bytes < LOG_READ_BYTES && parts < APPEND_MAX_PARTS) {
		ret = read_entry(kv, snap, j->shard, j->from + j->n, &j->e[j->n]);
		if (ret)
			break;
		bytes += entry_bytes(j->e[j->n]);
		parts += j->e[j->n++]->body_n > 0;
	}
	kv_snap_free(kv, &snap);
	return MIN(ret, 0);
}

/* ---- exports */

static int read_export(struct kv *kv, struct job *j)
{
	struct export_source *s = xnew(struct export_source);
	struct store_replica r = { .shard = j->shard };
	struct blob *v = NULL;
	struct key k;
	int ret;

	atomic_init(&s->refs, 1);
	s->kv = kv;
	s->snap = kv_snap_new(kv);
	j->source = s;
	store_shard_key(&k, 'a', j->shard);
	ret = store_get(kv, s->snap, &k, &v);
	if (ret == 0 && (!v || !store_applied_unpack(v->b, &r.applied)))
		ret = -ERR_CORRUPT;
	blob_unref(&v);
	store_shard_key(&k, 'c', j->shard);
	if (ret == 0)
		ret = store_get(kv, s->snap, &k, &v);
	if (ret == 0 && (!v || !store_conf_unpack(v->b, &r.conf)))
		ret = -ERR_CORRUPT;
	blob_unref(&v);
	j->applied = r.applied;
	j->conf = r.conf;
	s->incarnation = r.applied.incarnation;
	s->index = r.applied.index;
	return ret;
}

static void put_pair(struct buf *out, struct bytes a, struct bytes b)
{
	buf_u32be(out, (uint32_t)a.n);
	buf_u32be(out, (uint32_t)b.n);
	buf_put_bytes(out, a);
	buf_put_bytes(out, b);
}

/* From the row behind the cursor on. */
NOINLINE static int export_rows(struct job *j, struct buf *out, bool *end)
{
	struct export_source *s = j->source;
	struct bytes key, value, cursor = j->part.snap_part.cursor;
	struct key from, to;
	struct kv_iter *it;
	int ret;

	store_log_key(&from, j->shard, s->incarnation);
	store_log_key(&to, j->shard, s->incarnation + 1);
	if (cursor.n) {
		key_raw(&from, bytes_head(cursor, KEY_MAX - ROWS_PREFIX - 1));
		key_u8(&from, 0);
	}
	it = kv_iter_new(s->kv, s->snap, KV_ROWS, key_bytes(&from), key_bytes(&to));
	*end = true;
	while (kv_iter_next(it, &key, &value)) {
		if (out->n && out->n + key.n + value.n > SNAP_PART_MAX) {
			*end = false;
			break;
		}
		put_pair(out, bytes_skip(key, ROWS_PREFIX), value);
	}
	ret = kv_iter_error(it);
	kv_iter_free(&it);
	return ret;
}

static bool take_chunk(struct bytes *in, struct host_chunk *c)
{
	return get_u64be(in, &c->index) && get_u64be(in, &c->term);
}

static int chunk_cmp(struct host_chunk a, struct host_chunk b)
{
	if (a.index != b.index)
		return a.index < b.index ? -1 : 1;
	return a.term < b.term ? -1 : a.term > b.term;
}

/* The bodies of a shard, by their index rows: [from, to_index). */
struct body_iter {
	struct kv_iter *it;
	struct host_chunk at;
	uint32_t n;
	bool there;
};

static void body_next(struct body_iter *b)
{
	struct bytes key, value;

	b->there = kv_iter_next(b->it, &key, &value);
	if (!b->there)
		return;
	key = bytes_skip(key, 4);
	b->there = take_chunk(&key, &b->at) && get_u32be(&value, &b->n);
	b->at.index &= LOG_MAX_INDEX - 1;
}

static void body_start(struct body_iter *b, struct kv *kv, const struct kv_snap *snap,
		       uint32_t shard, struct bytes after, uint64_t to_index)
{
	struct host_chunk c = { 0, 0 };
	struct key from, to;

	if (after.n && take_chunk(&after, &c))
		c.term++;
	store_body_key(&from, shard, c.index, c.term);
	store_body_key(&to, shard, to_index, 0);
	b->it = kv_iter_new(kv, snap, KV_LOG, key_bytes(&from), key_bytes(&to));
	body_next(b);
}

static int body_end(struct body_iter *b)
{
	int ret = kv_iter_error(b->it);

	kv_iter_free(&b->it);
	return ret;
}

/* What is to be reclaimed here is nobody else's business. */
static int is_reclaimed(struct export_source *s, uint32_t shard, struct host_chunk c, bool *is)
{
	struct blob *v;
	struct key k;
	int ret;

	store_reclaim_key(&k, shard, c.index, c.term);
	ret = store_get(s->kv, s->snap, &k, &v);
	*is = v != NULL;
	blob_unref(&v);
	return ret;
}

NOINLINE static int export_chunks(struct job *j, struct buf *out, bool *end)
{
	struct export_source *s = j->source;
	struct body_iter b;
	int ret = 0, ret2;
	bool skip;

	body_start(&b, s->kv, s->snap, j->shard, j->part.snap_part.cursor, s->index + 1);
	for (; b.there && out->n + CHUNK_LIST_ITEM <= SNAP_PART_MAX; body_next(&b)) {
		ret = is_reclaimed(s, j->shard, b.at, &skip);
		if (ret)
			break;
		if (skip)
			continue;
		buf_u64be(out, b.at.index);
		buf_u64be(out, b.at.term);
		buf_u32be(out, b.n);
	}
	*end = !b.there;
	ret2 = body_end(&b);
	return ret ? ret : ret2;
}

NOINLINE static int export_bodies(struct job *j, struct buf *out, bool *end)
{
	struct export_source *s = j->source;
	struct bytes in = j->part.snap_part.cursor, id;
	struct host_chunk c;
	struct blob *body;
	struct key k;
	int ret = 0;

	while (ret == 0 && in.n && out->n < SNAP_PART_MAX) {
		id = bytes_head(in, 16);
		if (!take_chunk(&in, &c))
			return -ERR_INVALID;
		store_chunk_key(&k, j->shard, c.index, c.term);
		ret = kv_get(s->kv, s->snap, KV_CHUNKS, key_bytes(&k), &body);
		if (ret == 0 && body)
			put_pair(out, id, body->b);
		blob_unref(&body);
	}
	*end = in.n == 0;
	return ret;
}

static int read_export_part(struct job *j)
{
	bool end = false;
	struct buf out;
	int ret;

	buf_init(&out, 0);
	if (j->part.snap_part.phase == SNAP_ROWS)
		ret = export_rows(j, &out, &end);
	else if (j->part.snap_part.phase == SNAP_CHUNKS)
		ret = export_chunks(j, &out, &end);
	else
		ret = export_bodies(j, &out, &end);
	j->part.snap_part.end = end;
	if (ret == 0)
		j->part.snap_part.data = blob_copy(buf_bytes(&out));
	buf_release(&out);
	return ret == -ERR_INVALID ? 0 : ret;
}

/* ---- the receiving side */

static void add_chunk(struct job *j, struct host_chunk **list, size_t *n, struct host_chunk c)
{
	if ((*n & (*n - 1)) == 0) {
		struct host_chunk *more = arena_array(&j->mem, struct host_chunk, *n ? *n * 2 : 1);

		if (*n)
			memcpy(more, *list, *n * sizeof(c));
		*list = more;
	}
	(*list)[(*n)++] = c;
}

/* Two sorted lists side by side: the exporter's, and what lies here in the same range. */
NOINLINE static int read_missing(struct kv *kv, struct job *j)
{
	struct bytes in = j->list ? j->list->b : BYTES_NONE;
	struct host_chunk c = { 0, 0 };
	struct body_iter b;
	uint32_t n;

	body_start(&b, kv, NULL, j->shard, j->after, j->to);
	while (take_chunk(&in, &c) && get_u32be(&in, &n)) {
		for (; b.there && chunk_cmp(b.at, c) < 0; body_next(&b))
			add_chunk(j, &j->spare, &j->n_spare, b.at);
		if (b.there && chunk_cmp(b.at, c) == 0)
			body_next(&b);
		else
			add_chunk(j, &j->missing, &j->n_missing, c);
	}
	for (; b.there && j->end; body_next(&b))
		add_chunk(j, &j->spare, &j->n_spare, b.at);
	return body_end(&b);
}

static int read_verify(struct kv *kv, struct job *j)
{
	struct kv_snap *snap;
	int ret = kv_flush(kv);

	if (ret)
		return ret;
	snap = kv_snap_new(kv);
	ret = rows_scan(kv, snap, j->shard, j->incarnation, &j->state);
	kv_snap_free(kv, &snap);
	return ret;
}

int reader_run(struct kv *kv, struct job *j)
{
	switch (j->kind) {
	case READ_LOG: j->status = read_log(kv, j); break;
	case READ_EXPORT: j->status = read_export(kv, j); break;
	case READ_EXPORT_PART: j->status = read_export_part(j); break;
	case READ_MISSING: j->status = read_missing(kv, j); break;
	case READ_VERIFY: j->status = read_verify(kv, j); break;
	case JOB_WRITE: BUG("a writer's job");
	}
	/* Damage is for the loop to judge; a disk that fails ends the node. */
	return j->status == -ERR_IO ? -ERR_IO : 0;
}
