/* SPDX-License-Identifier: Apache-2.0 */
#include "base/conf.h"
#include "dies.h"
#include "lib/test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

struct node {
	const char *host;
	int64_t weight;
};

struct imap {
	struct conf_strings listen;
	uint64_t idle_timeout;
	struct conf_list limits;
};

struct conf {
	bool verbose;
	int64_t workers;
	uint64_t cache, grace;
	const char *name;
	struct imap imap;
	struct conf_list nodes;
	struct imap extra;
};

struct limit {
	uint64_t size;
};

static const struct conf_option limit_options[] = {
	{ "size", CONF_SIZE, offsetof(struct limit, size), .def = "1K", .help = "bytes" },
	{ NULL },
};

static const struct conf_option imap_options[] = {
	{ "listen", CONF_STRINGS, offsetof(struct imap, listen), .def = "127.0.0.1:143 [::1]:143",
	  .help = "where to listen" },
	{ "idle_timeout", CONF_DURATION, offsetof(struct imap, idle_timeout), .def = "30m",
	  .min = "29m", .max = "1d", .help = "close a connection silent this long" },
	{ "limits", CONF_GROUPS, offsetof(struct imap, limits), .def = "", .help = "limits",
	  .group = limit_options, .item_size = sizeof(struct limit) },
	{ NULL },
};

static const struct conf_option node_options[] = {
	{ "host", CONF_STRING, offsetof(struct node, host), .help = "name or a|b" },
	{ "weight", CONF_INT, offsetof(struct node, weight), .def = "100", .min = "1",
	  .max = "10000", .help = "share of the shards" },
	{ NULL },
};

static const struct conf_option options[] = {
	{ "verbose", CONF_BOOL, offsetof(struct conf, verbose), .def = "false", .help = "talk" },
	{ "workers", CONF_INT, offsetof(struct conf, workers), .def = "2", .min = "1",
	  .help = "processes" },
	{ "cache", CONF_SIZE, offsetof(struct conf, cache), .def = "64M", .min = "1M",
	  .help = "memory for blocks" },
	{ "grace", CONF_DURATION, offsetof(struct conf, grace), .def = "30s", .max = "10m",
	  .help = "time to drain" },
	{ "name", CONF_STRING, offsetof(struct conf, name), .help = "of this server" },
	{ "imap", CONF_GROUP, offsetof(struct conf, imap), .help = "IMAP", .group = imap_options },
	{ "nodes", CONF_GROUPS, offsetof(struct conf, nodes), .def = "", .help = "store nodes",
	  .group = node_options, .item_size = sizeof(struct node) },
	{ NULL },
};

static struct arena mem;
static struct conf conf;
static struct why why;

static int load(const char *text)
{
	arena_release(&mem);
	memset(&conf, 0xee, sizeof(conf));
	why.text[0] = '\0';
	return conf_load_text("t.conf", bytes_str(text), options, &conf, &mem, &why);
}

TEST(conf, everything_set)
{
	CHECK_INT(load("verbose = true;\n workers = 3;\n cache = \"2G\";\n grace = \"200ms\";\n"
		       "name = \"mx\\\"1\";\n"
		       "imap = { listen = [ \"a:1\", \"b:2\" ]; idle_timeout = \"1d\";\n"
		       "  limits = ( { size = 5000; }, { }, { size = 5000000000L; } ); };\n"
		       "nodes = ( { host = \"s1\"; weight = 1; }, { host = \"s2\"; } );\n"),
		  0);
	CHECK(conf.verbose);
	CHECK_INT(conf.workers, 3);
	CHECK_INT(conf.cache, GIB(2));
	CHECK_INT(conf.grace, 200);
	CHECK_STR(conf.name, "mx\"1");
	CHECK_INT(conf.imap.listen.n, 2);
	CHECK_STR(conf.imap.listen.v[1], "b:2");
	CHECK_INT(conf.imap.idle_timeout, 86400000);
	CHECK_INT(conf.imap.limits.n, 3);
	CHECK_INT(((struct limit *)conf.imap.limits.v)[0].size, 5000);
	CHECK_INT(((struct limit *)conf.imap.limits.v)[1].size, 1024);
	CHECK_INT(((struct limit *)conf.imap.limits.v)[2].size, 5000000000);
	CHECK_INT(conf.nodes.n, 2);
	CHECK_STR(((struct node *)conf.nodes.v)[1].host, "s2");
	CHECK_INT(((struct node *)conf.nodes.v)[1].weight, 100);
	arena_release(&mem);
}

