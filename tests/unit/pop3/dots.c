/* SPDX-License-Identifier: Apache-2.0 */
/* What goes out for RETR and TOP, and that it comes back as it was. */
#include "pop3/dots.h"

#include "base/buf.h"
#include "base/rand.h"
#include "lib/test.h"

static void put(struct pop3_dots *d, struct bytes part, struct buf *out)
{
	struct bytes run;
	bool dot;

	while (pop3_dots_take(d, &part, &dot, &run)) {
		CHECK(run.n > 0);
		if (dot)
			buf_putc(out, '.');
		buf_put_bytes(out, run);
	}
}

/* In two parts, cut at `cut`. lines < 0: all of it. */
static void send(struct bytes m, size_t cut, int lines, struct buf *out)
{
	struct pop3_dots d;

	buf_init(out, 0);
	pop3_dots_init(&d);
	if (lines >= 0)
		pop3_dots_limit(&d, (uint32_t)lines);
	put(&d, bytes_head(m, cut), out);
	put(&d, bytes_skip(m, cut), out);
	buf_puts(out, pop3_dots_end(&d));
}

static void check(const char *message, int lines, const char *want)
{
	for (size_t cut = 0; cut <= strlen(message); cut++) {
		struct buf out;

		send(bytes_str(message), cut, lines, &out);
		if (!bytes_eq(buf_bytes(&out), bytes_str(want)))
			printf("cut at %zu: \"%.*s\"\n", cut, BYTES_ARG(buf_bytes(&out)));
		CHECK(bytes_eq(buf_bytes(&out), bytes_str(want)));
		buf_release(&out);
	}
}

TEST(dots, retr)
{
	check("", -1, ".\r\n");
	check("a\r\n", -1, "a\r\n.\r\n");
	check("a", -1, "a\r\n.\r\n");
	check("a\r", -1, "a\r\r\n.\r\n");
	check("a\n", -1, "a\n\r\n.\r\n");
	check("\n", -1, "\n\r\n.\r\n");
	check("\r\n", -1, "\r\n.\r\n");
	check(".", -1, "..\r\n.\r\n");
	check(".\r\n", -1, "..\r\n.\r\n");
	check("a\r\n.\r\nb\r\n", -1, "a\r\n..\r\nb\r\n.\r\n");
	check("a\r\n..b\r\n.c", -1, "a\r\n...b\r\n..c\r\n.\r\n");
	check("a.\r\nb.c\r\n", -1, "a.\r\nb.c\r\n.\r\n");
	check("a\n.\nb", -1, "a\n..\nb\r\n.\r\n");
	check("a\r.b\r\n", -1, "a\r.b\r\n.\r\n");
}

TEST(dots, top)
{
	static const char m[] = "A: 1\r\nB: 2\r\n\r\none\r\n.two\r\n\r\nthree";

	check(m, 0, "A: 1\r\nB: 2\r\n\r\n.\r\n");
	check(m, 1, "A: 1\r\nB: 2\r\n\r\none\r\n.\r\n");
	check(m, 2, "A: 1\r\nB: 2\r\n\r\none\r\n..two\r\n.\r\n");
	check(m, 3, "A: 1\r\nB: 2\r\n\r\none\r\n..two\r\n\r\n.\r\n");
	check(m, 4, "A: 1\r\nB: 2\r\n\r\none\r\n..two\r\n\r\nthree\r\n.\r\n");
	check(m, 1000000, "A: 1\r\nB: 2\r\n\r\none\r\n..two\r\n\r\nthree\r\n.\r\n");
	check("A: 1\n\none\ntwo\n", 1, "A: 1\n\none\n\r\n.\r\n");
	check("A: 1\r\n", 3, "A: 1\r\n.\r\n");
	check("\r\nbody\r\n", 0, "\r\n.\r\n");
	check("", 1, ".\r\n");
}

/* A client that reads lines by LF, takes dots off and stops at the dot. */
static void receive(struct bytes in, struct buf *out)
{
	while (in.n) {
		struct bytes line = bytes_head(in, bytes_chr(in, '\n') + 1);

		in = bytes_skip(in, line.n);
		if (bytes_eq(line, BYTES(".\r\n"))) {
			CHECK_INT(in.n, 0);
			return;
		}
		if (line.p[0] == '.')
			line = bytes_skip(line, 1);
		buf_put_bytes(out, line);
	}
	CHECK(false);
}

TEST(dots, comes_back)
{
	static const char alphabet[] = { '\r', '\n', '.', 'a', '\0', '\r', '\n' };
	struct prng r;

	prng_seed(&r, 5);
	for (unsigned round = 0; round < 100000; round++) {
		uint8_t text[40];
		size_t n = prng_below(&r, sizeof(text));
		struct bytes m = bytes_of(text, n);
		struct buf sent, got;

		for (size_t i = 0; i < n; i++)
			text[i] = (uint8_t)alphabet[prng_below(&r, sizeof(alphabet))];
		send(m, prng_below(&r, n + 1), -1, &sent);
		buf_init(&got, 0);
		receive(buf_bytes(&sent), &got);
		if (n && !bytes_ends(m, BYTES("\r\n")))
			CHECK(bytes_ends(buf_bytes(&got), BYTES("\r\n")));
		CHECK(bytes_starts(buf_bytes(&got), m));
		CHECK(got.n == n || got.n == n + 2);
		buf_release(&sent);
		buf_release(&got);
	}
}
