/* SPDX-License-Identifier: Apache-2.0 */
/* smtp.c - from lines to commands: what may come when is decided here, from the rows of cmd.def,
 * so that no command has to ask again. */
#include "smtp/smtp.h"

#include "base/clock.h"
#include "smtp/private.h"

#include <stdlib.h>

/* A stranger gets so long to talk out of turn before the greeting (S5). */
#define GREET_MS 20

enum { AUTH_LINE = 4096 + 2, INPUT_SLACK = 8192 };

static const struct {
	smtp_run *run;
	unsigned on, needs, flags;
} rows[VERB_COUNT] = {
#define CMD(verb, arg, run, on, needs, flags) [VERB_##verb] = { run, on, needs, flags },
#include "smtp/cmd.def"
#undef CMD
};

/* ---- replies that end or count ------------------------------------------------------------- */

void smtp_end(struct smtp *m, enum smtp_reply r)
{
	smtp_say_with(m->s, r, m->s->site->hostname);
	session_close(m->s);
}

void smtp_fail(struct smtp *m, enum smtp_reply r)
{
	if (session_strike(m->s))
		smtp_end(m, REPLY_ERRORS);
	else
		smtp_say(m->s, r);
}

void smtp_answer(struct smtp *m, enum smtp_reply r, const char *value)
{
	size_t n = m->on == ON_LMTP ? m->tx->n_rcpts : 1;

	for (size_t i = 0; i < n; i++)
		smtp_say_with(m->s, r, value);
}

void smtp_answer_error(struct smtp *m, int err)
{
	size_t n = m->on == ON_LMTP ? m->tx->n_rcpts : 1;

	for (size_t i = 0; i < n; i++)
		smtp_say_error(m->s, err);
}

/* ---- a session's life ---------------------------------------------------------------------- */

void smtp_auth_clear(struct smtp *m)
{
	if (m->auth_user)
		explicit_bzero(m->auth_user, strlen(m->auth_user));
	free(m->auth_user);
	m->auth_user = NULL;
	m->auth = AUTH_IDLE;
}

void smtp_reset(struct smtp *m)
{
	smtp_auth_clear(m);
	smtp_tx_free(&m->tx);
	free(m->helo);
	m->helo = NULL;
	m->esmtp = false;
}

static unsigned where(enum listener_kind kind)
{
	if (kind == LISTEN_LMTP)
		return ON_LMTP;
	return kind == LISTEN_SMTP ? ON_SMTP : ON_SUBMISSION;
}

/* The greeting comes from a command of its own, so that talk before it can be seen. */
static void smtp_open(struct session *s)
{
	struct smtp *m = s->state;

	m->s = s;
	m->on = where(s->listener);
	session_wake(s);
}

/* S5: who talks first is no mail server. Networks that we trust need not wait for the proof. */
CO static bool talks_first(struct smtp *m)
{
	struct bytes in;

	if (m->on != ON_SMTP || m->s->trusted)
		return session_buffered(m->s) > 0;
	return session_read(m->s, GREET_MS, &in) == 0;
}

CO static void smtp_wake(struct session *s)
{
	struct smtp *m = s->state;

	if (m->greeted)
		return;
	m->greeted = true;
	if (talks_first(m))
		smtp_end(m, REPLY_EARLY);
	else
		smtp_say_with(s, m->on == ON_LMTP ? REPLY_GREETING_L : REPLY_GREETING,
			      s->site->hostname);
}

static void smtp_close(struct session *s)
{
	struct smtp *m = s->state;

	smtp_reset(m);
}

static void smtp_timeout(struct session *s)
{
	smtp_say_with(s, REPLY_IDLE, s->site->hostname);
}

static void smtp_drain(struct session *s)
{
	smtp_say_with(s, REPLY_DRAIN, s->site->hostname);
}

static size_t smtp_max_input(const struct session *s)
{
	return MAX(s->limits->smtp_line, (uint64_t)AUTH_LINE) + INPUT_SLACK;
}

/* ---- taking lines -------------------------------------------------------------------------- */

/* RFC 4954, 4: a response may be longer than a command. */
static size_t line_max(const struct smtp *m)
{
	uint64_t max = m->s->limits->smtp_line;

	return m->auth == AUTH_IDLE ? max : MAX(max, (uint64_t)AUTH_LINE);
}

