/* SPDX-License-Identifier: Apache-2.0 */
/* build.h - the facts while they grow: what header fields say becomes values of parts and
 * envelopes, within the budgets of mime.h. Used by the parser only. */
#ifndef TERN_MIME_BUILD_H
#define TERN_MIME_BUILD_H

#include "mime/facts.h"

struct build {
	struct arena *mem;
	Tern__Facts *facts;
	size_t cap_parts;
	size_t budget; /* bytes of packed facts left */
	int64_t slack; /* memory that a reader would have left when unpacking them */
	unsigned params, addresses;
	uint32_t seen;         /* kinds of fields that the current header had: the first counts */
	bool typed;            /* ... a Content-Type among them */
	struct bytes boundary; /* of the current part */
	struct bytes message_id, references, in_reply_to; /* raw, of the message */
};

void build_init(struct build *b, struct arena *mem);
/* A new part of that parent with the default type; envelope: of the message that it is, NULL
 * for a part of a multipart. */
Tern__FactsPart *build_part(struct build *b, uint32_t parent, uint64_t offset);
/* Is there room for `n` more parts beside the last one, that takes all the rest? */
bool build_room(struct build *b, size_t n);

/* A field of the header of `part`. */
void build_field(struct build *b, Tern__FactsPart *part, Tern__FactsEnvelope *envelope,
		 struct bytes name, struct bytes value);
/* The header of `part` has ended. */
void build_header_end(struct build *b, const Tern__FactsPart *part,
		      const Tern__FactsEnvelope *envelope);
Tern__FactsEnvelope *build_envelope(struct build *b);

void build_set_type(Tern__FactsPart *part, const char *type, const char *subtype);
bool build_type_is(const Tern__FactsPart *part, const char *type, const char *subtype);

#endif
