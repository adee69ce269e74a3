/* SPDX-License-Identifier: Apache-2.0 */
/* writer.c - jobs become batches.
 *
 * The items of a job go into one batch in the order in which the loop made them, so that a crash
 * leaves a prefix of what the core was told is on its way, and rows never run ahead of the
 * entries they come from. A batch that grows big is written in pieces, cut between items: the
 * order is the same, and each apply item is whole. */
#include "replica/writer.h"
#include "replica/job.h"

#include "base/map.h"

#include <stdlib.h>

#define BATCH_SOFT MIB(4)
#define RECLAIM_MAX 4096                   /* bodies given back in one go */
#define NOINLINE __attribute__((noinline)) /* keys are big: each frame its own */

struct shard_state {
	struct store_applied applied;
};

struct writer {
	struct kv *kv;
	struct host_app app;
	struct kv_batch *batch;
	struct buf scratch;
	struct map shards; /* shard -> struct shard_state: applied row as last written */
};

/* ---- jobs */

struct job *job_new(enum job_kind kind, uint32_t shard, uint64_t generation)
{
	struct job *j = xnew(struct job);

	arena_init(&j->mem, 0);
	j->kind = kind;
	j->shard = shard;
	j->generation = generation;
	j->items_end = &j->items;
	return j;
}

struct item *job_item(struct job *j, enum item_kind kind, uint32_t shard, uint64_t generation)
{
	struct item *i = arena_new(&j->mem, struct item);

	i->kind = kind;
	i->shard = shard;
	i->generation = generation;
	*j->items_end = i;
	j->items_end = &i->next;
	return i;
}

static void unref_all(struct entry **e, size_t n)
{
	for (size_t i = 0; i < n; i++)
		entry_unref(&e[i]);
}

static void item_release(struct item *i)
{
	switch (i->kind) {
	case ITEM_CREATE: entry_unref(&i->create.first); break;
	case ITEM_ENTRIES:
		unref_all(i->entries.gone, i->entries.n_gone);
		unref_all(i->entries.e, i->entries.n);
		break;
	case ITEM_APPLY: unref_all(i->apply.e, i->apply.n); break;
	case ITEM_PART: blob_unref(&i->part.data); break;
	case ITEM_LOAD: store_replica_release(&i->load.r); break;
	default: break;
	}
}

void job_free(struct job **job)
{
	struct job *j = *job;

	*job = NULL;
	if (!j)
		return;
	for (struct item *i = j->items; i; i = i->next)
		item_release(i);
	unref_all(j->e, j->n);
	if (j->kind == READ_EXPORT_PART)
		blob_unref(&j->part.snap_part.data);
	if (j->source)
		export_source_unref(&j->source);
	blob_unref(&j->list);
	arena_release(&j->mem);
	free(j);
}

uint64_t job_ticket(const struct job *job)
{
	return job->ticket;
}

bool job_sync(const struct job *job)
{
	return job->sync;
}

/* ---- the writer */

struct writer *writer_new(struct kv *kv, const struct host_app *app)
{
	struct writer *w = xnew(struct writer);

	w->kv = kv;
	w->app = *app;
	w->batch = kv_batch_new(kv);
	buf_init(&w->scratch, 0);
	map_init(&w->shards);
	return w;
}

void writer_free(struct writer **writer)
{
	struct writer *w = *writer;
	size_t pos = 0;
	struct bytes key;
	void *value;

	*writer = NULL;
	if (!w)
		return;
	while (map_next(&w->shards, &pos, &key, &value))
		free(value);
	map_release(&w->shards);
	kv_batch_free(&w->batch);
	buf_release(&w->scratch);
	free(w);
}

static int write_batch(struct writer *w)
{
	int ret = kv_batch_empty(w->batch) ? 0 : kv_write(w->kv, w->batch);

	kv_batch_clear(w->batch);
	return ret;
}

static struct buf *scratch(struct writer *w)
{
	buf_clear(&w->scratch);
	return &w->scratch;
}

static void put_scratch(struct writer *w, const struct key *k)
{
	kv_batch_put(w->batch, KV_META, key_bytes(k), buf_bytes(&w->scratch));
}

