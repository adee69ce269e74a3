/* SPDX-License-Identifier: Apache-2.0 */
/* DATA through real sessions: smuggling over cut sockets, what reaches the store, who is told
 * what, and how fast it is. */
#include "fixture.h"

#include "base/clock.h"
#include "base/rand.h"
#include "lib/test.h"

#include <stdlib.h>
#include <time.h>

static struct client *greeted(struct fixture *f, enum listener_kind kind)
{
	struct client *c = client_new(f, kind);

	CHECK_INT(client_reply(c), 220);
	client_put(c, kind == LISTEN_LMTP ? "LHLO c\r\n" : "EHLO c\r\n");
	CHECK_INT(client_reply(c), 250);
	return c;
}

static void quiet_log(struct bytes line, void *arg)
{
	(void)line;
	(void)arg;
}

/* ---- T10 ------------------------------------------------------------------------------------- */

#define B(lit)                                        \
	{                                             \
		(const uint8_t *)lit, sizeof(lit) - 1 \
	}

static const struct bytes false_ends[] = {
	B("\n.\n"),       B("\n.\r\n"),     B("\r\n.\n"),     B("\r.\r"),
	B("\r.\r\n"),     B("\r\n.\r"),     B("\n.\r"),       B("\r.\n"),
	B("\r\n\0.\r\n"), B("\r\n.\0\r\n"), B("\r\n.\r\r\n"), B("\r\r\n.\r\r\n"),
};

static void send_cut(struct client *c, struct bytes b, size_t step, size_t at)
{
	client_send(c, bytes_head(b, at));
	for (b = bytes_skip(b, at); b.n; b = bytes_skip(b, step)) {
		client_send(c, bytes_head(b, step));
		fixture_turn(c->f);
	}
}

/* The rest of a session after a false end: one refusal, and the commands were text. */
static bool smuggled(struct client *c, struct bytes end, unsigned split)
{
	unsigned before = stub.delivered;
	struct buf b;

	client_begin(c, 1);
	buf_init(&b, 0);
	buf_puts(&b, "Subject: s\r\n\r\ntext");
	for (unsigned i = 0; i < 37 * split; i++)
		buf_putc(&b, 'x');
	buf_put_bytes(&b, end);
	buf_puts(&b,
		 "MAIL FROM:<evil@x.example>\r\nRCPT TO:<a2@ours>\r\nDATA\r\nsmuggled\r\n.\r\n");
	send_cut(c, buf_bytes(&b), split % 7 ? 1 + split : 16, b.n - 100 + split);
	buf_release(&b);
	return client_reply(c) != 550 || stub.delivered != before || c->got.n;
}

TEST(dialogue, t10)
{
	struct fixture *f = fixture_new();
	struct client *c;
	unsigned bad = 0;

	log_set_sink(quiet_log, NULL);
	f->limits.smtp_timeout = SECONDS(60);
	fixture_reload(f);
	c = greeted(f, LISTEN_SMTP);
	for (size_t e = 0; e < ARRAY_LEN(false_ends); e++)
		for (unsigned split = 0; split < 40; split++)
			bad += smuggled(c, false_ends[e], split);
	CHECK_INT(bad, 0);
	CHECK_INT(stub.delivered, 0);
	client_put(c, "NOOP\r\n");
	CHECK_INT(client_reply(c), 250);
	printf("COUNT smuggling-dialogues=%zu\n", ARRAY_LEN(false_ends) * 40);
	client_free(&c);
	fixture_free(&f);
	log_set_sink(NULL, NULL);
}

/* ---- what reaches the store ------------------------------------------------------------------- */

/* The message without the trace fields, which end in a date. */
static struct bytes body_of_delivery(void)
{
	struct bytes m = buf_bytes(&stub.message);
	size_t at = bytes_find(m, BYTES(" +0000\r\n"));

