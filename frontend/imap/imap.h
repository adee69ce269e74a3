/* SPDX-License-Identifier: Apache-2.0 */
/* imap.h - IMAP4rev1 (RFC 3501) and the extensions of capability.def. */
#ifndef TERN_IMAP_IMAP_H
#define TERN_IMAP_IMAP_H

#include "session/session.h"

extern const struct proto proto_imap;

#endif
