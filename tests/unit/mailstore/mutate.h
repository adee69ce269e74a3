/* SPDX-License-Identifier: Apache-2.0 */
/* mutate.h - operations as an enemy would send them.
 *
 * Walks a message by its schema and sets fields to values at the edges: 0, 1, the largest, ids of
 * others, strings too long or not canonical, lists doubled or cut, messages left out. */
#ifndef MUTATE_H
#define MUTATE_H

#include "base/arena.h"
#include "base/rand.h"
#include "wire/tern.pb-c.h"

/* A random operation of any kind, every field filled with something plausible. */
Tern__Op *mutate_op_new(struct prng *r, struct arena *mem);
/* Fills or changes about one field in `odds`. */
void mutate(ProtobufCMessage *m, struct prng *r, struct arena *mem, unsigned odds);

#endif
