/* SPDX-License-Identifier: Apache-2.0 */
/* rows.c - the overlay between apply and the engine.
 *
 * An edit keeps every row it has touched in one ordered list: what the engine holds of it, read
 * once, and what it is now. So a put knows the row it replaces (the state hash needs that), a
 * second get costs no engine call, and an iteration merges the list with the engine's. Each row
 * changed since the mark has one undo record with what it was; rolling back puts those back and
 * removes no node. All of it lies in one arena that a flush empties.
 *
 * A view has no list: its values lie in the arena until rows_forget. */
#include "engine/rows.h"
#include "engine/keys.h"
#include "engine/skip.h"

#include "base/arena.h"
#include "base/log.h"

#include <stdlib.h>
#include <unistd.h>

struct row_value {
	struct bytes b;
	struct hash128 hash; /* of key and value, when hashed */
	bool there;
	bool hashed;
};

struct row {
	struct skip_node
		skip; /* the key lies behind the prefix: key.p - ROWS_PREFIX is the whole */
	struct row_value now;
	bool stored;   /* the engine has such a row */
	bool dirty;    /* and it may not be this one */
	uint64_t mark; /* changed, and in the undo list, since this mark */
};

struct undo {
	struct undo *next;
	struct row *row;
	struct row_value was;
	bool dirty;
};

struct rows {
	struct kv *kv;
	const struct kv_snap *snap;
	struct rows_state *state; /* NULL: a view */
	uint32_t shard;
	uint8_t prefix[ROWS_PREFIX];
	uint8_t end[ROWS_PREFIX]; /* the least prefix above */
	struct arena mem;
	struct skip list;
	struct undo *undo;
	struct rows_state marked;
	uint64_t mark;
	size_t changed;
	unsigned iters;
	int error;
};

struct rows_iter {
	struct rows *r;
	struct kv_iter *base;
	struct bytes base_key, base_value; /* without the prefix */
	bool base_there;                   /* they are valid */
	bool base_used; /* and have been given out: step first, but not before the next call */
	struct skip_node *at; /* the last of the list that has been passed; NULL: none */
	struct bytes from, to;
};

/* ---- life */

static void prefix_of(uint8_t *p, uint32_t shard, uint64_t incarnation)
{
	struct key k;

	key_clear(&k);
	key_u32(&k, shard);
	key_u64(&k, incarnation);
	memcpy(p, k.p, ROWS_PREFIX);
}

static struct rows *rows_new(struct kv *kv, uint32_t shard, uint64_t incarnation)
{
	struct rows *r = xnew(struct rows);

	INVARIANT(incarnation < UINT64_MAX);
	r->kv = kv;
	r->shard = shard;
	prefix_of(r->prefix, shard, incarnation);
	prefix_of(r->end, shard, incarnation + 1);
	arena_init(&r->mem, 0);
	skip_init(&r->list);
	r->mark = 1;
	return r;
}

struct rows *rows_view(struct kv *kv, const struct kv_snap *snap, uint32_t shard,
		       uint64_t incarnation)
{
	struct rows *r = rows_new(kv, shard, incarnation);

	r->snap = snap;
	return r;
}

struct rows *rows_edit(struct kv *kv, uint32_t shard, uint64_t incarnation,
		       struct rows_state *state)
{
	struct rows *r = rows_new(kv, shard, incarnation);

	r->state = state;
	r->marked = *state;
	return r;
}

void rows_free(struct rows **r)
{
	if (!*r)
		return;
	INVARIANT(!(*r)->iters);
	arena_release(&(*r)->mem);
	free(*r);
	*r = NULL;
}

uint32_t rows_shard(const struct rows *r)
{
	return r->shard;
}

int rows_error(const struct rows *r)
{
	return r->error;
}

/* In apply a row that cannot be read leaves no way on: this replica would differ from the
 * others whatever it did. */
static void note_error(struct rows *r, int error)
{
	r->error = error;
	if (!r->state)
		return;
	log_error(NULL, "rows_unreadable", "shard=%u error=%s", r->shard, err_name(error));
	_exit(EXIT_FAILURE);
}

/* ---- the state hash */

