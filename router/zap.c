/* SPDX-License-Identifier: Apache-2.0 */
/* zap.c - the authentication thread.
 *
 * A request is [version][request id][domain][address][identity][mechanism][public key], an
 * answer [version][request id][code][text][user id][metadata]; both behind an empty part, as
 * REQ and REP sockets have it. */
#include "router/zap.h"

#include "base/log.h"
#include "base/map.h"
#include "base/rand.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <zmq.h>

enum { PARTS = 7, PART_MAX = 256, RAW_KEY = 32 };

/* Without it a socket whose authentication thread is gone lets everybody in. zmq.h of a release
 * without drafts leaves the number out, the library knows it. */
#ifndef ZMQ_ZAP_ENFORCE_DOMAIN
#define ZMQ_ZAP_ENFORCE_DOMAIN 93
#endif

struct user {
	enum zap_role role;
	char id[72]; /* "n:NAME" */
};

struct zap {
	void *socket, *stop, *stopper;
	pthread_t thread;
	pthread_mutex_t lock; /* of users */
	struct map users;     /* raw public key -> struct user */
};

/* ---- the lists ------------------------------------------------------------------------------- */

static void add_user(struct map *users, enum zap_role role, const char *name, const char *key)
{
	static const char letters[] = {
		[ZAP_NODE] = 'n', [ZAP_FRONT_END] = 'f', [ZAP_OPERATOR] = 'o'
	};
	struct user *u = xnew(struct user);
	uint8_t raw[RAW_KEY];

	u->role = role;
	snprintf(u->id, sizeof(u->id), "%c:%.69s", letters[role], name);
	if (zmq_z85_decode(raw, key) != NULL)
		free(map_put(users, bytes_of(raw, sizeof(raw)), u));
	else
		free(u);
}

static void fill(struct map *users, const struct clusterconf *c)
{
	const struct conf_node *nodes = c->nodes.v;
	const struct conf_peer *front_ends = c->front_ends.v, *operators = c->operators.v;

	map_init(users);
	for (size_t i = 0; i < c->nodes.n; i++)
		add_user(users, ZAP_NODE, nodes[i].name, nodes[i].public_key);
	for (size_t i = 0; i < c->front_ends.n; i++)
		add_user(users, ZAP_FRONT_END, front_ends[i].name, front_ends[i].public_key);
	for (size_t i = 0; i < c->operators.n; i++)
		add_user(users, ZAP_OPERATOR, operators[i].name, operators[i].public_key);
}

static void empty(struct map *users)
{
	struct bytes key;
	void *user;

	for (size_t pos = 0; map_next(users, &pos, &key, &user);)
		free(user);
	map_release(users);
}

static bool may_use(enum zap_role role, struct bytes domain)
{
	if (bytes_eq(domain, BYTES(ZAP_RAFT)))
		return role == ZAP_NODE;
	return bytes_eq(domain, BYTES(ZAP_REQUESTS)) && role != ZAP_NOBODY;
}

/* ---- the thread ------------------------------------------------------------------------------ */

struct request {
	char part[PARTS][PART_MAX];
	struct bytes b[PARTS];
	unsigned n;
	bool bad;
};

enum { VERSION, REQUEST_ID, DOMAIN, ADDRESS, IDENTITY, MECHANISM, KEY };

static bool read_request(void *socket, struct request *q)
{
	int more = 1;
	size_t len = sizeof(more);

	memset(q, 0, sizeof(*q));
	while (more) {
		char spare[PART_MAX], *to = q->n < PARTS ? q->part[q->n] : spare;
		int n = zmq_recv(socket, to, PART_MAX, 0);

		if (n < 0)
			return false;
		if (n > PART_MAX || q->n >= PARTS)
			q->bad = true;
		else
			q->b[q->n++] = bytes_of(to, (size_t)n);
		zmq_getsockopt(socket, ZMQ_RCVMORE, &more, &len);
	}
	return true;
}

static bool well_formed(const struct request *q)
{
	return !q->bad && q->n == PARTS && bytes_eq(q->b[VERSION], BYTES("1.0")) &&
	       bytes_eq(q->b[MECHANISM], BYTES("CURVE")) && q->b[KEY].n == RAW_KEY;
}

static void send_answer(void *socket, const struct request *q, const char *user)
{
	struct bytes parts[] = {
		BYTES("1.0"),
		q->b[REQUEST_ID],
		user ? BYTES("200") : BYTES("400"),
		user ? BYTES("OK") : BYTES("not in cluster.conf"),
		bytes_str(user ? user : ""),
		BYTES_NONE,
	};

	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		zmq_send(socket, parts[i].n ? (const void *)parts[i].p : "", parts[i].n,
			 i + 1 < ARRAY_LEN(parts) ? ZMQ_SNDMORE : 0);
}

static void answer(struct zap *z, const struct request *q)
{
	struct user *found = NULL;
	char id[sizeof(found->id)] = "";
	bool ok = false;

	pthread_mutex_lock(&z->lock);
	if (well_formed(q))
		found = map_get(&z->users, q->b[KEY]);
	if (found) {
		ok = may_use(found->role, q->b[DOMAIN]);
		memcpy(id, found->id, sizeof(id));
	}
	pthread_mutex_unlock(&z->lock);
	if (!ok)
		log_warn(NULL, "zap_refused", "address=%B domain=%B peer=%s", &q->b[ADDRESS],
			 &q->b[DOMAIN], id[0] ? id : "unknown");
	send_answer(z->socket, q, ok ? id : NULL);
}

