/* SPDX-License-Identifier: Apache-2.0 */
/* Command lines: what is taken, and the sentence for what is not. */
#include "base/base.h"
#include "lib/test.h"

/* The program's own files, for there is no library of them. */
#include "router/ctl/args.c"

static const struct option_def thing_options[] = {
	{ "size", "SIZE", "" },
	{ "force", NULL, "" },
	{ NULL },
};

static const struct verb table[] = {
	{ "thing", "add", "NAME...", 1, 3, false, "", NULL, "", thing_options, NULL },
	{ "thing", "list", "[NAME]", 0, 1, false, "", NULL, "", NULL, NULL },
	{ "make", NULL, "", 0, 0, true, "", NULL, "", NULL, NULL },
	{ NULL },
};

static int parse(const char *line, struct args *a, struct why *why)
{
	static char text[2048];
	static const char *argv[128];
	int argc = 0;

	snprintf(text, sizeof(text), "%s", line);
	for (char *p = strtok(text, " "); p; p = strtok(NULL, " "))
		argv[argc++] = p;
	return args_parse(argc, argv, table, a, why);
}

TEST(args, words_and_options_in_any_order)
{
	static const char *const lines[] = {
		"ternctl thing add a b --size 5 --force",
		"ternctl --size 5 thing --force add a b",
		"ternctl --force --size=5 thing add a b",
		"ternctl thing add --size=5 --force -- a b",
	};

	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		struct args a;
		struct why why;

		CHECK_INT(parse(lines[i], &a, &why), 0);
		assert_ptr_equal(a.verb, &table[0]);
		CHECK_INT(a.n, 2);
		CHECK_STR(a.words[0], "a");
		CHECK_STR(a.words[1], "b");
		CHECK_STR(args_option(&a, "size"), "5");
		CHECK_STR(args_option(&a, "force"), "");
		assert_null(args_option(&a, "json"));
	}
}

TEST(args, the_last_of_two_counts_and_values_may_be_empty)
{
	struct args a;
	struct why why;

	CHECK_INT(parse("ternctl thing add x --size 1 --size 2", &a, &why), 0);
	CHECK_STR(args_option(&a, "size"), "2");
	CHECK_INT(parse("ternctl thing add x --size=", &a, &why), 0);
	CHECK_STR(args_option(&a, "size"), "");
	CHECK_INT(parse("ternctl thing add -- --size", &a, &why), 0);
	CHECK_STR(a.words[0], "--size");
	CHECK_INT(parse("ternctl thing add -", &a, &why), 0);
}

TEST(args, a_group_can_be_the_verb)
{
	struct args a;
	struct why why;

	CHECK_INT(parse("ternctl make --json", &a, &why), 0);
	assert_ptr_equal(a.verb, &table[2]);
	CHECK_STR(args_option(&a, "json"), "");
}

TEST(args, help_at_every_level)
{
	struct args a;
	struct why why;

	CHECK_INT(parse("ternctl --help", &a, &why), 0);
	CHECK(a.help && !a.verb && !a.group);
	CHECK_INT(parse("ternctl thing --help", &a, &why), 0);
	CHECK(a.help && !a.verb);
	CHECK_STR(a.group, "thing");
	CHECK_INT(parse("ternctl thing add --help", &a, &why), 0);
	assert_ptr_equal(a.verb, &table[0]);
	CHECK_INT(parse("ternctl thing add -h", &a, &why), 0);
	CHECK(a.help);
}

TEST(args, complaints)
{
	static const struct {
		const char *line, *says;
	} cases[] = {
		{ "ternctl", "say what to do" },
		{ "ternctl nothing", "unknown command \"nothing\"" },
		{ "ternctl thing", "ternctl thing --help" },
		{ "ternctl thing eat", "unknown verb \"eat\"" },
		{ "ternctl thing add", "too few arguments: ternctl thing add NAME..." },
		{ "ternctl thing add a b c d", "too many arguments" },
		{ "ternctl thing add a --colour red", "unknown option --colour" },
		{ "ternctl thing list --size 5", "thing list has no option --size" },
		{ "ternctl thing add a --size", "--size needs a value: --size SIZE" },
		{ "ternctl thing add a --force=yes", "--force takes no value" },
		{ "ternctl make it", "too many arguments" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct args a;
		struct why why = { "" };

		CHECK_INT(parse(cases[i].line, &a, &why), -ERR_INVALID);
		if (!strstr(why.text, cases[i].says))
			fail_msg("%s: \"%s\" should say \"%s\"", cases[i].line, why.text,
				 cases[i].says);
	}
}

TEST(args, too_many_of_anything)
{
	char line[2000] = "ternctl thing add";
	struct args a;
	struct why why;

	for (int i = 0; i < ARGS_MAX + 1; i++)
		strcat(line, " x");
	CHECK_INT(parse(line, &a, &why), -ERR_INVALID);
	strcpy(line, "ternctl thing add x");
	for (int i = 0; i < OPTIONS_MAX + 1; i++)
		strcat(line, " --force");
	CHECK_INT(parse(line, &a, &why), -ERR_INVALID);
	strcpy(line, "ternctl thing add x");
	for (int i = 0; i < OPTIONS_MAX + 3; i++)
		strcat(line, " -h");
	CHECK_INT(parse(line, &a, &why), -ERR_INVALID);
}
