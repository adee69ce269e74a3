/* SPDX-License-Identifier: Apache-2.0 */
/* requests.c - the socket of front ends and operators.
 *
 * Every requester has a budget of bytes in flight; beyond it the answer is "busy" at once, so a
 * node's memory does not follow its clients' hurry. A request that could not be decided is
 * dropped without an answer: the router asks again under the same id. */
#include "server/requests.h"
#include "base/base.h"
#include "server/listen.h"
#include "server/mapcache.h"

#include "base/clock.h"
#include "base/metric.h"

#include <stdlib.h>
#include <zmq.h>

#define TURN_MESSAGES 256
#define REQUEST_ARENA MIB(24)
#define QUIET_MS MINUTES(10) /* a requester silent this long is forgotten */

struct requester {
	struct bytes peer; /* routing id, owned */
	size_t bytes;
	unsigned open;
	uint64_t heard;
};

struct requests {
	struct server *server;
	void *socket;
	struct loop_zmq *watch;
	struct loop_timer *sweep;
	struct map requesters;
	unsigned open;
};

struct serve_row {
	Tern__Kind kind;
	void (*serve)(struct request *r);
	unsigned roles;
};

static const struct serve_row serves[] = {
	{ TERN__KIND__KIND_OP, serve_op, BIT(ZAP_FRONT_END) | BIT(ZAP_OPERATOR) | BIT(ZAP_NODE) },
	{ TERN__KIND__KIND_QUERY, serve_query,
	  BIT(ZAP_FRONT_END) | BIT(ZAP_OPERATOR) | BIT(ZAP_NODE) },
	{ TERN__KIND__KIND_CHUNKS, serve_chunks, BIT(ZAP_FRONT_END) | BIT(ZAP_OPERATOR) },
	{ TERN__KIND__KIND_WATCH, serve_watch, BIT(ZAP_FRONT_END) },
	{ TERN__KIND__KIND_LOCK, serve_lock, BIT(ZAP_FRONT_END) },
	{ TERN__KIND__KIND_MAP, serve_map, BIT(ZAP_FRONT_END) | BIT(ZAP_OPERATOR) | BIT(ZAP_NODE) },
	{ TERN__KIND__KIND_NODE, serve_node,
	  BIT(ZAP_FRONT_END) | BIT(ZAP_OPERATOR) | BIT(ZAP_NODE) },
	{ TERN__KIND__KIND_ADMIN, serve_admin, BIT(ZAP_OPERATOR) },
};

unsigned requests_open(const struct requests *rs)
{
	return rs->open;
}

struct bytes request_peer(const struct request *r)
{
	return r->from->peer;
}

/* ---- answering */

static void request_free(struct request *r)
{
	r->from->bytes -= r->bytes;
	r->from->open--;
	r->server->requests->open--;
	msg_release(&r->in);
	msg_release(&r->out);
	arena_release(&r->mem);
	free(r);
}

static void send_to(struct requests *rs, struct bytes peer, struct msg *m)
{
	/* The peer is gone or does not read: its router asks again. */
	if (wire_send(rs->socket, peer, m) < 0)
		msg_release(m);
	loop_zmq_used(rs->watch);
}

void request_reply(struct request *r, int status, struct blob *body)
{
	Tern__Head head = TERN__HEAD__INIT;

	head.version = WIRE_VERSION;
	head.kind = r->head->kind;
	head.call = r->head->call;
	head.shard = r->head->shard;
	head.trace = r->head->trace;
	head.status = (uint32_t)status;
	head.why = r->why ? (char *)r->why : head.why;
	head.epoch = mapcache_epoch(r->server->map);
	head.index = r->index;
	if (status == ERR_NOTLEADER && r->server->host)
		head.leader = host_leader(r->server->host, r->head->shard);
	r->out.head = wire_pack(&head.base);
	r->out.body = body;
	send_to(r->server->requests, r->from->peer, &r->out);
	request_free(r);
}

void request_fail(struct request *r, int status, const char *why)
{
	log_debug(NULL, "request_refused", "trace=%016lx kind=%d shard=%u error=%s why=%s",
		  (unsigned long)r->head->trace, (int)r->head->kind, r->head->shard,
		  err_name(status), why ? why : "");
	r->why = why;
	request_reply(r, status, NULL);
}

void request_drop(struct request *r)
{
	request_free(r);
}

void requests_push(struct requests *rs, struct bytes peer, const Tern__Head *head,
		   const ProtobufCMessage *body)
{
	struct msg m;

	msg_init(&m);
	m.head = wire_pack(&head->base);
	m.body = body ? wire_pack(body) : NULL;
	send_to(rs, peer, &m);
}

