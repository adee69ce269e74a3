/* SPDX-License-Identifier: Apache-2.0 */
/* runner.c - when a session's next command runs.
 *
 * Events pump a session: it takes commands until one is to run, and runs it on a stack of the
 * pool; the same stack goes on with what was pipelined behind it. Without a free stack the
 * session queues for one and reads no more. Whatever concerns a session from outside an event of
 * its own (wakes, closing by somebody else) goes through the ready list, which is worked off by
 * a post: commands start in that part of the turn only, never in the hooks at its end. */
#include "session/runner.h"

#include "base/clock.h"
#include "base/metric.h"
#include "base/rand.h"
#include "session/private.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BATCH = 32, TAKES = 256, IP_ENTRIES = 65536 };

#define LAST_CALL_MS SECONDS(3) /* IMAP sessions say goodbye so long before the drain ends */

static void run_ready(void *arg);

/* ---- kinds of listeners -------------------------------------------------------------------------- */

static const struct {
	const char *name, *full; /* full: what a client is told that comes over a limit */
	bool tls, login;
} kinds[LISTEN_KINDS] = {
#define SMTP_FULL "421 4.7.0 Too many connections, try again later\r\n"
#define IMAP_FULL "* BYE Too many connections, try again later\r\n"
#define POP3_FULL "-ERR [SYS/TEMP] Too many connections, try again later\r\n"
	[LISTEN_SMTP] = { "smtp", SMTP_FULL, false, false },
	[LISTEN_SUBMISSION] = { "submission", SMTP_FULL, false, true },
	[LISTEN_SUBMISSIONS] = { "submissions", SMTP_FULL, true, true },
	[LISTEN_LMTP] = { "lmtp", SMTP_FULL, false, false },
	[LISTEN_IMAP] = { "imap", IMAP_FULL, false, true },
	[LISTEN_IMAPS] = { "imaps", IMAP_FULL, true, true },
	[LISTEN_POP3] = { "pop3", POP3_FULL, false, true },
	[LISTEN_POP3S] = { "pop3s", POP3_FULL, true, true },
};

bool listener_kind_is_tls(enum listener_kind kind)
{
	return kinds[kind].tls;
}

bool listener_kind_needs_login(enum listener_kind kind)
{
	return kinds[kind].login;
}

const char *listener_kind_name(enum listener_kind kind)
{
	return kinds[kind].name;
}

/* ---- commands --------------------------------------------------------------------------------------- */

void sessions_describe(struct session *s)
{
	char peer[64];

	net_print_host(&s->peer, peer, sizeof(peer));
	if (s->login)
		log_ctx_set(&s->log, NULL, "sess=%s proto=%s peer=%s user=%s", s->id,
			    kinds[s->listener].name, peer, s->login);
	else
		log_ctx_set(&s->log, NULL, "sess=%s proto=%s peer=%s", s->id,
			    kinds[s->listener].name, peer);
}

/* SMTP and POP3 sessions may be ended between any two commands. IMAP clients sit and wait for
 * news: they are told last. */
static bool drains_now(const struct live *l)
{
	return l->s.draining && (l->of->last_call ||
				 (l->s.listener != LISTEN_IMAP && l->s.listener != LISTEN_IMAPS));
}

static void say_goodbye(struct live *l)
{
	if (l->s.proto->drain)
		l->s.proto->drain(&l->s);
	l->finish = l->s.closing = true;
}

/* A command or a wake is due. */
static bool is_due(const struct live *l)
{
	return l->taken || l->wake;
}

static bool must_end(struct live *l)
{
	if (!l->gone && !l->finish && !l->taken && drains_now(l))
		say_goodbye(l);
	return l->gone || (l->finish && !l->hold_until);
}

/* Input for take, or not now. */
static struct buf *input_of(struct live *l)
{
	struct session *s = &l->s;
	size_t mark = session_mark(l);

	if (conn_unsent(s->conn) > mark) {
		conn_tell_drained(s->conn, mark / 2);
		return NULL;
	}
	session_return_lent(l);
	conn_want(s->conn, s->proto->max_input(s));
	return conn_in(s->conn);
}

/* False: nothing more to do before more input. */
static bool take_one(struct live *l, struct buf *in)
{
	struct session *s = &l->s;
	enum take took = s->proto->take(s, in);

	/* Only what take made of the bytes counts as a sign of life, not the bytes. */
	if (took == TAKE_AGAIN)
		session_rest(l);
	l->taken = took == TAKE_RUN;
	if (took == TAKE_CLOSE)
		l->finish = s->closing = true;
	if (took == TAKE_MORE && in->n >= s->proto->max_input(s)) {
		log_notice(&s->log, "input_stuck", "bytes=%zu", in->n);
		metric_inc(M_limit_hits_total);
		l->finish = s->closing = true;
	}
	if (took == TAKE_MORE && conn_ended(s->conn))
		l->finish = s->closing = true;
	conn_took(s->conn);
	return took != TAKE_MORE || l->finish;
}

