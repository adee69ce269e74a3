/* SPDX-License-Identifier: Apache-2.0 */
#include "mime/envelope.h"

#include <stdlib.h>

#include "lib/test.h"
#include "mime/render.h"
#include "mime_util.h"

#define N "\r\n"

static const struct {
	const char *message;
	enum envelope_field field;
	const char *text;
} cases[] = {
	{ "", ENVELOPE_SUBJECT, "" },
	{ "", ENVELOPE_MESSAGE_ID, "" },
	{ "Subject: Hello" N N, ENVELOPE_SUBJECT, "Hello" },
	{ "Subject: a\"b\\c" N N, ENVELOPE_SUBJECT, "a\"b\\c" },
	{ "Subject: \xc3\xa4 {3}" N N, ENVELOPE_SUBJECT, "\xc3\xa4 {3}" }, /* a literal */
	{ "Subject: =?utf-8?q?x?=" N N, ENVELOPE_SUBJECT, "=?utf-8?q?x?=" },
	{ "Subject: \xff" N "Message-ID: <1@x>" N N, ENVELOPE_MESSAGE_ID, "<1@x>" },
	{ "From: Ann (x) <ann@x.y>" N N, ENVELOPE_FROM, "Ann <ann@x.y>" },
	{ "From: Ann <ann@x.y>" N N, ENVELOPE_SENDER, "Ann <ann@x.y>" },
	{ "From: a@b" N "To: b@c, \"D, E\" <d@e>" N N, ENVELOPE_TO, "<b@c>, D, E <d@e>" },
	{ "To: <@r:a@b>" N N, ENVELOPE_TO, "<a@b>" },
	{ "Cc: g: a@b;" N "Bcc: z@y" N N, ENVELOPE_BCC, "<z@y>" },
	{ "Cc: g: a@b;" N N, ENVELOPE_CC, "<g@>, <a@b>, <@>" },
	{ "To: a@b" N "In-Reply-To: <0@x>" N N, ENVELOPE_IN_REPLY_TO, "<0@x>" },
};

TEST(envelope, fields)
{
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct bytes message = bytes_str(cases[i].message);
		struct buf rendered, text;
		struct arena mem;

		arena_init(&mem, 0);
		buf_init(&rendered, 0);
		buf_init(&text, 0);
		buf_puts(&text, "kept");
		render_envelope(&rendered, parse_checked(message, &mem));
		CHECK(envelope_text(buf_bytes(&rendered), cases[i].field, &text));
		CHECK(bytes_starts(buf_bytes(&text), BYTES("kept")));
		CHECK_STR(text_of(&text) + 4, cases[i].text);
		buf_release(&text);
		buf_release(&rendered);
		arena_release(&mem);
	}
}

/* Cut anywhere, it is refused or says nothing wrong; nothing is read beyond its end. */
TEST(envelope, malformed)
{
	static const char whole[] =
		"(\"d\" {2}\r\nab ((\"n\" NIL \"m\" \"h\")) NIL NIL NIL NIL NIL NIL \"i\")";

	for (size_t n = 0; n < sizeof(whole) - 1; n++) {
		uint8_t *cut = malloc(n + 1);
		struct buf text;

		memcpy(cut, whole, n);
		for (enum envelope_field f = ENVELOPE_DATE; f < ENVELOPE_FIELDS; f++) {
			buf_init(&text, 0);
			if (!envelope_text(bytes_of(cut, n), f, &text))
				CHECK(f > ENVELOPE_DATE || n < 5);
			buf_release(&text);
		}
		free(cut);
	}
	for (const char *const *bad =
		     (const char *const[]){ "", "x", "(x", "(\"a", "({9}\r\nx",
					    "({99999999999999999999}\r\nx", "({}\r\n)", NULL };
	     *bad; bad++) {
		struct buf text;

		buf_init(&text, 0);
		CHECK(!envelope_text(bytes_str(*bad), ENVELOPE_DATE, &text));
		buf_release(&text);
	}
}
