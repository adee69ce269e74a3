/* SPDX-License-Identifier: Apache-2.0 */
/* smtp.h - SMTP for mail exchangers and submission, and LMTP: one protocol, told apart by the
 * listener a session came in on. */
#ifndef TERN_SMTP_SMTP_H
#define TERN_SMTP_SMTP_H

#include "session/session.h"

extern const struct proto proto_smtp;

#endif
