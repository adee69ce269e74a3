/* SPDX-License-Identifier: Apache-2.0 */
#include "session/line.h"

#include "lib/test.h"

#include <stdlib.h>

/* What line_take says of `in`, as text: "<line>" for a good one, and so on. */
static void run(struct bytes in, size_t step, size_t max, struct buf *out)
{
	struct line_reader r = { 0 };
	struct buf b;
	struct bytes text;
	enum line got;

	buf_init(&b, 0);
	while (in.n) {
		buf_put_bytes(&b, bytes_head(in, step));
		in = bytes_skip(in, step);
		while ((got = line_take(&r, &b, max, &text)) != LINE_MORE) {
			if (got == LINE_OK)
				buf_printf(out, "<%.*s>", BYTES_ARG(text));
			else if (got == LINE_BARE)
				buf_printf(out, "{%.*s}", BYTES_ARG(text));
			else
				buf_puts(out, got == LINE_LONG ? "!" : "#");
			if (got == LINE_FLOOD)
				break;
		}
	}
	buf_release(&b);
}

TEST(line, table_at_every_cut)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{ "NOOP\r\n", "<NOOP>" },
		{ "a\r\nb\r\n", "<a><b>" },
		{ "\r\n\r\n", "<><>" },
		{ "a\nb\r\n", "{a}<b>" },
		{ "\n", "{}" },
		{ "a\r", "" },
		{ "a\rb\r\n", "<a\rb>" },
		{ "12345678\r\n", "<12345678>" },
		{ "123456789\r\nx\r\n", "!<x>" },
		{ "1234567890123456789012345\r\nx\r\n", "!<x>" },
		{ "123456789\nx\r\n", "{123456789}<x>" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		for (size_t step = 1; step < 40; step++) {
			struct buf out;

			buf_init(&out, 0);
			run(bytes_str(cases[i].in), step, 10, &out);
			buf_putc(&out, '\0');
			CHECK_STR((char *)out.p, cases[i].out);
			buf_release(&out);
		}
}

TEST(line, flood)
{
	size_t n = 3 * LINE_FLOOD_SIZE;
	char *junk = xmalloc(n);
	struct buf out;

	memset(junk, 'x', n);
	buf_init(&out, 0);
	run(bytes_of(junk, LINE_FLOOD_SIZE - 1), 999, 512, &out);
	CHECK_INT(out.n, 0);
	run(bytes_of(junk, n), 999, 512, &out);
	CHECK_INT(out.p[0], '#');
	buf_release(&out);
	free(junk);
}
