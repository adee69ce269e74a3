/* SPDX-License-Identifier: Apache-2.0 */
#include "net/proxyproto.h"

#include <arpa/inet.h>

enum { V1_MAX = 107, V2_HEAD = 16, V2_TCP4 = 12, V2_TCP6 = 36 };

static const struct bytes signature = BYTES("\r\n\r\n\0\r\nQUIT\n");

/* ---- version 1: one line of text ------------------------------------------------------------- */

static bool take_ip(struct bytes *in, int family, struct net_addr *addr)
{
	struct bytes word = bytes_cut(in, ' ');
	char text[INET6_ADDRSTRLEN];

	if (word.n >= sizeof(text) || bytes_chr(word, '\0') < word.n)
		return false;
	memcpy(text, word.p, word.n);
	text[word.n] = '\0';
	memset(addr, 0, sizeof(*addr));
	addr->sa.sa_family = (sa_family_t)family;
	return inet_pton(family, text,
			 family == AF_INET ? (void *)&addr->in.sin_addr : &addr->in6.sin6_addr) ==
	       1;
}

static bool take_port(struct bytes word, struct net_addr *addr)
{
	uint64_t port;

	if (!bytes_u64(word, 65535, &port) || (word.n > 1 && word.p[0] == '0'))
		return false;
	if (addr->sa.sa_family == AF_INET)
		addr->in.sin_port = htons((uint16_t)port);
	else
		addr->in6.sin6_port = htons((uint16_t)port);
	return true;
}

static bool read_v1(struct bytes line, struct proxy_header *h)
{
	struct bytes family;
	int af;

	bytes_cut(&line, ' '); /* "PROXY" */
	family = bytes_cut(&line, ' ');
	if (bytes_eq(family, BYTES("UNKNOWN")))
		return true;
	if (!bytes_eq(family, BYTES("TCP4")) && !bytes_eq(family, BYTES("TCP6")))
		return false;
	af = family.p[3] == '4' ? AF_INET : AF_INET6;
	h->named = true;
	return take_ip(&line, af, &h->peer) && take_ip(&line, af, &h->local) &&
	       bytes_chr(line, ' ') < line.n && take_port(bytes_cut(&line, ' '), &h->peer) &&
	       take_port(line, &h->local);
}

static enum proxy parse_v1(struct bytes in, struct proxy_header *h)
{
	size_t lf = bytes_chr(in, '\n'), end;

	if (!bytes_starts(BYTES("PROXY "), bytes_head(in, 6)))
		return PROXY_BAD;
	if (lf == in.n)
		return in.n >= V1_MAX ? PROXY_BAD : PROXY_MORE;
	end = lf - 1;
	if (lf >= V1_MAX || in.p[end] != '\r' || bytes_chr(in, '\r') != end)
		return PROXY_BAD;
	h->size = end + 2;
	return read_v1(bytes_head(in, end), h) ? PROXY_DONE : PROXY_BAD;
}

/* ---- version 2: binary ------------------------------------------------------------------------- */

static void set4(struct net_addr *addr, const uint8_t *ip, const uint8_t *port)
{
	memset(addr, 0, sizeof(*addr));
	addr->in.sin_family = AF_INET;
	memcpy(&addr->in.sin_addr, ip, 4);
	memcpy(&addr->in.sin_port, port, 2);
}

static void set6(struct net_addr *addr, const uint8_t *ip, const uint8_t *port)
{
	memset(addr, 0, sizeof(*addr));
	addr->in6.sin6_family = AF_INET6;
	memcpy(&addr->in6.sin6_addr, ip, 16);
	memcpy(&addr->in6.sin6_port, port, 2);
}

/* body: the addresses and TLVs. */
static bool read_v2(uint8_t family, struct bytes body, struct proxy_header *h)
{
	const uint8_t *p = body.p;

	switch (family) {
	case 0x11: /* TCP over IPv4 */
		if (body.n < V2_TCP4)
			return false;
		set4(&h->peer, p, p + 8);
		set4(&h->local, p + 4, p + 10);
		break;
	case 0x21: /* TCP over IPv6 */
		if (body.n < V2_TCP6)
			return false;
		set6(&h->peer, p, p + 32);
		set6(&h->local, p + 16, p + 34);
		break;
	case 0x00: /* unspecified */
	case 0x31: /* a UNIX socket */ return true;
	default: return false;
	}
	h->named = true;
	return true;
}

static enum proxy parse_v2(struct bytes in, struct proxy_header *h)
{
	if (!bytes_starts(in, bytes_head(signature, in.n)))
		return PROXY_BAD;
	if (in.n >= 13 && in.p[12] != 0x20 && in.p[12] != 0x21)
		return PROXY_BAD;
	if (in.n < V2_HEAD)
		return PROXY_MORE;
	h->size = V2_HEAD + ((size_t)in.p[14] << 8 | in.p[15]);
	if (h->size > PROXY_MAX)
		return PROXY_BAD;
	if (in.n < h->size)
		return PROXY_MORE;
	if (in.p[12] == 0x20) /* LOCAL: the balancer's own health check */
		return PROXY_DONE;
	return read_v2(in.p[13], bytes_slice(in, V2_HEAD, h->size - V2_HEAD), h) ? PROXY_DONE :
										   PROXY_BAD;
}

enum proxy proxy_parse(struct bytes in, struct proxy_header *h)
{
	memset(h, 0, sizeof(*h));
	if (in.n == 0)
		return PROXY_MORE;
	return in.p[0] == signature.p[0] ? parse_v2(in, h) : parse_v1(in, h);
}
