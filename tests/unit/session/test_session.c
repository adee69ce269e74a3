/* SPDX-License-Identifier: Apache-2.0 */
/* The layer between a connection and a protocol, from the client's side. */
#include "harness.h"

#include "base/clock.h"
#include "lib/test.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define LOCAL "127.0.0.1:5000"
#define STRANGER "203.0.113.9:5000"

TEST(session, answers_in_order)
{
	struct harness *h = harness_new(NULL);
	struct client *c = client_new(h, LISTEN_SMTP, LOCAL);

	CHECK(client_expect(c, "* hello\r\n"));
	client_send(c, "ECHO one\r\nNOOP\r\nECHO two\r\nQUIT\r\nECHO never\r\n");
	CHECK(client_expect(c, "one\r\nok\r\ntwo\r\nbye\r\n"));
	CHECK(client_expect_end(c));
	CHECK(harness_idle(h));
	CHECK_INT(h->ran, 3);
	CHECK_INT(h->closed, 1);
	client_free(&c);
	harness_free(&h);
}

/* Cut at every byte. */
TEST(session, dribble)
{
	struct harness *h = harness_new(NULL);
	struct client *c = client_new(h, LISTEN_SMTP, LOCAL);
	const char *text =
		"ECHO one\r\nREAD 5\r\nabcdeNOOP\r\nLOGIN ann secret\r\nECHO two\r\nQUIT\r\n";

	for (; *text; text++) {
		client_send_bytes(c, bytes_of(text, 1));
		harness_turn(h);
	}
	CHECK(client_expect(c, "* hello\r\none\r\ngot 5 584f463\r\nok\r\n"
			       "login OK ann@example.org\r\ntwo\r\nbye\r\n"));
	CHECK(client_expect_end(c));
	CHECK(harness_idle(h));
	client_free(&c);
	harness_free(&h);
}

/* All replies of one batch leave in one write. */
TEST(session, pipelined_replies_share_a_write)
{
	struct harness *h = harness_new(NULL);
	struct client *c = client_new(h, LISTEN_SMTP, LOCAL);
	static char got[4096];
	ssize_t n = -1;

	CHECK(client_expect(c, "* hello\r\n"));
	for (unsigned i = 0; i < 20; i++)
		client_send(c, "ECHO 0123456789\r\n");
	for (unsigned i = 0; i < 100 && n < 0; i++) {
		harness_turn(h);
		n = recv(c->fd, got, sizeof(got), 0);
	}
	CHECK_INT(n, 20 * 12);
	client_free(&c);
	CHECK(harness_idle(h));
	harness_free(&h);
}

/* A client that sends its all and closes for writing gets every answer. */
TEST(session, half_close)
{
	struct harness *h = harness_new(NULL);
	struct client *c = client_new(h, LISTEN_SMTP, LOCAL);

	client_send(c, "ECHO one\r\nDELAY 30\r\nECHO two\r\nECHO cut o");
	shutdown(c->fd, SHUT_WR);
	CHECK(client_expect(c, "* hello\r\none\r\nlater\r\ntwo\r\n"));
	CHECK(client_expect_end(c));
	CHECK(harness_idle(h));
	CHECK_INT(h->ran, 3);
	client_free(&c);
	harness_free(&h);
}

TEST(session, many_commands_in_one_segment)
{
	struct harness *h = harness_new(NULL);
	struct client *c = client_new(h, LISTEN_SMTP, LOCAL);
	struct buf all;

	buf_init(&all, 0);
	for (unsigned i = 0; i < 2000; i++)
		buf_puts(&all, i % 2 ? "ECHO x\r\n" : "NOOP\r\n");
	client_send_bytes(c, buf_bytes(&all));
	buf_clear(&all);
	buf_puts(&all, "* hello\r\n");
	for (unsigned i = 0; i < 2000; i++)
		buf_puts(&all, i % 2 ? "x\r\n" : "ok\r\n");
	buf_putc(&all, '\0');
	CHECK(client_expect(c, (char *)all.p));
	buf_release(&all);
	client_free(&c);
	CHECK(harness_idle(h));
	harness_free(&h);
}

/* ---- input inside a command -------------------------------------------------------------------- */

