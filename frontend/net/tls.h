/* SPDX-License-Identifier: Apache-2.0 */
/* tls.h - TLS for servers; the only home of SSL_*.
 *
 * A struct tls holds certificate and settings and may be given a new certificate at any time:
 * connections keep what they began with. A struct tls_conn is one connection over a
 * non-blocking descriptor that it does not own. No call blocks; crypto runs on the caller's
 * stack, so call from the loop, not from a coroutine. */
#ifndef TERN_NET_TLS_H
#define TERN_NET_TLS_H

#include "base/bytes.h"
#include "base/err.h"

struct tls;
struct tls_conn;

struct tls *tls_new(void); /* without a certificate: tls_ready is false */
void tls_free(struct tls **t);
/* PEM: certificate with its chain, private key. `hostname` is answered for beside the names in
 * the certificate. On failure what was loaded before stays. */
int tls_load(struct tls *t, struct bytes certificate, struct bytes key, const char *hostname,
	     struct why *why) MUST_USE;
bool tls_ready(const struct tls *t);

enum tls_io {
	TLS_OK,
	TLS_WANT_READ,  /* call again when the descriptor is readable */
	TLS_WANT_WRITE, /* … writable */
	TLS_END,        /* the peer said close_notify */
	TLS_CUT,        /* the connection ended without it: whatever was incomplete stays so */
	TLS_FAILED,     /* broken; drop the connection */
};

/* alpn: the one protocol spoken here; a client that names others only is refused.
 * any_name: unknown server names get the certificate anyway (MX) instead of an alert. */
struct tls_conn *tls_conn_new(struct tls *t, int fd, const char *alpn, bool any_name);
void tls_conn_free(struct tls_conn **c);
enum tls_io tls_handshake(struct tls_conn *c);
enum tls_io tls_read(struct tls_conn *c, void *p, size_t max, size_t *n);
enum tls_io tls_write(struct tls_conn *c, const void *p, size_t max, size_t *n);
void tls_goodbye(struct tls_conn *c);          /* close_notify, if it can be sent at once */
const char *tls_why(const struct tls_conn *c); /* after TLS_FAILED: for the log */
const char *tls_name(struct tls_conn *c);      /* "TLSv1.3 TLS_AES_256_GCM_SHA384" */

#endif
