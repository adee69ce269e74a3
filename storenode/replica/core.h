/* SPDX-License-Identifier: Apache-2.0 */
/* core.h - libraft, for the two files that know it: group.c (steps, messages; the rules) and
 * events.c (what we ask of the core: submit, apply, compact, change, transfer). */
#ifndef TERN_REPLICA_CORE_H
#define TERN_REPLICA_CORE_H

#include "replica/group.h"

#include <raft.h>

#if RAFT_VERSION_NUMBER != 2201
#error the rules in group.c are those of libraft 0.22.1
#endif

struct feed { /* what the step under way may give back in update.entries */
	uint64_t first;
	struct entry **e;
	unsigned n;
	bool own;                /* to be stamped, on append */
	bool taken;              /* result */
	bool snapshot, answered; /* results */
	const struct rec *rec;   /* an INSTALL, and who sent it */
	uint32_t node;
};

/* The only way into raft_step; 0 or the core's error, on which nothing has happened. */
int core_step(struct group *g, struct raft_event *ev, struct feed *f);
void core_conf(const struct conf *c, struct raft_configuration *rc);
void core_refresh(struct group *g); /* g->conf */

#endif
