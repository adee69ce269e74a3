/* SPDX-License-Identifier: Apache-2.0 */
/* preview.h - the first words of a message for lists of messages (RFC 8970). */
#ifndef TERN_MIME_PREVIEW_H
#define TERN_MIME_PREVIEW_H

#include "base/arena.h"
#include "mime/facts.h"

#define PREVIEW_RAW 4096  /* bytes of the part that are looked at */
#define PREVIEW_CHARS 256 /* RFC 8970, 3.1 */

/* UTF-8 on one line, NUL-terminated, "" if there are no words. */
char *preview_make(const Tern__FactsPart *part, struct bytes raw, struct arena *mem);

#endif
