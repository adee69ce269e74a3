/* SPDX-License-Identifier: Apache-2.0 */
/* test_bodies.c - uploads, contents, quota, pending deliveries. */
#include "store.h"

static struct store s;
static uint64_t ann;

static void begin(void)
{
	store_init(&s, 1);
	store_hello(&s);
	ann = store_account(&s, "ann@example.org", 0);
}

static void end(void)
{
	store_release(&s);
}

static struct bytes chunk_body(int n)
{
	uint8_t *p = arena_alloc(&s.ops, 20);

	memset(p, 'a' + n, 20);
	return bytes_of(p, 20);
}

static Tern__ChunkRef *put(uint64_t upload, int n, uint32_t raw)
{
	Tern__Op *op = OP_NEW(&s, chunk, CHUNK, chunk_put);
	Tern__Result *r;

	op->chunk->upload.len = 16;
	op->chunk->upload.data = arena_alloc(&s.ops, 16);
	store_id(upload, op->chunk->upload.data);
	op->chunk->raw = raw;
	r = store_do(&s, op, chunk_body(n));
	CHECK_INT(r->status, ERR_OK);
	CHECK_INT(r->chunk->index, s.index);
	CHECK_INT(s.fx.n_reclaim, 0);
	return r->chunk;
}

/* An APPEND of uploaded chunks. */
static Tern__Op *append_of(uint64_t upload, Tern__ChunkRef **chunks, size_t n)
{
	Tern__Op *op = OP_NEW(&s, append, APPEND, append);
	Tern__Content *c = store_msg(&s, &tern__content__descriptor);

	op->append->account = ann;
	op->append->mailbox = 1;
	op->append->content = c;
	c->upload.len = 16;
	c->upload.data = arena_alloc(&s.ops, 16);
	store_id(upload, c->upload.data);
	c->n_chunks = n;
	c->chunks = chunks;
	for (size_t i = 0; i < n; i++)
		c->size += chunks[i]->raw;
	return op;
}

TEST(bodies, upload_is_consumed_and_the_rest_reclaimed)
{
	Tern__ChunkRef *c[3];
	Tern__Op *op;

	begin();
	for (int i = 0; i < 3; i++)
		c[i] = put(1, i, 1000);
	op = append_of(1, c, 2);
	CHECK_INT(store_do(&s, op, BYTES_NONE)->status, ERR_OK);
	CHECK_INT(s.fx.n_reclaim, 1);
	CHECK_INT(s.fx.reclaim[0].index, c[2]->index);
	CHECK_INT(store_select(&s, ann, "INBOX")->size, 2000);
	CHECK_INT(store_do(&s, op, BYTES_NONE)->status, ERR_NOTFOUND); /* the upload is gone */
	end();
}

TEST(bodies, the_first_chunk_may_come_last)
{
	Tern__ChunkRef *c[3];
	Tern__Op *op;
	struct bytes body;

	begin();
	c[1] = put(1, 1, 500);
	c[2] = put(1, 2, 600);
	body = chunk_body(0);
	c[0] = store_msg(&s, &tern__chunk_ref__descriptor);
	c[0]->raw = 400;
	c[0]->stored = 20;
	c[0]->hash_lo = hash128(body).lo;
	c[0]->hash_hi = hash128(body).hi;
	op = append_of(1, c, 3);
	CHECK_INT(store_do(&s, op, BYTES_NONE)->status, ERR_INVALID); /* without it */
	c[0]->hash_lo++;
	CHECK_INT(store_do(&s, op, body)->status, ERR_CORRUPT);
	CHECK_INT(s.fx.n_reclaim, 1);
	c[0]->hash_lo--;
	CHECK_INT(store_do(&s, op, body)->status, ERR_OK);
	CHECK_INT(s.fx.n_reclaim, 0);
	CHECK_INT(store_select(&s, ann, "INBOX")->size, 1500);
	end();
}

