/* SPDX-License-Identifier: Apache-2.0 */
/* The end-of-data machine against a reader that looks at everything at once. */
#include "smtp/data.h"

#include "base/buf.h"
#include "base/rand.h"
#include "lib/test.h"

#include <stdlib.h>

enum { LINE_MAX = 65536 };

struct got {
	struct buf message;
	bool ended, bare, long_line;
	size_t rest; /* octets after the end */
};

static void got_release(struct got *g)
{
	buf_release(&g->message);
}

/* Feeds `in` in pieces that end at the offsets of cuts[]. */
static void feed(struct bytes in, const size_t *cuts, size_t n_cuts, struct got *g)
{
	struct smtp_data d;
	size_t at = 0;

	memset(g, 0, sizeof(*g));
	buf_init(&g->message, 0);
	smtp_data_init(&d, LINE_MAX);
	for (size_t i = 0; i <= n_cuts && !g->ended; i++) {
		size_t to = i < n_cuts ? MIN(cuts[i], in.n) : in.n;
		struct bytes part = bytes_slice(in, at, to - at), piece;
		enum smtp_data_got what;

		/* A copy of its own, so that reading past it is seen. */
		uint8_t *copy = xmalloc(part.n ? part.n : 1);

		memcpy(copy, part.p, part.n);
		part.p = copy;
		while ((what = smtp_data_take(&d, &part, &piece)) == DATA_PIECE)
			buf_put_bytes(&g->message, piece);
		g->ended = what == DATA_END;
		at = to;
		if (g->ended)
			g->rest = part.n + in.n - to;
		else
			CHECK_INT(part.n, 0);
		free(copy);
	}
	CHECK_INT(d.taken, in.n - g->rest);
	CHECK_INT(d.size, g->message.n);
	g->bare = d.bare;
	g->long_line = d.long_line;
}

static bool is_bare(struct bytes b, size_t i)
{
	if (b.p[i] == '\0')
		return true;
	if (b.p[i] == '\r')
		return i + 1 == b.n || b.p[i + 1] != '\n';
	return b.p[i] == '\n' && (i == 0 || b.p[i - 1] != '\r');
}

/* All at once: the first CRLF.CRLF, counting the CRLF of the DATA command; then the dots. */
static void expect(struct bytes in, struct got *g)
{
	struct bytes all;
	size_t end;

	memset(g, 0, sizeof(*g));
	buf_init(&g->message, 0);
	buf_puts(&g->message, "\r\n");
	buf_put_bytes(&g->message, in);
	all = buf_bytes(&g->message);
	end = bytes_find(all, BYTES("\r\n.\r\n"));
	g->ended = end < all.n;
	if (!g->ended)
		return;
	g->rest = all.n - end - 5;
	all = bytes_head(all, end + 2);
	for (size_t i = 0; i < all.n; i++)
		g->bare = g->bare || is_bare(all, i);
	struct buf out;

	buf_init(&out, 0);
	for (size_t i = 2; i < all.n; i++)
		if (!(all.p[i] == '.' && all.p[i - 1] == '\n' && all.p[i - 2] == '\r'))
			buf_putc(&out, all.p[i]);
	buf_release(&g->message);
	g->message = out;
}

static void same(struct bytes in, const size_t *cuts, size_t n_cuts)
{
	struct got want, got;

	expect(in, &want);
	feed(in, cuts, n_cuts, &got);
	CHECK_INT(got.ended, want.ended);
	if (want.ended) {
		CHECK_INT(got.rest, want.rest);
		CHECK_INT(got.bare, want.bare);
		if (!want.bare)
			CHECK(bytes_eq(buf_bytes(&got.message), buf_bytes(&want.message)));
	}
	got_release(&want);
	got_release(&got);
}

/* ---- S1 and S2 ------------------------------------------------------------------------------ */

#define B(lit)                                        \
	{                                             \
		(const uint8_t *)lit, sizeof(lit) - 1 \
	}

static const struct bytes false_ends[] = {
	B("\n.\n"),       B("\n.\r\n"),     B("\r\n.\n"),     B("\r.\r"),
	B("\r.\r\n"),     B("\r\n.\r"),     B("\n.\r"),       B("\r.\n"),
	B("\r\n\0.\r\n"), B("\r\n.\0\r\n"), B("\r\n.\r\r\n"), B("\r\r\n.\r\r\n"),
};

static const char evil[] = "MAIL FROM:<evil@example.org>\r\nRCPT TO:<one@example.test>\r\nDATA\r\n"
			   "Subject: smuggled\r\n\r\nx\r\n.\r\n";

/* Message, false end, evil, with the false end at `at`. */
static void smuggle(struct buf *out, size_t at, struct bytes end)
{
	buf_init(out, 0);
	buf_puts(out, "Subject: s\r\n\r\n");
	while (out->n + 80 <= at)
		buf_puts(out,
			 "0123456789012345678901234567890123456789012345678901234567890123456789"
			 "ABCDEFGH\r\n");
	while (out->n < at)
		buf_putc(out, 'x');
	buf_put_bytes(out, end);
	buf_puts(out, evil);
	buf_puts(out, "QUIT\r\n");
}

/* One message at most, never the second one; nothing is taken for commands but QUIT. */
static void check_smuggle(struct bytes in, const size_t *cuts, size_t n)
{
	struct got g;

	feed(in, cuts, n, &g);
	CHECK(g.ended);
	CHECK_INT(g.rest, 6);
	CHECK(g.bare);
	got_release(&g);
}

TEST(data, false_ends_cut_at_every_byte)
{
	for (size_t e = 0; e < ARRAY_LEN(false_ends); e++) {
		struct buf in;

		smuggle(&in, 40, false_ends[e]);
		for (size_t i = 0; i <= in.n; i++) {
			check_smuggle(buf_bytes(&in), &i, 1);
			same(buf_bytes(&in), &i, 1);
		}
		buf_release(&in);
	}
}

