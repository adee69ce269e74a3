/* SPDX-License-Identifier: Apache-2.0 */
#include "model/flags.h"

static const char *const flag_names[] = { "\\Seen", "\\Answered", "\\Flagged", "\\Deleted",
					  "\\Draft" };
static const char *const use_names[] = { "\\All",  "\\Archive", "\\Drafts", "\\Flagged",
					 "\\Junk", "\\Sent",    "\\Trash" };

static uint32_t bit_of(const char *const *names, size_t n, struct bytes name)
{
	for (size_t i = 0; i < n; i++)
		if (bytes_ieq(name, bytes_str(names[i])))
			return BIT(i);
	return 0;
}

static const char *name_of(const char *const *names, size_t n, uint32_t bit)
{
	for (size_t i = 0; i < n; i++)
		if (bit == BIT(i))
			return names[i];
	BUG("no such bit");
}

uint32_t flag_parse(struct bytes name)
{
	return bit_of(flag_names, ARRAY_LEN(flag_names), name);
}

const char *flag_name(uint32_t bit)
{
	return name_of(flag_names, ARRAY_LEN(flag_names), bit);
}

uint32_t use_parse(struct bytes name)
{
	return bit_of(use_names, ARRAY_LEN(use_names), name);
}

const char *use_name(uint32_t bit)
{
	return name_of(use_names, ARRAY_LEN(use_names), bit);
}

/* RFC 3501, 9: ATOM-CHAR, so without resp-specials too. */
static bool is_atom_char(uint8_t c)
{
	return c > 0x20 && c < 0x7f && !strchr("(){%*\"\\]", c);
}

bool keyword_valid(struct bytes name)
{
	return name.n > 0 && name.n <= KEYWORD_MAX && bytes_span(name, is_atom_char) == name.n;
}
