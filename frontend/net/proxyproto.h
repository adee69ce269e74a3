/* SPDX-License-Identifier: Apache-2.0 */
/* proxyproto.h - the header by which a load balancer says who the client is (PROXY v1, v2).
 *
 * Pure. https://www.haproxy.org/download/2.8/doc/proxy-protocol.txt. Believe it only from
 * addresses that are configured as trusted. */
#ifndef TERN_NET_PROXYPROTO_H
#define TERN_NET_PROXYPROTO_H

#include "base/net.h"

enum proxy {
	PROXY_MORE, /* all bytes so far belong to a header that is not complete */
	PROXY_DONE,
	PROXY_BAD,
};

enum { PROXY_MAX = 2048 }; /* longest header taken, TLVs included */

struct proxy_header {
	bool named; /* peer and local are set; else the connection speaks for itself */
	struct net_addr peer, local;
	size_t size; /* bytes of the header */
};

enum proxy proxy_parse(struct bytes in, struct proxy_header *h);

#endif
