/* SPDX-License-Identifier: Apache-2.0 */
/* conn.c - the phases of a connection and what it waits for in each.
 *
 *   PROXY -> OPEN <-> HANDSHAKE      then FINISHING (output) -> LINGER (input to its end)
 *
 * What may be read is what the cap leaves room for; what the kernel does not take stays queued.
 * With TLS, input may sit decrypted or half-read inside OpenSSL where no descriptor announces
 * it: a connection that stopped reading before WANT_READ is pumped again by a post. A struct
 * conn that is closed goes to the dead list and is freed at the end of the turn, so that
 * callbacks may close whatever they like. */
#include "net/conn.h"

#include "base/clock.h"
#include "base/list.h"
#include "net/proxyproto.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SCRATCH = 65536, CLOSE_MS = 30000, LINGER_MS = 2000, LINGER_BYTES = 1 << 20 };
enum { OUT_MAX = 64 << 20 }; /* far above any limit: a protocol that never waits */

enum phase { OPEN, PROXY, HANDSHAKE, LINGER, DEAD };

enum { AT_PHASE = CONN_TIMERS, AT_OUTPUT, DEADLINES };

struct conns {
	struct loop *loop;
	struct loop_hook *hook;
	struct list all, dirty, dead, again;
	bool posted; /* `again` will be looked at */
	bool freed;  /* as soon as the post has run */
	size_t open;
	uint8_t *scratch; /* what one read can bring; conns take exact copies */
};

struct conn {
	struct list node; /* all or dead */
	struct list dirty, again;
	struct conns *of;
	const struct conn_owner *owner; /* NULL: closing */
	void *arg;
	struct loop_fd *watch;
	struct loop_timer *timer;
	struct tls_conn *tls;
	struct buf in, out;
	uint64_t deadline[DEADLINES], timer_at;
	uint64_t output_ms;
	size_t cap, drained_at, lingered;
	struct net_addr *peer, *local; /* PROXY */
	const char *why;
	int fd;
	enum phase phase;
	bool ended, corked, blocked, tell_drained, unread;
	bool broken; /* nothing can be read or written any more */
	bool read_wants_write, write_wants_read;
};

static void rewatch(struct conn *c);
static void rearm(struct conn *c);
static void look_again(void *arg);

/* ---- life ------------------------------------------------------------------------------------ */

static void destroy(struct conn *c)
{
	if (c->phase == DEAD)
		return;
	c->phase = DEAD;
	c->owner = NULL;
	list_del(&c->dirty);
	list_del(&c->again);
	list_del(&c->node);
	list_add(&c->of->dead, &c->node);
	loop_fd_free(&c->watch);
	loop_timer_free(&c->timer);
	tls_conn_free(&c->tls);
	close(c->fd);
	buf_release(&c->in);
	buf_release(&c->out);
	c->of->open--;
}

/* Has look_again come to this connection, in the part of the turn where commands may run. */
static void later(struct conn *c)
{
	struct conns *s = c->of;

	if (!list_empty(&c->again))
		return;
	list_add(&s->again, &c->again);
	if (!s->posted)
		loop_post(s->loop, look_again, s);
	s->posted = true;
}

static void lost(struct conn *c)
{
	if (!c->owner) {
		destroy(c);
		return;
	}
	if (c->broken)
		return;
	c->broken = c->ended = true;
	buf_release(&c->out);
	c->blocked = false;
	loop_fd_want(c->watch, 0);
	later(c);
}

static void mark_dirty(struct conn *c)
{
	if (c->phase != DEAD && list_empty(&c->dirty))
		list_add(&c->of->dirty, &c->dirty);
}

static void deadline(struct conn *c, unsigned which, uint64_t ms)
{
	c->deadline[which] = ms ? loop_now(c->of->loop) + ms : 0;
	rearm(c);
}

static void start_linger(struct conn *c)
{
	if (c->tls)
		tls_goodbye(c->tls);
	shutdown(c->fd, SHUT_WR);
	if (c->ended) {
		destroy(c);
		return;
	}
	/* Closing with unread input would reset the connection, and the reset may overtake our
	 * last reply. */
	c->phase = LINGER;
	deadline(c, AT_PHASE, LINGER_MS);
	rewatch(c);
}

static void linger(struct conn *c)
{
	ssize_t n = recv(c->fd, c->of->scratch, SCRATCH, 0);

	if (n > 0)
		c->lingered += (size_t)n;
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR) || c->lingered > LINGER_BYTES)
		destroy(c);
}

/* ---- output ---------------------------------------------------------------------------------- */

