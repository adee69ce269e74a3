/* SPDX-License-Identifier: Apache-2.0 */
/* app_mail.c - the real thing: mailstore_apply under the simulated cluster.
 *
 * Each client has, in each shard, an account with a mailbox that only it changes, one request at
 * a time, so it knows exactly what must be there: which UIDs, with which flags, and that no UID
 * was spent in vain. Deliveries go to INBOXes, of others too, and are counted. At the end every
 * replica is compared with what the clients know. */
#include "sim/sim.h"

#include "base/buf.h"
#include "base/clock.h"
#include "mailstore/apply.h"
#include "mailstore/query.h"
#include "model/row.h"

#include <stdio.h>
#include <stdlib.h>

#define LIVE_MAX 400

enum step { NEW, INTRODUCED, HAS_ACCOUNT, READY };

enum what { HELLO, ACCOUNT, MAILBOX, APPEND, STAGE, DELIVER, FLAGS, EXPUNGE, COPY };

struct live {
	uint32_t uid, flags;
};

struct box { /* of one client in one shard */
	enum step step;
	uint64_t account;
	uint32_t mailbox, validity, uid_next;
	struct live live[LIVE_MAX];
	unsigned n;
	unsigned delivered; /* to its INBOX */
	bool staged;        /* a chunk waits for the next APPEND */
	uint8_t upload[16];
	Tern__ChunkRef ref;
};

struct request {
	enum what what;
	uint32_t shard;
	uint64_t seq;
	struct blob *op, *body;
	unsigned which; /* position in live: FLAGS, EXPUNGE, COPY */
	uint32_t flags;
	int other; /* DELIVER: a second recipient's client, -1: none */
};

struct mail {
	struct box box[SIM_CLIENTS][SIM_SHARDS];
	struct request request[SIM_CLIENTS];
};

static void *init(struct sim *s)
{
	(void)s;
	return xnew(struct mail);
}

static void release(void *state)
{
	struct mail *m = state;

	for (unsigned i = 0; i < SIM_CLIENTS; i++) {
		blob_unref(&m->request[i].op);
		blob_unref(&m->request[i].body);
	}
	free(m);
}

/* ---- inventing requests */

static struct blob *random_body(struct sim *s)
{
	uint8_t *room;
	struct blob *b = blob_new(sim_between(s, 1, sim_chance(s, 10) ? 60000 : 3000), &room);

	memset(room, (int)prng_below(&s->rng, 256), b->b.n);
	return b;
}

static Tern__ChunkRef chunk_of(const struct blob *body)
{
	Tern__ChunkRef ref = TERN__CHUNK_REF__INIT;
	struct hash128 hash = hash128(body->b);

	ref.raw = ref.stored = (uint32_t)body->b.n;
	ref.hash_lo = hash.lo;
	ref.hash_hi = hash.hi;
	return ref;
}

/* The request's body as the (last) chunk of a message, behind the staged one if there is one. */
static void content_of(struct sim *s, struct box *b, struct request *r, Tern__Content *c,
		       Tern__ChunkRef **chunks, Tern__ChunkRef *last, uint64_t *key)
{
	r->body = random_body(s);
	*last = chunk_of(r->body);
	if (r->what == APPEND && b->staged) {
		chunks[c->n_chunks++] = &b->ref;
		c->size += b->ref.raw;
		c->upload = (ProtobufCBinaryData){ sizeof(b->upload), b->upload };
	}
	chunks[c->n_chunks++] = last;
	c->chunks = chunks;
	c->size += last->raw;
	*key = prng_below(&s->rng, 20) + 1;
	c->thread_keys = key;
	c->n_thread_keys = 1;
}

static void pack(struct request *r, Tern__Op *op)
{
	op->version = 1;
	r->op = wire_pack(&op->base);
}

static void invent_setup(struct box *b, struct request *r, unsigned client)
{
	static const enum what next[] = { HELLO, ACCOUNT, MAILBOX };
	Tern__Op op = TERN__OP__INIT;
	Tern__Hello hello = TERN__HELLO__INIT;
	Tern__AccountCreate account = TERN__ACCOUNT_CREATE__INIT;
	Tern__MailboxCreate mailbox = TERN__MAILBOX_CREATE__INIT;
	char address[32];

	r->what = next[b->step];
	snprintf(address, sizeof(address), "c%u@sim.test", client);
	account.address = address;
	account.password = "$5$x";
	mailbox.account = b->account;
	mailbox.path = "Box";
	if (r->what == HELLO) {
		op.what_case = TERN__OP__WHAT_HELLO;
		op.hello = &hello;
	} else if (r->what == ACCOUNT) {
		op.what_case = TERN__OP__WHAT_ACCOUNT_CREATE;
		op.account_create = &account;
	} else {
		op.what_case = TERN__OP__WHAT_MAILBOX_CREATE;
		op.mailbox_create = &mailbox;
	}
	pack(r, &op);
}

