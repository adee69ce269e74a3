/* SPDX-License-Identifier: Apache-2.0 */
/* cluster.conf and key files: what is taken, and the sentence for what is not. */
#include "base/base.h"
#include "lib/test.h"

#include "router/clusterconf.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[] = "/tmp/tern-conf-XXXXXX";
static char path[64];

static const char *write_file(const char *text, mode_t mode)
{
	FILE *f;

	if (dir[strlen(dir) - 1] == 'X')
		assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/file", dir);
	unlink(path);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	chmod(path, mode);
	return path;
}

#define K1 "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7"
#define K2 "f+H$c&%71lhG#gaR@:o7vPpS)aJPffHgUr63--Iu"
#define K3 "bi@pmn/UoTeBVT=0lSF7KQPD+{Rye2/-rz?}7S4^"
#define NODE(name, port, key)                                                       \
	"{ name = \"" name "\"; zone = \"a\"; address = \"127.0.0.1:" port "1\";\n" \
	"  raft = \"127.0.0.1:" port "2\"; public_key = \"" key "\"; }"

static int load(const char *text, struct clusterconf *c, struct why *why)
{
	static struct arena mem;

	arena_release(&mem);
	arena_init(&mem, 0);
	return clusterconf_load(write_file(text, 0644), c, &mem, why);
}

TEST(clusterconf, a_whole_one)
{
	struct clusterconf c;
	struct why why = { "" };
	const struct conf_node *n;

	CHECK_INT(load("name = \"mail\"; shards = 16;\n"
		       "nodes = ( " NODE("s1", "71", K1) ",\n" NODE(
			       "s2", "72", K2) " );\n"
					       "operators = ( { name = \"ann\"; public_key = \"" K3
					       "\"; } );\n",
		       &c, &why),
		  0);
	CHECK_STR(c.name, "mail");
	CHECK_INT(c.shards, 16);
	CHECK_INT(c.nodes.n, 2);
	n = c.nodes.v;
	CHECK_STR(n[1].name, "s2");
	CHECK_STR(n[1].address, "127.0.0.1:721");
	CHECK_INT(n[1].weight, 100);
	CHECK_INT(c.operators.n, 1);
	CHECK_INT(c.front_ends.n, 0);
	CHECK_INT(clusterconf_node(&c, "s2"), 1);
	CHECK_INT(clusterconf_node(&c, "s3"), -1);
}

TEST(clusterconf, complaints_name_file_line_and_setting)
{
	static const struct {
		const char *text, *says;
	} cases[] = {
		{ "nodes = ();", "at least one node" },
		{ "nodes = ( " NODE("s1", "71", K1) ",\n\n" NODE("s1", "72", K2) " );",
		  ":4: nodes[1].name: is given twice" },
		{ "nodes = ( " NODE("s1", "71", K1) ",\n" NODE("s2", "72", K1) " );",
		  ":4: nodes[1].public_key: is given twice" },
		{ "nodes = ( " NODE("s1", "71", "short") " );",
		  ":2: nodes[0].public_key: is not a key" },
		{ "nodes = ( " NODE("s1", "71", K1) ",\n" NODE("s2", "71", K2) " );",
		  ":3: nodes[1].address: is given twice" },
		{ "nodes = ( " NODE("s 1", "71", K1) " );", ":1: nodes[0].name:" },
		{ "nodes = ( { name = \"s1\"; address = \"mars:1\"; raft = \"127.0.0.1:2\";"
		  " public_key = \"" K1 "\"; } );",
		  ":1: nodes[0].address:" },
		{ "nodes = ( " NODE("s1", "71",
				    K1) " );\n"
					"front_ends = ( { name = \"s1\"; public_key = \"" K2
					"\"; } );",
		  ":3: front_ends[0].name: is given twice" },
		{ "nodes = ( " NODE("s1", "71", K1) " );\nshards = 5000;", "shards" },
		{ "nodes = ( " NODE("s1", "71", K1) " );\nshard = 5;", "shard" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct clusterconf c;
		struct why why = { "" };

		CHECK_INT(load(cases[i].text, &c, &why), -ERR_CONFIG);
		if (!strstr(why.text, cases[i].says) || !strstr(why.text, path))
			fail_msg("\"%s\" should say \"%s\"", why.text, cases[i].says);
	}
}

TEST(keys, a_pair_fits_and_loads)
{
	char public_key[CURVE_KEY + 1], secret[CURVE_KEY + 2], again[CURVE_KEY + 1];
	struct why why;

	CHECK_INT(curve_keypair(public_key, secret), 0);
	CHECK_INT(curve_public(secret, again), 0);
	CHECK_STR(public_key, again);
	CHECK_INT(curve_load_secret(write_file(secret, 0400), again, &why), 0);
	CHECK_STR(secret, again);
	strcat(secret, "\n");
	CHECK_INT(curve_load_secret(write_file(secret, 0600), again, &why), 0);
}

static void refuse(const char *says)
{
	char secret[CURVE_KEY + 1];
	struct why why = { "" };

	CHECK(curve_load_secret(path, secret, &why) < 0);
	if (!strstr(why.text, says))
		fail_msg("\"%s\" should say \"%s\"", why.text, says);
	CHECK_STR(secret, "");
}

TEST(keys, files_that_others_can_read_or_own_are_refused)
{
	char public_key[CURVE_KEY + 1], secret[CURVE_KEY + 2], link[80];

	CHECK_INT(curve_keypair(public_key, secret), 0);
	for (unsigned mode = 0; mode < 01000; mode++) {
		struct why why;
		char again[CURVE_KEY + 1];

		if (mode == 0400 || mode == 0600)
			continue;
		write_file(secret, mode);
		CHECK(curve_load_secret(path, again, &why) < 0);
	}
	write_file(secret, 0440);
	refuse("chmod 0400");
	write_file(secret, 0400);
	snprintf(link, sizeof(link), "%s.link", path);
	unlink(link);
	CHECK_INT(symlink(path, link), 0);
	snprintf(path, sizeof(path), "%.60s", link);
	refuse("symbolic link");
	unlink(link);
	refuse("No such file");
	write_file("", 0400);
	refuse("no secret key");
	write_file("too short", 0400);
	refuse("no secret key");
	strcat(secret, "x");
	write_file(secret, 0400);
	refuse("no secret key");
	if (geteuid() == 0) {
		secret[CURVE_KEY] = '\0';
		write_file(secret, 0400);
		CHECK_INT(chown(path, 12345, 0), 0);
		refuse("belongs to user 12345");
	}
	snprintf(path, sizeof(path), "%s", dir);
	refuse("not a regular file");
}
