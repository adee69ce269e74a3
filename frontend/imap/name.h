/* SPDX-License-Identifier: Apache-2.0 */
/* name.h - mailbox names between the client and the store. Pure. */
#ifndef TERN_IMAP_NAME_H
#define TERN_IMAP_NAME_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/err.h"

#define NAME_CHARS 255
#define NAME_DEPTH 32

/* A name as the client wrote it (modified UTF-7) to a path: UTF-8, INBOX in capitals. Names are
 * keys, never paths of files, but what looks like one, what has two spellings or what shows as
 * another name is refused: -ERR_CANNOT. */
int name_path(struct bytes raw, struct arena *mem, struct bytes *path) MUST_USE;

#endif
