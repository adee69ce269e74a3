/* SPDX-License-Identifier: Apache-2.0 */
/* Commands and what becomes of them; each case whole and byte by byte. */
#include "base/buf.h"
#include "lib/test.h"

#include "imap/parse.h"
#include "model/flags.h"

static const struct imap_limits limits = {
	.line = 65536, .literal = 65536, .skip = 1 << 20, .literals = 5, .depth = 4, .terms = 20
};
static const struct imap_limits strangers = {
	.line = 200, .literal = 100, .skip = 200, .literals = 5, .depth = 4, .terms = 20
};

struct run {
	struct imap_parser parser;
	struct imap_cmd cmd;
	struct arena mem;
	struct why why;
	struct buf in, log; /* what came of it: "bad(Syntax error) done(NOOP)" */
	unsigned state;
};

static const char *const verbs[] = {
#define CMD(verb, name, arguments, run, states, flags) name,
#include "imap/cmd.def"
#undef CMD
};

static void note(struct run *r, enum parse what)
{
	switch (what) {
	case PARSE_CONTINUE: buf_puts(&r->log, "+ "); break;
	case PARSE_DONE:
		buf_printf(&r->log, "%.*s:%s ", BYTES_ARG(r->cmd.tag), verbs[r->cmd.verb]);
		break;
	case PARSE_BAD:
		buf_printf(&r->log, "%.*s:bad(%s) ", BYTES_ARG(r->cmd.tag), r->why.text);
		break;
	case PARSE_TOOBIG: buf_printf(&r->log, "%.*s:toobig ", BYTES_ARG(r->cmd.tag)); break;
	case PARSE_BYE: buf_puts(&r->log, "bye "); break;
	default: break;
	}
}

/* As a session does: offers all that is there until nothing more comes of it. */
static bool offer(struct run *r)
{
	const struct imap_limits *l = r->state == IN_STRANGER ? &strangers : &limits;
	enum parse what;
	size_t used;

	do {
		what = imap_parse(&r->parser, l, r->state, buf_bytes(&r->in), &used, &r->mem,
				  &r->cmd, &r->why);
		CHECK(used <= r->in.n);
		buf_take(&r->in, used);
		note(r, what);
	} while (what != PARSE_MORE && what != PARSE_BYE && r->in.n);
	return what != PARSE_BYE;
}

static void run_begin(struct run *r, unsigned state)
{
	memset(r, 0, sizeof(*r));
	r->state = state;
	arena_init(&r->mem, 0);
	buf_init(&r->in, 0);
	buf_init(&r->log, 0);
}

static void run_end(struct run *r)
{
	arena_release(&r->mem);
	buf_release(&r->in);
	buf_release(&r->log);
}

static void check(unsigned state, struct bytes text, const char *want, bool dribble)
{
	struct run r;

	run_begin(&r, state);
	for (size_t i = 0; i < text.n; i += dribble ? 1 : text.n) {
		buf_put_bytes(&r.in, bytes_slice(text, i, dribble ? 1 : text.n));
		if (!offer(&r))
			break;
	}
	if (!bytes_eq(bytes_trim(buf_bytes(&r.log)), bytes_str(want)))
		fail_msg("%.60s: wanted %s, got %.*s", (const char *)text.p, want,
			 BYTES_ARG(buf_bytes(&r.log)));
	run_end(&r);
}

static void check_both(unsigned state, const char *text, const char *want)
{
	check(state, bytes_str(text), want, false);
	check(state, bytes_str(text), want, true);
}

