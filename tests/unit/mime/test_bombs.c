/* SPDX-License-Identifier: Apache-2.0 */
/* Messages made to cost much (reliability-security.md, D.2 I6 I20, D.6 M1 M2): each is parsed,
 * packed, unpacked and rendered in a child of its own, within time and memory. */
#include "mime/render.h"
#include "mime/section.h"

#include "mime_util.h"

#include "lib/test.h"

#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifdef TERN_SANITIZE
enum { SLOWER = 12, MEMORY = 0 };
#else
enum { SLOWER = 3, MEMORY = 64 }; /* the machine may be busy */
#endif

/* Collects into pieces as a network would bring them. */
struct feed {
	struct mime_parser *p;
	struct buf piece;
};

static void put(struct feed *f, const char *text)
{
	buf_puts(&f->piece, text);
	if (f->piece.n >= 16384) {
		mime_feed(f->p, buf_bytes(&f->piece));
		buf_clear(&f->piece);
	}
}

static void many(struct feed *f, size_t n, const char *text)
{
	while (n--)
		put(f, text);
}

static void numbered(struct feed *f, size_t n, const char *format)
{
	char text[256];

	for (size_t i = 0; i < n; i++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		snprintf(text, sizeof(text), format, (unsigned)i, (unsigned)i);
#pragma GCC diagnostic pop
		put(f, text);
	}
}

#define MIXED "Content-Type: multipart/mixed; boundary=b\r\n\r\n"

static void nested_multiparts(struct feed *f)
{
	numbered(f, 10000, "Content-Type: multipart/mixed; boundary=b%u\r\n\r\n--b%u\r\n");
}

static void nested_same_boundary(struct feed *f)
{
	many(f, 10000, MIXED "--b\r\n");
}

static void nested_prefixes(struct feed *f)
{
	char b[160] = "";

	for (int i = 0; i < 120; i++) {
		put(f, "Content-Type: multipart/mixed; boundary=b");
		put(f, b);
		put(f, "\r\n\r\n--b");
		put(f, b);
		put(f, "\r\n");
		b[i] = 'b';
	}
	many(f, 100000, "--bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb-\r\n");
}

static void nested_messages(struct feed *f)
{
	many(f, 10000, "Content-Type: message/rfc822\r\n\r\n");
}

static void empty_parts(struct feed *f)
{
	put(f, MIXED);
	many(f, 1000000, "--b\r\n");
}

static void small_parts(struct feed *f)
{
	put(f, MIXED);
	numbered(f, 100000,
		 "--b\r\nContent-Type: image/x; name=n%u\r\nContent-ID: <%u@x>\r\n\r\nx\r\n");
}

static void boundary_lines(struct feed *f)
{
	char b[2049];

	memset(b, 'x', 2048);
	b[2048] = 0;
	for (int i = 0; i < 100; i++) {
		b[2047] = (char)('0' + i);
		put(f, "Content-Type: multipart/mixed; boundary=\"");
		put(f, b);
		put(f, "\"\r\n\r\n--");
		put(f, b);
		put(f, "\r\n");
	}
	b[2047] = '!';
	for (int i = 0; i < 4000; i++) {
		put(f, "--");
		put(f, b);
		put(f, "\r\n");
	}
}

static void long_boundary(struct feed *f)
{
	put(f, "Content-Type: multipart/mixed; boundary=");
	many(f, 10000, "b");
	put(f, "\r\n\r\n--");
	many(f, 10000, "b");
	put(f, "\r\n\r\nx");
}

static void dashes(struct feed *f)
{
	put(f, MIXED);
	many(f, 2500000, "--\r\n");
}

