/* SPDX-License-Identifier: Apache-2.0 */
/* zap.h - who may connect: the allow-list of cluster.conf behind every CURVE socket of a node.
 *
 * CURVE alone lets in whoever knows the server's public key. A thread answers libzmq's question
 * about each new connection (ZAP, RFC 27) from a copy of the lists; it fails closed: where it
 * is not there nobody gets in. The peer's role and name travel as ZeroMQ's User-Id with every
 * message: "n:NAME" a store node, "f:NAME" a front end, "o:NAME" an operator. */
#ifndef TERN_ROUTER_ZAP_H
#define TERN_ROUTER_ZAP_H

#include "router/clusterconf.h"

#define ZAP_REQUESTS "requests" /* nodes, front ends and operators */
#define ZAP_RAFT "raft"         /* nodes only */

enum zap_role { ZAP_NOBODY, ZAP_NODE, ZAP_FRONT_END, ZAP_OPERATOR };

struct zap;

/* One per ZeroMQ context, before any socket is protected; the lists are copied. */
struct zap *zap_new(void *zmq_context, const struct clusterconf *c, struct why *why);
/* New lists (SIGHUP). Connections that are open stay: ask zap_knows for each message. */
void zap_reload(struct zap *z, const struct clusterconf *c);
void zap_free(struct zap **z); /* after all protected sockets are closed */

/* Makes a socket a CURVE server of this domain; before bind. */
void zap_protect(void *socket, const char *domain, const char secret_key[CURVE_KEY + 1]);

/* Splits a User-Id; *name points into it. ZAP_NOBODY: not one of ours. */
enum zap_role zap_user_parse(struct bytes user_id, struct bytes *name);
/* Is this peer (still) in the lists? From any thread. */
bool zap_knows(struct zap *z, struct bytes user_id);

#endif