TEST(parse, user)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "a NOOP\r\n", "a:NOOP" },
		{ "a noop\r\nb NOOP\r\n", "a:NOOP b:NOOP" },
		{ "a NOOP\n", "a:bad(Unexpected argument)" },
		{ "a NOOP \r\n", "a:bad(Unexpected argument)" },
		{ "\r\n", "*:bad(Invalid tag)" },
		{ "a\r\n", "*:bad(Invalid tag)" },
		{ "a \r\n", "a:bad(Syntax error)" },
		{ "a] NOOP\r\n", "a]:NOOP" },
		{ "a\x80 NOOP\r\n", "*:bad(Invalid tag)" },
		{ "a FETCH 1 ALL\r\n", "a:FETCH" },
		{ "a UID  FETCH 1 ALL\r\n", "a:bad(Syntax error)" },
		{ "a UID FETCH 1 ALL\r\n", "a:UID FETCH" },
		{ "a UID EXPUNGE 1\r\n", "a:UID EXPUNGE" },
		{ "a EXPUNGE 1\r\n", "a:bad(Unexpected argument)" },
		{ "a LOGIN x y\r\n", "a:bad(Not allowed now)" },
		{ "a SELECT {3}\r\nabc\r\n", "+ a:SELECT" },
		{ "a SELECT {3+}\r\nabc\r\n", "a:SELECT" },
		{ "a SELECT {0}\r\n\r\n", "+ a:SELECT" },
		{ "a SELECT {3+}\r\nab\r\nc\r\n", "a:bad(Unexpected argument) *:bad(Invalid tag)" },
		{ "a RENAME {1}\r\nx {1}\r\ny\r\n", "+ + a:RENAME" },
		{ "a RENAME {1+}\r\nx {1+}\r\ny\r\nb NOOP\r\n", "a:RENAME b:NOOP" },
		{ "a NOOP {3}\r\nb NOOP\r\n", "a:bad(Unexpected argument) b:NOOP" },
		{ "a NOOP {3+}\r\nxyz\r\nb NOOP\r\n", "a:bad(Unexpected argument) b:NOOP" },
		{ "a X {3+}\r\nxyz {4+}\r\n\r\n\r\n\r\nb NOOP\r\n",
		  "a:bad(Unknown command) b:NOOP" },
		{ "a X {3+}\r\nxyz {4}\r\nb NOOP\r\n", "a:bad(Unknown command) b:NOOP" },
		{ "a SELECT {65530}\r\nb NOOP\r\n", "a:toobig b:NOOP" },
		{ "a SELECT {65537+}\r\n", "a:toobig" },
		{ "a SELECT {99999999+}\r\n", "bye" },
		{ "a SELECT {99999999999999999999}\r\nb NOOP\r\n", "a:toobig b:NOOP" },
		{ "a SELECT {99999999999999999999+}\r\n", "bye" },
		{ "a SEARCH OR OR OR OR OR ALL ALL ALL\r\n", "a:bad(Nested too deeply)" },
		{ "a SEARCH ((((ALL))))\r\n", "a:SEARCH" },
		{ "a SEARCH (((((ALL)))))\r\n", "a:bad(Nested too deeply)" },
		{ "a LIST \"\" {1+}\r\nx RETURN ({1+}\r\n) )\r\n", "a:bad(Syntax error)" },
		/* APPEND's message is left to the command */
		{ "a APPEND x {10}\r\n", "a:APPEND" },
		{ "a APPEND x (\\Seen k) \"17-Jul-1996 02:44:25 -0700\" {10+}\r\n", "a:APPEND" },
		{ "a APPEND {1}\r\nx {10}\r\n", "+ a:APPEND" },
		{ "a APPEND {1+}\r\nx (\\Seen) {10}\r\n", "a:APPEND" },
		{ "a APPEND x {10}x\r\n", "a:bad(Malformed literal)" },
		{ "a APPEND x y\r\n", "a:bad(Malformed literal)" },
		{ "a APPEND x (\\Seen {10}\r\nb NOOP\r\n", "a:bad(Syntax error) b:NOOP" },
		{ "a APPEND x {99999999999}\r\n", "a:APPEND" },
		{ "a RENAME {1}\r\nx {1}\r\ny {1}\r\nb NOOP\r\n",
		  "+ + a:bad(Unexpected argument) b:NOOP" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		check_both(IN_MAILBOX, cases[i].text, cases[i].want);
}

TEST(parse, stranger)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "a LOGIN x y\r\n", "a:LOGIN" },
		{ "a LOGIN {3}\r\nabc {3}\r\nxyz\r\n", "+ + a:LOGIN" },
		{ "a LOGIN {100}\r\n", "+" },
		{ "a LOGIN {101}\r\nb NOOP\r\n", "a:toobig b:NOOP" },
		{ "a LOGIN {101+}\r\n", "bye" },
		{ "a LOGIN {4294967295+}\r\n", "bye" },
		{ "a LOGIN {18446744073709551616}\r\n", "a:toobig" },
		{ "a LOGIN {-1}\r\n", "a:bad(Malformed literal)" },
		{ "a LOGIN {5\r\n", "a:bad(Malformed literal)" },
		{ "a LOGIN {}\r\n", "a:bad(Malformed literal)" },
		{ "a LOGIN {+}\r\n", "a:bad(Malformed literal)" },
		{ "a FETCH ((((((((((((((((\r\n", "a:bad(Log in first)" },
		{ "a SEARCH {5+}\r\n12345\r\nb NOOP\r\n", "a:bad(Log in first) b:NOOP" },
		{ "a X {300+}\r\n", "bye" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		check_both(IN_STRANGER, cases[i].text, cases[i].want);
}