/* 0, EAGAIN, or another errno. */
static int write_some(struct conn *c)
{
	struct bytes b = buf_bytes(&c->out);
	ssize_t n;
	size_t taken = 0;

	if (!c->tls) {
		n = send(c->fd, b.p, b.n, MSG_NOSIGNAL);
		if (n < 0)
			return errno == EINTR ? EAGAIN : errno;
		buf_take(&c->out, (size_t)n);
		return 0;
	}
	c->write_wants_read = false;
	switch (tls_write(c->tls, b.p, b.n, &taken)) {
	case TLS_OK: buf_take(&c->out, taken); return 0;
	case TLS_WANT_READ: c->write_wants_read = true; return EAGAIN;
	case TLS_WANT_WRITE: return EAGAIN;
	default: return EPIPE;
	}
}

static void all_sent(struct conn *c)
{
	buf_release(&c->out);
	c->blocked = c->write_wants_read = false;
	deadline(c, AT_OUTPUT, 0);
}

static void after_write(struct conn *c)
{
	if (c->tell_drained && c->out.n <= c->drained_at)
		later(c);
	if (c->phase == OPEN && !c->owner && c->out.n == 0)
		start_linger(c);
}

static void flush(struct conn *c)
{
	int error = 0;
	bool progress = false;

	if (c->corked || c->broken || c->phase != OPEN)
		return;
	if (c->out.full)
		error = ENOBUFS;
	while (!error && c->out.n && (error = write_some(c)) == 0)
		progress = true;
	if (error && error != EAGAIN) {
		lost(c);
		return;
	}
	if (c->out.n == 0) {
		all_sent(c);
	} else {
		if (progress || !c->blocked)
			deadline(c, AT_OUTPUT, c->output_ms);
		c->blocked = true;
	}
	rewatch(c);
	after_write(c);
}

/* ---- input ------------------------------------------------------------------------------------ */

static bool wants_input(const struct conn *c)
{
	return c->phase == OPEN && c->owner && !c->ended && c->in.n < c->cap;
}

static size_t room(const struct conn *c)
{
	return MIN((size_t)SCRATCH, c->cap - c->in.n);
}

/* True when the owner should hear of it. */
static bool read_plain(struct conn *c)
{
	ssize_t n = recv(c->fd, c->of->scratch, room(c), 0);

	if (n > 0) {
		buf_put(&c->in, c->of->scratch, (size_t)n);
		return true;
	}
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (n == 0) {
		c->ended = true;
		return true;
	}
	lost(c);
	return false;
}

static enum tls_io read_records(struct conn *c, size_t *got)
{
	enum tls_io io = TLS_OK;
	size_t n;

	while (io == TLS_OK && *got < SCRATCH && room(c)) {
		io = tls_read(c->tls, c->of->scratch, room(c), &n);
		if (io == TLS_OK) {
			buf_put(&c->in, c->of->scratch, n);
			*got += n;
		}
	}
	return io;
}

static bool read_tls(struct conn *c)
{
	size_t got = 0;
	enum tls_io io;

	c->read_wants_write = false;
	io = read_records(c, &got);
	c->unread = io == TLS_OK;
	if (io == TLS_END || io == TLS_CUT)
		c->ended = true;
	c->read_wants_write = io == TLS_WANT_WRITE;
	if (io != TLS_FAILED)
		return got || c->ended;
	c->why = tls_why(c->tls);
	lost(c);
	return false;
}

/* What OpenSSL holds back no descriptor announces. */
static void ask_again(struct conn *c)
{
	if (c->unread && wants_input(c))
		later(c);
}

static void read_input(struct conn *c)
{
	bool news = c->tls ? read_tls(c) : read_plain(c);

	if (c->phase == DEAD)
		return;
	if (news)
		c->owner->input(c->arg);
	if (c->phase == DEAD)
		return;
	if (c->in.n == 0)
		buf_release(&c->in);
	ask_again(c);
	rewatch(c);
}

static void look_at(struct conn *c)
{
	if (c->broken) {
		c->owner->gone(c->arg);
		return;
	}
	if (c->tell_drained && c->out.n <= c->drained_at) {
		c->tell_drained = false;
		c->owner->drained(c->arg);
	}
	if (c->unread && wants_input(c))
		read_input(c);
}

static void look_again(void *arg)
{
	struct conns *s = arg;
	struct list now;
	struct list *node;

	s->posted = false;
	if (s->freed) {
		free(s);
		return;
	}
	/* Those that ask again while we are at it have their next turn. */
	list_init(&now);
	while ((node = list_pop(&s->again)))
		list_add(&now, node);
	while ((node = list_pop(&now))) {
		struct conn *c = list_entry(node, struct conn, again);

		if (c->owner)
			look_at(c);
	}
}

/* ---- before the protocol ----------------------------------------------------------------------- */

