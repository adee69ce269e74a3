/* SPDX-License-Identifier: Apache-2.0 */
/* main.c - sim_cluster [--seeds N] [--base SEED] [--verbose] [--break=RULE] [--app=NAME]
 *
 * Runs N histories, each in a process of its own, from seeds BASE on. A history that fails says
 * which seed repeats it. --break switches one rule off: it ends with the first history that
 * fails, and a run in which none does is the failure. */
#include "sim/sim.h"

#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#ifdef TERN_SANITIZE
#include <sanitizer/lsan_interface.h>
#endif
#include <time.h>
#include <unistd.h>

#define MANY 200 /* seeds */

struct totals {
	uint64_t faults[F_KINDS];
	uint64_t acked, reads, steps, duplicates, trace;
};

struct options {
	uint64_t seeds, base;
	bool verbose, quiet;
	const char *broken, *app;
};

static void no_log(struct bytes line, void *arg)
{
	(void)line;
	(void)arg;
}

static const struct sim_app *app_of(const struct options *o)
{
	return o->app && strcmp(o->app, "plain") == 0 ? &app_plain : &app_mail;
}

static void one(const struct options *o, uint64_t seed, struct totals *t)
{
	struct sim *s = xnew(struct sim);

	s->seed = seed;
	s->verbose = o->verbose;
	s->broken = o->broken;
	s->app = app_of(o);
	if (!o->verbose)
		log_set_sink(no_log, NULL);
	sim_run(s);
	for (unsigned i = 0; i < F_KINDS; i++)
		t->faults[i] += s->faults[i];
	t->acked += s->acked;
	t->reads += s->reads;
	t->steps += s->steps;
	t->duplicates += s->duplicates;
	t->trace = hash64(bytes_of(&s->trace, 8), t->trace);
	if (o->verbose)
		printf("seed %lu: trace %016lx\n", seed, s->trace);
	free(s);
}

static bool run(const struct options *o, uint64_t seed, struct totals *t)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	INVARIANT(pid >= 0);
	if (pid == 0) {
		if (o->broken && !o->verbose)
			(void)!freopen("/dev/null", "w", stderr);
		one(o, seed, t);
		fflush(stdout);
#ifdef TERN_SANITIZE
		__lsan_do_leak_check();
#endif
		_exit(0);
	}
	waitpid(pid, &status, 0);
	if (status == 0)
		return true;
	printf("seed %lu FAILED; repeat: sim_cluster --seeds 1 --base %lu --verbose%s%s\n", seed,
	       seed, o->broken ? " --break=" : "", o->broken ? o->broken : "");
	return false;
}

static void print_totals(const struct totals *t)
{
	uint64_t fired = 0;

	printf("acked %lu, reads %lu, steps %lu, trace %016lx\nfaults:", t->acked, t->reads,
	       t->steps, t->trace);
	for (unsigned i = 0; i < F_KINDS; i++) {
		printf(" %s=%lu", fault_kinds[i].name, t->faults[i]);
		fired += t->faults[i];
	}
	printf("\nCOUNT faults=%lu\n", fired);
}

/* In a run of some length everything must have come up. */
static bool all_fired(const struct options *o, const struct totals *t)
{
	bool all = true;

	for (unsigned i = 0; i < F_KINDS && o->seeds >= MANY; i++) {
		if (t->faults[i] || !(fault_kinds[i].with & app_of(o)->bit))
			continue;
		printf("never happened: %s\n", fault_kinds[i].name);
		all = false;
	}
	return all;
}

static bool value_of(const char *arg, const char *name, char **next, const char **value)
{
	size_t n = strlen(name);

	if (strncmp(arg, name, n) != 0 || (arg[n] && arg[n] != '='))
		return false;
	*value = arg[n] ? arg + n + 1 : next[0];
	return *value != NULL;
}

/* Rules that --break switches off: each must be missed within some seeds. */
static const char *const rules[] = { "floor", "vote-hold", "vote-durable", "lease",
				     "sync",  "fence",     "seq",          "nothing" };

static void usage(void)
{
	fprintf(stderr, "sim_cluster [--seeds N] [--base SEED] [--app=mail|plain] "
			"[--break=RULE] [--verbose]\nrules:");
	for (size_t i = 0; i < ARRAY_LEN(rules); i++)
		fprintf(stderr, " %s", rules[i]);
	fprintf(stderr, "\n");
	exit(2);
}

static bool is_rule(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(rules); i++)
		if (strcmp(name, rules[i]) == 0)
			return true;
	return false;
}

static void parse(int argc, char **argv, struct options *o)
{
	*o = (struct options){ .seeds = 100, .base = 1 };
	for (int i = 1; i < argc; i++) {
		const char *v = NULL;

		if (strcmp(argv[i], "--verbose") == 0)
			o->verbose = true;
		else if (value_of(argv[i], "--seeds", &argv[i + 1], &v))
			o->seeds = strtoull(v, NULL, 0);
		else if (value_of(argv[i], "--base", &argv[i + 1], &v) ||
			 value_of(argv[i], "--seed", &argv[i + 1], &v))
			o->base = strtoull(v, NULL, 0);
		else if (value_of(argv[i], "--break", &argv[i + 1], &v))
			o->broken = v;
		else if (value_of(argv[i], "--app", &argv[i + 1], &v))
			o->app = v;
		else
			usage();
		i += v && v == argv[i + 1];
	}
	if (o->broken && !is_rule(o->broken))
		usage();
}

int main(int argc, char **argv)
{
	struct totals *t = mmap(NULL, sizeof(*t), PROT_READ | PROT_WRITE,
				MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct options o;
	uint64_t failed = 0, ran = 0;
	time_t began = time(NULL);

	INVARIANT(t != MAP_FAILED);
	parse(argc, argv, &o);
	for (; ran < o.seeds && !(o.broken && failed); ran++)
		failed += !run(&o, o.base + ran, t);
	if (!o.broken)
		printf("COUNT seeds=%lu\n", ran);
	printf("seeds %lu (%lu to %lu), failed %lu, %ld s\n", ran, o.base, o.base + ran - 1, failed,
	       (long)(time(NULL) - began));
	if (o.broken) {
		printf("broken rule %s: %s\n", o.broken, failed ? "caught" : "NOT CAUGHT");
		return failed ? 0 : 1;
	}
	print_totals(t);
	return failed || !all_fired(&o, t) ? 1 : 0;
}
