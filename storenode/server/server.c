/* SPDX-License-Identifier: Apache-2.0 */
/* server.c - the order of a store node's life: configuration, data, privileges, threads, sockets;
 * and the same backwards after SIGTERM, leaders first. */
#include "base/base.h"
#include "server/balance.h"
#include "server/links.h"
#include "server/mapcache.h"
#include "server/requests.h"
#include "server/run.h"
#include "server/watchers.h"

#include "base/clock.h"
#include "base/metric.h"
#include "base/rand.h"
#include "server/privileges.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zmq.h>

NORETURN void server_failed(UNUSED void *arg, const char *why)
{
	log_error(NULL, "disk_failed", "why=%s exit=%d", why, EXIT_DISK);
	/* No destructors: a failed sync must not be followed by another that "works". */
	_exit(EXIT_DISK);
}

/* ---- configuration and data */

static int set_log_level(const struct server *s, struct why *why)
{
	static const char *const names[] = { "debug", "info", "notice", "warn", "error" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (strcmp(s->conf.log_level, names[i]) == 0) {
			log_set_level((enum log_level)i);
			return 0;
		}
	return why_set(why, ERR_CONFIG,
		       "%s:%d: log_level: \"%s\" is none of debug, info, notice, warn, error",
		       s->conf_path, conf_line(s->conf_path, "log_level"), s->conf.log_level);
}

static int load(struct server *s, struct why *why)
{
	int ret = nodeconf_load(s->conf_path, &s->conf, &s->cluster, &s->self, &s->mem, why);

	if (ret == 0)
		ret = set_log_level(s, why);
	if (ret == 0)
		ret = curve_load_secret(s->conf.key, s->secret_key, why);
	if (ret == 0 && curve_public(s->secret_key, s->public_key) < 0)
		ret = why_set(why, ERR_CONFIG, "%s: not a usable key", s->conf.key);
	if (ret < 0)
		return ret;
	const struct conf_node *self = (const struct conf_node *)s->cluster.nodes.v + s->self;
	if (strcmp(self->public_key, s->public_key) != 0)
		return why_set(why, ERR_CONFIG,
			       "%s: is not the secret of public_key of node %s in %s", s->conf.key,
			       s->conf.name, s->conf.cluster);
	return 0;
}

int server_check(const char *conf_path, struct why *why)
{
	struct server *s = xnew(struct server);
	int ret;

	s->conf_path = conf_path;
	arena_init(&s->mem, 0);
	ret = load(s, why);
	arena_release(&s->mem);
	free(s);
	return ret;
}

static int dir_check(const char *path, struct why *why)
{
	struct stat st;

	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return why_set(why, ERR_CONFIG, "%s: cannot be made: %s", path, strerror(errno));
	if (lstat(path, &st) < 0 || !S_ISDIR(st.st_mode))
		return why_set(why, ERR_CONFIG, "%s: is no directory (a symbolic link is refused)",
			       path);
	if (st.st_mode & 077)
		return why_set(why, ERR_CONFIG, "%s: others can read it; chmod 700 it", path);
	return 0;
}

static int open_data(struct server *s, struct why *why)
{
	struct kv_rocks_options o = { .path = s->conf.data,
				      .log_dir = s->conf.log_dir,
				      .cache_bytes = s->conf.cache,
				      .memtable_bytes = s->conf.memtables,
				      .wal_bytes = s->conf.wal,
				      .background_threads = 2 };
	int ret = kv_rocks_open(&o, &s->kv, why);

	if (ret < 0)
		return ret;
	ret = identity_start(s->kv, &s->id, why);
	s->has_identity = ret == 0;
	if (ret == -ERR_NOTFOUND)
		return 0;
	if (ret == 0 && s->id.node != s->self)
		return why_set(why, ERR_CONFIG, "%s: holds node %u's data, not %s's", s->conf.data,
			       s->id.node, s->conf.name);
	return ret;
}

/* ---- host */

static void tick(void *arg)
{
	struct server *s = arg;

	host_tick(s->host);
}

static void wake_at(void *arg, uint64_t ms)
{
	struct server *s = arg;
	uint64_t now = clock_ms();

	loop_timer_set(s->tick, ms > now ? ms - now : 0, 0);
}

static void turn_end(void *arg)
{
	struct server *s = arg;

	if (s->host)
		host_flush(s->host);
	watchers_flush(s->watchers);
}

static void host_failed(void *arg, const char *why)
{
	server_failed(arg, why);
}

int server_host_start(struct server *s, struct why *why)
{
	struct stages_config sc = { .kv = s->kv,
				    .loop = s->loop,
				    .app = &s->app,
				    .readers = 2,
				    .failed = host_failed,
				    .arg = s };
	struct host_config hc = { 0 };
	int ret;

	host_config_defaults(&hc);
	hc.node = s->self;
	memcpy(hc.cluster, s->id.cluster, sizeof(hc.cluster));
	hc.era = s->id.era;
	hc.start_count = s->id.start_count;
	hc.synced = s->id.synced;
	hc.heartbeat_ms = (unsigned)s->conf.heartbeat;
	hc.election_ms = (unsigned)s->conf.election;
	hc.seed = rand_u64();
	s->io = (struct host_io){ .arg = s, .wake_at = wake_at, .failed = host_failed };
	s->stages = stages_new(&sc);
	stages_io(s->stages, &s->io);
	links_io(&s->io);
	ret = host_new(&hc, &s->io, &s->app, s->kv, &s->host, why);
	if (ret < 0)
		return ret;
	stages_attach(s->stages, s->host);
	s->has_identity = true;
	s->tick = loop_timer_new(s->loop, tick, s);
	loop_timer_set(s->tick, 1, 0);
	return 0;
}

/* ---- sockets */

static int status_get(void *arg, struct bytes path, struct buf *body, UNUSED const char **type)
{
	struct server *s = arg;

	if (!bytes_eq(path, BYTES("/health"))) {
		buf_puts(body, "not found\n");
		return 404;
	}
	if (s->draining || !s->host) {
		buf_puts(body, s->draining ? "draining\n" : "not bootstrapped\n");
		return 503;
	}
	buf_puts(body, "ok\n");
	return 200;
}

static int open_status(struct server *s, struct why *why)
{
	struct net_addr addr;
	int ret, fd;

	if (!*s->conf.status)
		return 0;
	ret = net_parse(s->conf.status, &addr, why);
	if (ret < 0)
		return ret;
	fd = net_listen(&addr, why);
	if (fd < 0)
		return fd;
	s->status = status_new(s->loop, fd, status_get, s);
	return 0;
}

static int open_sockets(struct server *s, struct why *why)
{
	int ret;

	s->zmq = zmq_ctx_new();
	s->zap = zap_new(s->zmq, &s->cluster, why);
	if (!s->zap)
		return -ERR_CONFIG;
	ret = links_new(s, &s->links, why);
	if (ret == 0)
		ret = requests_new(s, &s->requests, why);
	if (ret == 0)
		ret = open_status(s, why);
	return ret;
}

/* ---- signals */

#define DRAIN_STUCK SECONDS(2)

static void drained(void *arg)
{
	struct server *s = arg;

	loop_stop(s->loop);
}

struct drain {
	struct server *server;
	struct loop_timer *timer;
	uint64_t until, fewer_at; /* when the leaderships last became fewer than ever */
	unsigned fewest;
};

/* Nobody is left to take leaderships over. */
static bool alone(const struct server *s)
{
	for (uint32_t i = 0; i < s->cluster.nodes.n; i++)
		if (s->host && i != s->self && s->io.connected(s->io.arg, i))
			return false;
	return true;
}

static void drain_look(void *arg)
{
	struct drain *d = arg;
	struct server *s = d->server;
	unsigned leaders = s->host ? host_leaders(s->host) : 0;
	bool stuck;

	if (leaders < d->fewest) {
		d->fewest = leaders;
		d->fewer_at = clock_ms();
	}
	/* Peers that drain too hand leaderships back: no progress, no use in waiting. */
	stuck = alone(s) || clock_ms() - d->fewer_at > DRAIN_STUCK;
	if (((leaders > 0 && !stuck) || requests_open(s->requests) > 0) && clock_ms() < d->until)
		return;
	log_notice(NULL, "drained", "leaders=%u requests=%u", leaders, requests_open(s->requests));
	loop_timer_free(&d->timer);
	free(d);
	drained(s);
}

static void on_term(void *arg)
{
	struct server *s = arg;
	struct drain *d;

	if (s->draining)
		return;
	s->draining = true;
	log_notice(NULL, "draining", "leaders=%u", s->host ? host_leaders(s->host) : 0);
	if (s->host)
		host_drain(s->host, true);
	d = xnew(struct drain);
	d->server = s;
	d->until = clock_ms() + s->conf.drain_timeout;
	d->fewer_at = clock_ms();
	d->fewest = UINT32_MAX;
	d->timer = loop_timer_new(s->loop, drain_look, d);
	loop_timer_set(d->timer, 50, 50);
}

/* cluster.conf again: who may speak. Addresses of nodes change with a restart only. */
static void on_hup(void *arg)
{
	struct server *s = arg;
	struct clusterconf fresh;
	struct why why;

	if (clusterconf_load(s->conf.cluster, &fresh, &s->mem, &why) < 0) {
		log_error(NULL, "reload_refused", "why=%s", why.text);
		return;
	}
	zap_reload(s->zap, &fresh);
	log_notice(NULL, "reloaded", "file=%s", s->conf.cluster);
}

/* ---- life */

static int start(struct server *s, struct why *why)
{
	int ret = load(s, why);

	if (ret == 0)
		ret = dir_check(s->conf.data, why);
	if (ret == 0)
		ret = privileges_drop(s->conf.user, s->conf.data, s->conf.log_dir, why);
	if (ret == 0)
		ret = open_data(s, why);
	if (ret < 0)
		return ret;
	s->loop = loop_new();
	s->readers = readers_new(s->loop, (unsigned)s->conf.readers);
	s->watchers = watchers_new(s);
	s->locks = locks_new(s);
	s->map = mapcache_new(s);
	s->balance = balance_new(s, why);
	if (!s->balance)
		return -ERR_CONFIG;
	server_app(s, &s->app);
	ret = open_sockets(s, why);
	if (ret == 0 && s->has_identity)
		ret = server_host_start(s, why);
	if (ret == 0)
		s->turn_end = loop_hook_new(s->loop, turn_end, s);
	return ret;
}

/* In this order nothing calls back into what is gone. */
static void stop(struct server *s)
{
	upkeep_stop(s);
	status_free(&s->status);
	stages_free(&s->stages);
	readers_free(&s->readers);
	host_free(&s->host);
	loop_hook_free(&s->turn_end);
	loop_timer_free(&s->tick);
	balance_free(&s->balance);
	requests_free(&s->requests);
	links_free(&s->links);
	watchers_free(&s->watchers);
	locks_free(&s->locks);
	mapcache_free(&s->map);
	zap_free(&s->zap);
	zmq_ctx_term(s->zmq);
	kv_close(&s->kv);
	loop_free(&s->loop);
	arena_release(&s->mem);
}

int server_run(const char *conf_path, struct why *why)
{
	struct server *s = xnew(struct server);
	struct loop_signal *term, *intr, *hup;

	s->conf_path = conf_path;
	s->started = clock_ms();
	arena_init(&s->mem, 0);
	if (start(s, why) < 0)
		return EXIT_CONFIG;
	term = loop_signal_new(s->loop, SIGTERM, on_term, s);
	intr = loop_signal_new(s->loop, SIGINT, on_term, s);
	hup = loop_signal_new(s->loop, SIGHUP, on_hup, s);
	upkeep_start(s);
	log_notice(NULL, "started", "node=%s replicas=%u start=%lu", s->conf.name,
		   s->host ? host_count(s->host) : 0, (unsigned long)s->id.start_count);
	loop_run(s->loop);
	loop_signal_free(&term);
	loop_signal_free(&intr);
	loop_signal_free(&hup);
	stop(s);
	free(s);
	log_notice(NULL, "stopped", "exit=%d", EXIT_DRAINED);
	return EXIT_DRAINED;
}
