/* SPDX-License-Identifier: Apache-2.0 */
#include "mime/decode.h"

#include "mime_util.h"

#include "lib/test.h"

static const struct {
	enum decode_encoding encoding;
	const char *in, *out;
} transfer_cases[] = {
	{ DECODE_BASE64, "aGVsbG8=", "hello" },
	{ DECODE_BASE64, "aGVs\r\nbG8=\r\n", "hello" },
	{ DECODE_BASE64, "aGVsbG8", "hello" },
	{ DECODE_BASE64, "aGVsbG", "hell" },
	{ DECODE_BASE64, "aGVsb", "hel" },
	{ DECODE_BASE64, "aGVsbA==aGVsbA==", "hellhell" },
	{ DECODE_BASE64, "a!G@V s\x80", "hel" },
	{ DECODE_BASE64, "====", "" },
	{ DECODE_BASE64, "", "" },
	{ DECODE_QP, "a=20b", "a b" },
	{ DECODE_QP, "a=c3=A4", "a\xc3\xa4" },
	{ DECODE_QP, "a=\r\nb", "ab" },
	{ DECODE_QP, "a=\nb", "ab" },
	{ DECODE_QP, "a= \t\r\nb", "ab" },
	{ DECODE_QP, "a=  b", "a=  b" },
	{ DECODE_QP, "a=zz", "a=zz" },
	{ DECODE_QP, "a=4", "a=4" },
	{ DECODE_QP, "a=4z", "a=4z" },
	{ DECODE_QP, "a==41", "a=A" },
	{ DECODE_QP, "a=", "a" },
	{ DECODE_QP, "a=\rb", "a=b" },
	{ DECODE_QP, "x\r\ny\r\n", "x\r\ny\r\n" },
	{ DECODE_IDENTITY, "a=20", "a=20" },
	{ DECODE_UNKNOWN, "begin 644 x", "begin 644 x" },
};

static void transfer(enum decode_encoding encoding, struct bytes in, size_t step, struct buf *out)
{
	struct decode_transfer d;

	decode_transfer_init(&d, encoding);
	for (; in.n; in = bytes_skip(in, step))
		decode_transfer(&d, bytes_head(in, step), out);
	decode_transfer_end(&d, out);
}

TEST(decode, transfer_encodings)
{
	for (size_t i = 0; i < ARRAY_LEN(transfer_cases); i++) {
		for (size_t step = 1; step < 40; step++) {
			struct buf out;

			buf_init(&out, 0);
			transfer(transfer_cases[i].encoding, bytes_str(transfer_cases[i].in), step,
				 &out);
			CHECK_STR(text_of(&out), transfer_cases[i].out);
			buf_release(&out);
		}
	}
	CHECK_INT(decode_encoding(BYTES("BASE64")), DECODE_BASE64);
	CHECK_INT(decode_encoding(BYTES("x-uuencode")), DECODE_UNKNOWN);
}

#define R "\xef\xbf\xbd" /* U+FFFD */

static const struct {
	const char *charset;
	struct bytes in;
	const char *out;
} charset_cases[] = {
	{ "utf-8", BYTES("a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"),
	  "a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80" },
	{ "utf-8",
	  BYTES("a\xff"
		"b\xc3"),
	  "a" R "b" R },
	{ "utf-8", BYTES("\xc0\x80\xed\xa0\x80\xf4\x90\x80\x80"), R R R R R R R R R },
	{ "utf-8", BYTES("\xe2\x82x"), R R "x" },
	{ "us-ascii", BYTES("a\xc3\xa4"), "a\xc3\xa4" },
	{ "", BYTES("a"), "a" },
	{ "ISO-8859-1", BYTES("\xe4\x80"), "\xc3\xa4\xe2\x82\xac" },
	{ "windows-1252", BYTES("\x93q\x94"), "\xe2\x80\x9cq\xe2\x80\x9d" },
	{ "iso-8859-15", BYTES("\xa4"), "\xe2\x82\xac" },
	{ "koi8-r", BYTES("\xc1\xc2"), "\xd0\xb0\xd0\xb1" },
	{ "gb2312", BYTES("\xc4\xe3"), "\xe4\xbd\xa0" },
	{ "gb2312", BYTES("\xc4\xe3\xc4"), "\xe4\xbd\xa0" R },
	{ "shift_jis", BYTES("\x82\xa0"), "\xe3\x81\x82" },
	{ "iso-2022-jp", BYTES("\x1b$B$\"\x1b(Ba"),
	  "\xe3\x81\x82"
	  "a" },
	{ "ks_c_5601-1987", BYTES("\xb0\xa1"), "\xea\xb0\x80" },
	{ "utf-16le", BYTES("a\0\xe4\0"), "a\xc3\xa4" },
	{ "utf-16be", BYTES("\0a\0\xe4\0"), "a\xc3\xa4" R },
	/* never decoded */
	{ "utf-7", BYTES("+AGE-\xe4"), "+AGE-" R },
	{ "unicode-1-1-utf-7", BYTES("+AGE-"), "+AGE-" },
	{ "UTF-7-IMAP", BYTES("&AGE-"), "&AGE-" },
	{ "utf-8//IGNORE", BYTES("a\xe4"), "a" R },
	{ "../../x", BYTES("a\xe4"), "a" R },
	{ "x-unknown", BYTES("a\xe4"), "a" R },
	{ "iso-8859-99", BYTES("a\xe4"), "a" R },
};

