/* SPDX-License-Identifier: Apache-2.0 */
/* private.h - a POP3 session between its commands. */
#ifndef TERN_POP3_PRIVATE_H
#define TERN_POP3_PRIVATE_H

#include "pop3/maildrop.h"
#include "pop3/parse.h"
#include "session/line.h"

struct pop3 {
	struct session *s;
	struct line_reader reader;
	struct bytes line;     /* taken, not run yet; in s->mem */
	char *user;            /* of USER; NULL: none yet */
	bool auth_plain;       /* the next line is a response (RFC 5034) */
	struct maildrop *drop; /* NULL: not logged in */
};

/* states of RFC 1939, 4 and 5 */
enum {
	IN_AUTH = BIT(0),
	IN_DROP = BIT(1),
	IN_ANY = IN_AUTH | IN_DROP,
};

enum { SECRET = BIT(0) }; /* the line is wiped */

/* Replies: text with the response code of RFC 2449, 8 or 3206, if any, in front. */
void pop3_ok(struct pop3 *p, const char *text);
void pop3_err(struct pop3 *p, const char *text);
/* One that counts as the client's error; over errors_hard it is the last one. */
void pop3_bad(struct pop3 *p, const char *text);
/* What the store could not do. */
void pop3_store_err(struct pop3 *p, int err);
void pop3_forget(struct pop3 *p); /* what was said before the login is over */

/* Rows of cmd.def. */
typedef void pop3_run(struct pop3 *p, const struct pop3_cmd *c);
CO pop3_run pop3_cmd_capa, pop3_cmd_stls, pop3_cmd_user, pop3_cmd_pass, pop3_cmd_auth,
	pop3_cmd_stat, pop3_cmd_list, pop3_cmd_uidl, pop3_cmd_retr, pop3_cmd_top, pop3_cmd_dele,
	pop3_cmd_rset, pop3_cmd_noop, pop3_cmd_quit;
CO void pop3_auth_line(struct pop3 *p, struct bytes line);

#endif
