/* SPDX-License-Identifier: Apache-2.0 */
/* parent.c - no loop, no threads: waits for signals and forks.
 *
 * Ports are opened once and shared by all workers for the life of the process: a worker that
 * ends leaves the queue of a port to the others. */
#include "parent.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/metric.h"
#include "worker.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define BACK_OFF_FIRST UINT64_C(100)
#define BACK_OFF_MAX SECONDS(30)
#define HEALTHY_AFTER SECONDS(60)
#define KILL_AFTER SECONDS(5) /* beyond drain_timeout */
#define PORT_WAIT SECONDS(5)  /* for a predecessor to let go of a port */

struct child {
	pid_t pid; /* 0: not running */
	int control;
	uint64_t started, due;
	unsigned failures;
};

struct parent {
	const char *path;
	struct frontconf conf;
	struct clusterconf cluster;
	struct settings settings;
	struct identity identity;
	struct arena mem;
	char secret_key[CURVE_KEY + 1];
	int *ports;
	int status;
	struct child *children;
	unsigned n;
	uint64_t kill_at; /* 0: not stopping */
	int code;
};

/* ---- starting ---------------------------------------------------------------------------------------- */

static int load(struct parent *p, struct why *why)
{
	int ret = frontconf_load(p->path, &p->conf, &p->cluster, &p->mem, why);

	if (ret == 0)
		ret = settings_load(&p->conf, &p->settings, why);
	if (ret == 0)
		ret = curve_load_secret(p->conf.key, p->secret_key, why);
	if (ret == 0)
		ret = identity_find(p->conf.user, p->conf.group, &p->identity, why);
	return ret;
}

static int set_log_level(const char *name, struct why *why)
{
	static const char *const names[] = { "debug", "info", "notice", "warn", "error" };

	for (unsigned i = 0; i < ARRAY_LEN(names); i++)
		if (strcmp(name, names[i]) == 0) {
			log_set_level((enum log_level)i);
			return 0;
		}
	return why_set(why, ERR_CONFIG,
		       "log_level: \"%s\" is none of debug, info, notice, warn, error", name);
}

int parent_check(const char *conf_path, struct why *why)
{
	struct parent p = { .path = conf_path };
	int ret;

	arena_init(&p.mem, 0);
	ret = load(&p, why);
	if (ret == 0)
		ret = set_log_level(p.conf.log_level, why);
	explicit_bzero(p.secret_key, sizeof(p.secret_key));
	settings_release(&p.settings);
	arena_release(&p.mem);
	return ret;
}

/* A predecessor that drains has closed its ports; one that was killed is about to. */
static int open_port(const char *text, struct why *why)
{
	uint64_t end = clock_ms() + PORT_WAIT;
	struct timespec rest = { 0, 100000000 };
	struct net_addr addr;
	int fd;

	if (net_parse(text, &addr, why) < 0)
		return -ERR_CONFIG;
	while ((fd = net_listen(&addr, why)) < 0 && errno == EADDRINUSE && clock_ms() < end)
		nanosleep(&rest, NULL);
	return fd;
}

static int open_ports(struct parent *p, struct why *why)
{
	const struct conf_listener *l = p->conf.listeners.v;

	p->status = -1;
	p->ports = xcalloc(p->conf.listeners.n, sizeof(*p->ports));
	for (size_t i = 0; i < p->conf.listeners.n; i++) {
		p->ports[i] = open_port(l[i].address, why);
		if (p->ports[i] < 0)
			return p->ports[i];
	}
	if (!*p->conf.status)
		return 0;
	p->status = open_port(p->conf.status, why);
	return p->status < 0 ? p->status : 0;
}

