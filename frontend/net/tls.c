/* SPDX-License-Identifier: Apache-2.0 */
/* tls.c - the settings that decide what our TLS is, and the four calls of a connection.
 *
 * The settings follow RFC 9325 and the measurements behind them; tests/unit/net/tls.c tries
 * what must be refused. A connection reads until WANT_READ, never by SSL_pending: only then
 * does OpenSSL give its 16 KiB buffers back. */
#include "net/tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

struct tls {
	SSL_CTX *ctx; /* NULL: no certificate */
};

struct tls_conn {
	SSL *ssl;
	const char *alpn;
	const char *why;
	bool any_name;
};

static int hostname_at; /* index of our data in an SSL_CTX */

/* ---- what the peer asks for ------------------------------------------------------------- */

static int choose_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_n,
		       const unsigned char *in, unsigned in_n, void *arg UNUSED)
{
	const struct tls_conn *c = SSL_get_app_data(ssl);
	struct bytes list = bytes_of(in, in_n);

	while (list.n) {
		struct bytes name = bytes_slice(list, 1, list.p[0]);

		if (bytes_eq(name, bytes_str(c->alpn))) {
			*out = name.p;
			*out_n = (unsigned char)name.n;
			return SSL_TLSEXT_ERR_OK;
		}
		list = bytes_skip(list, 1 + (size_t)list.p[0]);
	}
	/* A browser tricked into talking mail ends here (ALPACA). */
	return SSL_TLSEXT_ERR_ALERT_FATAL;
}

static int check_name(SSL *ssl, int *alert, void *arg UNUSED)
{
	const struct tls_conn *c = SSL_get_app_data(ssl);
	const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
	const char *own = SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), hostname_at);

	if (!name || c->any_name || bytes_ieq(bytes_str(name), bytes_str(own)) ||
	    X509_check_host(SSL_get_certificate(ssl), name, 0, 0, NULL) == 1)
		return SSL_TLSEXT_ERR_OK;
	*alert = SSL_AD_UNRECOGNIZED_NAME;
	return SSL_TLSEXT_ERR_ALERT_FATAL;
}

/* ---- certificate and settings --------------------------------------------------------------- */

static int failed(struct why *why, const char *what)
{
	const char *reason = ERR_reason_error_string(ERR_peek_last_error());
	int ret = why_set(why, ERR_CONFIG, "%s: %s", what, reason ? reason : "not valid");

	ERR_clear_error();
	return ret;
}

static int no_passphrase(char *text UNUSED, int n UNUSED, int writing UNUSED, void *arg UNUSED)
{
	return -1;
}

static BIO *reader(struct bytes pem)
{
	BIO *bio = BIO_new_mem_buf(pem.n ? (const void *)pem.p : "", (int)pem.n);

	if (!bio)
		BUG("no memory for a certificate");
	return bio;
}

static bool add_chain(SSL_CTX *ctx, BIO *bio)
{
	X509 *x;

	while ((x = PEM_read_bio_X509(bio, NULL, no_passphrase, NULL)))
		if (SSL_CTX_add0_chain_cert(ctx, x) != 1) {
			X509_free(x);
			return false;
		}
	/* The end of the file shows as "no start line". */
	if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
		return false;
	ERR_clear_error();
	return true;
}

static int use_certificate(SSL_CTX *ctx, struct bytes pem, struct why *why)
{
	BIO *bio = reader(pem);
	X509 *x = PEM_read_bio_X509_AUX(bio, NULL, no_passphrase, NULL);
	bool ok = x && SSL_CTX_use_certificate(ctx, x) == 1 && add_chain(ctx, bio);

	X509_free(x);
	BIO_free(bio);
	return ok ? 0 : failed(why, "the certificate cannot be used");
}

static int use_key(SSL_CTX *ctx, struct bytes pem, struct why *why)
{
	BIO *bio = reader(pem);
	EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
	bool ok = key && SSL_CTX_use_PrivateKey(ctx, key) == 1 &&
		  SSL_CTX_check_private_key(ctx) == 1;

	EVP_PKEY_free(key);
	BIO_free(bio);
	return ok ? 0 : failed(why, "the private key cannot be used with the certificate");
}

