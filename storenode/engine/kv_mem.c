/* SPDX-License-Identifier: Apache-2.0 */
/* kv_mem.c - the engine in memory, with a disk that can fail and forget.
 *
 * Each key has its versions, newest first, each with the sequence number of its batch. A reader
 * takes the newest version that is not above its snapshot. Old versions are kept while a
 * snapshot or a crash could need them: what a crash may take back is everything above the
 * `durable` number, so that too counts as a snapshot. Garbage waits in a queue by age and is
 * swept with the next write, never while an iterator is open (an iterator may then point
 * straight at nodes).
 *
 * What a failed write leaves is held back until the crash decides, as on a real disk. */
#include "engine/kv_impl.h"
#include "engine/skip.h"

#include "base/buf.h"
#include "base/list.h"

#include <pthread.h>
#include <stdlib.h>

struct version {
	struct blob blob; /* one reference is the chain's */
	struct version *older;
	uint64_t seq;
	bool dead;   /* deleted here */
	bool logged; /* in the write-ahead log */
};

struct node {
	struct skip_node skip;
	struct skip *cf;
	struct version *newest;
	struct list garbage; /* in mem.garbage while old versions may wait */
	uint64_t garbage_since;
};

struct kv_snap {
	struct list list;
	uint64_t seq;
};

struct mem {
	struct kv kv;
	pthread_mutex_t lock;
	struct skip cf[KV_FAMILIES];
	uint64_t seq;       /* of the last batch */
	uint64_t durable;   /* a crash takes nothing back at or below this */
	uint64_t nolog;     /* the first unlogged batch since the last flush, or 0 */
	uint64_t *unsynced; /* numbers of the logged batches above durable */
	size_t unsynced_n, unsynced_cap;
	struct list snaps;   /* by seq */
	struct list garbage; /* nodes */
	unsigned iters;
	uint64_t live;
	unsigned fail_write, fail_sync;
	struct buf
		failed; /* the batch whose write failed: only a crash tells whether it is there */
	struct kv_space space;
};

struct mem_batch {
	struct kv_batch batch;
	struct buf ops;
};

struct mem_iter {
	struct kv_iter it;
	struct mem *m;
	struct skip *cf;
	struct skip_node *at;
	uint64_t seq;
};

enum op { OP_PUT, OP_DEL, OP_DEL_RANGE };

struct op_head { /* key (or from) and value (or to) follow */
	uint32_t op, cf, key_n, value_n;
};

static struct mem *mem_of(struct kv *kv)
{
	return container_of(kv, struct mem, kv);
}

static struct mem *lock(struct kv *kv)
{
	struct mem *m = mem_of(kv);

	pthread_mutex_lock(&m->lock);
	return m;
}

static void unlock(struct mem *m)
{
	pthread_mutex_unlock(&m->lock);
}

/* ---- versions */

static struct version *version_of(const struct blob *blob)
{
	return container_of(blob, struct version, blob);
}

static void version_release(struct blob *blob)
{
	free(version_of(blob));
}

static struct version *version_new(struct bytes value)
{
	struct version *v = xmalloc(sizeof(*v) + value.n);

	*v = (struct version){ .blob = { .b = bytes_of(v + 1, value.n),
					 .release = version_release } };
	atomic_init(&v->blob.refs, 1);
	if (value.n)
		memcpy(v + 1, value.p, value.n);
	return v;
}

static void version_drop(struct mem *m, struct version *v)
{
	struct blob *blob = &v->blob;

	m->live -= blob->b.n;
	blob_unref(&blob);
}

static const struct version *visible(const struct skip_node *n, uint64_t seq)
{
	const struct version *v = container_of(n, struct node, skip)->newest;

	while (v && v->seq > seq)
		v = v->older;
	return v && !v->dead ? v : NULL;
}

static void chain_drop(struct mem *m, struct version *v)
{
	while (v) {
		struct version *older = v->older;

		version_drop(m, v);
		v = older;
	}
}

/* ---- nodes */

static struct node *node_new(struct mem *m, struct skip *cf, struct bytes key)
{
	unsigned height = skip_height(cf);
	size_t links = height * sizeof(struct skip_node *);
	struct node *n = xmalloc(sizeof(*n) + links + key.n);
	uint8_t *own = (uint8_t *)(n + 1) + links;

	*n = (struct node){ .skip = { .key = bytes_of(own, key.n),
				      .next = (struct skip_node **)(n + 1),
				      .height = height },
			    .cf = cf };
	if (key.n)
		memcpy(own, key.p, key.n);
	list_init(&n->garbage);
	m->live += key.n;
	return n;
}

