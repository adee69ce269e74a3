/* SPDX-License-Identifier: Apache-2.0 */
/* private.h - what the files of session/ know of a session beyond session.h. */
#ifndef TERN_SESSION_PRIVATE_H
#define TERN_SESSION_PRIVATE_H

#include "base/list.h"
#include "base/map.h"
#include "net/conn.h"
#include "net/iplimit.h"
#include "session/auth.h"
#include "session/runner.h"

enum stage {
	STAGE_PROXY,  /* waits for a PROXY header */
	STAGE_SECURE, /* shakes hands before anything else */
	STAGE_OPEN,   /* the protocol has it */
	STAGE_OVER,   /* freed at the end of the turn */
};

/* What the one running command waits for. */
enum wait { WAIT_NOTHING, WAIT_INPUT, WAIT_OUTPUT, WAIT_TIME, WAIT_SECURE, WAIT_HASH };

struct live {
	struct session s;
	struct sessions *of;
	struct list node;  /* all, or over */
	struct list queue; /* ready, or stackless, or none */
	struct buf lent;   /* input handed out by session_read */
	struct co *co;
	enum wait waiting;
	enum stage stage;
	int secured;  /* outcome of a handshake */
	bool running; /* run or wake is on a stack */
	bool taken;   /* a command was taken and not run yet */
	bool wake;    /* session_wake since the last run of wake */
	bool finish;  /* end once the output is out */
	bool gone;    /* end now */
	bool late;    /* the wait timed out */
	bool counted_ip, counted_user;
	uint64_t idle_ms, hold_until, since;
	uint64_t traces;
	unsigned commands;
};

struct sessions {
	struct sessions_config c;
	struct limits limits;
	struct net_prefix *trusted;
	size_t n_trusted;
	struct site site;
	struct conns *conns;
	struct co_pool *pool;
	struct iplimit *ips;
	struct map logins; /* (account, address) -> how many */
	struct auth *auth;
	struct loop_hook *hook;
	struct loop_timer *drain_timer;
	struct list all, ready, stackless, over;
	size_t sessions;
	bool posted, freed; /* run_ready is on its way; free when it has run */
	bool draining, last_call;
	void (*drained)(void *arg);
	void *drained_arg;
};

static inline struct live *live_of(struct session *s)
{
	return container_of(s, struct live, s);
}

static inline const struct live *live_of_const(const struct session *s)
{
	return container_of(s, const struct live, s);
}

/* ---- sasl.c */
enum { SASL_NAME_MAX = 255, SASL_PASSWORD_MAX = 1000 };
bool sasl_text(struct bytes b, size_t max); /* valid UTF-8 without NUL, at most max bytes */

/* ---- runner.c */
void sessions_ready(struct live *l); /* look at it soon, where commands may run */
void sessions_pump(struct live *l);  /* take and run what can be */
void sessions_began(struct sessions *r, struct live *l);
void sessions_ended(struct sessions *r, struct live *l);
void sessions_describe(struct session *s); /* for its log lines */
bool sessions_login_enter(struct live *l, uint64_t account) MUST_USE;

/* ---- session.c */
extern const struct conn_owner session_conn_owner;
void session_end(struct live *l);          /* no command runs; frees at the end of the turn */
void session_lost(struct live *l);         /* the client has gone */
void session_rest(struct live *l);         /* idle deadline from now */
void session_return_lent(struct live *l);  /* what a command left goes before what came since */
size_t session_mark(const struct live *l); /* unsent output above which input rests */
void session_resume(struct live *l, enum wait what); /* the wait is over, if it is that one */
CO int session_wait(struct live *l, enum wait what, uint64_t ms) MUST_USE;

#endif