TEST(session, reads_a_large_literal)
{
	struct harness *h = harness_new(NULL);
	struct client *c = client_new(h, LISTEN_SMTP, LOCAL);
	size_t n = 3 << 20;
	uint8_t *data = xcalloc(1, n);
	char want[64];
	uint64_t sum = 0;

	for (size_t i = 0; i < n; i++) {
		data[i] = (uint8_t)(i * 7);
		sum = sum * 31 + data[i];
	}
	CHECK(client_expect(c, "* hello\r\n"));
	client_send(c, "READ 3145728\r\n");
	client_send_bytes(c, bytes_of(data, n));
	client_send(c, "ECHO after\r\n");
	(void)snprintf(want, sizeof(want), "got 3145728 %llx\r\nafter\r\n",
		       (unsigned long long)sum);
	CHECK(client_expect(c, want));
	free(data);
	client_free(&c);
	CHECK(harness_idle(h));
	harness_free(&h);
}

TEST(session, literal_cut_short)
{
	struct harness *h = harness_new(NULL);
	struct client *c = client_new(h, LISTEN_SMTP, LOCAL);

	client_send(c, "READ 100\r\nonly this");
	shutdown(c->fd, SHUT_WR);
	CHECK(harness_idle(h));
	CHECK_INT(h->last, -ERR_GONE);
	client_free(&c);
	harness_free(&h);
}

/* ---- clients that misbehave ------------------------------------------------------------------------ */

static bool a_call_waits(void *arg)
{
	(void)arg;
	return stub_store_waiting() > 0;
}

static void reset(struct client *c)
{
	/* Unread input makes the close a reset. */
	close(c->fd);
	c->fd = -1;
}

TEST(session, client_vanishes_in_a_command)
{
	struct harness *h = harness_new(NULL);
	struct client *c = client_new(h, LISTEN_SMTP, LOCAL);

	client_send(c, "CALL\r\nECHO never\r\n");
	CHECK(harness_until(h, a_call_waits, NULL));
	reset(c);
	CHECK(harness_idle(h));
	CHECK_INT(h->last, -ERR_GONE);
	CHECK_INT(h->ran, 1);
	CHECK_INT(h->closed, 1);
	client_free(&c);
	harness_free(&h);
}

static void small_output(struct limits *l)
{
	l->output_buffer = KIB(64);
	l->output_timeout = 300;
}

/* A command that writes to a client who does not read waits, and ends when time is up. */
TEST(session, slow_reader_in_a_command)
{
	struct harness *h = harness_new(small_output);
	struct client *c = client_new(h, LISTEN_SMTP, LOCAL);

	client_send(c, "LOGIN ann secret\r\nBIG 100000000\r\n");
	CHECK(harness_idle(h));
	CHECK_INT(h->last, -ERR_GONE);
	client_free(&c);
	harness_free(&h);
}

static void patient_output(struct limits *l)
{
	l->output_buffer = KIB(64);
}

/* … and who reads in the end gets all of it. */
TEST(session, slow_reader_catches_up)
{
	struct harness *h = harness_new(patient_output);
	struct client *c = client_new(h, LISTEN_SMTP, LOCAL);
	size_t want = 9 + 26 + 5000000 + 6, got = 0;
	uint64_t end = clock_ms() + SECONDS(20);

	client_send(c, "LOGIN ann secret\r\nBIG 5000000\r\nECHO last\r\n");
	for (unsigned i = 0; i < 200; i++)
		harness_turn(h);
	while (got < want && !c->ended && clock_ms() < end) {
		harness_turn(h);
		client_pull(c);
		got += c->got.n;
		if (got < want)
			buf_clear(&c->got);
	}
	CHECK_INT(got, want);
	CHECK(bytes_ends(buf_bytes(&c->got), BYTES("last\r\n")));
	client_free(&c);
	CHECK(harness_idle(h));
	harness_free(&h);
}

/* Commands that take answers by itself are no way around the limit: input rests. */
TEST(session, flood_without_reading_rests)
{
	struct harness *h = harness_new(NULL);
	struct client *c = client_new(h, LISTEN_SMTP, LOCAL);
	struct buf all;
	size_t sent = 0;
	ssize_t n = 0;

	buf_init(&all, 0);
	for (unsigned i = 0; i < 10000; i++)
		buf_puts(&all, "NOOP\r\n");
	for (unsigned i = 0; i < 3000; i++) {
		n = send(c->fd, all.p, all.n, MSG_NOSIGNAL);
		sent += n > 0 ? (size_t)n : 0;
		loop_turn(h->loop);
	}
	/* What two socket buffers hold, and not what could have been sent. */
	CHECK(sent < 4 << 20);
	buf_release(&all);
	client_free(&c);
	CHECK(harness_idle(h));
	harness_free(&h);
}

