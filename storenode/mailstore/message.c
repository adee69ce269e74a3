/* SPDX-License-Identifier: Apache-2.0 */
#include "mailstore/message.h"

#include "mailstore/name.h"
#include "mailstore/ops.h"
#include "mailstore/quota.h"

static struct bytes data(ProtobufCBinaryData d)
{
	return bytes_of(d.data, d.len);
}

/* ---- content: checks */

static int chunk_check(const Tern__ChunkRef *c, size_t body, struct why *why)
{
	if (c->raw == 0 || c->raw > CHUNK_RAW_MAX || c->stored == 0 || c->stored > CHUNK_STORED_MAX)
		return why_set(why, ERR_INVALID, "a chunk of impossible size");
	if (c->index == 0 && c->stored != body)
		return why_set(why, ERR_INVALID, "the payload is not the chunk it should be");
	return 0;
}

int content_check(const Tern__Content *c, size_t body, struct why *why)
{
	uint64_t sum = 0;
	unsigned own = 0;
	int ret;

	if (!c)
		return why_set(why, ERR_INVALID, "no content");
	if (c->size > SIZE_MAX_MESSAGE)
		return why_set(why, ERR_TOOBIG, "the message is too big");
	if (c->facts.len > FACTS_MAX || c->envelope.len > ROW_RENDERED_MAX ||
	    c->structure.len > ROW_RENDERED_MAX || c->n_thread_keys > THREAD_KEYS_MAX)
		return why_set(why, ERR_TOOBIG, "the message is too complex");
	if (c->n_chunks > ROW_MAX_CHUNKS || (c->upload.len != 0 && c->upload.len != 16))
		return why_set(why, ERR_INVALID, "malformed content");
	for (size_t i = 0; i < c->n_chunks; i++) {
		ret = chunk_check(c->chunks[i], body, why);
		if (ret)
			return ret;
		own += c->chunks[i]->index == 0;
		sum += c->chunks[i]->raw;
	}
	if (sum != c->size || own > 1 || (c->n_chunks > own && c->upload.len == 0))
		return why_set(why, ERR_INVALID, "the chunks are not the message");
	return 0;
}

static int find_chunk(struct txn *t, struct content *c, const Tern__ChunkRef *ref,
		      struct row_chunk *chunk)
{
	*chunk = (struct row_chunk){ .index = ref->index,
				     .term = ref->term,
				     .raw = ref->raw,
				     .stored = ref->stored,
				     .hash = { ref->hash_lo, ref->hash_hi } };
	if (ref->index) {
		if (!staged_take(&c->staged, chunk))
			return REFUSE(t, ERR_NOTFOUND, "no such chunk has been uploaded");
		return 0;
	}
	if (!hash128_eq(chunk->hash, t->e->body_hash))
		return REFUSE(t, ERR_CORRUPT, "the payload is not the chunk it should be");
	chunk->index = t->e->index;
	chunk->term = t->e->term;
	c->own = true;
	return 0;
}

int content_open(struct txn *t, const Tern__Content *op, struct content *c)
{
	struct row_chunk chunk;
	struct buf b;
	int ret = 0;

	*c = (struct content){ .op = op };
	if (op->upload.len && !staged_read(t->rows, data(op->upload), t->mem, &c->staged))
		return REFUSE(t, ERR_NOTFOUND, "no such upload");
	buf_init(&b, 0);
	for (size_t i = 0; i < op->n_chunks && ret == 0; i++) {
		ret = find_chunk(t, c, op->chunks[i], &chunk);
		row_chunk_pack(&b, &chunk);
	}
	c->chunks = bytes_dup(t->mem, buf_bytes(&b));
	buf_release(&b);
	return ret;
}

/* ---- content: rows */

uint64_t content_number(struct txn *t, struct content *c)
{
	if (c->id == 0)
		c->id = t->shard.next_content++;
	return c->id;
}

static void fresh(struct txn *t, enum table table, uint64_t id)
{
	struct key k;

	key_table_u64(&k, table, id);
	rows_fresh(t->rows, key_bytes(&k));
}

