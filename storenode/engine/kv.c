/* SPDX-License-Identifier: Apache-2.0 */
/* kv.c - the face of both engines: the rules of kv.h that do not depend on where things lie. */
#include "engine/kv_impl.h"

#include "base/clock.h"
#include "base/metric.h"

#include <stdlib.h>

void kv_close(struct kv **kv)
{
	if (*kv)
		(*kv)->ops->close(*kv);
	*kv = NULL;
}

/* ---- batches */

struct kv_batch *kv_batch_new(struct kv *kv)
{
	struct kv_batch *b = kv->ops->batch_new(kv);

	b->ops = kv->ops;
	return b;
}

void kv_batch_free(struct kv_batch **b)
{
	if (*b)
		(*b)->ops->batch_free(*b);
	*b = NULL;
}

void kv_batch_clear(struct kv_batch *b)
{
	b->ops->batch_clear(b);
	b->bytes = b->count = 0;
}

size_t kv_batch_bytes(const struct kv_batch *b)
{
	return b->bytes;
}

bool kv_batch_empty(const struct kv_batch *b)
{
	return b->count == 0;
}

static void count(struct kv_batch *b, enum kv_cf cf, size_t bytes)
{
	INVARIANT(cf < KV_FAMILIES);
	b->count++;
	b->bytes += bytes;
}

void kv_batch_put2(struct kv_batch *b, enum kv_cf cf, struct bytes key, struct bytes v1,
		   struct bytes v2)
{
	INVARIANT(key.n <= UINT16_MAX && v1.n <= INT32_MAX && v2.n <= INT32_MAX - v1.n);
	count(b, cf, key.n + v1.n + v2.n);
	b->ops->put(b, cf, key, v1, v2);
}

void kv_batch_put(struct kv_batch *b, enum kv_cf cf, struct bytes key, struct bytes value)
{
	kv_batch_put2(b, cf, key, value, BYTES_NONE);
}

void kv_batch_del(struct kv_batch *b, enum kv_cf cf, struct bytes key)
{
	count(b, cf, key.n);
	b->ops->del(b, cf, key);
}

void kv_batch_del_range(struct kv_batch *b, enum kv_cf cf, struct bytes from, struct bytes to)
{
	INVARIANT(to.n > 0);
	if (bytes_cmp(from, to) >= 0)
		return;
	count(b, cf, from.n + to.n);
	b->ops->del_range(b, cf, from, to);
}

/* ---- writing */

/* Remembers the first error: an engine that would go on after one (RocksDB does after a full
 * disk) is not let, for nobody knows what became of what it was given. */
static int latch(struct kv *kv, int ret)
{
	int none = 0;

	if (ret)
		atomic_compare_exchange_strong(&kv->failed, &none, ret);
	return ret;
}

static int write_batch(struct kv *kv, struct kv_batch *b, bool logged)
{
	int ret = atomic_load(&kv->failed);

	INVARIANT(b->ops == kv->ops && !kv->read_only);
	if (ret || kv_batch_empty(b))
		return ret;
	pthread_mutex_lock(&kv->writing);
	ret = latch(kv, kv->ops->write(kv, b, logged));
	pthread_mutex_unlock(&kv->writing);
	metric_add(M_written_bytes_total, (int64_t)b->bytes);
	metric_inc(M_engine_batches_total);
	metric_add(M_engine_writes_total, (int64_t)b->count);
	return ret;
}

int kv_write(struct kv *kv, struct kv_batch *b)
{
	return write_batch(kv, b, true);
}

int kv_write_nolog(struct kv *kv, struct kv_batch *b)
{
	return write_batch(kv, b, false);
}

int kv_sync(struct kv *kv)
{
	int ret = atomic_load(&kv->failed);
	uint64_t start = clock_us();

	INVARIANT(!kv->read_only);
	ret = ret ? ret : latch(kv, kv->ops->sync(kv));
	metric_inc(M_log_syncs_total);
	metric_time(M_log_sync_us, clock_us() - start);
	return ret;
}

int kv_flush(struct kv *kv)
{
	int ret = atomic_load(&kv->failed);

	INVARIANT(!kv->read_only);
	return ret ? ret : latch(kv, kv->ops->flush(kv));
}

uint64_t kv_seq(struct kv *kv)
{
	return kv->ops->seq(kv);
}

