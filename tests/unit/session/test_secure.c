/* SPDX-License-Identifier: Apache-2.0 */
/* TLS around sessions: implicit, STARTTLS, and what must never cross that border. */
#include "harness.h"

#include "base/clock.h"
#include "lib/test.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define LOCAL "127.0.0.1:5000"
#define STRANGER "203.0.113.9:5000"

TEST(secure, implicit)
{
	struct harness *h = harness_new(NULL);
	struct client *c = client_new(h, LISTEN_IMAPS, STRANGER);

	CHECK(client_shake(c, "echo", "localhost"));
	client_send(c, "ECHO one\r\nNOOP\r\nQUIT\r\n");
	CHECK(client_expect(c, "* hello\r\none\r\nok\r\nbye\r\n"));
	CHECK(client_expect_end(c));
	CHECK_INT(SSL_get_shutdown(c->ssl) & SSL_RECEIVED_SHUTDOWN, SSL_RECEIVED_SHUTDOWN);
	client_free(&c);
	CHECK(harness_idle(h));
	harness_free(&h);
}

TEST(secure, starttls)
{
	struct harness *h = harness_new(NULL);
	struct client *c = client_new(h, LISTEN_SMTP, STRANGER);

	client_send(c, "STARTTLS\r\n");
	CHECK(client_expect(c, "* hello\r\ngo\r\n"));
	CHECK(client_shake(c, NULL, "whatever.example"));
	client_send(c, "ECHO inside\r\n");
	CHECK(client_expect(c, "inside\r\n"));
	CHECK_INT(h->last, 0);
	CHECK(h->session->tls);
	client_send(c, "STARTTLS\r\n");
	CHECK(client_expect(c, "go\r\n"));
	CHECK(client_expect_end(c)); /* no second time */
	client_free(&c);
	CHECK(harness_idle(h));
	harness_free(&h);
}

/* What a man in the middle may put behind STARTTLS. None of it may run, before or after. */
static const char *const injected[] = {
	"STARTTLS\r\nECHO evil\r\n",
	"STARTTLS\r\nNOOP\r\n",
	"STARTTLS\r\nE",
	"STARTTLS\r\n\r\n",
	"STARTTLS\r\nLOGIN ann secret\r\n",
	"STARTTLS\r\nSTARTTLS\r\n",
	"STARTTLS\r\n\x16\x03\x01\x02", /* half a ClientHello */
	"NOOP\r\nSTARTTLS\r\nECHO evil\r\n",
	"STARTTLS\r\nECHO evil\n",
	"STARTTLS\r\nQUIT\r\nECHO evil\r\n",
};

TEST(secure, injection_in_the_same_segment)
{
	for (unsigned i = 0; i < ARRAY_LEN(injected); i++) {
		struct harness *h = harness_new(NULL);
		struct client *c = client_new(h, LISTEN_SMTP, STRANGER);

		CHECK(client_expect(c, "* hello\r\n"));
		client_send(c, injected[i]);
		CHECK(client_expect(c, injected[i][0] == 'N' ? "ok\r\ngo\r\n" : "go\r\n"));
		CHECK(!client_shake(c, NULL, NULL));
		CHECK_INT(h->ran, 1);
		CHECK_INT(h->last, -ERR_INVALID);
		client_free(&c);
		CHECK(harness_idle(h));
		harness_free(&h);
	}
}

/* The same in a segment of its own, which arrives when the handshake has begun. */
TEST(secure, injection_in_a_later_segment)
{
	for (unsigned i = 0; i < ARRAY_LEN(injected); i++) {
		struct harness *h = harness_new(NULL);
		struct client *c = client_new(h, LISTEN_SMTP, STRANGER);
		const char *rest = strstr(injected[i], "STARTTLS\r\n") + 10;

		CHECK(client_expect(c, "* hello\r\n"));
		client_send(c, "STARTTLS\r\n");
		CHECK(client_expect(c, "go\r\n"));
		client_send(c, rest);
		(void)client_shake(c, NULL, NULL);
		client_free(&c);
		CHECK(harness_idle(h));
		CHECK_INT(h->ran, 1);
		CHECK_INT(h->last, -ERR_GONE);
		harness_free(&h);
	}
}

static void quick(struct limits *l)
{
	l->tls_timeout = 200;
}

