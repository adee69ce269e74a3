/* SPDX-License-Identifier: Apache-2.0 */
#include "fake.h"

#include "router/zap.h"

#include <stdio.h>
#include <stdlib.h>
#include <zmq.h>

/* ---- the ledger, under the lock -------------------------------------------------------------- */

static struct fake_id *find_id(struct fake *f, uint32_t shard, uint64_t client, uint64_t seq,
			       const uint8_t *delivery)
{
	struct fake_id *id = f->id;

	for (; id < f->id + f->n_ids; id++)
		if (id->shard == shard && id->client == client && id->seq == seq &&
		    memcmp(id->delivery, delivery, 16) == 0)
			return id;
	INVARIANT(f->n_ids < FAKE_IDS);
	f->n_ids++;
	id->shard = shard;
	id->client = client;
	id->seq = seq;
	memcpy(id->delivery, delivery, 16);
	return id;
}

static bool knows(struct fake *f, const Tern__Head *head, bool add)
{
	uint64_t key = head->client ^ (uint64_t)head->shard << 32;

	for (size_t i = 0; i < f->n_known; i++)
		if (f->known[i] == key)
			return true;
	if (add)
		f->known[f->n_known++] = key;
	return add;
}

static const uint8_t no_delivery[16];

static void apply_fence(struct fake *f, uint32_t shard, const Tern__Fence *fence, Tern__Result *r)
{
	const uint8_t *delivery = fence->delivery.len == 16 ? fence->delivery.data : no_delivery;
	struct fake_id *id = find_id(f, shard, fence->client, fence->seq, delivery);

	f->fences++;
	if (!id->applied)
		id->fenced = true;
	r->status = id->applied ? ERR_OK : ERR_FENCED;
	r->modseq = (uint64_t)(id - f->id);
}

static void apply_op(struct fake *f, const Tern__Head *head, const Tern__Op *op, Tern__Result *r)
{
	const uint8_t *delivery = op->what_case == TERN__OP__WHAT_DELIVER ?
					  op->deliver->delivery.data :
					  no_delivery;
	struct fake_id *id;

	if (op->what_case == TERN__OP__WHAT_HELLO) {
		f->hellos++;
		knows(f, head, true);
		return;
	}
	if (head->client && (!knows(f, head, false) || head->seq < f->done_below[head->shard])) {
		r->status = ERR_EXPIRED;
		return;
	}
	if (head->client)
		f->done_below[head->shard] = MAX(f->done_below[head->shard], head->done_below);
	if (op->what_case == TERN__OP__WHAT_FENCE) {
		apply_fence(f, head->shard, op->fence, r);
		return;
	}
	id = find_id(f, head->shard, head->client, head->seq, delivery);
	if (!id->applied && !id->fenced) {
		id->applied++;
		f->ops++;
	}
	r->status = id->fenced ? ERR_FENCED : ERR_OK;
	r->modseq = (uint64_t)(id - f->id);
}

/* ---- one request ------------------------------------------------------------------------------ */

struct reply {
	Tern__Head head;
	struct blob *body;
	bool silent;
};

static struct blob *pack_map(struct fake *f)
{
	Tern__ClusterMap map = TERN__CLUSTER_MAP__INIT;
	Tern__MapNode nodes[FAKE_NODES], *node_list[FAKE_NODES];
	Tern__MapReplica replicas[FAKE_NODES], *replica_list[FAKE_NODES];
	Tern__MapShard shard = TERN__MAP_SHARD__INIT, *shards[64];
	static uint8_t cluster[16] = "a test cluster!";

	for (unsigned i = 0; i < FAKE_NODES; i++) {
		tern__map_node__init(&nodes[i]);
		nodes[i].name = (char *)f->conf[i].name;
		node_list[i] = &nodes[i];
		tern__map_replica__init(&replicas[i]);
		replicas[i].node = i;
		replicas[i].replica = i + 1;
		replica_list[i] = &replicas[i];
	}
	shard.n_replicas = FAKE_NODES;
	shard.replicas = replica_list;
	for (unsigned i = 0; i < f->shards; i++)
		shards[i] = &shard;
	map.epoch = f->epoch;
	map.era = 1;
	map.cluster.data = cluster;
	map.cluster.len = sizeof(cluster);
	map.n_nodes = FAKE_NODES;
	map.nodes = node_list;
	map.n_shards = f->shards;
	map.shards = shards;
	return wire_pack(&map.base);
}

static void serve_op(struct fake_node *n, const Tern__Head *head, const struct msg *m,
		     struct arena *mem, struct reply *out)
{
	Tern__Op *op = WIRE_UNPACK(op, m->body->b, mem);
	Tern__Result result = TERN__RESULT__INIT;

