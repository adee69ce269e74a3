/* SPDX-License-Identifier: Apache-2.0 */
/* status.c - connections of the status server: read a request, write an answer, close.
 *
 * Nothing waits longer than TIMEOUT_MS; at MAX_CONNS the listening socket is left alone. */
#include "base/status.h"

#include "base/clock.h"
#include "base/list.h"
#include "base/metric.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MAX_CONNS = 64, MAX_REQUEST = 8192, MAX_BODY = 1 << 20, TIMEOUT_MS = 5000, RETRY_MS = 1000 };

struct status_server {
	struct loop *loop;
	int fd;
	struct loop_fd *accept;
	struct loop_timer *retry;
	status_fn *get;
	void *arg;
	struct list conns;
	unsigned n;
};

struct conn {
	struct list node;
	struct status_server *server;
	int fd;
	struct loop_fd *watch;
	struct loop_timer *timer;
	struct buf in, out;
	bool answered, written;
};

static void conn_free(struct conn *c)
{
	struct status_server *s = c->server;

	list_del(&c->node);
	loop_fd_free(&c->watch);
	loop_timer_free(&c->timer);
	close(c->fd);
	buf_release(&c->in);
	buf_release(&c->out);
	free(c);
	s->n--;
	loop_fd_want(s->accept, LOOP_READ);
}

/* ---- answers ---------------------------------------------------------------------------- */

static const char *reason(int code)
{
	switch (code) {
	case 200: return "OK";
	case 400: return "Bad Request";
	case 404: return "Not Found";
	case 405: return "Method Not Allowed";
	case 500: return "Internal Server Error";
	case 503: return "Service Unavailable";
	case 505: return "HTTP Version Not Supported";
	default: return "Status";
	}
}

static int make_body(struct status_server *s, struct bytes path, struct buf *body,
		     const char **type)
{
	int code;

	if (bytes_eq(path, BYTES("/metrics"))) {
		*type = "text/plain; version=0.0.4; charset=utf-8";
		metric_print(body);
		return 200;
	}
	code = s->get ? s->get(s->arg, path, body, type) : 404;
	return code < 200 || code > 599 || body->full ? 500 : code;
}

static void answer(struct conn *c, int code, struct bytes path, bool head)
{
	const char *type = NULL;
	struct buf body;

	buf_init(&body, MAX_BODY);
	if (code == 200)
		code = make_body(c->server, path, &body, &type);
	if (body.n == 0)
		buf_printf(&body, "%s\n", reason(code));
	buf_printf(&c->out,
		   "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n"
		   "Cache-Control: no-store\r\nConnection: close\r\n%s\r\n",
		   code, reason(code), type ? type : "text/plain; charset=utf-8", body.n,
		   code == 405 ? "Allow: GET, HEAD\r\n" : "");
	if (!head)
		buf_put_bytes(&c->out, buf_bytes(&body));
	buf_release(&body);
	c->answered = true;
}

/* ---- connections ------------------------------------------------------------------------ */

/* False: the connection is gone. */
static bool write_some(struct conn *c)
{
	struct bytes left = buf_bytes(&c->out);
	ssize_t n = left.n ? send(c->fd, left.p, left.n, MSG_NOSIGNAL) : 0;

	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	buf_take(&c->out, (size_t)n);
	if (c->out.n == 0) {
		/* Closing with unread input would reset the connection and may lose the answer:
		 * so wait for the client to close. */
		shutdown(c->fd, SHUT_WR);
		c->written = true;
	}
	return true;
}

static bool take_input(struct conn *c, size_t n)
{
	struct bytes path = BYTES_NONE;
	bool head = false;
	int code;

	buf_grew(&c->in, n);
	code = status_parse(buf_bytes(&c->in), &path, &head);
	if (code == 0)
		return true;
	answer(c, code, path, head);
	return write_some(c);
}

static bool read_some(struct conn *c)
{
	char waste[1024];
	size_t room = MAX_REQUEST - c->in.n;
	ssize_t n;

	if (c->answered)
		n = recv(c->fd, waste, sizeof(waste), 0);
	else
		n = recv(c->fd, buf_room(&c->in, room), room, 0);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	if (n == 0)
		return c->answered && !c->written;
	return c->answered || take_input(c, (size_t)n);
}

static void on_conn(void *arg, int events)
{
	struct conn *c = arg;
	bool alive = true;

	if (events & LOOP_READ)
		alive = read_some(c);
	if (alive && (events & LOOP_WRITE))
		alive = write_some(c);
	if (!alive) {
		conn_free(c);
		return;
	}
	/* While the answer is being written, an end of input would wake us for nothing. */
	loop_fd_want(c->watch, c->answered && !c->written ? LOOP_WRITE : LOOP_READ);
}

static void on_timeout(void *arg)
{
	conn_free(arg);
}

static void conn_new(struct status_server *s, int fd)
{
	struct conn *c = xnew(struct conn);

	c->server = s;
	c->fd = fd;
	buf_init(&c->in, MAX_REQUEST);
	buf_init(&c->out, MAX_BODY + 1024);
	c->watch = loop_fd_new(s->loop, fd, on_conn, c);
	loop_fd_want(c->watch, LOOP_READ);
	c->timer = loop_timer_new(s->loop, on_timeout, c);
	loop_timer_set(c->timer, TIMEOUT_MS, 0);
	list_add(&s->conns, &c->node);
	s->n++;
}

/* ---- the server ------------------------------------------------------------------------- */

static void on_retry(void *arg)
{
	struct status_server *s = arg;

	loop_fd_want(s->accept, LOOP_READ);
}

static void on_accept(void *arg, int events UNUSED)
{
	struct status_server *s = arg;

	while (s->n < MAX_CONNS) {
		int fd = accept4(s->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd >= 0) {
			conn_new(s, fd);
		} else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM ||
			   errno == ENOBUFS) {
			/* The waiting connection stays: looking at once again would spin. */
			loop_fd_want(s->accept, 0);
			loop_timer_set(s->retry, RETRY_MS, 0);
			return;
		} else if (errno != EINTR && errno != ECONNABORTED) {
			return;
		}
	}
	loop_fd_want(s->accept, 0);
}

struct status_server *status_new(struct loop *loop, int listen_fd, status_fn *get, void *arg)
{
	struct status_server *s = xnew(struct status_server);

	s->loop = loop;
	s->fd = listen_fd;
	s->get = get;
	s->arg = arg;
	list_init(&s->conns);
	s->accept = loop_fd_new(loop, listen_fd, on_accept, s);
	loop_fd_want(s->accept, LOOP_READ);
	s->retry = loop_timer_new(loop, on_retry, s);
	return s;
}

void status_free(struct status_server **server)
{
	struct status_server *s = *server;

	*server = NULL;
	if (!s)
		return;
	while (!list_empty(&s->conns))
		conn_free(list_entry(list_first(&s->conns), struct conn, node));
	loop_fd_free(&s->accept);
	loop_timer_free(&s->retry);
	close(s->fd);
	free(s);
}
