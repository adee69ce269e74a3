/* SPDX-License-Identifier: Apache-2.0 */
/* runner.h - looks, in every shard in turn, for deliveries that a front end left pending and
 * finishes them. Any number of runners may look: leases and delivery ids make twice once. */
#ifndef TERN_QUEUE_RUNNER_H
#define TERN_QUEUE_RUNNER_H

#include "base/loop.h"
#include "store/store.h"

struct runner;

struct runner *runner_new(struct loop *loop, struct store *store);
void runner_free(struct runner **r); /* after runner_idle */
void runner_stop(struct runner *r);  /* starts nothing more */
bool runner_idle(const struct runner *r);

#endif