NOINLINE static void put_meta(struct writer *w, uint32_t shard, const struct store_meta *m)
{
	struct key k;

	store_shard_key(&k, 'm', shard);
	store_meta_pack(m, scratch(w));
	put_scratch(w, &k);
}

NOINLINE static void put_conf(struct writer *w, uint32_t shard, const struct store_conf *c)
{
	struct key k;

	store_shard_key(&k, 'c', shard);
	store_conf_pack(c, scratch(w));
	put_scratch(w, &k);
}

static void forget_shard(struct writer *w, uint32_t shard)
{
	free(map_del(&w->shards, MAP_KEY(shard)));
}

NOINLINE static void put_applied(struct writer *w, uint32_t shard, const struct store_applied *a)
{
	struct shard_state *s = map_get(&w->shards, MAP_KEY(shard));
	struct key k;

	if (!s) {
		s = xnew(struct shard_state);
		map_put(&w->shards, MAP_KEY(shard), s);
	}
	s->applied = *a;
	store_shard_key(&k, 'a', shard);
	store_applied_pack(a, scratch(w));
	put_scratch(w, &k);
}

NOINLINE static int get_applied(struct writer *w, uint32_t shard, struct store_applied *a)
{
	struct shard_state *s = map_get(&w->shards, MAP_KEY(shard));
	struct blob *v;
	struct key k;
	int ret;

	if (s) {
		*a = s->applied;
		return 0;
	}
	store_shard_key(&k, 'a', shard);
	ret = store_get(w->kv, NULL, &k, &v);
	if (ret)
		return ret;
	if (!v || !store_applied_unpack(v->b, a))
		ret = -ERR_CORRUPT;
	blob_unref(&v);
	return ret;
}

/* ---- log */

NOINLINE static void put_body(struct kv_batch *b, uint32_t shard, uint64_t index, uint64_t term,
			      struct bytes body)
{
	uint8_t n[4] = { (uint8_t)(body.n >> 24), (uint8_t)(body.n >> 16), (uint8_t)(body.n >> 8),
			 (uint8_t)body.n };
	struct key k;

	store_chunk_key(&k, shard, index, term);
	kv_batch_put(b, KV_CHUNKS, key_bytes(&k), body);
	store_body_key(&k, shard, index, term);
	kv_batch_put(b, KV_LOG, key_bytes(&k), bytes_of(n, sizeof(n)));
}

NOINLINE static void del_body(struct kv_batch *b, uint32_t shard, uint64_t index, uint64_t term)
{
	struct key k;

	store_chunk_key(&k, shard, index, term);
	kv_batch_del(b, KV_CHUNKS, key_bytes(&k));
	store_body_key(&k, shard, index, term);
	kv_batch_del(b, KV_LOG, key_bytes(&k));
}

NOINLINE static void put_entry(struct writer *w, uint32_t shard, const struct entry *e)
{
	struct key k;

	store_log_key(&k, shard, e->index);
	entry_pack(e, scratch(w));
	kv_batch_put(w->batch, KV_LOG, key_bytes(&k), buf_bytes(&w->scratch));
	if (!e->body_n)
		return;
	INVARIANT(e->body);
	put_body(w->batch, shard, e->index, e->term, e->body->b);
}

/* A body goes with its entry: nothing can refer to what was never committed. */
static void del_entry(struct writer *w, uint32_t shard, const struct entry *e)
{
	struct key k;

	store_log_key(&k, shard, e->index);
	kv_batch_del(w->batch, KV_LOG, key_bytes(&k));
	if (e->body_n)
		del_body(w->batch, shard, e->index, e->term);
}

NOINLINE static void run_entries(struct writer *w, struct item *i)
{
	for (size_t n = 0; n < i->entries.n_gone; n++)
		del_entry(w, i->shard, i->entries.gone[n]);
	for (size_t n = 0; n < i->entries.n; n++)
		put_entry(w, i->shard, i->entries.e[n]);
}

