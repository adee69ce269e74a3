/* SPDX-License-Identifier: Apache-2.0 */
/* harness.h - sessions of a small line protocol over socket pairs, in one process with the test.
 *
 * Lines of the protocol and what they do:
 *   NOOP           answered by take itself       ECHO text   answered by a command
 *   LOGIN user pw  session_login                 STARTTLS    the handshake
 *   READ n         n bytes follow                BIG n       n bytes of answer
 *   CALL           waits in the store            DELAY ms    session_delay
 *   BAD            a strike                      QUIT        session_close
 *   WATCH          registers; harness_news wakes it
 */
#ifndef TESTS_SESSION_HARNESS_H
#define TESTS_SESSION_HARNESS_H

#include "base/buf.h"
#include "base/loop.h"
#include "session/runner.h"

#include <openssl/ssl.h>

struct harness {
	struct loop *loop;
	struct sessions *sessions;
	struct tls *tls;
	struct limits limits;
	unsigned opened, closed, ran, timeouts, drained_protos;
	int last; /* what the last CALL or READ ended with */
	bool drained;
	struct session *session; /* opened last */
};

struct client {
	struct harness *h;
	int fd; /* non-blocking */
	SSL *ssl;
	struct buf got;
	bool ended; /* end of file or reset */
};

extern struct harness *harness; /* of the test that runs */

struct harness *harness_new(void (*tune)(struct limits *l));
void harness_free(struct harness **h);
void harness_turn(struct harness *h); /* one turn and a little rest */
/* Turns until `done` or five seconds: false. */
bool harness_until(struct harness *h, bool (*done)(void *arg), void *arg);
bool harness_idle(struct harness *h); /* until no coroutine runs and all sessions are gone */

struct client *client_new(struct harness *h, enum listener_kind kind, const char *peer);
struct client *client_proxied(struct harness *h, enum listener_kind kind, const char *peer);
void client_free(struct client **c);
void client_send(struct client *c, const char *text);
void client_send_bytes(struct client *c, struct bytes b);
bool client_shake(struct client *c, const char *alpn, const char *name); /* TLS, as a client */
/* Waits for exactly this; compares what came with it. */
bool client_expect(struct client *c, const char *text);
bool client_expect_end(struct client *c);         /* nothing more, then the end */
void client_pull(struct client *c);               /* reads what is there */
bool client_quiet(struct client *c, unsigned ms); /* nothing comes for so long */

/* tests/unit/session/stub_store.c: the users are ann@example.org with the password "secret",
 * bob (disabled, "secret"). */
void stub_store_answer(int err);             /* what store_credential returns from now on */
void stub_store_method(const char *setting); /* of the hashes it has, for crypt */
void stub_store_release(void);               /* CALLs go on */
unsigned stub_store_waiting(void);
extern unsigned stub_store_lookups;
CO int stub_store_call(struct store_user *u);

/* tests/unit/session/certificate.c: self-signed, for localhost. */
void certificate_new(struct buf *certificate, struct buf *key);

#endif
