/* SPDX-License-Identifier: Apache-2.0 */
/* ternctl - the operator's program: asks and tells a Tern cluster. */
#include "router/ctl/ctl.h"

#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#define DEFAULT_CONFIG "/etc/tern/cluster.conf"
#define DEFAULT_KEY "/etc/tern/operator.key"

/* ---- help -------------------------------------------------------------------------------------- */

static void print_options(const struct option_def *o)
{
	char left[64];

	for (; o && o->name; o++) {
		snprintf(left, sizeof(left), "--%s%s%s", o->name, o->value ? " " : "",
			 o->value ? o->value : "");
		printf("  %-24s %s\n", left, o->help);
	}
}

static void print_examples(const char *text)
{
	for (const char *end; *text; text = *end ? end + 1 : end) {
		end = strchrnul(text, '\n');
		printf("  %.*s\n", (int)(end - text), text);
	}
}

static void help_verb(const struct verb *v)
{
	printf("usage: ternctl %s%s%s%s%s [OPTION...]\n\n%s.\n", v->group, v->name ? " " : "",
	       v->name ? v->name : "", v->words[0] ? " " : "", v->words, v->summary);
	if (v->help)
		printf("%s\n", v->help);
	if (v->options) {
		puts("\noptions:");
		print_options(v->options);
	}
	puts("\ncommon options:");
	print_options(common_options);
	puts("\nexamples:");
	print_examples(v->examples);
}

static void print_verbs(const char *group)
{
	char left[64];

	for (const struct verb *v = verbs; v->group; v++) {
		if (group && strcmp(v->group, group) != 0)
			continue;
		snprintf(left, sizeof(left), "%s%s%s%s%s", v->group, v->name ? " " : "",
			 v->name ? v->name : "", v->words[0] ? " " : "", v->words);
		printf("  %-32s %s\n", left, v->summary);
	}
}

static void help_all(const char *group)
{
	printf("usage: ternctl [OPTION...] %s [ARGUMENT...]\n\n", group ? group : "COMMAND");
	print_verbs(group);
	puts("\ncommon options:");
	print_options(common_options);
	if (group) {
		printf("\n`ternctl %s VERB --help` shows options and examples.\n", group);
		return;
	}
	puts("\nexit status:\n"
	     "  0  done\n"
	     "  1  refused, or what was asked about is not well\n"
	     "  2  the command line is wrong\n"
	     "  3  a configuration or key file is wrong\n"
	     "  4  not now: nothing was changed, try again\n"
	     "  5  the outcome is unknown: look before trying again\n"
	     "\n`ternctl COMMAND --help` shows options and examples of a command.");
}

/* ---- errors ------------------------------------------------------------------------------------ */

static int exit_status(int err)
{
	switch (err < 0 ? -err : err) {
	case ERR_CONFIG: return EXIT_CONFIG;
	case ERR_BUSY:
	case ERR_LATE:
	case ERR_FENCED:
	case ERR_EXPIRED:
	case ERR_GONE: return EXIT_LATER;
	case ERR_UNKNOWN: return EXIT_UNKNOWN;
	default: return EXIT_REFUSED;
	}
}

int ctl_fail(int err, const char *fmt, ...)
{
	va_list ap;

	fflush(stdout);
	fputs("ternctl: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	return exit_status(err);
}

bool ctl_confirm(const struct args *a, const char *fmt, ...)
{
	char answer[16];
	va_list ap;

	if (args_option(a, "yes") || !isatty(STDIN_FILENO))
		return true;
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputs(" [y/N] ", stderr);
	return fgets(answer, sizeof(answer), stdin) && (answer[0] == 'y' || answer[0] == 'Y');
}

/* ---- the run ----------------------------------------------------------------------------------- */

static const char *setting(const struct args *a, const char *option, const char *variable,
			   const char *otherwise)
{
	const char *given = args_option(a, option), *env = getenv(variable);

	return given ? given : env && env[0] ? env : otherwise;
}

static int load(struct ctl *ctl, const struct args *a, struct why *why)
{
	const char *timeout = args_option(a, "timeout");
	const char *config = setting(a, "config", "TERN_CONFIG", DEFAULT_CONFIG);
	int ret;

	ctl->json = args_option(a, "json") != NULL;
	ctl->timeout_ms = 10000;
	if (timeout &&
	    (!conf_parse_duration(bytes_str(timeout), &ctl->timeout_ms) || ctl->timeout_ms == 0))
		return why_set(why, ERR_INVALID, "--timeout %s: give a time such as 30s", timeout);
	/* keygen and check-config work before there is any of it */
	if (a->verb->offline && !a->verb->name)
		return 0;
	if (access(config, R_OK) < 0)
		return why_set(
			why, ERR_CONFIG,
			"%s: cannot be read: %s; say with --config or TERN_CONFIG where it is",
			config, strerror(errno));
	ret = clusterconf_load(config, &ctl->cluster, &ctl->mem, why);
	if (ret == 0)
		ret = curve_load_secret(setting(a, "key", "TERN_KEY", DEFAULT_KEY), ctl->key, why);
	return ret < 0 ? -ERR_CONFIG : 0;
}

static int with_router(struct ctl *ctl, const struct args *a)
{
	struct router_config c = { .cluster = &ctl->cluster, .secret_key = ctl->key };
	struct why why;
	int ret;

	ctl->loop = loop_new();
	ctl->router = router_new(ctl->loop, &c, &why);
	if (!ctl->router)
		ret = ctl_fail(ERR_CONFIG, "%s", why.text);
	else if (!a->verb->offline && !ctl_connect(ctl, &why))
		ret = ctl_fail(ERR_BUSY, "%s", why.text);
	else
		ret = a->verb->run(ctl, a);
	router_free(&ctl->router);
	loop_free(&ctl->loop);
	return ret;
}

static int run(struct ctl *ctl, const struct args *a)
{
	struct why why;
	int ret = load(ctl, a, &why);

	if (ret < 0)
		return ret == -ERR_INVALID ? (ctl_fail(ERR_INVALID, "%s", why.text), EXIT_USAGE) :
					     ctl_fail(ret, "%s", why.text);
	if (a->verb->offline && !a->verb->name)
		return a->verb->run(ctl, a);
	return with_router(ctl, a);
}

int main(int argc, char **argv)
{
	struct ctl ctl = { .json = false };
	struct args a;
	struct why why;
	int ret = EXIT_OK;

	log_set_level(getenv("TERN_DEBUG") ? LOG_DEBUG : LOG_ERROR);
	if (args_parse(argc, (const char *const *)argv, verbs, &a, &why) < 0) {
		ctl_fail(ERR_INVALID, "%s", why.text);
		return EXIT_USAGE;
	}
	arena_init(&ctl.mem, 0);
	if (a.help && a.verb)
		help_verb(a.verb);
	else if (a.help)
		help_all(a.group);
	else
		ret = run(&ctl, &a);
	explicit_bzero(ctl.key, sizeof(ctl.key));
	arena_release(&ctl.mem);
	/* A reader that has seen enough, such as head, is no news. */
	if (fflush(stdout) != 0 && ret == EXIT_OK)
		ret = errno == EPIPE ? EXIT_REFUSED : ctl_fail(ERR_IO, "writing the output failed");
	return ret;
}