TEST(bodies, chunks_of_others_are_not_found)
{
	Tern__ChunkRef *c[2], wrong;

	begin();
	c[0] = put(1, 0, 10);
	c[1] = put(2, 1, 10);
	CHECK_INT(store_do(&s, append_of(1, c, 2), BYTES_NONE)->status, ERR_NOTFOUND);
	c[1] = c[0]; /* one twice */
	CHECK_INT(store_do(&s, append_of(1, c, 2), BYTES_NONE)->status, ERR_NOTFOUND);
	wrong = *c[0];
	wrong.hash_hi ^= 1;
	c[0] = &wrong;
	CHECK_INT(store_do(&s, append_of(1, c, 1), BYTES_NONE)->status, ERR_NOTFOUND);
	wrong.hash_hi ^= 1;
	wrong.raw = 9;
	CHECK_INT(store_do(&s, append_of(1, c, 1), BYTES_NONE)->status, ERR_NOTFOUND);
	wrong.raw = 10;
	CHECK_INT(store_do(&s, append_of(1, c, 1), BYTES_NONE)->status, ERR_OK);
	end();
}

TEST(bodies, uploads_are_aborted_or_expire)
{
	Tern__Op *op;

	begin();
	put(1, 0, 10);
	put(1, 1, 10);
	op = OP_NEW(&s, upload_abort, UPLOAD_ABORT, upload_abort);
	op->upload_abort->upload.len = 16;
	op->upload_abort->upload.data = arena_alloc(&s.ops, 16);
	store_id(1, op->upload_abort->upload.data);
	CHECK_INT(store_do(&s, op, BYTES_NONE)->status, ERR_OK);
	CHECK_INT(s.fx.n_reclaim, 2);
	CHECK_INT(store_do(&s, op, BYTES_NONE)->status, ERR_OK);
	CHECK_INT(s.fx.n_reclaim, 0);
	put(1, 0, 10);
	store_pass(&s, MINUTES(50));
	put(1, 1, 10);
	store_pass(&s, MINUTES(50));
	CHECK_INT(s.fx.n_reclaim, 0);
	store_pass(&s, MINUTES(11));
	CHECK_INT(s.fx.n_reclaim, 2);
	end();
}

TEST(bodies, many_chunks)
{
	Tern__ChunkRef *c[300];

	begin();
	s.checked = false;
	for (int i = 0; i < 300; i++)
		c[i] = put(1, i % 20, 262144);
	store_check(&s);
	CHECK_INT(store_do(&s, append_of(1, c, 299), BYTES_NONE)->status, ERR_OK);
	store_check(&s);
	CHECK_INT(s.fx.n_reclaim, 1);
	CHECK_INT(store_select(&s, ann, "INBOX")->size, 299ull * 262144);
	end();
}

static uint32_t append_status(uint32_t size)
{
	Tern__Op *op = OP_NEW(&s, append, APPEND, append);
	struct bytes body;

	op->append->account = ann;
	op->append->mailbox = 1;
	op->append->content = store_content(&s, size, "", &body);
	op->append->flags = store_flags(&s, "$new");
	return store_do(&s, op, body)->status;
}

static void quota(uint64_t bytes, uint64_t messages)
{
	Tern__Op *op = OP_NEW(&s, account_set, ACCOUNT_SET, account_set);

	op->account_set->account = ann;
	op->account_set->has_quota = true;
	op->account_set->quota_bytes = bytes;
	op->account_set->quota_messages = messages;
	CHECK_INT(store_do(&s, op, BYTES_NONE)->status, ERR_OK);
}

static uint32_t copy_status(const char *set, bool move)
{
	Tern__Op *op = OP_NEW(&s, copy, COPY, copy);

	op->copy->account = ann;
	op->copy->mailbox = op->copy->to = 1;
	op->copy->uids = store_ranges(&s, set);
	op->copy->move = move;
	return store_do(&s, op, BYTES_NONE)->status;
}

TEST(bodies, quota_is_hard)
{
	begin();
	quota(1000, 0);
	CHECK_INT(append_status(600), ERR_OK);
	CHECK_INT(append_status(401), ERR_QUOTA);
	CHECK_INT(s.fx.n_reclaim, 1);
	CHECK_INT(append_status(400), ERR_OK);
	CHECK_INT(append_status(1), ERR_QUOTA);
	CHECK_INT(append_status(0), ERR_OK);
	CHECK_INT(copy_status("1", false), ERR_QUOTA);
	CHECK_INT(copy_status("1:3", true), ERR_OK); /* a MOVE makes nothing bigger */
	quota(10, 0);                                /* lowered: nothing more goes in */
	CHECK_INT(append_status(0), ERR_QUOTA);
	quota(0, 4);
	CHECK_INT(append_status(5000), ERR_OK);
	CHECK_INT(append_status(1), ERR_QUOTA);
	CHECK_INT(store_deliver(&s, 1, &ann, 1, 1)->statuses[0], ERR_QUOTA);
	CHECK_INT(s.fx.n_reclaim, 1);
	CHECK_INT(store_account_get(&s, ann)->used_messages, 4);
	end();
}

