/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_config.c - keygen, check-config: what is done before there is a cluster. */
#include "router/ctl/ctl.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* ---- keygen ------------------------------------------------------------------------------------ */

static int write_key(const char *path, const char *secret, struct why *why)
{
	char text[CURVE_KEY + 1];
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0400);
	bool ok;

	if (fd < 0)
		return why_set(why, ERR_IO, "%s: %s", path,
			       errno == EEXIST ? "exists; a key is never overwritten, remove it "
						 "yourself if it is not used" :
						 strerror(errno));
	memcpy(text, secret, CURVE_KEY);
	text[CURVE_KEY] = '\n';
	ok = write(fd, text, sizeof(text)) == (ssize_t)sizeof(text) && fsync(fd) == 0;
	explicit_bzero(text, sizeof(text));
	if (close(fd) == 0 && ok)
		return 0;
	unlink(path);
	return why_set(why, ERR_IO, "%s: %s", path, strerror(errno));
}

static int print_public(const char *path)
{
	char public_key[CURVE_KEY + 1], secret_key[CURVE_KEY + 1];
	struct why why;
	int ret = curve_load_secret(path, secret_key, &why);

	if (ret == 0)
		ret = curve_public(secret_key, public_key);
	explicit_bzero(secret_key, sizeof(secret_key));
	if (ret < 0)
		return ctl_fail(ERR_CONFIG, "%s", why.text);
	puts(public_key);
	return EXIT_OK;
}

int run_keygen(struct ctl *ctl, const struct args *a)
{
	const char *out = args_option(a, "out"), *public = args_option(a, "public");
	char public_key[CURVE_KEY + 1], secret_key[CURVE_KEY + 1];
	struct why why;
	int ret = 0;

	if (out && public)
		return ctl_fail(ERR_CONFIG, "--out makes a key, --public shows one: give only one");
	if (public)
		return print_public(public);
	if (curve_keypair(public_key, secret_key) < 0)
		return ctl_fail(ERR_IO, "libzmq cannot make CURVE keys");
	if (out)
		ret = write_key(out, secret_key, &why);
	if (ret == 0 && ctl->json)
		printf("{\"public_key\": \"%s\"%s%s%s}\n", public_key,
		       out ? "" : ", \"secret_key\": \"", out ? "" : secret_key, out ? "" : "\"");
	else if (ret == 0 && out)
		puts(public_key);
	else if (ret == 0)
		printf("public  %s\nsecret  %s\n", public_key, secret_key);
	explicit_bzero(secret_key, sizeof(secret_key));
	return ret == 0 ? EXIT_OK : ctl_fail(ret, "%s", why.text);
}

/* ---- check-config ------------------------------------------------------------------------------- */

static bool all_one_zone(const struct clusterconf *c)
{
	const struct conf_node *n = c->nodes.v;

	for (size_t i = 1; i < c->nodes.n; i++)
		if (strcmp(n[i].zone, n[0].zone) != 0)
			return false;
	return c->nodes.n > 1;
}

static void advise(const char *path, const struct clusterconf *c)
{
	if (c->nodes.n < 3)
		printf("%s: note: %zu nodes; it takes three to lose one without a pause\n", path,
		       c->nodes.n);
	if (all_one_zone(c))
		printf("%s: note: all nodes are in zone \"%s\"; zones keep replicas apart\n", path,
		       ((const struct conf_node *)c->nodes.v)->zone);
	if (c->operators.n == 0)
		printf("%s: note: no operators; ternctl cannot connect\n", path);
	if (c->front_ends.n == 0)
		printf("%s: note: no front ends; no mail comes in or out\n", path);
}

int run_check_config(struct ctl *ctl, const struct args *a)
{
	int ret = EXIT_OK;

	for (unsigned i = 0; i < a->n; i++) {
		struct clusterconf c;
		struct why why;

		if (clusterconf_load(a->words[i], &c, &ctl->mem, &why) < 0) {
			ret = ctl_fail(ERR_CONFIG, "%s", why.text);
			continue;
		}
		printf("%s: good: %zu nodes, %zu front ends, %zu operators, %lld shards\n",
		       a->words[i], c.nodes.n, c.front_ends.n, c.operators.n, (long long)c.shards);
		advise(a->words[i], &c);
	}
	return ret;
}
