/* SPDX-License-Identifier: Apache-2.0 */
/* mutf7.h - mailbox names on the wire: modified UTF-7 (RFC 3501, 5.1.3), strictly.
 *
 * Pure. Each text has one spelling: what is not the spelling that mutf7_encode makes is
 * refused, so that two spellings can never name one mailbox. */
#ifndef TERN_IMAP_MUTF7_H
#define TERN_IMAP_MUTF7_H

#include "base/buf.h"

/* Any UTF-8; invalid bytes become U+FFFD. */
void mutf7_encode(struct bytes utf8, struct buf *out);
/* False: not canonical, an unpaired surrogate, a NUL. *out is then of no use. */
bool mutf7_decode(struct bytes in, struct buf *out) MUST_USE;

#endif