/* ---- pending deliveries */

static Tern__Result *deliver_away(uint64_t id, size_t n, uint32_t size)
{
	Tern__Op *op = OP_NEW(&s, deliver, DELIVER, deliver);
	Tern__Deliver *d = op->deliver;
	struct bytes body;

	d->delivery.len = 16;
	d->delivery.data = arena_alloc(&s.ops, 16);
	store_id(id, d->delivery.data);
	d->born_ms = s.wall_ms;
	d->zone = 60;
	d->sender = store_text(&s, "x@example.com");
	d->content = store_content(&s, size, "facts", &body);
	d->content->n_thread_keys = 1;
	d->content->thread_keys = arena_array(&s.ops, uint64_t, 1);
	d->content->thread_keys[0] = 77;
	d->n_elsewhere = n;
	d->elsewhere = arena_array(&s.ops, Tern__Recipient *, n);
	for (size_t i = 0; i < n; i++) {
		d->elsewhere[i] = store_msg(&s, &tern__recipient__descriptor);
		d->elsewhere[i]->account = 1000 + i;
		d->elsewhere[i]->address = store_text(&s, "far@example.net");
		d->elsewhere[i]->flags = store_flags(&s, "S $Junk");
	}
	return store_do_unknown(&s, op, body);
}

static Tern__PendingReply *pending(void)
{
	Tern__Query q = TERN__QUERY__INIT;
	Tern__PendingList in = TERN__PENDING_LIST__INIT;

	q.what_case = TERN__QUERY__WHAT_PENDING;
	q.pending = &in;
	return store_ask(&s, &q, NULL)->pending;
}

static uint32_t lease(uint64_t id, uint64_t owner, uint64_t ms)
{
	Tern__Op *op = OP_NEW(&s, pending_lease, PENDING_LEASE, pending_lease);

	op->pending_lease->n_ids = 1;
	op->pending_lease->ids = &id;
	op->pending_lease->owner = owner;
	op->pending_lease->for_ms = ms;
	return store_do(&s, op, BYTES_NONE)->statuses[0];
}

static uint32_t done(uint64_t id, uint64_t owner)
{
	Tern__Op *op = OP_NEW(&s, pending_done, PENDING_DONE, pending_done);

	op->pending_done->n_ids = 1;
	op->pending_done->ids = &id;
	op->pending_done->owner = owner;
	return store_do(&s, op, BYTES_NONE)->statuses[0];
}

TEST(bodies, pending_deliveries_keep_the_content)
{
	Tern__Result *r;
	Tern__PendingReply *p;
	Tern__PendingDelivery *d;
	struct bytes first;

	begin();
	r = deliver_away(9, 2, 33);
	CHECK_INT(r->status, ERR_OK);
	CHECK_INT(r->n_pending, 2);
	first = s.packed;
	deliver_away(9, 2, 33);
	CHECK(bytes_eq(first, s.packed));
	p = pending();
	CHECK_INT(p->n_pending, 2);
	d = p->pending[0];
	CHECK_INT(d->id, r->pending[0]);
	CHECK_INT(d->recipient->account, 1000);
	CHECK_STR(d->recipient->flags->keywords[0], "$Junk");
	CHECK_INT(d->content->size, 33);
	CHECK_INT(d->content->n_chunks, 1);
	CHECK_INT(d->content->thread_keys[0], 77);
	CHECK_INT(d->zone, 60);
	CHECK_STR(d->sender, "x@example.com");
	CHECK_INT(done(r->pending[0], 0), ERR_OK);
	CHECK_INT(done(r->pending[0], 0), ERR_OK);
	CHECK_INT(pending()->n_pending, 1);
	CHECK_INT(done(r->pending[1], 0), ERR_OK);
	store_pass(&s, UNDELETE);
	CHECK_INT(s.fx.n_reclaim, 1);
	end();
}

