/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_auth.c - AUTH PLAIN and LOGIN (RFC 4954). While a response is awaited the session holds
 * no stack: the next line is one, by smtp.auth. */
#include "smtp/private.h"

#include <stdlib.h>

/* "Username:" and "Password:" in base64: what every client of LOGIN waits for. */
#define ASK_USER "VXNlcm5hbWU6"
#define ASK_PASSWORD "UGFzc3dvcmQ6"

static void ask(struct smtp *m, enum smtp_auth next, const char *challenge)
{
	m->auth = next;
	smtp_say_with(m->s, REPLY_AUTH_GO, challenge);
}

CO static void login(struct smtp *m, struct bytes authzid, struct bytes user, struct bytes password)
{
	struct why why;
	int ret = session_login(m->s, authzid, user, password, &why);

	if (password.n)
		explicit_bzero((void *)password.p, password.n);
	smtp_auth_clear(m);
	switch (ret) {
	case 0: smtp_say(m->s, REPLY_AUTH_OK); break;
	case -ERR_GONE: break;
	case -ERR_LIMIT: smtp_end(m, REPLY_BLOCKED); break;
	case -ERR_AUTH:
	case -ERR_DENIED: smtp_fail(m, REPLY_AUTH_FAILED); break;
	default: /* RFC 4954, 4.7.2: the client keeps its password */
		smtp_say(m->s, REPLY_AUTH_LATER);
	}
}

static void malformed(struct smtp *m)
{
	smtp_auth_clear(m);
	smtp_fail(m, REPLY_AUTH_SYNTAX);
}

CO static void plain(struct smtp *m, struct bytes response)
{
	struct bytes authzid, user, password;
	struct why why;

	if (sasl_plain(response, &m->s->mem, &authzid, &user, &password, &why) < 0)
		malformed(m);
	else
		login(m, authzid, user, password);
}

static void login_user(struct smtp *m, struct bytes response)
{
	struct bytes user;

	if (sasl_base64(response, &m->s->mem, &user) < 0 || memchr(user.p, 0, user.n)) {
		malformed(m);
		return;
	}
	m->auth_user = xmalloc(user.n + 1);
	memcpy(m->auth_user, user.p, user.n);
	m->auth_user[user.n] = '\0';
	ask(m, AUTH_LOGIN_PASSWORD, ASK_PASSWORD);
}

CO static void login_password(struct smtp *m, struct bytes response)
{
	struct bytes password;

	if (sasl_base64(response, &m->s->mem, &password) < 0)
		malformed(m);
	else
		login(m, BYTES_NONE, bytes_str(m->auth_user), password);
}

CO void smtp_auth_line(struct smtp *m, struct bytes line)
{
	if (bytes_eq(line, BYTES("*"))) {
		smtp_auth_clear(m);
		smtp_fail(m, REPLY_AUTH_STOP);
	} else if (m->auth == AUTH_PLAIN) {
		plain(m, line);
	} else if (m->auth == AUTH_LOGIN_USER) {
		login_user(m, line);
	} else {
		login_password(m, line);
	}
}

/* RFC 4954, 4: "=" is an initial response of nothing. */
static struct bytes initial(const struct smtp_cmd *c)
{
	return bytes_eq(c->initial, BYTES("=")) ? BYTES_NONE : c->initial;
}

CO void smtp_auth(struct smtp *m, const struct smtp_cmd *c)
{
	if (m->s->account) {
		smtp_fail(m, REPLY_AUTH_TWICE);
	} else if (!session_login_allowed(m->s)) {
		smtp_fail(m, REPLY_WANT_TLS);
	} else if (bytes_ieq(c->arg, BYTES("PLAIN"))) {
		if (c->has_initial)
			plain(m, initial(c));
		else
			ask(m, AUTH_PLAIN, "");
	} else if (bytes_ieq(c->arg, BYTES("LOGIN"))) {
		if (c->has_initial)
			login_user(m, initial(c));
		else
			ask(m, AUTH_LOGIN_USER, ASK_USER);
	} else {
		smtp_fail(m, REPLY_NO_MECH);
	}
}
