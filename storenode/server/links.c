/* SPDX-License-Identifier: Apache-2.0 */
/* links.c - envelopes to and from the other nodes.
 *
 * Nothing is queued for a node that is not connected (ZMQ_IMMEDIATE), and little for one that
 * does not read: a lost envelope is Raft's everyday case, a long queue of old ones is not. */
#include "server/links.h"
#include "base/base.h"

#include "base/metric.h"
#include "router/peer.h"
#include "server/listen.h"

#include <stdlib.h>
#include <zmq.h>

#define TURN_MESSAGES 256

struct link {
	struct links *all;
	uint32_t node;
	struct peer *peer; /* NULL: ourselves */
};

struct links {
	struct server *server;
	void *router;
	struct loop_zmq *watch;
	struct link *v;
	size_t n;
};

static bool connected(void *arg, uint32_t node)
{
	const struct links *p = ((struct server *)arg)->links;

	return node < p->n && p->v[node].peer && peer_up(p->v[node].peer);
}

static void send_envelope(void *arg, uint32_t node, struct msg *m)
{
	struct links *p = ((struct server *)arg)->links;

	if (node < p->n && p->v[node].peer && peer_send(p->v[node].peer, m) == 0)
		metric_inc(M_raft_envelopes_total);
}

void links_io(struct host_io *io)
{
	io->send = send_envelope;
	io->connected = connected;
}

/* The key says which node speaks; what the envelope claims must agree (checked by the host). */
static int sender(const struct links *p, struct bytes user_id)
{
	const struct conf_node *nodes = p->server->cluster.nodes.v;
	struct bytes name;

	if (zap_user_parse(user_id, &name) != ZAP_NODE || !zap_knows(p->server->zap, user_id))
		return -1;
	for (size_t i = 0; i < p->server->cluster.nodes.n; i++)
		if (bytes_eq(name, bytes_str(nodes[i].name)))
			return (int)i;
	return -1;
}

static void readable(void *arg)
{
	struct links *p = arg;
	struct arena mem;
	struct msg m;

	arena_init(&mem, 0);
	for (unsigned i = 0; i < TURN_MESSAGES; i++) {
		struct bytes peer, user_id;
		int ret, node;

		msg_init(&m);
		ret = wire_recv(p->router, true, &mem, &peer, &user_id, &m);
		if (ret == -ERR_BUSY)
			break;
		node = ret == 0 ? sender(p, user_id) : -1;
		if (node >= 0 && p->server->host)
			host_receive(p->server->host, (uint32_t)node, &m);
		msg_release(&m);
		arena_clear(&mem);
	}
	arena_release(&mem);
}

static void state(void *arg, bool is_up)
{
	struct link *l = arg;

	if (l->all->server->host)
		host_peer(l->all->server->host, l->node, is_up);
}

static void unasked(UNUSED void *arg, UNUSED struct msg *m)
{
	/* Nobody speaks on the way back: envelopes come by the sender's own connection. */
}

static void dial(struct links *p, uint32_t node)
{
	const struct conf_node *nodes = p->server->cluster.nodes.v;
	struct link *l = &p->v[node];
	struct peer_config c = { .loop = p->server->loop,
				 .zmq = p->server->zmq,
				 .name = nodes[node].name,
				 .address = nodes[node].raft,
				 .server_key = nodes[node].public_key,
				 .public_key = p->server->public_key,
				 .secret_key = p->server->secret_key,
				 .state = state,
				 .message = unasked,
				 .arg = l };

	l->peer = peer_new(&c);
}

int links_new(struct server *s, struct links **out, struct why *why)
{
	const struct conf_node *nodes = s->cluster.nodes.v;
	struct links *p = xnew(struct links);
	int ret;

	p->server = s;
	p->n = s->cluster.nodes.n;
	p->v = xcalloc(p->n, sizeof(*p->v));
	ret = listen_router(s, ZAP_RAFT, nodes[s->self].raft, &p->router, why);
	if (ret < 0)
		return ret; /* the process ends */
	for (uint32_t i = 0; i < p->n; i++) {
		p->v[i].all = p;
		p->v[i].node = i;
		if (i != s->self)
			dial(p, i);
	}
	p->watch = loop_zmq_new(s->loop, p->router, readable, p);
	*out = p;
	return 0;
}

void links_free(struct links **links)
{
	struct links *p = *links;

	*links = NULL;
	if (!p)
		return;
	loop_zmq_free(&p->watch);
	zmq_close(p->router);
	for (size_t i = 0; i < p->n; i++)
		peer_free(&p->v[i].peer);
	free(p->v);
	free(p);
}