TEST(bodies, leases)
{
	uint64_t id;

	begin();
	id = deliver_away(9, 1, 33)->pending[0];
	CHECK_INT(lease(id + 1, 1, 1000), ERR_NOTFOUND);
	CHECK_INT(lease(id, 1, 1000), ERR_OK);
	CHECK_INT(pending()->n_pending, 0);
	CHECK_INT(lease(id, 2, 1000), ERR_INUSE);
	CHECK_INT(done(id, 2), ERR_INUSE);
	CHECK_INT(lease(id, 1, 5000), ERR_OK);
	store_pass(&s, 5000);
	CHECK_INT(pending()->n_pending, 1);
	CHECK_INT(pending()->pending[0]->attempts, 1);
	CHECK_INT(lease(id, 2, 1000), ERR_OK);
	CHECK_INT(done(id, 1), ERR_INUSE);
	CHECK_INT(done(id, 2), ERR_OK);
	CHECK_INT(pending()->n_pending, 0);
	end();
}

TEST(bodies, threads)
{
	static const uint64_t keys[][3] = { { 1, 2, 3 }, { 9, 2, 0 }, { 5, 6, 7 }, { 6, 1, 0 } };
	static const uint64_t thread[] = { 1, 1, 3, 3 }; /* the first key that is known decides */

	begin();
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		Tern__Query q = TERN__QUERY__INIT;
		Tern__EmailGet get = TERN__EMAIL_GET__INIT;
		Tern__Op *op = OP_NEW(&s, append, APPEND, append);
		struct bytes body, page;
		struct row row;

		op->append->account = ann;
		op->append->mailbox = 1;
		op->append->content = store_content(&s, 10, "facts", &body);
		op->append->content->thread_keys = (uint64_t *)(uintptr_t)keys[i];
		op->append->content->n_thread_keys = keys[i][2] ? 3 : 2;
		op->append->content->envelope = (ProtobufCBinaryData){ 3, (uint8_t *)"(e)" };
		op->append->content->structure = (ProtobufCBinaryData){ 4, (uint8_t *)"(st)" };
		CHECK_INT(store_do(&s, op, body)->status, ERR_OK);
		q.what_case = TERN__QUERY__WHAT_EMAIL;
		q.email = &get;
		get.account = ann;
		get.mailbox = 1;
		get.uid = (uint32_t)i + 1;
		get.columns = ROW_ALL;
		CHECK_INT(store_ask(&s, &q, &page)->status, ERR_OK);
		CHECK(row_unpack(&page, ROW_ALL, &row));
		CHECK_INT(row.thread, thread[i]);
		CHECK(bytes_eq(row.facts, BYTES("facts")));
		CHECK(bytes_eq(row.envelope, BYTES("(e)")));
		CHECK(bytes_eq(row.structure, BYTES("(st)")));
		CHECK_INT(row.n_chunks, 1);
	}
	end();
}

TEST(bodies, prefix_counts_and_folders_fall_back)
{
	Tern__Op *op;
	struct bytes body;
	uint32_t junk;
	Tern__Result *r;

	begin();
	junk = store_create(&s, ann, "Junk");
	for (int i = 0; i < 2; i++) {
		op = OP_NEW(&s, deliver, DELIVER, deliver);
		op->deliver->delivery.len = 16;
		op->deliver->delivery.data = arena_alloc(&s.ops, 16);
		store_id(50 + (uint64_t)i, op->deliver->delivery.data);
		op->deliver->born_ms = s.wall_ms;
		op->deliver->content = store_content(&s, 10, "", &body);
		op->deliver->n_here = 1;
		op->deliver->here = arena_array(&s.ops, Tern__Recipient *, 1);
		op->deliver->here[0] = store_msg(&s, &tern__recipient__descriptor);
		op->deliver->here[0]->account = ann;
		op->deliver->here[0]->mailbox = store_text(&s, i ? "No/such" : "Junk");
		op->deliver->here[0]->prefix.data = (uint8_t *)store_text(&s, "X: y\r\n");
		op->deliver->here[0]->prefix.len = 6;
		r = store_do_unknown(&s, op, body);
		CHECK_INT(r->statuses[0], ERR_OK);
	}
	CHECK_STR(store_show(&s, ann, junk), "1:");
	CHECK_STR(store_show(&s, ann, 1), "1:");
	CHECK_INT(store_account_get(&s, ann)->used_bytes, 32);
	end();
}
