/* SPDX-License-Identifier: Apache-2.0 */
/* reply.h - everything an SMTP or LMTP client is told, as rows of reply.def. */
#ifndef TERN_SMTP_REPLY_H
#define TERN_SMTP_REPLY_H

#include "base/bytes.h"

struct session;

enum smtp_reply {
	REPLY_NONE,
#define REPLY(name, code, enhanced, text) REPLY_##name,
#include "smtp/reply.def"
#undef REPLY
	REPLY_COUNT
};

unsigned smtp_reply_code(enum smtp_reply r); /* 250 */

/* Queue one reply. */
void smtp_say(struct session *s, enum smtp_reply r);
void smtp_say_with(struct session *s, enum smtp_reply r, const char *value);
void smtp_say_error(struct session *s, int err); /* the row of err.def; never for UNKNOWN, GONE */

#endif
