/* SPDX-License-Identifier: Apache-2.0 */
/* app_mail.c - the real thing: mailstore_apply under the simulated cluster, and what clients know.
 *
 * Each client has, in each shard, an account with a mailbox that only it changes, one request at
 * a time, so it knows exactly what must be there: which UIDs, with which flags, and that no UID
 * was spent in vain. Deliveries go to INBOXes, of others too, and are counted. Where nobody can
 * tell whether a request happened, the client reads; what does not show is put aside, since it may
 * still happen, and the client goes on in another mailbox. At the end every replica is compared
 * with what the clients know, and with what was seen to be applied where they do not. */
#include "sim/mail.h"

#include "base/buf.h"
#include "base/clock.h"
#include "mailstore/apply.h"
#include "mailstore/query.h"
#include "model/row.h"

#include <stdio.h>
#include <stdlib.h>

#define LIVE_MAX 400

enum step { NEW, HAS_ACCOUNT, READY };

enum what { ACCOUNT, MAILBOX, APPEND, STAGE, DELIVER, FLAGS, EXPUNGE, COPY };

struct live {
	uint32_t uid, flags;
};

struct box { /* a mailbox */
	char path[16];
	uint32_t mailbox, validity, uid_next;
	struct live live[LIVE_MAX];
	unsigned n;
};

struct home { /* of one client in one shard */
	enum step step;
	uint64_t account;
	unsigned names; /* tried: of accounts and mailboxes */
	struct box box;
	unsigned delivered; /* to its INBOX */
	bool staged;        /* a chunk waits for the next APPEND */
	uint8_t upload[16];
	Tern__ChunkRef ref;
};

struct request {
	enum what what;
	uint32_t shard;
	uint64_t trace;
	unsigned which; /* position in live: FLAGS, EXPUNGE, COPY */
	uint32_t flags;
	int other;  /* DELIVER: a second recipient's client, -1: none */
	bool open;  /* it may have happened: a read will tell */
	bool slept; /* an hour passed since: what it needed may be gone */
};

struct doubt { /* what may have happened, or may yet */
	struct list list;
	unsigned client;
	struct request r;
	struct box before;
};

struct mail {
	struct home home[SIM_CLIENTS][SIM_SHARDS];
	struct request request[SIM_CLIENTS];
	uint32_t reading[SIM_CLIENTS];       /* shard */
	struct row_chunk chunk[SIM_CLIENTS]; /* stored 0: none */
	uint32_t chunk_shard[SIM_CLIENTS];
	struct list doubts;
};

static void *init(struct sim *s)
{
	struct mail *m = xnew(struct mail);

	(void)s;
	list_init(&m->doubts);
	return m;
}

static void release(void *state)
{
	struct mail *m = state;
	struct list *node;

	while ((node = list_pop(&m->doubts)))
		free(list_entry(node, struct doubt, list));
	free(m);
}

static struct home *home_of(struct sim *s, unsigned client, uint32_t shard)
{
	return &((struct mail *)s->app_state)->home[client][shard];
}

uint64_t mail_account(struct sim *s, unsigned client, uint32_t shard)
{
	return home_of(s, client, shard)->account;
}

