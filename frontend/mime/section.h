/* SPDX-License-Identifier: Apache-2.0 */
/* section.h - where a BODY section lies in the content (RFC 3501, 6.4.5), and header subsets. */
#ifndef TERN_MIME_SECTION_H
#define TERN_MIME_SECTION_H

#include "base/buf.h"
#include "mime/facts.h"

enum section_what {
	SECTION_ALL,    /* BODY[], BODY[1.2]: the part's body */
	SECTION_HEADER, /* of the message, or of the message/rfc822 that the numbers name */
	SECTION_TEXT,   /* the same without its header */
	SECTION_MIME,   /* the part's own header; wants numbers */
};

struct section {
	const uint32_t *numbers;
	size_t n;
	enum section_what what;
};

struct section_range {
	uint64_t offset, length;     /* in the content; a prefix lies before it */
	const Tern__FactsPart *part; /* what was named, for BINARY and charsets */
};

/* "", "1.2", "1.2.TEXT", "HEADER", "MIME"; no HEADER.FIELDS. Numbers live in mem. False:
 * malformed, a zero or more than 100 numbers. */
bool section_parse(struct bytes text, struct arena *mem, struct section *s) MUST_USE;

/* False: the message has no such section. header_size and size are of the content. */
bool section_find(const Tern__Facts *f, const struct section *s, struct section_range *r) MUST_USE;

/* BODY[HEADER.FIELDS (names)], or .NOT when `not`: the fields in their order, as they stand,
 * then the empty line if the header has one. `header` is what SECTION_HEADER named. Linear in
 * header plus names. */
void section_header_fields(struct buf *out, struct bytes header, const struct bytes *names,
			   size_t n, bool not );

#endif
