/* SPDX-License-Identifier: Apache-2.0 */
#include "base/digest.h"

#include <stdlib.h>
#include <xxhash.h>

struct digest {
	XXH3_state_t *state;
};

struct digest *digest_new(void)
{
	struct digest *d = xnew(struct digest);

	d->state = XXH3_createState();
	INVARIANT(d->state);
	XXH3_128bits_reset(d->state);
	return d;
}

void digest_add(struct digest *d, struct bytes b)
{
	if (b.n)
		XXH3_128bits_update(d->state, b.p, b.n);
}

struct hash128 digest_end(const struct digest *d)
{
	XXH128_hash_t h = XXH3_128bits_digest(d->state);

	return (struct hash128){ .lo = h.low64, .hi = h.high64 };
}

void digest_free(struct digest **d)
{
	if (!*d)
		return;
	XXH3_freeState((*d)->state);
	free(*d);
	*d = NULL;
}