NOINLINE static void run_create(struct writer *w, struct item *i)
{
	struct store_applied a = { .incarnation = 1 };

	if (i->create.first) {
		const struct entry *e = i->create.first;

		a.index = e->index;
		a.term = e->term;
		a.chain = e->chain;
		a.log_ms = e->log_ms;
		put_entry(w, i->shard, e);
		put_conf(w, i->shard, &i->create.conf);
	}
	put_meta(w, i->shard, &i->create.meta);
	put_applied(w, i->shard, &a);
}

/* ---- apply */

NOINLINE static void put_reclaim(struct writer *w, uint32_t shard, const struct host_chunk *c,
				 size_t n)
{
	struct key k;

	for (size_t i = 0; i < n; i++) {
		store_reclaim_key(&k, shard, c[i].index, c[i].term);
		kv_batch_put(w->batch, KV_META, key_bytes(&k), BYTES_NONE);
	}
}

static void apply_command(struct writer *w, struct item *i, size_t n, struct rows *rows,
			  struct arena *mem)
{
	const struct entry *e = i->apply.e[n];
	struct host_entry he = { .shard = i->shard,
				 .index = e->index,
				 .term = e->term,
				 .log_ms = e->log_ms,
				 .wall_ms = e->wall_ms,
				 .op = entry_op(e),
				 .body_stored = e->body_n,
				 .body_hash = e->body_hash };
	struct host_outcome *out = &i->apply.out[n];

	w->app.apply(w->app.arg, rows, &he, mem, out);
	put_reclaim(w, i->shard, out->reclaim, out->n_reclaim);
}

static int apply_change(struct writer *w, uint32_t shard, const struct entry *e)
{
	struct store_conf c = { .index = e->index };

	if (!conf_unpack(entry_op(e), &c.conf))
		return -ERR_CORRUPT;
	put_conf(w, shard, &c);
	return 0;
}

static int apply_entry(struct writer *w, struct item *i, size_t n, struct rows *rows,
		       struct store_applied *a, struct arena *mem)
{
	const struct entry *e = i->apply.e[n];
	int ret = 0;

	INVARIANT(e->index == a->index + 1 && e->prev == a->chain);
	if (e->type == ENTRY_COMMAND)
		apply_command(w, i, n, rows, mem);
	else if (e->type == ENTRY_CHANGE)
		ret = apply_change(w, i->shard, e);
	a->index = e->index;
	a->term = e->term;
	a->chain = e->chain;
	a->log_ms = MAX(a->log_ms, e->log_ms);
	return ret;
}

/* Before an apply that follows a crash: has this entry crashed us before? Written unsynced: it
 * is to survive the process, not the machine. */
NOINLINE static int note_entry(struct writer *w, uint32_t shard, uint64_t index, bool *seen)
{
	struct blob *v;
	struct bytes b;
	uint64_t noted = 0;
	struct key k;
	int ret;

	store_shard_key(&k, 'n', shard);
	ret = store_get(w->kv, NULL, &k, &v);
	if (ret)
		return ret;
	b = v ? v->b : BYTES_NONE;
	*seen = get_u64be(&b, &noted) && noted == index;
	blob_unref(&v);
	if (*seen)
		return 0;
	buf_u64be(scratch(w), index);
	put_scratch(w, &k);
	return write_batch(w);
}

static int apply_range(struct writer *w, struct item *i, size_t from, size_t to, struct arena *mem)
{
	struct store_applied a;
	struct rows *rows;
	int ret = get_applied(w, i->shard, &a);

	if (ret)
		return ret;
	rows = rows_edit(w->kv, i->shard, a.incarnation, &a.state);
	for (size_t n = from; n < to && ret == 0; n++)
		ret = apply_entry(w, i, n, rows, &a, mem);
	rows_flush(rows, w->batch);
	rows_free(&rows);
	put_applied(w, i->shard, &a);
	i->apply.after = a;
	return ret;
}

static int apply_carefully(struct writer *w, struct item *i, struct arena *mem)
{
	int ret = 0;

	for (size_t n = 0; n < i->apply.n && ret == 0 && !i->apply.fenced; n++) {
		ret = note_entry(w, i->shard, i->apply.e[n]->index, &i->apply.fenced);
		if (ret == 0 && !i->apply.fenced)
			ret = apply_range(w, i, n, n + 1, mem);
		if (ret == 0 && !i->apply.fenced)
			ret = write_batch(w);
	}
	return ret;
}

