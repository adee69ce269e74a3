/* SPDX-License-Identifier: Apache-2.0 */
#include "imap/utf8.h"

/* Length of the character at the front, 0 if there is none: RFC 3629, nothing overlong, no
 * surrogates. */
static size_t take(struct bytes in, uint32_t *c)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	uint8_t lead = in.p[0];
	size_t n = lead < 0x80 ? 1 :
		   lead < 0xc2 ? 0 :
		   lead < 0xe0 ? 2 :
		   lead < 0xf0 ? 3 :
		   lead < 0xf5 ? 4 :
				 0;

	if (n == 0 || n > in.n)
		return 0;
	*c = n == 1 ? lead : lead & (0x7fu >> n);
	for (size_t i = 1; i < n; i++) {
		if ((in.p[i] & 0xc0) != 0x80)
			return 0;
		*c = *c << 6 | (in.p[i] & 0x3f);
	}
	return *c < least[n] || *c > 0x10ffff || (*c >= 0xd800 && *c < 0xe000) ? 0 : n;
}

uint32_t utf8_take(struct bytes *in)
{
	uint32_t c = UTF8_BAD;
	size_t n = take(*in, &c);

	*in = bytes_skip(*in, MAX(n, 1));
	return n ? c : UTF8_BAD;
}

bool utf8_valid(struct bytes text)
{
	uint32_t c;

	for (size_t n; text.n; text = bytes_skip(text, n)) {
		n = take(text, &c);
		if (n == 0)
			return false;
	}
	return true;
}

void utf8_put(struct buf *out, uint32_t c)
{
	if (c < 0x80) {
		buf_putc(out, (uint8_t)c);
	} else if (c < 0x800) {
		buf_putc(out, (uint8_t)(0xc0 | c >> 6));
		buf_putc(out, (uint8_t)(0x80 | (c & 63)));
	} else if (c < 0x10000) {
		buf_putc(out, (uint8_t)(0xe0 | c >> 12));
		buf_putc(out, (uint8_t)(0x80 | (c >> 6 & 63)));
		buf_putc(out, (uint8_t)(0x80 | (c & 63)));
	} else {
		buf_putc(out, (uint8_t)(0xf0 | c >> 18));
		buf_putc(out, (uint8_t)(0x80 | (c >> 12 & 63)));
		buf_putc(out, (uint8_t)(0x80 | (c >> 6 & 63)));
		buf_putc(out, (uint8_t)(0x80 | (c & 63)));
	}
}