TEST(decode, charsets)
{
	for (size_t i = 0; i < ARRAY_LEN(charset_cases); i++) {
		for (size_t step = 1; step < 20; step++) {
			struct decode_charset *d =
				decode_charset_new(bytes_str(charset_cases[i].charset));
			struct bytes in = charset_cases[i].in;
			struct buf out;

			buf_init(&out, 0);
			for (; in.n; in = bytes_skip(in, step))
				decode_charset(d, bytes_head(in, step), &out);
			decode_charset_end(d, &out);
			if (strcmp(text_of(&out), charset_cases[i].out) != 0)
				print_error("charset %s, step %zu\n", charset_cases[i].charset,
					    step);
			CHECK_STR(text_of(&out), charset_cases[i].out);
			buf_release(&out);
			decode_charset_free(&d);
		}
	}
	CHECK(!decode_charset_known(BYTES("utf-7")));
	CHECK(decode_charset_known(BYTES("Big5")));
}

static const struct {
	const char *in, *out;
} html_cases[] = {
	{ "a<b>b</b>c", "abc" },
	{ "a<br>b<p class=\"x>y\">c</p>", "a b c " },
	{ "a<img alt='>'>b", "a b" },
	{ "a<p title=it's>b", "a b" },
	{ "<style>p { x }</style>a<script>if (a < b) </x> </script>b", " a b" },
	{ "<title>t</title>a", " a" },
	{ "<STYLE type=a>x</Style >a", " a" },
	{ "a<!-- <b> -- > x -->b", "ab" },
	{ "a<!-->b<!--->c<!doctype html>d<?xml x?>e", "abcde" },
	{ "a&amp;b&lt;c&#228;&#xe4;&euro;", "a&b<c\xc3\xa4\xc3\xa4\xe2\x82\xac" },
	{ "&nosuch;&;&#;&#x;&#xzz;&#99999999999;&x", "&nosuch;&;&#;&#x;&#xzz;&#99999999999;&x" },
	{ "&#xd800;&#0;", R "&#0;" },
	{ "&amp &ampx", "& &ampx" },
	{ "1 < 2 <3", "1 < 2 <3" },
	{ "a<", "a<" },
	{ "&verylongnameofanentity;", "&verylongnameofanentity;" },
	{ "<verylongnameofatagthatisnone>x", " x" },
};

TEST(decode, html)
{
	for (size_t i = 0; i < ARRAY_LEN(html_cases); i++) {
		for (size_t step = 1; step < 60; step++) {
			struct bytes in = bytes_str(html_cases[i].in);
			struct decode_html d;
			struct buf out;

			buf_init(&out, 0);
			decode_html_init(&d);
			for (; in.n; in = bytes_skip(in, step))
				decode_html(&d, bytes_head(in, step), &out);
			decode_html_end(&d, &out);
			CHECK_STR(text_of(&out), html_cases[i].out);
			buf_release(&out);
		}
	}
}

