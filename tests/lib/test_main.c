/* SPDX-License-Identifier: Apache-2.0 */
/* main() of the unit tests: keeps the registered tests and runs the wanted ones. */
#include "lib/test.h"

#include <fnmatch.h>
#include <stdlib.h>

enum { MAX_TESTS = 4096 };

struct entry {
	const char *name;
	void (*run)(void);
};

static struct entry entries[MAX_TESTS];
static size_t count;

void test_add(const char *group, const char *name, void (*run)(void))
{
	(void)group;
	if (count == MAX_TESTS)
		abort();
	entries[count++] = (struct entry){ name, run };
}

static void run_entry(void **state)
{
	const struct entry *e = *state;

	e->run();
}

static bool wanted(const char *name, char **patterns)
{
	if (!*patterns)
		return true;
	for (; *patterns; patterns++)
		if (fnmatch(*patterns, name, 0) == 0)
			return true;
	return false;
}

static int list(void)
{
	for (size_t i = 0; i < count; i++)
		puts(entries[i].name);
	return 0;
}

int main(int argc, char **argv)
{
	static struct CMUnitTest tests[MAX_TESTS];
	size_t n = 0;

	if (argc == 2 && strcmp(argv[1], "--list") == 0)
		return list();
	for (size_t i = 0; i < count; i++)
		if (wanted(entries[i].name, argv + 1))
			tests[n++] = (struct CMUnitTest){ entries[i].name, run_entry, NULL, NULL,
							  &entries[i] };
	return _cmocka_run_group_tests(argv[0], tests, n, NULL, NULL) ? 1 : 0;
}
