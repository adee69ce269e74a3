/* SPDX-License-Identifier: Apache-2.0 */
/* trace.h - the fields that a server puts before a message (RFC 5321, 4.4).
 *
 * Pure. Whatever a client made up is either a name by its letters or stands escaped in a
 * comment: nothing it says can end the field or begin another. */
#ifndef TERN_SMTP_TRACE_H
#define TERN_SMTP_TRACE_H

#include "base/buf.h"

struct smtp_trace {
	struct bytes sender; /* for Return-Path: "" or a mailbox that was parsed */
	struct bytes helo;   /* as said, any bytes */
	const char *peer;    /* numeric */
	const char *host;    /* ours */
	const char *tls;     /* "TLSv1.3 TLS_AES_256_GCM_SHA384", "" without */
	bool esmtp, lmtp, login;
	uint64_t id;
	struct bytes rcpt; /* the only recipient; empty: none or several */
	uint64_t wall_ms;
};

void smtp_trace_put(struct buf *out, const struct smtp_trace *t);
/* "Tue, 24 Nov 2026 06:00:24 +0000" */
void smtp_date_put(struct buf *out, uint64_t wall_ms);

#endif
