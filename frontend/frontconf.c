/* SPDX-License-Identifier: Apache-2.0 */
/* frontconf.c - the rows of frontend.conf and the checks that no row can express. */
#include "frontconf.h"

#include "base/log.h"
#include "model/address.h"
#include "net/tls.h"
#include "session/runner.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PEM_MAX = 65536 };

#define AT(field) offsetof(struct frontconf, field)
#define LISTENER(field) offsetof(struct conf_listener, field)
#define TLS(field) offsetof(struct conf_tls, field)

static const struct conf_option listener_rows[] = {
	{ "kind", CONF_STRING, LISTENER(kind), NULL, NULL, NULL,
	  "smtp (MX), submission, submissions, lmtp (trusted clients only), imap, imaps, pop3 or "
	  "pop3s; those ending in s speak TLS from the first byte" },
	{ "address", CONF_STRING, LISTENER(address), NULL, NULL, NULL,
	  "address and port, \"0.0.0.0:25\" or \"[::]:25\"" },
	{ "proxy", CONF_BOOL, LISTENER(proxy), "false", NULL, NULL,
	  "connections begin with a PROXY header (version 1 or 2); taken from `trusted` only" },
	{ 0 },
};

static const struct conf_option tls_rows[] = {
	{ "certificate", CONF_STRING, TLS(certificate), "", NULL, NULL,
	  "PEM file: certificate and chain" },
	{ "key", CONF_STRING, TLS(key), "", NULL, NULL, "PEM file: private key, readable by root" },
	{ 0 },
};

const struct conf_option frontconf_options[] = {
	{ "name", CONF_STRING, AT(name), NULL, NULL, NULL,
	  "which of the front_ends in cluster.conf this process is" },
	{ "cluster", CONF_STRING, AT(cluster), "/etc/tern/cluster.conf", NULL, NULL,
	  "the file that all processes of the cluster share" },
	{ "key", CONF_STRING, AT(key), "/etc/tern/frontend.key", NULL, NULL,
	  "file with this front end's secret key (ternctl keygen), mode 0400" },
	{ "hostname", CONF_STRING, AT(hostname), "", NULL, NULL,
	  "in greetings and Received fields; empty: the system's host name" },
	{ "default_domain", CONF_STRING, AT(default_domain), "", NULL, NULL,
	  "added to logins without a domain and to <Postmaster>" },
	{ "workers", CONF_INT, AT(workers), "0", "0", "64",
	  "processes that serve clients; 0: one for each core" },
	{ "user", CONF_STRING, AT(user), "tern-frontend", NULL, NULL,
	  "user that workers become when started as root; empty: stay root" },
	{ "group", CONF_STRING, AT(group), "", NULL, NULL, "their group; empty: the user's" },
	{ "status", CONF_STRING, AT(status), "", NULL, NULL,
	  "host:port that answers GET /health and /metrics; empty: none" },
	{ "log_level", CONF_STRING, AT(log_level), "info", NULL, NULL,
	  "debug, info, notice, warn or error" },
	{ "trusted", CONF_STRINGS, AT(trusted), "127.0.0.0/8 ::1/128", NULL, NULL,
	  "networks without limits by address, with login without TLS, LMTP and PROXY headers" },
	{ "tls", CONF_GROUP, AT(tls), "", NULL, NULL, "certificate; read again on SIGHUP",
	  tls_rows },
	{ "listeners", CONF_GROUPS, AT(listeners), "", NULL, NULL, "where clients connect",
	  listener_rows, sizeof(struct conf_listener) },
	{ "limits", CONF_GROUP, AT(limits), "", NULL, NULL, "read again on SIGHUP",
	  limits_options },
	{ 0 },
};

int frontconf_kind(const char *name)
{
	for (int i = 0; i < LISTEN_KINDS; i++)
		if (strcmp(name, listener_kind_name((enum listener_kind)i)) == 0)
			return i;
	return -1;
}

/* ---- checks ------------------------------------------------------------------------------------- */

