/* SPDX-License-Identifier: Apache-2.0 */
/* kv_rocks.c - the engine on RocksDB 7.8.3; the only home of rocksdb/c.h.
 *
 * All families share one write-ahead log, so one sync makes everything before it durable, and
 * what a crash leaves is a prefix (recovery mode 2). Where recovery stopped early because of
 * damage, RocksDB says nothing: whoever opens a store compares kv_seq with what it had synced.
 * Bodies lie in blob files beside the LSM tree, written once and collected only by kv_compact.
 *
 * What this version of RocksDB makes necessary:
 *  - Debian's build asserts. Nothing may be open at close (counted here), its info log must not
 *    share a full disk with the data, no range may be inverted (kv.c).
 *  - Opened read-only with max_open_files == -1 and one family, it does not find values in blob
 *    files; we have several, and yet never set -1.
 *  - After some errors it would write on; kv.c does not let it.
 *  - Tracking of log files gives false alarms when the MANIFEST rolls over while a log is being
 *    synced (fixed in 7.10), so the MANIFEST keeps its default limit of 1 GiB.
 *  - Memtable insertion with a hint (memtable_insert_with_hint_prefix_extractor) ended in
 *    assertions of its skip list when replicas were made anew and their ranges deleted (T26).
 *    It would save a tenth of the CPU of a delivery.
 *  - More than two memtables a family may be flushed in the wrong order after a failed flush
 *    (fixed in 7.9), so there are two. */
#include "engine/datadir.h"
#include "engine/kv_impl.h"

#include "base/log.h"

#include <rocksdb/c.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/statvfs.h>

/* RocksDB wants its "default" family open too; it stays empty. */
enum { HANDLES = KV_FAMILIES + 1, DEFAULT_FAMILY = KV_FAMILIES };

/* Larger values are handed out where they lie, smaller ones copied: a pin holds a whole block. */
enum { PIN_FROM = 1024, BLOB_FROM = 2048 };

struct rocks {
	struct kv kv;
	struct datadir dir;
	rocksdb_t *db;
	rocksdb_column_family_handle_t *cf[HANDLES];
	rocksdb_cache_t *cache;
	rocksdb_writeoptions_t *logged, *unlogged;
	rocksdb_readoptions_t *newest;
	atomic_uint open_things; /* snapshots, iterators and pinned values */
};

struct rocks_batch {
	struct kv_batch batch;
	rocksdb_writebatch_t *b;
	struct rocks *r;
};

struct kv_snap {
	const rocksdb_snapshot_t *snap;
	rocksdb_readoptions_t *read;
};

struct rocks_iter {
	struct kv_iter it;
	struct rocks *r;
	rocksdb_readoptions_t *read;
	rocksdb_iterator_t *i;
};

static struct rocks *rocks_of(struct kv *kv)
{
	return container_of(kv, struct rocks, kv);
}

static const char *chars(struct bytes b)
{
	return b.n ? (const char *)b.p : "";
}

/* ---- errors */

static enum err kind_of(const char *text)
{
	if (strstr(text, "No space left"))
		return ERR_NOSPACE;
	return strncmp(text, "Corruption", 10) == 0 ? ERR_CORRUPT : ERR_IO;
}

/* Takes RocksDB's sentence, which no error code can carry, to the log. */
static int failure(const char *what, char *text)
{
	int ret;

	if (!text)
		return 0;
	ret = -(int)kind_of(text);
	log_error(NULL, "engine_error", "what=%s text=%s", what, text);
	rocksdb_free(text);
	return ret;
}

/* ---- batches */

static struct rocks_batch *batch_of(struct kv_batch *b)
{
	return container_of(b, struct rocks_batch, batch);
}

static struct kv_batch *rocks_batch_new(struct kv *kv)
{
	struct rocks_batch *b = xnew(struct rocks_batch);

	b->b = rocksdb_writebatch_create();
	b->r = rocks_of(kv);
	return &b->batch;
}

static void rocks_batch_free(struct kv_batch *b)
{
	rocksdb_writebatch_destroy(batch_of(b)->b);
	free(batch_of(b));
}

static void rocks_batch_clear(struct kv_batch *b)
{
	rocksdb_writebatch_clear(batch_of(b)->b);
}

