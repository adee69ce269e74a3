/* SPDX-License-Identifier: Apache-2.0 */
/* page.h - rows of a mailbox as they are asked for and as they come: a page at a time, in the
 * arena that it was read into. */
#ifndef TERN_STORE_PAGE_H
#define TERN_STORE_PAGE_H

#include "model/row.h"
#include "model/uidset.h"

struct store_ask {
	const struct uidset *uids; /* NULL: all */
	uint32_t columns;          /* ROW_... */
	uint32_t from_uid;         /* rows below are skipped */
	uint32_t max_bytes;        /* of rows; 0: what the node finds right */
	bool bodies;               /* small bodies come along, with few rows a page; ROW_CHUNKS */
};

struct store_page {
	struct bytes rows; /* row_unpack(&rows, columns, ...) */
	uint32_t next_uid; /* go on there; 0: done */
	uint64_t modseq;   /* HIGHESTMODSEQ of the mailbox when it was read */
	struct store_body {
		uint32_t uid;
		struct bytes stored;
	} * bodies; /* that came along, as stored (codec.h), in the order of the rows */
	size_t n_bodies;
};

#endif
