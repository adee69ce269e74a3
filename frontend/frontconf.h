/* SPDX-License-Identifier: Apache-2.0 */
/* frontconf.h - a front end's own file, and what of it may change while it runs.
 *
 * The parent reads it as root. What a SIGHUP may change is a struct settings: the parent sends
 * it to its workers as one message, since they can open no files any more. */
#ifndef TERN_FRONTCONF_H
#define TERN_FRONTCONF_H

#include "router/clusterconf.h"
#include "session/limits.h"

struct conf_listener {
	const char *kind; /* listener_kind_name */
	const char *address;
	bool proxy;
};

struct conf_tls {
	const char *certificate, *key; /* PEM files; both or neither */
};

struct frontconf {
	const char *name;    /* which of cluster.conf's front ends this is */
	const char *cluster; /* path of cluster.conf */
	const char *key;     /* path of the secret key */
	const char *hostname;
	const char *default_domain;
	int64_t workers; /* 0: one for each core */
	const char *user, *group;
	const char *status;
	const char *log_level;
	struct conf_strings trusted;
	struct conf_tls tls;
	struct conf_list listeners; /* struct conf_listener */
	struct limits limits;
};

extern const struct conf_option frontconf_options[];

/* Loads and checks both files. The host name is filled in. */
int frontconf_load(const char *path, struct frontconf *c, struct clusterconf *cluster,
		   struct arena *mem, struct why *why) MUST_USE;
int frontconf_kind(const char *name); /* enum listener_kind, or -1 */

struct settings {
	struct limits limits;
	struct net_prefix *trusted;
	size_t n_trusted;
	struct buf certificate, key; /* PEM; empty: no TLS */
};

/* Reads the PEM files and tries them. */
int settings_load(const struct frontconf *c, struct settings *s, struct why *why) MUST_USE;
void settings_release(struct settings *s); /* wipes the key */
void settings_pack(const struct settings *s, struct buf *out);
bool settings_unpack(struct bytes in, struct settings *s) MUST_USE;

#endif
