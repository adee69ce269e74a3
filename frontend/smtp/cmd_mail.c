/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_mail.c - MAIL and RCPT: a transaction begins and grows.
 *
 * No answer here says more than is known: a 550 for a recipient follows only from a leader's
 * word that there is no such user, whatever else went wrong is a 451 (G21). */
#include "smtp/private.h"

#include <inttypes.h>
#include <stdio.h>

/* An alias may name so many accounts, whatever the limit of recipients is. */
enum { TARGETS_LEAST = 1000 };

/* ---- MAIL ---------------------------------------------------------------------------------- */

static void too_big(struct smtp *m)
{
	char max[24];

	(void)!snprintf(max, sizeof(max), "%" PRIu64, m->s->limits->message_size);
	smtp_say_with(m->s, REPLY_TOO_BIG, max);
}

/* S24. Bounces and other mail from <> are made by servers, not submitted. */
CO static enum smtp_reply check_sender(struct smtp *m, const struct smtp_path *path)
{
	bool owns = false;
	int ret;

	if (m->on != ON_SUBMISSION)
		return REPLY_NONE;
	if (path->null)
		return REPLY_NOT_SENDER;
	ret = store_owns(&m->s->user, m->s->account, path->addr.full, &owns);
	if (ret < 0)
		return REPLY_TRY_LATER;
	return owns ? REPLY_NONE : REPLY_NOT_SENDER;
}

CO void smtp_mail(struct smtp *m, const struct smtp_cmd *c)
{
	enum smtp_reply r;

	if (c->size > m->s->limits->message_size) {
		too_big(m);
		return;
	}
	r = check_sender(m, &c->path);
	if (r == REPLY_TRY_LATER) {
		smtp_say(m->s, r);
	} else if (r) {
		smtp_fail(m, r);
	} else {
		m->tx = smtp_tx_new(&c->path);
		smtp_say(m->s, REPLY_SENDER_OK);
	}
}

/* ---- RCPT ---------------------------------------------------------------------------------- */

/* <Postmaster> is that of the default domain, or of this host. */
static struct bytes address_of(struct smtp *m, const struct smtp_path *path)
{
	const struct site *site = m->s->site;
	const char *domain = *site->default_domain ? site->default_domain : site->hostname;

	if (path->postmaster)
		return bytes_str(arena_printf(&m->s->mem, "postmaster@%s", domain));
	return path->addr.full;
}

/* Marks who may get the message. Over quota counts at RCPT for SMTP; LMTP asks the store with the
 * message in hand and answers for each recipient (RFC 2033, 4.2). */
static enum smtp_reply usable(const struct smtp *m, const struct store_target *targets, size_t n,
			      bool *use)
{
	bool any = false, room = m->on == ON_LMTP;

	for (size_t i = 0; i < n; i++) {
		use[i] = !targets[i].disabled;
		any = any || use[i];
		room = room || (use[i] && !targets[i].over_quota);
	}
	if (!any)
		return REPLY_DISABLED;
	return room ? REPLY_NONE : REPLY_FULL;
}

static bool too_many(const struct smtp *m, size_t more)
{
	const struct limits *l = m->s->limits;
	const struct smtp_tx *tx = m->tx;

	return tx->n_rcpts >= l->recipients || m->recipients >= l->recipients_session ||
	       tx->n_targets + more > MAX(l->recipients, (uint64_t)TARGETS_LEAST);
}

static enum smtp_reply refusal(const struct smtp *m, enum resolved kind)
{
	if (kind == RESOLVED_NO_USER)
		return REPLY_NO_USER;
	return m->on == ON_SUBMISSION ? REPLY_NO_OUTSIDE : REPLY_NO_RELAY;
}

CO static enum smtp_reply add_rcpt(struct smtp *m, const struct smtp_path *path)
{
	struct bytes address = address_of(m, path);
	struct store_target *targets;
	enum resolved kind;
	enum smtp_reply r;
	bool *use;
	size_t n;

	if (too_many(m, 0))
		return REPLY_MANY_RCPTS;
	if (store_resolve(&m->s->user, address, &m->s->mem, &kind, &targets, &n) < 0)
		return REPLY_TRY_LATER;
	if (kind != RESOLVED_OK)
		return refusal(m, kind);
	if (too_many(m, n))
		return REPLY_MANY_RCPTS;
	use = arena_array(&m->s->mem, bool, n);
	r = usable(m, targets, n, use);
	if (r)
		return r;
	smtp_tx_add(m->tx, path->text, targets, use, n);
	m->recipients++;
	return REPLY_RCPT_OK;
}

/* Guessing addresses is an error of a stranger; a mail server of ours may pass on what it got. */
CO void smtp_rcpt(struct smtp *m, const struct smtp_cmd *c)
{
	enum smtp_reply r = add_rcpt(m, &c->path);

	if (r != REPLY_RCPT_OK)
		log_info(&m->s->log, "rcpt_refused", "from=%B rcpt=%B code=%u", &m->tx->sender,
			 &c->path.text, smtp_reply_code(r));
	if (smtp_reply_code(r) >= 500 && !m->s->trusted)
		smtp_fail(m, r);
	else
		smtp_say(m->s, r);
}
