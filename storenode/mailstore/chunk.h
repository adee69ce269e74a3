/* SPDX-License-Identifier: Apache-2.0 */
/* chunk.h - staged uploads: chunks that were sent before the operation that names them.
 *
 * An upload is made by its first chunk and ends with the operation that takes its chunks, with
 * an abort, or an hour after its last chunk. Chunks it does not take go to the reclaim list. */
#ifndef TERN_MAILSTORE_CHUNK_H
#define TERN_MAILSTORE_CHUNK_H

#include "mailstore/txn.h"

struct staged {
	struct bytes upload;
	uint64_t bytes;
	size_t n;
	struct row_chunk *chunks; /* ascending by log index */
	bool *taken;
};

bool staged_read(struct rows *r, struct bytes upload, struct arena *mem, struct staged *s);
/* Marks the chunk that is the same in all its fields; false: none, or taken already. */
bool staged_take(struct staged *s, const struct row_chunk *c);
/* Ends the upload: what is not taken is reclaimed. */
void staged_end(struct txn *t, struct staged *s);
/* From Maintain: when to come again, 0: it is gone. */
uint64_t upload_expire(struct txn *t, struct bytes upload, size_t *n);

#endif