static void header_10mb(struct feed *f)
{
	put(f, "Subject: ");
	many(f, 100000,
	     "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	     "xxxxxxxxxxxxxxxxx\r\n ");
	put(f, "\r\n\r\nx");
}

static void headers_100mb(struct feed *f)
{
	many(f, 1000000,
	     "To: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	     "aaaaaaaaaaaaaaaa@b\r\n");
}

static void headers_10e6(struct feed *f)
{
	numbered(f, 1000000, "X%u: %u\r\n");
}

static void recipients(struct feed *f)
{
	put(f, "To: x@y");
	numbered(f, 1000000, ",\r\n r%u@x");
	put(f, "\r\n\r\nx");
}

static void groups(struct feed *f)
{
	put(f, "To: ");
	many(f, 1000000, "a:;");
	put(f, "\r\n\r\nx");
}

static void comments(struct feed *f)
{
	put(f, "To: a@b ");
	many(f, 5000000, "(");
	put(f, "\r\nFrom: a@b ");
	many(f, 500000, "()");
	put(f, "\r\nDate: ");
	many(f, 500000, "(\\");
	put(f, "\r\n\r\nx");
}

static void openings(struct feed *f)
{
	put(f, "To: ");
	many(f, 500000, "[<");
	put(f, "\r\nCc: ");
	many(f, 500000, "\"\\");
	put(f, "\r\nReply-To: ");
	many(f, 300000, "\"\" ");
	put(f, "\r\nReferences: ");
	many(f, 1000000, "<");
	put(f, "\r\nSubject: ");
	many(f, 500000, "=?");
	put(f, "\r\n\r\nx");
}

static void empty_addresses(struct feed *f)
{
	many(f, 20, "X: y\r\n");
	put(f, "To: ");
	many(f, 100000, "<>,");
	put(f, "\r\n\r\nx");
}

static void message_parts(struct feed *f)
{
	put(f, MIXED);
	many(f, 10000, "--b\r\nContent-Type: message/rfc822\r\n\r\n");
}

/* Many fields with little in them: the most memory for the fewest packed bytes. */
static void full_parts(struct feed *f)
{
	put(f, MIXED);
	many(f, 10000,
	     "--b\r\nContent-Type: a/b\r\nContent-Transfer-Encoding: x\r\nContent-ID:\r\n"
	     "Content-Description:\r\nContent-MD5:\r\nContent-Location:\r\nContent-Disposition: a\r\n"
	     "Content-Language: a,b,c,d,e,f,g\r\n\r\n\x80\r\n");
}

static void full_messages(struct feed *f)
{
	put(f, MIXED);
	many(f, 10000,
	     "--b\r\nContent-Type: message/rfc822\r\nContent-Transfer-Encoding: x\r\n\r\n"
	     "From: <>,<>,<>,<>\r\nTo: <>,<>,<>,<>\r\nCc: <>,<>,<>,<>,<>,<>\r\n\r\n");
}

static void references(struct feed *f)
{
	put(f, "References:");
	numbered(f, 200000, " <%u@x>");
	put(f, "\r\n\r\nx");
}

static void params(struct feed *f)
{
	put(f, "Content-Type: text/plain");
	numbered(f, 1000000, "; n*%u*=v%u");
	put(f, "\r\n\r\nx");
}

static void params_of_parts(struct feed *f)
{
	put(f, MIXED);
	numbered(f, 100000,
		 "--b\r\nContent-Type: a/b; c=\"%u\"; d=\"%u\"\r\nContent-Language: a,b,c\r\n\r\n");
}

static void header_name(struct feed *f)
{
	many(f, 100000, "aaaaaaaaaa");
	put(f, ": x\r\n\r\nx");
}

static void no_colon(struct feed *f)
{
	many(f, 1000000, "aaaaaaaa\r\n");
}

static void line_10e7(struct feed *f)
{
	put(f, "Content-Transfer-Encoding: quoted-printable\r\n\r\n");
	many(f, 1000000, "=41=\r===4");
}

static void html(struct feed *f)
{
	put(f, "Content-Type: text/html\r\n\r\n");
	many(f, 1000000, "<<<!--&&");
}

static void previews(struct feed *f)
{
	put(f, MIXED);
	many(f, 20000, "--b\r\nContent-Type: text/plain; charset=iso-2022-jp\r\n\r\n \r\n");
}

static void attachment(struct feed *f)
{
	put(f, MIXED "--b\r\nContent-Transfer-Encoding: base64\r\nContent-Type: image/png\r\n\r\n");
	many(f, 130000,
	     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n");
	put(f, "--b--\r\n");
}

static const struct bomb {
	const char *name;
	void (*feed)(struct feed *f);
	unsigned ms;
	uint32_t limits;
} bombs[] = {
	{ "nested multiparts", nested_multiparts, 100, LIMIT_DEPTH },
	{ "nested multiparts of one boundary", nested_same_boundary, 200,
	  LIMIT_DEPTH | LIMIT_PARTS | LIMIT_PARAMS },
	{ "nested multiparts, boundaries prefixes", nested_prefixes, 1000, LIMIT_DEPTH },
	{ "nested messages", nested_messages, 100, LIMIT_DEPTH },
	{ "a million empty parts", empty_parts, 200, LIMIT_PARTS },
	{ "100,000 small parts", small_parts, 1000, LIMIT_HEADER | LIMIT_PARTS | LIMIT_PARAMS },
	{ "long boundaries, compared often", boundary_lines, 1000, 0 },
	{ "a boundary too long", long_boundary, 100, LIMIT_BOUNDARY },
	{ "dashes", dashes, 1000, 0 },
	{ "10 MB of a header field", header_10mb, 1000, LIMIT_FIELD | LIMIT_FACTS },
	{ "100 MB of headers", headers_100mb, 2000, LIMIT_HEADER },
	{ "a million fields", headers_10e6, 2000, LIMIT_HEADER },
	{ "a million recipients", recipients, 2000, LIMIT_FIELD | LIMIT_ADDRESSES },
	{ "a million groups", groups, 1000, LIMIT_FIELD | LIMIT_ADDRESSES | LIMIT_FACTS },
	{ "comments", comments, 1000, LIMIT_FIELD | LIMIT_FACTS },
	{ "brackets and quotes", openings, 1000, LIMIT_FACTS },
	{ "empty addresses", empty_addresses, 100, LIMIT_ADDRESSES | LIMIT_FACTS },
	{ "parts that are messages", message_parts, 100, LIMIT_PARTS },
	{ "parts with all fields", full_parts, 200, LIMIT_FACTS },
	{ "messages with empty fields", full_messages, 200, LIMIT_FACTS },
	{ "references", references, 1000, LIMIT_FIELD },
	{ "a million parameters", params, 2000, LIMIT_FIELD | LIMIT_PARAMS },
	{ "parameters of parts", params_of_parts, 1000, LIMIT_HEADER | LIMIT_PARTS | LIMIT_PARAMS },
	{ "a field name of 1 MB", header_name, 1000, 0 },
	{ "lines without a colon", no_colon, 1000, LIMIT_HEADER },
	{ "a line of 10 MB", line_10e7, 1000, 0 },
	{ "HTML", html, 1000, 0 },
	{ "empty text in slow charsets", previews, 1000, LIMIT_PARTS | LIMIT_PARAMS },
	{ "an attachment of 10 MB", attachment, 1000, 0 },
};

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void render_all(const Tern__Facts *f)
{
	struct section_range r;
	uint32_t ones[100];
	struct buf out;

	for (size_t i = 0; i < ARRAY_LEN(ones); i++)
		ones[i] = 1;
	buf_init(&out, 0);
	render_envelope(&out, f);
	render_bodystructure(&out, f);
	INVARIANT(!memchr(buf_bytes(&out).p, 0, out.n));
	for (size_t i = 1; i < ARRAY_LEN(ones); i++)
		if (section_find(f, &(struct section){ ones, i, SECTION_ALL }, &r))
			INVARIANT(r.offset + r.length <= f->size);
	buf_release(&out);
}

static void defuse(const struct bomb *b)
{
	struct feed f = { .p = mime_parser_new() };
	Tern__Facts *facts;
	struct arena mem;
	struct bytes packed;

	arena_init(&mem, 0);
	buf_init(&f.piece, 0);
	b->feed(&f);
	mime_feed(f.p, buf_bytes(&f.piece));
	INVARIANT(mime_finish(f.p, &mem, &facts) == 0);
	packed = facts_pack(facts, &mem);
	INVARIANT(packed.n <= MIME_MAX_FACTS + MIME_MAX_FACTS / 8);
	INVARIANT(facts_unpack(packed, &mem));
	if (facts->limits != b->limits)
		print_error("%s: limits %x\n", b->name, facts->limits);
	INVARIANT(getenv("BOMBS") || facts->limits == b->limits);
	render_all(facts);
	mime_parser_free(&f.p);
	buf_release(&f.piece);
	arena_release(&mem);
}

TEST(bombs, cost_little)
{
	for (size_t i = 0; i < ARRAY_LEN(bombs); i++) {
		struct rusage used;
		int status;
		pid_t pid = fork();

		if (pid == 0) {
			uint64_t start = now_ms();

			defuse(&bombs[i]);
			if (getenv("BOMBS"))
				print_error("%-42s %5llu ms\n", bombs[i].name,
					    (unsigned long long)(now_ms() - start));
			_exit(now_ms() - start <= bombs[i].ms * SLOWER ? 0 : 2);
		}
		CHECK_INT(wait4(pid, &status, 0, &used), pid);
		if (status != 0)
			print_error("%s: status %x\n", bombs[i].name, (unsigned)status);
		CHECK_INT(status, 0);
		if (getenv("BOMBS"))
			print_error("%47ld KiB\n", used.ru_maxrss);
		if (MEMORY)
			CHECK(used.ru_maxrss <= MEMORY * 1024);
	}
}