	INVARIANT(op);
	if (n->fake->refuse_hello && op->what_case == TERN__OP__WHAT_HELLO) {
		out->head.status = ERR_DENIED;
		return;
	}
	if (n->late_index && op->what_case != TERN__OP__WHAT_HELLO) {
		out->head.index = n->late_index;
		out->head.status = ERR_NOTLEADER;
		n->late_index = 0;
		n->fake->leader = -1;
		return;
	}
	apply_op(n->fake, head, op, &result);
	out->head.index = 100;
	out->body = wire_pack(&result.base);
	if (n->lose && op->what_case != TERN__OP__WHAT_HELLO) {
		n->lose--;
		out->silent = true;
	}
}

static void serve_watch(struct fake_node *n, const struct msg *m, struct arena *mem,
			struct reply *out)
{
	struct fake *f = n->fake;
	Tern__Watch *w = WIRE_UNPACK(watch, m->body->b, mem);
	Tern__Hints hints = TERN__HINTS__INIT;

	INVARIANT(w);
	f->watches++;
	f->last_fresh = w->fresh;
	if (w->fresh)
		f->n_watched = 0;
	for (size_t i = 0; i < w->n_drop; i++)
		for (size_t j = 0; j < MIN(f->n_watched, (size_t)64); j++)
			if (f->watched[j] == w->drop[i]->account)
				f->watched[j] = 0;
	for (size_t i = 0; i < w->n_add; i++) {
		f->watched[f->n_watched % 64] = w->add[i]->account;
		f->watched_modseq[f->n_watched++ % 64] = w->add[i]->modseq;
	}
	out->body = wire_pack(&hints.base);
}

static void serve(struct fake_node *n, const Tern__Head *head, const struct msg *m,
		  struct arena *mem, struct reply *out)
{
	struct fake *f = n->fake;

	n->requests++;
	out->silent = n->silent;
	if (n->silent)
		return;
	if (head->kind == TERN__KIND__KIND_MAP) {
		out->body = pack_map(f);
		return;
	}
	if (n->refuse) {
		n->refuse--;
		out->head.status = n->refuse_status;
		return;
	}
	if (head->epoch < f->min_epoch) {
		out->head.status = ERR_EPOCH;
		return;
	}
	if (head->kind != TERN__KIND__KIND_CHUNKS && head->kind != TERN__KIND__KIND_NODE &&
	    f->leader != (int)n->at) {
		out->head.status = ERR_NOTLEADER;
		out->head.leader = (uint32_t)(f->leader + 1);
		return;
	}
	if (head->kind == TERN__KIND__KIND_OP)
		serve_op(n, head, m, mem, out);
	else if (head->kind == TERN__KIND__KIND_WATCH)
		serve_watch(n, m, mem, out);
	else
		out->body = blob_copy(bytes_str(f->conf[n->at].name));
}

static void send_reply(struct fake_node *n, struct bytes peer, const struct reply *r)
{
	struct msg m;

	msg_init(&m);
	m.head = wire_pack(&r->head.base);
	m.body = r->body ? blob_ref(r->body) : NULL;
	if (wire_send(n->socket, peer, &m) < 0)
		return; /* the router is gone */
}

static void one_request(struct fake_node *n, struct bytes peer, struct msg *m, struct arena *mem)
{
	Tern__Head *head = WIRE_UNPACK(head, m->head->b, mem);
	struct reply r = { .body = NULL };
	unsigned delay, twice;

	INVARIANT(head);
	tern__head__init(&r.head);
	r.head.version = WIRE_VERSION;
	r.head.kind = head->kind;
	r.head.call = head->call;
	r.head.shard = head->shard;
	pthread_mutex_lock(&n->fake->lock);
	serve(n, head, m, mem, &r);
	if (head->kind == TERN__KIND__KIND_WATCH && peer.n <= sizeof(n->watcher_id)) {
		memcpy(n->watcher_id, peer.p, peer.n);
		n->watcher = bytes_of(n->watcher_id, peer.n);
	}
	delay = n->delay_ms;
	twice = n->twice;
	pthread_mutex_unlock(&n->fake->lock);
	if (delay)
		usleep(delay * 1000);
	if (!r.silent)
		send_reply(n, peer, &r);
	if (!r.silent && twice)
		send_reply(n, peer, &r);
	blob_unref(&r.body);
}

