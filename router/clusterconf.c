/* SPDX-License-Identifier: Apache-2.0 */
/* clusterconf.c - the rows of cluster.conf and what must hold between them. */
#include "router/clusterconf.h"

#include "base/map.h"
#include "model/ids.h"

#include <stdio.h>
#include <zmq.h>

static const struct conf_option node_options[] = {
	{ "name", CONF_STRING, offsetof(struct conf_node, name),
	  .help = "what the node is called everywhere; never reuse one" },
	{ "zone", CONF_STRING, offsetof(struct conf_node, zone), .def = "default",
	  .help = "nodes that can fail together share a zone; a shard's replicas are spread" },
	{ "weight", CONF_INT, offsetof(struct conf_node, weight), .def = "100", .min = "0",
	  .max = "100000", .help = "share of the data; 0 empties the node" },
	{ "address", CONF_STRING, offsetof(struct conf_node, address),
	  .help = "ADDRESS:PORT for front ends and operators" },
	{ "raft", CONF_STRING, offsetof(struct conf_node, raft),
	  .help = "ADDRESS:PORT for the other nodes" },
	{ "public_key", CONF_STRING, offsetof(struct conf_node, public_key),
	  .help = "what `ternctl keygen` printed for this node" },
	{ NULL },
};

static const struct conf_option peer_options[] = {
	{ "name", CONF_STRING, offsetof(struct conf_peer, name), .help = "for logs" },
	{ "public_key", CONF_STRING, offsetof(struct conf_peer, public_key),
	  .help = "what `ternctl keygen` printed for it" },
	{ NULL },
};

const struct conf_option clusterconf_options[] = {
	{ "name", CONF_STRING, offsetof(struct clusterconf, name), .def = "tern",
	  .help = "what the cluster is called" },
	{ "shards", CONF_INT, offsetof(struct clusterconf, shards), .def = "256", .min = "1",
	  .max = "4096", .help = "number of shards; read at bootstrap only, fixed after it" },
	{ "nodes", CONF_GROUPS, offsetof(struct clusterconf, nodes), .help = "store nodes",
	  .group = node_options, .item_size = sizeof(struct conf_node) },
	{ "front_ends", CONF_GROUPS, offsetof(struct clusterconf, front_ends), .def = "",
	  .help = "front ends", .group = peer_options, .item_size = sizeof(struct conf_peer) },
	{ "operators", CONF_GROUPS, offsetof(struct clusterconf, operators), .def = "",
	  .help = "keys that ternctl may use", .group = peer_options,
	  .item_size = sizeof(struct conf_peer) },
	{ NULL },
};

struct check {
	const struct clusterconf *c;
	struct map names, keys, addresses;
	struct why *why;
};

static int complain(struct check *k, const char *list, size_t at, const char *field,
		    const char *what)
{
	char name[64];

	snprintf(name, sizeof(name), "%s[%zu].%s", list, at, field);
	return why_set(k->why, ERR_CONFIG, "%s:%d: %s: %s", k->c->path, conf_line(k->c->path, name),
		       name, what);
}

static bool name_ok(const char *name)
{
	size_t n = strlen(name);

	return n > 0 && n <= 63 &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") ==
		       n;
}

static bool key_ok(const char *key)
{
	uint8_t raw[32];

	return strlen(key) == CURVE_KEY && zmq_z85_decode(raw, key) != NULL;
}

/* A name or key may be there once only, in all three lists. */
static bool taken(struct map *seen, const char *text)
{
	static char mark;

	return map_put(seen, bytes_str(text), &mark) != NULL;
}

static int check_name(struct check *k, const char *list, size_t at, const char *name)
{
	if (!name_ok(name))
		return complain(k, list, at, "name",
				"use 1 to 63 letters, digits, dots, dashes and underscores");
	if (taken(&k->names, name))
		return complain(k, list, at, "name", "is given twice; every name must be unique");
	return 0;
}

static int check_key(struct check *k, const char *list, size_t at, const char *key)
{
	if (!key_ok(key))
		return complain(
			k, list, at, "public_key",
			"is not a key; copy the 40 characters that `ternctl keygen` printed");
	if (taken(&k->keys, key))
		return complain(k, list, at, "public_key",
				"is given twice; make a key of its own with `ternctl keygen`");
	return 0;
}

static int check_address(struct check *k, size_t at, const char *field, const char *text)
{
	struct net_addr addr;
	char what[sizeof(k->why->text)];
	struct why inner;

	if (net_parse(text, &addr, &inner) < 0) {
		snprintf(what, sizeof(what), "%.200s", inner.text);
		return complain(k, "nodes", at, field, what);
	}
	if (addr.in.sin_port == 0)
		return complain(k, "nodes", at, field, "port 0 is none");
	if (taken(&k->addresses, text))
		return complain(k, "nodes", at, field, "is given twice");
	return 0;
}

static int check_node(struct check *k, size_t at, const struct conf_node *n)
{
	int ret = check_name(k, "nodes", at, n->name);

	if (ret == 0)
		ret = check_key(k, "nodes", at, n->public_key);
	if (ret == 0)
		ret = check_address(k, at, "address", n->address);
	if (ret == 0)
		ret = check_address(k, at, "raft", n->raft);
	if (ret == 0 && !name_ok(n->zone))
		ret = complain(k, "nodes", at, "zone",
			       "use 1 to 63 letters, digits, dots, dashes and underscores");
	return ret;
}

static int check_peers(struct check *k, const char *list, const struct conf_list *peers)
{
	const struct conf_peer *p = peers->v;
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < peers->n; i++) {
		ret = check_name(k, list, i, p[i].name);
		if (ret == 0)
			ret = check_key(k, list, i, p[i].public_key);
	}
	return ret;
}

static int check_all(struct check *k)
{
	const struct conf_node *nodes = k->c->nodes.v;
	int ret = 0;

	if (k->c->nodes.n == 0)
		return why_set(k->why, ERR_CONFIG, "%s: nodes: at least one node is needed",
			       k->c->path);
	for (size_t i = 0; ret == 0 && i < k->c->nodes.n; i++)
		ret = check_node(k, i, &nodes[i]);
	if (ret == 0)
		ret = check_peers(k, "front_ends", &k->c->front_ends);
	if (ret == 0)
		ret = check_peers(k, "operators", &k->c->operators);
	return ret;
}

int clusterconf_load(const char *path, struct clusterconf *c, struct arena *mem, struct why *why)
{
	struct check k = { .c = c, .why = why };
	int ret;

	memset(c, 0, sizeof(*c));
	ret = conf_load(path, clusterconf_options, c, mem, why);
	c->path = bytes_cstr(mem, bytes_str(path));
	if (ret < 0)
		return ret;
	map_init(&k.names);
	map_init(&k.keys);
	map_init(&k.addresses);
	ret = check_all(&k);
	map_release(&k.names);
	map_release(&k.keys);
	map_release(&k.addresses);
	return ret;
}

int clusterconf_node(const struct clusterconf *c, const char *name)
{
	const struct conf_node *nodes = c->nodes.v;

	for (size_t i = 0; i < c->nodes.n; i++)
		if (strcmp(nodes[i].name, name) == 0)
			return (int)i;
	return -1;
}
