/* SPDX-License-Identifier: Apache-2.0 */
/* messages.c - rows of one mailbox: paged reads, and changes in bounded steps. */
#include "base/base.h"
#include "store/private.h"

#include <stdlib.h>

#define STEP_ROWS 1000
#define BODY_ROWS 16 /* a page with bodies: bounded by these two */
#define BODY_BYTES (CHUNK_RAW + 1)

void store_box_learn(struct store_box *b, uint32_t from, char **names, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (from + i != b->n_keywords || b->n_keywords >= KEYWORDS_MAX)
			continue; /* known already */
		b->keywords = xrealloc(b->keywords, (b->n_keywords + 1) * sizeof(*b->keywords));
		b->keywords[b->n_keywords++] = bytes_str(xstrdup(names[i]));
	}
}

void store_box_release(struct store_box *b)
{
	for (size_t i = 0; i < b->n_keywords; i++)
		free((void *)b->keywords[i].p);
	free(b->keywords);
	memset(b, 0, sizeof(*b));
}

/* Bodies that came along, copied beside the rows: a page is short-lived. */
static void take_bodies(const struct msg *reply, const Tern__RowsReply *r, struct arena *mem,
			struct store_page *page)
{
	page->bodies = arena_array(mem, struct store_body, r->n_bodies + 1);
	for (size_t i = 0; i < r->n_bodies && i + 1 < reply->n_payload; i++)
		page->bodies[page->n_bodies++] = (struct store_body){
			r->bodies[i], bytes_dup(mem, reply->payload[i + 1]->b)
		};
}

static int take_page(const struct msg *reply, const Tern__RowsReply *r, struct arena *mem,
		     struct store_page *page)
{
	if (!r)
		return -ERR_CORRUPT;
	if (reply->n_payload)
		page->rows = bytes_dup(mem, reply->payload[0]->b);
	page->next_uid = r->next_uid;
	page->modseq = r->modseq;
	take_bodies(reply, r, mem, page);
	return 0;
}

CO int store_rows(struct store_user *u, struct store_box *b, const struct store_ask *ask,
		  struct arena *mem, struct store_page *page)
{
	Tern__Rows rows = TERN__ROWS__INIT;
	Tern__Query q = TERN__QUERY__INIT;
	struct store_call sc;
	Tern__Reply *reply;
	int ret;

	*page = (struct store_page){ .rows = BYTES_NONE };
	rows.account = b->account;
	rows.mailbox = b->id;
	rows.uid_validity = b->uid_validity;
	rows.uids = ask->uids ? pb_ranges(mem, ask->uids) : NULL;
	rows.columns = ask->columns;
	rows.from_uid = ask->from_uid;
	rows.max_bytes = ask->max_bytes;
	rows.keywords_known = (uint32_t)b->n_keywords;
	rows.max_rows = ask->bodies ? BODY_ROWS : 0;
	rows.body_bytes = ask->bodies ? BODY_BYTES : 0;
	q.what_case = TERN__QUERY__WHAT_ROWS;
	q.rows = &rows;
	ret = store_ask(u, ACCOUNT_SHARD(b->account), &q, mem, &sc, &reply);
	if (ret == 0)
		ret = take_page(&sc.call.reply, reply->rows, mem, page);
	if (ret == 0)
		store_box_learn(b, rows.keywords_known, reply->rows->keywords,
				reply->rows->n_keywords);
	store_call_release(&sc);
	return ret;
}

CO int store_changes(struct store_user *u, struct store_box *b, uint64_t since, uint32_t columns,
		     struct arena *mem, struct store_changes *c)
{
	Tern__Changes ask = TERN__CHANGES__INIT;
	Tern__Query q = TERN__QUERY__INIT;
	Tern__Reply *reply;
	int ret;

	memset(c, 0, sizeof(*c));
	uidset_init(&c->gone);
	ask.account = b->account;
	ask.mailbox = b->id;
	ask.uid_validity = b->uid_validity;
	ask.since = since;
	ask.columns = columns;
	ask.max_rows = STEP_ROWS;
	ask.keywords_known = (uint32_t)b->n_keywords;
	q.what_case = TERN__QUERY__WHAT_CHANGES;
	q.changes = &ask;
	ret = store_query(u, ACCOUNT_SHARD(b->account), &q, mem, &reply, &c->page);
	if (ret < 0)
		return ret;
	if (!reply->changes || !pb_uidset(&c->gone, reply->changes->gone))
		return -ERR_CORRUPT;
	c->modseq = reply->changes->modseq;
	c->uid_next = reply->changes->uid_next;
	c->messages = reply->changes->messages;
	c->more = reply->changes->more;
	c->trimmed = reply->changes->trimmed;
	store_box_learn(b, ask.keywords_known, reply->changes->keywords,
			reply->changes->n_keywords);
	return 0;
}

static bool page_append(struct arena *mem, struct bytes *page, ProtobufCBinaryData more)
{
	uint8_t *joined;

	if (more.len == 0)
		return true;
	joined = arena_alloc(mem, page->n + more.len);
	if (page->n)
		memcpy(joined, page->p, page->n);
	memcpy(joined + page->n, more.data, more.len);
	*page = bytes_of(joined, page->n + more.len);
	return true;
}

CO int store_flags(struct store_user *u, struct store_box *b, const struct uidset *uids,
		   enum store_mode mode, const struct store_flags *flags,
		   const uint64_t *unchanged_since, struct arena *mem, struct bytes *page,
		   struct uidset *failed)
{
	struct uidset left;
	uint32_t next = 0;
	int ret;

