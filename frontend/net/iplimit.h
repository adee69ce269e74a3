/* SPDX-License-Identifier: Apache-2.0 */
/* iplimit.h - how many connections one address and one network have, and how fast they come.
 *
 * One table per worker, bounded: the longest unused entries go first. A network is an IPv6 /64
 * or an IPv4 /24. */
#ifndef TERN_NET_IPLIMIT_H
#define TERN_NET_IPLIMIT_H

#include "base/net.h"

struct iplimit;

struct iplimit_max {
	uint64_t per_ip, per_net, per_minute;
};

/* The 16 bytes under which an address is counted: v4 as v4-mapped v6; whole or its network. */
struct ipkey {
	uint8_t bytes[16];
};
struct ipkey ipkey_host(const struct net_addr *addr);
struct ipkey ipkey_net(const struct net_addr *addr);

struct iplimit *iplimit_new(size_t max_entries);
void iplimit_free(struct iplimit **l);
/* Counts a connection; false: over a limit, not counted as open. */
bool iplimit_enter(struct iplimit *l, const struct net_addr *addr, const struct iplimit_max *max)
	MUST_USE;
void iplimit_leave(struct iplimit *l, const struct net_addr *addr);
size_t iplimit_entries(const struct iplimit *l);

#endif
