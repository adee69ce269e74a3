/* SPDX-License-Identifier: Apache-2.0 */
/* transcript.c - plays transcripts: `transcript FILE...`. Each is played as it stands and once
 * more with its input cut at each byte. `-v` shows the front end's log. */
#include "script.h"

#include "base/log.h"

#include <stdio.h>
#include <string.h>

static bool verbose;

static void sink(struct bytes line, void *arg)
{
	(void)arg;
	if (verbose)
		(void)!fprintf(stderr, "%.*s", BYTES_ARG(line));
}

static const char *name_of(const char *path)
{
	const char *dir = strstr(path, "transcript/");

	return dir ? dir + strlen("transcript/") : path;
}

static bool play(const char *path, bool dribble, unsigned *n)
{
	struct why why = { "" };
	bool skip = false, ok = script_play(path, dribble, &skip, &why);

	if (skip)
		return true;
	(void)!printf("%s %u - %s%s\n", ok ? "ok" : "not ok", ++*n, name_of(path),
		      dribble ? " (byte by byte)" : "");
	if (!ok)
		(void)!printf("# %s: %s\n", path, why.text);
	(void)!fflush(stdout);
	return ok;
}

int main(int argc, char **argv)
{
	unsigned n = 0;
	bool ok = true;

	log_set_level(LOG_DEBUG);
	log_set_sink(sink, NULL);
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "-v") == 0) {
			verbose = true;
			continue;
		}
		ok &= play(argv[i], false, &n);
		ok &= play(argv[i], true, &n);
	}
	(void)!printf("1..%u\nCOUNT transcripts=%u\n", n, n);
	return ok ? 0 : 1;
}