static void send_hint(struct fake_node *n)
{
	Tern__Hint hint = TERN__HINT__INIT, *list[] = { &hint };
	Tern__Hints hints = TERN__HINTS__INIT;
	struct reply r = { .body = NULL };

	tern__head__init(&r.head);
	r.head.version = WIRE_VERSION;
	r.head.kind = TERN__KIND__KIND_HINT;
	r.head.shard = (uint32_t)(n->hint_account >> 48);
	hint.account = n->hint_account;
	hint.modseq = n->hint_modseq;
	hints.n_hints = 1;
	hints.hints = list;
	r.body = wire_pack(&hints.base);
	send_reply(n, n->watcher, &r);
	blob_unref(&r.body);
	n->hint_account = 0;
}

/* ---- the thread ------------------------------------------------------------------------------- */

static void open_socket(struct fake_node *n)
{
	char where[64];
	int linger = 0, one = 1;
	size_t len = sizeof(where);

	n->socket = zmq_socket(n->zmq, ZMQ_ROUTER);
	zmq_setsockopt(n->socket, ZMQ_LINGER, &linger, sizeof(linger));
	zmq_setsockopt(n->socket, ZMQ_ROUTER_MANDATORY, &one, sizeof(one));
	zap_protect(n->socket, ZAP_REQUESTS, n->secret_key);
	snprintf(where, sizeof(where), "tcp://%s", n->address[0] ? n->address : "127.0.0.1:*");
	while (zmq_bind(n->socket, where) < 0)
		usleep(10000); /* the old one still lets go */
	if (n->address[0])
		return;
	zmq_getsockopt(n->socket, ZMQ_LAST_ENDPOINT, where, &len);
	snprintf(n->address, sizeof(n->address), "%.31s", where + strlen("tcp://"));
}

/* Returns whether to go on. */
static bool obey(struct fake_node *n)
{
	bool stop, cut;

	pthread_mutex_lock(&n->fake->lock);
	stop = n->stop;
	cut = n->cut;
	if (n->hint_account && n->socket)
		send_hint(n);
	pthread_mutex_unlock(&n->fake->lock);
	if (cut && n->socket) {
		zmq_close(n->socket);
		n->socket = NULL;
	} else if (!cut && !n->socket) {
		open_socket(n);
	}
	return !stop;
}

static void drain(struct fake_node *n)
{
	struct arena mem;

	arena_init(&mem, 0);
	for (;;) {
		struct bytes peer, user;
		struct msg m;
		int ret = wire_recv(n->socket, true, &mem, &peer, &user, &m);

		if (ret == -ERR_BUSY)
			break;
		INVARIANT(ret == 0 && bytes_eq(user, BYTES("f:tester")));
		one_request(n, peer, &m, &mem);
		msg_release(&m);
		arena_clear(&mem);
	}
	arena_release(&mem);
}

static void *run(void *arg)
{
	struct fake_node *n = arg;

	while (obey(n)) {
		zmq_pollitem_t item = { n->socket, 0, ZMQ_POLLIN, 0 };

		if (!n->socket)
			usleep(2000);
		else if (zmq_poll(&item, 1, 2) > 0)
			drain(n);
	}
	if (n->socket)
		zmq_close(n->socket);
	return NULL;
}

/* ---- the public part -------------------------------------------------------------------------- */

static struct zap *zaps[FAKE_NODES];

static void start_node(struct fake *f, unsigned i)
{
	static const char *const names[] = { "s1", "s2", "s3" };
	struct fake_node *n = &f->node[i];

	n->fake = f;
	n->at = i;
	INVARIANT(curve_keypair(n->public_key, n->secret_key) == 0);
	f->conf[i] = (struct conf_node){ .name = names[i],
					 .zone = names[i],
					 .weight = 100,
					 .address = n->address,
					 .raft = "127.0.0.1:1",
					 .public_key = n->public_key };
}

void fake_start(struct fake *f)
{
	static struct conf_peer tester = { .name = "tester" };

	memset(f, 0, sizeof(*f));
	pthread_mutex_init(&f->lock, NULL);
	f->shards = 4;
	f->epoch = 1;
	INVARIANT(curve_keypair(f->own_public, f->own_secret) == 0);
	tester.public_key = f->own_public;
	f->cluster = (struct clusterconf){ .path = "test",
					   .name = "test",
					   .shards = 4,
					   .nodes = { f->conf, FAKE_NODES },
					   .front_ends = { &tester, 1 } };
	for (unsigned i = 0; i < FAKE_NODES; i++)
		start_node(f, i);
	for (unsigned i = 0; i < FAKE_NODES; i++) {
		struct why why;

		f->node[i].zmq = zmq_ctx_new();
		zaps[i] = zap_new(f->node[i].zmq, &f->cluster, &why);
		INVARIANT(zaps[i]);
		open_socket(&f->node[i]);
		pthread_create(&f->node[i].thread, NULL, run, &f->node[i]);
	}
}