/* The key's length goes first, so that no other pair of key and value has the same bytes. */
static struct hash128 row_hash(struct bytes key, struct bytes value)
{
	struct key k;

	key_clear(&k);
	key_u32(&k, (uint32_t)key.n);
	key_raw(&k, key);
	return hash128_2(key_bytes(&k), value);
}

static struct hash128 value_hash(struct row *row)
{
	if (!row->now.hashed)
		row->now.hash = row_hash(row->skip.key, row->now.b);
	row->now.hashed = true;
	return row->now.hash;
}

static void state_sub(struct rows *r, struct row *row)
{
	if (!row->now.there)
		return;
	hash_set_sub(&r->state->hash, value_hash(row));
	r->state->rows--;
}

static void state_add(struct rows *r, struct row *row)
{
	if (!row->now.there)
		return;
	hash_set_add(&r->state->hash, value_hash(row));
	r->state->rows++;
}

/* ---- the list */

static struct bytes whole_key(const struct row *row)
{
	return bytes_of(row->skip.key.p - ROWS_PREFIX, row->skip.key.n + ROWS_PREFIX);
}

static struct row *row_new(struct rows *r, struct bytes key)
{
	unsigned height = skip_height(&r->list);
	size_t links = height * sizeof(struct skip_node *);
	uint8_t *own = arena_alloc(&r->mem, sizeof(struct row) + links + ROWS_PREFIX + key.n);
	struct row *row = (struct row *)own;

	row->skip.next = (struct skip_node **)(own + sizeof(*row));
	row->skip.height = height;
	own += sizeof(*row) + links;
	memcpy(own, r->prefix, ROWS_PREFIX);
	if (key.n)
		memcpy(own + ROWS_PREFIX, key.p, key.n);
	row->skip.key = bytes_of(own + ROWS_PREFIX, key.n);
	return row;
}

static bool fetch(struct rows *r, struct bytes whole, struct bytes *value)
{
	struct blob *blob = NULL;
	int ret = kv_get(r->kv, r->snap, KV_ROWS, whole, &blob);

	if (ret)
		note_error(r, ret);
	if (!blob)
		return false;
	*value = bytes_dup(&r->mem, blob->b);
	blob_unref(&blob);
	return true;
}

/* The row of a key, read from the engine when it is first asked for, unless it is `fresh`. */
static struct row *row_of(struct rows *r, struct bytes key, bool fresh)
{
	struct skip_path path;
	struct skip_node *n = skip_seek(&r->list, key, &path);
	struct row *row;

	if (n && bytes_eq(n->key, key))
		return container_of(n, struct row, skip);
	row = row_new(r, key);
	row->stored = row->now.there = !fresh && fetch(r, whole_key(row), &row->now.b);
	skip_add(&r->list, &path, &row->skip);
	return row;
}

/* ---- get, put, mark */

static bool view_get(struct rows *r, struct bytes key, struct bytes *value)
{
	struct key k;

	key_clear(&k);
	key_raw(&k, bytes_of(r->prefix, ROWS_PREFIX));
	key_raw(&k, key);
	return fetch(r, key_bytes(&k), value);
}

bool rows_get(struct rows *r, struct bytes key, struct bytes *value)
{
	struct row *row;

	if (!r->state)
		return view_get(r, key, value);
	row = row_of(r, key, false);
	if (row->now.there)
		*value = row->now.b;
	return row->now.there;
}

void rows_forget(struct rows *r)
{
	INVARIANT(!r->state);
	arena_clear(&r->mem);
}

static void note_undo(struct rows *r, struct row *row)
{
	struct undo *u;

	if (row->mark == r->mark)
		return;
	u = arena_new(&r->mem, struct undo);
	u->row = row;
	u->was = row->now;
	u->dirty = row->dirty;
	u->next = r->undo;
	r->undo = u;
	row->mark = r->mark;
	r->changed++;
}

static void row_set(struct rows *r, struct row *row, struct row_value now)
{
	state_sub(r, row); /* before the undo record, which keeps the hash this needs */
	note_undo(r, row);
	row->now = now;
	row->dirty = true;
	state_add(r, row);
}

