/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_conf.c - configuration text against a schema with every type. A complaint is one line
 * that begins with file and line; an accepted value is within its range. */
#include "base/conf.h"

#include <stdlib.h>

struct inner {
	int64_t number;
	const char *text;
};

struct outer {
	bool flag;
	int64_t number;
	uint64_t size, time;
	const char *text;
	struct conf_strings strings;
	struct inner group;
	struct conf_list groups;
};

static const struct conf_option inner_options[] = {
	{ "number", CONF_INT, offsetof(struct inner, number), .def = "5", .min = "-10",
	  .max = "3000000000" },
	{ "text", CONF_STRING, offsetof(struct inner, text), .def = "x" },
	{ NULL },
};

static const struct conf_option options[] = {
	{ "flag", CONF_BOOL, offsetof(struct outer, flag), .def = "true" },
	{ "number", CONF_INT, offsetof(struct outer, number), .def = "1" },
	{ "size", CONF_SIZE, offsetof(struct outer, size), .def = "1M", .max = "1G" },
	{ "time", CONF_DURATION, offsetof(struct outer, time), .def = "1s", .min = "1s" },
	{ "text", CONF_STRING, offsetof(struct outer, text), .def = "" },
	{ "strings", CONF_STRINGS, offsetof(struct outer, strings), .def = "a b" },
	{ "group", CONF_GROUP, offsetof(struct outer, group), .group = inner_options },
	{ "groups", CONF_GROUPS, offsetof(struct outer, groups), .def = "", .group = inner_options,
	  .item_size = sizeof(struct inner) },
	{ NULL },
};

static void check_conf(const struct outer *c)
{
	const struct inner *groups = c->groups.v;

	INVARIANT(c->size <= GIB(1) && c->time >= 1000 && c->text && c->group.text);
	for (size_t i = 0; i < c->strings.n; i++)
		INVARIANT(c->strings.v[i]);
	for (size_t i = 0; i < c->groups.n; i++)
		INVARIANT(groups[i].number >= -10 && groups[i].number <= 3000000000 &&
			  groups[i].text);
}

/* libconfig loses strings when the syntax is wrong. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libconfig\n";
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = bytes_of(data, size);
	struct outer conf;
	struct arena mem;
	struct why why;
	uint64_t v;

	(void)!conf_parse_size(in, &v);
	(void)!conf_parse_duration(in, &v);
	/* An include would read whatever lies about. */
	if (bytes_find(in, BYTES("@include")) < in.n)
		return 0;
	arena_init(&mem, MIB(64));
	if (conf_load_text("f", in, options, &conf, &mem, &why) == 0)
		check_conf(&conf);
	else
		INVARIANT(bytes_starts(bytes_str(why.text), BYTES("f:")) &&
			  bytes_chr(bytes_str(why.text), '\n') == strlen(why.text));
	arena_release(&mem);
	return 0;
}
