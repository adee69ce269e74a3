/* SPDX-License-Identifier: Apache-2.0 */
/* What is in the facts beside structure: preview, threads, header, packing. */
#include "mime/decode.h"
#include "mime/preview.h"
#include "mime/thread.h"
#include "mime_util.h"

#include "lib/test.h"

#define N "\r\n"
#define ALTERNATIVE "Content-Type: multipart/alternative; boundary=b" N N

static const struct {
	const char *message, *preview;
} preview_cases[] = {
	{ N "Hello,\r\n\r\n  world\r\n", "Hello, world" },
	{ "", "" },
	{ "Subject: x" N, "" },
	{ "Content-Type: text/html" N N "<html><head><title>t</title><style>x</style></head>"
	  "<body><p>A&nbsp;<b>b</b>old&amp;</p>c</body>",
	  "A bold& c" },
	{ "Content-Type: text/plain; charset=iso-8859-1" N N "\xe4", "\xc3\xa4" },
	{ "Content-Type: text/plain; charset=utf-8" N "Content-Transfer-Encoding: base64" N N
	  "w6Q=" N,
	  "\xc3\xa4" },
	{ "Content-Type: text/plain; charset=utf-8" N
	  "Content-Transfer-Encoding: quoted-printable" N N "=C3=A4=" N "b",
	  "\xc3\xa4"
	  "b" },
	{ "Content-Type: text/plain; charset=utf-7" N N "+AGE-", "+AGE-" },
	{ ALTERNATIVE "preamble" N "--b" N N "plain" N "--b" N "Content-Type: text/html" N N
		      "html" N "--b--" N "epilogue",
	  "plain" },
	{ ALTERNATIVE "--b" N N N "--b" N "Content-Type: text/html" N N "html" N "--b--", "html" },
	{ ALTERNATIVE "--b" N "Content-Disposition: attachment" N N "no" N "--b" N N "yes" N
		      "--b--",
	  "yes" },
	{ ALTERNATIVE "--b" N "Content-Type: image/png" N N "no" N "--b" N N "yes" N "--b--",
	  "yes" },
	{ "Content-Type: message/rfc822" N N "Subject: x" N N "inner", "inner" },
	{ N "a\x01\x7f\tb", "a b" },
	{ "Content-Type: text/plain; charset=utf-8" N N "a\xe2\x80\xae"
	  "b\xe2\x80\x8b"
	  "c\xff",
	  "abc\xef\xbf\xbd" },
};

TEST(facts, previews)
{
	for (size_t i = 0; i < ARRAY_LEN(preview_cases); i++) {
		struct arena mem;
		const Tern__Facts *f;

		arena_init(&mem, 0);
		f = parse_checked(bytes_str(preview_cases[i].message), &mem);
		CHECK_STR(f->preview, preview_cases[i].preview);
		arena_release(&mem);
	}
}

TEST(facts, previews_are_short)
{
	struct buf message;
	struct arena mem;
	const Tern__Facts *f;

	arena_init(&mem, 0);
	buf_init(&message, 0);
	buf_puts(&message, "Content-Type: text/plain; charset=utf-8\r\n\r\n");
	for (int i = 0; i < 5000; i++)
		buf_puts(&message, "\xe2\x82\xac");
	f = parse_checked(buf_bytes(&message), &mem);
	CHECK_INT(strlen(f->preview), 3 * PREVIEW_CHARS);
	buf_release(&message);
	arena_release(&mem);
}

TEST(facts, top_header)
{
	struct buf message;
	struct arena mem;
	struct bytes header;
	const Tern__Facts *f;

	arena_init(&mem, 0);
	buf_init(&message, 0);
	f = parse_checked(BYTES("A: b\r\n\r\nbody"), &mem);
	CHECK(facts_top_header(f, &mem, &header) && bytes_eq(header, BYTES("A: b\r\n\r\n")));
	f = parse_checked(BYTES("A: b"), &mem);
	CHECK(facts_top_header(f, &mem, &header) && bytes_eq(header, BYTES("A: b")));
	f = parse_checked(BYTES(""), &mem);
	CHECK(!facts_top_header(f, &mem, &header));
	while (message.n < FACTS_TOP_HEADER - 4)
		buf_puts(&message, message.n % 64 ? "a" : "X");
	buf_puts(&message, "\r\n\r\n");
	CHECK_INT(message.n, FACTS_TOP_HEADER);
	buf_puts(&message, "body");
	f = parse_checked(buf_bytes(&message), &mem);
	CHECK_INT(f->header_size, FACTS_TOP_HEADER);
	CHECK(facts_top_header(f, &mem, &header) &&
	      bytes_eq(header, bytes_head(buf_bytes(&message), FACTS_TOP_HEADER)));
	buf_clear(&message);
	buf_puts(&message, "X: ");
	while (message.n < FACTS_TOP_HEADER - 3)
		buf_putc(&message, 'x');
	buf_puts(&message, "\r\n\r\n");
	f = parse_checked(buf_bytes(&message), &mem);
	CHECK(!facts_top_header(f, &mem, &header));
	CHECK_INT(f->top_header_raw, 0);
	buf_release(&message);
	arena_release(&mem);
}

