/* SPDX-License-Identifier: Apache-2.0 */
#include "session/failures.h"

#include "base/clock.h"
#include "lib/test.h"

static uint64_t now_ms;

static uint64_t now_us(void)
{
	return now_ms * 1000;
}

static const struct limits limits = { .auth_delay_from = 3,
				      .auth_block_at = 10,
				      .auth_block_ip = 100 };

static struct failures *begin(size_t max)
{
	now_ms = DAYS(30);
	clock_replace(now_us, NULL);
	return failures_new(max);
}

static void end(struct failures *f)
{
	failures_free(&f);
	clock_replace(NULL, NULL);
}

static struct net_addr addr(const char *text)
{
	struct net_addr a;

	CHECK_INT(net_parse(text, &a, NULL), 0);
	return a;
}

static uint64_t fails(struct failures *f, const char *user, const char *from)
{
	struct net_addr a = addr(from);

	return failures_add(f, &limits, bytes_str(user), &a);
}

static bool blocked(struct failures *f, const char *user, const char *from)
{
	struct net_addr a = addr(from);

	return failures_blocked(f, &limits, bytes_str(user), &a);
}

TEST(failures, delays_double_from_the_third)
{
	static const uint64_t want[] = { 0, 0, 1000, 2000, 4000, 8000, 15000, 15000, 15000 };
	struct failures *f = begin(1000);

	for (unsigned i = 0; i < ARRAY_LEN(want); i++)
		CHECK_INT(fails(f, "ann", "192.0.2.1:1"), want[i]);
	CHECK(!blocked(f, "ann", "192.0.2.1:1"));
	fails(f, "ann", "192.0.2.1:1");
	CHECK(blocked(f, "ann", "192.0.2.1:1"));
	CHECK(blocked(f, "ann", "192.0.2.200:1"));
	CHECK(!blocked(f, "ann", "192.0.3.1:1"));
	CHECK(!blocked(f, "bob", "192.0.2.1:1"));
	end(f);
}

TEST(failures, block_lasts_ten_minutes_and_does_not_renew)
{
	struct failures *f = begin(1000);

	for (unsigned i = 0; i < 10; i++)
		fails(f, "ann", "[2001:db8::1]:1");
	now_ms += MINUTES(10) - 1;
	CHECK(blocked(f, "ann", "[2001:db8::ffff]:1"));
	now_ms += 1;
	CHECK(!blocked(f, "ann", "[2001:db8::ffff]:1"));
	end(f);
}

TEST(failures, slow_guesses_do_not_add_up)
{
	struct failures *f = begin(1000);

	for (unsigned i = 0; i < 50; i++) {
		fails(f, "ann", "192.0.2.1:1");
		CHECK(!blocked(f, "ann", "192.0.2.1:1"));
		now_ms += MINUTES(2);
	}
	end(f);
}

/* One password on many users: the address pays. */
TEST(failures, spraying_blocks_the_address)
{
	struct failures *f = begin(1000);
	char user[16];

	for (unsigned i = 0; i < 100; i++) {
		(void)snprintf(user, sizeof(user), "user%u", i);
		CHECK(!blocked(f, user, "192.0.2.1:1"));
		CHECK_INT(fails(f, user, "192.0.2.1:1") > 0, i >= 2);
	}
	CHECK(blocked(f, "anybody", "192.0.2.1:1"));
	CHECK(!blocked(f, "anybody", "192.0.2.2:1"));
	now_ms += HOURS(24);
	CHECK(!blocked(f, "anybody", "192.0.2.1:1"));
	end(f);
}

TEST(failures, success_forgives_the_pair_not_the_address)
{
	struct failures *f = begin(1000);
	struct net_addr a = addr("192.0.2.1:1");

	for (unsigned i = 0; i < 9; i++)
		fails(f, "ann", "192.0.2.1:1");
	failures_forgive(f, BYTES("ann"), &a);
	CHECK_INT(failures_entries(f), 1);
	fails(f, "ann", "192.0.2.1:1");
	CHECK(!blocked(f, "ann", "192.0.2.1:1"));
	end(f);
}

TEST(failures, bounded)
{
	struct failures *f = begin(100);
	char from[32];

	for (unsigned i = 0; i < 10000; i++) {
		(void)snprintf(from, sizeof(from), "10.%u.%u.1:1", i / 250, i % 250);
		fails(f, "ann", from);
		CHECK(failures_entries(f) <= 100);
	}
	end(f);
}