void content_store(struct txn *t, struct content *c, uint64_t refs)
{
	uint64_t id = content_number(t, c);
	struct content_rec rec = { .size = c->op->size,
				   .refs = refs,
				   .n_keys = (uint32_t)c->op->n_thread_keys };

	for (uint32_t i = 0; i < rec.n_keys; i++)
		rec.keys[i] = c->op->thread_keys[i];
	fresh(t, T_CONTENT, id);
	fresh(t, T_BODY, id);
	content_put(t->rows, id, &rec);
	body_put(t->rows, id,
		 &(struct body_rec){ .facts = data(c->op->facts),
				     .n_chunks = (uint32_t)c->op->n_chunks,
				     .chunks = c->chunks,
				     .envelope = data(c->op->envelope),
				     .structure = data(c->op->structure) });
	if (c->staged.upload.n)
		staged_end(t, &c->staged);
	t->body_used = c->own;
}

void content_drop(struct txn *t, struct content *c)
{
	if (!c->staged.upload.n)
		return;
	if (c->staged.n)
		memset(c->staged.taken, 0, c->staged.n);
	staged_end(t, &c->staged);
}

static void content_timer(struct txn *t, uint64_t id, uint64_t due)
{
	struct key k;

	key_clear(&k);
	key_u64(&k, id);
	txn_timer(t, due, TIMER_CONTENT, key_bytes(&k));
}

void content_unref(struct txn *t, uint64_t id)
{
	struct content_rec c;

	INVARIANT(content_get(t->rows, id, &c) && c.refs > 0);
	if (--c.refs == 0) {
		c.zero_ms = t->now;
		content_timer(t, id, t->now + UNDELETE);
	}
	content_put(t->rows, id, &c);
}

uint64_t content_expire(struct txn *t, uint64_t id, size_t *n)
{
	struct row_chunk chunk;
	struct content_rec c;
	struct body_rec b;
	struct key k;

	*n = 1;
	if (!content_get(t->rows, id, &c) || c.refs)
		return 0;
	if (c.zero_ms + UNDELETE > t->now)
		return c.zero_ms + UNDELETE;
	INVARIANT(body_get(t->rows, id, t->mem, &b));
	while (row_chunk_next(&b.chunks, &chunk))
		txn_reclaim(t, chunk.index, chunk.term);
	*n = MAX(b.n_chunks, 1u);
	key_table_u64(&k, T_BODY, id);
	rows_del(t->rows, key_bytes(&k));
	key_table_u64(&k, T_CONTENT, id);
	rows_del(t->rows, key_bytes(&k));
	return 0;
}

/* ---- threads */

/* The thread of the first key that is known; else this email begins one. Each key remembers
 * how many emails name it, and goes with the last. */
static uint64_t join_thread(struct txn *t, struct account *a, uint64_t email,
			    const Tern__Content *c)
{
	struct thread_rec rec;
	uint64_t thread = 0;

	for (size_t i = 0; i < c->n_thread_keys && !thread; i++)
		if (thread_get(t->rows, a->id, c->thread_keys[i], &rec))
			thread = rec.thread;
	if (!thread)
		thread = email;
	for (size_t i = 0; i < c->n_thread_keys; i++) {
		if (!thread_get(t->rows, a->id, c->thread_keys[i], &rec))
			rec = (struct thread_rec){ .thread = thread };
		rec.refs++;
		thread_put(t->rows, a->id, c->thread_keys[i], &rec);
	}
	return thread;
}

static void leave_thread(struct txn *t, uint64_t account, uint64_t content)
{
	struct content_rec c;
	struct thread_rec rec;
	struct key k;

	INVARIANT(content_get(t->rows, content, &c));
	for (uint32_t i = 0; i < c.n_keys; i++) {
		INVARIANT(thread_get(t->rows, account, c.keys[i], &rec) && rec.refs > 0);
		if (--rec.refs) {
			thread_put(t->rows, account, c.keys[i], &rec);
			continue;
		}
		key_account_u64(&k, account, A_THREAD, c.keys[i]);
		rows_del(t->rows, key_bytes(&k));
	}
}

/* ---- emails */

void email_ref(struct txn *t, struct account *a, uint64_t id)
{
	struct email_rec e;

	INVARIANT(email_get(t->rows, a->id, id, t->mem, &e));
	e.refs++;
	email_put(t->rows, a->id, id, &e);
}