/* As many descriptors as we may have; too few are reported, not fatal. */
static void raise_descriptors(const struct parent *p)
{
	uint64_t want = p->conf.limits.connections + p->conf.limits.connections / 4 + 256;
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) < 0)
		return;
	if (r.rlim_max < want && geteuid() == 0)
		r.rlim_max = want;
	r.rlim_cur = MIN((rlim_t)MAX(want, (uint64_t)r.rlim_cur), r.rlim_max);
	if (setrlimit(RLIMIT_NOFILE, &r) < 0) {
		getrlimit(RLIMIT_NOFILE, &r);
		r.rlim_cur = r.rlim_max;
		(void)!setrlimit(RLIMIT_NOFILE, &r);
	}
	if (r.rlim_cur < want)
		log_warn(NULL, "few_descriptors", "have=%lu want=%lu", (unsigned long)r.rlim_cur,
			 (unsigned long)want);
}

/* ---- workers ------------------------------------------------------------------------------------------- */

static void own_signals(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGCHLD);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGHUP);
}

NORETURN static void become_worker(struct parent *p, unsigned slot, int control, pid_t parent)
{
	struct inheritance h = {
		.conf = &p->conf,
		.cluster = &p->cluster,
		.settings = &p->settings,
		.secret_key = p->secret_key,
		.identity = &p->identity,
		.listeners = p->ports,
		.status = p->status,
		.control = control,
		.slot = slot,
		.parent = parent,
	};
	sigset_t none;

	for (unsigned i = 0; i < p->n; i++)
		if (p->children[i].pid)
			close(p->children[i].control);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	worker_run(&h);
}

static void spawn(struct parent *p, unsigned slot)
{
	struct child *c = &p->children[slot];
	pid_t parent = getpid();
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) < 0) {
		log_error(NULL, "fork_failed", "error=%s", strerror(errno));
		c->due = clock_ms() + BACK_OFF_MAX;
		return;
	}
	c->pid = fork();
	if (c->pid == 0) {
		close(pair[0]);
		become_worker(p, slot, pair[1], parent);
	}
	close(pair[1]);
	c->control = pair[0];
	c->started = clock_ms();
	if (c->pid < 0) {
		log_error(NULL, "fork_failed", "error=%s", strerror(errno));
		close(pair[0]);
		c->pid = 0;
		c->due = clock_ms() + BACK_OFF_MAX;
	}
}

static uint64_t start_due(struct parent *p)
{
	uint64_t next = UINT64_MAX;

	for (unsigned i = 0; i < p->n && !p->kill_at; i++) {
		struct child *c = &p->children[i];

		if (!c->pid && c->due <= clock_ms())
			spawn(p, i);
		if (!c->pid)
			next = MIN(next, c->due);
	}
	return next;
}

static unsigned alive(const struct parent *p)
{
	unsigned n = 0;

	for (unsigned i = 0; i < p->n; i++)
		n += p->children[i].pid > 0;
	return n;
}

static void tell_children(struct parent *p, int signo)
{
	for (unsigned i = 0; i < p->n; i++)
		if (p->children[i].pid)
			kill(p->children[i].pid, signo);
}

static void stop(struct parent *p)
{
	if (p->kill_at)
		return;
	log_notice(NULL, "stopping", "workers=%u", alive(p));
	p->kill_at = clock_ms() + p->settings.limits.drain_timeout + KILL_AFTER;
	/* So that the last worker's close ends the port and clients go elsewhere at once. */
	for (size_t i = 0; i < p->conf.listeners.n; i++)
		close(p->ports[i]);
	tell_children(p, SIGTERM);
}

static void ended(struct parent *p, struct child *c, int status)
{
	uint64_t lived = clock_ms() - c->started;

	close(c->control);
	if (!p->kill_at) {
		log_error(NULL, "worker_ended", "pid=%d code=%d signal=%d lived_ms=%lu",
			  (int)c->pid, WIFEXITED(status) ? WEXITSTATUS(status) : -1,
			  WIFSIGNALED(status) ? WTERMSIG(status) : 0, (unsigned long)lived);
		c->failures = lived >= HEALTHY_AFTER ? 0 : c->failures + 1;
		c->due = clock_ms() + MIN(BACK_OFF_FIRST << MIN(c->failures, 12u), BACK_OFF_MAX);
	}
	c->pid = 0;
	if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_CONFIG && !p->kill_at) {
		p->code = EXIT_CONFIG; /* it will not be better next time */
		stop(p);
	}
}

