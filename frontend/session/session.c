/* SPDX-License-Identifier: Apache-2.0 */
/* session.c - what a protocol may do with its connection, and what the connection tells it.
 *
 * A session waits in at most one place (enum wait), since it runs at most one command. Every
 * wait is a loop around session_wait: being woken promises nothing, except that the client is
 * not gone. */
#include "base/clock.h"
#include "base/hash.h"
#include "base/metric.h"
#include "session/private.h"

#include <stdlib.h>

/* Unsent output of somebody who has not logged in, and input lent to a command. */
enum { STRANGER_OUTPUT = 32768, LENT_MAX = 65536 };

/* ---- waiting ----------------------------------------------------------------------------------- */

CO int session_wait(struct live *l, enum wait what, uint64_t ms)
{
	INVARIANT(l->running && l->waiting == WAIT_NOTHING);
	if (l->gone)
		return -ERR_GONE;
	l->late = false;
	l->waiting = what;
	l->co = co_self();
	conn_timer(l->s.conn, CONN_WAIT, ms);
	co_park();
	l->co = NULL;
	if (l->gone)
		return -ERR_GONE;
	if (l->late)
		return -ERR_LATE;
	conn_timer(l->s.conn, CONN_WAIT, 0);
	return 0;
}

void session_resume(struct live *l, enum wait what)
{
	if (l->waiting != what || what == WAIT_NOTHING)
		return;
	l->waiting = WAIT_NOTHING;
	co_resume(l->co);
}

/* ---- output ------------------------------------------------------------------------------------ */

size_t session_mark(const struct live *l)
{
	size_t most = l->s.limits->output_buffer;

	return l->s.account ? most : MIN(most, (size_t)STRANGER_OUTPUT);
}

void session_put(struct session *s, struct bytes b)
{
	if (s->conn)
		conn_put(s->conn, b);
}

void session_puts(struct session *s, const char *text)
{
	session_put(s, bytes_str(text));
}

void session_printf(struct session *s, const char *fmt, ...)
{
	va_list ap;

	if (!s->conn)
		return;
	va_start(ap, fmt);
	buf_vprintf(conn_out(s->conn), fmt, ap);
	va_end(ap);
}

CO int session_flush_wait(struct session *s)
{
	struct live *l = live_of(s);
	int ret = l->gone ? -ERR_GONE : 0;

	while (ret == 0 && conn_unsent(s->conn) > session_mark(l)) {
		conn_tell_drained(s->conn, session_mark(l) / 2);
		ret = session_wait(l, WAIT_OUTPUT, 0);
	}
	return ret;
}

CO int session_write(struct session *s, struct bytes b)
{
	session_put(s, b);
	return session_flush_wait(s);
}

/* ---- input in a command ---------------------------------------------------------------------------- */

/* What is lent to a command may not move while more arrives: the buffer changes hands whole. */
static void lend(struct live *l)
{
	struct buf *in = conn_in(l->s.conn);

	if (l->lent.n || !in->n)
		return;
	buf_release(&l->lent);
	l->lent = *in;
	buf_init(in, 0);
	conn_took(l->s.conn);
}

void session_return_lent(struct live *l)
{
	struct buf *in = conn_in(l->s.conn);

	if (l->lent.n) {
		buf_put_bytes(&l->lent, buf_bytes(in));
		buf_release(in);
		*in = l->lent;
		buf_init(&l->lent, 0);
	} else if (l->lent.p) {
		buf_release(&l->lent);
	}
}

CO int session_read(struct session *s, uint64_t timeout_ms, struct bytes *in)
{
	struct live *l = live_of(s);
	int ret;

	*in = BYTES_NONE;
	if (l->gone)
		return -ERR_GONE;
	conn_want(s->conn, MAX(s->proto->max_input(s), (size_t)LENT_MAX));
	for (lend(l); !l->lent.n; lend(l)) {
		if (conn_ended(s->conn))
			return -ERR_GONE;
		ret = session_wait(l, WAIT_INPUT, timeout_ms);
		if (ret < 0)
			return ret;
	}
	*in = buf_bytes(&l->lent);
	return 0;
}

void session_consume(struct session *s, size_t n)
{
	buf_take(&live_of(s)->lent, n);
}

size_t session_buffered(const struct session *s)
{
	return live_of_const(s)->lent.n + (s->conn ? conn_in(s->conn)->n : 0);
}

bool session_ended(const struct session *s)
{
	return !s->conn || conn_ended(s->conn);
}

/* ---- life ------------------------------------------------------------------------------------------ */

void session_close(struct session *s)
{
	struct live *l = live_of(s);

	s->closing = true;
	l->finish = true;
	if (!l->running)
		sessions_ready(l);
}

void session_lost(struct live *l)
{
	l->gone = l->s.closing = true;
	store_user_gone(&l->s.user);
	session_resume(l, l->waiting);
}

void session_abort(struct session *s)
{
	struct live *l = live_of(s);

	session_lost(l);
	if (!l->running)
		sessions_ready(l);
}

void session_wake(struct session *s)
{
	struct live *l = live_of(s);

	l->wake = true;
	if (!l->running)
		sessions_ready(l);
}

void session_rest(struct live *l)
{
	uint64_t ms = l->idle_ms, now = clock_ms(), until;

	if (!l->s.account && listener_kind_needs_login(l->s.listener)) {
		until = l->since + l->s.limits->auth_timeout;
		until = until > now ? until - now : 1;
		ms = ms ? MIN(ms, until) : until;
	}
	conn_timer(l->s.conn, CONN_IDLE, ms);
}