static bool settings(SSL_CTX *x)
{
	bool ok = SSL_CTX_set_min_proto_version(x, TLS1_2_VERSION) == 1 &&
		  SSL_CTX_set_cipher_list(x, "ECDHE+AESGCM:ECDHE+CHACHA20") == 1 &&
		  SSL_CTX_set_ciphersuites(x, "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:"
					      "TLS_AES_128_GCM_SHA256") == 1 &&
		  SSL_CTX_set1_groups_list(x, "X25519:P-256:P-384") == 1 &&
		  SSL_CTX_set_num_tickets(x, 0) == 1 && SSL_CTX_set_max_early_data(x, 0) == 1;

	SSL_CTX_set_options(x, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
				       SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_NO_TICKET |
				       SSL_OP_PRIORITIZE_CHACHA);
	SSL_CTX_set_security_level(x, 2);
	SSL_CTX_set_session_cache_mode(x, SSL_SESS_CACHE_OFF);
	/* Moving: unsent output sits in a struct buf that may grow between two tries. */
	SSL_CTX_set_mode(x, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
				    SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_read_ahead(x, 1);
	SSL_CTX_set_alpn_select_cb(x, choose_alpn, NULL);
	SSL_CTX_set_tlsext_servername_callback(x, check_name);
	return ok;
}

/* ---- the host name, which lives as long as its context, which connections keep alive */

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void free_hostname(void *parent UNUSED, void *name, CRYPTO_EX_DATA *ad UNUSED, int i UNUSED,
			  long argl UNUSED, void *argp UNUSED)
{
	free(name);
}

static void reserve_hostname(void)
{
	hostname_at = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, free_hostname);
	if (hostname_at < 0)
		BUG("OpenSSL has no room for our data");
}

static SSL_CTX *context_new(const char *hostname)
{
	SSL_CTX *ctx;

	pthread_once(&once, reserve_hostname);
	ctx = SSL_CTX_new(TLS_server_method());
	if (!ctx || !settings(ctx) || SSL_CTX_set_ex_data(ctx, hostname_at, xstrdup(hostname)) != 1)
		BUG("OpenSSL refuses our settings");
	return ctx;
}

int tls_load(struct tls *t, struct bytes certificate, struct bytes key, const char *hostname,
	     struct why *why)
{
	SSL_CTX *ctx = context_new(hostname);
	int ret = use_certificate(ctx, certificate, why);

	if (ret == 0)
		ret = use_key(ctx, key, why);
	if (ret == 0) {
		SSL_CTX_free(t->ctx);
		t->ctx = ctx;
	} else {
		SSL_CTX_free(ctx);
	}
	return ret;
}

struct tls *tls_new(void)
{
	return xnew(struct tls);
}

void tls_free(struct tls **t)
{
	if (*t)
		SSL_CTX_free((*t)->ctx);
	free(*t);
	*t = NULL;
}

bool tls_ready(const struct tls *t)
{
	return t && t->ctx;
}

/* ---- connections ---------------------------------------------------------------------------- */

struct tls_conn *tls_conn_new(struct tls *t, int fd, const char *alpn, bool any_name)
{
	struct tls_conn *c = xnew(struct tls_conn);

	c->alpn = alpn;
	c->any_name = any_name;
	c->ssl = SSL_new(t->ctx);
	if (!c->ssl || SSL_set_fd(c->ssl, fd) != 1)
		BUG("no memory for a TLS connection");
	SSL_set_app_data(c->ssl, c);
	SSL_set_accept_state(c->ssl);
	return c;
}

void tls_conn_free(struct tls_conn **c)
{
	if (*c)
		SSL_free((*c)->ssl);
	free(*c);
	*c = NULL;
}

static enum tls_io outcome(struct tls_conn *c, int ret)
{
	unsigned long e;

	switch (SSL_get_error(c->ssl, ret)) {
	case SSL_ERROR_WANT_READ: return TLS_WANT_READ;
	case SSL_ERROR_WANT_WRITE: return TLS_WANT_WRITE;
	case SSL_ERROR_ZERO_RETURN: return TLS_END;
	case SSL_ERROR_SSL:
		e = ERR_peek_error();
		c->why = ERR_reason_error_string(e);
		ERR_clear_error();
		return ERR_GET_REASON(e) == SSL_R_UNEXPECTED_EOF_WHILE_READING ? TLS_CUT :
										 TLS_FAILED;
	default: /* SSL_ERROR_SYSCALL: reset */
		c->why = "connection reset";
		ERR_clear_error();
		return TLS_FAILED;
	}
}

enum tls_io tls_handshake(struct tls_conn *c)
{
	int ret;

	ERR_clear_error();
	ret = SSL_accept(c->ssl);
	return ret == 1 ? TLS_OK : outcome(c, ret);
}

enum tls_io tls_read(struct tls_conn *c, void *p, size_t max, size_t *n)
{
	int ret;

	ERR_clear_error();
	ret = SSL_read_ex(c->ssl, p, max, n);
	return ret == 1 ? TLS_OK : outcome(c, ret);
}

enum tls_io tls_write(struct tls_conn *c, const void *p, size_t max, size_t *n)
{
	int ret;

	ERR_clear_error();
	ret = SSL_write_ex(c->ssl, p, max, n);
	return ret == 1 ? TLS_OK : outcome(c, ret);
}

void tls_goodbye(struct tls_conn *c)
{
	ERR_clear_error();
	if (SSL_is_init_finished(c->ssl))
		SSL_shutdown(c->ssl);
	ERR_clear_error();
}

const char *tls_why(const struct tls_conn *c)
{
	return c->why ? c->why : "unknown";
}

const char *tls_name(struct tls_conn *c)
{
	static _Thread_local char name[64];

	(void)!snprintf(name, sizeof(name), "%s %s", SSL_get_version(c->ssl),
			SSL_get_cipher_name(c->ssl));
	return name;
}
