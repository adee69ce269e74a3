/* SPDX-License-Identifier: Apache-2.0 */
/* data.h - the bytes after 354 become the bytes of a message, exactly.
 *
 * Pure. Only the five octets CRLF . CRLF end a message (RFC 5321, 4.1.1.4), whatever else looks
 * like it to somebody else: that is what smuggling lives on. A bare CR, a bare LF or a NUL does
 * not end it either; it is read on to the true end and then refused as a whole. One dot is taken
 * off a line that begins with one (RFC 5321, 4.5.2). Nothing is copied and nothing held back:
 * what comes out are slices of what went in. */
#ifndef TERN_SMTP_DATA_H
#define TERN_SMTP_DATA_H

#include "base/bytes.h"

/* what stands before the next byte */
enum smtp_data_state {
	DATA_LINE, /* CRLF, or the 354 */
	DATA_TEXT,
	DATA_CR,     /* text and CR */
	DATA_DOT,    /* CRLF . */
	DATA_DOT_CR, /* CRLF . CR */
};

struct smtp_data {
	enum smtp_data_state state;
	bool bare;      /* held a CR or LF outside of CRLF, or a NUL */
	bool long_line; /* held a line of more than line_max octets, CRLF not counted */
	uint64_t line;  /* octets of the line so far */
	uint64_t line_max;
	uint64_t size;  /* octets of message so far */
	uint64_t taken; /* octets consumed */
};

enum smtp_data_got {
	DATA_MORE,  /* all of *in is used up */
	DATA_PIECE, /* *piece is the next of the message, borrowed from *in; call again */
	DATA_END,   /* the message is whole; *in holds what follows it */
};

void smtp_data_init(struct smtp_data *d, uint64_t line_max);
/* Takes what it uses off *in. Not to be called after DATA_END. */
enum smtp_data_got smtp_data_take(struct smtp_data *d, struct bytes *in, struct bytes *piece);

#endif
