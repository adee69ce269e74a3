/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_drop.c - the commands of a maildrop but for reading it, and the end of a session. */
#include "pop3/private.h"

#include <inttypes.h>

#define NO_MESSAGE "no such message"

/* ---- STAT, LIST, UIDL ---------------------------------------------------------------------- */

CO void pop3_cmd_stat(struct pop3 *p, const struct pop3_cmd *c UNUSED)
{
	session_printf(p->s, "+OK %zu %" PRIu64 "\r\n", p->drop->kept, p->drop->octets);
}

static void put_size(struct pop3 *p, size_t number, const struct drop_message *m)
{
	session_printf(p->s, "%zu %" PRIu64 "\r\n", number, m->size);
}

/* Unique for ever: UIDs are never reused under one UIDVALIDITY. */
static void put_uidl(struct pop3 *p, size_t number, const struct drop_message *m)
{
	session_printf(p->s, "%zu %" PRIu32 ".%" PRIu32 "\r\n", number, p->drop->box.uid_validity,
		       m->uid);
}

CO static void listing(struct pop3 *p, const struct pop3_cmd *c,
		       void (*put)(struct pop3 *, size_t, const struct drop_message *))
{
	struct drop_message *m = c->has_msg ? maildrop_get(p->drop, c->msg) : NULL;

	if (m) {
		session_puts(p->s, "+OK ");
		put(p, c->msg, m);
		return;
	}
	if (c->has_msg) {
		pop3_err(p, NO_MESSAGE);
		return;
	}
	session_printf(p->s, "+OK %zu messages\r\n", p->drop->kept);
	for (size_t i = 0; i < p->drop->n; i++) {
		if (!p->drop->v[i].deleted)
			put(p, i + 1, &p->drop->v[i]);
		if (session_flush_wait(p->s) < 0)
			return;
	}
	session_puts(p->s, ".\r\n");
}

CO void pop3_cmd_list(struct pop3 *p, const struct pop3_cmd *c)
{
	listing(p, c, put_size);
}

CO void pop3_cmd_uidl(struct pop3 *p, const struct pop3_cmd *c)
{
	listing(p, c, put_uidl);
}

/* ---- DELE, RSET, NOOP ---------------------------------------------------------------------- */

CO void pop3_cmd_dele(struct pop3 *p, const struct pop3_cmd *c)
{
	struct drop_message *m = maildrop_get(p->drop, c->msg);

	if (!m) {
		pop3_err(p, NO_MESSAGE);
		return;
	}
	maildrop_delete(p->drop, m);
	pop3_ok(p, "marked for deletion");
}

CO void pop3_cmd_rset(struct pop3 *p, const struct pop3_cmd *c UNUSED)
{
	maildrop_undelete(p->drop);
	pop3_ok(p, "nothing is marked for deletion");
}

CO void pop3_cmd_noop(struct pop3 *p, const struct pop3_cmd *c UNUSED)
{
	pop3_ok(p, "");
}

/* ---- QUIT ---------------------------------------------------------------------------------- */

/* RFC 1939, 6: the UPDATE state. Deletions come here and nowhere else; an error says what is
 * known, and where nothing is known nothing is said. */
CO static void update(struct pop3 *p)
{
	uint64_t gone = 0;
	size_t deleted = p->drop->n - p->drop->kept;
	int ret = maildrop_commit(p->s, p->drop, &gone);

	log_info(&p->s->log, "pop3_quit", "deleted=%zu result=%s", deleted, err_name(ret));
	if (ret == 0)
		pop3_ok(p, "bye");
	else if (ret == -ERR_UNKNOWN || ret == -ERR_CORRUPT || ret == -ERR_IO)
		session_abort(p->s);
	else if (gone)
		pop3_err(p, "[SYS/TEMP] some deleted messages were not removed");
	else
		pop3_err(p, "[SYS/TEMP] nothing was removed, try again later");
}

CO void pop3_cmd_quit(struct pop3 *p, const struct pop3_cmd *c UNUSED)
{
	if (p->drop)
		update(p);
	else
		pop3_ok(p, "bye");
	session_close(p->s);
}
