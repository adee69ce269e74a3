/* SPDX-License-Identifier: Apache-2.0 */
#include "base/net.h"
#include "lib/test.h"

#include <sys/socket.h>
#include <unistd.h>

static const struct {
	const char *text, *printed, *host; /* printed NULL: refused */
} addresses[] = {
	{ "127.0.0.1:25", "127.0.0.1:25", "127.0.0.1" },
	{ "0.0.0.0:0", "0.0.0.0:0", "0.0.0.0" },
	{ "[::1]:65535", "[::1]:65535", "::1" },
	{ "[2001:DB8::0:1]:143", "[2001:db8::1]:143", "2001:db8::1" },
	{ "[::ffff:192.0.2.1]:25", "192.0.2.1:25", "192.0.2.1" },
	{ "127.0.0.1", NULL, NULL },
	{ "127.0.0.1:", NULL, NULL },
	{ "127.0.0.1:65536", NULL, NULL },
	{ "127.0.0.1:-1", NULL, NULL },
	{ "127.0.0.1:25 ", NULL, NULL },
	{ "127.1:25", NULL, NULL },
	{ "::1:25", NULL, NULL },
	{ "[::1]25", NULL, NULL },
	{ "[::1:25", NULL, NULL },
	{ "[127.0.0.1]:25", NULL, NULL },
	{ "localhost:25", NULL, NULL },
	{ ":25", NULL, NULL },
	{ "[]:25", NULL, NULL },
	{ "", NULL, NULL },
	{ "11111111111111111111111111111111111111111111111111111111:25", NULL, NULL },
};

TEST(net, addresses)
{
	struct net_addr addr;
	struct why why;
	char text[64];

	for (size_t i = 0; i < ARRAY_LEN(addresses); i++) {
		int ret = net_parse(addresses[i].text, &addr, &why);

		CHECK_INT(ret, addresses[i].printed ? 0 : -ERR_INVALID);
		if (ret < 0)
			continue;
		net_print(&addr, text, sizeof(text));
		CHECK_STR(text, addresses[i].printed);
		net_print_host(&addr, text, sizeof(text));
		CHECK_STR(text, addresses[i].host);
	}
}

static const struct {
	const char *prefix, *addr;
	int has; /* -1: the prefix is refused */
} prefixes[] = {
	{ "127.0.0.0/8", "127.255.0.1:1", 1 },
	{ "127.0.0.0/8", "128.0.0.1:1", 0 },
	{ "127.0.0.0/8", "[::ffff:127.0.0.1]:1", 1 },
	{ "127.0.0.0/8", "[::1]:1", 0 },
	{ "192.0.2.128/25", "192.0.2.128:1", 1 },
	{ "192.0.2.128/25", "192.0.2.127:1", 0 },
	{ "192.0.2.1", "192.0.2.1:1", 1 },
	{ "192.0.2.1/32", "192.0.2.2:1", 0 },
	{ "0.0.0.0/0", "8.8.8.8:1", 1 },
	{ "0.0.0.0/0", "[2001:db8::1]:1", 0 },
	{ "::/0", "8.8.8.8:1", 1 },
	{ "::1/128", "[::1]:1", 1 },
	{ "::1", "[::2]:1", 0 },
	{ "2001:db8::/33", "[2001:db8:7fff::1]:1", 1 },
	{ "2001:db8::/33", "[2001:db8:8000::1]:1", 0 },
	{ "192.0.2.1/24", NULL, -1 },
	{ "192.0.2.0/33", NULL, -1 },
	{ "192.0.2.0/", NULL, -1 },
	{ "192.0.2.0/8x", NULL, -1 },
	{ "2001:db8::/129", NULL, -1 },
	{ "2001:db8::1/32", NULL, -1 },
	{ "10/8", NULL, -1 },
	{ "", NULL, -1 },
	{ "/8", NULL, -1 },
};

TEST(net, prefixes)
{
	struct net_prefix prefix;
	struct net_addr addr;
	struct why why;

	for (size_t i = 0; i < ARRAY_LEN(prefixes); i++) {
		int ret = net_prefix_parse(prefixes[i].prefix, &prefix, &why);

		CHECK_INT(ret, prefixes[i].has < 0 ? -ERR_INVALID : 0);
		if (ret < 0)
			continue;
		CHECK_INT(net_parse(prefixes[i].addr, &addr, &why), 0);
		CHECK_INT(net_prefix_has(&prefix, &addr), prefixes[i].has);
	}
}

TEST(net, a_taken_port_is_named)
{
	struct net_addr addr;
	struct why why;
	socklen_t n = sizeof(addr);
	int fd, again;

	CHECK_INT(net_parse("127.0.0.1:0", &addr, &why), 0);
	fd = net_listen(&addr, &why);
	CHECK(fd >= 0);
	CHECK_INT(getsockname(fd, &addr.sa, &n), 0);
	again = net_listen(&addr, &why);
	CHECK_INT(again, -ERR_IO);
	CHECK(strstr(why.text, "cannot listen on 127.0.0.1:"));
	CHECK(strstr(why.text, "Address already in use"));
	close(fd);
}