TEST(facts, dates)
{
	struct arena mem;

	arena_init(&mem, 0);
	CHECK_INT(
		parse_checked(BYTES("Date: Thu, 1 Jan 1970 00:00:01 +0000\r\n\r\n"), &mem)->sent_ms,
		1000);
	CHECK_INT(
		parse_checked(BYTES("Date: Thu, 1 Jan 1960 00:00:00 +0000\r\n\r\n"), &mem)->sent_ms,
		-315619200000);
	CHECK_INT(parse_checked(BYTES("Date: yesterday\r\n\r\n"), &mem)->sent_ms, 0);
	CHECK_INT(parse_checked(BYTES("X: y\r\n\r\n"), &mem)->sent_ms, 0);
	arena_release(&mem);
}

static uint64_t *keys_of(const char *message, struct arena *mem, size_t *n)
{
	return thread_keys(parse_checked(bytes_str(message), mem), mem, n);
}

TEST(facts, thread_keys)
{
	struct arena mem;
	uint64_t *k;
	size_t n;

	arena_init(&mem, 0);
	keys_of("Subject: x\r\n\r\n", &mem, &n);
	CHECK_INT(n, 0);
	k = keys_of(
		"Message-ID: <m@X.y>\r\nIn-Reply-To: <r@x>\r\nReferences: <a@x> <b@x>\r\n <r@x>\r\n\r\n",
		&mem, &n);
	CHECK_INT(n, 4);
	CHECK(k[0] == thread_key(BYTES("m@x.y")) && k[1] == thread_key(BYTES("r@x")) &&
	      k[2] == thread_key(BYTES("b@x")) && k[3] == thread_key(BYTES("a@x")));
	CHECK(thread_key(BYTES("M@x.y")) != thread_key(BYTES("m@x.y")));
	k = keys_of("References: <m@x>\r\nMessage-ID: m@x\r\n\r\n", &mem, &n);
	CHECK_INT(n, 1);
	/* stored: never another number */
	CHECK(thread_key(BYTES("m@x")) == 0x11b7d9650d4bed86ull);
	arena_release(&mem);
}

TEST(facts, many_references)
{
	struct arena mem;
	struct buf m;
	uint64_t *k;
	size_t n;
	char id[16];

	arena_init(&mem, 0);
	buf_init(&m, 0);
	buf_puts(&m,
		 "Message-ID: <own@x>\r\nIn-Reply-To: <p1@x> <p2@x> <p3@x> <p4@x> <p5@x> <p6@x>\r\n"
		 "References:");
	for (int i = 0; i < 1000; i++)
		buf_printf(&m, " <%d@x>", i);
	buf_puts(&m, "\r\n\r\n");
	buf_putc(&m, 0);
	k = keys_of((const char *)buf_bytes(&m).p, &mem, &n);
	CHECK_INT(n, THREAD_KEYS);
	CHECK(k[n - 1] == thread_key(BYTES("0@x"))); /* the first began the thread */
	for (size_t i = 0; i < 20; i++) {
		snprintf(id, sizeof(id), "%zu@x", 999 - i);
		CHECK(k[6 + i] == thread_key(bytes_str(id)));
	}
	buf_release(&m);
	arena_release(&mem);
}

TEST(facts, unpacking_refuses_nonsense)
{
	struct arena mem;
	Tern__Facts *f;

	arena_init(&mem, 0);
	f = parse_checked(BYTES("Content-Type: multipart/x; boundary=b\r\n\r\n--b\r\n\r\n--b\r\n"
				"Content-Type: message/rfc822\r\n\r\nA: b\r\n\r\nx"),
			  &mem);
	CHECK_INT(f->n_parts, 4);
	CHECK(facts_unpack(facts_pack(f, &mem), &mem));
#define REFUSED(change, back)                                    \
	do {                                                     \
		change;                                          \
		CHECK(!facts_unpack(facts_pack(f, &mem), &mem)); \
		back;                                            \
		CHECK(facts_unpack(facts_pack(f, &mem), &mem));  \
	} while (0)
	REFUSED(f->version = 2, f->version = 1);
	REFUSED(f->n_parts = 0, f->n_parts = 4);
	REFUSED(f->n_parts = 3, f->n_parts = 4);
	REFUSED(f->parts[3]->parent = 3, f->parts[3]->parent = 2);
	REFUSED(f->parts[3]->parent = 1, f->parts[3]->parent = 2);
	REFUSED(f->parts[2]->parent = 1, f->parts[2]->parent = 0);
	REFUSED(f->parts[0]->parent = 1, f->parts[0]->parent = 0);
	REFUSED(f->parts[1]->kind = PART_MULTIPART, f->parts[1]->kind = PART_LEAF);
	REFUSED(f->parts[1]->kind = 3, f->parts[1]->kind = PART_LEAF);
	REFUSED(f->parts[0]->kind = PART_LEAF, f->parts[0]->kind = PART_MULTIPART);
	REFUSED(f->parts[0]->kind = PART_MESSAGE, f->parts[0]->kind = PART_MULTIPART);
	REFUSED(f->size--, f->size++);
	REFUSED(f->header_size++, f->header_size--);
	REFUSED(f->parts[1]->header = UINT64_MAX, f->parts[1]->header = 44);
	CHECK(!facts_unpack(BYTES("\xff"), &mem));
	CHECK(!facts_unpack(BYTES_NONE, &mem));
	arena_release(&mem);
}