static void rocks_put(struct kv_batch *base, enum kv_cf cf, struct bytes key, struct bytes v1,
		      struct bytes v2)
{
	struct rocks_batch *b = batch_of(base);
	const char *k = chars(key), *parts[] = { chars(v1), chars(v2) };
	const size_t sizes[] = { v1.n, v2.n };

	if (v2.n == 0)
		rocksdb_writebatch_put_cf(b->b, b->r->cf[cf], k, key.n, parts[0], v1.n);
	else
		rocksdb_writebatch_putv_cf(b->b, b->r->cf[cf], 1, &k, &key.n, 2, parts, sizes);
}

static void rocks_del(struct kv_batch *base, enum kv_cf cf, struct bytes key)
{
	struct rocks_batch *b = batch_of(base);

	rocksdb_writebatch_delete_cf(b->b, b->r->cf[cf], chars(key), key.n);
}

static void rocks_del_range(struct kv_batch *base, enum kv_cf cf, struct bytes from,
			    struct bytes to)
{
	struct rocks_batch *b = batch_of(base);

	rocksdb_writebatch_delete_range_cf(b->b, b->r->cf[cf], chars(from), from.n, chars(to),
					   to.n);
}

/* ---- writing */

static int rocks_write(struct kv *kv, struct kv_batch *b, bool logged)
{
	struct rocks *r = rocks_of(kv);
	char *text = NULL;

	rocksdb_write(r->db, logged ? r->logged : r->unlogged, batch_of(b)->b, &text);
	return failure("write", text);
}

static int rocks_sync(struct kv *kv)
{
	char *text = NULL;

	rocksdb_flush_wal(rocks_of(kv)->db, 1, &text);
	return failure("sync", text);
}

static int rocks_flush(struct kv *kv)
{
	struct rocks *r = rocks_of(kv);
	rocksdb_flushoptions_t *o = rocksdb_flushoptions_create();
	char *text = NULL;

	rocksdb_flushoptions_set_wait(o, 1);
	for (size_t i = 0; i < KV_FAMILIES && !text; i++)
		rocksdb_flush_cf(r->db, o, r->cf[i], &text);
	rocksdb_flushoptions_destroy(o);
	return failure("flush", text);
}

static uint64_t rocks_seq(struct kv *kv)
{
	return rocksdb_get_latest_sequence_number(rocks_of(kv)->db);
}

/* ---- reading */

static rocksdb_readoptions_t *read_options(const struct kv_snap *snap)
{
	rocksdb_readoptions_t *o = rocksdb_readoptions_create();

	rocksdb_readoptions_set_verify_checksums(o, 1);
	if (snap)
		rocksdb_readoptions_set_snapshot(o, snap->snap);
	return o;
}

static struct kv_snap *rocks_snap_new(struct kv *kv)
{
	struct rocks *r = rocks_of(kv);
	struct kv_snap *s = xnew(struct kv_snap);

	s->snap = rocksdb_create_snapshot(r->db);
	s->read = read_options(s);
	atomic_fetch_add(&r->open_things, 1);
	return s;
}

static void rocks_snap_free(struct kv *kv, struct kv_snap *s)
{
	struct rocks *r = rocks_of(kv);

	rocksdb_readoptions_destroy(s->read);
	rocksdb_release_snapshot(r->db, s->snap);
	free(s);
	atomic_fetch_sub(&r->open_things, 1);
}

struct pin {
	struct blob blob;
	struct rocks *r;
	rocksdb_pinnableslice_t *slice;
};

static void pin_release(struct blob *blob)
{
	struct pin *p = container_of(blob, struct pin, blob);
	struct rocks *r = p->r;

	rocksdb_pinnableslice_destroy(p->slice);
	free(p);
	atomic_fetch_sub(&r->open_things, 1);
}

static struct blob *pin_new(struct rocks *r, rocksdb_pinnableslice_t *slice, struct bytes b)
{
	struct pin *p = xnew(struct pin);

	p->blob.b = b;
	atomic_init(&p->blob.refs, 1);
	p->blob.release = pin_release;
	p->r = r;
	p->slice = slice;
	atomic_fetch_add(&r->open_things, 1);
	return &p->blob;
}

