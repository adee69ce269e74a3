/* SPDX-License-Identifier: Apache-2.0 */
/* clusterconf.h - cluster.conf: the one file that every process of a cluster reads.
 *
 * Nodes, front ends and operators with their addresses, zones and CURVE public keys. A key file
 * holds a secret key (Z85, 40 characters), mode 0400 or 0600, owned by root or the process's
 * user, no symlink; anything else is refused with a sentence. */
#ifndef TERN_ROUTER_CLUSTERCONF_H
#define TERN_ROUTER_CLUSTERCONF_H

#include "base/conf.h"
#include "base/net.h"

#define CURVE_KEY 40 /* Z85 characters, without the NUL */

struct conf_node {
	const char *name, *zone;
	int64_t weight;
	const char *address; /* requests of front ends and operators, host:port */
	const char *raft;    /* other nodes, host:port */
	const char *public_key;
};

struct conf_peer { /* a front end or an operator */
	const char *name, *public_key;
};

struct clusterconf {
	const char *path;
	const char *name;
	int64_t shards;
	struct conf_list nodes;      /* struct conf_node */
	struct conf_list front_ends; /* struct conf_peer */
	struct conf_list operators;  /* struct conf_peer */
};

extern const struct conf_option clusterconf_options[];

/* Loads and checks: names unique, keys well-formed and unique, addresses parse, at least one
 * node. Every complaint carries file and line. */
int clusterconf_load(const char *path, struct clusterconf *c, struct arena *mem, struct why *why)
	MUST_USE;
int clusterconf_node(const struct clusterconf *c, const char *name); /* position or -1 */

int curve_keypair(char public_key[CURVE_KEY + 1], char secret_key[CURVE_KEY + 1]) MUST_USE;
int curve_load_secret(const char *path, char secret_key[CURVE_KEY + 1], struct why *why) MUST_USE;
int curve_public(const char secret_key[CURVE_KEY + 1], char public_key[CURVE_KEY + 1]) MUST_USE;

#endif
