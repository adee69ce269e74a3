/* SPDX-License-Identifier: Apache-2.0 */
#include "model/flags.h"

#include "lib/test.h"

TEST(flags, names_and_bits)
{
	static const char *const none[] = { "\\Recent", "Seen", "\\Seen ", "", "\\", "$Junk" };

	for (uint32_t bit = 1; bit & FLAGS_SYSTEM; bit <<= 1)
		CHECK_INT(flag_parse(bytes_str(flag_name(bit))), bit);
	CHECK_INT(flag_parse(BYTES("\\sEEN")), FLAG_SEEN);
	for (size_t i = 0; i < ARRAY_LEN(none); i++)
		CHECK_INT(flag_parse(bytes_str(none[i])), 0);
	for (uint32_t bit = USE_ALL; bit <= USE_TRASH; bit <<= 1)
		CHECK_INT(use_parse(bytes_str(use_name(bit))), bit);
	CHECK_INT(use_parse(BYTES("\\sent")), USE_SENT);
	CHECK_STR(use_name(USE_TRASH), "\\Trash");
}

TEST(flags, keywords_are_atoms)
{
	static const char *const good[] = { "$Forwarded", "a", "NonJunk",
					    "x.y-z!#&'+,/:;<=>?@[^_`|}~" };
	static const char *const bad[] = { "",   "a b",    "(", ")",     "{",     "%",       "*",
					   "\"", "\\Seen", "]", "a\x7f", "a\x01", "\xc3\xa4" };
	char longest[KEYWORD_MAX + 1];

	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		CHECK(keyword_valid(bytes_str(good[i])));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		CHECK(!keyword_valid(bytes_str(bad[i])));
	CHECK(!keyword_valid(BYTES("a\0b")));
	memset(longest, 'k', sizeof(longest));
	CHECK(keyword_valid(bytes_of(longest, KEYWORD_MAX)));
	CHECK(!keyword_valid(bytes_of(longest, KEYWORD_MAX + 1)));
}
