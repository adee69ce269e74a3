/* SPDX-License-Identifier: Apache-2.0 */
/* address.h - mail addresses (RFC 5321 4.1.2): parsed strictly, normalised once. */
#ifndef TERN_MODEL_ADDRESS_H
#define TERN_MODEL_ADDRESS_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/err.h"

struct address {
	struct bytes local;  /* as written, quotes and quoted-pairs resolved */
	struct bytes domain; /* as written; address literals keep their brackets */
	struct bytes full;   /* normalised: local lower-cased '@' lower-case A-label */
};

/* "user@example.org" without angle brackets; Mailbox of RFC 5321 (dot-string or quoted-string,
 * domain or literal). Local part <= 64, domain <= 255 octets, labels <= 63. UTF-8 only when
 * `utf8`. The result lives in mem. -ERR_INVALID with a sentence. */
int address_parse(struct bytes text, bool utf8, struct arena *mem, struct address *a,
		  struct why *why) MUST_USE;

/* Normalised address split; a mailbox without '@' has an empty domain. */
struct bytes address_local(struct bytes full);
struct bytes address_domain(struct bytes full);
/* user+ext@d -> user@d; false when there is no extension. */
bool address_base(struct bytes full, struct arena *mem, struct bytes *base);
/* Lower-case A-label of a domain; false: not a valid one. */
bool domain_normalise(struct bytes text, struct arena *mem, struct bytes *domain);

#endif
