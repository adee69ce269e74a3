/* SPDX-License-Identifier: Apache-2.0 */
/* listener.h - accepting on a descriptor that all workers share.
 *
 * It was opened before the fork (net_listen) and is closed by the last process that has it, so
 * a worker that goes away resets nobody in the queue. */
#ifndef TERN_NET_LISTENER_H
#define TERN_NET_LISTENER_H

#include "base/loop.h"
#include "base/net.h"

struct listener;

/* `accepted` gets a non-blocking descriptor of its own with TCP_NODELAY. */
struct listener *listener_new(struct loop *loop, int fd,
			      void (*accepted)(void *arg, int fd, const struct net_addr *peer,
					       const struct net_addr *local),
			      void *arg);
void listener_pause(struct listener *l, bool paused);
void listener_drain(struct listener *l); /* accepts what waits in the queue */
void listener_free(struct listener **l); /* closes this process's copy of the descriptor */

#endif