static int rocks_get(struct kv *kv, const struct kv_snap *snap, enum kv_cf cf, struct bytes key,
		     struct blob **value)
{
	struct rocks *r = rocks_of(kv);
	rocksdb_pinnableslice_t *slice;
	char *text = NULL;
	const char *p;
	size_t n;

	slice = rocksdb_get_pinned_cf(r->db, snap ? snap->read : r->newest, r->cf[cf], chars(key),
				      key.n, &text);
	if (text || !slice)
		return failure("get", text);
	p = rocksdb_pinnableslice_value(slice, &n);
	if (n >= PIN_FROM) {
		*value = pin_new(r, slice, bytes_of(p, n));
	} else {
		*value = blob_copy(bytes_of(p, n));
		rocksdb_pinnableslice_destroy(slice);
	}
	return 0;
}

static struct rocks_iter *iter_of(struct kv_iter *it)
{
	return container_of(it, struct rocks_iter, it);
}

static struct kv_iter *rocks_iter_new(struct kv *kv, const struct kv_snap *snap, enum kv_cf cf,
				      struct bytes from, struct bytes to)
{
	struct rocks *r = rocks_of(kv);
	struct rocks_iter *it = xnew(struct rocks_iter);

	it->r = r;
	it->read = read_options(snap);
	if (from.n)
		rocksdb_readoptions_set_iterate_lower_bound(it->read, chars(from), from.n);
	if (to.n)
		rocksdb_readoptions_set_iterate_upper_bound(it->read, chars(to), to.n);
	it->i = rocksdb_create_iterator_cf(r->db, it->read, r->cf[cf]);
	atomic_fetch_add(&r->open_things, 1);
	return &it->it;
}

static void rocks_iter_free(struct kv_iter *base)
{
	struct rocks_iter *it = iter_of(base);

	rocksdb_iter_destroy(it->i);
	rocksdb_readoptions_destroy(it->read);
	atomic_fetch_sub(&it->r->open_things, 1);
	free(it);
}

static bool settle(struct rocks_iter *it)
{
	char *text = NULL;

	if (rocksdb_iter_valid(it->i)) {
		it->it.key.p = (const uint8_t *)rocksdb_iter_key(it->i, &it->it.key.n);
		it->it.value.p = (const uint8_t *)rocksdb_iter_value(it->i, &it->it.value.n);
		return true;
	}
	rocksdb_iter_get_error(it->i, &text);
	if (text)
		it->it.error = failure("iterate", text);
	return false;
}

static bool rocks_iter_seek(struct kv_iter *it, struct bytes key)
{
	rocksdb_iter_seek(iter_of(it)->i, chars(key), key.n);
	return settle(iter_of(it));
}

static bool rocks_iter_last(struct kv_iter *it)
{
	rocksdb_iter_seek_to_last(iter_of(it)->i);
	return settle(iter_of(it));
}

static bool rocks_iter_next(struct kv_iter *it)
{
	rocksdb_iter_next(iter_of(it)->i);
	return settle(iter_of(it));
}

static bool rocks_iter_prev(struct kv_iter *it)
{
	rocksdb_iter_prev(iter_of(it)->i);
	return settle(iter_of(it));
}

/* ---- sizes */

static uint64_t property(struct rocks *r, enum kv_cf cf, const char *name)
{
	uint64_t v = 0;

	return rocksdb_property_int_cf(r->db, r->cf[cf], name, &v) == 0 ? v : 0;
}

static int rocks_space(struct kv *kv, struct kv_space *s)
{
	struct rocks *r = rocks_of(kv);
	struct statvfs v;

	if (statvfs(r->dir.path, &v))
		return -ERR_IO;
	s->free = (uint64_t)v.f_bavail * v.f_frsize;
	s->total = (uint64_t)v.f_blocks * v.f_frsize;
	for (size_t i = 0; i < KV_FAMILIES; i++)
		s->live += property(r, i, "rocksdb.total-sst-files-size") +
			   property(r, i, "rocksdb.total-blob-file-size");
	s->garbage = property(r, KV_CHUNKS, "rocksdb.live-blob-file-garbage-size");
	return 0;
}

/* A range's part of the table files stands for its part of the blob files, too: those RocksDB
 * does not count by range. */
