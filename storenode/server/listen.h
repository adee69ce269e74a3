/* SPDX-License-Identifier: Apache-2.0 */
/* listen.h - a bound ROUTER socket, encrypted, for those whom cluster.conf lists. */
#ifndef TERN_SERVER_LISTEN_H
#define TERN_SERVER_LISTEN_H

#include "server/server.h"

/* domain: ZAP_REQUESTS or ZAP_RAFT; address: host:port. Close with zmq_close. */
int listen_router(struct server *s, const char *domain, const char *address, void **socket,
		  struct why *why) MUST_USE;

#endif
