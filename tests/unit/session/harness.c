/* SPDX-License-Identifier: Apache-2.0 */
#include "harness.h"

#include "base/clock.h"
#include "session/line.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

struct harness *harness;

/* ---- the protocol ---------------------------------------------------------------------------- */

struct echo {
	struct line_reader reader;
	char line[1024];
	bool watching;
};

static void echo_open(struct session *s)
{
	harness->opened++;
	harness->session = s;
	session_puts(s, "* hello\r\n");
}

static void echo_close(struct session *s)
{
	harness->closed++;
	if (harness->session == s)
		harness->session = NULL;
}

static size_t echo_max(const struct session *s)
{
	return s->account ? 65536 : 8192;
}

static enum take echo_line(struct session *s, struct bytes text)
{
	struct echo *e = s->state;

	if (bytes_eq(text, BYTES("NOOP"))) {
		session_puts(s, "ok\r\n");
		return TAKE_AGAIN;
	}
	if (bytes_eq(text, BYTES("BAD"))) {
		bool many = session_strike(s);

		session_puts(s, many ? "bye\r\n" : "bad\r\n");
		return many ? TAKE_CLOSE : TAKE_AGAIN;
	}
	if (text.n >= sizeof(e->line))
		return TAKE_CLOSE;
	memcpy(e->line, text.p, text.n);
	e->line[text.n] = '\0';
	return TAKE_RUN;
}

static enum take echo_take(struct session *s, struct buf *in)
{
	struct echo *e = s->state;
	struct bytes text;

	switch (line_take(&e->reader, in, 4096, &text)) {
	case LINE_MORE: return TAKE_MORE;
	case LINE_OK: return echo_line(s, text);
	case LINE_FLOOD: return TAKE_CLOSE;
	default: session_puts(s, "bad line\r\n"); return TAKE_AGAIN;
	}
}

CO static void echo_read(struct session *s, size_t n)
{
	struct bytes in;
	size_t got = 0;
	int ret = 0;
	uint64_t sum = 0;

	while (ret == 0 && got < n) {
		ret = session_read(s, 5000, &in);
		in = bytes_head(in, n - got);
		if (ret == 0 && stub_store_waiting() > 1000)
			ret = stub_store_call(&s->user);
		for (size_t i = 0; i < in.n; i++)
			sum = sum * 31 + in.p[i];
		session_consume(s, in.n);
		got += in.n;
	}
	harness->last = ret;
	session_printf(s, "got %zu %llx\r\n", got, (unsigned long long)sum);
}

CO static void echo_big(struct session *s, size_t n)
{
	static const uint8_t zeros[65536];
	int ret = 0;

	for (size_t i; n && ret == 0; n -= i) {
		i = MIN(n, sizeof(zeros));
		ret = session_write(s, bytes_of(zeros, i));
	}
	harness->last = ret;
}

CO static void echo_login(struct session *s, struct bytes rest)
{
	struct bytes user = bytes_cut(&rest, ' ');
	struct why why = { "" };
	int ret = session_login(s, BYTES_NONE, user, rest, &why);

	harness->last = ret;
	session_printf(s, "login %s %s\r\n", err_name(ret), ret == 0 ? s->login : why.text);
	if (ret == -ERR_LIMIT)
		session_close(s);
}

static size_t number(struct bytes b)
{
	uint64_t v = 0;

	return bytes_u64(b, 1 << 30, &v) ? v : 0;
}

CO static void echo_run(struct session *s)
{
	struct echo *e = s->state;
	struct bytes rest = bytes_str(e->line), verb = bytes_cut(&rest, ' ');

	harness->ran++;
	if (bytes_eq(verb, BYTES("ECHO"))) {
		session_printf(s, "%.*s\r\n", BYTES_ARG(rest));
	} else if (bytes_eq(verb, BYTES("READ"))) {
		echo_read(s, number(rest));
	} else if (bytes_eq(verb, BYTES("BIG"))) {
		echo_big(s, number(rest));
	} else if (bytes_eq(verb, BYTES("LOGIN"))) {
		echo_login(s, rest);
	} else if (bytes_eq(verb, BYTES("CALL"))) {
		harness->last = stub_store_call(&s->user);
		session_puts(s, "called\r\n");
	} else if (bytes_eq(verb, BYTES("DELAY"))) {
		session_delay(s, number(rest));
		session_puts(s, "later\r\n");
	} else if (bytes_eq(verb, BYTES("STARTTLS"))) {
		session_puts(s, "go\r\n");
		harness->last = session_starttls(s);
	} else if (bytes_eq(verb, BYTES("WATCH"))) {
		e->watching = true;
		session_puts(s, "watching\r\n");
	} else if (bytes_eq(verb, BYTES("QUIT"))) {
		session_puts(s, "bye\r\n");
		session_close(s);
	} else {
		session_puts(s, "what\r\n");
	}
}