static void invent_message(struct sim *s, struct box *b, struct request *r)
{
	Tern__Op op = TERN__OP__INIT;
	Tern__Append append = TERN__APPEND__INIT;
	Tern__Content content = TERN__CONTENT__INIT;
	Tern__ChunkRef *chunks[2], last;
	uint64_t key;

	content_of(s, b, r, &content, chunks, &last, &key);
	append.account = b->account;
	append.mailbox = b->mailbox;
	append.uid_validity = b->validity;
	append.content = &content;
	op.what_case = TERN__OP__WHAT_APPEND;
	op.append = &append;
	pack(r, &op);
}

static void invent_stage(struct sim *s, struct box *b, struct request *r)
{
	Tern__Op op = TERN__OP__INIT;
	Tern__ChunkPut put = TERN__CHUNK_PUT__INIT;

	r->body = random_body(s);
	b->ref = chunk_of(r->body);
	for (unsigned i = 0; i < sizeof(b->upload); i++)
		b->upload[i] = (uint8_t)prng_u64(&s->rng);
	put.upload = (ProtobufCBinaryData){ sizeof(b->upload), b->upload };
	put.raw = b->ref.raw;
	op.what_case = TERN__OP__WHAT_CHUNK;
	op.chunk = &put;
	pack(r, &op);
}

static void invent_delivery(struct sim *s, struct mail *m, struct box *b, struct request *r,
			    unsigned client)
{
	Tern__Op op = TERN__OP__INIT;
	Tern__Deliver d = TERN__DELIVER__INIT;
	Tern__Recipient to[2] = { TERN__RECIPIENT__INIT, TERN__RECIPIENT__INIT };
	Tern__Recipient *here[2] = { &to[0], &to[1] };
	Tern__Content content = TERN__CONTENT__INIT;
	Tern__ChunkRef *chunks[2], last;
	uint64_t key, id[2] = { prng_u64(&s->rng), prng_u64(&s->rng) };
	unsigned other = (unsigned)prng_below(&s->rng, s->n_clients);

	content_of(s, b, r, &content, chunks, &last, &key);
	to[0].account = b->account;
	d.n_here = 1;
	r->other = -1;
	if (other != client && m->box[other][r->shard].step == READY) {
		to[1].account = m->box[other][r->shard].account;
		d.n_here = 2;
		r->other = (int)other;
	}
	d.here = here;
	d.delivery = (ProtobufCBinaryData){ sizeof(id), (uint8_t *)id };
	d.born_ms = clock_wall_ms();
	d.content = &content;
	op.what_case = TERN__OP__WHAT_DELIVER;
	op.deliver = &d;
	pack(r, &op);
}

static void invent_change(struct sim *s, struct box *b, struct request *r)
{
	Tern__Op op = TERN__OP__INIT;
	Tern__StoreFlags flags = TERN__STORE_FLAGS__INIT;
	Tern__Flags set = TERN__FLAGS__INIT;
	Tern__Expunge expunge = TERN__EXPUNGE__INIT;
	Tern__Copy copy = TERN__COPY__INIT;
	Tern__Ranges uids = TERN__RANGES__INIT;
	uint32_t range[2];

	r->which = (unsigned)prng_below(&s->rng, b->n);
	r->flags = (uint32_t)prng_below(&s->rng, FLAGS_SYSTEM + 1);
	range[0] = range[1] = b->live[r->which].uid;
	uids.v = range;
	uids.n_v = 2;
	set.system = r->flags;
	flags.account = expunge.account = copy.account = b->account;
	flags.mailbox = expunge.mailbox = copy.mailbox = copy.to = b->mailbox;
	flags.uid_validity = expunge.uid_validity = b->validity;
	copy.uid_validity = copy.to_uid_validity = b->validity;
	flags.uids = expunge.uids = copy.uids = &uids;
	flags.flags = &set;
	if (r->what == FLAGS) {
		op.what_case = TERN__OP__WHAT_STORE_FLAGS;
		op.store_flags = &flags;
	} else if (r->what == EXPUNGE) {
		op.what_case = TERN__OP__WHAT_EXPUNGE;
		op.expunge = &expunge;
	} else {
		op.what_case = TERN__OP__WHAT_COPY;
		op.copy = &copy;
	}
	pack(r, &op);
}

static enum what choose(struct sim *s, const struct box *b)
{
	uint64_t dice = prng_below(&s->rng, 100);

	if (b->n == LIVE_MAX)
		return EXPUNGE;
	if (b->n == 0 || dice < 30)
		return APPEND;
	if (dice < 38 && !b->staged)
		return STAGE;
	return dice < 55 ? DELIVER : dice < 75 ? FLAGS : dice < 88 ? COPY : EXPUNGE;
}