/* Goes as far as it can without a stack. True: run is due. */
static bool step(struct live *l)
{
	for (unsigned i = 0; i < TAKES; i++) {
		struct buf *in;

		if (l->stage != STAGE_OPEN)
			return false;
		if (must_end(l)) {
			session_end(l);
			return false;
		}
		if (l->hold_until)
			return false;
		if (is_due(l))
			return true;
		in = input_of(l);
		if (!in)
			return false;
		if (in->n == 0 && !conn_ended(l->s.conn))
			return false;
		if (in->n == 0)
			l->finish = l->s.closing = true;
		else if (!take_one(l, in))
			return false;
	}
	sessions_ready(l);
	return false;
}

CO static void run_one(struct live *l)
{
	struct session *s = &l->s;

	conn_timer(s->conn, CONN_IDLE, 0);
	session_trace(s);
	if (l->taken) {
		l->taken = false;
		l->commands++;
		metric_inc(M_commands_total);
		s->proto->run(s);
	} else {
		l->wake = false;
		s->proto->wake(s);
	}
	/* An idle session holds no block of it. */
	arena_release(&s->mem);
	arena_init(&s->mem, 0);
	if (!l->gone)
		session_rest(l);
}

CO static void run_commands(void *arg)
{
	struct live *l = arg;

	for (unsigned i = 1;; i++) {
		run_one(l);
		l->running = false;
		if (i == BATCH) {
			sessions_ready(l);
			return;
		}
		if (!step(l))
			return;
		l->running = true;
	}
}

static void start(struct live *l)
{
	struct sessions *r = l->of;

	list_del(&l->queue);
	if (co_pool_full(r->pool)) {
		list_add(&r->stackless, &l->queue);
		conn_want(l->s.conn, 0);
		return;
	}
	l->running = true;
	if (!co_start(r->pool, run_commands, l))
		BUG("a pool that is not full has no stack");
}

void sessions_pump(struct live *l)
{
	if (!l->running && step(l))
		start(l);
}

static void stack_freed(void *arg)
{
	struct sessions *r = arg;

	while (!co_pool_full(r->pool) && !list_empty(&r->stackless)) {
		struct live *l = list_entry(list_pop(&r->stackless), struct live, queue);

		sessions_pump(l);
	}
}

void sessions_ready(struct live *l)
{
	struct sessions *r = l->of;

	if (l->stage == STAGE_OVER || !list_empty(&l->queue))
		return;
	list_add(&r->ready, &l->queue);
	if (!r->posted)
		loop_post(r->c.loop, run_ready, r);
	r->posted = true;
}

static void run_ready(void *arg)
{
	struct sessions *r = arg;
	struct list now, *node;

	r->posted = false;
	if (r->freed) {
		free(r);
		return;
	}
	list_init(&now);
	while ((node = list_pop(&r->ready)))
		list_add(&now, node);
	while ((node = list_pop(&now)))
		sessions_pump(list_entry(node, struct live, queue));
}

/* ---- sessions come ------------------------------------------------------------------------------------- */

static bool is_trusted(const struct sessions *r, const struct net_addr *addr)
{
	for (size_t i = 0; i < r->n_trusted; i++)
		if (net_prefix_has(&r->trusted[i], addr))
			return true;
	return false;
}

/* Nothing of the client has been read: what is said now arrives. */
static void turn_away(int fd, enum listener_kind kind)
{
	metric_inc(M_connections_refused_total);
	metric_inc(M_limit_hits_total);
	if (!kinds[kind].tls)
		(void)!send(fd, kinds[kind].full, strlen(kinds[kind].full),
			    MSG_DONTWAIT | MSG_NOSIGNAL);
}

static struct live *session_new(struct sessions *r, int fd, enum listener_kind kind)
{
	const struct proto *proto = r->c.protos[kind];
	struct live *l = xcalloc(1, sizeof(*l) + proto->state_size);
	struct session *s = &l->s;