	CHECK(bytes_starts(m, BYTES("Return-Path: <s@x.example>\r\nReceived: from c ")));
	return bytes_skip(m, at + 8);
}

TEST(dialogue, bytes_arrive_as_they_were)
{
	struct fixture *f = fixture_new();
	struct client *c = greeted(f, LISTEN_SMTP);
	struct prng r;

	log_set_sink(quiet_log, NULL);
	prng_seed(&r, 7);
	for (unsigned round = 0; round < 200; round++) {
		struct buf message, wire;

		buf_init(&message, 0);
		buf_init(&wire, 0);
		for (uint64_t lines = prng_below(&r, 60); lines; lines--) {
			struct buf line;

			buf_init(&line, 0);
			for (uint64_t n = prng_below(&r, 8) ? prng_below(&r, 9) : 3000; n; n--) {
				uint8_t o = (uint8_t)prng_below(&r, 256);

				buf_putc(&line,
					 o == 0 || o == '\r' || o == '\n' || o < 64 ? '.' : o);
			}
			if (line.n && buf_bytes(&line).p[0] == '.')
				buf_putc(&wire, '.');
			buf_put_bytes(&wire, buf_bytes(&line));
			buf_puts(&wire, "\r\n");
			buf_put_bytes(&message, buf_bytes(&line));
			buf_puts(&message, "\r\n");
			buf_release(&line);
		}
		buf_puts(&wire, ".\r\n");
		client_begin(c, 1);
		send_cut(c, buf_bytes(&wire), 1 + prng_below(&r, 5000), prng_below(&r, wire.n));
		CHECK_INT(client_reply(c), 250);
		CHECK(bytes_eq(body_of_delivery(), buf_bytes(&message)));
		CHECK(bytes_eq(buf_bytes(&stub.log), BYTES("s@x.example|a1@ours")));
		buf_release(&message);
		buf_release(&wire);
	}
	CHECK_INT(stub.delivered, 200);
	client_free(&c);
	fixture_free(&f);
	log_set_sink(NULL, NULL);
}

/* ---- answers ----------------------------------------------------------------------------------- */

static int one_message(struct client *c, unsigned rcpts)
{
	client_begin(c, rcpts);
	client_put(c, "x\r\n.\r\n");
	return client_reply(c);
}

TEST(dialogue, smtp_answers_once)
{
	struct fixture *f = fixture_new();
	struct client *c = greeted(f, LISTEN_SMTP);

	log_set_sink(quiet_log, NULL);
	stub.statuses[0] = -ERR_QUOTA;
	CHECK_INT(one_message(c, 3), 250); /* two have it */
	CHECK_INT(stub.wait_ms, 0);
	CHECK_INT(one_message(c, 1), 552);
	stub.statuses[0] = -ERR_QUOTA;
	stub.statuses[1] = -ERR_BUSY;
	CHECK_INT(one_message(c, 2), 451);
	stub.statuses[0] = stub.statuses[1] = -ERR_NOTFOUND;
	CHECK_INT(one_message(c, 2), 550);
	client_free(&c);
	fixture_free(&f);
	log_set_sink(NULL, NULL);
}

TEST(dialogue, lmtp_answers_each)
{
	struct fixture *f = fixture_new();
	struct client *c = greeted(f, LISTEN_LMTP);

	log_set_sink(quiet_log, NULL);
	stub.statuses[1] = -ERR_QUOTA;
	stub.statuses[2] = -ERR_BUSY;
	CHECK_INT(one_message(c, 3), 250);
	CHECK_INT(client_reply(c), 552);
	CHECK_INT(client_reply(c), 451);
	CHECK_INT(stub.wait_ms, 2000);
	client_free(&c);
	fixture_free(&f);
	log_set_sink(NULL, NULL);
}