static void invent(struct sim *s, unsigned client, uint32_t shard, uint64_t seq)
{
	struct mail *m = s->app_state;
	struct request *r = &m->request[client];
	struct box *b = &m->box[client][shard];

	blob_unref(&r->op);
	blob_unref(&r->body);
	*r = (struct request){ .shard = shard, .seq = seq };
	if (b->step != READY) {
		invent_setup(b, r, client);
		return;
	}
	r->what = choose(s, b);
	if (r->what == APPEND)
		invent_message(s, b, r);
	else if (r->what == STAGE)
		invent_stage(s, b, r);
	else if (r->what == DELIVER)
		invent_delivery(s, m, b, r, client);
	else
		invent_change(s, b, r);
}

static struct blob *entry(struct sim *s, unsigned client, uint64_t attempt)
{
	const struct request *r = &((struct mail *)s->app_state)->request[client];
	struct stamp stamp = {
		.client = client + 1, .seq = r->seq, .done_below = r->seq, .trace = attempt
	};
	uint8_t *room;
	struct blob *blob = blob_new(STAMP_BYTES + r->op->b.n, &room);

	stamp_pack(&stamp, room);
	memcpy(room + STAMP_BYTES, r->op->b.p, r->op->b.n);
	return blob;
}

static struct blob *body(struct sim *s, unsigned client)
{
	struct blob *b = ((struct mail *)s->app_state)->request[client].body;

	return b ? blob_ref(b) : NULL;
}

/* ---- apply, as server/apply_glue.c does it */

static void apply(void *node, struct rows *rows, const struct host_entry *e, struct arena *mem,
		  struct host_outcome *out)
{
	struct effects *fx = arena_new(mem, struct effects);
	struct entry in = { .index = e->index,
			    .term = e->term,
			    .op = e->op,
			    .body_stored = e->body_stored,
			    .body_hash = e->body_hash };

	INVARIANT(stamp_unpack(&in.op, &in.stamp) == 0);
	in.stamp.log_ms = e->log_ms;
	in.stamp.wall_ms = e->wall_ms;
	check_applied(sim_current, ((struct node *)node)->id, e, in.stamp.trace,
		      hash128_2(e->op, bytes_of(&e->body_hash, 16)));
	out->result = mailstore_apply(rows, &in, mem, fx);
	out->effects = fx;
	out->reclaim = (const struct host_chunk *)fx->reclaim;
	out->n_reclaim = fx->n_reclaim;
}

/* ---- answers */

static void expect(bool good, unsigned client, const struct request *r, const char *what)
{
	if (!good)
		sim_fail("client %u shard %u request %lu (%d): %s", client, r->shard, r->seq,
			 (int)r->what, what);
}

/* UIDs ascend by one: a request that was sent twice spends none in vain. */
static void grew(struct box *b, unsigned client, const struct request *r, const Tern__Ranges *uids,
		 uint32_t flags)
{
	expect(uids && uids->n_v == 2 && uids->v[0] == uids->v[1], client, r, "no single UID");
	expect(uids->v[0] == b->uid_next, client, r, "a UID was given twice or spent in vain");
	b->live[b->n++] = (struct live){ b->uid_next++, flags };
}

static void settle_setup(struct box *b, const struct request *r, const Tern__Result *res)
{
	if (r->what == ACCOUNT)
		b->account = res->account;
	if (r->what == MAILBOX) {
		b->mailbox = res->mailbox;
		b->validity = res->uid_validity;
		b->uid_next = 1;
	}
	b->step++;
}

static void settle(struct mail *m, struct box *b, unsigned client, const struct request *r,
		   const Tern__Result *res)
{
	switch (r->what) {
	case HELLO:
	case ACCOUNT:
	case MAILBOX: settle_setup(b, r, res); break;
	case APPEND:
		grew(b, client, r, res->uids, 0);
		b->staged = false;
		break;
	case STAGE:
		expect(res->chunk && res->chunk->index, client, r, "the chunk is nowhere");
		b->ref.index = res->chunk->index;
		b->ref.term = res->chunk->term;
		b->staged = true;
		break;
	case DELIVER:
		for (size_t i = 0; i < res->n_statuses; i++)
			expect(res->statuses[i] == ERR_OK, client, r, "a recipient was refused");
		b->delivered++;
		if (r->other >= 0)
			m->box[r->other][r->shard].delivered++;
		break;
	case FLAGS: b->live[r->which].flags = r->flags; break;
	case COPY: grew(b, client, r, res->to_uids, b->live[r->which].flags); break;
	case EXPUNGE:
		expect(res->uids && res->uids->n_v == 2 && res->uids->v[0] == b->live[r->which].uid,
		       client, r, "another message was expunged");
		b->live[r->which] = b->live[--b->n];
		break;
	}
}

