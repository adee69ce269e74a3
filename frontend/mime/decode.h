/* SPDX-License-Identifier: Apache-2.0 */
/* decode.h - from what is stored to text: transfer encodings, charsets, encoded words, HTML, and
 * comparing without case.
 *
 * All output is valid UTF-8: what cannot be read becomes U+FFFD. Charsets come from a list of
 * known ones; UTF-7 is never decoded. Streams take pieces of any size. */
#ifndef TERN_MIME_DECODE_H
#define TERN_MIME_DECODE_H

#include "base/arena.h"
#include "base/buf.h"
#include "mime/facts.h"

enum decode_encoding {
	DECODE_IDENTITY, /* 7bit, 8bit, binary */
	DECODE_BASE64,
	DECODE_QP,
	DECODE_UNKNOWN, /* passed on as it is */
};

enum decode_encoding decode_encoding(struct bytes name);

/* Transfer encoding only (BINARY, RFC 3516). Base64: other characters are skipped, padding
 * ends a group, missing padding is no error. QP: RFC 2045, 6.7; what is no escape stays. */
struct decode_transfer {
	enum decode_encoding encoding;
	unsigned state;
	uint32_t held; /* base64: bits; QP: the first hex digit, or the blanks behind '=' */
};

void decode_transfer_init(struct decode_transfer *d, enum decode_encoding encoding);
void decode_transfer(struct decode_transfer *d, struct bytes in, struct buf *out);
void decode_transfer_end(struct decode_transfer *d, struct buf *out);

/* Charset to UTF-8. */
struct decode_charset;
bool decode_charset_known(struct bytes charset);
struct decode_charset *decode_charset_new(struct bytes charset); /* unknown ones as US-ASCII */
void decode_charset(struct decode_charset *d, struct bytes in, struct buf *out);
void decode_charset_end(struct decode_charset *d, struct buf *out);
void decode_charset_free(struct decode_charset **d);

/* HTML as text: no tags, comments, scripts or styles, entities resolved. */
struct decode_html {
	unsigned state;
	unsigned n;    /* characters in word */
	char word[16]; /* name of a tag, an entity, the last characters of a comment */
	char skip[8];  /* the element whose content is no text; "" if none */
	uint8_t quote; /* in an attribute's value */
};
void decode_html_init(struct decode_html *d);
void decode_html(struct decode_html *d, struct bytes utf8, struct buf *out);
void decode_html_end(struct decode_html *d, struct buf *out);

/* The three of them for the body of one leaf. */
struct decode_part;
struct decode_part *decode_part_new(const Tern__FactsPart *part);
void decode_part(struct decode_part *d, struct bytes in, struct buf *out);
void decode_part_end(struct decode_part *d, struct buf *out);
void decode_part_free(struct decode_part **d);

/* RFC 2047: a header value, unfolded or not, as UTF-8 without line ends. Raw 8-bit is taken as
 * UTF-8 where it is that, else as windows-1252. */
void decode_words(struct bytes value, struct buf *out);
/* RFC 2231 or plain parameter, pieces joined; false: no such parameter. */
bool decode_param(const Tern__FactsParam *const *params, size_t n, struct bytes name,
		  struct buf *out);

/* Letters in one case (simple folding), for substring search: fold both, then look. */
void decode_fold(struct bytes utf8, struct buf *out);

/* Looks for a folded needle in folded text that comes in pieces. */
struct decode_search {
	struct bytes needle; /* borrowed */
	struct buf tail;
	bool found;
};
void decode_search_init(struct decode_search *s, struct bytes needle);
bool decode_search(struct decode_search *s, struct bytes utf8); /* folds; true once found */
void decode_search_release(struct decode_search *s);

#endif
