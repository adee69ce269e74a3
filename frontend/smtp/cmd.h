/* SPDX-License-Identifier: Apache-2.0 */
/* cmd.h - the verbs and what a row of cmd.def says of each. */
#ifndef TERN_SMTP_CMD_H
#define TERN_SMTP_CMD_H

#include "base/bytes.h"
#include "base/err.h"

/* what may follow the verb */
enum smtp_arg {
	ARG_NONE,
	ARG_ANY,
	ARG_NAME, /* a host name, or what clients take for one */
	ARG_FROM, /* FROM:<path> parameters */
	ARG_TO,   /* TO:<path> parameters */
	ARG_AUTH, /* mechanism [initial response] */
};

/* where a verb is known */
enum {
	ON_SMTP = BIT(0),
	ON_SUBMISSION = BIT(1),
	ON_LMTP = BIT(2),
	ON_BOTH = ON_SMTP | ON_SUBMISSION,
	ON_ANY = ON_SMTP | ON_SUBMISSION | ON_LMTP,
};

/* what must be before it */
enum {
	HELLO = BIT(0),   /* EHLO, HELO or LHLO */
	LOGIN = BIT(1),   /* authenticated, where that is asked for */
	IN_MAIL = BIT(2), /* a transaction */
	NO_MAIL = BIT(3), /* none */
};

/* flags */
enum {
	LAST = BIT(0),      /* of a pipelined group (RFC 2920, 3.1; RFC 4954, 4) */
	JUNK = BIT(1),      /* without effect: only so many of them */
	SECRET = BIT(2),    /* the line is wiped */
	LAST_WORD = BIT(3), /* what comes behind it is not looked at */
	ENDS = BIT(4),      /* refused, then the connection ends */
	HANG_UP = BIT(5),   /* ends without a reply */
};

enum smtp_verb {
	VERB_NONE, /* unknown */
#define CMD(verb, arg, run, on, needs, flags) VERB_##verb,
#include "smtp/cmd.def"
#undef CMD
	VERB_COUNT
};

#endif
