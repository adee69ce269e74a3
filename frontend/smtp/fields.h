/* SPDX-License-Identifier: Apache-2.0 */
/* fields.h - what has to be known of a message's header while it streams by.
 *
 * Pure. Counts a few fields and tells where the header ends; keeps the first letters of a line,
 * nothing else. Lines are those of a message from smtp/data.h: they end in CRLF. */
#ifndef TERN_SMTP_FIELDS_H
#define TERN_SMTP_FIELDS_H

#include "base/bytes.h"

struct smtp_fields { /* zero it to begin */
	unsigned received, date, message_id, from;
	bool over; /* the empty line was seen */
	bool skip; /* the rest of this line does not matter */
	uint8_t name[16];
	size_t n;
};

/* Offset in `piece` of the empty line that ends the header: where fields can be added. piece.n
 * when it is not there; afterwards always. */
size_t smtp_fields_scan(struct smtp_fields *f, struct bytes piece);

#endif