void mail_slept(struct sim *s)
{
	for (unsigned i = 0; i < s->n_clients; i++) {
		((struct mail *)s->app_state)->request[i].slept = true;
		for (uint32_t shard = 0; shard < s->n_shards; shard++)
			home_of(s, i, shard)->staged = false;
	}
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
static void content_of(struct sim *s, struct home *h, struct request *r, struct call *call,
		       Tern__Content *c, Tern__ChunkRef **chunks, Tern__ChunkRef *last,
		       uint64_t *key)
{
	call->payload[call->n_payload++] = random_body(s);
	*last = chunk_of(call->payload[0]);
	if (r->what == APPEND && h->staged) {
		chunks[c->n_chunks++] = &h->ref;
		c->size += h->ref.raw;
		c->upload = (ProtobufCBinaryData){ sizeof(h->upload), h->upload };
	}
	chunks[c->n_chunks++] = last;
	c->chunks = chunks;
	c->size += last->raw;
	*key = prng_below(&s->rng, 20) + 1;
	c->thread_keys = key;
	c->n_thread_keys = 1;
}

static void pack(struct call *call, Tern__Op *op)
{
	op->version = 1;
	call->body = wire_pack(&op->base);
}

static void invent_setup(struct home *h, struct request *r, unsigned client, struct call *call)
{
	Tern__Op op = TERN__OP__INIT;
	Tern__AccountCreate account = TERN__ACCOUNT_CREATE__INIT;
	Tern__MailboxCreate mailbox = TERN__MAILBOX_CREATE__INIT;
	char address[32];

	snprintf(address, sizeof(address), "c%u-%u@sim.test", client, h->names);
	account.address = address;
	account.password = "$5$x";
	snprintf(h->box.path, sizeof(h->box.path), "Box%u", h->names);
	mailbox.account = h->account;
	mailbox.path = h->box.path;
	if (h->step == NEW) {
		r->what = ACCOUNT;
		op.what_case = TERN__OP__WHAT_ACCOUNT_CREATE;
		op.account_create = &account;
	} else {
		r->what = MAILBOX;
		op.what_case = TERN__OP__WHAT_MAILBOX_CREATE;
		op.mailbox_create = &mailbox;
	}
	pack(call, &op);
}

static void invent_message(struct sim *s, struct home *h, struct request *r, struct call *call)
{
	Tern__Op op = TERN__OP__INIT;
	Tern__Append append = TERN__APPEND__INIT;
	Tern__Content content = TERN__CONTENT__INIT;
	Tern__ChunkRef *chunks[2], last;
	uint64_t key;

	content_of(s, h, r, call, &content, chunks, &last, &key);
	append.account = h->account;
	if (sim_chance(s, 30)) {
		append.path = h->box.path;
	} else {
		append.mailbox = h->box.mailbox;
		append.uid_validity = h->box.validity;
	}
	append.content = &content;
	op.what_case = TERN__OP__WHAT_APPEND;
	op.append = &append;
	pack(call, &op);
}

static void invent_stage(struct sim *s, struct home *h, struct call *call)
{
	Tern__Op op = TERN__OP__INIT;
	Tern__ChunkPut put = TERN__CHUNK_PUT__INIT;

	call->payload[call->n_payload++] = random_body(s);
	h->ref = chunk_of(call->payload[0]);
	for (unsigned i = 0; i < sizeof(h->upload); i++)
		h->upload[i] = (uint8_t)prng_u64(&s->rng);
	put.upload = (ProtobufCBinaryData){ sizeof(h->upload), h->upload };
	put.raw = h->ref.raw;
	op.what_case = TERN__OP__WHAT_CHUNK;
	op.chunk = &put;
	pack(call, &op);
}

static void invent_delivery(struct sim *s, struct home *h, struct request *r, unsigned client,
			    struct call *call)
{
	Tern__Op op = TERN__OP__INIT;
	Tern__Deliver d = TERN__DELIVER__INIT;
	Tern__Recipient to[2] = { TERN__RECIPIENT__INIT, TERN__RECIPIENT__INIT };
	Tern__Recipient *here[2] = { &to[0], &to[1] };
	Tern__Content content = TERN__CONTENT__INIT;
	Tern__ChunkRef *chunks[2], last;
	uint64_t key, id[2] = { prng_u64(&s->rng), prng_u64(&s->rng) };
	unsigned other = (unsigned)prng_below(&s->rng, s->n_clients);

	content_of(s, h, r, call, &content, chunks, &last, &key);
	to[0].account = h->account;
	d.n_here = 1;
	r->other = -1;
	if (other != client && home_of(s, other, r->shard)->step == READY) {
		to[1].account = home_of(s, other, r->shard)->account;
		d.n_here = 2;
		r->other = (int)other;
	}
	d.here = here;
	d.delivery = (ProtobufCBinaryData){ sizeof(id), (uint8_t *)id };
	d.born_ms = clock_wall_ms();
	d.content = &content;
	call->class = CALL_DELIVERY;
	memcpy(call->delivery, id, sizeof(call->delivery));
	op.what_case = TERN__OP__WHAT_DELIVER;
	op.deliver = &d;
	pack(call, &op);
}

static void invent_change(struct sim *s, struct home *h, struct request *r, struct call *call)
{
	Tern__Op op = TERN__OP__INIT;
	Tern__StoreFlags flags = TERN__STORE_FLAGS__INIT;
	Tern__Flags set = TERN__FLAGS__INIT;
	Tern__Expunge expunge = TERN__EXPUNGE__INIT;
	Tern__Copy copy = TERN__COPY__INIT;
	Tern__Ranges uids = TERN__RANGES__INIT;
	const struct box *b = &h->box;
	uint32_t range[2];

	r->which = (unsigned)prng_below(&s->rng, b->n);
	r->flags = (uint32_t)prng_below(&s->rng, FLAGS_SYSTEM + 1);
	range[0] = range[1] = b->live[r->which].uid;
	uids.v = range;
	uids.n_v = 2;
	set.system = r->flags;
	flags.account = expunge.account = copy.account = h->account;
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
	pack(call, &op);
}

static enum what choose(struct sim *s, const struct home *h)
{
	uint64_t dice = prng_below(&s->rng, 100);

	if (h->box.n == LIVE_MAX)
		return EXPUNGE;
	if (h->box.n == 0 || dice < 30)
		return APPEND;
	if (dice < 38 && !h->staged)
		return STAGE;
	return dice < 55 ? DELIVER : dice < 75 ? FLAGS : dice < 88 ? COPY : EXPUNGE;
}

void mail_invent(struct sim *s, unsigned client, uint32_t shard, struct call *call)
{
	struct request *r = &((struct mail *)s->app_state)->request[client];
	struct home *h = home_of(s, client, shard);

	call_init(call, CALL_OP, TERN__KIND__KIND_OP, shard);
	call->trace = ++s->next_attempt;
	check_attempt(s, call->trace);
	*r = (struct request){ .shard = shard, .trace = call->trace };
	if (h->step != READY) {
		invent_setup(h, r, client, call);
		return;
	}
	r->what = choose(s, h);
	if (r->what == APPEND)
		invent_message(s, h, r, call);
	else if (r->what == STAGE)
		invent_stage(s, h, call);
	else if (r->what == DELIVER)
		invent_delivery(s, h, r, client, call);
	else
		invent_change(s, h, r, call);
}

/* ---- apply, as server/apply_glue.c does it */

/* A request after its fence. */
static void overtaken(struct bytes op, struct arena *mem)
{
	Tern__Op *unpacked = WIRE_UNPACK(op, op, mem);

	INVARIANT(unpacked);
	sim_current->faults[F_OVERTAKEN] += unpacked->what_case != TERN__OP__WHAT_FENCE;
}

static void apply(void *node, struct rows *rows, const struct host_entry *e, struct arena *mem,
		  struct host_outcome *out)
{
	struct effects *fx = arena_new(mem, struct effects);
	struct entry in = { .index = e->index,
			    .term = e->term,
			    .op = e->op,
			    .body_stored = e->body_stored,
			    .body_hash = e->body_hash };
	Tern__Result *result;
	bool first;

	INVARIANT(stamp_unpack(&in.op, &in.stamp) == 0);
	in.stamp.log_ms = e->log_ms;
	in.stamp.wall_ms = e->wall_ms;
	first = check_applied(sim_current, ((struct node *)node)->id, e, in.stamp.trace,
			      hash128_2(e->op, bytes_of(&e->body_hash, 16)));
	out->result = mailstore_apply(rows, &in, mem, fx);
	out->effects = fx;
	out->reclaim = (const struct host_chunk *)fx->reclaim;
	out->n_reclaim = fx->n_reclaim;
	result = WIRE_UNPACK(result, out->result, mem);
	INVARIANT(result);
	/* A duplicate has the first answer, so does a fence that came too late. */
	if (first && in.stamp.trace && result->status == ERR_OK)
		check_effect(sim_current, in.stamp.trace);
	if (first && result->status == ERR_FENCED)
		overtaken(in.op, mem);
	if (first && result->status == ERR_EXPIRED && check_open(sim_current, in.stamp.trace) &&
	    !sim_current->faults[F_IDLE])
		sim_fail("request %lu is open, and its answer was given up", in.stamp.trace);
}

/* ---- answers */

static void expect(bool good, unsigned client, const struct request *r, const char *what)
{
	if (!good)
		sim_fail("client %u shard %u request %lu (%d): %s", client, r->shard, r->trace,
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

static void settle_setup(struct home *h, const struct request *r, const Tern__Result *res)
{
	if (r->what == ACCOUNT) {
		h->account = res->account;
		h->step = HAS_ACCOUNT;
		return;
	}
	h->box.mailbox = res->mailbox;
	h->box.validity = res->uid_validity;
	h->box.uid_next = 1;
	h->box.n = 0;
	h->step = READY;
}

static void settle_delivery(struct sim *s, unsigned client, const struct request *r,
			    const Tern__Result *res)
{
	for (size_t i = 0; i < res->n_statuses; i++)
		expect(res->statuses[i] == ERR_OK, client, r, "a recipient was refused");
	home_of(s, client, r->shard)->delivered++;
	if (r->other >= 0)
		home_of(s, (unsigned)r->other, r->shard)->delivered++;
}

static void settle(struct sim *s, unsigned client, const struct request *r, const Tern__Result *res)
{
	struct home *h = home_of(s, client, r->shard);
	struct box *b = &h->box;

	switch (r->what) {
	case ACCOUNT:
	case MAILBOX: settle_setup(h, r, res); break;
	case APPEND:
		grew(b, client, r, res->uids, 0);
		h->staged = false;
		break;
	case STAGE:
		expect(res->chunk && res->chunk->index, client, r, "the chunk is nowhere");
		h->ref.index = res->chunk->index;
		h->ref.term = res->chunk->term;
		h->staged = !r->slept;
		break;
	case DELIVER: settle_delivery(s, client, r, res); break;
	case FLAGS: b->live[r->which].flags = r->flags; break;
	case COPY: grew(b, client, r, res->to_uids, b->live[r->which].flags); break;
	case EXPUNGE:
		expect(res->uids && res->uids->n_v == 2 && res->uids->v[0] == b->live[r->which].uid,
		       client, r, "another message was expunged");
		b->live[r->which] = b->live[--b->n];
		break;
	}
}

bool mail_settle(struct sim *s, unsigned client, struct bytes result)
{
	const struct request *r = &((struct mail *)s->app_state)->request[client];
	struct arena mem;
	Tern__Result *res;
	bool ok;

	arena_init(&mem, 0);
	res = WIRE_UNPACK(result, result, &mem);
	expect(res != NULL, client, r, "no Result");
	ok = res->status == ERR_OK;
	if (!ok && !r->slept)
		sim_fail("client %u shard %u request %lu (%d): %s: %s", client, r->shard, r->trace,
			 (int)r->what, err_name((int)res->status), res->why);
	if (ok)
		settle(s, client, r, res);
	arena_release(&mem);
	return ok;
}

/* ---- what nobody can tell */

static void put_aside(struct sim *s, unsigned client, const struct request *r)
{
	struct mail *m = s->app_state;
	struct doubt *d = xnew(struct doubt);

	d->client = client;
	d->r = *r;
	d->before = home_of(s, client, r->shard)->box;
	list_init(&d->list);
	list_add(&m->doubts, &d->list);
}

bool mail_doubt(struct sim *s, unsigned client)
{
	struct request *r = &((struct mail *)s->app_state)->request[client];
	struct home *h = home_of(s, client, r->shard);

	switch (r->what) {
	case ACCOUNT:
	case MAILBOX: h->names++; return false;
	case STAGE: h->staged = false; return false;
	case DELIVER: put_aside(s, client, r); return false;
	case APPEND: h->staged = false; break;
	default: break;
	}
	return r->open = true;
}

/* The mailbox once the request has happened. */
static void after(struct box *b, const struct request *r)
{
	switch (r->what) {
	case APPEND: b->live[b->n++] = (struct live){ b->uid_next++, 0 }; break;
	case FLAGS: b->live[r->which].flags = r->flags; break;
	case COPY: b->live[b->n++] = (struct live){ b->uid_next++, b->live[r->which].flags }; break;
	case EXPUNGE: b->live[r->which] = b->live[--b->n]; break;
	default: break;
	}
}

/* ---- reading */

static const struct live *live_of(const struct box *b, uint32_t uid)
{
	for (unsigned i = 0; i < b->n; i++)
		if (b->live[i].uid == uid)
			return &b->live[i];
	return NULL;
}

/* Is the whole of it on this page, and nothing else? */
static bool box_is(const struct box *b, const Tern__Reply *reply, struct bytes page)
{
	static struct row row;
	unsigned seen = 0;

	if (!reply->select->mailbox || reply->select->mailbox->uid_next != b->uid_next)
		return false;
	for (; page.n; seen++) {
		const struct live *l;

		INVARIANT(row_unpack(&page, ROW_FLAGS | ROW_SIZE | ROW_CHUNKS, &row));
		l = live_of(b, row.uid);
		if (!l || l->flags != row.flags)
			return false;
	}
	return seen == b->n;
}

static void select_init(Tern__Query *q, Tern__Select *select, uint64_t account, const char *path)
{
	tern__query__init(q);
	tern__select__init(select);
	select->account = account;
	select->path = (char *)path;
	select->columns = ROW_FLAGS | ROW_SIZE | ROW_CHUNKS;
	select->max_bytes = WIRE_MAX_PAYLOAD / 2;
	q->what_case = TERN__QUERY__WHAT_SELECT;
	q->select = select;
}

bool mail_read(struct sim *s, unsigned client, uint32_t shard, struct call *call)
{
	struct mail *m = s->app_state;
	const struct request *r = &m->request[client];
	struct home *h;
	Tern__Query q;
	Tern__Select select;

	if (r->open)
		shard = r->shard;
	h = home_of(s, client, shard);
	if (h->step != READY)
		return false;
	m->reading[client] = shard;
	call_init(call, CALL_READ, TERN__KIND__KIND_QUERY, shard);
	select_init(&q, &select, h->account, h->box.path);
	call->body = wire_pack(&q.base);
	return true;
}

static void resolve(struct sim *s, unsigned client, const Tern__Reply *reply, struct bytes page)
{
	struct request *r = &((struct mail *)s->app_state)->request[client];
	struct home *h = home_of(s, client, r->shard);
	struct box *then = xnew(struct box);

	*then = h->box;
	after(then, r);
	r->open = false;
	if (box_is(then, reply, page)) {
		h->box = *then;
	} else {
		expect(box_is(&h->box, reply, page), client, r, "neither done nor not done");
		put_aside(s, client, r);
		h->step = HAS_ACCOUNT;
		h->names++;
	}
	free(then);
}

static void remember_chunk(struct sim *s, unsigned client, struct bytes page)
{
	struct mail *m = s->app_state;
	static struct row row;

	if (!page.n)
		return;
	INVARIANT(row_unpack(&page, ROW_FLAGS | ROW_SIZE | ROW_CHUNKS, &row));
	INVARIANT(row_chunk_next(&row.chunks, &m->chunk[client]));
	m->chunk_shard[client] = m->reading[client];
}

void mail_seen(struct sim *s, unsigned client, const struct msg *m)
{
	struct mail *mail = s->app_state;
	const struct request *r = &mail->request[client];
	uint32_t shard = mail->reading[client];
	struct bytes page = m->n_payload ? m->payload[0]->b : BYTES_NONE;
	struct arena mem;
	Tern__Reply *reply;

	arena_init(&mem, 0);
	reply = WIRE_UNPACK(reply, m->body->b, &mem);
	if (!reply || reply->status || !reply->select || reply->select->next_uid)
		sim_fail("client %u shard %u: the mailbox cannot be read: %s", client, shard,
			 reply ? reply->why : "no Reply");
	if (r->open)
		resolve(s, client, reply, page);
	else if (!box_is(&home_of(s, client, shard)->box, reply, page))
		sim_fail("client %u shard %u: the mailbox is not as its client left it", client,
			 shard);
	remember_chunk(s, client, page);
	arena_release(&mem);
}

bool mail_chunk(struct sim *s, unsigned client, struct call *call)
{
	struct mail *m = s->app_state;
	const struct row_chunk *c = &m->chunk[client];
	Tern__ChunksQuery q = TERN__CHUNKS_QUERY__INIT;
	Tern__ChunkRef ref = TERN__CHUNK_REF__INIT, *refs[] = { &ref };

	if (!c->stored)
		return false;
	ref.index = c->index;
	ref.term = c->term;
	ref.raw = c->raw;
	ref.stored = c->stored;
	ref.hash_lo = c->hash.lo;
	ref.hash_hi = c->hash.hi;
	q.chunks = refs;
	q.n_chunks = 1;
	call_init(call, CALL_ANY, TERN__KIND__KIND_CHUNKS, m->chunk_shard[client]);
	call->min_index = c->index;
	call->body = wire_pack(&q.base);
	return true;
}

void mail_chunk_seen(struct sim *s, unsigned client, const struct msg *reply)
{
	const struct row_chunk *c = &((struct mail *)s->app_state)->chunk[client];

	if (reply->n_payload != 1 || !hash128_eq(hash128(reply->payload[0]->b), c->hash))
		sim_fail("client %u: another body at %lu", client, c->index);
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

/* All rows of one mailbox, with their bodies; returns how many. b NULL: whatever they are. */
static unsigned check_mailbox(struct node *n, struct rows *rows, uint64_t account, const char *path,
			      const struct box *b)
{
	static struct row row;
	Tern__Query q;
	Tern__Select select;
	struct arena mem;
	Tern__Reply *reply;
	struct msg page;
	struct bytes rest;
	unsigned seen = 0;

	arena_init(&mem, 0);
	msg_init(&page);
	select_init(&q, &select, account, path);
	reply = mailstore_query(rows, &q, &mem, &page);
	if (reply->status || reply->select->next_uid)
		sim_fail("n%u: %s of %lx cannot be read: %s", n->id, path, account, reply->why);
	rest = page.n_payload ? page.payload[0]->b : BYTES_NONE;
	if (b && !box_is(b, reply, rest))
		sim_fail("n%u: %s of %lx is not as its client left it", n->id, path, account);
	for (; rest.n; seen++) {
		INVARIANT(row_unpack(&rest, ROW_FLAGS | ROW_SIZE | ROW_CHUNKS, &row));
		check_bodies(n, rows_shard(rows), &row);
	}
	msg_release(&page);
	arena_release(&mem);
	return seen;
}

/* What was put aside has happened or not, as was seen when it was applied. */
static void check_doubt(struct sim *s, struct node *n, struct rows *rows, const struct doubt *d)
{
	struct box *b;

	if (d->r.what == DELIVER)
		return;
	b = xnew(struct box);
	*b = d->before;
	if (check_happened(s, d->r.trace))
		after(b, &d->r);
	check_mailbox(n, rows, home_of(s, d->client, d->r.shard)->account, b->path, b);
	free(b);
}

static unsigned doubtful_deliveries(struct sim *s, unsigned client, uint32_t shard)
{
	struct mail *m = s->app_state;
	unsigned n = 0;

	list_foreach(&m->doubts, node) {
		const struct doubt *d = list_entry(node, struct doubt, list);

		if (d->r.what == DELIVER && d->r.shard == shard &&
		    (d->client == client || d->r.other == (int)client))
			n += check_happened(s, d->r.trace);
	}
	return n;
}

static void check_home(struct sim *s, struct node *n, struct rows *rows, unsigned client)
{
	const struct home *h = home_of(s, client, rows_shard(rows));
	unsigned inbox, known;

	if (h->step == READY)
		check_mailbox(n, rows, h->account, h->box.path, &h->box);
	if (!h->account)
		return;
	inbox = check_mailbox(n, rows, h->account, "INBOX", NULL);
	known = h->delivered + doubtful_deliveries(s, client, rows_shard(rows));
	if (inbox != known)
		sim_fail("n%u shard %u: client %u knows of %u messages in INBOX, there are %u",
			 n->id, rows_shard(rows), client, known, inbox);
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
	for (unsigned i = 0; i < s->n_clients; i++)
		check_home(s, n, rows, i);
	list_foreach(&m->doubts, node) {
		const struct doubt *d = list_entry(node, struct doubt, list);

		if (d->r.shard == shard)
			check_doubt(s, n, rows, d);
	}
	rows_free(&rows);
}

const struct sim_app app_mail = { .name = "mail",
				  .bit = WITH_MAIL,
				  .clients = &clients_mail,
				  .init = init,
				  .free = release,
				  .apply = apply,
				  .check = check };
