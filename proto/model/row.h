/* SPDX-License-Identifier: Apache-2.0 */
/* row.h - one message in one mailbox as it is stored and sent: short, so that FETCH FLAGS is a
 * dense scan.
 *
 * Packed: varints in the order of the column bits, only the columns asked for; the UID always.
 * The page says nothing of its columns: whoever reads it knows what it asked for. */
#ifndef TERN_MODEL_ROW_H
#define TERN_MODEL_ROW_H

#include "base/buf.h"
#include "base/hash.h"
#include "model/flags.h"

enum {                     /* columns; on the wire */
       ROW_FLAGS = BIT(0), /* system flags, keyword numbers */
       ROW_MODSEQ = BIT(1),
       ROW_DATE = BIT(2),   /* internal date, zone, save date */
       ROW_SIZE = BIT(3),   /* RFC822.SIZE, prefix included */
       ROW_IDS = BIT(4),    /* email id, thread id */
       ROW_FACTS = BIT(5),  /* facts.proto bytes; borrowed from the page */
       ROW_CHUNKS = BIT(6), /* prefix and chunk list */
       ROW_ENVELOPE = BIT(7),
       ROW_STRUCTURE = BIT(8),
       ROW_ALL = 0x1ff,
};

#define ROW_MAX_CHUNKS 4096
#define ROW_RENDERED_MAX KIB(16) /* of envelope and of structure */

struct row_chunk {
	uint64_t index, term;
	uint32_t raw, stored;
	struct hash128 hash;
};

struct row {
	uint32_t uid;
	uint32_t flags; /* FLAG_... */
	uint8_t n_keywords;
	uint8_t keywords[KEYWORDS_MAX]; /* dictionary numbers, ascending */
	uint64_t modseq;
	uint64_t date_ms, save_ms;
	int32_t zone; /* minutes east of UTC */
	uint64_t size;
	uint64_t email, thread;
	uint64_t content;                 /* in the store only: no column */
	struct bytes envelope, structure; /* as FETCH shows them; borrowed, empty: too long */
	struct bytes facts;               /* borrowed */
	struct bytes prefix;              /* borrowed */
	uint32_t n_chunks;
	struct bytes chunks; /* packed; row_chunk_next */
};

void row_pack(struct buf *out, const struct row *row, uint32_t columns);
/* Takes one row off *page. False: malformed. Columns not asked for are zero. */
bool row_unpack(struct bytes *page, uint32_t columns, struct row *row) MUST_USE;
void row_chunk_pack(struct buf *out, const struct row_chunk *c);
bool row_chunk_next(struct bytes *chunks, struct row_chunk *c) MUST_USE;

#endif
