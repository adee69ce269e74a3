/* SPDX-License-Identifier: Apache-2.0 */
/* Command lines and what is made of them; hostile forms by their number in the threat table. */
#include "smtp/parse.h"

#include "base/buf.h"
#include "base/rand.h"
#include "lib/test.h"

static struct arena mem;

static struct smtp_cmd parse(struct bytes line)
{
	struct smtp_cmd c;

	arena_clear(&mem);
	smtp_parse(line, &mem, &c);
	return c;
}

struct row {
	const char *line;
	enum smtp_verb verb;
	enum smtp_reply error;
};

static void check_rows(const struct row *rows, size_t n)
{
	arena_init(&mem, 0);
	for (size_t i = 0; i < n; i++) {
		struct smtp_cmd c = parse(bytes_str(rows[i].line));

		if (c.verb != rows[i].verb || c.error != rows[i].error)
			printf("%s: verb %d, reply %u\n", rows[i].line, c.verb,
			       smtp_reply_code(c.error));
		CHECK_INT(c.verb, rows[i].verb);
		CHECK_INT(c.error, rows[i].error);
	}
	arena_release(&mem);
}

TEST(parse, commands)
{
	static const struct row rows[] = {
		{ "EHLO mail.example.org", VERB_EHLO, REPLY_NONE },
		{ "ehlo [192.0.2.1]", VERB_EHLO, REPLY_NONE },
		{ "HELO x ", VERB_HELO, REPLY_NONE },
		{ "LHLO x", VERB_LHLO, REPLY_NONE },
		{ "EHLO", VERB_EHLO, REPLY_NO_HELO },
		{ "EHLO  ", VERB_EHLO, REPLY_NO_HELO },
		{ "EHLO a(b;c\tX", VERB_EHLO, REPLY_NONE }, /* S20 */
		{ "DATA", VERB_DATA, REPLY_NONE },
		{ "DATA ", VERB_DATA, REPLY_NONE },
		{ "DATA x", VERB_DATA, REPLY_SYNTAX },
		{ "RSET", VERB_RSET, REPLY_NONE },
		{ "RSET now", VERB_RSET, REPLY_SYNTAX },
		{ "NOOP hello there", VERB_NOOP, REPLY_NONE },
		{ "QUIT", VERB_QUIT, REPLY_NONE },
		{ "STARTTLS", VERB_STARTTLS, REPLY_NONE },
		{ "STARTTLS now", VERB_STARTTLS, REPLY_SYNTAX },
		{ "VRFY one", VERB_VRFY, REPLY_NONE },
		{ "HELP", VERB_HELP, REPLY_NONE },
		{ "EXPN list", VERB_EXPN, REPLY_NONE },
		{ "BDAT 5 LAST", VERB_BDAT, REPLY_NONE },
		{ "POST / HTTP/1.1", VERB_POST, REPLY_NONE },
		{ "", VERB_NONE, REPLY_UNKNOWN },
		{ " ", VERB_NONE, REPLY_UNKNOWN },
		{ " NOOP", VERB_NONE, REPLY_UNKNOWN },
		{ "NOOPS", VERB_NONE, REPLY_UNKNOWN },
		{ "DATA\t", VERB_DATA, REPLY_NONE },
		{ "\xc3\xbc", VERB_NONE, REPLY_UNKNOWN },
		/* S9 */
		{ "NOOP \x01", VERB_NOOP, REPLY_GARBLED },
		{ "EHLO a\rb", VERB_EHLO, REPLY_GARBLED },
		{ "MAIL FROM:<a@b>\x0bX", VERB_MAIL, REPLY_GARBLED },
		{ "NOOP \x7f", VERB_NOOP, REPLY_GARBLED },
	};

	check_rows(rows, ARRAY_LEN(rows));
}

TEST(parse, nul)
{
	struct smtp_cmd c;

	arena_init(&mem, 0);
	c = parse(BYTES("NOOP \0"));
	CHECK_INT(c.error, REPLY_GARBLED);
	c = parse(BYTES("MAIL FROM:<a@b\0c>"));
	CHECK_INT(c.error, REPLY_GARBLED);
	arena_release(&mem);
}

