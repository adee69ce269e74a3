/* SPDX-License-Identifier: Apache-2.0 */
/* listen.c - every option that deps.md's traps ask for, once. */
#include "server/listen.h"
#include "base/base.h"

#include <stdio.h>
#include <zmq.h>

static void set_int(void *socket, int option, int value)
{
	if (zmq_setsockopt(socket, option, &value, sizeof(value)) < 0)
		BUG("a socket option was refused");
}

static void configure(void *socket)
{
	int64_t max = WIRE_MAX_BODY;

	set_int(socket, ZMQ_LINGER, 0);
	set_int(socket, ZMQ_IPV6, 1);
	set_int(socket, ZMQ_ROUTER_MANDATORY, 1);
	set_int(socket, ZMQ_SNDHWM, 1000);
	set_int(socket, ZMQ_RCVHWM, 1000);
	set_int(socket, ZMQ_HEARTBEAT_IVL, 1000);
	set_int(socket, ZMQ_HEARTBEAT_TIMEOUT, 5000);
	set_int(socket, ZMQ_HANDSHAKE_IVL, 5000);
	if (zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &max, sizeof(max)) < 0)
		BUG("ZMQ_MAXMSGSIZE was refused");
}

int listen_router(struct server *s, const char *domain, const char *address, void **socket,
		  struct why *why)
{
	char endpoint[128];
	void *router = zmq_socket(s->zmq, ZMQ_ROUTER);

	if (!router)
		return why_set(why, ERR_IO, "no ZeroMQ socket: %s", zmq_strerror(zmq_errno()));
	configure(router);
	zap_protect(router, domain, s->secret_key);
	snprintf(endpoint, sizeof(endpoint), "tcp://%s", address);
	if (zmq_bind(router, endpoint) < 0) {
		int error = zmq_errno();

		zmq_close(router);
		return why_set(why, ERR_IO, "cannot listen on %s (%s in %s): %s", address,
			       s->conf.name, s->conf.cluster, zmq_strerror(error));
	}
	*socket = router;
	return 0;
}
