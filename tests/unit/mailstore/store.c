/* SPDX-License-Identifier: Apache-2.0 */
#include "store.h"

#include "model/uidset.h"

#include <stdlib.h>

void store_init(struct store *s, uint32_t shard)
{
	memset(s, 0, sizeof(*s));
	s->kv = kv_mem_new();
	s->shard = shard;
	arena_init(&s->mem, 0);
	arena_init(&s->ops, 0);
	s->index = 10;
	s->log_ms = 1000;
	s->wall_ms = WALL;
	s->client = 7;
	s->done_below = 1;
	s->checked = true;
}

void store_release(struct store *s)
{
	kv_close(&s->kv);
	arena_release(&s->mem);
	arena_release(&s->ops);
}

void store_clear(struct store *s)
{
	arena_clear(&s->mem);
	arena_clear(&s->ops);
}

struct rows *store_view(struct store *s)
{
	return rows_view(s->kv, NULL, s->shard, 1);
}

void store_check(struct store *s)
{
	struct rows *view = store_view(s);
	struct rows_state scan;
	struct why why = { "" };

	if (mailstore_check(view, &why))
		fail_msg("%s", why.text);
	rows_free(&view);
	CHECK_INT(rows_scan(s->kv, NULL, s->shard, 1, &scan), 0);
	CHECK(hash128_eq(scan.hash, s->state.hash));
	CHECK_INT(scan.rows, s->state.rows);
}

struct bytes store_entry(struct store *s, const struct entry *e)
{
	struct rows *rows = rows_edit(s->kv, s->shard, 1, &s->state);
	struct kv_batch *batch = kv_batch_new(s->kv);

	if (s->record)
		s->record(s->arg, e);
	s->packed = mailstore_apply(rows, e, &s->mem, &s->fx);
	rows_flush(rows, batch);
	CHECK_INT(kv_write(s->kv, batch), 0);
	kv_batch_free(&batch);
	rows_free(&rows);
	if (s->checked)
		store_check(s);
	return s->packed;
}

static struct bytes pack(struct arena *mem, const ProtobufCMessage *m)
{
	uint8_t *p = arena_alloc(mem, protobuf_c_message_get_packed_size(m));

	return bytes_of(p, protobuf_c_message_pack(m, p));
}

Tern__Result *store_do_as(struct store *s, uint64_t client, uint64_t seq, Tern__Op *op,
			  struct bytes body)
{
	struct entry e = { .index = ++s->index,
			   .term = 3,
			   .stamp = { .log_ms = s->log_ms,
				      .wall_ms = s->wall_ms,
				      .client = client,
				      .seq = seq,
				      .done_below = s->done_below },
			   .op = pack(&s->ops, &op->base),
			   .body_stored = (uint32_t)body.n,
			   .body_hash = hash128(body) };
	Tern__Result *r = WIRE_UNPACK(result, store_entry(s, &e), &s->mem);

	assert_non_null(r);
	return r;
}

Tern__Result *store_do(struct store *s, Tern__Op *op, struct bytes body)
{
	return store_do_as(s, s->client, ++s->seq, op, body);
}

Tern__Result *store_do_unknown(struct store *s, Tern__Op *op, struct bytes body)
{
	return store_do_as(s, 0, 0, op, body);
}

Tern__Reply *store_ask(struct store *s, Tern__Query *q, struct bytes *page)
{
	struct rows *view = store_view(s);
	struct msg out;
	Tern__Reply *r;

	msg_init(&out);
	r = mailstore_query(view, q, &s->mem, &out);
	if (page)
		*page = out.n_payload ? bytes_dup(&s->mem, out.payload[0]->b) : BYTES_NONE;
	msg_release(&out);
	rows_free(&view);
	/* What is answered must survive the wire. */
	r = WIRE_UNPACK(reply, pack(&s->mem, &r->base), &s->mem);
	assert_non_null(r);
	return r;
}

/* ---- building */

void *store_msg(struct store *s, const ProtobufCMessageDescriptor *d)
{
	void *m = arena_alloc(&s->ops, d->sizeof_message);

	protobuf_c_message_init(d, m);
	return m;
}

Tern__Op *store_op(struct store *s)
{
	Tern__Op *op = store_msg(s, &tern__op__descriptor);

	op->version = 1;
	return op;
}

char *store_text(struct store *s, const char *text)
{
	return bytes_cstr(&s->ops, bytes_str(text));
}

