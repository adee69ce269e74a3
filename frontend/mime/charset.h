/* SPDX-License-Identifier: Apache-2.0 */
/* charset.h - single characters in UTF-8. */
#ifndef TERN_MIME_CHARSET_H
#define TERN_MIME_CHARSET_H

#include "base/buf.h"

/* Length of the character at the start of b (RFC 3629) and its value; 0: malformed, -1: more
 * bytes are needed. */
int utf8_get(struct bytes b, uint32_t *c);
void charset_put_utf8(struct buf *out, uint32_t c); /* U+FFFD for what is no character */

#endif
