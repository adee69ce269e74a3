/* SPDX-License-Identifier: Apache-2.0 */
/* upload.h - the inside of a message on its way in, for upload.c and deliver.c. */
#ifndef TERN_STORE_UPLOAD_H
#define TERN_STORE_UPLOAD_H

#include "base/hash.h"
#include "base/log.h"
#include "mime/facts.h"
#include "mime/mime.h"
#include "mime/thread.h"
#include "store/private.h"

#define UPLOAD_WINDOW 4 /* chunks on their way at once: 1 MiB, what a shard takes uncommitted */

struct chunk_flight {
	struct store_call sc;
	Tern__ChunkRef *ref;
};

struct upload {
	struct store_user *user;
	struct arena mem;
	uint32_t home;
	uint8_t id[16]; /* of the upload and, for a delivery, of the delivery */
	uint64_t size;
	int status; /* the first failure; sticks */
	struct mime_parser *parser;
	Tern__Facts *facts;
	uint8_t *buffer; /* the chunk being filled */
	size_t held;
	struct blob *last; /* the chunk that rides with the operation */
	Tern__ChunkRef **chunks;
	size_t n_chunks, cap_chunks;
	struct chunk_flight flights[UPLOAD_WINDOW];
	unsigned oldest, next;
	bool staged; /* chunks lie in the store that nothing refers to yet */
};

Tern__Content *upload_content(struct upload *up);

#endif