void rows_fresh(struct rows *r, struct bytes key)
{
#ifdef TERN_FAULTS /* what tests build */
	const struct row *row = row_of(r, key, false);

	INVARIANT(!row->stored || !row->now.there);
#else
	row_of(r, key, true);
#endif
}

void rows_put(struct rows *r, struct bytes key, struct bytes value)
{
	struct row *row;

	INVARIANT(r->state);
	row = row_of(r, key, false);
	if (row->now.there && bytes_eq(row->now.b, value))
		return;
	row_set(r, row, (struct row_value){ .b = bytes_dup(&r->mem, value), .there = true });
}

void rows_del(struct rows *r, struct bytes key)
{
	struct row *row;

	INVARIANT(r->state);
	row = row_of(r, key, false);
	if (row->now.there)
		row_set(r, row, (struct row_value){ .there = false });
}

void rows_mark(struct rows *r)
{
	INVARIANT(r->state);
	r->marked = *r->state;
	r->undo = NULL;
	r->changed = 0;
	r->mark++;
}

void rows_rollback(struct rows *r)
{
	INVARIANT(r->state);
	for (struct undo *u = r->undo; u; u = u->next) {
		u->row->now = u->was;
		u->row->dirty = u->dirty;
	}
	*r->state = r->marked;
	rows_mark(r);
}

size_t rows_changed(const struct rows *r)
{
	return r->changed;
}

static void flush_row(const struct row *row, struct kv_batch *b)
{
	if (row->now.there)
		kv_batch_put(b, KV_ROWS, whole_key(row), row->now.b);
	else if (row->stored)
		kv_batch_del(b, KV_ROWS, whole_key(row));
}

void rows_flush(struct rows *r, struct kv_batch *b)
{
	INVARIANT(r->state && !r->iters);
	for (struct skip_node *n = skip_first(&r->list); n; n = skip_next(n)) {
		const struct row *row = container_of(n, struct row, skip);

		if (row->dirty)
			flush_row(row, b);
	}
	skip_init(&r->list);
	arena_clear(&r->mem);
	rows_mark(r);
}

/* ---- iteration */

static struct kv_iter *base_iter(struct rows *r, struct bytes from, struct bytes to)
{
	struct key low, high;

	key_clear(&low);
	key_raw(&low, bytes_of(r->prefix, ROWS_PREFIX));
	key_raw(&low, from);
	key_clear(&high);
	key_raw(&high, bytes_of(to.n ? r->prefix : r->end, ROWS_PREFIX));
	key_raw(&high, to);
	return kv_iter_new(r->kv, r->snap, KV_ROWS, key_bytes(&low), key_bytes(&high));
}

static struct bytes own_copy(struct bytes b, uint8_t *room)
{
	if (b.n)
		memcpy(room, b.p, b.n);
	return bytes_of(room, b.n);
}

struct rows_iter *rows_iter_new(struct rows *r, struct bytes from, struct bytes to)
{
	struct rows_iter *it = xcalloc(1, sizeof(*it) + from.n + to.n);
	uint8_t *room = (uint8_t *)(it + 1);

	it->r = r;
	it->from = own_copy(from, room);
	it->to = own_copy(to, room + from.n);
	it->base = base_iter(r, from, to);
	it->base_used = true; /* stands before the first */
	it->at = from.n ? skip_below(&r->list, from) : NULL;
	r->iters++;
	return it;
}

void rows_iter_free(struct rows_iter **it)
{
	if (!*it)
		return;
	(*it)->r->iters--;
	kv_iter_free(&(*it)->base);
	free(*it);
	*it = NULL;
}

static void strip(struct bytes *key)
{
	*key = bytes_skip(*key, ROWS_PREFIX);
}

static void base_step(struct rows_iter *it)
{
	it->base_there = kv_iter_next(it->base, &it->base_key, &it->base_value);
	it->base_used = false;
	if (it->base_there)
		strip(&it->base_key);
	else if (kv_iter_error(it->base))
		note_error(it->r, kv_iter_error(it->base));
}

/* The first of the list that has not been passed. Looked for anew on each step, since writes
 * may have put nodes there meanwhile. */
static struct row *list_step(struct rows_iter *it)
{
	struct skip_node *n = it->at ? skip_next(it->at) : skip_first(&it->r->list);