	*page = BYTES_NONE;
	uidset_init(&left);
	for (size_t i = 0; i < uids->n; i++)
		uidset_add(&left, uids->v[i].from, uids->v[i].to);
	do {
		Tern__StoreFlags set = TERN__STORE_FLAGS__INIT;
		Tern__Op op = TERN__OP__INIT;
		Tern__Result *result;

		set.account = b->account;
		set.mailbox = b->id;
		set.uid_validity = b->uid_validity;
		set.uids = pb_ranges(mem, &left);
		set.mode = (Tern__StoreMode)mode;
		set.flags = pb_flags(mem, flags);
		set.conditional = unchanged_since != NULL;
		set.unchanged_since = unchanged_since ? *unchanged_since : 0;
		op.what_case = TERN__OP__WHAT_STORE_FLAGS;
		op.store_flags = &set;
		ret = store_op(u, ACCOUNT_SHARD(b->account), &op, false, mem, &result);
		if (ret < 0)
			break;
		page_append(mem, page, result->rows);
		if (failed && !pb_uidset(failed, result->uids))
			ret = -ERR_CORRUPT;
		store_box_learn(b, result->keywords_from, result->keywords, result->n_keywords);
		next = result->next_uid;
		if (next > 1)
			uidset_remove(&left, 1, next - 1);
	} while (ret == 0 && next != 0);
	uidset_release(&left);
	return ret;
}

CO int store_expunge(struct store_user *u, struct store_box *b, const struct uidset *uids,
		     bool only_deleted, struct uidset *gone)
{
	struct uidset left;
	struct arena mem;
	uint32_t next = 0;
	int ret;

	arena_init(&mem, 0);
	uidset_init(&left);
	if (uids)
		for (size_t i = 0; i < uids->n; i++)
			uidset_add(&left, uids->v[i].from, uids->v[i].to);
	else
		uidset_add(&left, 1, UINT32_MAX);
	do {
		Tern__Expunge expunge = TERN__EXPUNGE__INIT;
		Tern__Op op = TERN__OP__INIT;
		Tern__Result *result;

		expunge.account = b->account;
		expunge.mailbox = b->id;
		expunge.uid_validity = b->uid_validity;
		expunge.uids = pb_ranges(&mem, &left);
		expunge.only_deleted = only_deleted;
		op.what_case = TERN__OP__WHAT_EXPUNGE;
		op.expunge = &expunge;
		ret = store_op(u, ACCOUNT_SHARD(b->account), &op, false, &mem, &result);
		if (ret < 0)
			break;
		for (size_t i = 0; result->uids && i + 1 < result->uids->n_v; i += 2)
			uidset_add(gone, result->uids->v[i], result->uids->v[i + 1]);
		next = result->next_uid;
		if (next > 1)
			uidset_remove(&left, 1, next - 1);
		arena_clear(&mem);
	} while (next != 0 && left.n > 0);
	uidset_release(&left);
	arena_release(&mem);
	return ret;
}

/* The next at most STEP_ROWS messages of `left`, by number of UIDs named. */
static void take_step(struct uidset *left, struct uidset *step)
{
	uint64_t room = STEP_ROWS;

	uidset_clear(step);
	while (left->n > 0 && room > 0) {
		struct uid_range r = left->v[0];
		uint64_t n = MIN((uint64_t)r.to - r.from + 1, room);

		uidset_add(step, r.from, (uint32_t)(r.from + n - 1));
		uidset_remove(left, r.from, (uint32_t)(r.from + n - 1));
		room -= n;
	}
}

CO static int copy_step(struct store_user *u, struct store_box *b, const struct uidset *step,
			const struct mailbox *to, bool move, uint64_t batch, bool last,
			struct uidset *from, struct uidset *to_uids)
{
	Tern__Copy copy = TERN__COPY__INIT;
	Tern__Op op = TERN__OP__INIT;
	Tern__Result *result;
	struct arena mem;
	int ret;

	arena_init(&mem, 0);
	copy.account = b->account;
	copy.mailbox = b->id;
	copy.uid_validity = b->uid_validity;
	copy.uids = pb_ranges(&mem, step);
	copy.to = to->id;
	copy.to_uid_validity = to->uid_validity;
	copy.move = move;
	copy.batch = batch;
	copy.last = last;
	op.what_case = TERN__OP__WHAT_COPY;
	op.copy = &copy;
	ret = store_op(u, ACCOUNT_SHARD(b->account), &op, true, &mem, &result);
	for (size_t i = 0; ret == 0 && result->uids && i + 1 < result->uids->n_v; i += 2)
		uidset_add(from, result->uids->v[i], result->uids->v[i + 1]);
	for (size_t i = 0; ret == 0 && result->to_uids && i + 1 < result->to_uids->n_v; i += 2)
		uidset_add(to_uids, result->to_uids->v[i], result->to_uids->v[i + 1]);
	arena_release(&mem);
	return ret;
}

CO int store_copy(struct store_user *u, struct store_box *b, const struct uidset *uids,
		  const struct mailbox *to, bool move, struct uidset *from, struct uidset *to_uids)
{
	struct uidset left, step;
	uint64_t batch = 0;
	int ret = 0;

	uidset_init(&left);
	uidset_init(&step);
	for (size_t i = 0; i < uids->n; i++)
		uidset_add(&left, uids->v[i].from, uids->v[i].to);
	if (uidset_count(&left) > STEP_ROWS)
		batch = rand_u64() | 1;
	while (ret == 0 && left.n > 0) {
		take_step(&left, &step);
		ret = copy_step(u, b, &step, to, move, batch, left.n == 0, from, to_uids);
	}
	uidset_release(&left);
	uidset_release(&step);
	return ret;
}
