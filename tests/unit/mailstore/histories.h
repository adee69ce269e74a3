/* SPDX-License-Identifier: Apache-2.0 */
/* histories.h - runs of the random tests, for whoever wants their entries. */
#ifndef HISTORIES_H
#define HISTORIES_H

#include "store.h"

typedef void record_fn(void *arg, const struct entry *e);

/* `record` sees each entry before it is applied. */
void history_model(uint64_t seed, unsigned steps, record_fn *record, void *arg);
void history_hostile(uint64_t seed, unsigned steps, record_fn *record, void *arg);

#define HISTORY_MODEL_SHARD 5
#define HISTORY_HOSTILE_SHARD 0 /* with even seeds */

#endif