	if (!n || (it->to.n && bytes_cmp(n->key, it->to) >= 0))
		return NULL;
	return container_of(n, struct row, skip);
}

/* Rows written below the one last given out, which was the engine's: too late for them. */
static void pass_late_rows(struct rows_iter *it)
{
	struct row *row;

	while (it->base_used && it->base_there && (row = list_step(it)) &&
	       bytes_cmp(row->skip.key, it->base_key) <= 0)
		it->at = &row->skip;
}

/* Which comes first: < 0 the engine's, 0 both have the key, > 0 the list's. */
static int first_of(const struct rows_iter *it, const struct row *row)
{
	if (!row)
		return -1;
	return it->base_there ? bytes_cmp(it->base_key, row->skip.key) : 1;
}

/* The list's row stands for the engine's of the same key. */
static bool give_row(struct rows_iter *it, struct row *row, struct bytes *key, struct bytes *value)
{
	it->at = &row->skip;
	if (!row->now.there)
		return false;
	*key = row->skip.key;
	*value = row->now.b;
	return true;
}

bool rows_iter_next(struct rows_iter *it, struct bytes *key, struct bytes *value)
{
	pass_late_rows(it);
	for (;;) {
		struct row *row = list_step(it);
		int order;

		if (it->base_used)
			base_step(it);
		if (!row && !it->base_there)
			return false;
		order = first_of(it, row);
		it->base_used = order <= 0;
		if (order < 0) {
			*key = it->base_key;
			*value = it->base_value;
			return true;
		}
		if (give_row(it, row, key, value))
			return true;
	}
}

/* ---- the last row */

/* The greatest row of the list that is there. */
static struct row *list_last(struct rows *r, struct bytes from, struct bytes to)
{
	struct skip_node *n = skip_below(&r->list, to);

	for (; n && bytes_cmp(n->key, from) >= 0; n = skip_prev(&r->list, n)) {
		struct row *row = container_of(n, struct row, skip);

		if (row->now.there)
			return row;
	}
	return NULL;
}

static bool deleted(struct rows *r, struct bytes key)
{
	struct skip_node *n = skip_seek(&r->list, key, NULL);

	return n && bytes_eq(n->key, key) && !container_of(n, struct row, skip)->now.there;
}

/* The greatest row of the engine's that has not been deleted; copied. */
static bool base_last(struct rows *r, struct bytes from, struct bytes to, struct bytes *key,
		      struct bytes *value)
{
	struct kv_iter *it = base_iter(r, from, to);
	bool found = kv_iter_last(it, key, value);

	while (found) {
		strip(key);
		if (!deleted(r, *key))
			break;
		found = kv_iter_prev(it, key, value);
	}
	if (found) {
		*key = bytes_dup(&r->mem, *key);
		*value = bytes_dup(&r->mem, *value);
	} else if (kv_iter_error(it)) {
		note_error(r, kv_iter_error(it));
	}
	kv_iter_free(&it);
	return found;
}

bool rows_last(struct rows *r, struct bytes from, struct bytes to, struct bytes *key,
	       struct bytes *value)
{
	struct row *row = list_last(r, from, to);
	struct bytes k, v;

	if (base_last(r, from, to, &k, &v) && (!row || bytes_cmp(k, row->skip.key) > 0)) {
		*key = k;
		*value = v;
		return true;
	}
	if (!row)
		return false;
	*key = row->skip.key;
	*value = row->now.b;
	return true;
}

/* ---- the whole */

int rows_scan(struct kv *kv, const struct kv_snap *snap, uint32_t shard, uint64_t incarnation,
	      struct rows_state *state)
{
	struct rows *r = rows_view(kv, snap, shard, incarnation);
	struct rows_iter *it = rows_iter_new(r, BYTES_NONE, BYTES_NONE);
	struct bytes key, value;
	int ret;

	*state = (struct rows_state){ .rows = 0 };
	while (rows_iter_next(it, &key, &value)) {
		hash_set_add(&state->hash, row_hash(key, value));
		state->rows++;
	}
	ret = rows_error(r);
	rows_iter_free(&it);
	rows_free(&r);
	return ret;
}
