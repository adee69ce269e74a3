/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include "base/clock.h"
#include "base/conf.h"
#include "lib/test.h"
#include "smtp/smtp.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

struct fixture *fixture_new(void)
{
	struct fixture *f = xnew(struct fixture);
	struct sessions_config c = { .limits = &f->limits, .site = { "mx.ours", "ours" } };
	struct net_prefix trusted;
	struct arena mem;

	arena_init(&mem, 0);
	conf_defaults(limits_options, &f->limits, &mem);
	arena_release(&mem);
	CHECK(net_prefix_parse("127.0.0.0/8", &trusted, NULL) == 0);
	f->loop = loop_new();
	f->tls = tls_new();
	c.loop = f->loop;
	c.tls = f->tls;
	c.trusted = &trusted;
	c.n_trusted = 1;
	for (unsigned i = 0; i < LISTEN_KINDS; i++)
		c.protos[i] = &proto_smtp;
	f->sessions = sessions_new(&c);
	stub_reset();
	return f;
}

void fixture_reload(struct fixture *f)
{
	struct net_prefix trusted;

	CHECK(net_prefix_parse("127.0.0.0/8", &trusted, NULL) == 0);
	sessions_reload(f->sessions, &f->limits, &trusted, 1);
}

void fixture_free(struct fixture **f)
{
	sessions_free(&(*f)->sessions);
	tls_free(&(*f)->tls);
	loop_free(&(*f)->loop);
	free(*f);
	*f = NULL;
	CHECK_INT(stub.opened, stub.closed);
	stub_reset();
}

void fixture_turn(struct fixture *f)
{
	loop_turn(f->loop);
	usleep(20);
}

struct client *client_new(struct fixture *f, enum listener_kind kind)
{
	struct client *c = xnew(struct client);
	struct net_addr from, to;
	int fd[2];

	CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fd) == 0);
	CHECK(net_parse("127.0.0.1:4000", &from, NULL) == 0);
	CHECK(net_parse("127.0.0.1:25", &to, NULL) == 0);
	c->f = f;
	c->fd = fd[0];
	buf_init(&c->got, 0);
	sessions_accept(f->sessions, fd[1], kind, false, &from, &to);
	return c;
}

void client_free(struct client **c)
{
	close((*c)->fd);
	buf_release(&(*c)->got);
	free(*c);
	*c = NULL;
}

static void pull(struct client *c)
{
	static char p[65536];
	ssize_t n = recv(c->fd, p, sizeof(p), 0);

	if (n > 0)
		buf_put(&c->got, p, (size_t)n);
	else if (n == 0 || errno != EAGAIN)
		c->ended = true;
}

void client_send(struct client *c, struct bytes b)
{
	while (b.n) {
		ssize_t n = send(c->fd, b.p, b.n, MSG_NOSIGNAL);

		if (n < 0 && errno != EAGAIN)
			return;
		if (n > 0)
			b = bytes_skip(b, (size_t)n);
		loop_turn(c->f->loop);
	}
}

void client_put(struct client *c, const char *text)
{
	client_send(c, bytes_str(text));
}

static bool line(struct client *c, struct bytes *text)
{
	struct bytes all = buf_bytes(&c->got);

	*text = bytes_head(all, bytes_find(all, BYTES("\r\n")));
	return text->n < all.n;
}

int client_reply(struct client *c)
{
	uint64_t end = clock_ms() + SECONDS(20);
	struct bytes text;
	bool last = false;
	uint64_t number;
	int code = -1;

	while (!last) {
		while (!line(c, &text) && !c->ended && clock_ms() < end) {
			fixture_turn(c->f);
			pull(c);
		}
		if (!line(c, &text))
			return -1;
		CHECK(text.n >= 4);
		last = text.p[3] == ' ';
		code = bytes_u64(bytes_head(text, 3), 999, &number) ? (int)number : -1;
		buf_take(&c->got, text.n + 2);
	}
	return code;
}

bool client_ends(struct client *c)
{
	uint64_t end = clock_ms() + SECONDS(20);

	while (!c->ended && clock_ms() < end) {
		fixture_turn(c->f);
		pull(c);
	}
	return c->ended && c->got.n == 0;
}

void client_begin(struct client *c, unsigned rcpts)
{
	char text[64];

	client_put(c, "MAIL FROM:<s@x.example>\r\n");
	CHECK_INT(client_reply(c), 250);
	for (unsigned i = 1; i <= rcpts; i++) {
		(void)!snprintf(text, sizeof(text), "RCPT TO:<a%u@ours>\r\n", i);
		client_put(c, text);
		CHECK_INT(client_reply(c), 250);
	}
	client_put(c, "DATA\r\n");
	CHECK_INT(client_reply(c), 354);
}
