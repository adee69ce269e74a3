/* SPDX-License-Identifier: Apache-2.0 */
#include "pop3/parse.h"

#include "lib/test.h"

struct row {
	const char *line;
	enum pop3_verb verb;
	bool bad, has_msg;
	uint32_t msg, lines;
};

TEST(parse, commands)
{
	static const struct row rows[] = {
		{ "CAPA", POP3_CAPA },
		{ "capa ", POP3_CAPA },
		{ "CAPA x", POP3_CAPA, true },
		{ "STAT", POP3_STAT },
		{ "USER", POP3_USER, true },
		{ "USER ", POP3_USER, true },
		{ "USER a", POP3_USER },
		{ "PASS a b  c ", POP3_PASS },
		{ "LIST", POP3_LIST },
		{ "LIST ", POP3_LIST },
		{ "LIST 1", POP3_LIST, false, true, 1 },
		{ "list 1 ", POP3_LIST, false, true, 1 },
		{ "UIDL 4294967295", POP3_UIDL, false, true, UINT32_MAX },
		{ "RETR 7", POP3_RETR, false, true, 7 },
		{ "TOP 1 0", POP3_TOP, false, true, 1, 0 },
		{ "TOP 2 100", POP3_TOP, false, true, 2, 100 },
		{ "DELE 1", POP3_DELE, false, true, 1 },
		{ "QUIT", POP3_QUIT },
		{ "APOP a b", POP3_UNKNOWN, true },
		{ "", POP3_UNKNOWN, true },
		{ " STAT", POP3_UNKNOWN, true },
		{ "STATS", POP3_UNKNOWN, true },
		{ "NOOP x", POP3_NOOP, true },
		/* P2 */
		{ "RETR", POP3_RETR, true },
		{ "RETR 0", POP3_RETR, false, true, 0 },
		{ "RETR -1", POP3_RETR, true, true },
		{ "RETR +1", POP3_RETR, true, true },
		{ "RETR 1x", POP3_RETR, true, true },
		{ "RETR 0x1", POP3_RETR, true, true },
		{ "RETR 4294967296", POP3_RETR, true, true },
		{ "RETR 4294967297", POP3_RETR, true, true },
		{ "RETR 18446744073709551617", POP3_RETR, true, true },
		{ "RETR 1 2", POP3_RETR, true, true, 1 },
		{ "TOP 1", POP3_TOP, true, true, 1 },
		{ "TOP 1 99999999999999999999", POP3_TOP, true, true, 1 },
		{ "TOP 1 4294967296", POP3_TOP, true, true, 1 },
		{ "TOP 1 -1", POP3_TOP, true, true, 1 },
		{ "TOP 1 2 3", POP3_TOP, true, true, 1 },
		{ "TOP 1  2", POP3_TOP, true, true, 1 },
		{ "LIST 1 2", POP3_LIST, true, true, 1 },
		{ "DELE", POP3_DELE, true },
		{ "STAT\t", POP3_UNKNOWN, true },
		{ "STAT \x01", POP3_STAT, true },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct pop3_cmd c;

		pop3_parse(bytes_str(rows[i].line), &c);
		if (c.verb != rows[i].verb || (c.bad != NULL) != rows[i].bad)
			printf("%s: verb %d, %s\n", rows[i].line, c.verb, c.bad ? c.bad : "good");
		CHECK_INT(c.verb, rows[i].verb);
		CHECK_INT(c.bad != NULL, rows[i].bad);
		CHECK_INT(c.has_msg, rows[i].has_msg);
		CHECK_INT(c.msg, rows[i].msg);
		CHECK_INT(c.lines, rows[i].lines);
	}
}

/* P3 */
TEST(parse, passwords)
{
	struct pop3_cmd c;

	pop3_parse(BYTES("PASS  two  blanks "), &c);
	CHECK(!c.bad && bytes_eq(c.text, BYTES(" two  blanks ")));
	pop3_parse(BYTES("PASS se\0cret"), &c);
	CHECK(c.bad != NULL);
	pop3_parse(BYTES("PASS \xc3\xbc"), &c);
	CHECK(!c.bad && c.text.n == 2);
}

TEST(parse, auth)
{
	struct pop3_cmd c;

	pop3_parse(BYTES("AUTH PLAIN"), &c);
	CHECK(!c.bad && !c.has_initial && bytes_eq(c.text, BYTES("PLAIN")));
	pop3_parse(BYTES("AUTH PLAIN AGEAYg=="), &c);
	CHECK(!c.bad && c.has_initial && bytes_eq(c.initial, BYTES("AGEAYg==")));
	pop3_parse(BYTES("AUTH PLAIN AGEA Yg=="), &c);
	CHECK(c.bad != NULL);
	pop3_parse(BYTES("AUTH"), &c);
	CHECK(c.bad != NULL);
}