static int rocks_size(struct kv *kv, enum kv_cf cf, struct bytes from, struct bytes to,
		      uint64_t *bytes)
{
	static const uint8_t top[32] = { 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
					 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
					 255, 255, 255, 255, 255, 255, 255, 255, 255, 255 };
	struct rocks *r = rocks_of(kv);
	uint64_t tables = property(r, cf, "rocksdb.live-sst-files-size");
	uint64_t blobs = property(r, cf, "rocksdb.live-blob-file-size");
	const char *low = chars(from), *high = to.n ? chars(to) : (const char *)top;
	size_t high_n = to.n ? to.n : sizeof(top);
	char *text = NULL;

	rocksdb_approximate_sizes_cf(r->db, r->cf[cf], 1, &low, &from.n, &high, &high_n, bytes,
				     &text);
	if (tables)
		*bytes += (uint64_t)((double)blobs * (double)MIN(*bytes, tables) / (double)tables);
	return failure("size", text);
}

static int set_blob_gc(struct rocks *r, bool on)
{
	const char *names[] = { "enable_blob_garbage_collection",
				"blob_garbage_collection_age_cutoff" };
	const char *values[] = { on ? "true" : "false", "1.0" };
	char *text = NULL;

	rocksdb_set_options_cf(r->db, r->cf[KV_CHUNKS], 2, names, values, &text);
	return failure("set_options", text);
}

/* Only here do blob files give garbage back: a compaction with collection on rewrites what is
 * alive in every blob file it refers to. Files that an automatic compaction is just moving are
 * passed over: the caller's next pass finds them. */
static int rocks_compact(struct kv *kv, enum kv_cf cf, struct bytes from, struct bytes to)
{
	struct rocks *r = rocks_of(kv);
	int ret = cf == KV_CHUNKS ? set_blob_gc(r, true) : 0;
	rocksdb_compactoptions_t *o;

	if (ret)
		return ret;
	o = rocksdb_compactoptions_create();
	rocksdb_compactoptions_set_exclusive_manual_compaction(o, 0);
	rocksdb_compactoptions_set_bottommost_level_compaction(o, 3); /* force, once */
	rocksdb_compact_range_cf_opt(r->db, r->cf[cf], o, from.n ? chars(from) : NULL, from.n,
				     to.n ? chars(to) : NULL, to.n);
	rocksdb_compactoptions_destroy(o);
	return cf == KV_CHUNKS ? set_blob_gc(r, false) : 0;
}

/* ---- options */

struct family {
	const char *name;
	unsigned memtable_16ths; /* of memtable_bytes */
	size_t block;
	const char *options;
};

static const struct family families[HANDLES] = {
	[KV_META] = { "meta", 1, 4096, "compression=kNoCompression" },
	[KV_LOG] = { "log", 3, 16384, "compression=kLZ4Compression" },
	/* Bodies come compressed. Whoever asks for one knows that it is there, so the last level
	 * does without filters. */
	[KV_CHUNKS] = { "chunks", 8, 16384,
			"compression=kLZ4Compression;enable_blob_files=true;"
			"blob_compression_type=kNoCompression;enable_blob_garbage_collection=false;"
			"optimize_filters_for_hits=true" },
	/* Most new rows are asked for in vain first: the filter in the memtable answers that. */
	[KV_ROWS] = { "rows", 4, 8192,
		      "compression=kLZ4Compression;bottommost_compression=kZSTD;"
		      "memtable_whole_key_filtering=true;memtable_prefix_bloom_size_ratio=0.05" },
	[DEFAULT_FAMILY] = { "default", 1, 4096, "compression=kNoCompression" },
};

static int open_files(bool read_only)
{
	struct rlimit l = { .rlim_cur = 1024 };

	getrlimit(RLIMIT_NOFILE, &l);
	return (int)MIN(MAX(l.rlim_cur / (read_only ? 4 : 2), 64), 4096);
}