static void node_free(struct mem *m, struct node *n)
{
	list_del(&n->garbage);
	chain_drop(m, n->newest);
	m->live -= n->skip.key.n;
	free(n);
}

static void node_remove(struct mem *m, struct node *n)
{
	skip_remove(n->cf, &n->skip);
	node_free(m, n);
}

static struct node *node_find(struct mem *m, struct skip *cf, struct bytes key, bool make)
{
	struct skip_path path;
	struct skip_node *found = skip_seek(cf, key, &path);
	struct node *n;

	if (found && bytes_eq(found->key, key))
		return container_of(found, struct node, skip);
	if (!make)
		return NULL;
	n = node_new(m, cf, key);
	skip_add(cf, &path, &n->skip);
	return n;
}

static void node_write(struct mem *m, struct node *n, struct version *v, bool logged)
{
	v->seq = m->seq;
	v->logged = logged;
	v->older = n->newest;
	n->newest = v;
	m->live += v->blob.b.n;
	if ((v->older || v->dead) && list_empty(&n->garbage)) {
		n->garbage_since = v->seq;
		list_add(&m->garbage, &n->garbage);
	}
}

/* ---- garbage */

static uint64_t oldest_needed(const struct mem *m)
{
	struct list *first = list_first(&m->snaps);
	uint64_t seq = m->durable;

	if (m->nolog)
		seq = MIN(seq, m->nolog - 1);
	if (first)
		seq = MIN(seq, list_entry(first, struct kv_snap, list)->seq);
	return seq;
}

/* Drops what nobody at or above `seq` can see. */
static void node_prune(struct mem *m, struct node *n, uint64_t seq)
{
	struct version *v = n->newest;

	while (v && v->seq > seq)
		v = v->older;
	if (!v)
		return;
	chain_drop(m, v->older);
	v->older = NULL;
	if (n->newest == v && v->dead)
		node_remove(m, n);
	else if (n->newest != v) {
		n->garbage_since = n->newest->seq;
		list_add(&m->garbage, &n->garbage);
	}
}

static void sweep(struct mem *m)
{
	uint64_t seq = oldest_needed(m);
	struct list *first;

	while (!m->iters && (first = list_first(&m->garbage))) {
		struct node *n = list_entry(first, struct node, garbage);

		if (n->garbage_since > seq)
			break;
		list_del(&n->garbage);
		node_prune(m, n, seq);
	}
}

/* ---- batches */

static struct mem_batch *batch_of(struct kv_batch *b)
{
	return container_of(b, struct mem_batch, batch);
}

static struct kv_batch *mem_batch_new(struct kv *kv)
{
	(void)kv;
	return &xnew(struct mem_batch)->batch;
}

static void mem_batch_free(struct kv_batch *b)
{
	buf_release(&batch_of(b)->ops);
	free(batch_of(b));
}

static void mem_batch_clear(struct kv_batch *b)
{
	buf_clear(&batch_of(b)->ops);
}

static void add_op(struct kv_batch *b, enum op op, enum kv_cf cf, struct bytes key, struct bytes v1,
		   struct bytes v2)
{
	struct buf *ops = &batch_of(b)->ops;
	struct op_head head = { op, cf, (uint32_t)key.n, (uint32_t)(v1.n + v2.n) };

	buf_put(ops, &head, sizeof(head));
	buf_put_bytes(ops, key);
	buf_put_bytes(ops, v1);
	buf_put_bytes(ops, v2);
}

static void mem_put(struct kv_batch *b, enum kv_cf cf, struct bytes key, struct bytes v1,
		    struct bytes v2)
{
	add_op(b, OP_PUT, cf, key, v1, v2);
}

static void mem_del(struct kv_batch *b, enum kv_cf cf, struct bytes key)
{
	add_op(b, OP_DEL, cf, key, BYTES_NONE, BYTES_NONE);
}

static void mem_del_range(struct kv_batch *b, enum kv_cf cf, struct bytes from, struct bytes to)
{
	add_op(b, OP_DEL_RANGE, cf, from, to, BYTES_NONE);
}

/* ---- writing */

static void bury(struct mem *m, struct node *n, bool logged)
{
	struct version *v;

	if (!n || n->newest->dead)
		return;
	v = version_new(BYTES_NONE);
	v->dead = true;
	node_write(m, n, v, logged);
}

