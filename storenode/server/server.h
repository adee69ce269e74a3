/* SPDX-License-Identifier: Apache-2.0 */
/* server.h - the inside of a store node: what its files share. All of it belongs to the loop's
 * thread unless said otherwise. */
#ifndef TERN_SERVER_SERVER_H
#define TERN_SERVER_SERVER_H

#include "base/list.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/map.h"
#include "base/status.h"
#include "mailstore/apply.h"
#include "mailstore/query.h"
#include "replica/host.h"
#include "replica/identity.h"
#include "replica/view.h"
#include "router/zap.h"
#include "server/nodeconf.h"
#include "server/readers.h"
#include "server/stages.h"

struct server {
	const char *conf_path;
	struct nodeconf conf;
	struct clusterconf cluster;
	struct arena mem; /* of the configuration */
	uint32_t self;    /* own position in cluster.conf and in the map */
	char secret_key[CURVE_KEY + 1], public_key[CURVE_KEY + 1];

	struct loop *loop;
	struct kv *kv;
	struct identity id;
	bool has_identity; /* bootstrapped; without it there is no host */
	struct host *host;
	struct host_io io;
	struct host_app app;
	struct stages *stages;
	struct readers *readers;
	struct loop_timer *tick;   /* host_tick */
	struct loop_timer *upkeep; /* disk space, maintenance, locks, watches */
	struct loop_hook *turn_end;

	void *zmq; /* context */
	struct zap *zap;
	struct links *links;
	struct requests *requests;
	struct watchers *watchers;
	struct locks *locks;
	struct mapcache *map;
	struct balance *balance;
	struct status_server *status;
	struct kv_space space;
	bool space_short, draining;
	uint64_t started; /* clock_ms */
};

/* apply_glue.c: joins host and mailstore */
void server_app(struct server *s, struct host_app *app);

/* The node cannot go on: logs one line and ends the process (any thread). */
NORETURN void server_failed(void *arg, const char *why);

/* server.c: after a bootstrap or at start with an identity */
int server_host_start(struct server *s, struct why *why) MUST_USE;

/* upkeep.c */
void upkeep_start(struct server *s);
void upkeep_stop(struct server *s);

#endif
