/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_auth.c - from a stranger to an open maildrop: CAPA, STLS, USER and PASS, AUTH PLAIN. */
#include "pop3/private.h"

#include <stdlib.h>

#define NEED_TLS "[AUTH] logins need TLS: STLS or port 995"

/* ---- what is offered ----------------------------------------------------------------------- */

static bool always(const struct pop3 *p UNUSED)
{
	return true;
}

static bool can_tls(const struct pop3 *p)
{
	return !p->drop && !p->s->tls && p->s->tls_available;
}

static bool can_login(const struct pop3 *p)
{
	return !p->drop && session_login_allowed(p->s);
}

static bool logged_in(const struct pop3 *p)
{
	return p->drop != NULL;
}

/* RFC 2449, 5 and 6; 2595; 3206; 5034. */
static const struct {
	const char *line;
	bool (*offered)(const struct pop3 *p);
} capabilities[] = {
	{ "TOP", always },           { "UIDL", always },
	{ "RESP-CODES", always },    { "AUTH-RESP-CODE", always },
	{ "PIPELINING", always },    { "EXPIRE NEVER", always },
	{ "STLS", can_tls },         { "USER", can_login },
	{ "SASL PLAIN", can_login }, { "IMPLEMENTATION Tern", logged_in },
};

CO void pop3_cmd_capa(struct pop3 *p, const struct pop3_cmd *c UNUSED)
{
	pop3_ok(p, "capabilities follow");
	for (size_t i = 0; i < ARRAY_LEN(capabilities); i++)
		if (capabilities[i].offered(p))
			session_printf(p->s, "%s\r\n", capabilities[i].line);
	session_puts(p->s, ".\r\n");
}

CO void pop3_cmd_stls(struct pop3 *p, const struct pop3_cmd *c UNUSED)
{
	if (p->s->tls) {
		pop3_bad(p, "TLS is already active");
	} else if (!p->s->tls_available) {
		pop3_bad(p, "TLS is not available");
	} else {
		pop3_ok(p, "begin TLS");
		if (session_starttls(p->s) == 0)
			pop3_forget(p);
	}
}

/* ---- login --------------------------------------------------------------------------------- */

/* Logged in and no maildrop is a state that POP3 does not know: the session ends. */
CO static void open_drop(struct pop3 *p)
{
	int ret = maildrop_open(p->s, &p->drop);

	pop3_forget(p);
	if (ret == 0) {
		pop3_ok(p, "logged in");
		return;
	}
	log_info(&p->s->log, "maildrop", "error=%s", err_name(ret));
	pop3_store_err(p, ret);
	session_close(p->s);
}

CO static void login(struct pop3 *p, struct bytes authzid, struct bytes user, struct bytes password)
{
	struct why why;
	int ret = session_login(p->s, authzid, user, password, &why);

	if (password.n)
		explicit_bzero((void *)password.p, password.n);
	switch (ret) {
	case 0: open_drop(p); return;
	case -ERR_AUTH:
	case -ERR_DENIED: pop3_bad(p, "[AUTH] authentication failed"); break;
	case -ERR_LIMIT:
		pop3_err(p, "[SYS/TEMP] too many failed logins or sessions, try again later");
		session_close(p->s);
		break;
	default: pop3_store_err(p, ret);
	}
	pop3_forget(p);
}

/* P3: before a secret is said, as far as it is ours to prevent. */
CO void pop3_cmd_user(struct pop3 *p, const struct pop3_cmd *c)
{
	if (!session_login_allowed(p->s)) {
		pop3_bad(p, NEED_TLS);
		return;
	}
	pop3_forget(p);
	p->user = xmalloc(c->text.n + 1);
	memcpy(p->user, c->text.p, c->text.n);
	p->user[c->text.n] = '\0';
	pop3_ok(p, "now the password");
}

CO void pop3_cmd_pass(struct pop3 *p, const struct pop3_cmd *c)
{
	if (!session_login_allowed(p->s))
		pop3_bad(p, NEED_TLS);
	else if (!p->user)
		pop3_bad(p, "say USER first");
	else
		login(p, BYTES_NONE, bytes_str(p->user), c->text);
}

CO static void plain(struct pop3 *p, struct bytes response)
{
	struct bytes authzid, user, password;
	struct why why;

	if (sasl_plain(response, &p->s->mem, &authzid, &user, &password, &why) < 0)
		pop3_bad(p, "malformed authentication response");
	else
		login(p, authzid, user, password);
}

CO void pop3_cmd_auth(struct pop3 *p, const struct pop3_cmd *c)
{
	if (!session_login_allowed(p->s)) {
		pop3_bad(p, NEED_TLS);
	} else if (!bytes_ieq(c->text, BYTES("PLAIN"))) {
		pop3_bad(p, "mechanism not supported");
	} else if (c->has_initial) {
		plain(p, c->initial);
	} else {
		p->auth_plain = true;
		session_puts(p->s, "+ \r\n");
	}
}

CO void pop3_auth_line(struct pop3 *p, struct bytes line)
{
	p->auth_plain = false;
	if (bytes_eq(line, BYTES("*")))
		pop3_bad(p, "authentication cancelled");
	else
		plain(p, line);
}