bool email_unref(struct txn *t, uint64_t account, uint64_t id)
{
	struct email_rec e;
	struct key k;

	INVARIANT(email_get(t->rows, account, id, t->mem, &e) && e.refs > 0);
	if (--e.refs) {
		email_put(t->rows, account, id, &e);
		return false;
	}
	leave_thread(t, account, e.content);
	content_unref(t, e.content);
	key_account_u64(&k, account, A_EMAIL, id);
	rows_del(t->rows, key_bytes(&k));
	return true;
}

static void email_new(struct txn *t, struct account *a, const struct message *msg, struct row *row)
{
	struct email_rec e = {
		.content = msg->content, .size = row->size, .refs = 1, .prefix = msg->prefix
	};
	struct key k;

	row->email = a->c.next_email++;
	key_account_u64(&k, a->id, A_EMAIL, row->email);
	rows_fresh(t->rows, key_bytes(&k));
	row->thread = e.thread = join_thread(t, a, row->email, msg->op);
	email_put(t->rows, a->id, row->email, &e);
	a->dirty = true;
}

int message_add(struct txn *t, struct mailbox *m, const struct message *msg, struct place *p)
{
	uint64_t size = msg->op->size + msg->prefix.n;
	uint32_t uid;
	int ret;

	if (m->r.uid_next == UINT32_MAX)
		return REFUSE(t, ERR_LIMIT, "the mailbox has no UIDs left");
	ret = quota_take(t, m->a, size, 1);
	if (ret == 0)
		ret = place_next_uid(t, m, &uid);
	if (ret)
		return ret;
	memset(p, 0, sizeof(*p));
	p->offset = p->row.uid = uid;
	p->row.date_ms = msg->date_ms;
	p->row.zone = msg->zone;
	p->row.save_ms = t->wall;
	p->row.size = size;
	p->row.content = msg->content;
	row_flags_set(&p->row, &msg->flags);
	email_new(t, m->a, msg, &p->row);
	p->row.modseq = txn_modseq(t, m);
	place_add(t, m, p);
	return 0;
}

/* ---- APPEND */

int check_append(const Tern__Op *op, size_t body, struct why *why)
{
	int ret = content_check(op->append->content, body, why);

	if (ret)
		return ret;
	if (op->append->zone < -24 * 60 || op->append->zone > 24 * 60)
		return why_set(why, ERR_INVALID, "no such time zone");
	if (*op->append->path && (op->append->mailbox || strlen(op->append->path) > PATH_BYTES))
		return why_set(why, ERR_INVALID, "a mailbox by number or by path");
	return flags_check(op->append->flags, why);
}

static int mailbox_at(struct txn *t, uint64_t account, const char *text, struct mailbox **m)
{
	struct node_rec node;
	struct account *a;
	struct path path;
	int ret = txn_want_account(t, account, &a);

	if (ret == 0)
		ret = path_parse(bytes_str(text), t->mem, &path, &t->why);
	if (ret)
		return ret;
	if (!path_find(t->rows, a->id, &path, t->mem, &node, NULL))
		return REFUSE(t, ERR_NOTFOUND, "no such mailbox");
	*m = node.mailbox ? txn_mailbox(t, a, node.mailbox) : NULL;
	return *m ? 0 : REFUSE(t, ERR_CANNOT, "the name is no mailbox, only above some");
}

int op_append(struct txn *t, const Tern__Op *op)
{
	const Tern__Append *in = op->append;
	struct message msg = { .op = in->content, .zone = in->zone };
	struct content content;
	struct mailbox *m;
	struct place p;
	int ret = *in->path ? mailbox_at(t, in->account, in->path, &m) :
			      txn_want_mailbox(t, in->account, in->mailbox, in->uid_validity, &m);

	if (ret == 0)
		ret = content_open(t, in->content, &content);
	if (ret == 0)
		ret = flags_resolve(t, m->a, in->flags, true, &msg.flags);
	if (ret)
		return ret;
	msg.content = content_number(t, &content);
	msg.date_ms = in->date_ms ? in->date_ms : t->wall;
	ret = message_add(t, m, &msg, &p);
	if (ret)
		return ret;
	content_store(t, &content, 1);
	keywords_report(t, m->a);
	t->res->uid_validity = m->r.uid_validity;
	t->res->uids = ranges_new(t->mem);
	ranges_add(t->mem, t->res->uids, p.row.uid);
	t->res->modseq = p.row.modseq;
	t->res->email = p.row.email;
	return 0;
}
