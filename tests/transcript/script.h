/* SPDX-License-Identifier: Apache-2.0 */
/* script.h - one transcript, played.
 *
 *   # a comment
 *   a: connect imap [from 192.0.2.1]     else the first use of a label connects, to the protocol
 *                                        that the folder is named after, from 127.0.0.1
 *   a: > a1 NOOP                         a line is sent
 *   a: > a1 APPEND INBOX {@}             the lines "a: |" that follow are the literal: its size is
 *   a: | Subject: x                      filled in, "+" waited for ({@+}: not), CRLF put behind;
 *   a: |- no line end                    "|-" ends without CRLF
 *   a: >> raw                            sent without CRLF
 *   a: < * 1 EXISTS                      the next line that comes (match.h)
 *   a: <~ a1 OK ...                      some line that comes; those before are passed over
 *   a: quiet 50                          nothing comes for so many ms
 *   a: starttls                          a handshake
 *   a: close / a: closed                 by us / by the server, with nothing left to be read
 *   a: cut                               by the server, whatever it said before
 *   a: deaf / a: hears                   the client stops reading, and goes on
 *   deliver: one@example.test X-Own: 1   a message comes, with that line before it for this
 *   deliver: | Subject: x                recipient; these are the message
 *   store: well|away|unknown|no-chunks|rotten|deaf|lost, store: chunks N
 *   limit: NAME VALUE                    (limits.def; numbers, ms)
 *   log-time: MINUTES                    lets log time pass
 *   plain                                (first line) is not played byte by byte too */
#ifndef TRANSCRIPT_SCRIPT_H
#define TRANSCRIPT_SCRIPT_H

#include "base/err.h"

#include <stdbool.h>

/* False: why says where and what. *skip: it is not for dribbling. */
bool script_play(const char *path, bool dribble, bool *skip, struct why *why);

#endif
