/* SPDX-License-Identifier: Apache-2.0 */
/* args.h - the words of a command line against a table of verbs. Pure.
 *
 * GROUP [VERB] [ARGUMENT...] with options anywhere after the program's name, as --name VALUE or
 * --name=VALUE; "--" ends them. */
#ifndef TERN_CTL_ARGS_H
#define TERN_CTL_ARGS_H

#include "base/err.h"

#define ARGS_MAX 64    /* words that are no options */
#define OPTIONS_MAX 16 /* of one verb, the common ones included */

struct ctl;
struct args;

struct option_def {
	const char *name;  /* without the dashes */
	const char *value; /* what it takes, for the help; NULL: a switch */
	const char *help;
};

struct verb {
	const char *group, *name; /* name NULL: the group is the verb */
	const char *words;        /* "ADDRESS TARGET...", for the help */
	unsigned min, max;        /* how many words */
	bool offline;             /* needs no cluster */
	const char *summary;
	const char *help;                 /* more than the summary; NULL: nothing */
	const char *examples;             /* one a line */
	const struct option_def *options; /* ends in a row without a name; NULL: none */
	int (*run)(struct ctl *ctl, const struct args *a);
};

struct args {
	const struct verb *verb; /* NULL with help: of the program or of `group` */
	const char *group;       /* as given; NULL: none */
	bool help;
	const char *words[ARGS_MAX];
	unsigned n;
	struct {
		const char *name, *value; /* value "" for a switch */
	} options[OPTIONS_MAX];
	unsigned n_options;
};

extern const struct option_def common_options[];

/* -ERR_INVALID with a sentence that says what would be right. */
int args_parse(int argc, const char *const *argv, const struct verb *verbs, struct args *a,
	       struct why *why) MUST_USE;
const char *args_option(const struct args *a, const char *name); /* NULL: not given */

#endif
