/* SPDX-License-Identifier: Apache-2.0 */
/* pattern.h - the patterns of LIST and LSUB (RFC 3501, 6.3.8): '*' is anything, '%' anything
 * without the separator.
 *
 * Pure. Time is bounded by (length of the name)^2 whatever the pattern: runs of wildcards count
 * as one, and a pattern with more plain characters than the name has cannot match. */
#ifndef TERN_IMAP_PATTERN_H
#define TERN_IMAP_PATTERN_H

#include "base/arena.h"
#include "base/bytes.h"

struct pattern {
	struct bytes text; /* UTF-8, runs of wildcards joined */
	size_t plain;      /* characters that are no wildcards */
	bool never;        /* not a pattern of names: nothing matches */
};

/* Reference and pattern in modified UTF-7, as the client sent them. */
void pattern_init(struct pattern *p, struct bytes reference, struct bytes pattern,
		  struct arena *mem);
/* The first component INBOX matches in any case. */
bool pattern_match(const struct pattern *p, struct bytes path);

#endif