static void reap(struct parent *p)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		for (unsigned i = 0; i < p->n; i++)
			if (p->children[i].pid == pid)
				ended(p, &p->children[i], status);
}

/* ---- SIGHUP ---------------------------------------------------------------------------------------------- */

static void send_settings(struct parent *p)
{
	struct buf message;

	buf_init(&message, 0);
	settings_pack(&p->settings, &message);
	for (unsigned i = 0; i < p->n; i++) {
		const struct child *c = &p->children[i];

		if (c->pid && send(c->control, message.p, message.n, MSG_NOSIGNAL) < 0)
			log_error(NULL, "reload_failed", "pid=%d why=%s", (int)c->pid,
				  strerror(errno));
	}
	explicit_bzero(message.p, message.cap);
	buf_release(&message);
}

/* Everything is read and tried first; what is wrong changes nothing. */
static void reload(struct parent *p)
{
	struct frontconf conf;
	struct clusterconf cluster;
	struct settings settings;
	struct arena mem;
	struct why why = { "" };
	int ret;

	arena_init(&mem, 0);
	ret = frontconf_load(p->path, &conf, &cluster, &mem, &why);
	if (ret == 0)
		ret = settings_load(&conf, &settings, &why);
	if (ret < 0) {
		log_error(NULL, "reload_failed", "why=%s", why.text);
	} else {
		settings_release(&p->settings);
		p->settings = settings;
		send_settings(p);
		log_notice(NULL, "reloaded", "what=%s", "limits,trusted,tls");
	}
	arena_release(&mem);
}

/* ---- life -------------------------------------------------------------------------------------------------- */

/* One signal, or none within the time. */
static int wait_signal(const sigset_t *set, uint64_t until)
{
	uint64_t now = clock_ms();
	uint64_t ms = until == UINT64_MAX ? SECONDS(3600) : until > now ? until - now : 1;
	struct timespec t = { (time_t)(ms / 1000), (long)(ms % 1000) * 1000000 };
	int signo = sigtimedwait(set, NULL, &t);

	return signo < 0 ? 0 : signo;
}

static void on_signal(struct parent *p, int signo)
{
	if (signo == SIGTERM || signo == SIGINT)
		stop(p);
	else if (signo == SIGHUP && !p->kill_at)
		reload(p);
	reap(p);
	if (p->kill_at && clock_ms() >= p->kill_at)
		tell_children(p, SIGKILL);
}

static int live(struct parent *p)
{
	sigset_t set;

	own_signals(&set);
	sigprocmask(SIG_BLOCK, &set, NULL);
	for (;;) {
		uint64_t next = start_due(p);

		if (p->kill_at) {
			if (!alive(p))
				return p->code;
			next = clock_ms() < p->kill_at ? p->kill_at : clock_ms() + 100;
		}
		on_signal(p, wait_signal(&set, next));
	}
}

int parent_run(const char *conf_path, struct why *why)
{
	static struct parent p;
	int ret;

	p.path = conf_path;
	arena_init(&p.mem, 0);
	ret = load(&p, why);
	if (ret == 0)
		ret = set_log_level(p.conf.log_level, why);
	if (ret == 0)
		ret = open_ports(&p, why);
	if (ret < 0)
		return EXIT_CONFIG;
	raise_descriptors(&p);
	p.n = p.conf.workers ? (unsigned)p.conf.workers :
			       (unsigned)MAX(sysconf(_SC_NPROCESSORS_ONLN), 1);
	p.children = xcalloc(p.n, sizeof(*p.children));
	metric_share(p.n + 1);
	metric_use_slot(p.n); /* our own: log lines */
	log_notice(NULL, "started", "name=%s workers=%u listeners=%zu", p.conf.name, p.n,
		   p.conf.listeners.n);
	return live(&p);
}
