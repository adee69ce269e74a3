/* SPDX-License-Identifier: Apache-2.0 */
/* links.h - the sockets between store nodes: one ROUTER that hears, one DEALER to each other node
 * that speaks. Bytes only; what they mean is replica/transport's business. */
#ifndef TERN_SERVER_LINKS_H
#define TERN_SERVER_LINKS_H

#include "server/server.h"

struct links;

int links_new(struct server *s, struct links **out, struct why *why) MUST_USE;
void links_free(struct links **p);
/* Fills in send and connected; the io's arg must be the server. */
void links_io(struct host_io *io);

#endif
