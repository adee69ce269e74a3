/* SPDX-License-Identifier: Apache-2.0 */
#include "mime/preview.h"

#include "mime/charset.h"
#include "mime/decode.h"

static bool is_space(uint32_t c)
{
	return c <= 0x20 || c == 0x7f || c == 0xa0 || (c >= 0x80 && c < 0xa0) ||
	       (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x3000;
}

/* Marks without a glyph: fillers of newsletters, and those that turn the direction of what
 * stands beside the preview. */
static bool is_invisible(uint32_t c)
{
	return c == 0xad || c == 0x34f || (c >= 0x200b && c <= 0x200f) ||
	       (c >= 0x202a && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0xfeff;
}

static void collapse(struct bytes in, struct buf *out)
{
	size_t chars = 0;
	bool gap = false;

	while (in.n && chars < PREVIEW_CHARS) {
		uint32_t c;
		int n = utf8_get(in, &c);

		if (n <= 0)
			break;
		in = bytes_skip(in, (size_t)n);
		if (is_space(c)) {
			gap = chars > 0;
		} else if (!is_invisible(c)) {
			if (gap && ++chars == PREVIEW_CHARS)
				break;
			if (gap)
				buf_putc(out, ' ');
			charset_put_utf8(out, c);
			chars++;
			gap = false;
		}
	}
}

char *preview_make(const Tern__FactsPart *part, struct bytes raw, struct arena *mem)
{
	struct decode_part *d;
	struct buf text, line;
	char *preview;

	buf_init(&text, 0);
	buf_init(&line, 0);
	d = decode_part_new(part);
	decode_part(d, raw, &text);
	if (raw.n < PREVIEW_RAW) /* else it ends in the middle of something */
		decode_part_end(d, &text);
	decode_part_free(&d);
	collapse(buf_bytes(&text), &line);
	preview = bytes_cstr(mem, buf_bytes(&line));
	buf_release(&text);
	buf_release(&line);
	return preview;
}