TEST(secure, handshake_has_its_time)
{
	struct harness *h = harness_new(quick);
	struct client *c = client_new(h, LISTEN_IMAPS, STRANGER);
	struct client *d = client_new(h, LISTEN_SMTP, STRANGER);
	uint64_t began = clock_ms();

	client_send(d, "STARTTLS\r\n");
	client_send(c, "\x16\x03\x01");
	CHECK(client_expect(d, "* hello\r\ngo\r\n"));
	CHECK(client_expect_end(c) && client_expect_end(d));
	CHECK(clock_ms() - began >= 190 && clock_ms() - began < 5000);
	CHECK(harness_idle(h));
	client_free(&c);
	client_free(&d);
	harness_free(&h);
}

TEST(secure, alpn_and_names)
{
	static const struct {
		const char *alpn, *name;
		bool accepted;
	} cases[] = {
		{ NULL, NULL, true },
		{ "echo", NULL, true },
		{ "http/1.1", NULL, false },
		{ NULL, "localhost", true },
		{ NULL, "MAIL.example.org", true },
		{ NULL, "evil.example", false },
	};

	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		struct harness *h = harness_new(NULL);
		struct client *c = client_new(h, LISTEN_IMAPS, LOCAL);

		CHECK_INT(client_shake(c, cases[i].alpn, cases[i].name), cases[i].accepted);
		client_free(&c);
		CHECK(harness_idle(h));
		harness_free(&h);
	}
}

/* A large answer and a large literal through records, with a client that rests in between. */
TEST(secure, bulk_both_ways)
{
	struct harness *h = harness_new(NULL);
	struct client *c = client_new(h, LISTEN_IMAPS, STRANGER);
	size_t n = 2 << 20, want = 9 + 26 + 3000000, got = 0;
	uint8_t *data = xcalloc(1, n);
	uint64_t end = clock_ms() + SECONDS(20);

	CHECK(client_shake(c, NULL, NULL));
	client_send(c, "LOGIN ann secret\r\nBIG 3000000\r\n");
	for (unsigned i = 0; i < 100; i++)
		harness_turn(h);
	while (got < want && !c->ended && clock_ms() < end) {
		client_pull(c);
		got += c->got.n;
		buf_clear(&c->got);
		loop_turn(h->loop);
	}
	CHECK_INT(got, want);
	client_send(c, "READ 2097152\r\n");
	client_send_bytes(c, bytes_of(data, n));
	CHECK(client_expect(c, "got 2097152 0\r\n"));
	free(data);
	client_free(&c);
	CHECK(harness_idle(h));
	harness_free(&h);
}

/* More plaintext than the session takes at once: the rest waits inside OpenSSL, where no
 * descriptor tells of it. */
TEST(secure, input_beyond_the_cap_is_not_forgotten)
{
	struct harness *h = harness_new(NULL);
	struct client *c = client_new(h, LISTEN_IMAPS, STRANGER);
	struct buf all;

	CHECK(client_shake(c, NULL, NULL));
	buf_init(&all, 0);
	for (unsigned i = 0; i < 2000; i++)
		buf_puts(&all, "NOOP\r\n");
	client_send_bytes(c, buf_bytes(&all));
	buf_clear(&all);
	buf_puts(&all, "* hello\r\n");
	for (unsigned i = 0; i < 2000; i++)
		buf_puts(&all, "ok\r\n");
	buf_putc(&all, '\0');
	CHECK(client_expect(c, (char *)all.p));
	buf_release(&all);
	client_free(&c);
	CHECK(harness_idle(h));
	harness_free(&h);
}

/* The connection is cut without close_notify in a literal: nothing of it counts. */
TEST(secure, truncation_in_a_literal)
{
	struct harness *h = harness_new(NULL);
	struct client *c = client_new(h, LISTEN_IMAPS, STRANGER);

	CHECK(client_shake(c, NULL, NULL));
	client_send(c, "READ 100\r\nonly this");
	CHECK(client_expect(c, "* hello\r\n"));
	shutdown(c->fd, SHUT_WR);
	CHECK(harness_idle(h));
	CHECK_INT(h->last, -ERR_GONE);
	client_free(&c);
	harness_free(&h);
}

