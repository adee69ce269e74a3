/* SPDX-License-Identifier: Apache-2.0 */
/* pop3.h - POP3 (RFC 1939) over the INBOX of an account. */
#ifndef TERN_POP3_POP3_H
#define TERN_POP3_POP3_H

#include "session/session.h"

extern const struct proto proto_pop3;

#endif
