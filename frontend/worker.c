/* SPDX-License-Identifier: Apache-2.0 */
/* worker.c - the parts of a front end on one loop.
 *
 * Built in the order of sandbox.h. It ends by _exit: after a drain nothing is left that must be
 * given back by hand, and anything else (a lease, a lock, a claimed delivery) ends by itself. */
#include "worker.h"

#include "base/loop.h"
#include "base/metric.h"
#include "base/status.h"
#include "net/listener.h"
#include "protos.h"
#include "queue/runner.h"
#include "router/router.h"
#include "session/runner.h"
#include "store/store.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LAST_WORDS_MS = 200, CONTROL_MAX = 256 << 10 };

struct port {
	struct worker *worker;
	struct listener *listener;
	enum listener_kind kind;
	bool proxy;
};

struct worker {
	const struct inheritance *h;
	struct loop *loop;
	struct tls *tls;
	struct router *router;
	struct store *store;
	struct sessions *sessions;
	struct runner *queue; /* of deliveries that were left pending; in the first worker */
	struct status_server *status;
	struct port *ports;
	size_t n_ports;
	struct loop_fd *control;
	struct loop_timer *last_words;
	struct loop_signal *term, *interrupt, *hangup;
	bool draining;
};

NORETURN static void fail(const struct why *why)
{
	log_error(NULL, "worker_failed", "why=%s", why->text);
	_exit(EXIT_CONFIG);
}

/* ---- drain ----------------------------------------------------------------------------------------- */

static void finished(void *arg UNUSED)
{
	log_info(NULL, "worker_drained", "pid=%d", (int)getpid());
	_exit(EXIT_DRAINED);
}

/* Unlocks and the like may still be on their way out. */
static void drained(void *arg)
{
	struct worker *w = arg;

	loop_timer_set(w->last_words, LAST_WORDS_MS, 0);
}

static void on_term(void *arg)
{
	struct worker *w = arg;

	if (w->draining)
		return;
	w->draining = true;
	log_notice(NULL, "draining", "sessions=%zu", sessions_count(w->sessions));
	/* Who waits in the queue of a port is let in and told, rather than reset. */
	for (size_t i = 0; i < w->n_ports; i++) {
		listener_drain(w->ports[i].listener);
		listener_free(&w->ports[i].listener);
	}
	if (w->queue)
		runner_stop(w->queue);
	sessions_drain(w->sessions, drained, w);
}

/* ---- settings from the parent -------------------------------------------------------------------------- */

static int use_certificate(struct worker *w, const struct settings *s, struct why *why)
{
	if (!s->certificate.n)
		return 0;
	return tls_load(w->tls, buf_bytes(&s->certificate), buf_bytes(&s->key),
			w->h->conf->hostname, why);
}

static void use_settings(struct worker *w, struct bytes message)
{
	struct settings s;
	struct why why = { "message" };

	if (!settings_unpack(message, &s) || use_certificate(w, &s, &why) < 0) {
		log_error(NULL, "reload_failed", "why=%s", why.text);
	} else {
		sessions_reload(w->sessions, &s.limits, s.trusted, s.n_trusted);
		log_notice(NULL, "reloaded", "pid=%d", (int)getpid());
	}
	settings_release(&s);
}

static void on_control(void *arg, int events UNUSED)
{
	struct worker *w = arg;
	uint8_t *message = xmalloc(CONTROL_MAX);
	ssize_t n = recv(w->h->control, message, CONTROL_MAX, MSG_DONTWAIT);

	if (n > 0) {
		use_settings(w, bytes_of(message, (size_t)n));
		explicit_bzero(message, (size_t)n);
	} else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
		loop_fd_want(w->control, 0);
	}
	free(message);
}

/* SIGHUP is for the parent, who sends what it reads; a terminal signals everyone. */
static void on_hangup(void *arg UNUSED)
{
}

/* ---- status --------------------------------------------------------------------------------------------- */