TEST(secure, certificate_is_swapped_without_dropping_anyone)
{
	struct harness *h = harness_new(NULL);
	struct client *before = client_new(h, LISTEN_IMAPS, STRANGER), *after;
	struct buf certificate, key, junk;
	X509 *old, *new;

	CHECK(client_shake(before, NULL, NULL));
	certificate_new(&certificate, &key);
	buf_init(&junk, 0);
	buf_puts(&junk, "-----BEGIN nothing");
	CHECK(tls_load(h->tls, buf_bytes(&junk), buf_bytes(&key), "x", NULL) < 0);
	CHECK_INT(tls_load(h->tls, buf_bytes(&certificate), buf_bytes(&key), "x", NULL), 0);
	after = client_new(h, LISTEN_IMAPS, STRANGER);
	CHECK(client_shake(after, NULL, NULL));
	client_send(before, "ECHO here\r\n");
	CHECK(client_expect(before, "* hello\r\nhere\r\n"));
	old = SSL_get1_peer_certificate(before->ssl);
	new = SSL_get1_peer_certificate(after->ssl);
	CHECK(X509_cmp(old, new) != 0);
	X509_free(old);
	X509_free(new);
	buf_release(&certificate);
	buf_release(&key);
	buf_release(&junk);
	client_free(&before);
	client_free(&after);
	CHECK(harness_idle(h));
	harness_free(&h);
}

/* ---- PROXY ----------------------------------------------------------------------------------------- */

TEST(secure, proxy_header_then_tls)
{
	struct harness *h = harness_new(NULL);
	struct client *c = client_proxied(h, LISTEN_IMAPS, LOCAL);
	char peer[64];

	client_send(c, "PROXY TCP4 203.0.113.9 192.0.2.1 4000 993\r\n");
	CHECK(client_shake(c, NULL, NULL));
	CHECK(client_expect(c, "* hello\r\n"));
	net_print(&h->session->peer, peer, sizeof(peer));
	CHECK_STR(peer, "203.0.113.9:4000");
	CHECK(!h->session->trusted);
	client_free(&c);
	CHECK(harness_idle(h));
	harness_free(&h);
}

TEST(secure, proxy_header_cut_at_each_byte)
{
	struct harness *h = harness_new(NULL);
	struct client *c = client_proxied(h, LISTEN_SMTP, LOCAL);
	const char *text = "PROXY TCP6 2001:db8::9 2001:db8::1 4000 25\r\nECHO one\r\n";

	for (; *text; text++) {
		client_send_bytes(c, bytes_of(text, 1));
		harness_turn(h);
	}
	CHECK(client_expect(c, "* hello\r\none\r\n"));
	client_free(&c);
	CHECK(harness_idle(h));
	harness_free(&h);
}

TEST(secure, proxy_is_believed_from_trusted_addresses_only)
{
	struct harness *h = harness_new(NULL);
	struct client *c = client_proxied(h, LISTEN_SMTP, STRANGER);
	struct client *d = client_proxied(h, LISTEN_SMTP, LOCAL);

	client_send(c, "PROXY TCP4 127.0.0.1 192.0.2.1 4000 25\r\n");
	client_send(d, "EHLO there\r\n");
	CHECK(client_expect_end(c) && client_expect_end(d));
	client_free(&c);
	client_free(&d);
	CHECK(harness_idle(h));
	CHECK_INT(h->opened, 0);
	harness_free(&h);
}

TEST(secure, connections_of_one_address)
{
	struct harness *h = harness_new(NULL);
	struct client *c[22];

	h->limits.connections_per_ip = 20;
	for (unsigned i = 0; i < 22; i++)
		c[i] = client_new(h, i == 21 ? LISTEN_IMAP : LISTEN_SMTP, STRANGER);
	for (unsigned i = 0; i < 20; i++)
		CHECK(client_expect(c[i], "* hello\r\n"));
	CHECK(client_expect(c[20], "421 4.7.0 Too many connections, try again later\r\n"));
	CHECK(client_expect_end(c[20]));
	CHECK(client_expect(c[21], "* BYE Too many connections, try again later\r\n"));
	for (unsigned i = 0; i < 22; i++)
		client_free(&c[i]);
	CHECK(harness_idle(h));
	harness_free(&h);
}
