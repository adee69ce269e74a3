/* SPDX-License-Identifier: Apache-2.0 */
#include "session/line.h"

static enum line skip(struct line_reader *r, struct buf *in, size_t n)
{
	r->skipped += n;
	r->seen = 0;
	buf_take(in, n);
	return r->skipped >= LINE_FLOOD_SIZE ? LINE_FLOOD : LINE_MORE;
}

static enum line end_of_long(struct line_reader *r, struct buf *in, size_t n)
{
	enum line line = skip(r, in, n);

	r->skipped = 0;
	return line == LINE_FLOOD ? LINE_FLOOD : LINE_LONG;
}

enum line line_take(struct line_reader *r, struct buf *in, size_t max, struct bytes *text)
{
	struct bytes b = buf_bytes(in);
	size_t at = r->seen + bytes_chr(bytes_skip(b, r->seen), '\n');
	bool crlf;

	if (at >= b.n) {
		r->seen = b.n;
		return r->skipped || b.n >= max ? skip(r, in, b.n) : LINE_MORE;
	}
	if (r->skipped || at >= max)
		return end_of_long(r, in, at + 1);
	crlf = at > 0 && b.p[at - 1] == '\r';
	*text = bytes_head(b, crlf ? at - 1 : at);
	r->seen = 0;
	buf_take(in, at + 1);
	return crlf ? LINE_OK : LINE_BARE;
}
