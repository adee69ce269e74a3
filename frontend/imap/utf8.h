/* SPDX-License-Identifier: Apache-2.0 */
/* utf8.h - characters of mailbox names. Pure. */
#ifndef TERN_IMAP_UTF8_H
#define TERN_IMAP_UTF8_H

#include "base/buf.h"

#define UTF8_BAD 0xfffd

/* Takes one character off a text that is not empty; UTF8_BAD and one byte where none is. */
uint32_t utf8_take(struct bytes *in);
bool utf8_valid(struct bytes text);
void utf8_put(struct buf *out, uint32_t c);

#endif
