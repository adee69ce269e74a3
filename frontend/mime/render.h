/* SPDX-License-Identifier: Apache-2.0 */
/* render.h - facts as IMAP says them: ENVELOPE, BODY, BODYSTRUCTURE (RFC 3501, 7.4.2, 9).
 *
 * What a message holds cannot leave its string: quoted where it fits, else a literal with an
 * exact count; NUL is never sent ('?' stands in). `out` may be capped: check out->full. */
#ifndef TERN_MIME_RENDER_H
#define TERN_MIME_RENDER_H

#include "base/buf.h"
#include "mime/facts.h"

void render_envelope(struct buf *out, const Tern__Facts *f);      /* "(" ... ")" */
void render_body(struct buf *out, const Tern__Facts *f);          /* without extension data */
void render_bodystructure(struct buf *out, const Tern__Facts *f); /* with it */

/* IMAP string and nstring of any bytes. */
void render_string(struct buf *out, struct bytes s);
void render_nstring(struct buf *out, bool there, struct bytes s);

#endif
