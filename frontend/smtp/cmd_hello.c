/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_hello.c - EHLO, HELO, LHLO, STARTTLS. */
#include "smtp/private.h"

#include <inttypes.h>
#include <stdlib.h>

/* ---- what is offered ----------------------------------------------------------------------- */

static bool always(const struct smtp *m UNUSED)
{
	return true;
}

static bool can_tls(const struct smtp *m)
{
	return m->s->tls_available && !m->s->tls && !m->s->account;
}

/* RFC 4954, 3: not where it would be refused. */
static bool can_auth(const struct smtp *m)
{
	return m->on == ON_SUBMISSION && !m->s->account && session_login_allowed(m->s);
}

/* RFC 1870, 2033, 2034, 2920, 3207, 4954, 6152. */
static const struct {
	const char *line;
	bool (*offered)(const struct smtp *m);
} extensions[] = {
	{ "PIPELINING", always },          { "8BITMIME", always },
	{ "STARTTLS", can_tls },           { "AUTH PLAIN LOGIN", can_auth },
	{ "ENHANCEDSTATUSCODES", always },
};

/* RFC 5321, 4.1.4: a new EHLO clears like RSET. */
static void hello(struct smtp *m, struct bytes name)
{
	enum { NAME_KEPT = 256 };

	smtp_reset(m);
	name = bytes_head(name, NAME_KEPT);
	m->helo = xmalloc(name.n + 1);
	memcpy(m->helo, name.p, name.n);
	m->helo[name.n] = '\0';
}

CO void smtp_helo(struct smtp *m, const struct smtp_cmd *c)
{
	hello(m, c->arg);
	session_printf(m->s, "250 %s\r\n", m->s->site->hostname);
}

CO void smtp_ehlo(struct smtp *m, const struct smtp_cmd *c)
{
	hello(m, c->arg);
	m->esmtp = true;
	session_printf(m->s, "250-%s\r\n", m->s->site->hostname);
	for (size_t i = 0; i < ARRAY_LEN(extensions); i++)
		if (extensions[i].offered(m))
			session_printf(m->s, "250-%s\r\n", extensions[i].line);
	session_printf(m->s, "250 SIZE %" PRIu64 "\r\n", m->s->limits->message_size);
}

CO void smtp_starttls(struct smtp *m, const struct smtp_cmd *c UNUSED)
{
	if (m->s->tls) {
		smtp_fail(m, REPLY_TLS_TWICE);
	} else if (m->s->account) {
		smtp_fail(m, REPLY_AUTH_TWICE);
	} else if (!m->s->tls_available) {
		smtp_fail(m, REPLY_NO_TLS_NOW);
	} else {
		smtp_say(m->s, REPLY_TLS_GO);
		if (session_starttls(m->s) == 0)
			smtp_reset(m);
	}
}
