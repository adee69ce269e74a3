/* SPDX-License-Identifier: Apache-2.0 */
#include "mime/header.h"

#include "mime/facts.h"
#include "mime_util.h"

#include "lib/test.h"

static const struct {
	const char *in, *name, *value;
	size_t whole;
} field_cases[] = {
	{ "A: b\r\n", "A", " b", 6 },
	{ "A: b", "A", " b", 4 },
	{ "A: b\r\n c\r\nD: e", "A", " b\r\n c", 10 },
	{ "A: b\n\tc\n\n", "A", " b\n\tc", 8 },
	{ "A:\r\n \r\nB:", "A", "\r\n ", 7 },
	{ "A :b\r\n", "A", "b", 6 },
	{ "A\t : b\r\n", "A", " b", 8 },
	{ "A b: c\r\n", "", "", 8 },
	{ " A: b\r\n", "", "", 7 },
	{ "junk\r\n more\r\nA: b", "", "", 13 },
	{ ": b\r\n", "", "", 5 },
	{ "A\r\n : b\r\n", "", "", 9 },
	{ "\xc3\xa4: b\r\n", "", "", 7 },
	{ "From MAILER Thu Jan 1 00:00:00 1970\r\n", "", "", 37 },
	{ "X-1._~!: \r\n", "X-1._~!", " ", 11 },
};

TEST(header, fields)
{
	for (size_t i = 0; i < ARRAY_LEN(field_cases); i++) {
		struct bytes in = bytes_str(field_cases[i].in);
		struct header_field f;

		CHECK(header_next(&in, &f));
		CHECK(bytes_eq(f.name, bytes_str(field_cases[i].name)));
		CHECK(bytes_eq(f.value, bytes_str(field_cases[i].value)));
		CHECK_INT(f.whole.n, field_cases[i].whole);
	}
}

TEST(header, ends)
{
	static const char *const ends[] = { "", "\r\nA: b", "\nA: b" };
	struct header_field f;
	struct bytes value;

	for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
		struct bytes in = bytes_str(ends[i]);

		CHECK(!header_next(&in, &f));
	}
	CHECK(header_find(BYTES("A: 1\r\nb: 2\r\nB: 3\r\n\r\nC: 4"), BYTES("B"), &value));
	CHECK(bytes_eq(value, BYTES(" 2")));
	CHECK(!header_find(BYTES("A: 1\r\n\r\nC: 4"), BYTES("C"), &value));
}

TEST(header, unfolding)
{
	static const struct {
		struct bytes in;
		const char *out;
	} c[] = {
		{ BYTES(" a\r\n b "), "a b" }, { BYTES("a\n\tb"), "a\tb" },
		{ BYTES("a\rb"), "a b" },      { BYTES("a\0b\0"), "a b" },
		{ BYTES(" \r\n "), "" },       { BYTES(""), "" },
	};
	struct arena mem;

	arena_init(&mem, 0);
	for (size_t i = 0; i < ARRAY_LEN(c); i++)
		CHECK_STR(bytes_cstr(&mem, header_unfold(c[i].in, &mem)), c[i].out);
	arena_release(&mem);
}