static void phase_over(struct conn *c, int err)
{
	c->phase = OPEN;
	deadline(c, AT_PHASE, 0);
	buf_release(&c->in);
	ask_again(c);
	rewatch(c);
	c->owner->ready(c->arg, err);
}

static void proxy_done(struct conn *c, const struct proxy_header *h)
{
	if (h->named) {
		*c->peer = h->peer;
		*c->local = h->local;
	}
	phase_over(c, 0);
}

/* What follows the header may be TLS and must stay in the socket: look first, then take exactly
 * the header's bytes. */
static void proxy_step(struct conn *c)
{
	struct proxy_header h;
	size_t had = c->in.n, take;
	ssize_t n = recv(c->fd, c->of->scratch, PROXY_MAX, MSG_PEEK);
	enum proxy got;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		lost(c);
		return;
	}
	buf_put(&c->in, c->of->scratch, (size_t)n);
	got = proxy_parse(buf_bytes(&c->in), &h);
	if (got == PROXY_BAD) {
		phase_over(c, -ERR_INVALID);
		return;
	}
	take = got == PROXY_DONE ? h.size - had : (size_t)n;
	if (recv(c->fd, c->of->scratch, take, 0) != (ssize_t)take)
		lost(c);
	else if (got == PROXY_DONE)
		proxy_done(c, &h);
}

void conn_proxy(struct conn *c, uint64_t timeout_ms, struct net_addr *peer, struct net_addr *local)
{
	c->phase = PROXY;
	c->peer = peer;
	c->local = local;
	deadline(c, AT_PHASE, timeout_ms);
	rewatch(c);
}

static void shake(struct conn *c)
{
	enum tls_io io = tls_handshake(c->tls);

	switch (io) {
	case TLS_OK:
		c->unread = true; /* data may have come with the last flight */
		phase_over(c, 0);
		break;
	case TLS_WANT_READ: loop_fd_want(c->watch, LOOP_READ); break;
	case TLS_WANT_WRITE: loop_fd_want(c->watch, LOOP_WRITE); break;
	default:
		c->why = io == TLS_FAILED ? tls_why(c->tls) : "connection closed";
		phase_over(c, -ERR_IO);
	}
}

/* The last plain bytes go out before the first encrypted ones come in. */
static void shake_or_flush(struct conn *c)
{
	int error = 0;
	struct tls_conn *tls = c->tls;

	c->tls = NULL;
	while (c->out.n && (error = write_some(c)) == 0)
		;
	c->tls = tls;
	if (error && error != EAGAIN)
		lost(c);
	else if (c->out.n)
		loop_fd_want(c->watch, LOOP_WRITE);
	else
		shake(c);
}

void conn_secure(struct conn *c, struct tls *tls, const char *alpn, bool any_name,
		 uint64_t timeout_ms)
{
	INVARIANT(c->in.n == 0 && !c->tls);
	c->tls = tls_conn_new(tls, c->fd, alpn, any_name);
	c->phase = HANDSHAKE;
	c->blocked = false;
	deadline(c, AT_OUTPUT, 0);
	deadline(c, AT_PHASE, timeout_ms);
	/* Begins in the loop, not on the caller's stack. */
	loop_fd_want(c->watch, LOOP_READ | LOOP_WRITE);
}

/* ---- events ------------------------------------------------------------------------------------ */

static void rewatch(struct conn *c)
{
	int want = 0;

	if (c->broken)
		return;
	switch (c->phase) {
	case OPEN:
		if (wants_input(c))
			want |= c->read_wants_write ? LOOP_WRITE : LOOP_READ;
		if (c->blocked && !c->corked)
			want |= c->write_wants_read ? LOOP_READ : LOOP_WRITE;
		break;
	case PROXY:
	case LINGER: want = LOOP_READ; break;
	default: return;
	}
	loop_fd_want(c->watch, want);
}

static void on_ready(void *arg, int events)
{
	struct conn *c = arg;

	switch (c->phase) {
	case OPEN:
		if (c->blocked && (events & (c->write_wants_read ? LOOP_READ : LOOP_WRITE)))
			flush(c);
		if (wants_input(c) && (events & (c->read_wants_write ? LOOP_WRITE : LOOP_READ)))
			read_input(c);
		break;
	case PROXY: proxy_step(c); break;
	case HANDSHAKE: shake_or_flush(c); break;
	case LINGER: linger(c); break;
	case DEAD: break;
	}
}

/* The timer is only ever moved forward: one that fires too early looks for the next deadline, so
 * that moving a deadline back, which each command does, costs nothing. */
static void rearm(struct conn *c)
{
	uint64_t next = 0;

	for (unsigned i = 0; i < DEADLINES; i++)
		if (c->deadline[i] && (!next || c->deadline[i] < next))
			next = c->deadline[i];
	if (!next || c->phase == DEAD || (c->timer_at && c->timer_at <= next))
		return;
	c->timer_at = next;
	loop_timer_set(c->timer, next - MIN(next, clock_ms()), 0);
}