	l->of = r;
	list_init(&l->queue);
	buf_init(&l->lent, 0);
	l->since = clock_ms();
	l->idle_ms = r->limits.greeting_timeout;
	s->proto = proto;
	s->listener = kind;
	s->state = l + 1;
	s->limits = &r->limits;
	s->site = &r->site;
	s->tls_available = tls_ready(r->c.tls);
	arena_init(&s->mem, 0);
	store_user_init(&s->user, r->c.store);
	(void)!snprintf(s->id, sizeof(s->id), "%016" PRIx64, rand_u64());
	s->conn = conn_new(r->conns, fd, &session_conn_owner, l);
	conn_output_timeout(s->conn, r->limits.output_timeout);
	list_add(&r->all, &l->node);
	r->sessions++;
	metric_inc(M_connections_total);
	metric_add(M_connections, 1);
	return l;
}

static void drop(struct live *l)
{
	l->gone = l->s.closing = true;
	session_end(l);
}

static void open_protocol(struct live *l)
{
	l->stage = STAGE_OPEN;
	session_rest(l);
	l->s.proto->open(&l->s);
	sessions_pump(l);
}

/* The client's address is known. */
static void admit(struct live *l)
{
	struct session *s = &l->s;
	struct sessions *r = l->of;
	struct iplimit_max max = { r->limits.connections_per_ip, r->limits.connections_per_net,
				   r->limits.connects_per_minute };

	s->trusted = is_trusted(r, &s->peer);
	sessions_describe(s);
	if (s->listener == LISTEN_LMTP && !s->trusted) {
		log_notice(&s->log, "connection_refused", "reason=untrusted");
		drop(l);
		return;
	}
	if (!s->trusted) {
		if (!iplimit_enter(r->ips, &s->peer, &max)) {
			log_notice(&s->log, "connection_refused", "reason=limit");
			metric_inc(M_connections_refused_total);
			metric_inc(M_limit_hits_total);
			if (!kinds[s->listener].tls)
				session_puts(s, kinds[s->listener].full);
			l->finish = true;
			session_end(l);
			return;
		}
		l->counted_ip = true;
	}
	log_debug(&s->log, "connected", "");
	if (!kinds[s->listener].tls) {
		open_protocol(l);
		return;
	}
	l->stage = STAGE_SECURE;
	conn_secure(s->conn, r->c.tls, s->proto->name, false, r->limits.tls_timeout);
}

void sessions_began(struct sessions *r UNUSED, struct live *l)
{
	if (l->stage == STAGE_PROXY) {
		admit(l);
		return;
	}
	l->s.tls = true;
	open_protocol(l);
}

void sessions_accept(struct sessions *r, int fd, enum listener_kind kind, bool proxy,
		     const struct net_addr *peer, const struct net_addr *local)
{
	struct live *l;

	if (r->sessions >= r->limits.connections || r->draining || !r->c.protos[kind] ||
	    conns_open(r->conns) >= r->limits.connections + r->limits.connections / 4) {
		turn_away(fd, kind);
		close(fd);
		return;
	}
	l = session_new(r, fd, kind);
	l->s.peer = *peer;
	l->s.local = *local;
	sessions_describe(&l->s);
	if (!proxy) {
		admit(l);
	} else if (is_trusted(r, peer)) {
		l->stage = STAGE_PROXY;
		conn_proxy(l->s.conn, r->limits.greeting_timeout, &l->s.peer, &l->s.local);
	} else {
		log_notice(&l->s.log, "proxy_refused", "reason=untrusted");
		drop(l);
	}
}

/* ---- sessions go --------------------------------------------------------------------------------------- */

struct login_key {
	uint64_t account;
	struct ipkey ip;
};

static struct login_key login_key(const struct session *s, uint64_t account)
{
	return (struct login_key){ account, ipkey_host(&s->peer) };
}

bool sessions_login_enter(struct live *l, uint64_t account)
{
	struct sessions *r = l->of;
	struct login_key key = login_key(&l->s, account);
	uintptr_t n = (uintptr_t)map_get(&r->logins, MAP_KEY(key));

	if (l->s.trusted)
		return true;
	if (n >= r->limits.connections_per_user_ip) {
		metric_inc(M_limit_hits_total);
		return false;
	}
	map_put(&r->logins, MAP_KEY(key), (void *)(n + 1));
	l->counted_user = true;
	return true;
}

static void login_leave(struct live *l)
{
	struct sessions *r = l->of;
	struct login_key key = login_key(&l->s, l->s.account);
	uintptr_t n = (uintptr_t)map_get(&r->logins, MAP_KEY(key));

	if (n > 1)
		map_put(&r->logins, MAP_KEY(key), (void *)(n - 1));
	else
		map_del(&r->logins, MAP_KEY(key));
}

static void tell_drained(void *arg)
{
	struct sessions *r = arg;
	void (*drained)(void *arg) = r->drained;

	r->drained = NULL;
	if (drained)
		drained(r->drained_arg);
}