Tern__Ranges *store_ranges(struct store *s, const char *set)
{
	Tern__Ranges *r = store_msg(s, &tern__ranges__descriptor);
	struct uidset u;

	uidset_init(&u);
	CHECK(uidset_parse(&u, bytes_str(set), UINT32_MAX, 1000));
	r->v = uidset_to_ranges(&u, &s->ops, &r->n_v);
	uidset_release(&u);
	return r;
}

static uint32_t letter(char c)
{
	switch (c) {
	case 'S': return FLAG_SEEN;
	case 'A': return FLAG_ANSWERED;
	case 'F': return FLAG_FLAGGED;
	case 'D': return FLAG_DELETED;
	case 'T': return FLAG_DRAFT;
	default: return 0;
	}
}

Tern__Flags *store_flags(struct store *s, const char *flags)
{
	Tern__Flags *f = store_msg(s, &tern__flags__descriptor);
	struct bytes rest = bytes_str(flags);

	f->keywords = arena_array(&s->ops, char *, 200);
	while (rest.n) {
		struct bytes word = bytes_cut(&rest, ' ');

		if (word.n == 0)
			continue;
		if (word.p[0] == '$') {
			f->keywords[f->n_keywords++] = bytes_cstr(&s->ops, word);
			continue;
		}
		for (size_t i = 0; i < word.n; i++)
			f->system |= letter((char)word.p[i]);
	}
	return f;
}

Tern__Content *store_content(struct store *s, uint32_t size, const char *facts, struct bytes *body)
{
	Tern__Content *c = store_msg(s, &tern__content__descriptor);
	uint8_t *p = arena_alloc(&s->ops, 16);
	struct hash128 h;

	c->size = size;
	c->facts.data = (uint8_t *)store_text(s, facts);
	c->facts.len = strlen(facts);
	*body = BYTES_NONE;
	if (size == 0)
		return c;
	memcpy(p, &s->index, 8);
	*body = bytes_of(p, 16);
	h = hash128(*body);
	c->n_chunks = 1;
	c->chunks = arena_array(&s->ops, Tern__ChunkRef *, 1);
	c->chunks[0] = store_msg(s, &tern__chunk_ref__descriptor);
	c->chunks[0]->raw = size;
	c->chunks[0]->stored = 16;
	c->chunks[0]->hash_lo = h.lo;
	c->chunks[0]->hash_hi = h.hi;
	return c;
}

void store_hello(struct store *s)
{
	CHECK_INT(store_do(s, OP_NEW(s, hello, HELLO, hello), BYTES_NONE)->status, ERR_OK);
}

uint64_t store_account(struct store *s, const char *address, uint64_t quota)
{
	Tern__Op *op = OP_NEW(s, account_create, ACCOUNT_CREATE, account_create);
	Tern__Result *r;

	op->account_create->address = store_text(s, address);
	op->account_create->password = store_text(s, "$y$hash");
	op->account_create->quota_bytes = quota;
	r = store_do(s, op, BYTES_NONE);
	CHECK_INT(r->status, ERR_OK);
	return r->account;
}

uint32_t store_create(struct store *s, uint64_t account, const char *path)
{
	Tern__Op *op = OP_NEW(s, mailbox_create, MAILBOX_CREATE, mailbox_create);
	Tern__Result *r;

	op->mailbox_create->account = account;
	op->mailbox_create->path = store_text(s, path);
	r = store_do(s, op, BYTES_NONE);
	CHECK_INT(r->status, ERR_OK);
	return r->mailbox;
}

uint32_t store_append(struct store *s, uint64_t account, uint32_t mailbox, uint32_t size,
		      const char *flags)
{
	Tern__Op *op = OP_NEW(s, append, APPEND, append);
	struct bytes body;
	Tern__Result *r;

	op->append->account = account;
	op->append->mailbox = mailbox;
	op->append->content = store_content(s, size, "facts", &body);
	op->append->flags = store_flags(s, flags);
	r = store_do(s, op, body);
	CHECK_INT(r->status, ERR_OK);
	CHECK_INT(r->uids->n_v, 2);
	return r->uids->v[0];
}

void store_id(uint64_t id, uint8_t out[16])
{
	memset(out, 0, 16);
	memcpy(out, &id, sizeof(id));
}

