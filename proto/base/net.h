/* SPDX-License-Identifier: Apache-2.0 */
/* net.h - addresses and listening sockets, for everyone who opens one. */
#ifndef TERN_NET_H
#define TERN_NET_H

#include "base/bytes.h"
#include "base/err.h"

#include <netinet/in.h>

struct net_addr {
	union {
		struct sockaddr sa;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
	};
};

/* "127.0.0.1:25", "[::1]:25"; numeric only, no DNS. */
int net_parse(const char *text, struct net_addr *addr, struct why *why) MUST_USE;
void net_print(const struct net_addr *addr, char *out, size_t n); /* with the port */
void net_print_host(const struct net_addr *addr, char *out,
		    size_t n); /* without; v4-mapped as v4 */
socklen_t net_len(const struct net_addr *addr);

/* Non-blocking, close-on-exec, SO_REUSEADDR, backlog 4096; [::] is IPv6 only. Returns the descriptor or -ERR_IO. */
int net_listen(const struct net_addr *addr, struct why *why) MUST_USE;

/* "127.0.0.0/8", "::1/128". */
struct net_prefix {
	uint8_t bytes[16]; /* v4 as v4-mapped v6 */
	unsigned bits;     /* of 128 */
};
int net_prefix_parse(const char *text, struct net_prefix *prefix, struct why *why) MUST_USE;
bool net_prefix_has(const struct net_prefix *prefix, const struct net_addr *addr);

#endif