void fake_stop(struct fake *f)
{
	for (unsigned i = 0; i < FAKE_NODES; i++) {
		FAKE_SET(f, node[i].stop, true);
		pthread_join(f->node[i].thread, NULL);
		zap_free(&zaps[i]);
		zmq_ctx_term(f->node[i].zmq);
	}
	pthread_mutex_destroy(&f->lock);
}

bool fake_once(struct fake *f)
{
	bool ok = true;

	pthread_mutex_lock(&f->lock);
	for (size_t i = 0; i < f->n_ids; i++)
		ok &= f->id[i].applied <= 1 && !(f->id[i].applied && f->id[i].fenced);
	pthread_mutex_unlock(&f->lock);
	return ok;
}

unsigned fake_applied(struct fake *f)
{
	unsigned n = 0;

	pthread_mutex_lock(&f->lock);
	for (size_t i = 0; i < f->n_ids; i++)
		n += f->id[i].applied;
	pthread_mutex_unlock(&f->lock);
	return n;
}

/* ---- a router against it ----------------------------------------------------------------------- */

bool bench_wait(struct bench *b, const bool *flag, unsigned ms)
{
	uint64_t until = clock_ms() + ms;

	while (!*flag && clock_ms() < until) {
		loop_turn(b->loop);
		usleep(300);
	}
	return *flag;
}

void bench_run(struct bench *b, unsigned ms)
{
	bool never = false;

	bench_wait(b, &never, ms);
}

void bench_start(struct bench *b, const struct router_config *c)
{
	struct router_config own = c ? *c : (struct router_config){ 0 };
	struct why why;

	if (b->router) /* a test that failed left it */
		bench_stop(b);
	fake_start(&b->fake);
	own.cluster = &b->fake.cluster;
	own.secret_key = b->fake.own_secret;
	b->loop = loop_new();
	b->router = router_new(b->loop, &own, &why);
	assert_non_null(b->router);
	for (int i = 0; i < 500 && !router_ready(b->router); i++)
		bench_run(b, 10);
	assert_true(router_ready(b->router));
	bench_run(b, 100); /* all three connected */
}

void bench_stop(struct bench *b)
{
	router_free(&b->router);
	fake_stop(&b->fake);
	loop_free(&b->loop);
}

static void done(struct call *c)
{
	struct test_call *t = container_of(c, struct test_call, call);

	assert_false(t->done);
	t->done = true;
	t->took_ms = clock_ms() - t->began;
}

void test_begin(struct bench *b, struct test_call *t, unsigned timeout_ms)
{
	t->done = false;
	t->began = clock_ms();
	t->call.deadline = t->began + timeout_ms;
	t->call.done = done;
	router_call(b->router, &t->call);
	assert_false(t->done);
}

static struct blob *pack_op(const uint8_t *delivery)
{
	Tern__Op op = TERN__OP__INIT;
	Tern__Subscribe subscribe = TERN__SUBSCRIBE__INIT;
	Tern__Deliver deliver = TERN__DELIVER__INIT;

	op.version = 1;
	if (delivery) {
		op.what_case = TERN__OP__WHAT_DELIVER;
		op.deliver = &deliver;
		deliver.delivery.data = (uint8_t *)delivery;
		deliver.delivery.len = 16;
	} else {
		op.what_case = TERN__OP__WHAT_SUBSCRIBE;
		op.subscribe = &subscribe;
	}
	return wire_pack(&op.base);
}

void test_op(struct bench *b, struct test_call *t, uint32_t shard, unsigned timeout_ms)
{
	call_init(&t->call, CALL_OP, TERN__KIND__KIND_OP, shard);
	t->call.body = pack_op(NULL);
	test_begin(b, t, timeout_ms);
}

void test_delivery(struct bench *b, struct test_call *t, uint32_t shard, unsigned timeout_ms)
{
	call_init(&t->call, CALL_DELIVERY, TERN__KIND__KIND_OP, shard);
	rand_bytes(t->call.delivery, 16);
	t->call.body = pack_op(t->call.delivery);
	test_begin(b, t, timeout_ms);
}

void test_read(struct bench *b, struct test_call *t, enum call_class class, unsigned timeout_ms)
{
	call_init(&t->call, class,
		  class == CALL_ANY ? TERN__KIND__KIND_CHUNKS : TERN__KIND__KIND_QUERY, 1);
	test_begin(b, t, timeout_ms);
}