static void database_options(const struct kv_rocks_options *o, bool create, char *text, size_t n)
{
	snprintf(text, n,
		 "create_if_missing=%s;create_missing_column_families=%s;"
		 "wal_recovery_mode=kPointInTimeRecovery;paranoid_checks=true;"
		 "max_bgerror_resume_count=0;track_and_verify_wals_in_manifest=true;"
		 "max_total_wal_size=%llu;max_open_files=%d;max_background_jobs=%u;"
		 "allow_concurrent_memtable_write=false;enable_write_thread_adaptive_yield=false;"
		 "bytes_per_sync=1048576;stats_dump_period_sec=0;stats_persist_period_sec=0;"
		 "max_log_file_size=4194304;keep_log_file_num=4;info_log_level=%s",
		 create ? "true" : "false", create ? "true" : "false",
		 (unsigned long long)o->wal_bytes, open_files(o->read_only),
		 MIN(MAX(o->background_threads, 1u), 7u),
		 o->log_dir ? "WARN_LEVEL" : "FATAL_LEVEL");
}

static void table_options(rocksdb_options_t *options, const struct family *f,
			  rocksdb_cache_t *cache)
{
	rocksdb_block_based_table_options_t *t = rocksdb_block_based_options_create();

	rocksdb_block_based_options_set_block_cache(t, cache);
	rocksdb_block_based_options_set_block_size(t, f->block);
	rocksdb_block_based_options_set_format_version(t, 5);
	rocksdb_block_based_options_set_filter_policy(t,
						      rocksdb_filterpolicy_create_bloom_full(10));
	/* Indexes and filters live in the cache, or their memory would grow with the store. */
	rocksdb_block_based_options_set_cache_index_and_filter_blocks(t, 1);
	rocksdb_block_based_options_set_cache_index_and_filter_blocks_with_high_priority(t, 1);
	rocksdb_block_based_options_set_pin_l0_filter_and_index_blocks_in_cache(t, 1);
	rocksdb_options_set_block_based_table_factory(options, t);
	rocksdb_block_based_options_destroy(t);
}

static rocksdb_options_t *from_text(const rocksdb_options_t *base, const char *text)
{
	rocksdb_options_t *o = rocksdb_options_create();
	char *error = NULL;

	rocksdb_get_options_from_string(base, text, o, &error);
	if (error)
		BUG(error); /* our own text: another version of RocksDB */
	return o;
}

static rocksdb_options_t *family_options(const struct kv_rocks_options *o,
					 const rocksdb_options_t *base, const struct family *f,
					 rocksdb_cache_t *cache)
{
	uint64_t memtable = MAX(o->memtable_bytes / 16 * f->memtable_16ths, KIB(256));
	rocksdb_options_t *options = from_text(base, f->options);

	rocksdb_options_set_write_buffer_size(options, memtable);
	rocksdb_options_set_max_write_buffer_number(options, 2);
	rocksdb_options_set_min_blob_size(options, BLOB_FROM);
	table_options(options, f, cache);
	return options;
}

static const char base_family[] =
	"paranoid_file_checks=true;force_consistency_checks=true;"
	"level_compaction_dynamic_level_bytes=true;"
	"target_file_size_base=33554432;max_bytes_for_level_base=134217728";

static rocksdb_cache_t *cache_new(uint64_t bytes)
{
	rocksdb_lru_cache_options_t *o = rocksdb_lru_cache_options_create();
	rocksdb_cache_t *cache;

	rocksdb_lru_cache_options_set_capacity(o, bytes);
	/* Few parts, since each must have room for the largest filter: about 1 MiB. */
	rocksdb_lru_cache_options_set_num_shard_bits(o, 2);
	cache = rocksdb_cache_create_lru_opts(o);
	rocksdb_lru_cache_options_destroy(o);
	return cache;
}

/* ---- life */

static void rocks_free(struct rocks *r)
{
	rocksdb_cache_destroy(r->cache);
	rocksdb_writeoptions_destroy(r->logged);
	rocksdb_writeoptions_destroy(r->unlogged);
	rocksdb_readoptions_destroy(r->newest);
	datadir_close(&r->dir);
	free(r);
}

static void rocks_close(struct kv *kv)
{
	struct rocks *r = rocks_of(kv);

	INVARIANT(atomic_load(&r->open_things) == 0);
	rocksdb_cancel_all_background_work(r->db, 1);
	for (size_t i = 0; i < HANDLES; i++)
		rocksdb_column_family_handle_destroy(r->cf[i]);
	rocksdb_close(r->db);
	rocks_free(r);
}

