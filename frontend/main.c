/* SPDX-License-Identifier: Apache-2.0 */
/* main.c - tern-frontend: what clients connect to. */
#include "frontconf.h"
#include "parent.h"
#include "worker.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#define DEFAULT_CONF "/etc/tern/frontend.conf"

static const char usage[] =
	"Usage: tern-frontend [--config FILE]\n"
	"       tern-frontend --check [--config FILE]\n"
	"       tern-frontend --print-options\n"
	"\n"
	"A front end of a Tern cluster: speaks SMTP, submission, LMTP, IMAP and POP3 with\n"
	"clients and keeps nothing itself. Start it as root to open ports below 1024; its\n"
	"workers become the configured user.\n"
	"\n"
	"  -c, --config FILE     own configuration (default " DEFAULT_CONF ")\n"
	"      --check           read the configuration and the files it names, then exit\n"
	"      --print-options   every option with default and range, as Markdown\n"
	"  -h, --help            this text\n"
	"\n"
	"SIGTERM drains: no new connections, running commands finish, idle clients may stay\n"
	"until limits.drain_timeout. SIGHUP reads limits, trusted networks and the\n"
	"certificate again. Exit status: 0 drained, 64 wrong usage, 78 wrong configuration.\n";

enum { OPT_CHECK = 256, OPT_PRINT };

static const struct option options[] = {
	{ "config", required_argument, NULL, 'c' },
	{ "check", no_argument, NULL, OPT_CHECK },
	{ "print-options", no_argument, NULL, OPT_PRINT },
	{ "help", no_argument, NULL, 'h' },
	{ 0 },
};

static int print_options(void)
{
	struct buf out;

	buf_init(&out, 0);
	conf_print_options(&out, "frontend.conf", frontconf_options);
	fwrite(buf_bytes(&out).p, 1, out.n, stdout);
	buf_release(&out);
	return 0;
}

static int check(const char *conf)
{
	struct why why = { "" };

	if (parent_check(conf, &why) < 0) {
		fprintf(stderr, "%s\n", why.text);
		return EXIT_CONFIG;
	}
	printf("%s: ok\n", conf);
	return 0;
}

static int serve(const char *conf)
{
	struct why why = { "" };
	int code = parent_run(conf, &why);

	if (*why.text)
		fprintf(stderr, "tern-frontend: %s\n", why.text);
	return code;
}

int main(int argc, char **argv)
{
	const char *conf = DEFAULT_CONF;
	bool only_check = false;
	int c;

	signal(SIGPIPE, SIG_IGN);
	while ((c = getopt_long(argc, argv, "c:h", options, NULL)) != -1) {
		switch (c) {
		case 'c': conf = optarg; break;
		case OPT_CHECK: only_check = true; break;
		case OPT_PRINT: return print_options();
		case 'h': fputs(usage, stdout); return 0;
		default: fputs(usage, stderr); return EXIT_USAGE;
		}
	}
	if (optind < argc) {
		fputs(usage, stderr);
		return EXIT_USAGE;
	}
	return only_check ? check(conf) : serve(conf);
}
