/* SPDX-License-Identifier: Apache-2.0 */
/* blob.h - bytes that travel between threads and sockets without being copied.
 *
 * Reference-counted (atomically), immutable once shared. A blob may own malloc memory, a
 * ZeroMQ message or a pinned RocksDB slice: `release` frees whatever is behind it. */
#ifndef TERN_BLOB_H
#define TERN_BLOB_H

#include "base/bytes.h"

#include <stdatomic.h>

struct blob {
	struct bytes b;
	atomic_uint refs;
	void (*release)(struct blob *blob); /* frees the blob itself too */
	void *owner;
};

struct blob *blob_copy(struct bytes b);          /* one reference, own memory in one allocation */
struct blob *blob_new(size_t n, uint8_t **room); /* uninitialised; fill before sharing */
struct blob *blob_ref(struct blob *blob);
void blob_unref(struct blob **blob); /* sets *blob to NULL; NULL is fine */

#endif
