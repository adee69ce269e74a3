/* SPDX-License-Identifier: Apache-2.0 */
/* dots.h - a message on its way into a multi-line reply (RFC 1939, 3).
 *
 * Pure. Nothing is changed but that a line which begins with a dot gets another one. A bare LF
 * starts a line here: most clients think so, and for them ".\r\n" after it would be the end. TOP
 * counts lines by the same rule. */
#ifndef TERN_POP3_DOTS_H
#define TERN_POP3_DOTS_H

#include "base/bytes.h"

struct pop3_dots {
	bool inside;           /* not at the start of a line */
	bool cr;               /* the last octet was CR */
	bool crlf;             /* the last two were CRLF */
	bool limited;          /* TOP */
	bool in_header, blank; /* blank: nothing but CR in this line so far */
	uint32_t lines;        /* of the body, still wanted */
	bool done;             /* all that was wanted is out */
};

void pop3_dots_init(struct pop3_dots *d);
void pop3_dots_limit(struct pop3_dots *d, uint32_t lines); /* header and so many lines */
/* Takes the next run off *in. *dot: put a dot before it. False: *in is used up, or done. */
bool pop3_dots_take(struct pop3_dots *d, struct bytes *in, bool *dot, struct bytes *run);
/* What ends the reply: with a line end of its own where the message has none. */
const char *pop3_dots_end(const struct pop3_dots *d);

#endif