static void bury_range(struct mem *m, struct skip *cf, struct bytes from, struct bytes to,
		       bool logged)
{
	struct skip_node *n = skip_seek(cf, from, NULL);

	for (; n && bytes_cmp(n->key, to) < 0; n = skip_next(n))
		bury(m, container_of(n, struct node, skip), logged);
}

static void apply(struct mem *m, struct bytes ops, bool logged)
{
	m->seq++;
	while (ops.n) {
		struct op_head head;
		struct bytes key, value;
		struct skip *cf;

		memcpy(&head, ops.p, sizeof(head));
		key = bytes_slice(ops, sizeof(head), head.key_n);
		value = bytes_slice(ops, sizeof(head) + head.key_n, head.value_n);
		ops = bytes_skip(ops, sizeof(head) + head.key_n + head.value_n);
		cf = &m->cf[head.cf];
		if (head.op == OP_PUT)
			node_write(m, node_find(m, cf, key, true), version_new(value), logged);
		else if (head.op == OP_DEL)
			bury(m, node_find(m, cf, key, false), logged);
		else
			bury_range(m, cf, key, value, logged);
	}
}

static void note_unsynced(struct mem *m)
{
	if (m->unsynced_n == m->unsynced_cap) {
		m->unsynced_cap = MAX(64, m->unsynced_cap * 2);
		m->unsynced = xrealloc(m->unsynced, m->unsynced_cap * sizeof(*m->unsynced));
	}
	m->unsynced[m->unsynced_n++] = m->seq;
}

static bool strikes(unsigned *countdown)
{
	return *countdown && --*countdown == 0;
}

static int mem_write(struct kv *kv, struct kv_batch *b, bool logged)
{
	struct bytes ops = buf_bytes(&batch_of(b)->ops);
	struct mem *m = lock(kv);
	int ret = 0;

	if (strikes(&m->fail_write)) {
		if (logged)
			buf_put_bytes(&m->failed, ops);
		ret = -ERR_IO;
	} else {
		apply(m, ops, logged);
		if (logged)
			note_unsynced(m);
		else if (!m->nolog)
			m->nolog = m->seq;
		sweep(m);
	}
	unlock(m);
	return ret;
}

static int make_durable(struct kv *kv, bool flush)
{
	struct mem *m = lock(kv);
	int ret = 0;

	if (strikes(&m->fail_sync)) {
		ret = -ERR_IO;
	} else {
		m->durable = m->seq;
		m->unsynced_n = 0;
		if (flush)
			m->nolog = 0;
		sweep(m);
	}
	unlock(m);
	return ret;
}

static int mem_sync(struct kv *kv)
{
	return make_durable(kv, false);
}

static int mem_flush(struct kv *kv)
{
	return make_durable(kv, true);
}

static uint64_t mem_seq(struct kv *kv)
{
	struct mem *m = lock(kv);
	uint64_t seq = m->seq;

	unlock(m);
	return seq;
}

/* ---- reading */

static struct kv_snap *mem_snap_new(struct kv *kv)
{
	struct kv_snap *s = xnew(struct kv_snap);
	struct mem *m = lock(kv);

	s->seq = m->seq;
	list_add(&m->snaps, &s->list);
	unlock(m);
	return s;
}

static void mem_snap_free(struct kv *kv, struct kv_snap *s)
{
	struct mem *m = lock(kv);

	list_del(&s->list);
	unlock(m);
	free(s);
}

static int mem_get(struct kv *kv, const struct kv_snap *snap, enum kv_cf cf, struct bytes key,
		   struct blob **value)
{
	struct mem *m = lock(kv);
	struct node *n = node_find(m, &m->cf[cf], key, false);
	const struct version *v = n ? visible(&n->skip, snap ? snap->seq : m->seq) : NULL;

	if (v)
		*value = blob_ref((struct blob *)&v->blob);
	unlock(m);
	return 0;
}

static struct mem_iter *iter_of(struct kv_iter *it)
{
	return container_of(it, struct mem_iter, it);
}

static struct kv_iter *mem_iter_new(struct kv *kv, const struct kv_snap *snap, enum kv_cf cf,
				    struct bytes from, struct bytes to)
{
	struct mem_iter *it = xnew(struct mem_iter);
	struct mem *m = lock(kv);

	(void)from;
	(void)to;
	it->m = m;
	it->cf = &m->cf[cf];
	it->seq = snap ? snap->seq : m->seq;
	m->iters++;
	unlock(m);
	return &it->it;
}

