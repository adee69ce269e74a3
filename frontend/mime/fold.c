/* SPDX-License-Identifier: Apache-2.0 */
/* fold.c - letters in one case, for search: simple folding of the scripts that have cases and
 * that mail is written in. A folded text is never longer than the text. */
#include "mime/charset.h"
#include "mime/decode.h"

/* Capitals from..to are `add` below their small letters; pairs: every second is a capital. */
static const struct range {
	uint16_t from, to;
	int16_t add;
	bool pairs;
} ranges[] = {
	{ 0x00c0, 0x00d6, 32 },      { 0x00d8, 0x00de, 32 },      { 0x0100, 0x012f, 1, true },
	{ 0x0132, 0x0137, 1, true }, { 0x0139, 0x0148, 1, true }, { 0x014a, 0x0177, 1, true },
	{ 0x0178, 0x0178, -121 },    { 0x0179, 0x017e, 1, true }, { 0x01cd, 0x01dc, 1, true },
	{ 0x01de, 0x01ef, 1, true }, { 0x01f8, 0x021f, 1, true }, { 0x0222, 0x0233, 1, true },
	{ 0x0386, 0x0386, 38 },      { 0x0388, 0x038a, 37 },      { 0x038c, 0x038c, 64 },
	{ 0x038e, 0x038f, 63 },      { 0x0391, 0x03a1, 32 },      { 0x03a3, 0x03ab, 32 },
	{ 0x03c2, 0x03c2, 1 },       { 0x03d8, 0x03ef, 1, true }, { 0x0400, 0x040f, 80 },
	{ 0x0410, 0x042f, 32 },      { 0x0460, 0x0481, 1, true }, { 0x048a, 0x04bf, 1, true },
	{ 0x04c1, 0x04ce, 1, true }, { 0x04d0, 0x052f, 1, true }, { 0x0531, 0x0556, 48 },
	{ 0x1e00, 0x1e95, 1, true }, { 0x1ea0, 0x1eff, 1, true }, { 0x24b6, 0x24cf, 26 },
	{ 0xff21, 0xff3a, 32 },
};

static uint32_t fold(uint32_t c)
{
	for (size_t i = 0; i < ARRAY_LEN(ranges) && c >= ranges[i].from; i++) {
		const struct range *r = &ranges[i];

		if (c <= r->to)
			return r->pairs && (c - r->from) % 2 ? c : (uint32_t)((int32_t)c + r->add);
	}
	return c;
}

static void fold_ascii(struct bytes in, struct buf *out)
{
	uint8_t *p = buf_room(out, in.n);

	if (!p)
		return;
	for (size_t i = 0; i < in.n; i++)
		p[i] = ascii_lower(in.p[i]);
	buf_grew(out, in.n);
}

void decode_fold(struct bytes in, struct buf *out)
{
	while (in.n) {
		size_t n = bytes_ascii(in);
		uint32_t c;
		int len;

		if (n)
			fold_ascii(bytes_head(in, n), out);
		in = bytes_skip(in, n);
		if (in.n == 0)
			break;
		len = utf8_get(in, &c);
		if (len > 0)
			charset_put_utf8(out, fold(c));
		else
			buf_putc(out, in.p[0]); /* not ours to judge */
		in = bytes_skip(in, len > 0 ? (size_t)len : 1);
	}
}

void decode_search_init(struct decode_search *s, struct bytes needle)
{
	*s = (struct decode_search){ .needle = needle, .found = needle.n == 0 };
	buf_init(&s->tail, 0);
}

bool decode_search(struct decode_search *s, struct bytes utf8)
{
	size_t keep;

	if (s->found)
		return true;
	decode_fold(utf8, &s->tail);
	s->found = bytes_find(buf_bytes(&s->tail), s->needle) < s->tail.n;
	keep = MIN(s->tail.n, s->needle.n - 1);
	buf_take(&s->tail, s->tail.n - keep);
	return s->found;
}

void decode_search_release(struct decode_search *s)
{
	buf_release(&s->tail);
}