TEST(session, line_without_end_closes)
{
	struct harness *h = harness_new(NULL);
	struct client *c = client_new(h, LISTEN_SMTP, LOCAL);
	static char junk[70000];

	memset(junk, 'x', sizeof(junk));
	CHECK(client_expect(c, "* hello\r\n"));
	client_send_bytes(c, bytes_of(junk, sizeof(junk)));
	CHECK(client_expect_end(c));
	CHECK(harness_idle(h));
	client_free(&c);
	harness_free(&h);
}

/* ---- time -------------------------------------------------------------------------------------------- */

static void short_times(struct limits *l)
{
	l->greeting_timeout = 150;
	l->auth_timeout = 400;
	l->tls_timeout = 150;
}

TEST(session, silence_times_out)
{
	struct harness *h = harness_new(short_times);
	struct client *c = client_new(h, LISTEN_SMTP, LOCAL);

	CHECK(client_expect(c, "* hello\r\n"));
	CHECK(client_expect(c, "too slow\r\n"));
	CHECK(client_expect_end(c));
	client_free(&c);
	CHECK(harness_idle(h));
	harness_free(&h);
}

/* Bytes that trickle in are no sign of life. */
TEST(session, dribble_times_out)
{
	struct harness *h = harness_new(short_times);
	struct client *c = client_new(h, LISTEN_SMTP, LOCAL);
	uint64_t began = clock_ms();

	CHECK(client_expect(c, "* hello\r\n"));
	while (!h->timeouts && clock_ms() < began + SECONDS(5)) {
		client_send(c, "x");
		CHECK(client_quiet(c, 20) || h->timeouts);
	}
	CHECK_INT(h->timeouts, 1);
	CHECK(client_expect(c, "too slow\r\n"));
	client_free(&c);
	CHECK(harness_idle(h));
	harness_free(&h);
}

/* Commands without a login do not keep a connection open for ever. */
TEST(session, must_log_in_in_time)
{
	struct harness *h = harness_new(short_times);
	struct client *c = client_new(h, LISTEN_IMAP, LOCAL);
	uint64_t began = clock_ms();

	while (!h->timeouts && clock_ms() < began + SECONDS(5)) {
		client_send(c, "NOOP\r\n");
		harness_turn(h);
	}
	CHECK(clock_ms() - began >= 350);
	CHECK_INT(h->timeouts, 1);
	client_free(&c);
	CHECK(harness_idle(h));
	harness_free(&h);
}

TEST(session, strikes_hold_and_close)
{
	struct harness *h = harness_new(NULL);
	struct client *c;
	uint64_t began = clock_ms();

	h->limits.errors_soft = 3;
	h->limits.errors_hard = 4;
	sessions_reload(h->sessions, &h->limits, NULL, 0);
	c = client_new(h, LISTEN_SMTP, STRANGER);
	client_send(c, "BAD\r\nBAD\r\nBAD\r\nBAD\r\nBAD\r\n");
	CHECK(client_expect(c, "* hello\r\nbad\r\nbad\r\n"));
	CHECK(client_expect(c, "bad\r\nbye\r\n"));
	CHECK(client_expect_end(c));
	CHECK(clock_ms() - began >= 1900);
	client_free(&c);
	CHECK(harness_idle(h));
	harness_free(&h);
}

/* ---- stacks --------------------------------------------------------------------------------------------- */

static void two_stacks(struct limits *l)
{
	l->commands_running = 2;
}

static bool two_calls_wait(void *arg)
{
	(void)arg;
	return stub_store_waiting() == 2;
}

TEST(session, commands_queue_for_a_stack)
{
	struct harness *h = harness_new(two_stacks);
	struct client *c[6];

	for (unsigned i = 0; i < 6; i++) {
		c[i] = client_new(h, LISTEN_SMTP, LOCAL);
		CHECK(client_expect(c[i], "* hello\r\n"));
		client_send(c[i], i < 4 ? "CALL\r\nECHO done\r\n" : "ECHO me\r\n");
	}
	CHECK(harness_until(h, two_calls_wait, NULL));
	for (unsigned i = 0; i < 20; i++)
		harness_turn(h);
	CHECK_INT(h->ran, 2);
	CHECK_INT(sessions_busy(h->sessions), 2);
	client_free(&c[3]); /* one leaves the queue */
	for (unsigned i = 0; i < 5; i++) {
		stub_store_release();
		harness_turn(h);
	}
	for (unsigned i = 0; i < 3; i++)
		CHECK(client_expect(c[i], "called\r\ndone\r\n"));
	CHECK(client_expect(c[4], "me\r\n") && client_expect(c[5], "me\r\n"));
	for (unsigned i = 0; i < 6; i++)
		if (c[i])
			client_free(&c[i]);
	for (unsigned i = 0; i < 5; i++)
		stub_store_release();
	CHECK(harness_idle(h));
	harness_free(&h);
}

