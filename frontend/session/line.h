/* SPDX-License-Identifier: Apache-2.0 */
/* line.h - taking command lines off the input, for SMTP and POP3.
 *
 * Pure. A line ends in CRLF. One that ends in LF alone is handed out as LINE_BARE, so that the
 * client gets an answer instead of silence; never act on it. */
#ifndef TERN_SESSION_LINE_H
#define TERN_SESSION_LINE_H

#include "base/buf.h"

enum line {
	LINE_MORE,  /* no end yet */
	LINE_OK,    /* *text without CRLF, valid until `in` is touched */
	LINE_BARE,  /* the same, but ended by LF alone */
	LINE_LONG,  /* was over max; thrown away up to its end */
	LINE_FLOOD, /* LINE_FLOOD_SIZE bytes without an end: close */
};

enum { LINE_FLOOD_SIZE = 65536 };

struct line_reader {    /* zero it to begin */
	size_t seen;    /* bytes of `in` known to hold no LF */
	size_t skipped; /* of a line over max */
};

/* max counts the bytes of the line with its CRLF. */
enum line line_take(struct line_reader *r, struct buf *in, size_t max, struct bytes *text);

#endif