/* G3: which failure is answered how. 0: not at all, the connection ends. */
TEST(dialogue, failures)
{
	static const struct {
		int write, end, deliver, code;
	} rows[] = {
		{ -ERR_BUSY, 0, 0, 451 },    { -ERR_NOSPACE, 0, 0, 452 },
		{ -ERR_UNKNOWN, 0, 0, 451 }, /* of a chunk: without a delivery nothing is stored */
		{ 0, -ERR_BUSY, 0, 451 },    { 0, 0, -ERR_BUSY, 451 },
		{ 0, 0, -ERR_FENCED, 451 },  { 0, 0, -ERR_NOSPACE, 452 },
		{ 0, 0, -ERR_TOOBIG, 552 },  { 0, 0, -ERR_UNKNOWN, -1 },
		{ 0, 0, -ERR_CORRUPT, -1 },  { 0, 0, -ERR_GONE, -1 },
	};

	log_set_sink(quiet_log, NULL);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct fixture *f = fixture_new();
		struct client *c = greeted(f, LISTEN_SMTP);

		stub.write_err = rows[i].write;
		stub.end_err = rows[i].end;
		stub.deliver_err = rows[i].deliver;
		CHECK_INT(one_message(c, 1), rows[i].code);
		if (rows[i].code < 0)
			CHECK(client_ends(c));
		else {
			stub.write_err = stub.end_err = stub.deliver_err = 0;
			CHECK_INT(one_message(c, 1), 250);
		}
		client_free(&c);
		fixture_free(&f);
	}
	log_set_sink(NULL, NULL);
}

/* ---- time --------------------------------------------------------------------------------------- */

static uint64_t ahead_us;

static uint64_t shifted(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000 + ahead_us;
}

static uint64_t wall(void)
{
	return 1795500024000;
}

/* S19: 500 octets a second over a minute, whatever dribbles in. */
TEST(dialogue, slow_data)
{
	struct fixture *f;
	struct client *c;
	static char enough[30100];

	log_set_sink(quiet_log, NULL);
	clock_replace(shifted, wall);
	f = fixture_new();
	c = greeted(f, LISTEN_SMTP);
	client_begin(c, 1);
	memset(enough, 'x', sizeof(enough));
	memcpy(enough + sizeof(enough) - 2, "\r\n", 2);
	for (unsigned i = 0; i < 3; i++) {
		client_send(c, bytes_of(enough, sizeof(enough)));
		for (unsigned turn = 0; turn < 20; turn++)
			fixture_turn(f);
		ahead_us += 61000000;
		client_put(c, "x");
		for (unsigned turn = 0; turn < 20; turn++)
			fixture_turn(f);
	}
	CHECK_INT(c->got.n, 0);
	ahead_us += 61000000;
	client_put(c, "x");
	CHECK_INT(client_reply(c), 421);
	CHECK(client_ends(c));
	CHECK_INT(stub.delivered, 0);
	client_free(&c);
	fixture_free(&f);
	clock_replace(NULL, NULL);
	log_set_sink(NULL, NULL);
}

/* ---- speed --------------------------------------------------------------------------------------- */

/* Short lines go as fast as long ones, near enough. */
TEST(dialogue, short_lines_are_fast)
{
	struct fixture *f = fixture_new();
	struct client *c = greeted(f, LISTEN_SMTP);
	struct buf wire;
	uint64_t start;

	log_set_sink(quiet_log, NULL);
	buf_init(&wire, 0);
	while (wire.n < MIB(16))
		buf_puts(&wire, "short\r\nlines\r\n..\r\n");
	buf_puts(&wire, ".\r\n");
	client_begin(c, 1);
	start = clock_us();
	client_send(c, buf_bytes(&wire));
	CHECK_INT(client_reply(c), 250);
	printf("SHOW 16 MiB of short lines: %llu ms\n",
	       (unsigned long long)(clock_us() - start) / 1000);
	CHECK(clock_us() - start < 10000000);
	buf_release(&wire);
	client_free(&c);
	fixture_free(&f);
	log_set_sink(NULL, NULL);
}
