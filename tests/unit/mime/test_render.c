/* SPDX-License-Identifier: Apache-2.0 */
#include "mime/render.h"

#include "mime_util.h"

#include "lib/test.h"

#define N "\r\n"

enum which { ENVELOPE, BODY, STRUCTURE };

static const struct {
	enum which which;
	const char *message, *out;
} cases[] = {
	{ ENVELOPE, "", "(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)" },
	{ ENVELOPE,
	  "Date: Mon, 2 Mar 2026 09:20:30 +0000" N "Subject: Hello" N "From: Ann <ann@x.y>" N
	  "To: b@c, \"D E\" <d@e>" N "Message-ID: <1@x.y>" N "In-Reply-To: <0@x.y>" N N,
	  "(\"Mon, 2 Mar 2026 09:20:30 +0000\" \"Hello\" ((\"Ann\" NIL \"ann\" \"x.y\")) "
	  "((\"Ann\" NIL \"ann\" \"x.y\")) ((\"Ann\" NIL \"ann\" \"x.y\")) "
	  "((NIL NIL \"b\" \"c\")(\"D E\" NIL \"d\" \"e\")) NIL NIL \"<0@x.y>\" \"<1@x.y>\")" },
	{ ENVELOPE, "Subject:" N "From:" N "Sender:" N "Cc: g:;" N N,
	  "(NIL \"\" NIL NIL NIL NIL ((NIL NIL \"g\" NIL)(NIL NIL NIL NIL)) NIL NIL NIL)" },
	{ ENVELOPE, "From: a@b" N "Sender: c@d" N "Reply-To: e@f" N "Bcc: g@h" N N,
	  "(NIL NIL ((NIL NIL \"a\" \"b\")) ((NIL NIL \"c\" \"d\")) ((NIL NIL \"e\" \"f\")) NIL NIL "
	  "((NIL NIL \"g\" \"h\")) NIL NIL)" },
	/* a second From does not hide behind the first */
	{ ENVELOPE, "From: a@b" N "From: c@d" N "Subject: 1" N "Subject: 2" N N,
	  "(NIL \"1\" ((NIL NIL \"a\" \"b\")(NIL NIL \"c\" \"d\")) ((NIL NIL \"a\" \"b\")(NIL NIL \"c\" "
	  "\"d\")) ((NIL NIL \"a\" \"b\")(NIL NIL \"c\" \"d\")) NIL NIL NIL NIL NIL)" },
	/* quoted or literal: reliability-security.md, I15 */
	{ ENVELOPE, "Subject: a\"b\\c" N N,
	  "(NIL \"a\\\"b\\\\c\" NIL NIL NIL NIL NIL NIL NIL NIL)" },
	{ ENVELOPE, "Subject: \xc3\xa4" N N,
	  "(NIL {2}" N "\xc3\xa4 NIL NIL NIL NIL NIL NIL NIL NIL)" },
	{ ENVELOPE, "Subject: a" N " b\rc" N N, "(NIL \"a b c\" NIL NIL NIL NIL NIL NIL NIL NIL)" },
	{ ENVELOPE, "From: \"a\r\n b\\\"\" <c@d>" N N,
	  "(NIL NIL ((\"a b\\\"\" NIL \"c\" \"d\")) ((\"a b\\\"\" NIL \"c\" \"d\")) "
	  "((\"a b\\\"\" NIL \"c\" \"d\")) NIL NIL NIL NIL NIL)" },
	{ ENVELOPE, "To: root" N N,
	  "(NIL NIL NIL NIL NIL ((NIL NIL \"root\" \"\")) NIL NIL NIL NIL)" },
	{ ENVELOPE, "To: <@r:a@b>" N N,
	  "(NIL NIL NIL NIL NIL ((NIL \"@r\" \"a\" \"b\")) NIL NIL NIL NIL)" },

	{ BODY, "", "(\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 0 0)" },
	{ BODY, N "x" N "y" N,
	  "(\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 6 2)" },
	{ BODY, "Content-Type: text/html" N N, "(\"text\" \"html\" NIL NIL NIL \"7bit\" 0 0)" },
	{ BODY,
	  "Content-Type: TEXT/Plain; charset=UTF-8; format=flowed" N
	  "Content-Transfer-Encoding: Quoted-Printable" N "Content-ID: <i@d>" N
	  "Content-Description: a \"d\"" N N "x",
	  "(\"TEXT\" \"Plain\" (\"charset\" \"UTF-8\" \"format\" \"flowed\") \"<i@d>\" "
	  "\"a \\\"d\\\"\" \"Quoted-Printable\" 1 0)" },
	{ BODY, "Content-Type: image/png" N "Content-Transfer-Encoding: base64" N N "AAAA" N,
	  "(\"image\" \"png\" NIL NIL NIL \"base64\" 6)" },
	{ STRUCTURE,
	  "Content-Type: image/png; name=x.png" N "Content-MD5: abc==" N
	  "Content-Disposition: attachment; filename=\"x y.png\"" N "Content-Language: de" N
	  "Content-Location: http://x/y" N N "z",
	  "(\"image\" \"png\" (\"name\" \"x.png\") NIL NIL \"7bit\" 1 \"abc==\" "
	  "(\"attachment\" (\"filename\" \"x y.png\")) \"de\" \"http://x/y\")" },
	{ STRUCTURE, "Content-Disposition: inline" N "Content-Language: de, en (x), fr" N N,
	  "(\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 0 0 NIL (\"inline\" NIL) "
	  "(\"de\" \"en\" \"fr\") NIL)" },
	{ STRUCTURE, "Content-Type: application/x; name*0*=utf-8''%C3%A4; name*1=b" N N,
	  "(\"application\" \"x\" (\"name*0*\" \"utf-8''%C3%A4\" \"name*1\" \"b\") NIL NIL \"7bit\" 0 "
	  "NIL NIL NIL NIL)" },
	{ BODY,
	  "Content-Type: multipart/mixed; boundary=b" N N "--b" N N "x" N "--b" N
	  "Content-Type: text/html" N N "y" N "--b--" N,
	  "((\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 1 0)"
	  "(\"text\" \"html\" NIL NIL NIL \"7bit\" 1 0) \"mixed\")" },
	{ STRUCTURE, "Content-Type: multipart/mixed; boundary=b" N N "--b" N N "x" N "--b--" N,
	  "((\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 1 0 NIL NIL NIL NIL) "
	  "\"mixed\" (\"boundary\" \"b\") NIL NIL NIL)" },
	{ BODY,
	  "Content-Type: multipart/mixed; boundary=b" N N "--b" N
	  "Content-Type: multipart/alternative; boundary=c" N N "--c" N N "x" N "--c--" N "--b--" N,
	  "(((\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 1 0) \"alternative\") "
	  "\"mixed\")" },
	{ BODY, "Content-Type: message/rfc822" N N "Subject: s" N N "x" N,
	  "(\"message\" \"rfc822\" NIL NIL NIL \"7bit\" 17 (NIL \"s\" NIL NIL NIL NIL NIL NIL NIL NIL) "
	  "(\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 3 1) 3)" },
	{ STRUCTURE,
	  "Content-Type: message/rfc822" N N "Content-Type: multipart/x; boundary=b" N N "--b" N N
	  "--b--",
	  "(\"message\" \"rfc822\" NIL NIL NIL \"7bit\" 53 (NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL) "
	  "((\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 0 0 NIL NIL NIL NIL) \"x\" "
	  "(\"boundary\" \"b\") NIL NIL NIL) 4 NIL NIL NIL NIL)" },
	{ BODY, "Content-Type: message/global" N N "A: b" N N "x",
	  "(\"message\" \"global\" NIL NIL NIL \"7bit\" 9)" },
	{ BODY, "Content-Type: multipart/mixed; boundary=b" N N "no part",
	  "(\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 7 0)" },
};