/* ---- taking in */

static struct requester *requester_of(struct requests *rs, struct bytes peer)
{
	struct requester *from = map_get(&rs->requesters, peer);

	if (!from) {
		uint8_t *copy = xmalloc(peer.n + 1);

		memcpy(copy, peer.p, peer.n);
		from = xnew(struct requester);
		from->peer = bytes_of(copy, peer.n);
		map_put(&rs->requesters, peer, from);
	}
	from->heard = clock_ms();
	return from;
}

static void dispatch(struct request *r)
{
	struct server *s = r->server;

	for (size_t i = 0; i < ARRAY_LEN(serves); i++) {
		if (serves[i].kind != r->head->kind)
			continue;
		if (!(serves[i].roles & BIT(r->role)))
			request_fail(r, ERR_DENIED, "this key may not ask that");
		else if (r->from->bytes > s->conf.peer_bytes) {
			metric_inc(M_requests_busy_total);
			request_fail(r, ERR_BUSY, "too many bytes in flight");
		} else
			serves[i].serve(r);
		return;
	}
	request_fail(r, ERR_VERSION, "unknown kind of request");
}

static void take(struct requests *rs, struct bytes peer, struct bytes user_id, struct msg *m)
{
	struct request *r = xnew(struct request);
	struct bytes name;

	r->server = rs->server;
	r->from = requester_of(rs, peer);
	arena_init(&r->mem, REQUEST_ARENA);
	msg_init(&r->out);
	msg_init(&r->in);
	msg_move(&r->in, m);
	r->bytes = msg_bytes(&r->in);
	r->from->bytes += r->bytes;
	r->from->open++;
	rs->open++;
	metric_inc(M_requests_total);
	r->head = r->in.head ? WIRE_UNPACK(head, r->in.head->b, &r->mem) : NULL;
	r->role = zap_knows(rs->server->zap, user_id) ? zap_user_parse(user_id, &name) : ZAP_NOBODY;
	if (!r->head || r->role == ZAP_NOBODY) {
		log_warn(NULL, "request_malformed", "from=%B", &user_id);
		request_drop(r);
	} else if (r->head->version != WIRE_VERSION)
		request_fail(r, ERR_VERSION, "unknown wire version");
	else
		dispatch(r);
}

static void readable(void *arg)
{
	struct requests *rs = arg;
	struct arena mem;
	struct msg m;

	arena_init(&mem, 0);
	for (unsigned i = 0; i < TURN_MESSAGES; i++) {
		struct bytes peer, user_id;
		int ret;

		msg_init(&m);
		ret = wire_recv(rs->socket, true, &mem, &peer, &user_id, &m);
		if (ret == -ERR_BUSY)
			break;
		if (ret == 0)
			take(rs, peer, user_id, &m);
		msg_release(&m);
		arena_clear(&mem);
	}
	arena_release(&mem);
}

static void sweep(void *arg)
{
	struct requests *rs = arg;
	size_t pos = 0;
	struct bytes key;
	void *value;

	while (map_next(&rs->requesters, &pos, &key, &value)) {
		struct requester *from = value;

		if (from->open > 0 || clock_ms() - from->heard < QUIET_MS)
			continue;
		map_del(&rs->requesters, key);
		free((void *)from->peer.p);
		free(from);
	}
}

int requests_new(struct server *s, struct requests **out, struct why *why)
{
	const struct conf_node *nodes = s->cluster.nodes.v;
	struct requests *rs = xnew(struct requests);
	int ret;

	rs->server = s;
	map_init(&rs->requesters);
	ret = listen_router(s, ZAP_REQUESTS, nodes[s->self].address, &rs->socket, why);
	if (ret < 0) {
		free(rs);
		return ret;
	}
	rs->watch = loop_zmq_new(s->loop, rs->socket, readable, rs);
	rs->sweep = loop_timer_new(s->loop, sweep, rs);
	loop_timer_set(rs->sweep, MINUTES(1), MINUTES(1));
	*out = rs;
	return 0;
}

void requests_free(struct requests **requests)
{
	struct requests *rs = *requests;
	size_t pos = 0;
	struct bytes key;
	void *value;

	*requests = NULL;
	if (!rs)
		return;
	loop_zmq_free(&rs->watch);
	loop_timer_free(&rs->sweep);
	zmq_close(rs->socket);
	while (map_next(&rs->requesters, &pos, &key, &value)) {
		free((void *)((struct requester *)value)->peer.p);
		free(value);
	}
	map_release(&rs->requesters);
	free(rs);
}