static enum take refuse(struct smtp *m, enum smtp_reply r)
{
	smtp_auth_clear(m);
	if (session_strike(m->s)) {
		smtp_say(m->s, REPLY_ERRORS);
		return TAKE_CLOSE;
	}
	smtp_say(m->s, r);
	return TAKE_AGAIN;
}

static enum take smtp_take(struct session *s, struct buf *in)
{
	struct smtp *m = s->state;
	struct bytes line;

	switch (line_take(&m->reader, in, line_max(m), &line)) {
	case LINE_MORE: return TAKE_MORE;
	case LINE_OK: m->line = bytes_dup(&s->mem, line); return TAKE_RUN;
	case LINE_BARE: return refuse(m, REPLY_GARBLED);
	case LINE_LONG: return refuse(m, REPLY_LINE_LONG);
	case LINE_FLOOD:
	default: smtp_say(s, REPLY_LINE_LONG); return TAKE_CLOSE;
	}
}

/* ---- running commands ---------------------------------------------------------------------- */

static bool needs_login(const struct smtp *m)
{
	return m->on == ON_SUBMISSION && !m->s->account;
}

/* Is it known here, and is it its turn? */
static enum smtp_reply misplaced(const struct smtp *m, enum smtp_verb verb)
{
	unsigned needs = rows[verb].needs;

	if (!(rows[verb].on & m->on))
		return REPLY_NOT_HERE;
	if ((needs & HELLO) && !m->helo)
		return m->on == ON_LMTP ? REPLY_WANT_LHLO : REPLY_WANT_HELO;
	if ((needs & LOGIN) && needs_login(m))
		return REPLY_WANT_AUTH;
	if ((needs & IN_MAIL) && !m->tx)
		return REPLY_WANT_MAIL;
	if ((needs & NO_MAIL) && m->tx)
		return REPLY_IN_MAIL;
	return REPLY_NONE;
}

/* RFC 2920, 3.1. Without EHLO nobody was offered to send ahead. */
static bool sends_ahead(const struct smtp *m, const struct smtp_cmd *c)
{
	unsigned flags = rows[c->verb].flags;

	if (session_buffered(m->s) == 0 || (flags & LAST_WORD))
		return false;
	return !m->esmtp || (flags & LAST);
}

static enum smtp_reply why_not(const struct smtp *m, const struct smtp_cmd *c)
{
	enum smtp_reply r;

	if (c->error == REPLY_GARBLED || c->verb == VERB_NONE)
		return c->error;
	r = misplaced(m, c->verb);
	return r ? r : c->error;
}

CO static void run_command(struct smtp *m, const struct smtp_cmd *c)
{
	unsigned flags = rows[c->verb].flags;
	enum smtp_reply r;

	if (flags & HANG_UP) {
		log_notice(&m->s->log, "http_verb", "");
		session_close(m->s);
		return;
	}
	if (sends_ahead(m, c)) {
		log_notice(&m->s->log, "improper_pipelining", "");
		smtp_end(m, REPLY_EARLY);
		return;
	}
	r = why_not(m, c);
	if (r) {
		smtp_fail(m, r);
		if (flags & ENDS)
			session_close(m->s);
	} else if ((flags & JUNK) && session_junk(m->s)) {
		smtp_end(m, REPLY_JUNK);
	} else {
		rows[c->verb].run(m, c);
	}
}

/* The line held a secret. */
static void wipe(struct bytes line)
{
	if (line.n)
		explicit_bzero((void *)line.p, line.n);
}

CO static void smtp_run_line(struct session *s)
{
	struct smtp *m = s->state;
	struct smtp_cmd c;

	session_timeout(s, s->limits->smtp_timeout);
	if (m->auth != AUTH_IDLE) {
		smtp_auth_line(m, m->line);
		wipe(m->line);
		return;
	}
	smtp_parse(m->line, &s->mem, &c);
	run_command(m, &c);
	if (rows[c.verb].flags & SECRET)
		wipe(m->line);
}

const struct proto proto_smtp = {
	.name = "smtp",
	.state_size = sizeof(struct smtp),
	.open = smtp_open,
	.take = smtp_take,
	.run = smtp_run_line,
	.wake = smtp_wake,
	.timeout = smtp_timeout,
	.drain = smtp_drain,
	.close = smtp_close,
	.max_input = smtp_max_input,
};