/* ---- reading */

struct kv_snap *kv_snap_new(struct kv *kv)
{
	return kv->ops->snap_new(kv);
}

void kv_snap_free(struct kv *kv, struct kv_snap **snap)
{
	if (*snap)
		kv->ops->snap_free(kv, *snap);
	*snap = NULL;
}

int kv_get(struct kv *kv, const struct kv_snap *snap, enum kv_cf cf, struct bytes key,
	   struct blob **value)
{
	INVARIANT(cf < KV_FAMILIES);
	*value = NULL;
	metric_inc(M_engine_gets_total);
	return kv->ops->get(kv, snap, cf, key, value);
}

static bool empty_range(struct bytes from, struct bytes to)
{
	return to.n && bytes_cmp(from, to) >= 0;
}

struct kv_iter *kv_iter_new(struct kv *kv, const struct kv_snap *snap, enum kv_cf cf,
			    struct bytes from, struct bytes to)
{
	uint8_t *own = xmalloc(from.n + to.n);
	struct kv_iter *it;

	INVARIANT(cf < KV_FAMILIES);
	metric_inc(M_engine_scans_total);
	if (from.n)
		memcpy(own, from.p, from.n);
	if (to.n)
		memcpy(own + from.n, to.p, to.n);
	from.p = own;
	to.p = own + from.n;
	it = kv->ops->iter_new(kv, snap, cf, from, to);
	it->ops = kv->ops;
	it->from = from;
	it->to = to;
	it->stand = KV_BEFORE;
	return it;
}

void kv_iter_free(struct kv_iter **it)
{
	uint8_t *own;

	if (!*it)
		return;
	own = (uint8_t *)(*it)->from.p;
	(*it)->ops->iter_free(*it); /* first: RocksDB looks at the bounds to the end */
	free(own);
	*it = NULL;
}

static bool stand_on(struct kv_iter *it, bool found, struct bytes *key, struct bytes *value)
{
	it->stand = found ? KV_ON : KV_END;
	if (found) {
		*key = it->key;
		*value = it->value;
	}
	return found;
}

bool kv_iter_seek(struct kv_iter *it, struct bytes key)
{
	bool found = false;

	if (bytes_cmp(key, it->from) < 0)
		key = it->from;
	if (!empty_range(key, it->to))
		found = it->ops->iter_seek(it, key);
	it->stand = found ? KV_SOUGHT : KV_END;
	return found;
}

bool kv_iter_next(struct kv_iter *it, struct bytes *key, struct bytes *value)
{
	if (it->stand == KV_BEFORE)
		kv_iter_seek(it, it->from);
	if (it->stand == KV_SOUGHT)
		return stand_on(it, true, key, value);
	return it->stand == KV_ON && stand_on(it, it->ops->iter_next(it), key, value);
}

static bool not_below(const struct kv_iter *it, bool found)
{
	return found && bytes_cmp(it->key, it->from) >= 0;
}

bool kv_iter_last(struct kv_iter *it, struct bytes *key, struct bytes *value)
{
	bool found = !empty_range(it->from, it->to) && not_below(it, it->ops->iter_last(it));

	return stand_on(it, found, key, value);
}

bool kv_iter_prev(struct kv_iter *it, struct bytes *key, struct bytes *value)
{
	bool on = it->stand == KV_ON || it->stand == KV_SOUGHT;

	return stand_on(it, on && not_below(it, it->ops->iter_prev(it)), key, value);
}

int kv_iter_error(const struct kv_iter *it)
{
	return it->error;
}

/* ---- sizes */

int kv_space(struct kv *kv, struct kv_space *s)
{
	*s = (struct kv_space){ 0 };
	return kv->ops->space(kv, s);
}

int kv_size(struct kv *kv, enum kv_cf cf, struct bytes from, struct bytes to, uint64_t *bytes)
{
	INVARIANT(cf < KV_FAMILIES);
	*bytes = 0;
	return empty_range(from, to) ? 0 : kv->ops->size(kv, cf, from, to, bytes);
}

int kv_compact(struct kv *kv, enum kv_cf cf, struct bytes from, struct bytes to)
{
	INVARIANT(cf < KV_FAMILIES && !kv->read_only);
	return empty_range(from, to) ? 0 : kv->ops->compact(kv, cf, from, to);
}
