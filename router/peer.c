/* SPDX-License-Identifier: Apache-2.0 */
/* peer.c - a DEALER and the socket that monitors it. */
#include "router/peer.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/rand.h"

#include <stdio.h>
#include <stdlib.h>
#include <zmq.h>

enum {
	READ_BATCH = 256, /* messages a turn */
	HWM = 1000,       /* messages; bytes are bounded by the router's budget */
	REOPEN_MS = 1000, /* after a refused handshake, which ends ZeroMQ's own attempts */
	STUCK_MS = 15000, /* not up for so long: start anew with a fresh socket */
};

struct peer {
	struct peer_config c;
	void *dealer, *monitor;
	struct loop_zmq *dealer_watch, *monitor_watch;
	struct loop_timer *reopen;
	struct arena mem; /* of the message being read */
	bool up;
};

static void set_int(void *socket, int option, int value)
{
	if (zmq_setsockopt(socket, option, &value, sizeof(value)) < 0)
		BUG("a socket option was refused");
}

static void set_key(void *socket, int option, const char *key)
{
	if (zmq_setsockopt(socket, option, key, 41) < 0)
		BUG("a CURVE key was refused");
}

static void configure(struct peer *p)
{
	int64_t max = WIRE_MAX_BODY;

	set_int(p->dealer, ZMQ_LINGER, 0);
	set_int(p->dealer, ZMQ_IMMEDIATE, 1);
	set_int(p->dealer, ZMQ_IPV6, 1);
	set_int(p->dealer, ZMQ_SNDHWM, HWM);
	set_int(p->dealer, ZMQ_RCVHWM, HWM);
	set_int(p->dealer, ZMQ_HEARTBEAT_IVL, 1000);
	set_int(p->dealer, ZMQ_HEARTBEAT_TIMEOUT, 5000);
	set_int(p->dealer, ZMQ_HEARTBEAT_TTL, 5000);
	set_int(p->dealer, ZMQ_HANDSHAKE_IVL, 5000);
	set_int(p->dealer, ZMQ_CONNECT_TIMEOUT, 2000);
	set_int(p->dealer, ZMQ_RECONNECT_IVL, 100);
	set_int(p->dealer, ZMQ_RECONNECT_IVL_MAX, 1000);
	if (zmq_setsockopt(p->dealer, ZMQ_MAXMSGSIZE, &max, sizeof(max)) < 0)
		BUG("ZMQ_MAXMSGSIZE was refused");
	set_key(p->dealer, ZMQ_CURVE_SERVERKEY, p->c.server_key);
	set_key(p->dealer, ZMQ_CURVE_PUBLICKEY, p->c.public_key);
	set_key(p->dealer, ZMQ_CURVE_SECRETKEY, p->c.secret_key);
}

static void set_up(struct peer *p, bool up)
{
	if (p->up == up)
		return;
	p->up = up;
	log_info(NULL, up ? "peer_up" : "peer_down", "node=%s address=%s", p->c.name, p->c.address);
	p->c.state(p->c.arg, up);
}

static void on_message(void *arg)
{
	struct peer *p = arg;

	for (int i = 0; i < READ_BATCH; i++) {
		struct bytes id, user;
		struct msg m;
		int ret = wire_recv(p->dealer, false, &p->mem, &id, &user, &m);

		arena_clear(&p->mem);
		if (ret == -ERR_BUSY)
			return;
		if (ret == 0)
			p->c.message(p->c.arg, &m);
		msg_release(&m);
	}
}

static void refused(struct peer *p, uint16_t event, uint32_t value)
{
	const char *why = event == ZMQ_EVENT_HANDSHAKE_FAILED_AUTH ?
				  "our key is not in its cluster.conf" :
				  "it does not have the key that cluster.conf says";

	log_warn(NULL, "peer_refused", "node=%s address=%s code=%u why=%s", p->c.name, p->c.address,
		 value, why);
	loop_timer_set(p->reopen, REOPEN_MS, 0);
}

