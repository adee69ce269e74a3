/* SPDX-License-Identifier: Apache-2.0 */
/* write.h - what is said to clients: strings that cannot leave their place, and answers.
 *
 * A string is an atom where it may be, quoted where it fits, else a literal with an exact
 * count. NUL is never sent. Texts of answers are our own: nothing of the client's is in them. */
#ifndef TERN_IMAP_WRITE_H
#define TERN_IMAP_WRITE_H

#include "base/buf.h"
#include "model/row.h"

/* ---- pieces of responses */
void write_string(struct buf *out, struct bytes s);
void write_astring(struct buf *out, struct bytes s);
void write_mailbox(struct buf *out, struct bytes path); /* UTF-8 to modified UTF-7 */
/* "{n}" and the octets, '?' for NUL. */
void write_literal(struct buf *out, struct bytes s);
void write_octets(struct buf *out, struct bytes s); /* the same without the count */

/* "(\Seen $Work)"; keywords: the dictionary. Keywords that are no atoms are left out. */
void write_flags(struct buf *out, const struct row *row, const struct bytes *keywords, size_t n);
/* All system flags, then the keywords, then \* if `more`. */
void write_all_flags(struct buf *out, const struct bytes *keywords, size_t n, bool more);
/* "(\HasChildren \Sent)"-like lists: a blank before each but the first after '('. */
void write_word(struct buf *out, const char *word);

#endif
