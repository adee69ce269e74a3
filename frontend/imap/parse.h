/* SPDX-License-Identifier: Apache-2.0 */
/* parse.h - bytes from the client become one struct imap_cmd.
 *
 * Pure: no sockets, no store, no clock. The caller keeps what has arrived and offers all of it
 * again until the command is whole, literals included; one strict grammar reads it then, and at
 * each literal before, so that a client hears BAD instead of "+". The literal that is APPEND's
 * message is not waited for: the command reads it. What is wrong is thrown away up to the end
 * of the command, literals that come without being asked for included. */
#ifndef TERN_IMAP_PARSE_H
#define TERN_IMAP_PARSE_H

#include "base/err.h"
#include "imap/cmd.h"

struct imap_limits {
	size_t line;    /* a command with its literals */
	size_t literal; /* one literal */
	uint64_t skip;  /* bytes of a broken command that are thrown away; beyond: BYE */
	unsigned literals, depth, terms;
};

enum parse {
	PARSE_MORE,     /* not a whole command yet */
	PARSE_CONTINUE, /* the same, and the client waits for "+"; said once */
	PARSE_AGAIN,    /* the rest of a broken command is gone: go on */
	PARSE_DONE,
	PARSE_BAD,    /* answer BAD with why->text to cmd->tag, which may be "*" */
	PARSE_TOOBIG, /* answer NO [TOOBIG] */
	PARSE_BYE,    /* cannot be skipped: close */
};

struct imap_parser { /* zero it to begin */
	size_t at;   /* all before belongs to the command, and so do `literal` bytes behind it */
	uint64_t literal;
	unsigned literals;
	size_t scanned; /* no line end up to here */
	bool skipping;
	uint64_t skip; /* bytes of a literal to be thrown away */
	uint64_t skipped;
};

/* Takes *used bytes off the front; where that is 0 the same bytes come again with more. After
 * PARSE_DONE cmd points into mem, which is cleared before. */
enum parse imap_parse(struct imap_parser *p, const struct imap_limits *limits, unsigned state,
		      struct bytes in, size_t *used, struct arena *mem, struct imap_cmd *cmd,
		      struct why *why);
/* The input is in the middle of a command that is refused: throw its rest away. */
void imap_parse_skip(struct imap_parser *p);

#endif