TEST(data, false_ends_at_buffer_borders)
{
	static const size_t borders[] = { 4096, 8192, 16384 };

	for (size_t e = 0; e < ARRAY_LEN(false_ends); e++)
		for (size_t b = 0; b < ARRAY_LEN(borders); b++)
			for (size_t off = 0; off < 14; off++) {
				size_t cuts[8];
				struct buf in;

				for (size_t i = 0; i < ARRAY_LEN(cuts); i++)
					cuts[i] = borders[b] * (i + 1);
				smuggle(&in, borders[b] - 7 + off, false_ends[e]);
				check_smuggle(buf_bytes(&in), cuts, ARRAY_LEN(cuts));
				same(buf_bytes(&in), cuts, ARRAY_LEN(cuts));
				buf_release(&in);
			}
}

/* T10: 12 false ends x 40 splits, byte by byte among them. */
TEST(data, t10)
{
	unsigned smuggled = 0;
	struct prng r;

	prng_seed(&r, 10);
	for (size_t e = 0; e < ARRAY_LEN(false_ends); e++)
		for (unsigned split = 0; split < 40; split++) {
			size_t cuts[64], n = 0;
			struct got g;
			struct buf in;

			smuggle(&in, 100 + split, false_ends[e]);
			for (size_t at = 0; n < ARRAY_LEN(cuts); n++)
				cuts[n] = at += split == 0 ? 1 : 1 + prng_below(&r, split + 1);
			feed(buf_bytes(&in), cuts, n, &g);
			smuggled += !g.ended || g.rest != 6 || !g.bare;
			got_release(&g);
			buf_release(&in);
		}
	CHECK_INT(smuggled, 0);
	printf("COUNT smuggling-attempts=%zu\n", ARRAY_LEN(false_ends) * 40);
}

/* ---- S4, S8 -------------------------------------------------------------------------------- */

static void check_message(const char *in, const char *message)
{
	for (size_t i = 0; i <= strlen(in); i++) {
		struct got g;

		feed(bytes_str(in), &i, 1, &g);
		CHECK(g.ended && !g.bare);
		CHECK_INT(g.rest, 0);
		CHECK(bytes_eq(buf_bytes(&g.message), bytes_str(message)));
		got_release(&g);
	}
}

TEST(data, dots)
{
	check_message(".\r\n", "");
	check_message("\r\n.\r\n", "\r\n");
	check_message("..\r\n.\r\n", ".\r\n");
	check_message("a\r\n..\r\n.\r\n", "a\r\n.\r\n");
	check_message("a\r\n.x\r\n.\r\n", "a\r\nx\r\n");
	check_message("a\r\n...\r\n.\r\n", "a\r\n..\r\n");
	check_message("a.\r\n.b.\r\n.\r\n", "a.\r\nb.\r\n");
	check_message("a\r\n..b\r\n..c\r\n\r\n..\r\n.\r\n", "a\r\n.b\r\n.c\r\n\r\n.\r\n");
	check_message("8\xc3\xbc\xff\r\n.\r\n", "8\xc3\xbc\xff\r\n");
}

static bool long_line(size_t n, size_t cut)
{
	struct got g;
	struct buf in;
	bool is;

	buf_init(&in, 0);
	buf_puts(&in, "short\r\n..");
	for (size_t i = 1; i < n; i++)
		buf_putc(&in, 'x');
	buf_puts(&in, "\r\nshort\r\n.\r\n");
	feed(buf_bytes(&in), &cut, 1, &g);
	CHECK(g.ended && !g.bare);
	CHECK_INT(g.message.n, 7 + n + 9);
	is = g.long_line;
	got_release(&g);
	buf_release(&in);
	return is;
}

TEST(data, long_lines)
{
	CHECK(!long_line(1001, 500));
	CHECK(!long_line(65536, 0));
	CHECK(!long_line(65536, 65544));
	CHECK(!long_line(65536, 65545));
	CHECK(long_line(65537, 0));
	CHECK(long_line(65537, 40000));
	CHECK(long_line(65537, 65545));
	CHECK(long_line(65537, 65546));
}

/* Nothing is said of the message before its end is there. */
TEST(data, no_end)
{
	static const char *const cases[] = {
		"", ".", ".\r", "a\r\n.", "a\r\n.\r", "a\r\n..\r\n", "a.\r\n", "\r\n..\r\n.x\r\n"
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		same(bytes_str(cases[i]), NULL, 0);
}

/* ---- everything ------------------------------------------------------------------------------ */

TEST(data, random_against_the_reader_of_all)
{
	static const char alphabet[] = { '\r', '\n', '.', '\0', 'a', '\r', '\n', '.' };
	struct prng r;

	prng_seed(&r, 1);
	for (unsigned round = 0; round < 200000; round++) {
		uint8_t text[48];
		size_t n = prng_below(&r, sizeof(text) - 5), cuts[3], at = 0;
		bool fair = prng_chance(&r, 50);

		for (size_t i = 0; i < n; i++)
			text[i] = (uint8_t)alphabet[prng_below(&r, sizeof(alphabet))];
		for (size_t i = 0; fair && i + 1 < n; i += 2)
			if (text[i] == '\r' || text[i] == '\n') {
				text[i] = '\r';
				text[i + 1] = '\n';
			}
		memcpy(text + n, "\r\n.\r\n", 5);
		for (size_t i = 0; i < ARRAY_LEN(cuts); i++)
			cuts[i] = at += prng_below(&r, n + 1);
		same(bytes_of(text, n + 5), cuts, ARRAY_LEN(cuts));
	}
}
