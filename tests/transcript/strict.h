/* SPDX-License-Identifier: Apache-2.0 */
/* strict.h - a client that believes nothing: every byte an IMAP server sends must be a response
 * of RFC 3501, section 9: literals as long as they say, strings closed, parentheses balanced, no
 * NUL, no bare CR or LF outside of literals. */
#ifndef TRANSCRIPT_STRICT_H
#define TRANSCRIPT_STRICT_H

#include "base/buf.h"

struct strict {
	struct buf line;  /* of the response, literals left out */
	uint64_t literal; /* octets still to come */
	bool open;        /* the line ended with the announcement of a literal */
	int depth;        /* of parentheses, at the start of the line */
	const char *why;  /* the first complaint */
	unsigned responses;
};

void strict_init(struct strict *s);
void strict_release(struct strict *s);
void strict_feed(struct strict *s, struct bytes b);

#endif