/* Addresses print as name|adl|mailbox|host with - for NIL. */
static const struct {
	const char *in, *out;
} address_cases[] = {
	{ "a@b", "-|-|a|b" },
	{ "<a@b>", "-|-|a|b" },
	{ "Ann <a@b>", "Ann|-|a|b" },
	{ "Ann B. Cee <a@b>", "Ann B. Cee|-|a|b" },
	{ "\"Cee, Ann\" <a@b>", "Cee, Ann|-|a|b" },
	{ "\"q\\\"q\\\\\" <a@b>", "q\"q\\|-|a|b" },
	{ "\"a\" \"b\" c <a@b>", "a b c|-|a|b" },
	{ "=?utf-8?q?=C3=A4?= <a@b>", "=?utf-8?q?=C3=A4?=|-|a|b" },
	{ "a@b (Ann)", "Ann|-|a|b" },
	{ "a@b (Ann (the) one)", "Ann (the) one|-|a|b" },
	{ "(x) a@b", "x|-|a|b" },
	{ "Ann (x) <a@b>", "Ann|-|a|b" },
	{ "<a@b> (Ann)", "Ann|-|a|b" },
	{ "a@b, c@d", "-|-|a|b -|-|c|d" },
	{ "a@b,, ,c@d,", "-|-|a|b -|-|c|d" },
	{ "a@b; c@d", "-|-|a|b -|-|c|d" },
	{ "a@b <c@d>", "a@b|-|c|d" },
	{ "\"a b\"@c", "-|-|a b|c" },
	{ "\"a@b\"@c", "-|-|a@b|c" },
	{ "a . b @ c . d", "-|-|a.b|c.d" },
	{ "a@[1.2.3.4]", "-|-|a|[1.2.3.4]" },
	{ "a@[IPv6:::1]", "-|-|a|[IPv6:::1]" },
	{ "<@x,@y:a@b>", "-|@x,@y|a|b" },
	{ "N <@x:a@b>", "N|@x|a|b" },
	{ "a@b@c", "-|-|a@b|c" },
	{ "root", "-|-|root|" },
	{ "John Doe", "-|-|John Doe|" },
	{ "<>", "-|-||" },
	{ "N <>", "N|-||" },
	{ "@b", "-|-||b" },
	{ "a@", "-|-|a|" },
	{ "<a@b", "-|-|a|b" },
	{ "<a@b, c@d", "-|-|a|b -|-|c|d" },
	{ "N <a@b> junk, c@d", "N|-|a|b -|-|c|d" },
	{ "N <a@b>>, c@d", "N|-|a|b -|-|c|d" },
	{ "g:;", "-|-|g|- -|-|-|-" },
	{ "undisclosed-recipients: ;", "-|-|undisclosed-recipients|- -|-|-|-" },
	{ "My group: a@b, N <c@d>;", "-|-|My group|- -|-|a|b N|-|c|d -|-|-|-" },
	{ "g: a@b", "-|-|g|- -|-|a|b -|-|-|-" },
	{ "g: a@b; c@d", "-|-|g|- -|-|a|b -|-|-|- -|-|c|d" },
	{ "g:a@b;, h:;", "-|-|g|- -|-|a|b -|-|-|- -|-|h|- -|-|-|-" },
	{ "a@b (unclosed", "unclosed|-|a|b" },
	{ "a@b (x\\", "x\\|-|a|b" },
	{ "\"unclosed <a@b>", "-|-|unclosed <a@b>|" },
	{ "\"x\\", "-|-|x\\|" },
	{ "a@b\r\n ,\r\n c@d", "-|-|a|b -|-|c|d" },
	{ "Ann\r\n\tB <a@b>", "Ann B|-|a|b" },
	{ ")", "-|-|)|" },
	{ "\xc3\xa4 <\xc3\xa4@b>", "\xc3\xa4|-|\xc3\xa4|b" },
	{ "", "" },
	{ " \r\n ", "" },
	{ "(only a comment)", "" },
	{ ",;,", "" },
};

static void put_piece(struct buf *out, bool null, ProtobufCBinaryData d)
{
	if (null)
		buf_putc(out, '-');
	else
		buf_put(out, d.data, d.len);
}

static void put_address(struct buf *out, const Tern__FactsAddr *a)
{
	if (out->n)
		buf_putc(out, ' ');
	put_piece(out, a->null & ADDR_NO_NAME, a->name);
	buf_putc(out, '|');
	put_piece(out, a->null & ADDR_NO_ADL, a->adl);
	buf_putc(out, '|');
	put_piece(out, a->null & ADDR_NO_MAILBOX, a->mailbox);
	buf_putc(out, '|');
	put_piece(out, a->null & ADDR_NO_HOST, a->host);
}