static int wrong(const char *path, const char *name, struct why *why)
{
	why_add(why, "%s:%d: %s", path, conf_line(path, name), name);
	return -ERR_CONFIG;
}

static int check_listener(const char *path, const struct frontconf *c, size_t i, struct why *why)
{
	const struct conf_listener *l = (const struct conf_listener *)c->listeners.v + i;
	int kind = frontconf_kind(l->kind);
	struct net_addr addr;
	char name[48];

	(void)!snprintf(name, sizeof(name), "listeners[%zu].kind", i);
	if (kind < 0) {
		why_set(why, ERR_CONFIG, "\"%s\" is none; see --print-options", l->kind);
		return wrong(path, name, why);
	}
	if (listener_kind_is_tls((enum listener_kind)kind) && !*c->tls.certificate) {
		why_set(why, ERR_CONFIG, "%s needs tls.certificate and tls.key", l->kind);
		return wrong(path, name, why);
	}
	(void)!snprintf(name, sizeof(name), "listeners[%zu].address", i);
	return net_parse(l->address, &addr, why) < 0 ? wrong(path, name, why) : 0;
}

static int check_names(const char *path, const struct frontconf *c, const struct clusterconf *cl,
		       struct arena *mem, struct why *why)
{
	const struct conf_peer *peers = cl->front_ends.v;
	struct bytes domain;
	struct net_addr addr;
	bool known = false;

	for (size_t i = 0; i < cl->front_ends.n; i++)
		known |= strcmp(peers[i].name, c->name) == 0;
	if (!known) {
		why_set(why, ERR_CONFIG, "\"%s\" is none of the front_ends in %s", c->name,
			c->cluster);
		return wrong(path, "name", why);
	}
	if (*c->default_domain && !domain_normalise(bytes_str(c->default_domain), mem, &domain)) {
		why_set(why, ERR_CONFIG, "\"%s\" is no domain", c->default_domain);
		return wrong(path, "default_domain", why);
	}
	if (*c->status && net_parse(c->status, &addr, why) < 0)
		return wrong(path, "status", why);
	return 0;
}

static int check_trusted(const char *path, const struct frontconf *c, struct why *why)
{
	struct net_prefix prefix;

	for (size_t i = 0; i < c->trusted.n; i++)
		if (net_prefix_parse(c->trusted.v[i], &prefix, why) < 0)
			return wrong(path, "trusted", why);
	return 0;
}

static int check(const char *path, const struct frontconf *c, const struct clusterconf *cl,
		 struct arena *mem, struct why *why)
{
	int ret = check_names(path, c, cl, mem, why);

	if (ret == 0)
		ret = check_trusted(path, c, why);
	if (ret == 0 && c->listeners.n == 0) {
		why_set(why, ERR_CONFIG, "none given; at least one is needed");
		return wrong(path, "listeners", why);
	}
	if (ret == 0 && !*c->tls.certificate != !*c->tls.key) {
		why_set(why, ERR_CONFIG, "certificate and key come together");
		return wrong(path, "tls", why);
	}
	for (size_t i = 0; ret == 0 && i < c->listeners.n; i++)
		ret = check_listener(path, c, i, why);
	return ret;
}

static void own_hostname(struct frontconf *c, struct arena *mem)
{
	char name[256] = "localhost";

	if (*c->hostname)
		return;
	(void)!gethostname(name, sizeof(name) - 1);
	c->hostname = bytes_cstr(mem, bytes_str(name));
}

int frontconf_load(const char *path, struct frontconf *c, struct clusterconf *cluster,
		   struct arena *mem, struct why *why)
{
	int ret = conf_load(path, frontconf_options, c, mem, why);

	if (ret == 0)
		ret = clusterconf_load(c->cluster, cluster, mem, why);
	if (ret < 0)
		return ret;
	own_hostname(c, mem);
	return check(path, c, cluster, mem, why);
}

/* ---- settings -------------------------------------------------------------------------------------- */

