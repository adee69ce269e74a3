/* SPDX-License-Identifier: Apache-2.0 */
/* mime.h - a message, in pieces as they arrive, becomes its facts: one pass, bounded memory.
 *
 * Never fails on a message: what no rule of RFC 5322, 2045-2047 and 2231 covers is taken as
 * plain text, what passes a limit is left alone and noted (LIMIT_..., mime/facts.h). Lines end
 * in CRLF or LF. The cut of the pieces never shows in the result.
 *
 *  - A header ends with an empty line, nothing else; a line in it without a colon is no field.
 *  - A boundary line is "--" boundary ["--"] and blanks, wholly. The innermost open multipart
 *    that it fits gets it; after its "--" line a multipart fits no more. The line end before a
 *    boundary line is part of that line.
 *  - A multipart without a boundary parameter or without any part is text/plain; everything
 *    open ends where an outer multipart goes on or the message ends.
 *  - Lines are counted as line ends, as other servers do: "abc" has none. */
#ifndef TERN_MIME_MIME_H
#define TERN_MIME_MIME_H

#include "mime/facts.h"

#define MIME_MAX_FIELD MIB(1)   /* one header field */
#define MIME_MAX_HEADERS MIB(8) /* all headers of a message, those of its parts included */
#define MIME_MAX_FIELDS 10000
#define MIME_MAX_DEPTH 100
#define MIME_MAX_PARTS 10000
#define MIME_MAX_BOUNDARY 2048
#define MIME_MAX_PARAMS 1000
#define MIME_MAX_ADDRESSES 10240
#define MIME_MAX_FACTS MIB(1) /* estimate of the packed facts */

struct mime_parser;

struct mime_parser *mime_parser_new(void);
void mime_parser_free(struct mime_parser **p);

void mime_feed(struct mime_parser *p, struct bytes piece);
/* Once, after the last piece. The facts live in mem and outlive the parser. 0, or -ERR_LIMIT
 * when mem is capped too low for them. */
int mime_finish(struct mime_parser *p, struct arena *mem, Tern__Facts **facts) MUST_USE;

/* new, feed, finish, free. */
int mime_parse(struct bytes message, struct arena *mem, Tern__Facts **facts) MUST_USE;

#endif