TEST(header, addresses)
{
	for (size_t i = 0; i < ARRAY_LEN(address_cases); i++) {
		struct addr_list list = { 0 };
		struct arena mem;
		struct buf out;

		arena_init(&mem, 0);
		buf_init(&out, 0);
		CHECK(header_addresses(bytes_str(address_cases[i].in), &mem, 100, &list));
		for (size_t j = 0; j < list.n; j++)
			put_address(&out, list.v[j]);
		if (strcmp(text_of(&out), address_cases[i].out) != 0)
			print_error("case <%s>\n", address_cases[i].in);
		CHECK_STR(text_of(&out), address_cases[i].out);
		buf_release(&out);
		arena_release(&mem);
	}
}

TEST(header, addresses_have_a_limit)
{
	struct addr_list list = { 0 };
	struct arena mem;

	arena_init(&mem, 0);
	CHECK(!header_addresses(BYTES("a@b,c@d,e@f"), &mem, 2, &list));
	CHECK_INT(list.n, 2);
	list.n = 0;
	CHECK(!header_addresses(BYTES("g: a@b, c@d;"), &mem, 2, &list));
	CHECK_INT(list.n, 3); /* a group that began is ended */
	CHECK_INT(list.v[2]->null, 15);
	arena_release(&mem);
}

static const struct {
	const char *in;
	int64_t seconds; /* -1: unreadable */
} date_cases[] = {
	{ "Thu, 1 Jan 1970 00:00:00 +0000", 0 },
	{ "Mon, 02 Mar 2026 10:20:30 +0100", 1772443230 },
	{ " Mon, 2 Mar 2026 10:20:30 +0100 (CET)", 1772443230 },
	{ "2 Mar 2026 09:20:30 GMT", 1772443230 },
	{ "2 Mar 26 09:20:30 UT", 1772443230 },
	{ "2 Mar 126 09:20:30 Z", 1772443230 },
	{ "2 Mar 2026 04:20:30 EST", 1772443230 },
	{ "2 March 2026 09:20:30", 1772443230 },
	{ "2-Mar-2026 09:20:30 +0000", 1772443230 },
	{ "Mon,(x)2(y)Mar(z)2026(a)09(b):(c)20(d):(e)30(f)-0000(g)", 1772443230 },
	{ "Mon,\r\n 2 Mar 2026\r\n 09:20:30 +0000", 1772443230 },
	{ "2 Mar 2026 09:20 +0000", 1772443200 },
	{ "29 Feb 2024 00:00:00 +0000", 1709164800 },
	{ "1 Jan 99 00:00:00 +0000", 915148800 },
	{ "31 Dec 2016 23:59:60 +0000", 1483228800 },
	{ "1 Jan 1970 12:00:00 +9999", 43200 }, /* an impossible zone is none */
	{ "29 Feb 2023 00:00:00 +0000", -1 },
	{ "32 Jan 2020 00:00:00 +0000", -1 },
	{ "0 Jan 2020 00:00:00 +0000", -1 },
	{ "1 Foo 2020 00:00:00 +0000", -1 },
	{ "1 Jan 20201 00:00:00 +0000", -1 },
	{ "1 Jan 2020 24:00:00 +0000", -1 },
	{ "1 Jan 2020 00:60:00 +0000", -1 },
	{ "1 Jan 2020 000:00:00 +0000", -1 },
	{ "1 Jan 2020", -1 },
	{ "2020-01-01T00:00:00Z", -1 },
	{ "", -1 },
	{ "(", -1 },
	{ "99999999999999999999 Jan 2020 00:00:00", -1 },
};

TEST(header, dates)
{
	for (size_t i = 0; i < ARRAY_LEN(date_cases); i++) {
		int64_t want = date_cases[i].seconds, ms = 0;
		bool ok = header_date(bytes_str(date_cases[i].in), &ms);

		CHECK_INT(ok, want != -1);
		if (ok && ms != want * 1000)
			print_error("case <%s>\n", date_cases[i].in);
		if (ok)
			CHECK_INT(ms, want * 1000);
	}
}

