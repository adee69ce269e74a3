/* SPDX-License-Identifier: Apache-2.0 */
/* parse.h - one command line becomes one struct smtp_cmd.
 *
 * Pure. Strict where leniency has been abused: no control characters, brackets around paths, one
 * of each parameter, numbers without sign or base. Two things are forgiven because they are
 * everywhere and harmless: blanks after the colon and at the end of the line. A source route is
 * read and dropped (RFC 5321, appendix C). */
#ifndef TERN_SMTP_PARSE_H
#define TERN_SMTP_PARSE_H

#include "model/address.h"
#include "smtp/cmd.h"
#include "smtp/reply.h"

struct smtp_path {
	bool null;           /* <> */
	bool postmaster;     /* <Postmaster>, without a domain */
	struct bytes text;   /* the mailbox as written, without brackets and route */
	struct address addr; /* of what is neither */
};

struct smtp_cmd {
	enum smtp_verb verb;
	enum smtp_reply error; /* REPLY_NONE: well-formed */
	struct bytes arg;      /* ARG_NAME, ARG_ANY: the text; ARG_AUTH: the mechanism */
	struct bytes initial;  /* AUTH: initial response, still in base64 */
	bool has_initial;
	struct smtp_path path;
	uint64_t size; /* SIZE=; 0: not said */
};

/* `line` without its CRLF. What cmd points to lies in the line or in mem. */
void smtp_parse(struct bytes line, struct arena *mem, struct smtp_cmd *cmd);

#endif
