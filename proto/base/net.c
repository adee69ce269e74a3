/* SPDX-License-Identifier: Apache-2.0 */
#include "base/net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 4096, V4_OFFSET = 12 };

static const uint8_t v4_mapped[V4_OFFSET] = { [10] = 0xff, [11] = 0xff };

/* "ADDR" in brackets if IPv6, then ":PORT"; the address goes to `host`. */
static bool split(struct bytes text, char host[INET6_ADDRSTRLEN], bool *v6, uint64_t *port)
{
	struct bytes addr;

	*v6 = bytes_starts(text, BYTES("["));
	if (*v6)
		bytes_cut(&text, '[');
	addr = bytes_cut(&text, *v6 ? ']' : ':');
	if (*v6) {
		if (!bytes_starts(text, BYTES(":")))
			return false;
		text = bytes_skip(text, 1);
	}
	if (addr.n >= INET6_ADDRSTRLEN || !bytes_u64(text, 65535, port))
		return false;
	memcpy(host, addr.p, addr.n);
	host[addr.n] = '\0';
	return true;
}

int net_parse(const char *text, struct net_addr *addr, struct why *why)
{
	char host[INET6_ADDRSTRLEN];
	uint64_t port = 0;
	bool v6 = false, ok;

	memset(addr, 0, sizeof(*addr));
	ok = split(bytes_str(text), host, &v6, &port);
	if (ok && v6) {
		addr->in6.sin6_family = AF_INET6;
		addr->in6.sin6_port = htons((uint16_t)port);
		ok = inet_pton(AF_INET6, host, &addr->in6.sin6_addr) == 1;
	} else if (ok) {
		addr->in.sin_family = AF_INET;
		addr->in.sin_port = htons((uint16_t)port);
		ok = inet_pton(AF_INET, host, &addr->in.sin_addr) == 1;
	}
	if (!ok)
		return why_set(why, ERR_INVALID,
			       "\"%s\" is not an address and port; write 192.0.2.1:25 or "
			       "[2001:db8::1]:25",
			       text);
	return 0;
}

/* 16 bytes, IPv4 as v4-mapped IPv6; false for another family. */
static bool raw(const struct net_addr *addr, uint8_t out[16])
{
	if (addr->sa.sa_family == AF_INET6) {
		memcpy(out, &addr->in6.sin6_addr, 16);
		return true;
	}
	memcpy(out, v4_mapped, V4_OFFSET);
	memcpy(out + V4_OFFSET, &addr->in.sin_addr, 4);
	return addr->sa.sa_family == AF_INET;
}

void net_print_host(const struct net_addr *addr, char *out, size_t n)
{
	uint8_t bytes[16];
	char text[INET6_ADDRSTRLEN] = "?";

	if (raw(addr, bytes)) {
		if (memcmp(bytes, v4_mapped, V4_OFFSET) == 0)
			inet_ntop(AF_INET, bytes + V4_OFFSET, text, sizeof(text));
		else
			inet_ntop(AF_INET6, bytes, text, sizeof(text));
	}
	(void)!snprintf(out, n, "%s", text);
}

void net_print(const struct net_addr *addr, char *out, size_t n)
{
	char host[INET6_ADDRSTRLEN];
	unsigned port = ntohs(addr->sa.sa_family == AF_INET6 ? addr->in6.sin6_port :
							       addr->in.sin_port);

	net_print_host(addr, host, sizeof(host));
	(void)!snprintf(out, n, strchr(host, ':') ? "[%s]:%u" : "%s:%u", host, port);
}

socklen_t net_len(const struct net_addr *addr)
{
	return addr->sa.sa_family == AF_INET6 ? sizeof(addr->in6) : sizeof(addr->in);
}

static int open_listening(const struct net_addr *addr, int fd)
{
	int on = 1;

	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0)
		return -1;
	if (addr->sa.sa_family == AF_INET6 &&
	    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) < 0)
		return -1;
	if (bind(fd, &addr->sa, net_len(addr)) < 0)
		return -1;
	return listen(fd, BACKLOG);
}

int net_listen(const struct net_addr *addr, struct why *why)
{
	int fd = socket(addr->sa.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	char text[64];
	int error;

	if (fd >= 0 && open_listening(addr, fd) == 0)
		return fd;
	error = errno;
	if (fd >= 0)
		close(fd);
	net_print(addr, text, sizeof(text));
	return why_set(why, ERR_IO, "cannot listen on %s: %s", text, strerror(error));
}

static bool bits_after(const uint8_t bytes[16], unsigned bits)
{
	for (unsigned i = bits; i < 128; i++)
		if (bytes[i / 8] & (0x80u >> (i % 8)))
			return true;
	return false;
}

static bool parse_prefix(struct bytes text, struct net_prefix *prefix)
{
	char host[INET6_ADDRSTRLEN];
	bool v6 = bytes_chr(text, ':') < text.n;
	bool whole = bytes_chr(text, '/') == text.n;
	struct bytes addr = bytes_cut(&text, '/');
	uint64_t bits = v6 ? 128 : 32;

	if (addr.n >= sizeof(host) || (!whole && !bytes_u64(text, bits, &bits)))
		return false;
	memcpy(host, addr.p, addr.n);
	host[addr.n] = '\0';
	prefix->bits = (unsigned)bits + (v6 ? 0 : 8 * V4_OFFSET);
	if (v6)
		return inet_pton(AF_INET6, host, prefix->bytes) == 1;
	memcpy(prefix->bytes, v4_mapped, V4_OFFSET);
	return inet_pton(AF_INET, host, prefix->bytes + V4_OFFSET) == 1;
}

int net_prefix_parse(const char *text, struct net_prefix *prefix, struct why *why)
{
	memset(prefix, 0, sizeof(*prefix));
	if (!parse_prefix(bytes_str(text), prefix))
		return why_set(why, ERR_INVALID,
			       "\"%s\" is not a network; write 192.0.2.0/24 or 2001:db8::/32",
			       text);
	if (bits_after(prefix->bytes, prefix->bits))
		return why_set(why, ERR_INVALID,
			       "\"%s\" has address bits after its prefix length; clear them", text);
	return 0;
}

bool net_prefix_has(const struct net_prefix *prefix, const struct net_addr *addr)
{
	uint8_t bytes[16];
	unsigned whole = prefix->bits / 8, rest = prefix->bits % 8;

	if (!raw(addr, bytes) || memcmp(bytes, prefix->bytes, whole) != 0)
		return false;
	return rest == 0 || (bytes[whole] ^ prefix->bytes[whole]) >> (8 - rest) == 0;
}