static void expired(struct conn *c, unsigned which)
{
	if (which < CONN_TIMERS) {
		if (c->owner)
			c->owner->expired(c->arg, which);
	} else if (which == AT_OUTPUT || !c->owner) {
		c->why = "does not read";
		lost(c);
	} else {
		phase_over(c, -ERR_LATE);
	}
}

static void on_timer(void *arg)
{
	struct conn *c = arg;
	uint64_t now = clock_ms();

	c->timer_at = 0;
	for (unsigned i = 0; i < DEADLINES && c->phase != DEAD; i++)
		if (c->deadline[i] && c->deadline[i] <= now) {
			c->deadline[i] = 0;
			expired(c, i);
		}
	rearm(c);
}

static void free_dead(struct conns *s)
{
	struct list *node;

	while ((node = list_pop(&s->dead)))
		free(list_entry(node, struct conn, node));
}

static void turn_end(void *arg)
{
	struct conns *s = arg;
	struct list *node;

	while ((node = list_pop(&s->dirty)))
		flush(list_entry(node, struct conn, dirty));
	free_dead(s);
}

/* ---- for the owner ------------------------------------------------------------------------------- */

struct conns *conns_new(struct loop *loop)
{
	struct conns *s = xnew(struct conns);

	s->loop = loop;
	s->hook = loop_hook_new(loop, turn_end, s);
	s->scratch = xmalloc(SCRATCH);
	list_init(&s->all);
	list_init(&s->dirty);
	list_init(&s->dead);
	list_init(&s->again);
	return s;
}

void conns_free(struct conns **arg)
{
	struct conns *s = *arg;

	*arg = NULL;
	if (!s)
		return;
	list_foreach(&s->all, node)
		destroy(list_entry(node, struct conn, node));
	free_dead(s);
	loop_hook_free(&s->hook);
	free(s->scratch);
	s->freed = true;
	if (!s->posted)
		free(s);
}

size_t conns_open(const struct conns *s)
{
	return s->open;
}

struct conn *conn_new(struct conns *s, int fd, const struct conn_owner *owner, void *arg)
{
	struct conn *c = xnew(struct conn);

	c->of = s;
	c->owner = owner;
	c->arg = arg;
	c->fd = fd;
	c->output_ms = 60000;
	buf_init(&c->in, 0);
	buf_init(&c->out, OUT_MAX);
	list_init(&c->dirty);
	list_init(&c->again);
	list_add(&s->all, &c->node);
	c->watch = loop_fd_new(s->loop, fd, on_ready, c);
	c->timer = loop_timer_new(s->loop, on_timer, c);
	s->open++;
	return c;
}

void conn_finish(struct conn **arg)
{
	struct conn *c = *arg;

	*arg = NULL;
	c->owner = NULL;
	if (c->phase != OPEN || c->broken) {
		destroy(c);
		return;
	}
	c->corked = false;
	buf_release(&c->in);
	deadline(c, AT_PHASE, CLOSE_MS);
	mark_dirty(c);
}

void conn_abort(struct conn **arg)
{
	destroy(*arg);
	*arg = NULL;
}

const char *conn_tls_name(const struct conn *c)
{
	return c->tls ? tls_name(c->tls) : NULL;
}

const char *conn_why(const struct conn *c)
{
	return c->why ? c->why : "";
}

void conn_want(struct conn *c, size_t cap)
{
	c->cap = cap;
	ask_again(c);
	rewatch(c);
}

struct buf *conn_in(struct conn *c)
{
	return &c->in;
}

void conn_took(struct conn *c)
{
	if (c->in.n == 0)
		buf_release(&c->in);
	ask_again(c);
	rewatch(c);
}

bool conn_ended(const struct conn *c)
{
	return c->ended;
}

void conn_put(struct conn *c, struct bytes b)
{
	buf_put_bytes(&c->out, b);
	mark_dirty(c);
}

struct buf *conn_out(struct conn *c)
{
	mark_dirty(c);
	return &c->out;
}

size_t conn_unsent(const struct conn *c)
{
	return c->out.n;
}

void conn_tell_drained(struct conn *c, size_t n)
{
	c->drained_at = n;
	c->tell_drained = true;
	mark_dirty(c);
}

void conn_cork(struct conn *c, bool corked)
{
	c->corked = corked;
	mark_dirty(c);
	rewatch(c);
}

void conn_output_timeout(struct conn *c, uint64_t ms)
{
	c->output_ms = ms;
}

void conn_timer(struct conn *c, enum conn_timer which, uint64_t ms)
{
	deadline(c, which, ms);
}
