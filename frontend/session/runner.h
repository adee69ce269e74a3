/* SPDX-License-Identifier: Apache-2.0 */
/* runner.h - all sessions of one worker: where they begin, what their commands run on.
 *
 * For the worker and tests; protocols see session.h only. */
#ifndef TERN_SESSION_RUNNER_H
#define TERN_SESSION_RUNNER_H

#include "base/loop.h"
#include "net/tls.h"
#include "session/session.h"

struct sessions;

struct sessions_config {
	struct loop *loop;
	struct store *store;
	struct tls *tls;                  /* may be without a certificate */
	const struct limits *limits;      /* copied */
	const struct net_prefix *trusted; /* copied */
	size_t n_trusted;
	struct site site; /* strings copied */
	const struct proto *protos[LISTEN_KINDS];
};

struct sessions *sessions_new(const struct sessions_config *c);
/* Drops all sessions, lets their commands unwind; the loop is turned until none is left. */
void sessions_free(struct sessions **r);
/* After SIGHUP: for sessions of now and later. */
void sessions_reload(struct sessions *r, const struct limits *limits,
		     const struct net_prefix *trusted, size_t n_trusted);

/* A client, fresh from a listener; takes the descriptor. proxy: a PROXY header comes first. */
void sessions_accept(struct sessions *r, int fd, enum listener_kind kind, bool proxy,
		     const struct net_addr *peer, const struct net_addr *local);

/* Sessions end where it does not hurt: SMTP and POP3 between commands, IMAP shortly before
 * limits->drain_timeout is over, whatever is left then. `drained` is called once when none is
 * there any more, possibly at once. */
void sessions_drain(struct sessions *r, void (*drained)(void *arg), void *arg);

size_t sessions_count(const struct sessions *r);
unsigned sessions_busy(const struct sessions *r); /* coroutines that run or wait */

bool listener_kind_is_tls(enum listener_kind kind); /* TLS from the first byte */
bool listener_kind_needs_login(enum listener_kind kind);
const char *listener_kind_name(enum listener_kind kind); /* "imaps", as in the configuration */

#endif
