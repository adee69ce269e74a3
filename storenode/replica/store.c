/* SPDX-License-Identifier: Apache-2.0 */
#include "replica/store.h"
#include "replica/view.h"

#include <stdlib.h>

#define VERSION 1
#define SPACE 'R' /* our part of KV_META */
#define BODY_INDEX (UINT64_C(1) << 63)

/* ---- keys */

void store_key(struct key *k, char kind)
{
	key_start(k, SPACE);
	key_u8(k, (uint8_t)kind);
}

void store_shard_key(struct key *k, char kind, uint32_t shard)
{
	store_key(k, kind);
	key_u32(k, shard);
}

void store_log_key(struct key *k, uint32_t shard, uint64_t index)
{
	key_clear(k);
	key_u32(k, shard);
	key_u64(k, index);
}

void store_chunk_key(struct key *k, uint32_t shard, uint64_t index, uint64_t term)
{
	store_log_key(k, shard, index);
	key_u64(k, term);
}

void store_body_key(struct key *k, uint32_t shard, uint64_t index, uint64_t term)
{
	store_chunk_key(k, shard, BODY_INDEX | index, term);
}

void store_reclaim_key(struct key *k, uint32_t shard, uint64_t index, uint64_t term)
{
	store_shard_key(k, 'r', shard);
	key_u64(k, index);
	key_u64(k, term);
}

void store_shard_range(struct key *from, struct key *to, uint32_t shard)
{
	key_clear(from);
	key_u32(from, shard);
	key_clear(to);
	key_u32(to, shard + 1);
}

/* ---- values */

static bool take_version(struct bytes *b)
{
	uint8_t v;

	return get_u8(b, &v) && v == VERSION;
}

void store_meta_pack(const struct store_meta *m, struct buf *out)
{
	buf_putc(out, VERSION);
	buf_u64be(out, m->replica);
	buf_u64be(out, m->term);
	buf_u64be(out, m->vote);
	buf_putc(out, (uint8_t)(m->lost | m->fenced << 1));
}

bool store_meta_unpack(struct bytes b, struct store_meta *m)
{
	uint8_t flags;

	if (!take_version(&b) || !get_u64be(&b, &m->replica) || !get_u64be(&b, &m->term) ||
	    !get_u64be(&b, &m->vote) || !get_u8(&b, &flags) || b.n)
		return false;
	m->lost = flags & 1;
	m->fenced = flags & 2;
	return true;
}

void store_applied_pack(const struct store_applied *a, struct buf *out)
{
	buf_putc(out, VERSION);
	buf_u64be(out, a->incarnation);
	buf_u64be(out, a->index);
	buf_u64be(out, a->term);
	buf_u64be(out, a->chain);
	buf_u64be(out, a->log_ms);
	buf_u64be(out, a->state.hash.lo);
	buf_u64be(out, a->state.hash.hi);
	buf_u64be(out, a->state.rows);
}

bool store_applied_unpack(struct bytes b, struct store_applied *a)
{
	return take_version(&b) && get_u64be(&b, &a->incarnation) && get_u64be(&b, &a->index) &&
	       get_u64be(&b, &a->term) && get_u64be(&b, &a->chain) && get_u64be(&b, &a->log_ms) &&
	       get_u64be(&b, &a->state.hash.lo) && get_u64be(&b, &a->state.hash.hi) &&
	       get_u64be(&b, &a->state.rows) && b.n == 0;
}

void store_conf_pack(const struct store_conf *c, struct buf *out)
{
	buf_putc(out, VERSION);
	buf_u64be(out, c->index);
	conf_pack(&c->conf, out);
}

bool store_conf_unpack(struct bytes b, struct store_conf *c)
{
	return take_version(&b) && get_u64be(&b, &c->index) && conf_unpack(b, &c->conf);
}

void store_peer_pack(const struct store_peer *p, struct buf *out)
{
	buf_putc(out, VERSION);
	buf_u64be(out, p->disk);
	buf_u64be(out, p->start_count);
	buf_u64be(out, p->nonce);
	buf_u64be(out, p->synced);
	buf_u64be(out, p->synced_before);
	for (unsigned i = 0; i < ARRAY_LEN(p->retired); i++)
		buf_u64be(out, p->retired[i]);
}

bool store_peer_unpack(struct bytes b, struct store_peer *p)
{
	if (!take_version(&b) || !get_u64be(&b, &p->disk) || !get_u64be(&b, &p->start_count) ||
	    !get_u64be(&b, &p->nonce) || !get_u64be(&b, &p->synced) ||
	    !get_u64be(&b, &p->synced_before))
		return false;
	for (unsigned i = 0; i < ARRAY_LEN(p->retired); i++)
		if (!get_u64be(&b, &p->retired[i]))
			return false;
	return b.n == 0;
}

/* ---- loading */

int store_get(struct kv *kv, const struct kv_snap *snap, const struct key *k, struct blob **v)
{
	return kv_get(kv, snap, KV_META, key_bytes(k), v);
}

static int damaged(struct why *why, uint32_t shard, const char *what)
{
	return why_set(why, ERR_CORRUPT, "shard %u: %s is damaged", shard, what);
}

static int load_meta(struct kv *kv, const struct kv_snap *snap, struct store_replica *r,
		     struct why *why)
{
	struct blob *v;
	struct key k;
	int ret;

	store_shard_key(&k, 'm', r->shard);
	ret = store_get(kv, snap, &k, &v);
	if (ret || !v)
		return ret ? ret : -ERR_NOTFOUND;
	if (!store_meta_unpack(v->b, &r->meta))
		ret = damaged(why, r->shard, "the record of term and vote");
	blob_unref(&v);
	return ret;
}

