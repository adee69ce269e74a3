/* SPDX-License-Identifier: Apache-2.0 */
/* session_login end to end, with threads that hash. */
#include "harness.h"

#include "base/clock.h"
#include "base/metric.h"
#include "lib/test.h"

#include <stdlib.h>
#include <time.h>

#define LOCAL "127.0.0.1:5000"
#define STRANGER "203.0.113.9:5000"
#define NEIGHBOUR "203.0.113.77:5000" /* in the same /24 */
#define ELSEWHERE "198.51.100.1:5000"

static uint64_t skipped_us;

static uint64_t shifted_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000 + skipped_us;
}

static void pass_time(uint64_t ms)
{
	skipped_us += ms * 1000;
}

/* A TLS client that has been greeted. */
static struct client *secure(struct harness *h, const char *peer)
{
	struct client *c = client_new(h, LISTEN_IMAPS, peer);

	CHECK(client_shake(c, NULL, NULL));
	CHECK(client_expect(c, "* hello\r\n"));
	return c;
}

TEST(login, right_password)
{
	struct harness *h = harness_new(NULL);
	struct client *c = secure(h, STRANGER);

	client_send(c, "LOGIN Ann@Example.org secret\r\nLOGIN ann secret\r\n");
	CHECK(client_expect(c, "login OK ann@example.org\r\nlogin DENIED no login here\r\n"));
	client_free(&c);
	CHECK(harness_idle(h));
	harness_free(&h);
}

/* Same text whatever the reason. */
TEST(login, failures_look_alike)
{
	static const char *const tries[] = {
		"LOGIN ann wrong\r\n",     "LOGIN nobody secret\r\n", "LOGIN bob secret\r\n",
		"LOGIN a..b@x secret\r\n", "LOGIN ann \r\n",          "LOGIN \xff secret\r\n",
	};
	struct harness *h = harness_new(NULL);
	struct client *c = client_new(h, LISTEN_IMAP, LOCAL);

	CHECK(client_expect(c, "* hello\r\n"));
	for (unsigned i = 0; i < ARRAY_LEN(tries); i++) {
		client_send(c, tries[i]);
		CHECK(client_expect(c, "login AUTH authentication failed\r\n"));
	}
	client_free(&c);
	CHECK(harness_idle(h));
	harness_free(&h);
}

TEST(login, needs_tls_unless_trusted)
{
	struct harness *h = harness_new(NULL);
	struct client *c = client_new(h, LISTEN_IMAP, STRANGER);

	client_send(c, "LOGIN ann secret\r\n");
	CHECK(client_expect(c, "* hello\r\nlogin DENIED no login here\r\n"));
	CHECK_INT(stub_store_lookups, 0);
	client_free(&c);
	CHECK(harness_idle(h));
	harness_free(&h);
}

TEST(login, store_away_is_temporary)
{
	struct harness *h = harness_new(NULL);
	struct client *c = client_new(h, LISTEN_IMAP, LOCAL);

	stub_store_answer(-ERR_LATE);
	client_send(c, "LOGIN ann secret\r\n");
	CHECK(client_expect(c, "* hello\r\nlogin BUSY logins are not possible at the moment\r\n"));
	stub_store_answer(0);
	client_send(c, "LOGIN ann secret\r\n");
	CHECK(client_expect(c, "login OK ann@example.org\r\n"));
	client_free(&c);
	CHECK(harness_idle(h));
	harness_free(&h);
}

/* The delay holds the answer back, not a stack, and grows. */
TEST(login, failures_are_delayed)
{
	struct harness *h = harness_new(NULL);
	struct client *c = secure(h, STRANGER);
	uint64_t began;

	for (unsigned i = 0; i < 2; i++) {
		client_send(c, "LOGIN ann wrong\r\n");
		CHECK(client_expect(c, "login AUTH authentication failed\r\n"));
	}
	began = clock_ms();
	client_send(c, "LOGIN ann wrong\r\nNOOP\r\n");
	CHECK(client_quiet(c, 800));
	CHECK_INT(sessions_busy(h->sessions), 0);
	CHECK(client_expect(c, "login AUTH authentication failed\r\nok\r\n"));
	CHECK(clock_ms() - began >= 990);
	client_free(&c);
	CHECK(harness_idle(h));
	harness_free(&h);
}

static void no_delays(struct limits *l)
{
	l->auth_delay_from = 1000;
	l->connections_per_ip = l->connections_per_net = 1000;
	l->connects_per_minute = 1000;
}

static bool fails(struct client *c, unsigned times)
{
	for (unsigned i = 0; i < times; i++) {
		client_send(c, "LOGIN ann wrong\r\n");
		if (!client_expect(c, "login AUTH authentication failed\r\n"))
			return false;
	}
	return true;
}