TEST(conf, defaults_fill_the_rest)
{
	CHECK_INT(load("name = \"x\";"), 0);
	CHECK(!conf.verbose);
	CHECK_INT(conf.workers, 2);
	CHECK_INT(conf.cache, MIB(64));
	CHECK_INT(conf.grace, 30000);
	CHECK_INT(conf.imap.listen.n, 2);
	CHECK_STR(conf.imap.listen.v[0], "127.0.0.1:143");
	CHECK_STR(conf.imap.listen.v[1], "[::1]:143");
	CHECK_INT(conf.imap.idle_timeout, 1800000);
	CHECK_INT(conf.nodes.n, 0);
	memset(&conf, 0xee, sizeof(conf));
	conf_defaults(options, &conf, &mem);
	CHECK(!conf.name);
	CHECK_INT(conf.cache, MIB(64));
	arena_release(&mem);
}

TEST(conf, one_string_is_a_list_of_one)
{
	CHECK_INT(load("name = \"x\"; imap = { listen = \"*:143\"; }; nodes = ( );"), 0);
	CHECK_INT(conf.imap.listen.n, 1);
	CHECK_STR(conf.imap.listen.v[0], "*:143");
	CHECK_INT(load("name = \"x\"; imap = { listen = [ ]; };"), 0);
	CHECK_INT(conf.imap.listen.n, 0);
	arena_release(&mem);
}

#define N "name = \"x\";\n"

static const struct {
	const char *text, *complaint;
} golden[] = {
	{ "", "t.conf:1: name: missing; set it to a string in quotes" },
	{ N "wrokers = 2;", "t.conf:2: wrokers: unknown setting; did you mean workers?" },
	{ N "zzzzzzzzzz = 2;", "t.conf:2: zzzzzzzzzz: unknown setting; remove it" },
	{ N "\n\nimap = {\n  lisen = \"a\";\n};",
	  "t.conf:5: imap.lisen: unknown setting; did you mean listen?" },
	{ N "workers = \"2\";", "t.conf:2: workers: is a string; write a whole number" },
	{ N "workers = 2.5;", "t.conf:2: workers: is a number with a point; write a whole number" },
	{ N "workers = 0;", "t.conf:2: workers: out of range; write a number at least 1" },
	{ N "workers = -3000000000L;",
	  "t.conf:2: workers: out of range; write a number at least 1" },
	{ N "workers = 5000000000;", "t.conf:2: number out of range; write a smaller one, or put "
				     "an L after it" },
	{ N "# 5000000000\nworkers = // 1\n\n 2147483648;",
	  "t.conf:5: number out of range; write a smaller one, or put an L after it" },
	{ N "workers = 0xFFFFFFFF;",
	  "t.conf:2: number out of range; write a smaller one, or put an L after it" },
	{ N "cache = \"64\";", "t.conf:2: cache: out of range; write a size at least 1M" },
	{ N "cache = \"64MB\";",
	  "t.conf:2: cache: cannot read \"64MB\"; write a size such as \"64M\"" },
	{ N "cache = \"6\n4\xff\";",
	  "t.conf:2: cache: cannot read \"6?4?\"; write a size such as \"64M\"" },
	{ N "cache = -1;", "t.conf:2: cache: out of range; write a size at least 1M" },
	{ N "cache = true;", "t.conf:2: cache: is true or false; write a size such as \"64M\"" },
	{ N "grace = 30;", "t.conf:2: grace: is a number; write a time such as \"30s\"" },
	{ N "grace = \"30\";",
	  "t.conf:2: grace: cannot read \"30\"; write a time such as \"30s\"" },
	{ N "grace = \"11m\";", "t.conf:2: grace: out of range; write a time at most 10m" },
	{ N "imap = { idle_timeout = \"1m\"; };",
	  "t.conf:2: imap.idle_timeout: out of range; write a time between 29m and 1d" },
	{ N "imap = \"x\";", "t.conf:2: imap: is a string; write a group { ... }" },
	{ N "imap = { listen = [ 1, 2 ]; };",
	  "t.conf:2: imap.listen: is a number; write a list of strings such as [ \"a\", \"b\" ]" },
	{ N "verbose = 1;", "t.conf:2: verbose: is a number; write true or false" },
	{ "name = 3;", "t.conf:1: name: is a number; write a string in quotes" },
	{ N "nodes = {};",
	  "t.conf:2: nodes: is a group; write a list of groups ( { ... }, { ... } )" },
	{ N "nodes = ( { host = \"a\"; },\n { weight = 2; } );",
	  "t.conf:3: nodes[1].host: missing; set it to a string in quotes" },
	{ N "nodes = ( 7 );",
	  "t.conf:2: nodes[0]: is a number; write a list of groups ( { ... }, { ... } )" },
	{ N "verbose = true;\nname = \"y\";", "t.conf:3: duplicate setting name; see options.md "
					      "for what may stand here" },
	{ N "verbose = ;", "t.conf:2: syntax error; see options.md for what may stand here" },
	{ N "imap = {\n", "t.conf:3: syntax error; see options.md for what may stand here" },
	{ N "@include \"nowhere.conf\"\n",
	  "t.conf:2: cannot open include file; see options.md for what may stand here" },
};