static int load_applied(struct kv *kv, const struct kv_snap *snap, uint32_t shard,
			struct store_applied *a, struct why *why)
{
	struct blob *v;
	struct key k;
	int ret;

	store_shard_key(&k, 'a', shard);
	ret = store_get(kv, snap, &k, &v);
	if (ret || !v)
		return ret ? ret : -ERR_NOTFOUND;
	if (!store_applied_unpack(v->b, a))
		ret = damaged(why, shard, "the applied index");
	blob_unref(&v);
	return ret;
}

static int load_conf(struct kv *kv, const struct kv_snap *snap, struct store_replica *r,
		     struct why *why)
{
	struct blob *v;
	struct key k;
	int ret;

	store_shard_key(&k, 'c', r->shard);
	ret = store_get(kv, snap, &k, &v);
	if (ret || !v)
		return ret; /* none yet: a new replica */
	if (!store_conf_unpack(v->b, &r->conf))
		ret = damaged(why, r->shard, "the configuration");
	blob_unref(&v);
	return ret;
}

static void add_run(struct store_replica *r, uint64_t term)
{
	if (r->n_runs && r->runs[r->n_runs - 1].term == term) {
		r->runs[r->n_runs - 1].n++;
		return;
	}
	r->runs = xrealloc(r->runs, (r->n_runs + 1) * sizeof(*r->runs));
	r->runs[r->n_runs++] = (struct store_run){ term, 1 };
}

static void add_tail(struct store_replica *r, struct entry *e)
{
	if ((r->n_tail & (r->n_tail - 1)) == 0)
		r->tail = xrealloc(r->tail, (r->n_tail ? r->n_tail * 2 : 1) * sizeof(*r->tail));
	r->tail[r->n_tail++] = e;
}

/* One log row: it must follow the one before, in index and in checksum. */
static bool add_row(struct store_replica *r, struct bytes key, struct bytes value, uint64_t *chain)
{
	struct bytes k = bytes_skip(key, 4);
	uint64_t index = 0;
	struct entry *e;

	if (!get_u64be(&k, &index) || !(e = entry_unpack(index, value)))
		return false;
	if (r->n_runs == 0) {
		r->first = index;
	} else if (index != r->last + 1 || e->prev != *chain) {
		entry_unref(&e);
		return false;
	}
	r->last = index;
	*chain = e->chain;
	r->body_bytes += e->body_n;
	add_run(r, e->term);
	if (index == r->applied.index && e->chain != r->applied.chain) {
		entry_unref(&e);
		return false;
	}
	if (index > r->applied.index)
		add_tail(r, e);
	else
		entry_unref(&e);
	return true;
}

static int load_log(struct kv *kv, const struct kv_snap *snap, struct store_replica *r,
		    struct why *why)
{
	struct key from, to;
	struct bytes key, value;
	struct kv_iter *it;
	uint64_t chain = 0;
	int ret = 0;

	store_log_key(&from, r->shard, 0);
	store_log_key(&to, r->shard, BODY_INDEX);
	it = kv_iter_new(kv, snap, KV_LOG, key_bytes(&from), key_bytes(&to));
	while (ret == 0 && kv_iter_next(it, &key, &value))
		if (!add_row(r, key, value, &chain))
			ret = damaged(why, r->shard, "the log");
	if (ret == 0)
		ret = kv_iter_error(it);
	kv_iter_free(&it);
	if (ret == 0 && r->n_runs == 0) {
		r->first = r->applied.index + 1;
		r->last = r->applied.index;
	}
	/* Rows are written after the entries they come from and into the same write-ahead
	 * log, so no crash can leave more applied than logged. */
	if (ret == 0 && (r->first > r->applied.index + 1 || r->last < r->applied.index))
		ret = damaged(why, r->shard, "the log's end");
	return ret;
}

int store_load(struct kv *kv, const struct kv_snap *snap, uint32_t shard, struct store_replica *r,
	       struct why *why)
{
	int ret;

	*r = (struct store_replica){ .shard = shard };
	ret = load_meta(kv, snap, r, why);
	if (ret == 0)
		ret = load_applied(kv, snap, shard, &r->applied, why);
	if (ret == 0)
		ret = load_conf(kv, snap, r, why);
	if (ret == 0)
		ret = load_log(kv, snap, r, why);
	if (ret)
		store_replica_release(r);
	return ret;
}

void store_replica_release(struct store_replica *r)
{
	for (size_t i = 0; i < r->n_tail; i++)
		entry_unref(&r->tail[i]);
	free(r->tail);
	free(r->runs);
	r->tail = NULL;
	r->runs = NULL;
	r->n_tail = r->n_runs = 0;
}

/* ---- for readers (view.h) */

int host_view(struct kv *kv, const struct kv_snap *snap, uint32_t shard, struct host_view *v)
{
	struct store_applied a;
	int ret = load_applied(kv, snap, shard, &a, NULL);

	if (ret)
		return ret;
	*v = (struct host_view){ .incarnation = a.incarnation,
				 .applied = a.index,
				 .term = a.term,
				 .log_ms = a.log_ms,
				 .state = a.state };
	return 0;
}

int host_chunk_get(struct kv *kv, const struct kv_snap *snap, uint32_t shard, uint64_t index,
		   uint64_t term, struct blob **body)
{
	struct key k;

	store_chunk_key(&k, shard, index, term);
	return kv_get(kv, snap, KV_CHUNKS, key_bytes(&k), body);
}