TEST(parse, too_long)
{
	struct buf text;

	buf_init(&text, 0);
	buf_puts(&text, "a SEARCH ");
	for (unsigned i = 0; i < 70000; i++)
		buf_putc(&text, '(');
	buf_puts(&text, "\r\nb NOOP\r\n");
	check(IN_MAILBOX, buf_bytes(&text), "a:bad(Command too long) b:NOOP", false);
	check(IN_MAILBOX, buf_bytes(&text), "a:bad(Command too long) b:NOOP", true);
	check(IN_STRANGER, buf_bytes(&text), "bye", false);
	check(IN_STRANGER, buf_bytes(&text), "bye", true);
	buf_clear(&text);
	for (unsigned i = 0; i < 2000000; i++)
		buf_putc(&text, 'x');
	check(IN_MAILBOX, buf_bytes(&text), "*:bad(Command too long) bye", false);
	buf_release(&text);
}

TEST(parse, too_many_literals)
{
	check_both(IN_MAILBOX,
		   "a SEARCH TO {1+}\r\nx TO {1+}\r\nx TO {1+}\r\nx TO {1+}\r\nx TO {1+}\r\nx\r\n",
		   "a:SEARCH");
	check_both(IN_MAILBOX,
		   "a SEARCH TO {1+}\r\nx TO {1+}\r\nx TO {1+}\r\nx TO {1+}\r\nx TO {1+}\r\nx TO "
		   "{1+}\r\nx\r\nb NOOP\r\n",
		   "a:bad(Too many literals) b:NOOP");
}

/* ---- arguments --------------------------------------------------------------------------------- */

static const struct imap_cmd *parse(struct run *r, const char *text)
{
	buf_clear(&r->in);
	buf_puts(&r->in, text);
	buf_clear(&r->log);
	(void)offer(r);
	if (bytes_find(buf_bytes(&r->log), BYTES("bad")) < r->log.n)
		fail_msg("%s: %s", text, r->why.text);
	return &r->cmd;
}

static void check_bytes(struct bytes got, const char *want)
{
	if (!bytes_eq(got, bytes_str(want)))
		fail_msg("wanted %s, got %.*s", want, BYTES_ARG(got));
}

TEST(parse, strings)
{
	const struct imap_cmd *c;
	struct run r;

	run_begin(&r, IN_MAILBOX);
	c = parse(&r, "a RENAME \"a \\\"b\\\\\" {4+}\r\nc\r\nd\r\n");
	check_bytes(c->name, "a \"b\\");
	check_bytes(c->to, "c\r\nd");
	c = parse(&r, "a RENAME \"\" a]b\r\n");
	check_bytes(c->name, "");
	check_bytes(c->to, "a]b");
	run_end(&r);
}

TEST(parse, append)
{
	const struct imap_cmd *c;
	struct run r;

	run_begin(&r, IN_MAILBOX);
	c = parse(&r,
		  "a APPEND x (\\Seen k1 \\dRAFT K1 k2) \" 1-Jan-1970 00:00:01 +0100\" {12+}\r\n");
	CHECK_INT(c->flags.system, FLAG_SEEN | FLAG_DRAFT);
	CHECK_INT(c->flags.n, 2);
	check_bytes(c->flags.keywords[1], "k2");
	CHECK(c->append.dated && !c->append.sync);
	CHECK_INT(c->append.date_ms, -3599000);
	CHECK_INT(c->append.zone, 60);
	CHECK_INT(c->append.size, 12);
	c = parse(&r, "a APPEND x () {7}\r\n");
	CHECK(!c->append.dated && c->append.sync && c->flags.n == 0);
	run_end(&r);
}

