/* SPDX-License-Identifier: Apache-2.0 */
/* Feeding messages and looking at what comes out, for the tests of this folder. */
#ifndef UNIT_MIME_UTIL_H
#define UNIT_MIME_UTIL_H

#include "base/buf.h"
#include "mime/mime.h"

/* Parses whole, byte by byte and in pieces of 7; the three must be the same packed bytes.
 * The facts are those of the whole. */
Tern__Facts *parse_checked(struct bytes message, struct arena *mem);

/* "kind type/subtype header-body-end lines" of each part on a line, two blanks per depth. */
const char *shape(const Tern__Facts *f, struct arena *mem);
const char *text_of(struct buf *b); /* adds a NUL */

/* What must hold for any message. */
void check_sound(const Tern__Facts *f, struct bytes message);

#endif
