/* SPDX-License-Identifier: Apache-2.0 */
/* private.h - an SMTP session between its commands. */
#ifndef TERN_SMTP_PRIVATE_H
#define TERN_SMTP_PRIVATE_H

#include "session/line.h"
#include "session/session.h"
#include "smtp/parse.h"
#include "smtp/tx.h"

/* what the next line is */
enum smtp_auth {
	AUTH_IDLE, /* a command */
	AUTH_PLAIN,
	AUTH_LOGIN_USER,
	AUTH_LOGIN_PASSWORD,
};

struct smtp {
	struct session *s;
	unsigned on; /* ON_SMTP, ON_SUBMISSION or ON_LMTP */
	bool greeted;
	struct line_reader reader;
	struct bytes line;   /* taken, not run yet; in s->mem */
	char *helo;          /* NULL: no EHLO, HELO or LHLO yet */
	bool esmtp;          /* EHLO or LHLO: pipelining was offered */
	struct smtp_tx *tx;  /* NULL: no transaction */
	uint64_t recipients; /* accepted in this session */
	enum smtp_auth auth;
	char *auth_user; /* AUTH LOGIN, between its two lines */
};

/* A reply that counts as the client's error; over errors_hard it is the last one. */
void smtp_fail(struct smtp *m, enum smtp_reply r);
/* The last reply: 421, 554. */
void smtp_end(struct smtp *m, enum smtp_reply r);
/* Everything said before TLS is forgotten (RFC 3207, 4.2). */
void smtp_reset(struct smtp *m);
void smtp_auth_clear(struct smtp *m);

/* One reply; for LMTP one for each recipient (RFC 2033, 4.2). */
void smtp_answer(struct smtp *m, enum smtp_reply r, const char *value);
void smtp_answer_error(struct smtp *m, int err);

/* Rows of cmd.def. */
typedef void smtp_run(struct smtp *m, const struct smtp_cmd *c);
CO smtp_run smtp_ehlo, smtp_helo, smtp_starttls, smtp_auth, smtp_mail, smtp_rcpt, smtp_data,
	smtp_rset, smtp_noop, smtp_vrfy, smtp_help, smtp_quit, smtp_xclient;
CO void smtp_auth_line(struct smtp *m, struct bytes line);

/* The dot: hands the message to the store and answers. */
CO void smtp_deliver(struct smtp *m, struct upload *up);

#endif