TEST(conf, complaints)
{
	for (size_t i = 0; i < ARRAY_LEN(golden); i++) {
		CHECK_INT(load(golden[i].text), -ERR_CONFIG);
		CHECK_STR(why.text, golden[i].complaint);
	}
	CHECK_INT(conf_load_text("t.conf", BYTES("a\0b"), options, &conf, &mem, &why), -ERR_CONFIG);
	CHECK_STR(why.text, "t.conf:1: holds a NUL byte; it must be plain text");
	arena_release(&mem);
}

static const struct {
	const char *text;
	bool ok;
	uint64_t value;
} sizes[] = {
	{ "0", true, 0 },
	{ "4096", true, 4096 },
	{ "4K", true, 4096 },
	{ "3T", true, GIB(3072) },
	{ "4k", false, 0 },
	{ "", false, 0 },
	{ "K", false, 0 },
	{ "4 K", false, 0 },
	{ "-4K", false, 0 },
	{ "4KB", false, 0 },
	{ "4.5K", false, 0 },
	{ "8388608T", false, 0 },
	{ "8388607T", true, GIB(1024) * 8388607 },
	{ "99999999999999999999", false, 0 },
};

static const struct {
	const char *text;
	bool ok;
	uint64_t value;
} durations[] = {
	{ "0", true, 0 },
	{ "0s", true, 0 },
	{ "200ms", true, 200 },
	{ "30s", true, 30000 },
	{ "5m", true, 300000 },
	{ "2h", true, 7200000 },
	{ "14d", true, 1209600000 },
	{ "30", false, 0 },
	{ "s", false, 0 },
	{ "1.5s", false, 0 },
	{ "1w", false, 0 },
	{ "30S", false, 0 },
	{ " 30s", false, 0 },
	{ "1h30m", false, 0 },
	{ "106751991168d", false, 0 },
};

TEST(conf, units)
{
	uint64_t v;

	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		CHECK_INT(conf_parse_size(bytes_str(sizes[i].text), &v), sizes[i].ok);
		CHECK(!sizes[i].ok || v == sizes[i].value);
	}
	for (size_t i = 0; i < ARRAY_LEN(durations); i++) {
		CHECK_INT(conf_parse_duration(bytes_str(durations[i].text), &v), durations[i].ok);
		CHECK(!durations[i].ok || v == durations[i].value);
	}
}