static const struct {
	const char *in, *out;
} word_cases[] = {
	{ "plain text", "plain text" },
	{ "=?utf-8?q?a=C3=A4_b?=", "a\xc3\xa4 b" },
	{ "=?UTF-8?B?w6Q=?=", "\xc3\xa4" },
	{ "=?iso-8859-1?Q?=e4?= x", "\xc3\xa4 x" },
	{ "x =?utf-8?q?a?= =?utf-8?q?b?= y", "x ab y" },
	{ "=?utf-8?q?a?=\r\n =?iso-8859-1?q?=e4?=", "a\xc3\xa4" },
	{ "=?utf-8?q?=C3?= =?utf-8?q?=A4?=", "\xc3\xa4" },
	{ "=?utf-8*en?q?a?=", "a" },
	{ "=?utf-8?q?a?=b", "ab" },
	{ "a=?utf-8?q?b?=", "ab" },
	{ "=?utf-8?x?a?=", "=?utf-8?x?a?=" },
	{ "=?utf-8?q?a b?=", "=?utf-8?q?a b?=" },
	{ "=?utf-8?q?a", "=?utf-8?q?a" },
	{ "=?", "=?" },
	{ "=?=?=?", "=?=?=?" },
	{ "=?utf-8?q?"
	  "?=",
	  "" },
	{ "=?utf-7?q?+AGE-?=", "+AGE-" },
	{ "a\r\n b\tc", "a b c" },
	{ "\xc3\xa4 \xe4", "\xc3\xa4 \xc3\xa4" },
	{ "=?nosuch?q?=e4?=", R },
	{ "(=?utf-8?q?a?=)", "(a)" },
	{ "", "" },
};

TEST(decode, encoded_words)
{
	for (size_t i = 0; i < ARRAY_LEN(word_cases); i++) {
		struct buf out;

		buf_init(&out, 0);
		decode_words(bytes_str(word_cases[i].in), &out);
		CHECK_STR(text_of(&out), word_cases[i].out);
		buf_release(&out);
	}
}

static const struct {
	const char *header, *out; /* NULL: none */
} param_cases[] = {
	{ "a/b; filename=x", "x" },
	{ "a/b; FileName=x", "x" },
	{ "a/b; filename*=utf-8'en'%c3%a4x", "\xc3\xa4x" },
	{ "a/b; filename*0=a; filename*1=b; filename*2=c", "abc" },
	{ "a/b; filename*1=b; filename*0=a", "ab" },
	{ "a/b; filename*0*=iso-8859-1''%e4; filename*1=%41; filename*2*=%41", "\xc3\xa4%41A" },
	{ "a/b; filename*0=a; filename*2=c", "a" },
	{ "a/b; filename=x; filename*=utf-8''y", "y" },
	{ "a/b; filename*=x", "x" },
	{ "a/b; filename*='", "'" },
	{ "a/b; filename=\"=?utf-8?q?=C3=A4?=\"", "\xc3\xa4" },
	{ "a/b; name=x", NULL },
};

TEST(decode, parameters)
{
	for (size_t i = 0; i < ARRAY_LEN(param_cases); i++) {
		struct arena mem;
		struct buf message, out;
		const Tern__Facts *f;
		bool found;

		arena_init(&mem, 0);
		buf_init(&message, 0);
		buf_init(&out, 0);
		buf_printf(&message, "Content-Type: %s\r\n\r\n", param_cases[i].header);
		f = parse_checked(buf_bytes(&message), &mem);
		found = decode_param((const Tern__FactsParam *const *)f->parts[0]->params,
				     f->parts[0]->n_params, BYTES("filename"), &out);
		CHECK_INT(found, param_cases[i].out != NULL);
		if (found)
			CHECK_STR(text_of(&out), param_cases[i].out);
		buf_release(&out);
		buf_release(&message);
		arena_release(&mem);
	}
}

TEST(decode, folding_and_search)
{
	static const struct {
		const char *text, *needle;
		bool found;
	} c[] = {
		{ "Hello World", "lo wo", true },
		{ "\xc3\x84pfel", "\xc3\xa4PFEL", true },
		{ "\xd0\x9f\xd0\xa0\xd0\x98", "\xd0\xbf\xd1\x80\xd0\xb8", true },
		{ "\xce\xa3\xcf\x82", "\xcf\x83\xcf\x83", true },
		{ "\xc5\xbd", "\xc5\xbe", true },
		{ "abc", "abd", false },
		{ "abc", "", true },
		{ "", "a", false },
		{ "aab", "ab", true },
	};

	for (size_t i = 0; i < ARRAY_LEN(c); i++) {
		struct bytes text = bytes_str(c[i].text);
		struct decode_search s;
		struct buf needle;

		buf_init(&needle, 0);
		decode_fold(bytes_str(c[i].needle), &needle);
		decode_search_init(&s, buf_bytes(&needle));
		/* pieces end between characters */
		for (size_t step = (uint8_t)c[i].text[0] < 0x80 ? 1 : 2; text.n;
		     text = bytes_skip(text, step))
			decode_search(&s, bytes_head(text, step));
		CHECK_INT(s.found, c[i].found);
		decode_search_release(&s);
		buf_release(&needle);
	}
}
