/* SPDX-License-Identifier: Apache-2.0 */
#include "replica/lease.h"

void lease_start(struct lease *l, uint64_t term)
{
	*l = (struct lease){ .term = term };
}

void lease_end(struct lease *l)
{
	*l = (struct lease){ 0 };
}

void lease_echo(struct lease *l, const struct conf *c, uint64_t replica, uint64_t echo_ms)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < l->n; i++) {
		if (l->heard[i].replica == replica) {
			l->heard[i].echo_ms = MAX(l->heard[i].echo_ms, echo_ms);
			return;
		}
		if (conf_find(c, l->heard[i].replica) >= 0)
			l->heard[kept++] = l->heard[i];
	}
	l->n = kept;
	if (conf_find(c, replica) < 0 || l->n == CONF_MAX)
		return;
	l->heard[l->n].replica = replica;
	l->heard[l->n++].echo_ms = echo_ms;
}

uint64_t lease_heard(const struct lease *l, uint64_t replica)
{
	for (unsigned i = 0; i < l->n; i++)
		if (l->heard[i].replica == replica)
			return l->heard[i].echo_ms;
	return 0;
}

/* The echo that a majority of the voters has reached. */
static uint64_t majority_echo(const struct lease *l, const struct conf *c, uint64_t self)
{
	uint64_t sorted[CONF_MAX];
	unsigned n = 0;

	for (unsigned i = 0; i < c->n; i++) {
		uint64_t echo = c->m[i].replica == self ? UINT64_MAX / 2 :
							  lease_heard(l, c->m[i].replica);
		unsigned at = n;

		if (c->m[i].role != CONF_VOTER)
			continue;
		for (n++; at && sorted[at - 1] < echo; at--)
			sorted[at] = sorted[at - 1];
		sorted[at] = echo;
	}
	return n ? sorted[n / 2] : 0;
}

uint64_t lease_until(const struct lease *l, const struct conf *c, uint64_t self,
		     unsigned election_ms)
{
	uint64_t echo;

	if (!l->term || l->transferred || !conf_is_voter(c, self))
		return 0;
	echo = majority_echo(l, c, self);
	return echo ? echo + (uint64_t)election_ms * 9 / 10 : 0;
}