void sessions_ended(struct sessions *r, struct live *l)
{
	if (l->counted_ip)
		iplimit_leave(r->ips, &l->s.peer);
	if (l->counted_user)
		login_leave(l);
	list_del(&l->queue);
	list_del(&l->node);
	list_add(&r->over, &l->node);
	r->sessions--;
	metric_add(M_connections, -1);
}

static void free_over(void *arg)
{
	struct sessions *r = arg;
	struct list *node;

	while ((node = list_pop(&r->over))) {
		struct live *l = list_entry(node, struct live, node);

		free(l->s.login);
		free(l);
	}
	/* Goodbyes may still be on their way out. */
	if (r->drained && r->sessions == 0 && conns_open(r->conns) == 0)
		tell_drained(r);
}

/* ---- drain ------------------------------------------------------------------------------------------------ */

static void drop_all(struct sessions *r)
{
	list_foreach(&r->all, node) {
		struct live *l = list_entry(node, struct live, node);

		if (l->stage == STAGE_OPEN)
			session_abort(&l->s);
		else
			drop(l);
	}
}

static void drain_step(void *arg)
{
	struct sessions *r = arg;

	if (r->last_call) {
		if (r->sessions)
			log_notice(NULL, "drain_cut", "sessions=%zu", r->sessions);
		drop_all(r);
		loop_timer_set(r->drain_timer, 100, 0);
		return;
	}
	r->last_call = true;
	loop_timer_set(r->drain_timer, MIN(LAST_CALL_MS, r->limits.drain_timeout), 0);
	list_foreach(&r->all, node)
		sessions_ready(list_entry(node, struct live, node));
}

void sessions_drain(struct sessions *r, void (*drained)(void *arg), void *arg)
{
	uint64_t ms = r->limits.drain_timeout;

	r->draining = true;
	r->drained = drained;
	r->drained_arg = arg;
	loop_timer_set(r->drain_timer, ms > LAST_CALL_MS ? ms - LAST_CALL_MS : 1, 0);
	list_foreach(&r->all, node) {
		struct live *l = list_entry(node, struct live, node);

		l->s.draining = true;
		if (l->stage == STAGE_OPEN)
			sessions_ready(l);
		else
			drop(l);
	}
}

/* ---- the runner -------------------------------------------------------------------------------------------- */

static void set_trusted(struct sessions *r, const struct net_prefix *trusted, size_t n)
{
	free(r->trusted);
	r->trusted = xcalloc(n ? n : 1, sizeof(*trusted));
	r->n_trusted = n;
	if (n)
		memcpy(r->trusted, trusted, n * sizeof(*trusted));
}

struct sessions *sessions_new(const struct sessions_config *c)
{
	struct sessions *r = xnew(struct sessions);

	r->c = *c;
	r->limits = *c->limits;
	set_trusted(r, c->trusted, c->n_trusted);
	r->site.hostname = xstrdup(c->site.hostname);
	r->site.default_domain = xstrdup(c->site.default_domain);
	list_init(&r->all);
	list_init(&r->ready);
	list_init(&r->stackless);
	list_init(&r->over);
	map_init(&r->logins);
	r->conns = conns_new(c->loop); /* its hook before ours: the last goodbye ends a drain */
	r->hook = loop_hook_new(c->loop, free_over, r);
	r->drain_timer = loop_timer_new(c->loop, drain_step, r);
	r->pool = co_pool_new((unsigned)r->limits.commands_running);
	co_pool_on_free(r->pool, stack_freed, r);
	r->ips = iplimit_new(IP_ENTRIES);
	r->auth = auth_new(c->loop, &r->limits);
	return r;
}

void sessions_reload(struct sessions *r, const struct limits *limits,
		     const struct net_prefix *trusted, size_t n_trusted)
{
	r->limits = *limits;
	set_trusted(r, trusted, n_trusted);
}

void sessions_free(struct sessions **arg)
{
	struct sessions *r = *arg;

	*arg = NULL;
	if (!r)
		return;
	r->drained = NULL;
	drop_all(r);
	while (r->sessions || co_pool_busy(r->pool))
		loop_turn(r->c.loop);
	free_over(r);
	conns_free(&r->conns);
	auth_free(&r->auth);
	co_pool_free(&r->pool);
	iplimit_free(&r->ips);
	map_release(&r->logins);
	loop_hook_free(&r->hook);
	loop_timer_free(&r->drain_timer);
	free(r->trusted);
	free((char *)r->site.hostname);
	free((char *)r->site.default_domain);
	r->freed = true;
	if (!r->posted)
		free(r);
}

size_t sessions_count(const struct sessions *r)
{
	return r->sessions;
}

unsigned sessions_busy(const struct sessions *r)
{
	return co_pool_busy(r->pool);
}