void session_timeout(struct session *s, uint64_t ms)
{
	struct live *l = live_of(s);

	l->idle_ms = ms;
	if (s->conn)
		session_rest(l);
}

/* Of the session's random id and a count: unique without asking the kernel for each command. */
uint64_t session_trace(struct session *s)
{
	struct live *l = live_of(s);

	s->user.trace = hash64(bytes_of(s->id, 16), ++l->traces);
	return s->user.trace;
}

void session_hold(struct session *s, uint64_t ms)
{
	struct live *l = live_of(s);

	if (!s->conn || clock_ms() + ms <= l->hold_until)
		return;
	l->hold_until = clock_ms() + ms;
	conn_cork(s->conn, true);
	conn_timer(s->conn, CONN_HOLD, ms);
}

static bool strike(struct session *s, unsigned *count, uint64_t soft, uint64_t hard)
{
	++*count;
	if (*count >= soft)
		session_hold(s, SECONDS(1));
	if (*count < hard)
		return false;
	metric_inc(M_limit_hits_total);
	log_notice(&s->log, "too_many_errors", "count=%u", *count);
	return true;
}

bool session_strike(struct session *s)
{
	metric_inc(M_commands_bad_total);
	return strike(s, &s->errors, s->limits->errors_soft, s->limits->errors_hard);
}

bool session_junk(struct session *s)
{
	return strike(s, &s->junk, UINT64_MAX, s->limits->junk_commands);
}

CO void session_delay(struct session *s, uint64_t ms)
{
	if (ms)
		(void)!session_wait(live_of(s), WAIT_TIME, ms);
}

/* ---- TLS ------------------------------------------------------------------------------------------- */

const char *session_tls_name(const struct session *s)
{
	const char *name = s->conn ? conn_tls_name(s->conn) : NULL;

	return name ? name : "";
}

bool session_login_allowed(const struct session *s)
{
	return s->tls || s->trusted;
}

CO int session_starttls(struct session *s)
{
	struct live *l = live_of(s);
	int ret;

	if (!s->tls_available || s->tls) {
		session_close(s);
		return -ERR_INVALID;
	}
	/* Input that came before the handshake would be believed as if it came after it
	 * (CVE-2011-0411). What is still in the socket the handshake itself rejects. */
	if (session_buffered(s) || session_ended(s)) {
		log_notice(&s->log, "starttls_injection", "bytes=%zu", session_buffered(s));
		session_close(s);
		return -ERR_INVALID;
	}
	l->secured = 1;
	conn_secure(s->conn, l->of->c.tls, s->proto->name, s->listener == LISTEN_SMTP,
		    s->limits->tls_timeout);
	do
		ret = session_wait(l, WAIT_SECURE, 0);
	while (ret == 0 && l->secured > 0);
	if (ret == 0)
		ret = l->secured;
	if (ret < 0) {
		session_abort(s);
		return -ERR_GONE;
	}
	s->tls = true;
	return 0;
}

/* ---- the end ------------------------------------------------------------------------------------------ */

void session_end(struct live *l)
{
	struct session *s = &l->s;

	INVARIANT(!l->running && l->stage != STAGE_OVER);
	if (l->stage == STAGE_OPEN)
		s->proto->close(s);
	l->stage = STAGE_OVER;
	log_info(&s->log, "closed", "commands=%u ms=%lu", l->commands,
		 (unsigned long)(clock_ms() - l->since));
	if (l->gone)
		conn_abort(&s->conn);
	else
		conn_finish(&s->conn);
	arena_release(&s->mem);
	buf_release(&l->lent);
	sessions_ended(l->of, l);
}

/* ---- what the connection tells --------------------------------------------------------------------------- */

static void on_input(void *arg)
{
	struct live *l = arg;

	if (l->running)
		session_resume(l, WAIT_INPUT);
	else
		sessions_pump(l);
}

static void on_drained(void *arg)
{
	struct live *l = arg;

	if (l->running)
		session_resume(l, WAIT_OUTPUT);
	else
		sessions_pump(l);
}

static void on_ready(void *arg, int err)
{
	struct live *l = arg;

	if (err < 0)
		log_info(&l->s.log, l->stage == STAGE_PROXY ? "proxy_refused" : "tls_failed",
			 "error=%s why=%s", err_name(err), conn_why(l->s.conn));
	if (l->stage == STAGE_OPEN) {
		l->secured = err;
		session_resume(l, WAIT_SECURE);
	} else if (err < 0) {
		l->gone = true;
		session_end(l);
	} else {
		sessions_began(l->of, l);
	}
}

static void on_gone(void *arg)
{
	struct live *l = arg;

	session_lost(l);
	if (!l->running && l->stage != STAGE_OVER)
		session_end(l);
}

static void idle_too_long(struct live *l)
{
	if (l->stage != STAGE_OPEN || l->running || l->taken)
		return;
	if (l->s.proto->timeout)
		l->s.proto->timeout(&l->s);
	l->finish = l->s.closing = true;
	sessions_pump(l);
}

static void on_expired(void *arg, enum conn_timer which)
{
	struct live *l = arg;

	switch (which) {
	case CONN_IDLE: idle_too_long(l); break;
	case CONN_WAIT:
		l->late = true;
		session_resume(l, l->waiting);
		break;
	case CONN_HOLD:
		l->hold_until = 0;
		conn_cork(l->s.conn, false);
		if (!l->running)
			sessions_pump(l);
		break;
	default: break;
	}
}

const struct conn_owner session_conn_owner = { on_input, on_drained, on_ready, on_gone,
					       on_expired };