NOINLINE static int run_apply(struct writer *w, struct item *i, struct arena *mem)
{
	i->apply.out = arena_array(mem, struct host_outcome, i->apply.n);
	if (i->apply.careful)
		return apply_carefully(w, i, mem);
	return apply_range(w, i, 0, i->apply.n, mem);
}

/* ---- compaction */

NOINLINE static void reclaim_one(struct writer *w, uint32_t shard, struct bytes key)
{
	struct bytes in = bytes_skip(key, 6);
	uint64_t index = 0, term = 0;

	if (get_u64be(&in, &index) && get_u64be(&in, &term))
		del_body(w->batch, shard, index, term);
	kv_batch_del(w->batch, KV_META, key);
}

NOINLINE static int reclaim(struct writer *w, struct item *i)
{
	struct key from, to;
	struct bytes key, value;
	struct kv_iter *it;
	unsigned n = 0;
	int ret;

	store_reclaim_key(&from, i->shard, 0, 0);
	store_reclaim_key(&to, i->shard, i->compact.first, 0);
	it = kv_iter_new(w->kv, NULL, KV_META, key_bytes(&from), key_bytes(&to));
	for (; n < RECLAIM_MAX && kv_iter_next(it, &key, &value); n++)
		reclaim_one(w, i->shard, key);
	i->compact.more = n == RECLAIM_MAX;
	ret = kv_iter_error(it);
	kv_iter_free(&it);
	return ret;
}

NOINLINE static int run_compact(struct writer *w, struct item *i)
{
	struct key from, to;

	store_log_key(&from, i->shard, 0);
	store_log_key(&to, i->shard, i->compact.first);
	kv_batch_del_range(w->batch, KV_LOG, key_bytes(&from), key_bytes(&to));
	return reclaim(w, i);
}

/* ---- snapshots */

static bool take_pair(struct bytes *in, struct bytes *a, struct bytes *b)
{
	uint32_t n, m;

	return get_u32be(in, &n) && get_u32be(in, &m) && n <= KEY_MAX && get_bytes(in, n, a) &&
	       get_bytes(in, m, b);
}

NOINLINE static int put_row_pair(const struct item *i, struct kv_batch *batch, struct bytes row,
				 struct bytes value)
{
	struct key k;

	store_log_key(&k, i->shard, i->part.incarnation);
	if (row.n > KEY_MAX - k.n)
		return -ERR_INVALID;
	key_raw(&k, row);
	kv_batch_put(batch, KV_ROWS, key_bytes(&k), value);
	return 0;
}

NOINLINE static int put_body_pair(const struct item *i, struct kv_batch *batch, struct bytes id,
				  struct bytes body)
{
	uint64_t index, term;

	if (!get_u64be(&id, &index) || !get_u64be(&id, &term) || id.n || body.n > LOG_MAX_BODY)
		return -ERR_INVALID;
	put_body(batch, i->shard, index, term, body);
	return 0;
}

static int put_pairs(struct item *i, struct kv_batch *batch)
{
	struct bytes in = i->part.data ? i->part.data->b : BYTES_NONE, a, b;
	int ret = 0;

	while (in.n && ret == 0) {
		if (!take_pair(&in, &a, &b))
			return -ERR_INVALID;
		ret = i->part.phase == SNAP_ROWS ? put_row_pair(i, batch, a, b) :
						   put_body_pair(i, batch, a, b);
	}
	return ret;
}

/* Outside the write-ahead log: until the switch nobody looks at it, and before the switch
 * everything is flushed. */
NOINLINE static int run_part(struct writer *w, struct item *i)
{
	struct kv_batch *batch = kv_batch_new(w->kv);
	int ret = 0;

	i->part.status = put_pairs(i, batch);
	if (i->part.status == 0 && !kv_batch_empty(batch))
		ret = kv_write_nolog(w->kv, batch);
	kv_batch_free(&batch);
	return ret;
}

