/* SPDX-License-Identifier: Apache-2.0 */
/* The end of a message is the first CRLF.CRLF, however its octets are cut. First octet: the cut. */
#include "smtp/data.h"

#include "base/buf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

struct run {
	struct smtp_data d;
	struct buf message;
	bool ended;
	size_t rest;
};

static void feed(struct run *r, struct bytes in, size_t step)
{
	enum smtp_data_got got = DATA_MORE;
	struct bytes piece;

	buf_init(&r->message, 0);
	smtp_data_init(&r->d, 100);
	while (in.n && got != DATA_END) {
		struct bytes part = bytes_head(in, step);

		in = bytes_skip(in, part.n);
		while ((got = smtp_data_take(&r->d, &part, &piece)) == DATA_PIECE)
			buf_put_bytes(&r->message, piece);
		r->rest = part.n + in.n;
	}
	r->ended = got == DATA_END;
}

static void check(struct bytes in, size_t step)
{
	struct run cut = { 0 }, whole = { 0 };
	struct buf all;
	size_t end;

	buf_init(&all, 0);
	buf_puts(&all, "\r\n");
	buf_put_bytes(&all, in);
	end = bytes_find(buf_bytes(&all), BYTES("\r\n.\r\n"));
	feed(&cut, in, step);
	feed(&whole, in, in.n);
	INVARIANT(cut.ended == whole.ended && cut.ended == (end < all.n));
	INVARIANT(bytes_eq(buf_bytes(&cut.message), buf_bytes(&whole.message)));
	INVARIANT(cut.d.bare == whole.d.bare);
	/* Where a line ends is only clear in what is not refused anyway. */
	INVARIANT(cut.d.bare || cut.d.long_line == whole.d.long_line);
	INVARIANT(cut.d.size == cut.message.n);
	if (cut.ended)
		INVARIANT(cut.rest == whole.rest && cut.rest == all.n - end - 5);
	if (cut.ended && !cut.d.bare)
		INVARIANT(bytes_chr(buf_bytes(&cut.message), 0) == cut.message.n);
	buf_release(&cut.message);
	buf_release(&whole.message);
	buf_release(&all);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	if (n > 0)
		check(bytes_of(data + 1, n - 1), data[0] % 16 + 1u);
	return 0;
}