TEST(parse, mail)
{
	static const struct row rows[] = {
		{ "MAIL FROM:<a@b.example>", VERB_MAIL, REPLY_NONE },
		{ "mail from:<a@b.example>", VERB_MAIL, REPLY_NONE },
		{ "MAIL FROM: <a@b.example>", VERB_MAIL, REPLY_NONE },
		{ "MAIL FROM:<>", VERB_MAIL, REPLY_NONE },
		{ "MAIL FROM:<a@b> SIZE=100", VERB_MAIL, REPLY_NONE },
		{ "MAIL FROM:<a@b>  size=100  BODY=8bitmime ", VERB_MAIL, REPLY_NONE },
		{ "MAIL FROM:<a@b> BODY=7BIT AUTH=<>", VERB_MAIL, REPLY_NONE },
		{ "MAIL FROM:<a@b> AUTH=e+3Dmc2@example.org", VERB_MAIL, REPLY_NONE },
		{ "MAIL FROM:<\"a>b\"@c>", VERB_MAIL, REPLY_NONE },
		{ "MAIL FROM:<\"a\\\"b\"@c>", VERB_MAIL, REPLY_NONE },
		{ "MAIL FROM:<a@[192.0.2.1]>", VERB_MAIL, REPLY_NONE },
		{ "MAIL", VERB_MAIL, REPLY_SYNTAX },
		{ "MAIL FROM", VERB_MAIL, REPLY_SYNTAX },
		{ "MAIL FROM:", VERB_MAIL, REPLY_SYNTAX },
		{ "MAIL FROM :<a@b>", VERB_MAIL, REPLY_SYNTAX },
		{ "MAIL TO:<a@b>", VERB_MAIL, REPLY_SYNTAX },
		{ "MAIL FROM:a@b", VERB_MAIL, REPLY_SYNTAX },
		{ "MAIL FROM:<a@b", VERB_MAIL, REPLY_SYNTAX },
		{ "MAIL FROM:<\"a@b>", VERB_MAIL, REPLY_SYNTAX },
		{ "MAIL FROM:<a@b>x", VERB_MAIL, REPLY_SYNTAX },
		{ "MAIL FROM:<a@b>SIZE=1", VERB_MAIL, REPLY_SYNTAX },
		{ "MAIL FROM:<postmaster>", VERB_MAIL, REPLY_BAD_SENDER },
		{ "MAIL FROM:<\xc3\xbc@b>", VERB_MAIL, REPLY_NO_UTF8 },
		/* S10 */
		{ "MAIL FROM:<;sleep 66;>", VERB_MAIL, REPLY_BAD_SENDER },
		{ "MAIL FROM:<`id`@b>", VERB_MAIL, REPLY_NONE },
		{ "MAIL FROM:<$(id)@b>", VERB_MAIL, REPLY_BAD_SENDER },
		/* S14 */
		{ "MAIL FROM:<a@b> SIZE=99999999999999999999", VERB_MAIL, REPLY_NONE },
		{ "MAIL FROM:<a@b> SIZE=999999999999999999999", VERB_MAIL, REPLY_SYNTAX },
		{ "MAIL FROM:<a@b> SIZE=-1", VERB_MAIL, REPLY_SYNTAX },
		{ "MAIL FROM:<a@b> SIZE=0x10", VERB_MAIL, REPLY_SYNTAX },
		{ "MAIL FROM:<a@b> SIZE=+1", VERB_MAIL, REPLY_SYNTAX },
		{ "MAIL FROM:<a@b> SIZE=", VERB_MAIL, REPLY_SYNTAX },
		{ "MAIL FROM:<a@b> SIZE", VERB_MAIL, REPLY_SYNTAX },
		{ "MAIL FROM:<a@b> SIZE=1 SIZE=1", VERB_MAIL, REPLY_SYNTAX },
		{ "MAIL FROM:<a@b> SIZE=1=2", VERB_MAIL, REPLY_SYNTAX },
		{ "MAIL FROM:<a@b> BODY=", VERB_MAIL, REPLY_SYNTAX },
		{ "MAIL FROM:<a@b> BODY=BINARYMIME", VERB_MAIL, REPLY_SYNTAX },
		{ "MAIL FROM:<a@b> BODY=7BIT BODY=7BIT", VERB_MAIL, REPLY_SYNTAX },
		{ "MAIL FROM:<a@b> AUTH=", VERB_MAIL, REPLY_SYNTAX },
		{ "MAIL FROM:<a@b> AUTH", VERB_MAIL, REPLY_SYNTAX },
		{ "MAIL FROM:<a@b> AUTH=+", VERB_MAIL, REPLY_SYNTAX },
		{ "MAIL FROM:<a@b> AUTH=+0", VERB_MAIL, REPLY_SYNTAX },
		{ "MAIL FROM:<a@b> AUTH=+zz", VERB_MAIL, REPLY_SYNTAX },
		{ "MAIL FROM:<a@b> ENVID=+ZZ", VERB_MAIL, REPLY_NO_PARAM },
		{ "MAIL FROM:<a@b> RET=HDRS", VERB_MAIL, REPLY_NO_PARAM },
		{ "MAIL FROM:<a@b> SMTPUTF8", VERB_MAIL, REPLY_NO_PARAM },
		{ "MAIL FROM:<a@b> -X=1", VERB_MAIL, REPLY_SYNTAX },
		{ "MAIL FROM:<a@b> =1", VERB_MAIL, REPLY_SYNTAX },
		{ "MAIL FROM:<a@b> X_Y=1", VERB_MAIL, REPLY_SYNTAX },
	};

	check_rows(rows, ARRAY_LEN(rows));
}

