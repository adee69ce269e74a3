/* SPDX-License-Identifier: Apache-2.0 */
/* peers.h - the sockets between store nodes: one ROUTER that hears, one DEALER to each other node
 * that speaks. Bytes only; what they mean is replica/transport's business. */
#ifndef TERN_SERVER_PEERS_H
#define TERN_SERVER_PEERS_H

#include "server/server.h"

struct peers;

int peers_new(struct server *s, struct peers **out, struct why *why) MUST_USE;
void peers_free(struct peers **p);
/* Fills in send and connected; the io's arg must be the server. */
void peers_io(struct host_io *io);

#endif
