/* SPDX-License-Identifier: Apache-2.0 */
/* conn - connections of the load driver: bytes out, lines, literals and blocks in. */
#include "load.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

void flush(struct conn *c)
{
	while (c->out_done < c->out_n) {
		ssize_t n = send(c->fd, c->out + c->out_done, c->out_n - c->out_done, MSG_NOSIGNAL);

		if (n < 0 && errno == EAGAIN)
			return;
		if (n < 0)
			die("send: %s", strerror(errno));
		c->out_done += (size_t)n;
	}
	c->out_done = c->out_n = 0;
}

void put(struct conn *c, const char *p, size_t n)
{
	if (c->out_n + n > c->out_room) {
		c->out_room = 2 * (c->out_n + n);
		c->out = grown(c->out, c->out_room);
	}
	memcpy(c->out + c->out_n, p, n);
	c->out_n += n;
}

void putf(struct conn *c, const char *format, ...)
{
	char line[LINE];
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	put(c, line, (size_t)n);
}

void open_connection(struct conn *c)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_port = htons((uint16_t)g.port),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct epoll_event e = { .events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = c };
	int one = 1;

	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (c->fd < 0)
		die("socket: %s", strerror(errno));
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (connect(c->fd, (struct sockaddr *)&a, sizeof(a)) && errno != EINPROGRESS)
		die("connect: %s", strerror(errno));
	if (epoll_ctl(g.epoll, EPOLL_CTL_ADD, c->fd, &e))
		die("epoll_ctl: %s", strerror(errno));
	c->phase = GREETING;
	c->in_n = c->out_n = c->out_done = c->literal = c->scanned = 0;
	c->block = false;
}

void close_fd(struct conn *c)
{
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
}

void close_connection(struct conn *c)
{
	close_fd(c);
	c->phase = CLOSED;
	g.open--;
}

/* ---- input ---------------------------------------------------------------------------- */

/* The size of the literal that a line announces, or 0. */
static size_t literal_of(const char *line, size_t n)
{
	const char *open = n && line[n - 1] == '}' ? memrchr(line, '{', n) : NULL;

	return open ? strtoul(open + 1, NULL, 10) : 0;
}

static size_t take_literal(struct conn *c, const char *p, size_t n)
{
	size_t size = c->literal;

	if (n < size)
		return 0;
	c->literal = 0;
	g.mode->protocol->body(c, p, size);
	return size;
}

/* Lines up to a dot; none of ours begins with one. */
static size_t take_block(struct conn *c, const char *p, size_t n)
{
	size_t from = c->scanned > 4 ? c->scanned - 4 : 0;
	const char *end = memmem(p + from, n - from, "\r\n.\r\n", 5);
	size_t size = end ? (size_t)(end - p) + 5 : 0;

	c->scanned = n;
	if (!end)
		return 0;
	c->scanned = 0;
	c->block = false;
	g.mode->protocol->body(c, p, size - 3);
	return size;
}

static size_t take_line(struct conn *c, char *p, size_t n)
{
	char *end = memchr(p, '\n', n);
	size_t size;

	if (!end)
		return 0;
	size = (size_t)(end - p) + 1;
	if (end > p && end[-1] == '\r')
		end--;
	*end = 0;
	if (strncmp(g.mode->name, "imap", 4) == 0)
		c->literal = literal_of(p, (size_t)(end - p));
	g.mode->protocol->line(c, p, (size_t)(end - p));
	return size;
}

/* Takes one line, literal or block from the buffer at p; returns its size or 0. */
static size_t take(struct conn *c, char *p, size_t n)
{
	if (c->literal)
		return take_literal(c, p, n);
	return c->block ? take_block(c, p, n) : take_line(c, p, n);
}

static void consume(struct conn *c)
{
	size_t done_n = 0, n;

	while ((n = take(c, c->in + done_n, c->in_n - done_n)) > 0) {
		done_n += n;
		if (!c->in_n || c->phase == CLOSED)
			return; /* another connection by now */
	}
	memmove(c->in, c->in + done_n, c->in_n - done_n);
	c->in_n -= done_n;
}

static void on_event(struct conn *c)
{
	int fd = c->fd;
	ssize_t n;

	while (c->fd == fd && c->phase != CLOSED) {
		flush(c);
		if (c->in_room - c->in_n < 65536) {
			c->in_room = 2 * c->in_room + 131072;
			c->in = grown(c->in, c->in_room);
		}
		n = recv(fd, c->in + c->in_n, c->in_room - c->in_n, 0);
		if (n < 0 && errno == EAGAIN)
			return;
		if (n <= 0)
			die("the server closed: %s", n ? strerror(errno) : "end of input");
		c->in_n += (size_t)n;
		consume(c);
	}
}

void loop(bool (*more)(void))
{
	struct epoll_event events[64];

	while (more()) {
		int n = epoll_wait(g.epoll, events, 64, 60000);

		if (n == 0)
			die("no answer for 60 s");
		for (int i = 0; i < n; i++) {
			struct conn *c = events[i].data.ptr;

			if (c->fd >= 0)
				on_event(c);
		}
	}
}
