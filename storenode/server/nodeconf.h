/* SPDX-License-Identifier: Apache-2.0 */
/* nodeconf.h - a store node's own file; what all processes share is in cluster.conf. */
#ifndef TERN_SERVER_NODECONF_H
#define TERN_SERVER_NODECONF_H

#include "router/clusterconf.h"

struct nodeconf {
	const char *name;    /* which of cluster.conf's nodes this is */
	const char *cluster; /* path of cluster.conf */
	const char *key;     /* path of the secret key */
	const char *data;    /* data directory */
	const char *log_dir; /* RocksDB's info log */
	const char *status;  /* host:port of health and metrics; empty: none */
	const char *user;    /* when started as root; empty: stay */
	const char *log_level;
	uint64_t cache;
	uint64_t memtables;
	uint64_t wal;
	uint64_t reserve;
	int64_t reserve_percent;
	uint64_t peer_bytes; /* requests in flight of one peer */
	int64_t readers;
	uint64_t heartbeat;
	uint64_t election;
	uint64_t replace_after;
	uint64_t drain_timeout;
};

extern const struct conf_option nodeconf_options[];

/* Loads and checks both files; *self is this node's position in cluster.conf. */
int nodeconf_load(const char *path, struct nodeconf *c, struct clusterconf *cluster, uint32_t *self,
		  struct arena *mem, struct why *why) MUST_USE;

#endif
