/* SPDX-License-Identifier: Apache-2.0 */
/* header.h - header fields (RFC 5322, 2.2) and what may stand in them.
 *
 * Everything is linear in its input, takes any bytes and skips what it cannot read. Values are
 * raw: folded, in any charset, encoded words untouched (decode.h turns those into text). */
#ifndef TERN_MIME_HEADER_H
#define TERN_MIME_HEADER_H

#include "base/arena.h"
#include "base/buf.h"
#include "wire/facts.pb-c.h"

struct header_field {
	struct bytes name;  /* empty: lines that are no field */
	struct bytes value; /* after the colon, folded, without the last line end */
	struct bytes whole; /* name to last line end */
};

/* Takes the next field off *in. False: the empty line (now at the start of *in) or the end. */
bool header_next(struct bytes *in, struct header_field *f);
/* Name of a field that starts at b; empty: no field. RFC 5322, 4.5.8: blanks before the colon. */
struct bytes header_name(struct bytes b, size_t *colon);
/* Length of the empty line at the start of b: 0 if there is none, 1 or 2. */
size_t header_empty_line(struct bytes b);
/* The first field of that name. */
bool header_find(struct bytes header, struct bytes name, struct bytes *value);

/* One line without blanks at its ends: line ends of a folding are dropped, NUL and stray line
 * ends become blanks. */
struct bytes header_unfold(struct bytes value, struct arena *mem);

struct addr_list {
	Tern__FactsAddr **v;
	size_t n, cap;
};

/* RFC 5322, 3.4 and 4.4: address lists with groups, routes, comments; appends to *list while
 * it has less than `max`. False: there were more. "a@b (Name)" gets the comment as its name. */
bool header_addresses(struct bytes value, struct arena *mem, size_t max, struct addr_list *list);

/* RFC 5322, 3.3 and 4.3: milliseconds since 1970. */
bool header_date(struct bytes value, int64_t *ms) MUST_USE;

/* Takes the next id off a Message-ID, In-Reply-To or References value: what is between '<' and
 * '>', without blanks. False: no more. */
bool header_message_id(struct bytes *in, struct arena *mem, struct bytes *id);

/* RFC 2045, 5.1: "type/subtype" or another leading token, then parameters one by one, names
 * (RFC 2231 marks and all) and values without their quotes. */
bool header_token(struct bytes *in, struct bytes *token);
bool header_media_type(struct bytes *in, struct bytes *type, struct bytes *subtype);
bool header_param(struct bytes *in, struct arena *mem, struct bytes *name, struct bytes *value);

#endif