TEST(login, tenth_failure_blocks_the_network_not_the_victim)
{
	struct harness *h = harness_new(no_delays);
	struct client *guesser = secure(h, STRANGER), *neighbour, *victim;

	clock_replace(shifted_us, NULL);
	CHECK(fails(guesser, 9));
	client_send(guesser, "LOGIN ann wrong\r\nLOGIN ann secret\r\n");
	CHECK(client_expect(guesser, "login LIMIT too many failed logins\r\n"));
	CHECK(client_expect_end(guesser));
	neighbour = secure(h, NEIGHBOUR);
	stub_store_lookups = 0;
	client_send(neighbour, "LOGIN ann secret\r\n");
	CHECK(client_expect(neighbour, "login LIMIT too many failed logins\r\n"));
	CHECK_INT(stub_store_lookups, 0);
	victim = secure(h, ELSEWHERE);
	client_send(victim, "LOGIN ann secret\r\n");
	CHECK(client_expect(victim, "login OK ann@example.org\r\n"));
	client_free(&neighbour);
	pass_time(MINUTES(10));
	neighbour = secure(h, NEIGHBOUR);
	client_send(neighbour, "LOGIN ann secret\r\n");
	CHECK(client_expect(neighbour, "login OK ann@example.org\r\n"));
	client_free(&neighbour);
	client_free(&guesser);
	client_free(&victim);
	CHECK(harness_idle(h));
	clock_replace(NULL, NULL);
	harness_free(&h);
}

/* A client that logs in again within a minute costs no hash; failures always cost one. */
TEST(login, success_is_remembered)
{
	struct harness *h = harness_new(no_delays);

	for (unsigned i = 0; i < 3; i++) {
		struct client *c = secure(h, STRANGER);

		client_send(c, "LOGIN ann secret\r\n");
		CHECK(client_expect(c, "login OK ann@example.org\r\n"));
		CHECK_INT(stub_store_lookups, i + 1);
		client_free(&c);
	}
	CHECK(harness_idle(h));
	harness_free(&h);
}

static void two_each(struct limits *l)
{
	no_delays(l);
	l->connections_per_user_ip = 2;
}

TEST(login, sessions_of_one_user_and_address)
{
	struct harness *h = harness_new(two_each);
	struct client *c[3];

	for (unsigned i = 0; i < 3; i++) {
		c[i] = secure(h, STRANGER);
		client_send(c[i], "LOGIN ann secret\r\n");
		CHECK(client_expect(c[i], i < 2 ? "login OK ann@example.org\r\n" :
						  "login LIMIT too many sessions of this user from "
						  "this address\r\n"));
	}
	client_free(&c[0]);
	client_free(&c[2]);
	for (unsigned i = 0; i < 50; i++)
		harness_turn(h);
	c[0] = secure(h, STRANGER);
	client_send(c[0], "LOGIN ann secret\r\n");
	CHECK(client_expect(c[0], "login OK ann@example.org\r\n"));
	client_free(&c[0]);
	client_free(&c[1]);
	CHECK(harness_idle(h));
	harness_free(&h);
}

/* ---- what the time tells --------------------------------------------------------------------- */

enum { SAMPLES = 15 };

static int later(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* Times of failing logins, one of each kind in turn, so that noise hits all alike. */
/* Processor time of the threads that hash: what is compared is their work, whatever else the
 * machine and the waiting loop do. */
static uint64_t cpu_us(void)
{
	struct timespec all, own;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &all);
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &own);
	return (uint64_t)((all.tv_sec - own.tv_sec) * 1000000 + (all.tv_nsec - own.tv_nsec) / 1000);
}

TEST(login, failures_take_equally_long)
{
	static const char *const tries[] = { "LOGIN ann wrong\r\n", "LOGIN nobody wrong\r\n",
					     "LOGIN bob secret\r\n", "LOGIN bob wrong\r\n" };
	static uint64_t us[ARRAY_LEN(tries)][SAMPLES];
	struct harness *h = harness_new(NULL);
	struct client *c = client_new(h, LISTEN_IMAP, LOCAL);
	uint64_t least = UINT64_MAX, most = 0;

	stub_store_method("$6$rounds=20000$saltsalt$");
	CHECK(client_expect(c, "* hello\r\n"));
	client_send(c, tries[0]); /* shows the method and warms up */
	CHECK(client_expect(c, "login AUTH authentication failed\r\n"));
	for (unsigned i = 0; i < SAMPLES; i++)
		for (unsigned k = 0; k < ARRAY_LEN(tries); k++) {
			us[k][i] = cpu_us();
			client_send(c, tries[k]);
			CHECK(client_expect(c, "login AUTH authentication failed\r\n"));
			us[k][i] = cpu_us() - us[k][i];
		}
	for (unsigned k = 0; k < ARRAY_LEN(tries); k++) {
		qsort(us[k], SAMPLES, sizeof(us[k][0]), later);
		least = MIN(least, us[k][SAMPLES / 2]);
		most = MAX(most, us[k][SAMPLES / 2]);
	}
	CHECK(least > 3000); /* all of them hashed */
	CHECK(most - least < 2000 + least / 4);
	stub_store_method("$5$rounds=1000$saltsalt$");
	client_free(&c);
	CHECK(harness_idle(h));
	harness_free(&h);
}

/* The client leaves while its password is being hashed. */
TEST(login, client_vanishes_while_hashing)
{
	struct harness *h = harness_new(NULL);

	for (unsigned i = 0; i < 20; i++) {
		struct client *c = client_new(h, LISTEN_SMTP, LOCAL);

		client_send(c, "LOGIN ann secret\r\n");
		for (unsigned turns = 0; turns < i % 5; turns++)
			loop_turn(h->loop);
		client_free(&c);
	}
	CHECK(harness_idle(h));
	harness_free(&h);
}
