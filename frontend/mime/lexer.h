/* SPDX-License-Identifier: Apache-2.0 */
/* lexer.h - the pieces that structured header fields share (RFC 5322, 3.2): blanks, comments,
 * quoted strings. Each takes what it read off *in; what is not closed ends with the field. */
#ifndef TERN_MIME_LEXER_H
#define TERN_MIME_LEXER_H

#include "base/arena.h"
#include "base/buf.h"

bool lex_is_blank(uint8_t c); /* SP, TAB */
bool lex_is_white(uint8_t c); /* blanks, line ends, NUL */

/* Blanks and comments. True if there were any. The text of the last comment replaces what is
 * in *comment (may be NULL). */
bool lex_cfws(struct bytes *in, struct buf *comment);
/* At '"': appends the text without quotes, quoted pairs and line ends. */
void lex_quoted_string(struct bytes *in, struct buf *out);

#endif