static void write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	CHECK(f && fputs(text, f) >= 0);
	fclose(f);
}

TEST(conf, files_and_what_they_include)
{
	char dir[] = "/tmp/tern-conf-XXXXXX", main_file[64], part[64], want[200];

	CHECK(mkdtemp(dir));
	snprintf(main_file, sizeof(main_file), "%s/main.conf", dir);
	snprintf(part, sizeof(part), "%s/part.conf", dir);
	write_file(main_file, N "@include \"part.conf\"\nnodes = ( { host = \"a\"; },\n"
				"  { host = \"b\"; } );\n");
	write_file(part, "\nworkers = 7;\n");
	CHECK_INT(conf_load(main_file, options, &conf, &mem, &why), 0);
	CHECK_INT(conf.workers, 7);
	CHECK_INT(conf_line(main_file, "workers"), 2);
	CHECK_INT(conf_line(main_file, "nodes"), 3);
	CHECK_INT(conf_line(main_file, "nodes[1].host"), 4);
	CHECK_INT(conf_line(main_file, "nodes[2].host"), 0);
	CHECK_INT(conf_line(main_file, "nothing"), 0);
	write_file(part, "\nworkers = 0;\n");
	CHECK_INT(conf_load(main_file, options, &conf, &mem, &why), -ERR_CONFIG);
	snprintf(want, sizeof(want), "%s:2: workers: out of range; write a number at least 1",
		 part);
	CHECK_STR(why.text, want);
	write_file(part, "workers = 5000000000;\n");
	CHECK_INT(conf_load(main_file, options, &conf, &mem, &why), -ERR_CONFIG);
	CHECK(strstr(why.text, "part.conf:1: number out of range"));
	unlink(part);
	unlink(main_file);
	CHECK_INT(conf_load(main_file, options, &conf, &mem, &why), -ERR_CONFIG);
	snprintf(want, sizeof(want), "%s:1: cannot be opened: No such file or directory",
		 main_file);
	CHECK_STR(why.text, want);
	CHECK_INT(conf_line(main_file, "workers"), 0);
	rmdir(dir);
	arena_release(&mem);
}

TEST(conf, options_as_markdown)
{
	static const char want[] =
		"## Front end\n\n"
		"| setting | type | default | range | meaning |\n"
		"| --- | --- | --- | --- | --- |\n"
		"| `verbose` | true or false | `false` | | talk |\n"
		"| `workers` | number | `2` | at least 1 | processes |\n"
		"| `cache` | size | `64M` | at least 1M | memory for blocks |\n"
		"| `grace` | time | `30s` | at most 10m | time to drain |\n"
		"| `name` | string | required | | of this server |\n"
		"| `imap` | group | | | IMAP |\n"
		"| `imap.listen` | strings | `127.0.0.1:143 [::1]:143` | | where to listen |\n"
		"| `imap.idle_timeout` | time | `30m` | between 29m and 1d "
		"| close a connection silent this long |\n"
		"| `imap.limits` | list of groups | none | | limits |\n"
		"| `imap.limits[].size` | size | `1K` | | bytes |\n"
		"| `nodes` | list of groups | none | | store nodes |\n"
		"| `nodes[].host` | string | required | | name or a\\|b |\n"
		"| `nodes[].weight` | number | `100` | between 1 and 10000 "
		"| share of the shards |\n";
	struct buf out;

	buf_init(&out, 0);
	conf_print_options(&out, "Front end", options);
	buf_putc(&out, '\0');
	CHECK_STR((const char *)buf_bytes(&out).p, want);
	buf_release(&out);
}

static void load_a_bad_row(void)
{
	static const struct conf_option bad[] = {
		{ "t", CONF_DURATION, 0, .def = "30" },
		{ NULL },
	};
	uint64_t t;

	conf_defaults(bad, &t, NULL);
}

TEST(conf, a_malformed_default_is_a_bug)
{
	CHECK(aborts(load_a_bad_row));
}
