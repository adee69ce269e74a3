/* SPDX-License-Identifier: Apache-2.0 */
/* pop3.c - from lines to commands: what may come when is decided here, from the rows of cmd.def. */
#include "pop3/pop3.h"

#include "pop3/private.h"

#include <stdlib.h>

enum { AUTH_LINE = 4096 + 2, INPUT_SLACK = 4096 };

static const struct {
	pop3_run *run;
	unsigned states, flags;
} rows[POP3_VERBS] = {
#define CMD(verb, arg, run, state, flags) [POP3_##verb] = { run, state, flags },
#include "pop3/cmd.def"
#undef CMD
};

/* ---- replies ------------------------------------------------------------------------------- */

void pop3_ok(struct pop3 *p, const char *text)
{
	session_printf(p->s, "+OK %s\r\n", text);
}

void pop3_err(struct pop3 *p, const char *text)
{
	session_printf(p->s, "-ERR %s\r\n", text);
}

void pop3_bad(struct pop3 *p, const char *text)
{
	bool many = session_strike(p->s);

	pop3_err(p, many ? "too many errors" : text);
	if (many)
		session_close(p->s);
}

void pop3_store_err(struct pop3 *p, int err)
{
	switch (err) {
	case -ERR_GONE: break;
	case -ERR_UNKNOWN: session_abort(p->s); break;
	case -ERR_INUSE: pop3_err(p, "[IN-USE] another POP3 session has this mailbox"); break;
	case -ERR_CORRUPT: pop3_err(p, "[SYS/PERM] what is stored is damaged"); break;
	default: /* RFC 3206: the client keeps its password and its hopes */
		pop3_err(p, "[SYS/TEMP] temporarily not possible, try again later");
	}
}

/* ---- a session's life ---------------------------------------------------------------------- */

void pop3_forget(struct pop3 *p)
{
	free(p->user);
	p->user = NULL;
	p->auth_plain = false;
}

static void pop3_open(struct session *s)
{
	struct pop3 *p = s->state;

	p->s = s;
	session_printf(s, "+OK %s POP3 Tern\r\n", s->site->hostname);
}

static void pop3_close(struct session *s)
{
	struct pop3 *p = s->state;

	pop3_forget(p);
	maildrop_close(&p->drop);
}

/* RFC 1939, 3: a client that is silent too long hears nothing, and nothing is deleted. */
static void pop3_timeout(struct session *s UNUSED)
{
}

static void pop3_drain(struct session *s)
{
	session_puts(s, "-ERR [SYS/TEMP] shutting down, try again\r\n");
}

static size_t pop3_max_input(const struct session *s)
{
	return MAX(s->limits->pop3_line, (uint64_t)AUTH_LINE) + INPUT_SLACK;
}

/* ---- lines and commands -------------------------------------------------------------------- */

/* RFC 5034, 4: a response may be longer than a command. */
static size_t line_max(const struct pop3 *p)
{
	uint64_t max = p->s->limits->pop3_line;

	return p->auth_plain ? MAX(max, (uint64_t)AUTH_LINE) : max;
}

static enum take refuse(struct pop3 *p, const char *text)
{
	bool many = session_strike(p->s);

	p->auth_plain = false;
	pop3_err(p, text);
	return many ? TAKE_CLOSE : TAKE_AGAIN;
}

static enum take pop3_take(struct session *s, struct buf *in)
{
	struct pop3 *p = s->state;
	struct bytes line;

	switch (line_take(&p->reader, in, line_max(p), &line)) {
	case LINE_MORE: return TAKE_MORE;
	case LINE_OK: p->line = bytes_dup(&s->mem, line); return TAKE_RUN;
	case LINE_BARE: return refuse(p, "line does not end in CRLF");
	case LINE_LONG: return refuse(p, "line too long");
	case LINE_FLOOD:
	default: pop3_err(p, "line too long"); return TAKE_CLOSE;
	}
}

CO static void run_command(struct pop3 *p, const struct pop3_cmd *c)
{
	unsigned state = p->drop ? IN_DROP : IN_AUTH;

	if (c->verb == POP3_UNKNOWN || (rows[c->verb].states & state && c->bad))
		pop3_bad(p, c->bad);
	else if (!(rows[c->verb].states & state))
		pop3_bad(p, p->drop ? "not after login" : "log in first");
	else
		rows[c->verb].run(p, c);
}

CO static void pop3_run_line(struct session *s)
{
	struct pop3 *p = s->state;
	struct pop3_cmd c = { .verb = POP3_UNKNOWN };
	bool secret = p->auth_plain;

	session_timeout(s, s->limits->pop3_timeout);
	if (secret) {
		pop3_auth_line(p, p->line);
	} else {
		pop3_parse(p->line, &c);
		run_command(p, &c);
	}
	if (p->line.n && (secret || (rows[c.verb].flags & SECRET)))
		explicit_bzero((void *)p->line.p, p->line.n);
}

const struct proto proto_pop3 = {
	.name = "pop3",
	.state_size = sizeof(struct pop3),
	.open = pop3_open,
	.take = pop3_take,
	.run = pop3_run_line,
	.timeout = pop3_timeout,
	.drain = pop3_drain,
	.close = pop3_close,
	.max_input = pop3_max_input,
};