CO static void echo_wake(struct session *s)
{
	session_puts(s, "news\r\n");
}

static void echo_timeout(struct session *s)
{
	harness->timeouts++;
	session_puts(s, "too slow\r\n");
}

static void echo_drain(struct session *s)
{
	harness->drained_protos++;
	session_puts(s, "going down\r\n");
}

static const struct proto echo = {
	.name = "echo",
	.state_size = sizeof(struct echo),
	.open = echo_open,
	.take = echo_take,
	.run = echo_run,
	.wake = echo_wake,
	.timeout = echo_timeout,
	.drain = echo_drain,
	.close = echo_close,
	.max_input = echo_max,
};

/* ---- the harness -------------------------------------------------------------------------------- */

static struct tls *test_tls(void)
{
	struct tls *t = tls_new();
	struct buf certificate, key;

	certificate_new(&certificate, &key);
	if (tls_load(t, buf_bytes(&certificate), buf_bytes(&key), "mail.example.org", NULL) < 0)
		abort();
	buf_release(&certificate);
	buf_release(&key);
	return t;
}

struct harness *harness_new(void (*tune)(struct limits *l))
{
	struct harness *h = xnew(struct harness);
	struct sessions_config c = { .limits = &h->limits };
	struct net_prefix trusted;
	struct arena mem;

	arena_init(&mem, 0);
	conf_defaults(limits_options, &h->limits, &mem);
	arena_release(&mem);
	if (tune)
		tune(&h->limits);
	if (net_prefix_parse("127.0.0.0/8", &trusted, NULL) < 0)
		abort();
	h->loop = loop_new();
	h->tls = test_tls();
	c.loop = h->loop;
	c.tls = h->tls;
	c.trusted = &trusted;
	c.n_trusted = 1;
	c.site = (struct site){ "mail.example.org", "example.org" };
	for (unsigned i = 0; i < LISTEN_KINDS; i++)
		c.protos[i] = &echo;
	harness = h;
	h->sessions = sessions_new(&c);
	stub_store_answer(0);
	stub_store_lookups = 0;
	return h;
}

void harness_free(struct harness **h)
{
	sessions_free(&(*h)->sessions);
	tls_free(&(*h)->tls);
	loop_free(&(*h)->loop);
	free(*h);
	*h = harness = NULL;
}

void harness_turn(struct harness *h)
{
	loop_turn(h->loop);
	usleep(100);
}

bool harness_until(struct harness *h, bool (*done)(void *arg), void *arg)
{
	uint64_t end = clock_ms() + SECONDS(10);

	while (!done(arg)) {
		if (clock_ms() > end)
			return false;
		harness_turn(h);
	}
	return true;
}

static bool nothing_runs(void *arg)
{
	struct harness *h = arg;

	return sessions_count(h->sessions) == 0 && sessions_busy(h->sessions) == 0;
}

bool harness_idle(struct harness *h)
{
	return harness_until(h, nothing_runs, h);
}

/* ---- clients ----------------------------------------------------------------------------------------- */

static struct client *start(struct harness *h, enum listener_kind kind, const char *peer,
			    bool proxy)
{
	struct client *c = xnew(struct client);
	struct net_addr from, to;
	int fd[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fd) < 0 ||
	    net_parse(peer, &from, NULL) < 0 || net_parse("192.0.2.1:143", &to, NULL) < 0)
		abort();
	c->h = h;
	c->fd = fd[0];
	buf_init(&c->got, 0);
	sessions_accept(h->sessions, fd[1], kind, proxy, &from, &to);
	return c;
}

struct client *client_new(struct harness *h, enum listener_kind kind, const char *peer)
{
	return start(h, kind, peer, false);
}