static bool answered(struct sim *s, unsigned client, struct bytes result)
{
	struct mail *m = s->app_state;
	const struct request *r = &m->request[client];
	struct arena mem;
	Tern__Result *res;

	arena_init(&mem, 0);
	res = WIRE_UNPACK(result, result, &mem);
	expect(res != NULL, client, r, "no Result");
	if (res->status != ERR_OK)
		sim_fail("client %u shard %u request %lu (%d): %s: %s", client, r->shard, r->seq,
			 (int)r->what, err_name((int)res->status), res->why);
	settle(m, &m->box[client][r->shard], client, r, res);
	arena_release(&mem);
	return true;
}

/* ---- the end: every replica has what the clients know, and bodies for it */

static void check_bodies(struct node *n, uint32_t shard, const struct row *row)
{
	struct bytes list = row->chunks;
	struct row_chunk c;

	for (uint32_t i = 0; i < row->n_chunks; i++) {
		struct blob *stored = NULL;

		INVARIANT(row_chunk_next(&list, &c));
		if (host_chunk_get(n->kv, NULL, shard, c.index, c.term, &stored) || !stored ||
		    !hash128_eq(hash128(stored->b), c.hash))
			sim_fail("n%u shard %u: the body at %lu is gone or another", n->id, shard,
				 c.index);
		blob_unref(&stored);
	}
}

static const struct live *live_of(const struct box *b, uint32_t uid)
{
	for (unsigned i = 0; i < b->n; i++)
		if (b->live[i].uid == uid)
			return &b->live[i];
	return NULL;
}

static unsigned check_page(struct node *n, uint32_t shard, const struct box *b, struct bytes page)
{
	static struct row row;
	unsigned seen = 0;

	for (; page.n; seen++) {
		const struct live *l;

		INVARIANT(row_unpack(&page, ROW_FLAGS | ROW_SIZE | ROW_CHUNKS, &row));
		check_bodies(n, shard, &row);
		l = b ? live_of(b, row.uid) : NULL;
		if (b && (!l || l->flags != row.flags))
			sim_fail("n%u shard %u: uid %u is not as its client left it", n->id, shard,
				 row.uid);
	}
	return seen;
}

/* All rows of one mailbox; returns how many. b NULL: only the bodies are compared. */
static unsigned check_mailbox(struct node *n, struct rows *rows, uint64_t account, const char *path,
			      const struct box *b)
{
	Tern__Query q = TERN__QUERY__INIT;
	Tern__Select select = TERN__SELECT__INIT;
	struct arena mem;
	Tern__Reply *reply;
	struct msg page;
	unsigned seen;

	arena_init(&mem, 0);
	msg_init(&page);
	select.account = account;
	select.path = (char *)path;
	select.columns = ROW_FLAGS | ROW_SIZE | ROW_CHUNKS;
	select.max_bytes = WIRE_MAX_PAYLOAD / 2;
	q.what_case = TERN__QUERY__WHAT_SELECT;
	q.select = &select;
	reply = mailstore_query(rows, &q, &mem, &page);
	if (reply->status || reply->select->next_uid)
		sim_fail("n%u: %s of %lx cannot be read: %s", n->id, path, account, reply->why);
	seen = check_page(n, rows_shard(rows), b, page.n_payload ? page.payload[0]->b : BYTES_NONE);
	if (b && reply->select->mailbox->uid_next != b->uid_next)
		sim_fail("n%u: UIDNEXT of %s is %u, not %u", n->id, path,
			 reply->select->mailbox->uid_next, b->uid_next);
	msg_release(&page);
	arena_release(&mem);
	return seen;
}

static void check(struct sim *s, struct node *n, uint32_t shard)
{
	struct mail *m = s->app_state;
	struct host_view v;
	struct rows *rows;
	struct why why;

	INVARIANT(host_view(n->kv, NULL, shard, &v) == 0);
	rows = rows_view(n->kv, NULL, shard, v.incarnation);
	if (mailstore_check(rows, &why) < 0)
		sim_fail("n%u shard %u: %s", n->id, shard, why.text);
	for (unsigned i = 0; i < s->n_clients; i++) {
		const struct box *b = &m->box[i][shard];
		unsigned box, inbox;

		if (b->step != READY)
			continue;
		box = check_mailbox(n, rows, b->account, "Box", b);
		inbox = check_mailbox(n, rows, b->account, "INBOX", NULL);
		if (box != b->n || inbox != b->delivered)
			sim_fail("n%u shard %u: client %u knows of %u and %u messages, there are "
				 "%u and %u",
				 n->id, shard, i, b->n, b->delivered, box, inbox);
	}
	rows_free(&rows);
}

const struct sim_app app_mail = {
	"mail", init, release, invent, entry, body, apply, answered, check
};
