/* SPDX-License-Identifier: Apache-2.0 */
/* fixture.h - sessions of SMTP over socket pairs, and a store that remembers what it was given. */
#ifndef TESTS_SMTP_FIXTURE_H
#define TESTS_SMTP_FIXTURE_H

#include "base/loop.h"
#include "session/runner.h"

/* ---- stub_store.c: of store.h what SMTP calls. Addresses: aN@ours is account N; anything else
 * at ours nobody; elsewhere not ours. */
struct stub {
	struct buf message; /* delivered last, byte for byte */
	struct buf log;     /* "sender|a1@ours,a2@ours" of it */
	unsigned delivered, opened, closed;
	int write_err, end_err, deliver_err; /* what calls return from now on */
	uint64_t write_err_at;               /* only above so many bytes */
	int statuses[8];                     /* by place */
	unsigned wait_ms;                    /* of the last delivery */
};
extern struct stub stub;
void stub_reset(void);

/* ---- fixture.c */
struct fixture {
	struct loop *loop;
	struct sessions *sessions;
	struct tls *tls;
	struct limits limits;
};

struct client {
	struct fixture *f;
	int fd; /* non-blocking */
	struct buf got;
	bool ended;
};

struct fixture *fixture_new(void); /* tune limits with fixture_reload */
void fixture_reload(struct fixture *f);
void fixture_free(struct fixture **f);
void fixture_turn(struct fixture *f);

struct client *client_new(struct fixture *f, enum listener_kind kind);
void client_free(struct client **c);
void client_send(struct client *c, struct bytes b);
void client_put(struct client *c, const char *text);
/* Whole lines until one that is a last one: its code; the text stays in got. -1: it ended. */
int client_reply(struct client *c);
bool client_ends(struct client *c);
/* EHLO or LHLO, MAIL, RCPT a1@ours ..., DATA, until 354. */
void client_begin(struct client *c, unsigned rcpts);

#endif
