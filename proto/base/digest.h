/* SPDX-License-Identifier: Apache-2.0 */
/* digest.h - hash128 (hash.h) of bytes that come in pieces. */
#ifndef TERN_DIGEST_H
#define TERN_DIGEST_H

#include "base/hash.h"

struct digest;

struct digest *digest_new(void);
void digest_add(struct digest *d, struct bytes b);
struct hash128 digest_end(const struct digest *d); /* of what was added so far */
void digest_free(struct digest **d);

#endif