static void mem_iter_free(struct kv_iter *it)
{
	struct mem *m = lock(&iter_of(it)->m->kv);

	m->iters--;
	unlock(m);
	free(iter_of(it));
}

/* Onwards, or backwards, to the next node with something to see. */
static bool settle(struct mem_iter *it, struct skip_node *n, bool back)
{
	const struct version *v = NULL;

	while (n && !(v = visible(n, it->seq)))
		n = back ? skip_prev(it->cf, n) : skip_next(n);
	if (!n || (it->it.to.n && bytes_cmp(n->key, it->it.to) >= 0))
		return false;
	it->at = n;
	it->it.key = n->key;
	it->it.value = v->blob.b;
	return true;
}

static bool mem_iter_seek(struct kv_iter *base, struct bytes key)
{
	struct mem_iter *it = iter_of(base);
	struct mem *m = lock(&it->m->kv);
	bool found = settle(it, skip_seek(it->cf, key, NULL), false);

	unlock(m);
	return found;
}

static bool mem_iter_last(struct kv_iter *base)
{
	struct mem_iter *it = iter_of(base);
	struct mem *m = lock(&it->m->kv);
	bool found = settle(it, skip_below(it->cf, base->to), true);

	unlock(m);
	return found;
}

static bool mem_iter_next(struct kv_iter *base)
{
	struct mem_iter *it = iter_of(base);
	struct mem *m = lock(&it->m->kv);
	bool found = settle(it, skip_next(it->at), false);

	unlock(m);
	return found;
}

static bool mem_iter_prev(struct kv_iter *base)
{
	struct mem_iter *it = iter_of(base);
	struct mem *m = lock(&it->m->kv);
	bool found = settle(it, skip_prev(it->cf, it->at), true);

	unlock(m);
	return found;
}

/* ---- sizes */

static int mem_space(struct kv *kv, struct kv_space *s)
{
	struct mem *m = lock(kv);

	*s = m->space;
	s->live = m->live;
	unlock(m);
	return 0;
}

static int mem_size(struct kv *kv, enum kv_cf cf, struct bytes from, struct bytes to,
		    uint64_t *bytes)
{
	struct mem *m = lock(kv);
	struct skip_node *n = skip_seek(&m->cf[cf], from, NULL);

	for (; n && (!to.n || bytes_cmp(n->key, to) < 0); n = skip_next(n)) {
		const struct version *v = visible(n, m->seq);

		if (v)
			*bytes += n->key.n + v->blob.b.n;
	}
	unlock(m);
	return 0;
}

static int mem_compact(struct kv *kv, enum kv_cf cf, struct bytes from, struct bytes to)
{
	struct mem *m = lock(kv);

	(void)cf;
	(void)from;
	(void)to;
	sweep(m);
	unlock(m);
	return 0;
}

/* ---- life */

static void mem_close(struct kv *kv)
{
	struct mem *m = mem_of(kv);

	INVARIANT(list_empty(&m->snaps) && !m->iters);
	for (size_t i = 0; i < KV_FAMILIES; i++) {
		struct skip_node *n = skip_first(&m->cf[i]);

		while (n) {
			struct skip_node *next = skip_next(n);

			node_free(m, container_of(n, struct node, skip));
			n = next;
		}
	}
	INVARIANT(m->live == 0);
	pthread_mutex_destroy(&m->lock);
	buf_release(&m->failed);
	free(m->unsynced);
	free(m);
}

static const struct kv_ops mem_ops = {
	.close = mem_close,
	.batch_new = mem_batch_new,
	.batch_free = mem_batch_free,
	.batch_clear = mem_batch_clear,
	.put = mem_put,
	.del = mem_del,
	.del_range = mem_del_range,
	.write = mem_write,
	.sync = mem_sync,
	.flush = mem_flush,
	.seq = mem_seq,
	.snap_new = mem_snap_new,
	.snap_free = mem_snap_free,
	.get = mem_get,
	.iter_new = mem_iter_new,
	.iter_free = mem_iter_free,
	.iter_seek = mem_iter_seek,
	.iter_last = mem_iter_last,
	.iter_next = mem_iter_next,
	.iter_prev = mem_iter_prev,
	.space = mem_space,
	.size = mem_size,
	.compact = mem_compact,
};

struct kv *kv_mem_new(void)
{
	struct mem *m = xnew(struct mem);