TEST(parse, rcpt)
{
	static const struct row rows[] = {
		{ "RCPT TO:<a@b>", VERB_RCPT, REPLY_NONE },
		{ "RCPT TO:<Postmaster>", VERB_RCPT, REPLY_NONE },
		{ "RCPT TO:<a@b> NOTIFY=NEVER", VERB_RCPT, REPLY_NO_PARAM },
		{ "RCPT TO:<a@b> ORCPT=rfc822;a", VERB_RCPT, REPLY_NO_PARAM },
		{ "RCPT TO:<a@b> SIZE=1", VERB_RCPT, REPLY_NO_PARAM },
		{ "RCPT FROM:<a@b>", VERB_RCPT, REPLY_SYNTAX },
		/* S11: text, nothing more */
		{ "RCPT TO:<${run{/bin/sh}}@ours>", VERB_RCPT, REPLY_NONE },
		{ "RCPT TO:<%n%n@ours>", VERB_RCPT, REPLY_NONE },
		{ "RCPT TO:<%{home}@ours>", VERB_RCPT, REPLY_NONE },
		/* S12 */
		{ "RCPT TO:<\"\">@x", VERB_RCPT, REPLY_BAD_RCPT },
		{ "RCPT TO:<\"\"@ours>", VERB_RCPT, REPLY_BAD_RCPT },
		{ "RCPT TO:<>", VERB_RCPT, REPLY_BAD_RCPT },
		{ "RCPT TO:<@>", VERB_RCPT, REPLY_BAD_RCPT },
		{ "RCPT TO:<a@>", VERB_RCPT, REPLY_BAD_RCPT },
		{ "RCPT TO:<a>", VERB_RCPT, REPLY_BAD_RCPT },
		{ "RCPT TO:<@ours>", VERB_RCPT, REPLY_BAD_RCPT },
		{ "RCPT TO:<a@b@c>", VERB_RCPT, REPLY_BAD_RCPT },
		{ "RCPT TO:<a@[999.1.1.1]>", VERB_RCPT, REPLY_BAD_RCPT },
		{ "RCPT TO:<a@[IPv6:::1]>", VERB_RCPT, REPLY_NONE },
		{ "RCPT TO:<a@[IPv6:::1>", VERB_RCPT, REPLY_BAD_RCPT },
		{ "RCPT TO:<a@xn--99999999>", VERB_RCPT, REPLY_BAD_RCPT },
		/* S13: what is left of a route is judged like any other mailbox */
		{ "RCPT TO:<v%remote@ours>", VERB_RCPT, REPLY_NONE },
		{ "RCPT TO:<\"v@remote\"@ours>", VERB_RCPT, REPLY_NONE },
		{ "RCPT TO:<remote!v@ours>", VERB_RCPT, REPLY_NONE },
		{ "RCPT TO:<@ours:v@remote>", VERB_RCPT, REPLY_NONE },
		{ "RCPT TO:<@a,@b:v@remote>", VERB_RCPT, REPLY_NONE },
		{ "RCPT TO:<@a,b:v@remote>", VERB_RCPT, REPLY_BAD_RCPT },
		{ "RCPT TO:<@a,:v@remote>", VERB_RCPT, REPLY_NONE },
		{ "RCPT TO:<@:v@remote>", VERB_RCPT, REPLY_BAD_RCPT },
		{ "RCPT TO:<v@ours.>", VERB_RCPT, REPLY_BAD_RCPT },
	};

	check_rows(rows, ARRAY_LEN(rows));
}