static void *run(void *arg)
{
	struct zap *z = arg;
	struct request q;

	for (;;) {
		zmq_pollitem_t items[] = { { z->socket, 0, ZMQ_POLLIN, 0 },
					   { z->stop, 0, ZMQ_POLLIN, 0 } };

		if (zmq_poll(items, 2, -1) < 0 && zmq_errno() != EINTR)
			BUG("the authentication thread cannot go on");
		if (items[1].revents)
			break;
		if (items[0].revents && read_request(z->socket, &q))
			answer(z, &q);
	}
	zmq_close(z->socket);
	zmq_close(z->stop);
	return NULL;
}

/* ---- the public part ------------------------------------------------------------------------- */

static void *open_socket(void *context, int type, const char *bind, const char *connect)
{
	void *socket = zmq_socket(context, type);
	int linger = 0;

	if (!socket)
		return NULL;
	zmq_setsockopt(socket, ZMQ_LINGER, &linger, sizeof(linger));
	if ((!bind || zmq_bind(socket, bind) == 0) &&
	    (!connect || zmq_connect(socket, connect) == 0))
		return socket;
	zmq_close(socket);
	return NULL;
}

static bool open_sockets(struct zap *z, void *context)
{
	char stop[64];

	snprintf(stop, sizeof(stop), "inproc://zap-stop-%016llx", (unsigned long long)rand_u64());
	z->socket = open_socket(context, ZMQ_REP, "inproc://zeromq.zap.01", NULL);
	z->stop = open_socket(context, ZMQ_PAIR, stop, NULL);
	z->stopper = open_socket(context, ZMQ_PAIR, NULL, stop);
	return z->socket && z->stop && z->stopper;
}

static void close_sockets(struct zap *z)
{
	if (z->socket)
		zmq_close(z->socket);
	if (z->stop)
		zmq_close(z->stop);
	if (z->stopper)
		zmq_close(z->stopper);
}

static int start_thread(struct zap *z)
{
	sigset_t all, old;
	int ret;

	/* Signals belong to the loop's thread. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	ret = pthread_create(&z->thread, NULL, run, z);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return ret;
}

struct zap *zap_new(void *zmq_context, const struct clusterconf *c, struct why *why)
{
	struct zap *z = xnew(struct zap);

	pthread_mutex_init(&z->lock, NULL);
	fill(&z->users, c);
	if (open_sockets(z, zmq_context) && start_thread(z) == 0)
		return z;
	why_set(why, ERR_IO, "cannot start the authentication thread: %s",
		zmq_strerror(zmq_errno()));
	close_sockets(z);
	empty(&z->users);
	pthread_mutex_destroy(&z->lock);
	free(z);
	return NULL;
}

void zap_reload(struct zap *z, const struct clusterconf *c)
{
	struct map fresh, old;

	fill(&fresh, c);
	pthread_mutex_lock(&z->lock);
	old = z->users;
	z->users = fresh;
	pthread_mutex_unlock(&z->lock);
	empty(&old);
}

void zap_free(struct zap **zap)
{
	struct zap *z = *zap;

	if (!z)
		return;
	zmq_send(z->stopper, "", 0, 0);
	pthread_join(z->thread, NULL);
	zmq_close(z->stopper);
	empty(&z->users);
	pthread_mutex_destroy(&z->lock);
	free(z);
	*zap = NULL;
}

void zap_protect(void *socket, const char *domain, const char secret_key[CURVE_KEY + 1])
{
	int one = 1;

	if (zmq_setsockopt(socket, ZMQ_CURVE_SERVER, &one, sizeof(one)) < 0 ||
	    zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, secret_key, CURVE_KEY + 1) < 0 ||
	    zmq_setsockopt(socket, ZMQ_ZAP_DOMAIN, domain, strlen(domain)) < 0 ||
	    zmq_setsockopt(socket, ZMQ_ZAP_ENFORCE_DOMAIN, &one, sizeof(one)) < 0)
		BUG("a socket cannot be protected");
}

enum zap_role zap_user_parse(struct bytes user_id, struct bytes *name)
{
	*name = bytes_skip(user_id, 2);
	if (user_id.n < 3 || user_id.p[1] != ':')
		return ZAP_NOBODY;
	switch (user_id.p[0]) {
	case 'n': return ZAP_NODE;
	case 'f': return ZAP_FRONT_END;
	case 'o': return ZAP_OPERATOR;
	default: return ZAP_NOBODY;
	}
}

bool zap_knows(struct zap *z, struct bytes user_id)
{
	struct bytes key;
	bool found = false;
	void *user;

	pthread_mutex_lock(&z->lock);
	for (size_t pos = 0; !found && map_next(&z->users, &pos, &key, &user);)
		found = bytes_eq(bytes_str(((struct user *)user)->id), user_id);
	pthread_mutex_unlock(&z->lock);
	return found;
}
