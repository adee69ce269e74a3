/* SPDX-License-Identifier: Apache-2.0 */
/* pending.h - finishing deliveries whose recipients live in other shards than the message's home.
 *
 * A job owns copies of all it needs; the command that made it may end first. */
#ifndef TERN_STORE_PENDING_H
#define TERN_STORE_PENDING_H

#include "store/upload.h"

struct pending_job;

struct pending_job *pending_job_new(struct store *s, uint32_t home, uint64_t trace);
/* `last`: the last chunk's bytes, where they are at hand (a reference is taken); NULL: all chunks
 * are read from the home shard. */
void pending_job_content(struct pending_job *job, const Tern__Deliver *d, struct blob *last);
void pending_job_add(struct pending_job *job, uint64_t id, const Tern__Recipient *r);
/* Runs it in the background and frees it; with no stack free it is left to frontend/queue. Waits
 * at most wait_ms for it (0: not at all); true: it ended, and statuses[i] is what became of the
 * i-th recipient added (0 also where it is still to come). */
CO bool pending_job_start(struct pending_job *job, unsigned wait_ms, int *statuses);
/* The same on the caller's stack; *finished counts recipients settled. Frees it. */
CO int pending_job_run(struct pending_job **job, struct store_user *u, unsigned *finished) MUST_USE;

#endif