TEST(parse, long_addresses)
{
	struct smtp_cmd c;
	struct buf b;

	arena_init(&mem, 0);
	buf_init(&b, 0);
	for (size_t n = 64; n <= 65; n++) {
		buf_clear(&b);
		buf_puts(&b, "RCPT TO:<");
		for (size_t i = 0; i < n; i++)
			buf_putc(&b, 'a');
		buf_puts(&b, "@b>");
		c = parse(buf_bytes(&b));
		CHECK_INT(c.error, n == 64 ? REPLY_NONE : REPLY_BAD_RCPT);
	}
	buf_clear(&b);
	buf_puts(&b, "RCPT TO:<a@");
	for (size_t i = 0; i < 64; i++)
		buf_puts(&b, "abc.");
	buf_puts(&b, "org>");
	c = parse(buf_bytes(&b));
	CHECK_INT(c.error, REPLY_BAD_RCPT);
	buf_release(&b);
	arena_release(&mem);
}

TEST(parse, values)
{
	struct smtp_cmd c;

	arena_init(&mem, 0);
	c = parse(BYTES("MAIL FROM:<@r:Ann.B@Example.ORG> SIZE=4711"));
	CHECK(bytes_eq(c.path.text, BYTES("Ann.B@Example.ORG")));
	CHECK(bytes_eq(c.path.addr.full, BYTES("ann.b@example.org")));
	CHECK_INT(c.size, 4711);
	c = parse(BYTES("MAIL FROM:<> SIZE=99999999999999999999"));
	CHECK(c.path.null && c.size == UINT64_MAX);
	c = parse(BYTES("RCPT TO:<PostMaster>"));
	CHECK(c.path.postmaster && !c.path.null);
	c = parse(BYTES("EHLO  a b "));
	CHECK(bytes_eq(c.arg, BYTES("a b")));
	c = parse(BYTES("AUTH plain AGEAYg=="));
	CHECK(bytes_eq(c.arg, BYTES("plain")) && c.has_initial);
	CHECK(bytes_eq(c.initial, BYTES("AGEAYg==")));
	c = parse(BYTES("AUTH LOGIN"));
	CHECK(!c.has_initial);
	arena_release(&mem);
}

TEST(parse, auth)
{
	static const struct row rows[] = {
		{ "AUTH PLAIN", VERB_AUTH, REPLY_NONE },
		{ "AUTH PLAIN =", VERB_AUTH, REPLY_NONE },
		{ "AUTH SCRAM-SHA-256", VERB_AUTH, REPLY_NONE },
		{ "AUTH", VERB_AUTH, REPLY_SYNTAX },
		{ "AUTH PL@IN", VERB_AUTH, REPLY_SYNTAX },
		{ "AUTH PLAIN AGEA Yg==", VERB_AUTH, REPLY_AUTH_SYNTAX },
		{ "AUTH PLAIN *", VERB_AUTH, REPLY_AUTH_SYNTAX },
		{ "AUTH PLAIN  AGEAYg==", VERB_AUTH, REPLY_AUTH_SYNTAX },
		{ "AUTH ABCDEFGHIJKLMNOPQRSTU", VERB_AUTH, REPLY_SYNTAX },
	};

	check_rows(rows, ARRAY_LEN(rows));
}

/* Random lines made of what the grammar knows: no crash, and what passes is a mailbox. */
TEST(parse, random)
{
	static const char *const words[] = { "MAIL ", "RCPT ", "FROM:", "TO:", "<",     ">",
					     "@",     "a",     "\"",    "\\",  ".",     "[",
					     "]",     ":",     ",",     " ",   "SIZE=", "BODY=",
					     "1",     "=",     "+",     "%",   "!",     "AUTH=" };
	struct prng r;
	struct buf b;

	prng_seed(&r, 3);
	arena_init(&mem, 0);
	buf_init(&b, 0);
	for (unsigned round = 0; round < 100000; round++) {
		struct smtp_cmd c;

		buf_clear(&b);
		buf_puts(&b, prng_chance(&r, 50) ? "MAIL FROM:<" : "RCPT TO:<");
		for (uint64_t n = prng_below(&r, 12); n; n--)
			buf_puts(&b, words[prng_below(&r, ARRAY_LEN(words))]);
		c = parse(buf_bytes(&b));
		if (c.error || c.path.null || c.path.postmaster)
			continue;
		CHECK(bytes_chr(c.path.addr.full, '@') < c.path.addr.full.n);
		CHECK(c.path.text.n > 0 && c.path.text.p[0] != '@');
	}
	buf_release(&b);
	arena_release(&mem);
}
