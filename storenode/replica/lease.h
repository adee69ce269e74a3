/* SPDX-License-Identifier: Apache-2.0 */
/* lease.h - when a leader may answer reads without asking anybody.
 *
 * Pure. A follower that hears from its leader votes for nobody else for an election timeout. So
 * while a majority of the voters is known to have heard from us that recently, no other leader
 * can exist. "Known": they echo the send time of what they heard, on our own boot-time clock;
 * nine tenths of the timeout leave room for clocks that run at different speeds. Not valid
 * again in a term once a transfer was tried: its target may be elected at any moment. */
#ifndef TERN_REPLICA_LEASE_H
#define TERN_REPLICA_LEASE_H

#include "replica/conf.h"

struct lease {
	uint64_t term;    /* of our leadership; 0: not leading */
	bool transferred; /* tried in this term */
	unsigned n;
	struct {
		uint64_t replica, echo_ms;
	} heard[CONF_MAX];
};

void lease_start(struct lease *l, uint64_t term);
void lease_end(struct lease *l);
void lease_echo(struct lease *l, const struct conf *c, uint64_t replica, uint64_t echo_ms);
uint64_t lease_heard(const struct lease *l, uint64_t replica); /* newest echo; 0: none */
/* When it runs out as things stand: valid while now < that. 0: it does not hold. */
uint64_t lease_until(const struct lease *l, const struct conf *c, uint64_t self,
		     unsigned election_ms);

#endif