static int on_status(void *arg, struct bytes path, struct buf *body, const char **type UNUSED)
{
	const struct worker *w = arg;

	if (!bytes_eq(path, BYTES("/health")))
		return 404;
	if (w->draining)
		buf_puts(body, "draining\n");
	else if (!store_ready(w->store))
		buf_puts(body, "no store\n");
	else
		buf_puts(body, "ok\n");
	return w->draining || !store_ready(w->store) ? 503 : 200;
}

/* ---- building it ----------------------------------------------------------------------------------------- */

static void accepted(void *arg, int fd, const struct net_addr *peer, const struct net_addr *local)
{
	struct port *p = arg;

	sessions_accept(p->worker->sessions, fd, p->kind, p->proxy, peer, local);
}

static void open_ports(struct worker *w)
{
	const struct conf_listener *l = w->h->conf->listeners.v;

	w->n_ports = w->h->conf->listeners.n;
	w->ports = xcalloc(w->n_ports, sizeof(*w->ports));
	for (size_t i = 0; i < w->n_ports; i++) {
		struct port *p = &w->ports[i];

		p->worker = w;
		p->kind = (enum listener_kind)frontconf_kind(l[i].kind);
		p->proxy = l[i].proxy;
		p->listener = listener_new(w->loop, w->h->listeners[i], accepted, p);
	}
}

static void open_sessions(struct worker *w)
{
	const struct settings *s = w->h->settings;
	struct sessions_config c = {
		.loop = w->loop,
		.store = w->store,
		.tls = w->tls,
		.limits = &s->limits,
		.trusted = s->trusted,
		.n_trusted = s->n_trusted,
		.site = { w->h->conf->hostname, w->h->conf->default_domain },
	};

	for (unsigned i = 0; i < LISTEN_KINDS; i++)
		c.protos[i] = protos[i];
	w->sessions = sessions_new(&c);
}

static void open_store(struct worker *w)
{
	struct router_config c = { .cluster = w->h->cluster, .secret_key = w->h->secret_key };
	struct why why = { "" };

	w->router = router_new(w->loop, &c, &why);
	if (!w->router)
		fail(&why);
	w->store = store_new(w->loop, w->router);
	if (w->h->slot == 0)
		w->queue = runner_new(w->loop, w->store);
}

static void open_control(struct worker *w)
{
	w->term = loop_signal_new(w->loop, SIGTERM, on_term, w);
	w->interrupt = loop_signal_new(w->loop, SIGINT, on_term, w);
	w->hangup = loop_signal_new(w->loop, SIGHUP, on_hangup, w);
	w->last_words = loop_timer_new(w->loop, finished, w);
	w->control = loop_fd_new(w->loop, w->h->control, on_control, w);
	loop_fd_want(w->control, LOOP_READ);
	if (w->h->status >= 0)
		w->status = status_new(w->loop, w->h->status, on_status, w);
}

void worker_run(const struct inheritance *h)
{
	static struct worker w;
	struct why why = { "" };
	bool landlocked;
	char name[16];

	w.h = h;
	metric_use_slot(h->slot);
	(void)!snprintf(name, sizeof(name), "tern-front-%u", h->slot);
	prctl(PR_SET_NAME, name, 0, 0, 0);
	if (sandbox_drop(h->identity, h->parent, &why) < 0)
		fail(&why);
	landlocked = sandbox_files();
	w.loop = loop_new();
	w.tls = tls_new();
	if (use_certificate(&w, h->settings, &why) < 0)
		fail(&why);
	open_store(&w);
	open_sessions(&w);
	open_control(&w);
	settings_release(h->settings);
	if (sandbox_calls(&why) < 0)
		fail(&why);
	open_ports(&w);
	log_notice(NULL, "worker_ready", "slot=%u pid=%d landlock=%d", h->slot, (int)getpid(),
		   (int)landlocked);
	loop_run(w.loop);
	BUG("the loop ended");
}