TEST(parse, fetch)
{
	const struct fetch_item *i;
	const struct imap_cmd *c;
	struct run r;

	run_begin(&r, IN_MAILBOX);
	c = parse(&r,
		  "a FETCH 1:2,4:* (FLAGS BODY[1.2.mime] BODY.PEEK[header.fields.not (A \"b c\")]"
		  "<5.6> BODY[] BODY BODY[3.HEADER.FIELDS (x)])\r\n");
	i = c->fetch.items;
	check_bytes(c->set, "1:2,4:*");
	CHECK_INT(c->fetch.n, 6);
	CHECK(i[0].what == FETCH_FLAGS);
	CHECK(i[1].what == FETCH_SECTION && !i[1].peek && i[1].section.what == SECTION_MIME);
	CHECK(i[1].section.n == 2 && i[1].section.numbers[1] == 2);
	CHECK(i[2].peek && i[2].partial && i[2].from == 5 && i[2].count == 6);
	CHECK(i[2].fields == FIELDS_NOT && i[2].n_names == 2);
	check_bytes(i[2].names[1], "b c");
	CHECK(i[3].what == FETCH_SECTION && i[3].section.what == SECTION_ALL && !i[3].section.n);
	CHECK(i[4].what == FETCH_BODY);
	CHECK(i[5].fields == FIELDS_LISTED && i[5].section.what == SECTION_HEADER);
	CHECK(i[5].section.n == 1);
	CHECK_INT(parse(&r, "a FETCH 1 full\r\n")->fetch.n, 5);
	run_end(&r);
}

TEST(parse, fetch_that_is_none)
{
	static const char *const bad[] = {
		"a FETCH 1\r\n",
		"a FETCH 1 ()\r\n",
		"a FETCH 1 (FLAGS \r\n",
		"a FETCH 1 BODY[0]\r\n",
		"a FETCH 1 BODY[1.]\r\n",
		"a FETCH 1 BODY[.1]\r\n",
		"a FETCH 1 BODY[HEADER.FIELDS]\r\n",
		"a FETCH 1 BODY[HEADER.FIELDS ()]\r\n",
		"a FETCH 1 BODY[XHEADER.FIELDS (a)]\r\n",
		"a FETCH 1 BODY[TEXT.1]\r\n",
		"a FETCH 1 BODY[]<1>\r\n",
		"a FETCH 1 BODY[]<-1.1>\r\n",
		"a FETCH 1 BODY[]<1.0>\r\n",
		"a FETCH 1 RFC822[1]\r\n",
		"a FETCH 1 [1]\r\n",
		"a FETCH 1 (FAST)\r\n",
		"a FETCH a FLAGS\r\n",
		"a FETCH 1:a FLAGS\r\n",
		"a FETCH :1 FLAGS\r\n",
		"a FETCH 01 FLAGS\r\n",
		"a FETCH 1,,2 FLAGS\r\n",
		"a FETCH **  FLAGS\r\n",
	};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct run r;

		run_begin(&r, IN_MAILBOX);
		buf_puts(&r.in, bad[i]);
		(void)offer(&r);
		if (!bytes_starts(buf_bytes(&r.log), BYTES("a:bad(")))
			fail_msg("%s: %.*s", bad[i], BYTES_ARG(buf_bytes(&r.log)));
		run_end(&r);
	}
}

TEST(parse, search)
{
	const struct search_key *k;
	struct run r;

	run_begin(&r, IN_MAILBOX);
	k = parse(&r, "a SEARCH CHARSET utf-8 UNSEEN OR FROM x (SINCE 1-Feb-1994 2:3)\r\n")
		    ->search.root;
	check_bytes(r.cmd.search.charset, "utf-8");
	CHECK(k->what == SEARCH_AND);
	k = k->child;
	CHECK(k->what == SEARCH_NOT && k->child->what == SEARCH_FLAG);
	CHECK_INT(k->child->number, FLAG_SEEN);
	k = k->next;
	CHECK(k->what == SEARCH_OR && !k->next);
	CHECK(k->child->what == SEARCH_HEADER);
	check_bytes(k->child->name, "FROM");
	k = k->child->next;
	CHECK(k->what == SEARCH_AND && !k->next);
	CHECK(k->child->what == SEARCH_SINCE);
	CHECK_INT(k->child->day, 8797);
	CHECK(k->child->next->what == SEARCH_SEQS && !k->child->next->next);
	run_end(&r);
}

TEST(parse, list)
{
	const struct imap_cmd *c;
	struct run r;

	run_begin(&r, IN_HOME);
	c = parse(&r, "a LIST \"\" a/%*\r\n");
	CHECK_INT(c->options, 0);
	check_bytes(c->list.patterns[0], "a/%*");
	c = parse(&r, "a LIST (SUBSCRIBED RECURSIVEMATCH) r (a \"b c\") RETURN (CHILDREN STATUS "
		      "(MESSAGES SIZE))\r\n");
	CHECK_INT(c->options, LIST_EXTENDED | LIST_SUBSCRIBED | LIST_RECURSIVE | RETURN_CHILDREN |
				      RETURN_STATUS);
	CHECK_INT(c->status, STATUS_MESSAGES | STATUS_SIZE);
	CHECK_INT(c->list.n, 2);
	run_end(&r);
}
