/* SPDX-License-Identifier: Apache-2.0 */
/* facts.h - wire/facts.proto for C: the words of its numbers, packing, safe access.
 *
 * Facts that facts_unpack returned are in order: version known, parts in pre-order (a parent
 * stands before its children), header <= body <= end <= size, so nobody checks that again. */
#ifndef TERN_MIME_FACTS_H
#define TERN_MIME_FACTS_H

#include "base/arena.h"
#include "base/bytes.h"
#include "wire/facts.pb-c.h"

#define FACTS_VERSION 1
#define FACTS_TOP_HEADER KIB(8) /* longer headers are read from the content */

enum { /* FactsPart.kind */
       PART_LEAF = 0,
       PART_MULTIPART = 1, /* has at least one child */
       PART_MESSAGE = 2,   /* has exactly one child: the enclosed message */
};

enum {                     /* FactsPart.flags */
       PART_8BIT = BIT(0), /* a byte over 127 in the body (of a leaf) */
       PART_NUL = BIT(1),  /* a NUL in the body (of a leaf) */
       PART_CUT = BIT(2),  /* not looked into, by a limit: an opaque leaf */
};

enum {                           /* Facts.limits: what was more than mime/mime.h allows */
       LIMIT_FIELD = BIT(0),     /* a header field: its end was ignored */
       LIMIT_HEADER = BIT(1),    /* headers in all or their number: later fields were ignored */
       LIMIT_DEPTH = BIT(2),     /* nesting */
       LIMIT_PARTS = BIT(3),     /* parts: the last one is all that followed */
       LIMIT_BOUNDARY = BIT(4),  /* a boundary too long: its multipart is a leaf */
       LIMIT_PARAMS = BIT(5),    /* parameters and languages */
       LIMIT_ADDRESSES = BIT(6), /* addresses */
       LIMIT_FACTS = BIT(7),     /* bytes of facts: later values are empty */
};

enum { /* FactsAddr.null */
       ADDR_NO_NAME = BIT(0),
       ADDR_NO_ADL = BIT(1),
       ADDR_NO_MAILBOX = BIT(2), /* with NO_HOST: the end of a group */
       ADDR_NO_HOST = BIT(3),    /* mailbox is the name of the group that begins */
};

struct bytes facts_pack(const Tern__Facts *f, struct arena *mem);
/* NULL: malformed or made by a newer version. The result lives in mem. */
Tern__Facts *facts_unpack(struct bytes packed, struct arena *mem) MUST_USE;

/* The message's header as it came, empty line included. False: not stored, read the first
 * header_size bytes of the content. */
bool facts_top_header(const Tern__Facts *f, struct arena *mem, struct bytes *header) MUST_USE;

static inline struct bytes facts_bytes(ProtobufCBinaryData d)
{
	return bytes_of(d.data, d.len);
}

#endif
