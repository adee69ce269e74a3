/* SPDX-License-Identifier: Apache-2.0 */
#include "net/listener.h"

#include "base/log.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BATCH = 16, DRAIN = 4096, PAUSE_MS = 1000 };

struct listener {
	struct loop_fd *watch;
	struct loop_timer *timer; /* ends a pause for want of descriptors */
	int fd;
	bool paused, starved;
	bool accepting, freed; /* freed while accepting: at its end */
	void (*accepted)(void *arg, int fd, const struct net_addr *peer,
			 const struct net_addr *local);
	void *arg;
};

static void rewatch(struct listener *l)
{
	if (!l->freed)
		loop_fd_want(l->watch, l->paused || l->starved ? 0 : LOOP_READ);
}

static void pause_over(void *arg)
{
	struct listener *l = arg;

	l->starved = false;
	rewatch(l);
}

/* Out of descriptors or memory: the queue stays readable, and trying at once would spin. */
static void starve(struct listener *l)
{
	log_error(NULL, "accept_failed", "error=%s pause_ms=%d", strerror(errno), PAUSE_MS);
	l->starved = true;
	rewatch(l);
	loop_timer_set(l->timer, PAUSE_MS, 0);
}

/* The descriptor, -1: none now. */
static int accept_one(struct listener *l, struct net_addr *peer, struct net_addr *local)
{
	socklen_t n = sizeof(*peer), m = sizeof(*local);
	int on = 1;
	int fd = accept4(l->fd, &peer->sa, &n, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd < 0) {
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
			starve(l);
		return -1;
	}
	if (getsockname(fd, &local->sa, &m) < 0)
		*local = (struct net_addr){ 0 };
	/* Replies are batched by us; nothing is gained by waiting for more. */
	(void)!setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return fd;
}

static void accept_some(struct listener *l, unsigned most)
{
	struct net_addr peer, local;
	int fd;

	l->accepting = true;
	for (unsigned i = 0; i < most && !l->freed && !l->paused; i++) {
		memset(&peer, 0, sizeof(peer));
		fd = accept_one(l, &peer, &local);
		if (fd < 0)
			break;
		l->accepted(l->arg, fd, &peer, &local);
	}
	l->accepting = false;
	if (l->freed)
		free(l);
}

static void on_ready(void *arg, int events UNUSED)
{
	accept_some(arg, BATCH);
}

void listener_drain(struct listener *l)
{
	accept_some(l, DRAIN);
}

struct listener *listener_new(struct loop *loop, int fd,
			      void (*accepted)(void *arg, int fd, const struct net_addr *peer,
					       const struct net_addr *local),
			      void *arg)
{
	struct listener *l = xnew(struct listener);

	l->fd = fd;
	l->accepted = accepted;
	l->arg = arg;
	l->watch = loop_fd_new(loop, fd, on_ready, l);
	l->timer = loop_timer_new(loop, pause_over, l);
	rewatch(l);
	return l;
}

void listener_pause(struct listener *l, bool paused)
{
	l->paused = paused;
	rewatch(l);
}

void listener_free(struct listener **arg)
{
	struct listener *l = *arg;

	*arg = NULL;
	if (!l)
		return;
	loop_fd_free(&l->watch);
	loop_timer_free(&l->timer);
	close(l->fd);
	l->freed = true;
	if (!l->accepting)
		free(l);
}
