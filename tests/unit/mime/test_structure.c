/* SPDX-License-Identifier: Apache-2.0 */
/* Odd messages and what parts they have, each also fed in pieces. */
#include "mime_util.h"

#include "lib/test.h"

#define N "\r\n"
#define MIXED "Content-Type: multipart/mixed; boundary=b" N N

static const struct structure_case {
	const char *name;
	const char *message;
	const char *shape;
} cases[] = {
	{ "empty", "", "L text/plain 0-0-0 0\n" },
	{ "only an empty line", N, "L text/plain 0-2-2 0\n" },
	{ "only a line feed", "\n", "L text/plain 0-1-1 0\n" },
	{ "header and body", "A: b" N N "hello" N "world" N, "L text/plain 0-8-22 2\n" },
	{ "no final line end", "A: b" N N "hello" N "world", "L text/plain 0-8-20 1\n" },
	{ "bare LF", "A: b\n\nhello\nworld\n", "L text/plain 0-6-18 2\n" },
	{ "mixed line ends", "A: b\r\nC: d\n\nx\r\ny\n", "L text/plain 0-12-17 2\n" },
	{ "bare CR is no line end", "A: b\r\rC\r\n\r\nx\ry", "L text/plain 0-11-14 0\n" },
	{ "header without body", "A: b" N "C: d" N, "L text/plain 0-12-12 0\n" },
	{ "header cut in a field", "A: b" N "C: d", "L text/plain 0-10-10 0\n" },
	{ "header cut in its end", "A: b" N "\r", "L text/plain 0-7-7 0\n" },
	{ "body without header", N "hello" N, "L text/plain 0-2-9 1\n" },
	{ "line of no field", "A: b" N "junk" N "C: d" N N "x" N, "L text/plain 0-20-23 1\n" },
	{ "blank line of spaces goes on", "A: b" N "  " N "C: d" N N "x",
	  "L text/plain 0-18-19 0\n" },
	{ "8-bit and NUL flags are per body", "A: \xc3\xa4" N N "x", "L text/plain 0-9-10 0\n" },
	{ "8-bit", "A: b" N N "\xc3\xa4" N, "L text/plain 0-8-12 1 8bit\n" },
	{ "type", "Content-Type: image/PNG; a=b" N N "x" N, "L image/PNG 0-32-35 1\n" },
	{ "type with comments", "Content-Type: (c) text (d) / (e) html (f)" N N,
	  "L text/html 0-45-45 0\n" },
	{ "type folded", "Content-Type:" N "\ttext/html" N N, "L text/html 0-29-29 0\n" },
	{ "type malformed", "Content-Type: html" N N, "L text/plain 0-22-22 0\n" },
	{ "type with a space", "Content-Type: text/x y" N N, "L text/plain 0-26-26 0\n" },
	{ "first type counts", "Content-Type: text/html" N "Content-Type: image/png" N N,
	  "L text/html 0-52-52 0\n" },
	{ "blank before the colon", "Content-Type : text/html" N N, "L text/html 0-28-28 0\n" },

	{ "two parts", MIXED "--b" N N "one" N "--b" N "A: b" N N "two" N "--b--" N,
	  "* multipart/mixed 0-45-82 8\n"
	  "  L text/plain 50-52-55 0\n"
	  "  L text/plain 62-70-73 0\n" },
	{ "no final line end behind the last boundary", MIXED "--b" N N "one" N "--b--",
	  "* multipart/mixed 0-45-62 3\n"
	  "  L text/plain 50-52-55 0\n" },
	{ "preamble and epilogue", MIXED "pre" N "--b" N N "one" N "--b--" N "--b" N "epi" N,
	  "* multipart/mixed 0-45-79 7\n"
	  "  L text/plain 55-57-60 0\n" },
	{ "bare LF parts",
	  "Content-Type: multipart/mixed; boundary=b\n\n--b\n\none\n--b\n\ntwo\n--b--\n",
	  "* multipart/mixed 0-43-67 7\n"
	  "  L text/plain 47-48-51 0\n"
	  "  L text/plain 56-57-60 0\n" },
	{ "body that ends in an empty line", MIXED "--b" N N "one" N N "--b--" N,
	  "* multipart/mixed 0-45-66 5\n"
	  "  L text/plain 50-52-57 1\n" },
	{ "empty body", MIXED "--b" N "A: b" N N "--b--" N,
	  "* multipart/mixed 0-45-65 4\n"
	  "  L text/plain 50-58-58 0\n" },
	{ "empty body with its own line end", MIXED "--b" N "A: b" N N N "--b--" N,
	  "* multipart/mixed 0-45-67 5\n"
	  "  L text/plain 50-58-58 0\n" },
	{ "part without header end", MIXED "--b" N "A: b" N "--b--" N,
	  "* multipart/mixed 0-45-63 3\n"
	  "  L text/plain 50-56-56 0\n" },
	{ "part without anything", MIXED "--b" N "--b" N "--b--" N,
	  "* multipart/mixed 0-45-62 3\n"
	  "  L text/plain 50-50-50 0\n"
	  "  L text/plain 55-55-55 0\n" },
	{ "boundary alone at the end", MIXED "--b",
	  "* multipart/mixed 0-45-48 0\n"
	  "  L text/plain 48-48-48 0\n" },
	{ "missing end", MIXED "--b" N N "one" N,
	  "* multipart/mixed 0-45-57 3\n"
	  "  L text/plain 50-52-57 1\n" },
	{ "no part at all", MIXED "just" N "text" N, "L text/plain 0-45-57 2\n" },
	{ "only the end boundary", MIXED "--b--" N "x" N, "L text/plain 0-45-55 2\n" },
	{ "no boundary parameter", "Content-Type: multipart/mixed" N N "--b" N N "one" N "--b--" N,
	  "L text/plain 0-33-52 4\n" },
	{ "empty boundary",
	  "Content-Type: multipart/mixed; boundary=\"\"" N N "--" N N "x" N "----" N,
	  "L text/plain 0-46-61 4\n" },
	{ "look-alikes",
	  MIXED "--b" N N "--bb" N "-b" N " --b" N "--b-" N "--B" N "--b---" N "--b--" N,
	  "* multipart/mixed 0-45-94 9\n"
	  "  L text/plain 50-52-85 5\n" },
	{ "blanks behind a boundary", MIXED "--b \t" N N "one" N "--b-- " N,
	  "* multipart/mixed 0-45-67 4\n"
	  "  L text/plain 52-54-57 0\n" },
	{ "boundary with a blank at its end",
	  "Content-Type: multipart/mixed; boundary=\"b \"" N N "--b" N N "one" N "--b--" N,
	  "* multipart/mixed 0-48-67 4\n"
	  "  L text/plain 53-55-58 0\n" },
	{ "quoted boundary",
	  "Content-Type: multipart/mixed; boundary=\"a\\b c\"" N N "--ab c" N N "one" N
	  "--ab c--" N,
	  "* multipart/mixed 0-51-76 4\n"
	  "  L text/plain 59-61-64 0\n" },
	{ "first line is a boundary", MIXED "--b" N "Content-Type: text/html" N N "x" N "--b--",
	  "* multipart/mixed 0-45-85 4\n"
	  "  L text/html 50-77-78 0\n" },
	{ "boundary in the top header is none",
	  "Content-Type: multipart/mixed; boundary=b" N "--b" N N "--b" N N "x" N "--b--" N,
	  "* multipart/mixed 0-50-67 4\n"
	  "  L text/plain 55-57-58 0\n" },
	{ "boundary in a part's header ends it",
	  MIXED "--b" N "Content-Type: text/html" N "--b" N N "x" N "--b--" N,
	  "* multipart/mixed 0-45-92 6\n"
	  "  L text/html 50-75-75 0\n"
	  "  L text/plain 80-82-83 0\n" },

	{ "b in bb",
	  "Content-Type: multipart/mixed; boundary=b" N N "--b" N
	  "Content-Type: multipart/alternative; boundary=bb" N N "--bb" N N "x" N "--bb--" N
	  "--b--" N,
	  "* multipart/mixed 0-45-128 8\n"
	  "  * multipart/alternative 50-102-119 3\n"
	  "    L text/plain 108-110-111 0\n" },
	{ "b-- in b",
	  MIXED "--b" N "Content-Type: multipart/mixed; boundary=b--" N N "--b--" N N "x" N
		"--b----" N "--b--" N,
	  "* multipart/mixed 0-45-125 8\n"
	  "  * multipart/mixed 50-97-116 3\n"
	  "    L text/plain 104-106-107 0\n" },
	{ "same boundary inside",
	  MIXED "--b" N "Content-Type: multipart/mixed; boundary=b" N N "--b" N N "x" N "--b--" N
		"--b" N N "y" N "--b--" N,
	  "* multipart/mixed 0-45-129 11\n"
	  "  * multipart/mixed 50-95-110 3\n"
	  "    L text/plain 100-102-103 0\n"
	  "  L text/plain 117-119-120 0\n" },
	{ "outer boundary ends the inner one",
	  MIXED "--b" N "Content-Type: multipart/mixed; boundary=c" N N "--c" N N "x" N "--b" N N
		"y" N "--c--" N "--b--" N,
	  "* multipart/mixed 0-45-129 11\n"
	  "  * multipart/mixed 50-95-103 2\n"
	  "    L text/plain 100-102-103 0\n"
	  "  L text/plain 110-112-120 1\n" },
	{ "inner epilogue",
	  MIXED "--b" N "Content-Type: multipart/mixed; boundary=c" N N "--c" N N "x" N "--c--" N
		"epilogue" N "--b--" N,
	  "* multipart/mixed 0-45-129 9\n"
	  "  * multipart/mixed 50-95-120 4\n"
	  "    L text/plain 100-102-103 0\n" },
	{ "inner multipart without a part",
	  MIXED "--b" N "Content-Type: multipart/mixed; boundary=c" N N "text" N "--b--" N,
	  "* multipart/mixed 0-45-108 5\n"
	  "  L text/plain 50-95-99 0\n" },
	{ "inner multipart without a body",
	  MIXED "--b" N "Content-Type: multipart/mixed; boundary=c" N N "--b--" N,
	  "* multipart/mixed 0-45-102 4\n"
	  "  L text/plain 50-95-95 0\n" },
	{ "empty part at the end of an inner multipart",
	  MIXED "--b" N "Content-Type: multipart/mixed; boundary=c" N N "--c" N "--b--" N,
	  "* multipart/mixed 0-45-107 5\n"
	  "  * multipart/mixed 50-95-100 1\n"
	  "    L text/plain 100-100-100 0\n" },

	{ "message", "Content-Type: message/rfc822" N N "Subject: x" N N "text" N,
	  "M message/rfc822 0-32-52 3\n"
	  "  L text/plain 32-46-52 1\n" },
	{ "message without anything", "Content-Type: message/rfc822" N N,
	  "M message/rfc822 0-32-32 0\n"
	  "  L text/plain 32-32-32 0\n" },
	{ "message whose header does not end", "Content-Type: message/rfc822" N,
	  "M message/rfc822 0-30-30 0\n"
	  "  L text/plain 30-30-30 0\n" },
	{ "message in a multipart",
	  MIXED "--b" N "Content-Type: message/rfc822" N N "Subject: x" N N "text" N "--b--" N,
	  "* multipart/mixed 0-45-109 7\n"
	  "  M message/rfc822 50-82-100 2\n"
	  "    L text/plain 82-96-100 0\n" },
	{ "message without body in a multipart",
	  MIXED "--b" N "Content-Type: message/rfc822" N N "--b--" N,
	  "* multipart/mixed 0-45-89 4\n"
	  "  M message/rfc822 50-82-82 0\n"
	  "    L text/plain 82-82-82 0\n" },
	{ "message cut in its header",
	  MIXED "--b" N "Content-Type: message/rfc822" N N "Subject: x" N "--b--" N,
	  "* multipart/mixed 0-45-101 5\n"
	  "  M message/rfc822 50-82-94 1\n"
	  "    L text/plain 82-94-94 0\n" },
	{ "multipart in a message",
	  "Content-Type: message/rfc822" N N MIXED "--b" N N "x" N "--b--" N "epilogue" N,
	  "M message/rfc822 0-32-104 7\n"
	  "  * multipart/mixed 32-77-104 5\n"
	  "    L text/plain 82-84-85 0\n" },
	{ "message in a message",
	  "Content-Type: message/rfc822" N N "Content-Type: message/rfc822" N N "A: b" N N "x",
	  "M message/rfc822 0-32-73 4\n"
	  "  M message/rfc822 32-64-73 2\n"
	  "    L text/plain 64-72-73 0\n" },
	{ "global message", "Content-Type: message/global" N N "A: b" N N "x" N,
	  "M message/global 0-32-43 3\n"
	  "  L text/plain 32-40-43 1\n" },
	{ "other messages are leaves", "Content-Type: message/delivery-status" N N "A: b" N N "x" N,
	  "L message/delivery-status 0-41-52 3\n" },
	{ "digest",
	  "Content-Type: multipart/digest; boundary=b" N N "--b" N N "Subject: x" N N "t" N "--b" N
	  "Content-Type: text/plain" N N "y" N "--b--" N,
	  "* multipart/digest 0-46-113 10\n"
	  "  M message/rfc822 51-53-68 2\n"
	  "    L text/plain 53-67-68 0\n"
	  "  L text/plain 75-103-104 0\n" },
	{ "boundary line of an ended multipart is text",
	  MIXED "--b" N "Content-Type: multipart/mixed; boundary=c" N N "--c" N N "x" N "--c--" N
		"--c" N "--b--",
	  "* multipart/mixed 0-45-122 8\n"
	  "  * multipart/mixed 50-95-115 4\n"
	  "    L text/plain 100-102-103 0\n" },
	{ "CR before a boundary's CRLF", MIXED "--b\r" N N "x" N "--b--\r" N,
	  "* multipart/mixed 0-45-64 4\n"
	  "  L text/plain 51-53-54 0\n" },
	{ "encoded message is still a message",
	  "Content-Type: message/rfc822" N "Content-Transfer-Encoding: base64" N N "QTogYg==" N,
	  "M message/rfc822 0-67-77 1\n"
	  "  L text/plain 67-77-77 0\n" },
};

TEST(structure, cases)
{
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct arena mem;
		Tern__Facts *f;
		const char *got;

		arena_init(&mem, 0);
		f = parse_checked(bytes_str(cases[i].message), &mem);
		got = shape(f, &mem);
		if (strcmp(got, cases[i].shape) != 0)
			print_error("case %s\n", cases[i].name);
		CHECK_STR(got, cases[i].shape);
		CHECK_INT(f->limits, 0);
		arena_release(&mem);
	}
}

TEST(structure, nul_bytes)
{
	struct arena mem;
	Tern__Facts *f;

	arena_init(&mem, 0);
	f = parse_checked(BYTES("Sub\0ject: x\r\nSubject: a\0b\r\n\r\nx\0y\r\n"), &mem);
	CHECK_STR(shape(f, &mem), "L text/plain 0-29-34 1 nul\n");
	CHECK(bytes_eq(facts_bytes(f->envelope->subject), BYTES("a b")));
	arena_release(&mem);
}
