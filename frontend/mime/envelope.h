/* SPDX-License-Identifier: Apache-2.0 */
/* envelope.h - reads what render_envelope wrote: the fields of an ENVELOPE (RFC 3501, 7.4.2) as
 * text to be searched. Pure; anything else than such a text is refused. */
#ifndef TERN_MIME_ENVELOPE_H
#define TERN_MIME_ENVELOPE_H

#include "base/buf.h"

enum envelope_field { /* in their order */
		      ENVELOPE_DATE,
		      ENVELOPE_SUBJECT,
		      ENVELOPE_FROM,
		      ENVELOPE_SENDER,
		      ENVELOPE_REPLY_TO,
		      ENVELOPE_TO,
		      ENVELOPE_CC,
		      ENVELOPE_BCC,
		      ENVELOPE_IN_REPLY_TO,
		      ENVELOPE_MESSAGE_ID,
		      ENVELOPE_FIELDS,
};

/* Appends the field, encoded words as they are; addresses as "name <mailbox@host>, ...". Nothing
 * where it is NIL. False: malformed. */
bool envelope_text(struct bytes rendered, enum envelope_field field, struct buf *out) MUST_USE;

#endif
