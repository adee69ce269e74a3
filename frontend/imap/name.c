/* SPDX-License-Identifier: Apache-2.0 */
#include "imap/name.h"

#include "imap/mutf7.h"
#include "imap/utf8.h"

/* Not: control characters (RFC 5198), joiners and direction marks, which nobody sees (but for the
 * non-joiner, which Persian needs), and the wildcards of LIST. */
static bool is_allowed(uint32_t c)
{
	return c >= 0x20 && c != '%' && c != '*' && !(c >= 0x7f && c < 0xa0) && c != 0x200b &&
	       !(c >= 0x200d && c <= 0x200f) && !(c >= 0x2028 && c <= 0x202e) &&
	       !(c >= 0x2066 && c <= 0x2069) && c != 0xfeff && c != UTF8_BAD &&
	       (c & 0xfffe) != 0xfffe;
}

static bool check_chars(struct bytes text)
{
	size_t chars = 0;

	for (; text.n; chars++)
		if (!is_allowed(utf8_take(&text)))
			return false;
	return chars > 0 && chars <= NAME_CHARS;
}

static bool check_components(struct bytes text)
{
	unsigned depth = 0;

	if (text.n == 0 || text.p[text.n - 1] == '/' || text.p[0] == '~')
		return false;
	while (text.n) {
		struct bytes part = bytes_cut(&text, '/');

		if (part.n == 0 || ++depth > NAME_DEPTH || bytes_eq(part, BYTES(".")) ||
		    bytes_eq(part, BYTES("..")))
			return false;
	}
	return true;
}

/* RFC 3501, 5.1: INBOX in any case is one name; so is what lies below it. */
static void fold_inbox(uint8_t *text, size_t n)
{
	struct bytes first = bytes_of(text, n);

	first = bytes_head(first, bytes_chr(first, '/'));
	if (bytes_ieq(first, BYTES("INBOX")))
		memcpy(text, "INBOX", 5);
}

int name_path(struct bytes raw, struct arena *mem, struct bytes *path)
{
	struct buf text;
	uint8_t *own;
	bool ok;

	buf_init(&text, 0);
	ok = mutf7_decode(raw, &text) && check_chars(buf_bytes(&text)) &&
	     check_components(buf_bytes(&text));
	if (ok) {
		own = arena_alloc(mem, text.n + 1);
		memcpy(own, text.p, text.n);
		fold_inbox(own, text.n);
		*path = bytes_of(own, text.n);
	}
	buf_release(&text);
	return ok ? 0 : -ERR_CANNOT;
}
