/* SPDX-License-Identifier: Apache-2.0 */
/* What the settings of net/tls.c refuse, tried by a client that insists on it. */
#include "harness.h"

#include "lib/test.h"

#include <openssl/err.h>
#include <sys/socket.h>
#include <unistd.h>

struct pair {
	struct tls *tls;
	struct tls_conn *server;
	SSL_CTX *ctx;
	SSL *client;
	int fd[2];
};

static void pair_open(struct pair *p)
{
	struct buf certificate, key;

	CHECK_INT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, p->fd), 0);
	certificate_new(&certificate, &key);
	p->tls = tls_new();
	CHECK(!tls_ready(p->tls));
	CHECK_INT(tls_load(p->tls, buf_bytes(&certificate), buf_bytes(&key), "localhost", NULL), 0);
	buf_release(&certificate);
	buf_release(&key);
	p->server = tls_conn_new(p->tls, p->fd[1], "imap", false);
	p->ctx = SSL_CTX_new(TLS_client_method());
	SSL_CTX_set_security_level(p->ctx, 0);
}

static void pair_close(struct pair *p)
{
	SSL_free(p->client);
	SSL_CTX_free(p->ctx);
	tls_conn_free(&p->server);
	tls_free(&p->tls);
	close(p->fd[0]);
	close(p->fd[1]);
	ERR_clear_error();
}

/* Both sides in turn, until one of them has had enough. */
static bool shake(struct pair *p)
{
	enum tls_io io = TLS_WANT_READ;
	int ret = -1;

	p->client = SSL_new(p->ctx);
	SSL_set_fd(p->client, p->fd[0]);
	for (unsigned i = 0; i < 20 && (io != TLS_OK || ret != 1); i++) {
		if (ret != 1)
			ret = SSL_connect(p->client);
		if (io != TLS_OK)
			io = tls_handshake(p->server);
		if (io == TLS_FAILED || io == TLS_CUT)
			return false;
	}
	return io == TLS_OK && ret == 1;
}

TEST(tls, versions_and_ciphers)
{
	static const struct {
		int min, max;
		const char *ciphers;
		bool good;
	} cases[] = {
		{ TLS1_3_VERSION, TLS1_3_VERSION, NULL, true },
		{ TLS1_2_VERSION, TLS1_2_VERSION, "ECDHE+AESGCM", true },
		{ TLS1_2_VERSION, TLS1_2_VERSION, "ECDHE+CHACHA20", true },
		{ TLS1_VERSION, TLS1_VERSION, "ALL:@SECLEVEL=0", false },
		{ TLS1_1_VERSION, TLS1_1_VERSION, "ALL:@SECLEVEL=0", false },
		{ TLS1_2_VERSION, TLS1_2_VERSION, "AES128-SHA:@SECLEVEL=0", false },
		{ TLS1_2_VERSION, TLS1_2_VERSION, "ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0", false },
		{ TLS1_2_VERSION, TLS1_2_VERSION, "aNULL:eNULL:@SECLEVEL=0", false },
		{ TLS1_2_VERSION, TLS1_2_VERSION, "DHE+AESGCM:@SECLEVEL=0", false },
	};

	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		struct pair p = { 0 };

		pair_open(&p);
		SSL_CTX_set_min_proto_version(p.ctx, cases[i].min);
		SSL_CTX_set_max_proto_version(p.ctx, cases[i].max);
		if (cases[i].ciphers)
			CHECK_INT(SSL_CTX_set_cipher_list(p.ctx, cases[i].ciphers), 1);
		CHECK_INT(shake(&p), cases[i].good);
		pair_close(&p);
	}
}

TEST(tls, no_renegotiation)
{
	struct pair p = { 0 };
	char got[16];
	size_t n;

	pair_open(&p);
	SSL_CTX_set_max_proto_version(p.ctx, TLS1_2_VERSION);
	CHECK(shake(&p));
	SSL_renegotiate(p.client);
	SSL_do_handshake(p.client);
	CHECK(tls_read(p.server, got, sizeof(got), &n) != TLS_OK);
	/* The server answers with a warning; a client that insists gets no further. */
	CHECK(SSL_do_handshake(p.client) != 1);
	pair_close(&p);
}

TEST(tls, no_tickets_no_resumption)
{
	struct pair p = { 0 };
	char got[16];

	pair_open(&p);
	CHECK(shake(&p));
	SSL_read(p.client, got, sizeof(got));
	CHECK(!SSL_SESSION_is_resumable(SSL_get_session(p.client)));
	CHECK(!SSL_SESSION_has_ticket(SSL_get_session(p.client)));
	pair_close(&p);
}

TEST(tls, end_and_truncation_differ)
{
	for (unsigned polite = 0; polite < 2; polite++) {
		struct pair p = { 0 };
		char got[16];
		size_t n;

		pair_open(&p);
		CHECK(shake(&p));
		CHECK_INT(tls_read(p.server, got, sizeof(got), &n), TLS_WANT_READ);
		if (polite)
			SSL_shutdown(p.client);
		shutdown(p.fd[0], SHUT_WR);
		CHECK_INT(tls_read(p.server, got, sizeof(got), &n), polite ? TLS_END : TLS_CUT);
		pair_close(&p);
	}
}

TEST(tls, junk_is_no_handshake)
{
	static const char *const junk[] = { "EHLO x\r\n", "GET / HTTP/1.1\r\n\r\n",
					    "\x16\x03\x01\xff\xff" };

	for (unsigned i = 0; i < ARRAY_LEN(junk); i++) {
		struct pair p = { 0 };

		pair_open(&p);
		CHECK_INT(send(p.fd[0], junk[i], strlen(junk[i]), 0), strlen(junk[i]));
		CHECK_INT(tls_handshake(p.server), TLS_FAILED);
		CHECK(*tls_why(p.server));
		pair_close(&p);
	}
}

TEST(tls, key_must_fit_the_certificate)
{
	struct buf certificate, key, other, other_key;
	struct tls *t = tls_new();
	struct why why = { "" };

	certificate_new(&certificate, &key);
	certificate_new(&other, &other_key);
	CHECK(tls_load(t, buf_bytes(&certificate), buf_bytes(&other_key), "x", &why) < 0);
	CHECK(tls_load(t, buf_bytes(&key), buf_bytes(&key), "x", &why) < 0);
	CHECK(tls_load(t, BYTES_NONE, buf_bytes(&key), "x", &why) < 0);
	CHECK(!tls_ready(t));
	buf_release(&certificate);
	buf_release(&key);
	buf_release(&other);
	buf_release(&other_key);
	tls_free(&t);
}