	m->kv.ops = &mem_ops;
	pthread_mutex_init(&m->lock, NULL);
	for (size_t i = 0; i < KV_FAMILIES; i++)
		skip_init(&m->cf[i]);
	list_init(&m->snaps);
	list_init(&m->garbage);
	m->space = (struct kv_space){ .free = GIB(900), .total = GIB(1000) };
	return &m->kv;
}

/* ---- what tests do to it */

void kv_mem_fail(struct kv *kv, unsigned nth_write)
{
	struct mem *m = lock(kv);

	m->fail_write = nth_write;
	unlock(m);
}

void kv_mem_fail_sync(struct kv *kv, unsigned nth_sync)
{
	struct mem *m = lock(kv);

	m->fail_sync = nth_sync;
	unlock(m);
}

void kv_mem_set_space(struct kv *kv, uint64_t free_bytes, uint64_t total)
{
	struct mem *m = lock(kv);

	m->space = (struct kv_space){ .free = free_bytes, .total = total };
	unlock(m);
}

size_t kv_mem_unsynced(struct kv *kv)
{
	struct mem *m = lock(kv);
	size_t n = m->unsynced_n + (m->failed.n ? 1 : 0);

	unlock(m);
	return n;
}

/* Logged batches up to `kept` stay, unlogged ones only if they have been flushed. */
static bool lost(const struct mem *m, const struct version *v, uint64_t kept)
{
	return v->logged ? v->seq > kept : m->nolog && v->seq >= m->nolog;
}

/* Takes back the versions of one key that the crash lost; nothing left, no node. */
static void node_crash(struct mem *m, struct node *n, uint64_t kept)
{
	struct version **at = &n->newest;

	while (*at) {
		struct version *v = *at;

		if (lost(m, v, kept)) {
			*at = v->older;
			version_drop(m, v);
		} else {
			at = &v->older;
		}
	}
	if (!n->newest)
		node_remove(m, n);
}

void kv_mem_crash(struct kv *kv, size_t keep)
{
	struct mem *m = lock(kv);
	size_t n = MIN(keep, m->unsynced_n);
	uint64_t kept = n ? m->unsynced[n - 1] : m->durable;

	INVARIANT(list_empty(&m->snaps) && !m->iters);
	for (size_t i = 0; i < KV_FAMILIES; i++) {
		struct skip_node *at = skip_first(&m->cf[i]);

		while (at) {
			struct node *node = container_of(at, struct node, skip);

			at = skip_next(at);
			node_crash(m, node, kept);
		}
	}
	m->seq = MAX(kept, m->durable);
	if (keep > m->unsynced_n && m->failed.n)
		apply(m, buf_bytes(&m->failed), true);
	m->durable = m->seq;
	m->unsynced_n = 0;
	m->nolog = 0;
	m->fail_write = m->fail_sync = 0;
	buf_clear(&m->failed);
	atomic_store(&kv->failed, 0);
	sweep(m);
	unlock(m);
}

static struct version *copy_chain(struct mem *to, const struct version *v)
{
	struct version *first = NULL, **at = &first;

	for (; v; v = v->older) {
		struct version *copy = version_new(v->blob.b);

		copy->seq = v->seq;
		copy->dead = v->dead;
		copy->logged = v->logged;
		to->live += v->blob.b.n;
		*at = copy;
		at = &copy->older;
	}
	return first;
}

static void copy_family(struct mem *to, struct skip *cf, const struct skip *from)
{
	struct skip_node *n;

	for (n = skip_first(from); n; n = skip_next(n)) {
		struct node *copy = node_find(to, cf, n->key, true);

		copy->newest = copy_chain(to, container_of(n, struct node, skip)->newest);
		if (copy->newest->older || copy->newest->dead) {
			copy->garbage_since = copy->newest->seq;
			list_add(&to->garbage, &copy->garbage);
		}
	}
}

struct kv *kv_mem_clone(struct kv *kv)
{
	struct mem *from = lock(kv), *to = mem_of(kv_mem_new());

	for (size_t i = 0; i < KV_FAMILIES; i++)
		copy_family(to, &to->cf[i], &from->cf[i]);
	to->seq = from->seq;
	to->durable = from->durable;
	to->nolog = from->nolog;
	for (size_t i = 0; i < from->unsynced_n; i++) {
		to->seq = from->unsynced[i];
		note_unsynced(to);
	}
	to->seq = from->seq;
	to->space = from->space;
	buf_put_bytes(&to->failed, buf_bytes(&from->failed));
	unlock(from);
	return &to->kv;
}
