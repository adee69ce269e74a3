/* SPDX-License-Identifier: Apache-2.0 */
#include "mime/section.h"

#include "mime_util.h"

#include "lib/test.h"

#define N "\r\n"

static const char plain[] = "Subject: s" N N "text" N;
/* The example of RFC 3501, 6.4.5. */
static const char nested[] =
	"Content-Type: multipart/mixed; boundary=b" N N "--b" N "Content-Type: text/plain" N N
	"part one" N "--b" N "Content-Type: application/octet-stream" N N "part two" N "--b" N
	"Content-Type: message/rfc822" N N "Subject: inner" N
	"Content-Type: multipart/mixed; boundary=c" N N "--c" N N "3.1" N "--c" N
	"Content-Type: application/octet-stream" N N "3.2" N "--c--" N "--b" N
	"Content-Type: multipart/mixed; boundary=d" N N "--d" N "Content-Type: image/gif" N N
	"4.1" N "--d" N "Content-Type: message/rfc822" N N "Subject: inmost" N
	"Content-Type: multipart/alternative; boundary=e" N N "--e" N "Content-Type: text/plain" N N
	"4.2.1" N "--e" N "Content-Type: text/richtext" N N "4.2.2" N "--e--" N "--d--" N "--b--" N;
static const char message[] = "Content-Type: message/rfc822" N N "Subject: i" N N "text" N;

static const struct {
	const char *message, *section, *want; /* NULL: none */
} cases[] = {
	{ plain, "", plain },
	{ plain, "HEADER", "Subject: s" N N },
	{ plain, "header", "Subject: s" N N },
	{ plain, "TEXT", "text" N },
	{ plain, "1", "text" N },
	{ plain, "1.MIME", "Subject: s" N N },
	{ plain, "1.HEADER", NULL },
	{ plain, "1.TEXT", NULL },
	{ plain, "2", NULL },
	{ plain, "1.1", NULL },
	{ plain, "4294967295", NULL },
	{ nested, "1", "part one" },
	{ nested, "1.MIME", "Content-Type: text/plain" N N },
	{ nested, "1.HEADER", NULL },
	{ nested, "1.1", NULL },
	{ nested, "2", "part two" },
	{ nested, "3.HEADER", "Subject: inner" N "Content-Type: multipart/mixed; boundary=c" N N },
	{ nested, "3.MIME", "Content-Type: message/rfc822" N N },
	{ nested, "3.TEXT",
	  "--c" N N "3.1" N "--c" N "Content-Type: application/octet-stream" N N "3.2" N "--c--" },
	{ nested, "3.1", "3.1" },
	{ nested, "3.2", "3.2" },
	{ nested, "3.2.MIME", "Content-Type: application/octet-stream" N N },
	{ nested, "3.3", NULL },
	{ nested, "4.MIME", "Content-Type: multipart/mixed; boundary=d" N N },
	{ nested, "4.HEADER", NULL },
	{ nested, "4.1", "4.1" },
	{ nested, "4.1.MIME", "Content-Type: image/gif" N N },
	{ nested, "4.2.HEADER",
	  "Subject: inmost" N "Content-Type: multipart/alternative; boundary=e" N N },
	{ nested, "4.2.1", "4.2.1" },
	{ nested, "4.2.2", "4.2.2" },
	{ nested, "4.2.2.MIME", "Content-Type: text/richtext" N N },
	{ nested, "4.2.2.1", NULL },
	{ nested, "5", NULL },
	{ message, "1", "Subject: i" N N "text" N },
	{ message, "1.HEADER", "Subject: i" N N },
	{ message, "1.TEXT", "text" N },
	{ message, "1.1", "text" N },
	{ message, "1.1.MIME", "Subject: i" N N },
	{ message, "1.2", NULL },
	{ message, "TEXT", "Subject: i" N N "text" N },
};

static bool find(const char *text, const char *section, struct arena *mem, struct bytes *found)
{
	const Tern__Facts *f = parse_checked(bytes_str(text), mem);
	struct section_range r;
	struct section s;

	CHECK(section_parse(bytes_str(section), mem, &s));
	if (!section_find(f, &s, &r))
		return false;
	CHECK(r.offset <= f->size && r.length <= f->size - r.offset);
	*found = bytes_slice(bytes_str(text), r.offset, r.length);
	return true;
}

TEST(section, cases)
{
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct bytes found = BYTES_NONE;
		struct arena mem;
		bool there;

		arena_init(&mem, 0);
		there = find(cases[i].message, cases[i].section, &mem, &found);
		if (there != (cases[i].want != NULL))
			print_error("section %s\n", cases[i].section);
		CHECK_INT(there, cases[i].want != NULL);
		if (there)
			CHECK_STR(bytes_cstr(&mem, found), cases[i].want);
		arena_release(&mem);
	}
}

TEST(section, syntax)
{
	static const char *const bad[] = { "0",          "1.0",   "1.",     ".1", "1..2",
					   "MIME",       "1.FOO", "TEXT.1", "01", "HEADER.FIELDS",
					   "4294967296", "1.-1",  "+1",     " 1", "1.text " };
	struct section s;
	struct arena mem;
	struct buf deep;

	arena_init(&mem, 0);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		if (section_parse(bytes_str(bad[i]), &mem, &s))
			print_error("section %s\n", bad[i]);
		CHECK(!section_parse(bytes_str(bad[i]), &mem, &s));
	}
	buf_init(&deep, 0); /* reliability-security.md, I7 */
	for (int i = 0; i < 1000; i++)
		buf_puts(&deep, i ? ".1" : "1");
	CHECK(!section_parse(buf_bytes(&deep), &mem, &s));
	CHECK(section_parse(bytes_head(buf_bytes(&deep), 199), &mem, &s));
	CHECK_INT(s.n, 100);
	buf_release(&deep);
	arena_release(&mem);
}

TEST(section, header_fields)
{
	static const char header[] = "A: 1" N "junk" N "bb: 2" N " more" N "a : 3" N "C:" N N;
	static const struct {
		const char *header, *names, *want;
		bool not ;
	} c[] = {
		{ header, "A", "A: 1" N "a : 3" N N },
		{ header, "bb", "bb: 2" N " more" N N },
		{ header, "BB,c,x", "bb: 2" N " more" N "C:" N N },
		{ header, "x", N },
		{ header, "a", "bb: 2" N " more" N "C:" N N, true },
		{ header, "x", "A: 1" N "bb: 2" N " more" N "a : 3" N "C:" N N, true },
		{ "A: 1" N, "a", "A: 1" N },
		{ "A: 1" N, "b", "" },
		{ "A: 1\nB: 2\n\n", "a", "A: 1\n\n" },
		{ "A: 1", "a", "A: 1" },
		{ "", "a", "" },
	};

	for (size_t i = 0; i < ARRAY_LEN(c); i++) {
		struct bytes names[4], rest = bytes_str(c[i].names);
		struct buf out;
		size_t n = 0;

		while (rest.n)
			names[n++] = bytes_cut(&rest, ',');
		buf_init(&out, 0);
		section_header_fields(&out, bytes_str(c[i].header), names, n, c[i].not );
		CHECK_STR(text_of(&out), c[i].want);
		buf_release(&out);
	}
}