NOINLINE static void del_incarnations(struct writer *w, uint32_t shard, uint64_t from, uint64_t to)
{
	struct key low, high;

	store_log_key(&low, shard, from);
	store_log_key(&high, shard, to);
	kv_batch_del_range(w->batch, KV_ROWS, key_bytes(&low), key_bytes(&high));
}

NOINLINE static void run_switch(struct writer *w, struct item *i)
{
	const struct store_applied *a = &i->install.applied;
	struct key from, to;

	store_shard_range(&from, &to, i->shard);
	/* Bodies of the log that goes; those of the snapshot are all at or below it. */
	store_log_key(&from, i->shard, a->index + 1);
	kv_batch_del_range(w->batch, KV_CHUNKS, key_bytes(&from), key_bytes(&to));
	store_body_key(&from, i->shard, a->index + 1, 0);
	kv_batch_del_range(w->batch, KV_LOG, key_bytes(&from), key_bytes(&to));
	store_log_key(&from, i->shard, 0);
	store_log_key(&to, i->shard, LOG_MAX_INDEX);
	kv_batch_del_range(w->batch, KV_LOG, key_bytes(&from), key_bytes(&to));
	del_incarnations(w, i->shard, 0, a->incarnation);
	put_reclaim(w, i->shard, i->install.spare, i->install.n_spare);
	put_conf(w, i->shard, &i->install.conf);
	put_applied(w, i->shard, a);
}

/* ---- the rest */

static int run_load(struct writer *w, struct item *i)
{
	struct why why;
	int ret = write_batch(w);

	if (ret)
		return ret;
	i->load.status = store_load(w->kv, NULL, i->shard, &i->load.r, &why);
	return i->load.status == -ERR_IO ? -ERR_IO : 0;
}

NOINLINE static void run_destroy(struct writer *w, struct item *i)
{
	static const char kinds[] = "mcan";
	struct key from, to;

	store_shard_range(&from, &to, i->shard);
	kv_batch_del_range(w->batch, KV_LOG, key_bytes(&from), key_bytes(&to));
	kv_batch_del_range(w->batch, KV_CHUNKS, key_bytes(&from), key_bytes(&to));
	kv_batch_del_range(w->batch, KV_ROWS, key_bytes(&from), key_bytes(&to));
	for (const char *kind = kinds; *kind; kind++) {
		store_shard_key(&from, *kind, i->shard);
		kv_batch_del(w->batch, KV_META, key_bytes(&from));
	}
	store_shard_key(&from, 'r', i->shard);
	store_shard_key(&to, 'r', i->shard + 1);
	kv_batch_del_range(w->batch, KV_META, key_bytes(&from), key_bytes(&to));
	forget_shard(w, i->shard);
}

static int run_item(struct writer *w, struct item *i, struct arena *mem)
{
	switch (i->kind) {
	case ITEM_PUT: kv_batch_put(w->batch, KV_META, i->put.key, i->put.value); return 0;
	case ITEM_CREATE: run_create(w, i); return 0;
	case ITEM_ENTRIES: run_entries(w, i); return 0;
	case ITEM_APPLY: return run_apply(w, i, mem);
	case ITEM_COMPACT: return run_compact(w, i);
	case ITEM_PART: return run_part(w, i);
	case ITEM_SWITCH: run_switch(w, i); return 0;
	case ITEM_LOAD: return run_load(w, i);
	case ITEM_META: put_meta(w, i->shard, &i->meta.meta); return 0;
	case ITEM_DESTROY: run_destroy(w, i); return 0;
	}
	return 0;
}

int writer_run(struct writer *w, struct job *job)
{
	struct key k;
	int ret = 0;

	for (struct item *i = job->items; i && ret == 0; i = i->next) {
		ret = run_item(w, i, &job->mem);
		if (ret == 0 && kv_batch_bytes(w->batch) > BATCH_SOFT)
			ret = write_batch(w);
	}
	if (ret)
		return ret;
	if (job->sync) {
		store_key(&k, 's');
		buf_u64be(scratch(w), job->synced_seq);
		put_scratch(w, &k);
	}
	return write_batch(w);
}
