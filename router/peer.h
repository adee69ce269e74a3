/* SPDX-License-Identifier: Apache-2.0 */
/* peer.h - one store node over ZeroMQ: an encrypted connection that heals, and a word when it
 * breaks.
 *
 * A peer that is not up takes nothing (ZMQ_IMMEDIATE), so what peer_send refuses was certainly
 * never sent. A connection that breaks is reported at once; what was on it may have arrived. */
#ifndef TERN_ROUTER_PEER_H
#define TERN_ROUTER_PEER_H

#include "base/loop.h"
#include "wire/frame.h"

struct peer;

struct peer_config {
	struct loop *loop;
	void *zmq;                           /* context */
	const char *name;                    /* for logs */
	const char *address;                 /* host:port */
	const char *server_key;              /* the node's public key */
	const char *public_key, *secret_key; /* our own */
	void (*state)(void *arg, bool up);
	void (*message)(void *arg, struct msg *m); /* takes what it wants, the rest is released */
	void *arg;
};

struct peer *peer_new(const struct peer_config *c); /* the strings are borrowed */
void peer_free(struct peer **p);
bool peer_up(const struct peer *p);
/* Takes m. -ERR_BUSY: not sent at all. */
int peer_send(struct peer *p, struct msg *m) MUST_USE;

#endif