TEST(header, dates_before_1970)
{
	int64_t ms;

	CHECK(header_date(BYTES("31 Dec 1969 23:59:59 +0000"), &ms));
	CHECK_INT(ms, -1000);
	CHECK(header_date(BYTES("1 Jan 1900 00:00:00 +0000"), &ms));
	CHECK_INT(ms, -2208988800000);
}

static const struct {
	const char *in, *out;
} id_cases[] = {
	{ "<a@b>", "[a@b]" },
	{ " <a@b>\r\n <c@d>", "[a@b][c@d]" },
	{ "<a@b><c@d>", "[a@b][c@d]" },
	{ "<a\r\n @b>", "[a@b]" },
	{ "Your message of \"now\" <a@b> (x)", "[a@b]" },
	{ "a@b", "[a@b]" },
	{ "a b@c", "" },
	{ "nothing", "" },
	{ "<a@b", "" },
	{ "<>", "[]" },
	{ "", "" },
	{ "<a@b> c@d", "[a@b]" },
};

TEST(header, message_ids)
{
	for (size_t i = 0; i < ARRAY_LEN(id_cases); i++) {
		struct bytes in = bytes_str(id_cases[i].in), id;
		struct arena mem;
		struct buf out;

		arena_init(&mem, 0);
		buf_init(&out, 0);
		while (header_message_id(&in, &mem, &id))
			buf_printf(&out, "[%.*s]", BYTES_ARG(id));
		CHECK_STR(text_of(&out), id_cases[i].out);
		buf_release(&out);
		arena_release(&mem);
	}
}

static const struct {
	const char *in, *out;
} param_cases[] = {
	{ "text/plain", "" },
	{ "text/plain; a=b", "a=[b]" },
	{ "text/plain;a=b;c=d", "a=[b]c=[d]" },
	{ "text/plain; a=\"b;c\"; d=e", "a=[b;c]d=[e]" },
	{ "text/plain; a=\"b\\\"c\"", "a=[b\"c]" },
	{ "text/plain; charset=us-ascii (Plain text)", "charset=[us-ascii]" },
	{ "text/plain; name=a b.txt; c=d", "name=[a b.txt]c=[d]" },
	{ "text/plain; name=a(1).txt", "name=[a(1).txt]" },
	{ "text/plain; boundary=----=_x", "boundary=[----=_x]" },
	{ "text/plain;\r\n a=b\r\n ; c = d", "a=[b]c=[d]" },
	{ "text/plain; a*0*=utf-8''x; a*1=y", "a*0*=[utf-8''x]a*1=[y]" },
	{ "text/plain; a; =b; c=d", "c=[d]" },
	{ "text/plain; a=; c=d", "a=[]c=[d]" },
	{ "text/plain; a=\"b\" junk=x; c=d", "a=[b]c=[d]" },
	{ "text/plain;;; a=b;", "a=[b]" },
	{ "text/plain; a=\"unclosed; c=d", "a=[unclosed; c=d]" },
	{ "text/plain; a=\"\\", "a=[\\]" },
	{ "text/plain; a=\"b\r\n c\"", "a=[b c]" },
	{ "text/plain; a (c) = (d) b", "a=[b]" },
};

TEST(header, parameters)
{
	for (size_t i = 0; i < ARRAY_LEN(param_cases); i++) {
		struct bytes in = bytes_str(param_cases[i].in), name, value;
		struct arena mem;
		struct buf out;

		arena_init(&mem, 0);
		buf_init(&out, 0);
		CHECK(header_media_type(&in, &name, &value));
		while (header_param(&in, &mem, &name, &value))
			buf_printf(&out, "%.*s=[%.*s]", BYTES_ARG(name), BYTES_ARG(value));
		CHECK_STR(text_of(&out), param_cases[i].out);
		buf_release(&out);
		arena_release(&mem);
	}
}
