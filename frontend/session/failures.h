/* SPDX-License-Identifier: Apache-2.0 */
/* failures.h - failed logins of this worker: what they cost and whom they block.
 *
 * Counted by (user, network of the client) for ten minutes and by address for a day, so that
 * somebody who guesses a victim's password elsewhere does not lock the victim out. Bounded: the
 * entries that failed longest ago go first. Time comes from clock.h. */
#ifndef TERN_SESSION_FAILURES_H
#define TERN_SESSION_FAILURES_H

#include "base/net.h"
#include "session/limits.h"

struct failures;

struct failures *failures_new(size_t max_entries);
void failures_free(struct failures **f);

bool failures_blocked(struct failures *f, const struct limits *limits, struct bytes user,
		      const struct net_addr *peer);
/* Counts one; returns how long its answer shall wait, doubling, 15 s at most. */
uint64_t failures_add(struct failures *f, const struct limits *limits, struct bytes user,
		      const struct net_addr *peer);
/* After a success: forgets (user, network); the address keeps its count. */
void failures_forgive(struct failures *f, struct bytes user, const struct net_addr *peer);
size_t failures_entries(const struct failures *f);

#endif