Tern__Result *store_deliver(struct store *s, uint64_t id, const uint64_t *accounts, size_t n,
			    uint32_t size)
{
	Tern__Op *op = OP_NEW(s, deliver, DELIVER, deliver);
	Tern__Deliver *d = op->deliver;
	struct bytes body;

	d->delivery.len = 16;
	d->delivery.data = arena_alloc(&s->ops, 16);
	store_id(id, d->delivery.data);
	d->born_ms = s->wall_ms;
	d->content = store_content(s, size, "facts", &body);
	d->n_here = n;
	d->here = arena_array(&s->ops, Tern__Recipient *, n);
	for (size_t i = 0; i < n; i++) {
		d->here[i] = store_msg(s, &tern__recipient__descriptor);
		d->here[i]->account = accounts[i];
	}
	return store_do_unknown(s, op, body);
}

/* ---- asking */

Tern__MailboxInfo *store_select(struct store *s, uint64_t account, const char *path)
{
	Tern__Query q = TERN__QUERY__INIT;
	Tern__Select select = TERN__SELECT__INIT;
	Tern__Reply *r;

	q.what_case = TERN__QUERY__WHAT_SELECT;
	q.select = &select;
	select.account = account;
	select.path = (char *)(uintptr_t)path;
	r = store_ask(s, &q, NULL);
	return r->status ? NULL : r->select->mailbox;
}

Tern__AccountReply *store_account_get(struct store *s, uint64_t account)
{
	Tern__Query q = TERN__QUERY__INIT;
	Tern__AccountGet get = TERN__ACCOUNT_GET__INIT;
	Tern__Reply *r;

	q.what_case = TERN__QUERY__WHAT_ACCOUNT;
	q.account = &get;
	get.account = account;
	r = store_ask(s, &q, NULL);
	return r->status ? NULL : r->account;
}

static void show_row(struct buf *b, const struct row *row, char **names)
{
	static const char letters[] = "SAFDT";

	buf_printf(b, "%s%u:", b->n ? " " : "", row->uid);
	for (unsigned i = 0; i < 5; i++)
		if (row->flags >> i & 1)
			buf_putc(b, (uint8_t)letters[i]);
	for (unsigned i = 0; i < row->n_keywords; i++)
		buf_printf(b, "[%s]", names[row->keywords[i]]);
}

const char *store_show(struct store *s, uint64_t account, uint32_t mailbox)
{
	Tern__Query q = TERN__QUERY__INIT;
	Tern__Rows rows = TERN__ROWS__INIT;
	Tern__Reply *r;
	struct bytes page;
	struct row row;
	struct buf b;
	const char *text;

	q.what_case = TERN__QUERY__WHAT_ROWS;
	q.rows = &rows;
	rows.account = account;
	rows.mailbox = mailbox;
	rows.columns = ROW_FLAGS;
	rows.max_bytes = 30;
	buf_init(&b, 0);
	do {
		r = store_ask(s, &q, &page);
		if (r->status)
			return err_name((int)r->status);
		while (page.n) {
			CHECK(row_unpack(&page, ROW_FLAGS, &row));
			show_row(&b, &row, r->rows->keywords);
		}
		rows.from_uid = r->rows->next_uid;
	} while (rows.from_uid);
	text = bytes_cstr(&s->mem, buf_bytes(&b));
	buf_release(&b);
	return text;
}

const char *store_set(struct store *s, const Tern__Ranges *r)
{
	struct uidset u;
	struct buf b;
	const char *text;

	if (!r)
		return "";
	uidset_init(&u);
	for (size_t i = 0; i + 1 < r->n_v; i += 2)
		uidset_add(&u, r->v[i], r->v[i + 1]);
	buf_init(&b, 0);
	uidset_print(&u, &b);
	text = bytes_cstr(&s->mem, buf_bytes(&b));
	buf_release(&b);
	uidset_release(&u);
	return text;
}

void store_pass(struct store *s, uint64_t ms)
{
	s->log_ms += ms;
	s->wall_ms += ms;
	if (ms >= MINUTES(30))
		store_hello(s); /* or it would be forgotten */
	for (;;) {
		struct rows *view = store_view(s);
		bool due = mailstore_due(view, s->log_ms);

		rows_free(&view);
		if (!due)
			return;
		CHECK_INT(store_do_unknown(s, OP_NEW(s, maintain, MAINTAIN, maintain), BYTES_NONE)
				  ->status,
			  ERR_OK);
	}
}
