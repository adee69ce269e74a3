/* SPDX-License-Identifier: Apache-2.0 */
#include "net/iplimit.h"

#include "base/clock.h"
#include "lib/test.h"

static uint64_t now_ms = 5000000;

static uint64_t now_us(void)
{
	return now_ms * 1000;
}

static struct net_addr addr(const char *text)
{
	struct net_addr a;

	CHECK_INT(net_parse(text, &a, NULL), 0);
	return a;
}

static const struct iplimit_max max = { .per_ip = 3, .per_net = 5, .per_minute = 10 };

static bool enter(struct iplimit *l, const char *text)
{
	struct net_addr a = addr(text);

	return iplimit_enter(l, &a, &max);
}

static void leave(struct iplimit *l, const char *text)
{
	struct net_addr a = addr(text);

	iplimit_leave(l, &a);
}

TEST(iplimit, per_address_and_network)
{
	struct iplimit *l = iplimit_new(100);

	clock_replace(now_us, NULL);
	for (unsigned i = 0; i < 3; i++)
		CHECK(enter(l, "192.0.2.1:1"));
	CHECK(!enter(l, "192.0.2.1:2"));
	CHECK(enter(l, "192.0.2.2:1") && enter(l, "192.0.2.3:1"));
	CHECK(!enter(l, "192.0.2.4:1")); /* the sixth of its /24 */
	CHECK(enter(l, "192.0.3.4:1"));
	leave(l, "192.0.2.1:1");
	CHECK(enter(l, "192.0.2.4:1"));
	iplimit_free(&l);
	clock_replace(NULL, NULL);
}

TEST(iplimit, ipv6_counts_by_64_and_mapped_v4_as_v4)
{
	struct iplimit *l = iplimit_new(100);

	clock_replace(now_us, NULL);
	for (unsigned i = 0; i < 3; i++)
		CHECK(enter(l, "[2001:db8::1]:1"));
	CHECK(!enter(l, "[2001:db8::1]:1"));
	CHECK(enter(l, "[2001:db8::2]:1") && enter(l, "[2001:db8::ffff:1]:1"));
	CHECK(!enter(l, "[2001:db8::3]:1"));
	CHECK(enter(l, "[2001:db8:0:1::3]:1"));
	for (unsigned i = 0; i < 3; i++)
		CHECK(enter(l, "[::ffff:192.0.2.9]:1"));
	CHECK(!enter(l, "192.0.2.9:1"));
	iplimit_free(&l);
	clock_replace(NULL, NULL);
}

TEST(iplimit, new_ones_in_a_minute)
{
	struct iplimit *l = iplimit_new(100);

	clock_replace(now_us, NULL);
	for (unsigned i = 0; i < 10; i++) {
		CHECK(enter(l, "192.0.2.1:1"));
		leave(l, "192.0.2.1:1");
	}
	CHECK(!enter(l, "192.0.2.1:1"));
	now_ms += MINUTES(1);
	CHECK(enter(l, "192.0.2.1:1"));
	iplimit_free(&l);
	clock_replace(NULL, NULL);
}

/* Any number of addresses passes through without the table growing; open ones are kept. */
TEST(iplimit, bounded)
{
	struct iplimit *l = iplimit_new(64);

	clock_replace(now_us, NULL);
	for (unsigned i = 0; i < 3; i++)
		CHECK(enter(l, "198.51.100.7:1"));
	for (unsigned i = 0; i < 10000; i++) {
		struct net_addr a = addr("10.0.0.1:1");

		a.in.sin_addr.s_addr = i * 2654435761u;
		if (iplimit_enter(l, &a, &max))
			iplimit_leave(l, &a);
	}
	CHECK(iplimit_entries(l) <= 64);
	CHECK(!enter(l, "198.51.100.7:1"));
	iplimit_free(&l);
	clock_replace(NULL, NULL);
}