static void on_event(struct peer *p, uint16_t event, uint32_t value)
{
	switch (event) {
	case ZMQ_EVENT_HANDSHAKE_SUCCEEDED:
		loop_timer_clear(p->reopen);
		set_up(p, true);
		break;
	case ZMQ_EVENT_DISCONNECTED:
		on_message(p); /* answers that came before the end count */
		loop_zmq_used(p->dealer_watch);
		loop_timer_set(p->reopen, STUCK_MS, 0);
		set_up(p, false);
		break;
	case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH:
	case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL: refused(p, event, value); break;
	default: break;
	}
}

/* Two parts: event (16 bit) and value (32 bit), then the address. False: nothing there. */
static bool read_event(void *monitor, uint16_t *event, uint32_t *value)
{
	uint8_t raw[6];
	char address[8];
	int n = zmq_recv(monitor, raw, sizeof(raw), ZMQ_DONTWAIT);

	if (n < 0)
		return false;
	zmq_recv(monitor, address, sizeof(address), ZMQ_DONTWAIT);
	memcpy(event, raw, 2);
	memcpy(value, raw + 2, 4);
	return true;
}

static void on_monitor(void *arg)
{
	struct peer *p = arg;
	uint16_t event;
	uint32_t value;

	while (read_event(p->monitor, &event, &value))
		on_event(p, event, value);
}

static void open_monitor(struct peer *p)
{
	static const int events = ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_DISCONNECTED |
				  ZMQ_EVENT_HANDSHAKE_FAILED_AUTH |
				  ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL;
	char where[64];

	snprintf(where, sizeof(where), "inproc://monitor-%016llx", (unsigned long long)rand_u64());
	p->monitor = zmq_socket(p->c.zmq, ZMQ_PAIR);
	if (!p->monitor || zmq_socket_monitor(p->dealer, where, events) < 0 ||
	    zmq_connect(p->monitor, where) < 0)
		BUG("a socket cannot be monitored");
	set_int(p->monitor, ZMQ_LINGER, 0);
	p->monitor_watch = loop_zmq_new(p->c.loop, p->monitor, on_monitor, p);
}

static void open_sockets(struct peer *p)
{
	char where[128];

	p->dealer = zmq_socket(p->c.zmq, ZMQ_DEALER);
	if (!p->dealer)
		BUG("no more ZeroMQ sockets");
	configure(p);
	open_monitor(p);
	snprintf(where, sizeof(where), "tcp://%s", p->c.address);
	if (zmq_connect(p->dealer, where) < 0)
		log_error(NULL, "peer_address", "node=%s address=%s why=%s", p->c.name,
			  p->c.address, zmq_strerror(zmq_errno()));
	p->dealer_watch = loop_zmq_new(p->c.loop, p->dealer, on_message, p);
}

static void close_sockets(struct peer *p)
{
	loop_zmq_free(&p->dealer_watch);
	loop_zmq_free(&p->monitor_watch);
	zmq_socket_monitor(p->dealer, NULL, 0);
	zmq_close(p->monitor);
	zmq_close(p->dealer);
}

static void on_reopen(void *arg)
{
	struct peer *p = arg;

	if (p->up)
		return;
	close_sockets(p);
	open_sockets(p);
	loop_timer_set(p->reopen, STUCK_MS, 0);
}

struct peer *peer_new(const struct peer_config *c)
{
	struct peer *p = xnew(struct peer);

	p->c = *c;
	arena_init(&p->mem, 0);
	p->reopen = loop_timer_new(c->loop, on_reopen, p);
	loop_timer_set(p->reopen, STUCK_MS, 0);
	open_sockets(p);
	return p;
}

void peer_free(struct peer **p)
{
	if (!*p)
		return;
	close_sockets(*p);
	loop_timer_free(&(*p)->reopen);
	arena_release(&(*p)->mem);
	free(*p);
	*p = NULL;
}

bool peer_up(const struct peer *p)
{
	return p->up;
}

int peer_send(struct peer *p, struct msg *m)
{
	int ret;

	if (!p->up) {
		msg_release(m);
		return -ERR_BUSY;
	}
	ret = wire_send(p->dealer, BYTES_NONE, m);
	loop_zmq_used(p->dealer_watch);
	return ret;
}
