/* SPDX-License-Identifier: Apache-2.0 */
/* main.c - tern-storenode: one node of the store. */
#include "base/base.h"
#include "server/nodeconf.h"
#include "server/run.h"
#include "server/verify.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#define DEFAULT_CONF "/etc/tern/storenode.conf"

static const char usage[] =
	"Usage: tern-storenode [--config FILE]\n"
	"       tern-storenode --check [--config FILE]\n"
	"       tern-storenode --verify DIR [--json]\n"
	"       tern-storenode --print-options\n"
	"\n"
	"One node of a Tern store: keeps its replicas of the cluster's shards in a data\n"
	"directory and agrees with the other nodes through Raft.\n"
	"\n"
	"  -c, --config FILE     own configuration (default " DEFAULT_CONF ")\n"
	"      --check           read the configuration and the files it names, then exit\n"
	"      --verify DIR      check a stopped node's data directory: every shard's state\n"
	"                        hash, counters, references (nothing is changed)\n"
	"      --json            with --verify: for machines\n"
	"      --print-options   every option with default and range, as Markdown\n"
	"  -h, --help            this text\n"
	"\n"
	"SIGTERM hands leaderships over, finishes what runs and exits. SIGHUP reads\n"
	"cluster.conf again. Exit status: 0 drained, 64 wrong usage, 74 a write or sync\n"
	"failed, 78 wrong configuration.\n";

enum { OPT_CHECK = 256, OPT_VERIFY, OPT_JSON, OPT_PRINT };

static const struct option options[] = {
	{ "config", required_argument, NULL, 'c' },
	{ "check", no_argument, NULL, OPT_CHECK },
	{ "verify", required_argument, NULL, OPT_VERIFY },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "print-options", no_argument, NULL, OPT_PRINT },
	{ "help", no_argument, NULL, 'h' },
	{ 0 },
};

static int print_options(void)
{
	struct buf out;

	buf_init(&out, 0);
	conf_print_options(&out, "cluster.conf", clusterconf_options);
	conf_print_options(&out, "storenode.conf", nodeconf_options);
	fwrite(buf_bytes(&out).p, 1, buf_bytes(&out).n, stdout);
	buf_release(&out);
	return 0;
}

static int check(const char *conf)
{
	struct why why;

	if (server_check(conf, &why) < 0) {
		fprintf(stderr, "%s\n", why.text);
		return EXIT_CONFIG;
	}
	printf("%s: ok\n", conf);
	return 0;
}

static int serve(const char *conf)
{
	struct why why = { "" };
	int code = server_run(conf, &why);

	if (code != EXIT_DRAINED)
		fprintf(stderr, "tern-storenode: %s\n", why.text);
	return code;
}

int main(int argc, char **argv)
{
	const char *conf = DEFAULT_CONF, *dir = NULL;
	bool only_check = false, json = false;
	int c;

	signal(SIGPIPE, SIG_IGN);
	while ((c = getopt_long(argc, argv, "c:h", options, NULL)) != -1) {
		switch (c) {
		case 'c': conf = optarg; break;
		case OPT_CHECK: only_check = true; break;
		case OPT_VERIFY: dir = optarg; break;
		case OPT_JSON: json = true; break;
		case OPT_PRINT: return print_options();
		case 'h': fputs(usage, stdout); return 0;
		default: fputs(usage, stderr); return EXIT_USAGE_ERROR;
		}
	}
	if (optind < argc) {
		fputs(usage, stderr);
		return EXIT_USAGE_ERROR;
	}
	if (dir)
		return verify_run(dir, json);
	return only_check ? check(conf) : serve(conf);
}