/* Stopping with commands that wait unwinds them. */
TEST(session, free_unwinds_what_runs)
{
	struct harness *h = harness_new(NULL);
	struct client *c[3];

	for (unsigned i = 0; i < 3; i++) {
		c[i] = client_new(h, i == 2 ? LISTEN_IMAPS : LISTEN_SMTP, LOCAL);
		client_send(c[i], i == 0 ? "CALL\r\n" : i == 1 ? "READ 10\r\n" : "\x16\x03\x01");
	}
	CHECK(harness_until(h, a_call_waits, NULL));
	harness_turn(h);
	harness_free(&h);
	for (unsigned i = 0; i < 3; i++)
		client_free(&c[i]);
}

/* ---- wakes and draining ------------------------------------------------------------------------------------- */

TEST(session, wakes_coalesce_and_wait_for_the_command)
{
	struct harness *h = harness_new(NULL);
	struct client *c = client_new(h, LISTEN_IMAP, LOCAL);

	client_send(c, "WATCH\r\n");
	CHECK(client_expect(c, "* hello\r\nwatching\r\n"));
	session_wake(h->session);
	session_wake(h->session);
	CHECK(client_expect(c, "news\r\n"));
	client_send(c, "CALL\r\nECHO x\r\n");
	CHECK(harness_until(h, a_call_waits, NULL));
	session_wake(h->session);
	CHECK(client_quiet(c, 20));
	stub_store_release();
	CHECK(client_expect(c, "called\r\nnews\r\nx\r\n"));
	client_free(&c);
	CHECK(harness_idle(h));
	harness_free(&h);
}

static void on_drained(void *arg)
{
	struct harness *h = arg;

	h->drained = true;
}

static bool is_drained(void *arg)
{
	struct harness *h = arg;

	return h->drained;
}

static void short_drain(struct limits *l)
{
	l->drain_timeout = 3300; /* IMAP is told 300 ms after SIGTERM */
}

TEST(session, drain)
{
	struct harness *h = harness_new(short_drain);
	struct client *smtp = client_new(h, LISTEN_SMTP, LOCAL);
	struct client *busy = client_new(h, LISTEN_POP3, LOCAL);
	struct client *imap = client_new(h, LISTEN_IMAP, LOCAL);
	uint64_t began = clock_ms();

	client_send(busy, "CALL\r\n");
	CHECK(client_expect(smtp, "* hello\r\n") && client_expect(imap, "* hello\r\n") &&
	      client_expect(busy, "* hello\r\n"));
	CHECK(harness_until(h, a_call_waits, NULL));
	sessions_drain(h->sessions, on_drained, h);
	CHECK(client_expect(smtp, "going down\r\n") && client_expect_end(smtp));
	CHECK(client_quiet(busy, 50));
	stub_store_release();
	CHECK(client_expect(busy, "called\r\ngoing down\r\n"));
	client_send(imap, "ECHO still\r\n");
	CHECK(client_expect(imap, "still\r\n"));
	CHECK(client_expect(imap, "going down\r\n"));
	CHECK(clock_ms() - began >= 280);
	client_free(&smtp);
	client_free(&busy);
	client_free(&imap);
	CHECK(harness_until(h, is_drained, h));
	CHECK(clock_ms() - began < 3000);
	harness_free(&h);
}

TEST(session, drain_ends_in_time_whatever_runs)
{
	struct harness *h = harness_new(short_drain);
	struct client *c = client_new(h, LISTEN_SMTP, LOCAL);

	client_send(c, "CALL\r\n");
	CHECK(harness_until(h, a_call_waits, NULL));
	sessions_drain(h->sessions, on_drained, h);
	CHECK(harness_until(h, is_drained, h));
	CHECK_INT(h->last, -ERR_GONE);
	client_free(&c);
	harness_free(&h);
}

TEST(session, drain_of_nobody)
{
	struct harness *h = harness_new(NULL);

	sessions_drain(h->sessions, on_drained, h);
	CHECK(harness_until(h, is_drained, h));
	harness_free(&h);
}
