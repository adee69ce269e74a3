/* SPDX-License-Identifier: Apache-2.0 */
/* protos.h - which protocol a kind of listener speaks: the one place where all are named. */
#ifndef TERN_PROTOS_H
#define TERN_PROTOS_H

#include "session/session.h"

extern const struct proto proto_smtp, proto_imap, proto_pop3;

extern const struct proto *const protos[LISTEN_KINDS];

#endif
