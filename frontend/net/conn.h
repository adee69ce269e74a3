/* SPDX-License-Identifier: Apache-2.0 */
/* conn.h - one client connection: bytes in, bytes out, TLS or not, and its deadlines.
 *
 * Callbacks only, all on the loop. Input is read while there is less than conn_want's cap;
 * output is queued and written once at the end of the loop's turn. An idle connection owns no
 * buffer. Whoever holds a conn ends it by conn_finish or conn_abort and hears nothing more; the
 * struct itself lives to the end of the turn, so both may be called in any callback. Reading,
 * writing and TLS happen on the loop's own stack, never on a coroutine's. */
#ifndef TERN_NET_CONN_H
#define TERN_NET_CONN_H

#include "base/buf.h"
#include "base/loop.h"
#include "base/net.h"
#include "net/tls.h"

struct conns; /* those of one loop */
struct conn;

struct conns *conns_new(struct loop *loop);
void conns_free(struct conns **s);        /* drops what is left */
size_t conns_open(const struct conns *s); /* those that still say goodbye included */

enum conn_timer {
	CONN_IDLE, /* these three are the owner's */
	CONN_WAIT,
	CONN_HOLD,
	CONN_TIMERS
};

struct conn_owner {
	void (*input)(void *arg);          /* more input, or its end */
	void (*drained)(void *arg);        /* unsent output fell to the mark */
	void (*ready)(void *arg, int err); /* PROXY header or handshake is over: 0 or -ERR_X */
	void (*gone)(void *arg);           /* reset, or does not read: end it */
	void (*expired)(void *arg, enum conn_timer which);
};

/* Takes the descriptor over. Reads nothing until conn_want. */
struct conn *conn_new(struct conns *s, int fd, const struct conn_owner *owner, void *arg);
/* Flushes, closes for writing, then drains and closes; 30 s at most. Takes *c. */
void conn_finish(struct conn **c);
void conn_abort(struct conn **c); /* drops unsent output. Takes *c. */

/* ---- before the protocol: each ends in `ready` */
/* Expects a PROXY header; where it names addresses they replace *peer and *local. */
void conn_proxy(struct conn *c, uint64_t timeout_ms, struct net_addr *peer, struct net_addr *local);
/* Flushes, then shakes hands. The input must be empty: INVARIANT. */
void conn_secure(struct conn *c, struct tls *tls, const char *alpn, bool any_name,
		 uint64_t timeout_ms);
const char *conn_tls_name(const struct conn *c); /* NULL: plain */
const char *conn_why(const struct conn *c);      /* after a failed handshake: for the log */

/* ---- input */
void conn_want(struct conn *c, size_t cap); /* read while fewer bytes wait; 0: stop */
/* The owner takes from it with buf_take, then calls conn_took. */
struct buf *conn_in(struct conn *c);
void conn_took(struct conn *c);
bool conn_ended(const struct conn *c); /* no more will come */

/* ---- output */
void conn_put(struct conn *c, struct bytes b);
struct buf *conn_out(struct conn *c); /* to append to; then conn_put nothing */
size_t conn_unsent(const struct conn *c);
/* `drained` is called once unsent output is at most n. */
void conn_tell_drained(struct conn *c, size_t n);
void conn_cork(struct conn *c, bool corked);           /* queue only, send nothing */
void conn_output_timeout(struct conn *c, uint64_t ms); /* without progress; then `gone` */

/* ---- deadlines: cheap to move; ms 0 clears */
void conn_timer(struct conn *c, enum conn_timer which, uint64_t ms);

#endif
