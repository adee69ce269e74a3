/* SPDX-License-Identifier: Apache-2.0 */
#include "base/blob.h"

#include <stdlib.h>

static void release_own(struct blob *blob)
{
	free(blob);
}

struct blob *blob_new(size_t n, uint8_t **room)
{
	struct blob *blob = xmalloc(sizeof(*blob) + n);

	*room = (uint8_t *)(blob + 1);
	blob->b = bytes_of(*room, n);
	atomic_init(&blob->refs, 1);
	blob->release = release_own;
	blob->owner = NULL;
	return blob;
}

struct blob *blob_copy(struct bytes b)
{
	uint8_t *room;
	struct blob *blob = blob_new(b.n, &room);

	if (b.n)
		memcpy(room, b.p, b.n);
	return blob;
}

struct blob *blob_ref(struct blob *blob)
{
	unsigned had = atomic_fetch_add_explicit(&blob->refs, 1, memory_order_relaxed);

	INVARIANT(had > 0);
	return blob;
}

void blob_unref(struct blob **blob)
{
	struct blob *b = *blob;
	unsigned had;

	*blob = NULL;
	if (!b)
		return;
	had = atomic_fetch_sub_explicit(&b->refs, 1, memory_order_acq_rel);
	INVARIANT(had > 0);
	if (had == 1)
		b->release(b);
}