struct client *client_proxied(struct harness *h, enum listener_kind kind, const char *peer)
{
	return start(h, kind, peer, true);
}

void client_free(struct client **c)
{
	SSL_free((*c)->ssl);
	if ((*c)->fd >= 0)
		close((*c)->fd);
	buf_release(&(*c)->got);
	free(*c);
	*c = NULL;
}

static ssize_t send_some(struct client *c, struct bytes b)
{
	size_t n;

	if (!c->ssl)
		return send(c->fd, b.p, b.n, MSG_NOSIGNAL);
	return SSL_write_ex(c->ssl, b.p, b.n, &n) == 1 ? (ssize_t)n : -1;
}

void client_send_bytes(struct client *c, struct bytes b)
{
	uint64_t end = clock_ms() + SECONDS(10);

	while (b.n && clock_ms() < end) {
		ssize_t n = send_some(c, b);

		if (n > 0)
			b = bytes_skip(b, (size_t)n);
		else if (!c->ssl && errno != EAGAIN)
			return;
		else
			harness_turn(c->h);
	}
}

void client_send(struct client *c, const char *text)
{
	client_send_bytes(c, bytes_str(text));
}

static SSL_CTX *client_context(void)
{
	static SSL_CTX *ctx;

	if (!ctx)
		ctx = SSL_CTX_new(TLS_client_method());
	return ctx;
}

bool client_shake(struct client *c, const char *alpn, const char *name)
{
	uint64_t end = clock_ms() + SECONDS(10);
	unsigned char list[64];
	int ret;

	c->ssl = SSL_new(client_context());
	SSL_set_fd(c->ssl, c->fd);
	SSL_set_connect_state(c->ssl);
	if (name)
		SSL_set_tlsext_host_name(c->ssl, name);
	if (alpn) {
		list[0] = (unsigned char)strlen(alpn);
		memcpy(list + 1, alpn, list[0]);
		SSL_set_alpn_protos(c->ssl, list, list[0] + 1u);
	}
	while ((ret = SSL_do_handshake(c->ssl)) != 1 && clock_ms() < end) {
		int e = SSL_get_error(c->ssl, ret);

		if (e != SSL_ERROR_WANT_READ && e != SSL_ERROR_WANT_WRITE)
			return false;
		harness_turn(c->h);
	}
	return ret == 1;
}

void client_pull(struct client *c)
{
	static char p[4096];
	ssize_t n;

	if (c->ssl) {
		int ret = SSL_read(c->ssl, p, sizeof(p));

		n = ret;
		if (ret <= 0 && SSL_get_error(c->ssl, ret) != SSL_ERROR_WANT_READ)
			c->ended = true;
	} else {
		n = recv(c->fd, p, sizeof(p), 0);
		if (n == 0 || (n < 0 && errno != EAGAIN))
			c->ended = true;
	}
	if (n > 0)
		buf_put(&c->got, p, (size_t)n);
}

bool client_expect(struct client *c, const char *text)
{
	struct bytes want = bytes_str(text);
	uint64_t end = clock_ms() + SECONDS(10);

	while (c->got.n < want.n && !c->ended && clock_ms() < end) {
		harness_turn(c->h);
		client_pull(c);
	}
	if (!bytes_starts(buf_bytes(&c->got), want)) {
		fprintf(stderr, "expected \"%s\", got \"%.*s\"%s\n", text,
			BYTES_ARG(buf_bytes(&c->got)), c->ended ? " and the end" : "");
		return false;
	}
	buf_take(&c->got, want.n);
	return true;
}

bool client_expect_end(struct client *c)
{
	uint64_t end = clock_ms() + SECONDS(10);

	while (!c->ended && clock_ms() < end) {
		harness_turn(c->h);
		client_pull(c);
	}
	if (c->got.n)
		fprintf(stderr, "unexpected \"%.*s\"\n", BYTES_ARG(buf_bytes(&c->got)));
	return c->ended && c->got.n == 0;
}

bool client_quiet(struct client *c, unsigned ms)
{
	uint64_t end = clock_ms() + ms;

	while (clock_ms() < end) {
		harness_turn(c->h);
		client_pull(c);
	}
	return c->got.n == 0;
}
