/* SPDX-License-Identifier: Apache-2.0 */
/* readers.h - threads that read rows and bodies: RocksDB may block, the loop may not. */
#ifndef TERN_SERVER_READERS_H
#define TERN_SERVER_READERS_H

#include "base/loop.h"

struct readers;

struct readers *readers_new(struct loop *loop, unsigned threads);
void readers_free(struct readers **r); /* what was handed in is run; its `done` is not */

/* run(arg) on some reader thread, then done(arg) on the loop's. */
void readers_add(struct readers *r, void (*run)(void *arg), void (*done)(void *arg), void *arg);

#endif