static const struct kv_ops rocks_ops = {
	.close = rocks_close,
	.batch_new = rocks_batch_new,
	.batch_free = rocks_batch_free,
	.batch_clear = rocks_batch_clear,
	.put = rocks_put,
	.del = rocks_del,
	.del_range = rocks_del_range,
	.write = rocks_write,
	.sync = rocks_sync,
	.flush = rocks_flush,
	.seq = rocks_seq,
	.snap_new = rocks_snap_new,
	.snap_free = rocks_snap_free,
	.get = rocks_get,
	.iter_new = rocks_iter_new,
	.iter_free = rocks_iter_free,
	.iter_seek = rocks_iter_seek,
	.iter_last = rocks_iter_last,
	.iter_next = rocks_iter_next,
	.iter_prev = rocks_iter_prev,
	.space = rocks_space,
	.size = rocks_size,
	.compact = rocks_compact,
};

static struct rocks *rocks_new(const struct kv_rocks_options *o)
{
	struct rocks *r = xnew(struct rocks);

	r->kv.ops = &rocks_ops;
	r->kv.read_only = o->read_only;
	r->cache = cache_new(o->cache_bytes);
	r->newest = read_options(NULL);
	r->logged = rocksdb_writeoptions_create();
	r->unlogged = rocksdb_writeoptions_create();
	rocksdb_writeoptions_disable_WAL(r->unlogged, 1);
	return r;
}

/* RocksDB's sentence begins with its own words for the kind; ours with what to look at. */
static int open_failure(struct rocks *r, char *text, struct why *why)
{
	enum err kind = kind_of(text);
	int ret;

	if (strstr(text, "While lock file"))
		ret = why_set(why, ERR_INUSE, "the data directory %s is in use by another process",
			      r->dir.path);
	else if (kind == ERR_CORRUPT)
		ret = why_set(why, kind, "the store in %s is damaged: %s", r->dir.path, text);
	else
		ret = why_set(why, kind, "the store in %s cannot be opened: %s", r->dir.path, text);
	rocksdb_free(text);
	return ret;
}

static void open_database(struct rocks *r, const struct kv_rocks_options *o,
			  rocksdb_options_t *database, rocksdb_options_t *const *family,
			  char **error)
{
	const rocksdb_options_t *const *options = (const rocksdb_options_t *const *)family;
	const char *names[HANDLES];

	for (size_t i = 0; i < HANDLES; i++)
		names[i] = families[i].name;
	if (o->read_only)
		r->db = rocksdb_open_for_read_only_column_families(database, r->dir.db, HANDLES,
								   names, options, r->cf, 0, error);
	else
		r->db = rocksdb_open_column_families(database, r->dir.db, HANDLES, names, options,
						     r->cf, error);
}

static int open_with_options(struct rocks *r, const struct kv_rocks_options *o, struct why *why)
{
	rocksdb_options_t *plain = rocksdb_options_create(), *base, *database;
	rocksdb_options_t *family[HANDLES];
	char text[1024], *error = NULL;

	base = from_text(plain, base_family);
	database_options(o, r->dir.fresh, text, sizeof(text));
	database = from_text(base, text);
	if (o->log_dir)
		rocksdb_options_set_db_log_dir(database, o->log_dir);
	for (size_t i = 0; i < HANDLES; i++)
		family[i] = family_options(o, base, &families[i], r->cache);
	open_database(r, o, database, family, &error);
	for (size_t i = 0; i < HANDLES; i++)
		rocksdb_options_destroy(family[i]);
	rocksdb_options_destroy(database);
	rocksdb_options_destroy(base);
	rocksdb_options_destroy(plain);
	return error ? open_failure(r, error, why) : 0;
}

int kv_rocks_open(const struct kv_rocks_options *o, struct kv **kv, struct why *why)
{
	struct rocks *r = rocks_new(o);
	int ret = datadir_open(&r->dir, o->path, o->read_only, why);

	if (ret == 0 && o->log_dir)
		ret = datadir_make(o->log_dir, why);
	if (ret == 0)
		ret = open_with_options(r, o, why);
	if (ret) {
		rocks_free(r);
		return ret;
	}
	*kv = &r->kv;
	ret = datadir_made(&r->dir, why);
	if (ret)
		kv_close(kv);
	return ret;
}
