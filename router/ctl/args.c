/* SPDX-License-Identifier: Apache-2.0 */
#include "router/ctl/args.h"

#include "base/bytes.h"

const struct option_def common_options[] = {
	{ "config", "FILE", "cluster.conf (TERN_CONFIG; /etc/tern/cluster.conf)" },
	{ "key", "FILE", "secret key of an operator (TERN_KEY; /etc/tern/operator.key)" },
	{ "json", NULL, "machine-readable output" },
	{ "timeout", "TIME", "how long to try (10s)" },
	{ "help", NULL, "this text" },
	{ NULL },
};

static const struct option_def *find_option(const struct option_def *o, struct bytes name)
{
	for (; o && o->name; o++)
		if (bytes_eq(bytes_str(o->name), name))
			return o;
	return NULL;
}

/* Before the verb is known every verb's options are taken; which are right is checked after. */
static const struct option_def *any_option(const struct verb *verbs, const struct verb *only,
					   struct bytes name)
{
	const struct option_def *found = find_option(common_options, name);

	if (found || only)
		return found ? found : find_option(only->options, name);
	for (; !found && verbs->group; verbs++)
		found = find_option(verbs->options, name);
	return found;
}

static int add_option(struct args *a, const char *name, const char *value, struct why *why)
{
	if (a->n_options == OPTIONS_MAX)
		return why_set(why, ERR_INVALID, "too many options");
	a->options[a->n_options].name = name;
	a->options[a->n_options++].value = value;
	return 0;
}

static int take_option(const struct verb *verbs, const char *const **argv, const char *const *end,
		       struct args *a, struct why *why)
{
	struct bytes value = bytes_skip(bytes_str(**argv), 2), name = bytes_cut(&value, '=');
	bool glued = strchr(**argv, '=') != NULL;
	const struct option_def *o = any_option(verbs, NULL, name);

	if (!o)
		return why_set(why, ERR_INVALID, "unknown option --%.*s", BYTES_ARG(name));
	if (glued && !o->value)
		return why_set(why, ERR_INVALID, "--%s takes no value", o->name);
	if (o->value && !glued && *argv + 1 == end)
		return why_set(why, ERR_INVALID, "--%s needs a value: --%s %s", o->name, o->name,
			       o->value);
	return add_option(a, o->name,
			  !o->value ? "" :
			  glued     ? strchr(**argv, '=') + 1 :
				      *++*argv,
			  why);
}

static int split(int argc, const char *const *argv, const struct verb *verbs, struct args *a,
		 struct why *why)
{
	const char *const *end = argv + argc;
	bool options = true;
	int ret = 0;

	for (argv++; ret == 0 && argv < end; argv++) {
		if (options && strcmp(*argv, "--") == 0)
			options = false;
		else if (options && strcmp(*argv, "-h") == 0)
			ret = add_option(a, "help", "", why);
		else if (options && strncmp(*argv, "--", 2) == 0)
			ret = take_option(verbs, &argv, end, a, why);
		else if (a->n == ARGS_MAX)
			ret = why_set(why, ERR_INVALID, "too many arguments");
		else
			a->words[a->n++] = *argv;
	}
	return ret;
}

static void drop_words(struct args *a, unsigned n)
{
	a->n -= n;
	memmove(a->words, a->words + n, a->n * sizeof(*a->words));
}

static bool group_exists(const struct verb *v, const char *group)
{
	for (; v->group; v++)
		if (strcmp(v->group, group) == 0)
			return true;
	return false;
}

static int find_verb(const struct verb *v, struct args *a, struct why *why)
{
	if (a->n == 0)
		return a->help ? 0 : why_set(why, ERR_INVALID, "say what to do; try --help");
	a->group = a->words[0];
	if (!group_exists(v, a->group))
		return why_set(why, ERR_INVALID, "unknown command \"%.40s\"; try --help", a->group);
	for (; v->group; v++) {
		if (strcmp(v->group, a->group) != 0 ||
		    (v->name && (a->n < 2 || strcmp(v->name, a->words[1]) != 0)))
			continue;
		a->verb = v;
		drop_words(a, v->name ? 2 : 1);
		return 0;
	}
	if (a->help && a->n == 1)
		return 0;
	if (a->n == 1)
		return why_set(why, ERR_INVALID, "%s: say what to do; try `ternctl %s --help`",
			       a->group, a->group);
	return why_set(why, ERR_INVALID, "%s: unknown verb \"%.40s\"; try `ternctl %s --help`",
		       a->group, a->words[1], a->group);
}

static int check(const struct args *a, struct why *why)
{
	const struct verb *v = a->verb;
	const char *name = v->name ? v->name : "";

	for (unsigned i = 0; i < a->n_options; i++)
		if (!any_option(NULL, v, bytes_str(a->options[i].name)))
			return why_set(why, ERR_INVALID, "%s %s has no option --%s", v->group, name,
				       a->options[i].name);
	if (a->help)
		return 0;
	if (a->n < v->min)
		return why_set(why, ERR_INVALID, "too few arguments: ternctl %s %s %s", v->group,
			       name, v->words);
	if (a->n > v->max)
		return why_set(why, ERR_INVALID, "too many arguments: ternctl %s %s %s", v->group,
			       name, v->words);
	return 0;
}

int args_parse(int argc, const char *const *argv, const struct verb *verbs, struct args *a,
	       struct why *why)
{
	int ret;

	memset(a, 0, sizeof(*a));
	ret = split(argc, argv, verbs, a, why);
	if (ret < 0)
		return ret;
	a->help = args_option(a, "help") != NULL;
	ret = find_verb(verbs, a, why);
	return ret == 0 && a->verb ? check(a, why) : ret;
}

const char *args_option(const struct args *a, const char *name)
{
	for (unsigned i = a->n_options; i-- > 0;)
		if (strcmp(a->options[i].name, name) == 0)
			return a->options[i].value;
	return NULL;
}
