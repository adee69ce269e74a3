/* SPDX-License-Identifier: Apache-2.0 */
/* nodeconf.c - the rows of storenode.conf. */
#include "server/nodeconf.h"
#include "base/base.h"

#define AT(field) offsetof(struct nodeconf, field)

const struct conf_option nodeconf_options[] = {
	{ "name", CONF_STRING, AT(name), NULL, NULL, NULL,
	  "which of the nodes in cluster.conf this process is" },
	{ "cluster", CONF_STRING, AT(cluster), "/etc/tern/cluster.conf", NULL, NULL,
	  "the file that all processes of the cluster share" },
	{ "key", CONF_STRING, AT(key), "/etc/tern/node.key", NULL, NULL,
	  "file with this node's secret key (ternctl keygen), mode 0400" },
	{ "data", CONF_STRING, AT(data), "/var/lib/tern", NULL, NULL, "data directory, mode 0700" },
	{ "log_dir", CONF_STRING, AT(log_dir), "/var/log/tern", NULL, NULL,
	  "directory of the engine's info log: best not on the data's file system" },
	{ "status", CONF_STRING, AT(status), "", NULL, NULL,
	  "host:port that answers GET /health and /metrics; empty: none" },
	{ "user", CONF_STRING, AT(user), "tern-store", NULL, NULL,
	  "user to become when started as root; empty: stay root" },
	{ "log_level", CONF_STRING, AT(log_level), "info", NULL, NULL,
	  "debug, info, notice, warn or error" },
	{ "cache", CONF_SIZE, AT(cache), "64M", "1M", "1024G", "cache of data blocks" },
	{ "memtables", CONF_SIZE, AT(memtables), "64M", "4M", "64G",
	  "memory of writes not yet in table files" },
	{ "wal", CONF_SIZE, AT(wal), "512M", "16M", "64G",
	  "write-ahead log beyond which memory is written out" },
	{ "reserve", CONF_SIZE, AT(reserve), "1G", "1M", "1024G",
	  "free space below which growth is refused" },
	{ "reserve_percent", CONF_INT, AT(reserve_percent), "5", "0", "50",
	  "the same in percent of the file system; the larger of the two counts" },
	{ "peer_bytes", CONF_SIZE, AT(peer_bytes), "64M", "1M", "4G",
	  "requests in flight of one front end before it is told to wait" },
	{ "readers", CONF_INT, AT(readers), "2", "1", "64", "threads that read rows and bodies" },
	{ "heartbeat", CONF_DURATION, AT(heartbeat), "100ms", "20ms", "2s",
	  "a leader's word to its followers" },
	{ "election", CONF_DURATION, AT(election), "1s", "200ms", "30s",
	  "silence after which a new leader is elected (one to two times of it)" },
	{ "replace_after", CONF_DURATION, AT(replace_after), "10m", "1s", "30d",
	  "how long a node that lost its disk's contents stays before its replicas are made anew" },
	{ "drain_timeout", CONF_DURATION, AT(drain_timeout), "20s", "1s", "10m",
	  "after SIGTERM, how long leaders and requests have to move away" },
	{ 0 },
};

int nodeconf_load(const char *path, struct nodeconf *c, struct clusterconf *cluster, uint32_t *self,
		  struct arena *mem, struct why *why)
{
	int ret = conf_load(path, nodeconf_options, c, mem, why);
	int position;

	if (ret == 0)
		ret = clusterconf_load(c->cluster, cluster, mem, why);
	if (ret < 0)
		return ret;
	position = clusterconf_node(cluster, c->name);
	if (position < 0)
		return why_set(why, ERR_CONFIG,
			       "%s:%d: name: \"%s\" is no node of %s; use one of its names", path,
			       conf_line(path, "name"), c->name, c->cluster);
	*self = (uint32_t)position;
	return 0;
}
