/* SPDX-License-Identifier: Apache-2.0 */
/* session.h - one client connection as a protocol sees it.
 *
 * Connections are callbacks, commands are coroutines. Bytes arrive; the protocol's `take` looks
 * at them (no stack, may not park) until a whole command is there; then `run` executes it on a
 * borrowed stack, straight-line, parking in store calls, in session_write when the client does
 * not read, in session_read for literals and DATA. One command at a time; input waits in the
 * buffer meanwhile (that is pipelining). An idle session holds a struct and nothing else.
 * Nothing frees a session while its command runs: closing marks it, waits end with -ERR_GONE,
 * the command unwinds. */
#ifndef TERN_SESSION_SESSION_H
#define TERN_SESSION_SESSION_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/co.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/net.h"
#include "session/limits.h"
#include "store/store.h"

struct session;
struct conn;

/* What take consumed it has copied: the bytes behind `in` are gone once it returns. */
enum take {
	TAKE_MORE,  /* not a whole command yet; with max_input bytes there: closed without a word */
	TAKE_RUN,   /* parsed into the session's state: call run */
	TAKE_AGAIN, /* consumed something and answered by itself: call take again */
	TAKE_CLOSE, /* reply is queued; close once it is out */
};

/* What the configuration says of this installation. */
struct site {
	const char *hostname;       /* in greetings and in Received */
	const char *default_domain; /* of a login without one, and of <Postmaster>; may be "" */
};

struct proto {
	const char *name;                /* "imap": for logs, metrics, errors */
	size_t state_size;               /* zeroed memory at session->state */
	void (*open)(struct session *s); /* queue the greeting */
	enum take (*take)(struct session *s, struct buf *in);
	CO void (*run)(struct session *s);  /* one command, taken before */
	CO void (*wake)(struct session *s); /* after session_wake, between commands */
	void (*timeout)(struct session *s); /* idle too long: queue the goodbye (closed after it) */
	void (*drain)(struct session *s);   /* server shuts down: queue the goodbye */
	void (*close)(struct session *s);   /* free what state owns; no command runs */
	/* The buffered input that take may hold before it must decide. */
	size_t (*max_input)(const struct session *s);
};

enum listener_kind {                    /* what a listening port speaks */
		     LISTEN_SMTP,       /* MX */
		     LISTEN_SUBMISSION, /* STARTTLS */
		     LISTEN_SUBMISSIONS,
		     LISTEN_LMTP,
		     LISTEN_IMAP,
		     LISTEN_IMAPS,
		     LISTEN_POP3,
		     LISTEN_POP3S,
		     LISTEN_KINDS,
};

struct session {
	const struct proto *proto;
	enum listener_kind listener;
	void *state;            /* the protocol's */
	struct arena mem;       /* of the command that runs; cleared after it */
	struct store_user user; /* hand this to store.h */
	struct log_ctx log;
	struct net_addr peer, local;
	char id[17]; /* session id; the trace of a command is derived from it */
	bool tls;
	bool trusted;       /* peer is in `trusted`: no per-address limits, login without TLS */
	bool tls_available; /* a certificate is configured */
	const struct site *site;
	/* set by session_login */
	uint64_t account; /* 0: not logged in */
	char *login;      /* canonical address */
	const struct limits *limits;
	unsigned errors, junk; /* strikes */
	bool draining;
	bool closing;      /* the client is gone or session_close was called */
	struct conn *conn; /* session.c's business */
};

/* ---- output (any time; queued, flushed at the end of the turn) */
void session_put(struct session *s, struct bytes b);
void session_puts(struct session *s, const char *text);
void session_printf(struct session *s, const char *fmt, ...) PRINTF(2, 3);
/* In a command: the same, then waits while more than limits->output_buffer is unsent; after
 * limits->output_timeout the client is gone. */
CO int session_write(struct session *s, struct bytes b) MUST_USE;
CO int session_flush_wait(struct session *s) MUST_USE; /* waits until below the mark */

/* ---- input inside a command (literals, DATA) */
/* Waits for at least one byte, hands out all that is buffered (borrowed until session_consume).
 * -ERR_GONE on close, -ERR_LATE when nothing came for `timeout_ms`. */
CO int session_read(struct session *s, uint64_t timeout_ms, struct bytes *in) MUST_USE;
void session_consume(struct session *s, size_t n);
size_t session_buffered(const struct session *s); /* input bytes waiting */
bool session_ended(const struct session *s);      /* the client sends no more; it may still read */

/* ---- life */
void session_close(struct session *s); /* once the output is out (30 s at most) */
void session_abort(struct session *s); /* now, without a reply: outcome unknown */
void session_wake(struct session *s);  /* run proto->wake soon, between commands; coalesces */
/* Idle limit from now on, greeting_timeout until it is called. It runs from the end of one command
 * to the whole of the next: bytes that dribble in do not renew it. Before login on ports that
 * need one, auth_timeout from the connect is above it. 0: none. */
void session_timeout(struct session *s, uint64_t ms);
/* A fresh trace id, in s->user too; each run and wake begins with one. */
uint64_t session_trace(struct session *s);
/* Where take found input that is over a limit or broken: counts; true = too many, close. From
 * errors_soft on it holds the session for a second by itself. */
bool session_strike(struct session *s);
bool session_junk(struct session *s);
/* From now on nothing is sent and no command taken for so long, without holding a stack: how
 * answers to the clumsy are delayed. Returns at once; does not add up. */
void session_hold(struct session *s, uint64_t ms);
/* Really waits, on its stack; ends early when the client goes. To slow a client down: hold. */
CO void session_delay(struct session *s, uint64_t ms);

/* ---- TLS and login */
/* After the OK is queued: refuses (-ERR_INVALID, close) if input is already buffered, flushes,
 * shakes hands. On success s->tls is set and the protocol resets all it learned before. */
CO int session_starttls(struct session *s) MUST_USE;
/* "TLSv1.3 TLS_AES_256_GCM_SHA384" for Received; "" without TLS. */
const char *session_tls_name(const struct session *s);
bool session_login_allowed(const struct session *s); /* TLS, or trusted */
/* Checks the password (slow hash in a worker pool, limits and delays of E.5, same text and time
 * for unknown user and wrong password). 0: logged in; -ERR_AUTH; -ERR_LIMIT: blocked, close;
 * -ERR_BUSY: the store did not answer: temporary, keep the password. `authzid` empty or equal.
 * After a failure the session is held: answer at once, the client sees it later. */
CO int session_login(struct session *s, struct bytes authzid, struct bytes user,
		     struct bytes password, struct why *why) MUST_USE;

/* SASL PLAIN and LOGIN (RFC 4616): base64 and NUL rules once for all protocols. */
int sasl_plain(struct bytes base64, struct arena *mem, struct bytes *authzid, struct bytes *user,
	       struct bytes *password, struct why *why) MUST_USE;
int sasl_base64(struct bytes base64, struct arena *mem, struct bytes *out) MUST_USE;

#endif