static void render(struct buf *out, enum which which, const Tern__Facts *f)
{
	if (which == ENVELOPE)
		render_envelope(out, f);
	else if (which == BODY)
		render_body(out, f);
	else
		render_bodystructure(out, f);
}

TEST(render, cases)
{
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct arena mem;
		struct buf out;

		arena_init(&mem, 0);
		buf_init(&out, 0);
		render(&out, cases[i].which, parse_checked(bytes_str(cases[i].message), &mem));
		CHECK_STR(text_of(&out), cases[i].out);
		buf_release(&out);
		arena_release(&mem);
	}
}

TEST(render, strings)
{
	char longest[1026];
	struct buf out;

	buf_init(&out, 0);
	render_string(&out, BYTES(""));
	render_string(&out, BYTES("a\0b"));
	render_string(&out, BYTES("a\r\nb"));
	render_string(&out, BYTES("\x80\0"));
	render_nstring(&out, false, BYTES("x"));
	CHECK_STR(text_of(&out), "\"\"\"a?b\"{4}\r\na\r\nb{2}\r\n\x80?NIL");
	buf_clear(&out);
	memset(longest, 'x', sizeof(longest));
	render_string(&out, bytes_of(longest, 1025));
	CHECK(bytes_starts(buf_bytes(&out), BYTES("{1025}\r\nxxx")));
	CHECK_INT(out.n, 1025 + 8);
	buf_release(&out);
}