static int read_pem(const char *path, struct buf *out, struct why *why)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	ssize_t n = -1;
	void *room;

	buf_init(out, PEM_MAX);
	room = buf_room(out, PEM_MAX);
	if (fd >= 0)
		n = read(fd, room, PEM_MAX);
	if (n < 0)
		why_set(why, ERR_CONFIG, "%s: cannot be read: %s", path, strerror(errno));
	else if (n == PEM_MAX)
		why_set(why, ERR_CONFIG, "%s: larger than 64 KiB", path);
	else
		buf_grew(out, (size_t)n);
	if (fd >= 0)
		close(fd);
	return n < 0 || n == PEM_MAX ? -ERR_CONFIG : 0;
}

/* A certificate that does not work is noticed before any worker gets it. */
static int try_pem(const struct frontconf *c, const struct settings *s, struct why *why)
{
	struct tls *tls = tls_new();
	int ret = tls_load(tls, buf_bytes(&s->certificate), buf_bytes(&s->key), c->hostname, why);

	if (ret < 0)
		why_add(why, "%s, %s", c->tls.certificate, c->tls.key);
	tls_free(&tls);
	return ret;
}

int settings_load(const struct frontconf *c, struct settings *s, struct why *why)
{
	int ret = 0;

	*s = (struct settings){ .limits = c->limits, .n_trusted = c->trusted.n };
	s->trusted = xcalloc(c->trusted.n + 1, sizeof(*s->trusted));
	buf_init(&s->certificate, PEM_MAX);
	buf_init(&s->key, PEM_MAX);
	for (size_t i = 0; ret == 0 && i < c->trusted.n; i++)
		ret = net_prefix_parse(c->trusted.v[i], &s->trusted[i], why);
	if (ret == 0 && *c->tls.certificate) {
		ret = read_pem(c->tls.certificate, &s->certificate, why);
		if (ret == 0)
			ret = read_pem(c->tls.key, &s->key, why);
		if (ret == 0)
			ret = try_pem(c, s, why);
	}
	if (ret < 0)
		settings_release(s);
	return ret;
}

void settings_release(struct settings *s)
{
	if (s->key.p)
		explicit_bzero(s->key.p, s->key.cap);
	buf_release(&s->key);
	buf_release(&s->certificate);
	free(s->trusted);
	*s = (struct settings){ 0 };
}

static void put_part(struct buf *out, const void *p, size_t n)
{
	buf_u32be(out, (uint32_t)n);
	buf_put(out, p, n);
}

void settings_pack(const struct settings *s, struct buf *out)
{
	put_part(out, &s->limits, sizeof(s->limits));
	put_part(out, s->trusted, s->n_trusted * sizeof(*s->trusted));
	put_part(out, buf_bytes(&s->certificate).p, s->certificate.n);
	put_part(out, buf_bytes(&s->key).p, s->key.n);
}

static bool get_part(struct bytes *in, struct bytes *part)
{
	uint32_t n;

	return get_u32be(in, &n) && get_bytes(in, n, part);
}

bool settings_unpack(struct bytes in, struct settings *s)
{
	struct bytes limits, trusted, certificate, key;

	*s = (struct settings){ 0 };
	if (!get_part(&in, &limits) || !get_part(&in, &trusted) || !get_part(&in, &certificate) ||
	    !get_part(&in, &key) || in.n || limits.n != sizeof(s->limits) ||
	    trusted.n % sizeof(*s->trusted))
		return false;
	memcpy(&s->limits, limits.p, limits.n);
	s->n_trusted = trusted.n / sizeof(*s->trusted);
	s->trusted = xcalloc(s->n_trusted + 1, sizeof(*s->trusted));
	if (trusted.n)
		memcpy(s->trusted, trusted.p, trusted.n);
	buf_init(&s->certificate, PEM_MAX);
	buf_init(&s->key, PEM_MAX);
	return buf_put_bytes(&s->certificate, certificate) && buf_put_bytes(&s->key, key);
}
