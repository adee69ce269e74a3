/* SPDX-License-Identifier: Apache-2.0 */
/* parse.h - one command line becomes one struct pop3_cmd.
 *
 * Pure. Numbers are digits without a sign and fit in 32 bits, or the command is malformed: no
 * number wraps into another one. */
#ifndef TERN_POP3_PARSE_H
#define TERN_POP3_PARSE_H

#include "base/bytes.h"

enum pop3_verb {
	POP3_UNKNOWN,
#define CMD(verb, arg, run, state, flags) POP3_##verb,
#include "pop3/cmd.def"
#undef CMD
	POP3_VERBS
};

/* what follows the verb */
enum pop3_arg {
	ARG_NONE,
	ARG_TEXT, /* one blank, then everything: passwords hold blanks (RFC 1939, 7) */
	ARG_MSG,
	ARG_MSG_OPT,
	ARG_MSG_LINES, /* a message and a count of lines */
	ARG_AUTH,      /* mechanism [initial response] */
};

struct pop3_cmd {
	enum pop3_verb verb;
	const char *bad; /* NULL: well-formed; else what is wrong, for the client */
	bool has_msg;
	uint32_t msg; /* as said; nothing is promised but that it fits */
	uint32_t lines;
	struct bytes text; /* ARG_TEXT; the mechanism; borrowed from the line */
	struct bytes initial;
	bool has_initial;
};

/* `line` without its CRLF. */
void pop3_parse(struct bytes line, struct pop3_cmd *cmd);

#endif
