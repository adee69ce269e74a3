/* SPDX-License-Identifier: Apache-2.0 */
#include "frontconf.c"

#include "lib/test.h"

#define CLUSTER                                                                               \
	"name = \"t\"; nodes = ( { name = \"s1\"; zone = \"z\"; address = \"127.0.0.1:1\";\n" \
	"raft = \"127.0.0.1:2\"; public_key = \"%s\"; } );\n"                                 \
	"front_ends = ( { name = \"f1\"; public_key = \"%s\"; } ); operators = ( );\n"

struct files {
	char dir[64], cluster[96], front[96];
	struct frontconf conf;
	struct clusterconf clusterconf;
	struct arena mem;
	struct why why;
};

static void write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "we");

	CHECK(f && fputs(text, f) >= 0 && fclose(f) == 0);
}

static void begin(struct files *f)
{
	char a[CURVE_KEY + 1], b[CURVE_KEY + 1], secret[CURVE_KEY + 1], text[1024];

	(void)snprintf(f->dir, sizeof(f->dir), "/tmp/tern-frontconf-XXXXXX");
	CHECK(mkdtemp(f->dir));
	(void)snprintf(f->cluster, sizeof(f->cluster), "%s/cluster.conf", f->dir);
	(void)snprintf(f->front, sizeof(f->front), "%s/front.conf", f->dir);
	CHECK_INT(curve_keypair(a, secret), 0);
	CHECK_INT(curve_keypair(b, secret), 0);
	(void)snprintf(text, sizeof(text), CLUSTER, a, b);
	write_file(f->cluster, text);
	arena_init(&f->mem, 0);
}

static void end(struct files *f)
{
	unlink(f->cluster);
	unlink(f->front);
	rmdir(f->dir);
	arena_release(&f->mem);
}

static int load(struct files *f, const char *rest)
{
	char text[1024];

	(void)snprintf(text, sizeof(text), "cluster = \"%s\";\n%s", f->cluster, rest);
	write_file(f->front, text);
	f->why.text[0] = '\0';
	return frontconf_load(f->front, &f->conf, &f->clusterconf, &f->mem, &f->why);
}

#define NAME "name = \"f1\";\n"
#define PORT "listeners = ( { kind = \"imap\"; address = \"127.0.0.1:143\"; } );\n"

TEST(frontconf, defaults)
{
	struct files f;
	const struct conf_listener *l;

	begin(&f);
	CHECK_INT(load(&f, NAME PORT), 0);
	l = f.conf.listeners.v;
	CHECK_INT(f.conf.listeners.n, 1);
	CHECK_STR(l->kind, "imap");
	CHECK(!l->proxy && *f.conf.hostname);
	CHECK_STR(f.conf.user, "tern-frontend");
	CHECK_INT(f.conf.trusted.n, 2);
	CHECK_INT(f.conf.limits.connections_per_ip, 20);
	CHECK_INT(f.conf.limits.output_buffer, 262144);
	end(&f);
}

TEST(frontconf, complaints_name_file_line_and_setting)
{
	static const struct {
		const char *text, *complaint;
	} cases[] = {
		{ PORT, "name" },
		{ "name = \"f2\";\n" PORT, ":2: name: \"f2\" is none of the front_ends" },
		{ NAME, "listeners: none given" },
		{ NAME "listeners = ( { kind = \"nntp\"; address = \"127.0.0.1:1\"; } );\n",
		  ":3: listeners[0].kind: \"nntp\" is none" },
		{ NAME "listeners = ( { kind = \"imap\"; address = \"localhost\"; } );\n",
		  ":3: listeners[0].address: " },
		{ NAME "listeners = ( { kind = \"imaps\"; address = \"127.0.0.1:1\"; } );\n",
		  "imaps needs tls.certificate" },
		{ NAME PORT "tls = { certificate = \"x\"; };\n", "tls: certificate and key" },
		{ NAME PORT "trusted = [ \"10.0.0.1/8\" ];\n", ":4: trusted: " },
		{ NAME PORT "default_domain = \"a b\";\n", ":4: default_domain: " },
		{ NAME PORT "status = \"80\";\n", ":4: status: " },
		{ NAME PORT "limits = { imap_line = \"4K\"; };\n", "limits.imap_line" },
		{ NAME PORT "limits = { imap_lines = \"64K\"; };\n", "limits.imap_lines" },
		{ NAME PORT "workers = 65;\n", "workers" },
	};
	struct files f;

	begin(&f);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CHECK(load(&f, cases[i].text) < 0);
		if (!strstr(f.why.text, cases[i].complaint) || !strstr(f.why.text, "front.conf:"))
			fail_msg("\"%s\" does not say \"%s\"", f.why.text, cases[i].complaint);
	}
	end(&f);
}

TEST(frontconf, settings_travel)
{
	struct files f;
	struct settings s, t;
	struct buf message;

	begin(&f);
	CHECK_INT(load(&f, NAME PORT "limits = { connections = 77; };\n"), 0);
	CHECK_INT(settings_load(&f.conf, &s, &f.why), 0);
	buf_puts(&s.certificate, "certificate");
	buf_puts(&s.key, "key");
	buf_init(&message, 0);
	settings_pack(&s, &message);
	CHECK(settings_unpack(buf_bytes(&message), &t));
	CHECK_INT(t.limits.connections, 77);
	CHECK_INT(t.n_trusted, 2);
	CHECK(memcmp(t.trusted, s.trusted, 2 * sizeof(*s.trusted)) == 0);
	CHECK(bytes_eq(buf_bytes(&t.certificate), BYTES("certificate")));
	CHECK(bytes_eq(buf_bytes(&t.key), BYTES("key")));
	settings_release(&t);
	for (size_t n = 0; n < message.n; n++) {
		CHECK(!settings_unpack(bytes_head(buf_bytes(&message), n), &t));
		settings_release(&t);
	}
	settings_release(&s);
	buf_release(&message);
	end(&f);
}
