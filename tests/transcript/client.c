/* SPDX-License-Identifier: Apache-2.0 */
#include "client.h"

#include "base/clock.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

enum { DRIBBLED = 3000, PIECE = 16384 };

/* ---- input ----------------------------------------------------------------------------------- */

static ssize_t take(struct client *c, void *p, size_t n)
{
	int ret;

	if (!c->ssl)
		return recv(c->fd, p, n, 0);
	ret = SSL_read(c->ssl, p, (int)n);
	if (ret > 0)
		return ret;
	errno = EAGAIN;
	return SSL_get_error(c->ssl, ret) == SSL_ERROR_WANT_READ ? -1 : 0;
}

static void pull(struct client *c)
{
	uint8_t room[PIECE];

	while (c->fd >= 0 && !c->ended && !c->deaf) {
		ssize_t n = take(c, room, sizeof(room));

		if (n < 0 && errno == EAGAIN)
			return;
		if (n <= 0) {
			c->ended = true;
			return;
		}
		buf_put(&c->got, room, (size_t)n);
		if (c->checked)
			strict_feed(&c->strict, bytes_of(room, (size_t)n));
	}
}

static void turn(struct client *c)
{
	world_turn(c->w);
	pull(c);
}

/* ---- output ---------------------------------------------------------------------------------- */

static ssize_t put(struct client *c, const void *p, size_t n)
{
	int ret;

	if (!c->ssl)
		return send(c->fd, p, n, MSG_NOSIGNAL);
	ret = SSL_write(c->ssl, p, (int)n);
	if (ret > 0)
		return ret;
	errno = EAGAIN;
	return -1;
}

bool client_send(struct client *c, struct bytes b)
{
	uint64_t until = clock_ms() + SECONDS(20);
	size_t sent = 0;

	while (sent < b.n) {
		size_t n = c->dribble && sent < DRIBBLED ? 1 : MIN(b.n - sent, (size_t)PIECE);
		ssize_t done = put(c, b.p + sent, n);

		if (done < 0 && errno != EAGAIN)
			return true; /* the server has closed: what it said is still to be read */
		if (done > 0)
			sent += (size_t)done;
		/* A server that no longer reads from who does not read either. */
		if (done < 0 && c->deaf && clock_ms() > until - SECONDS(19))
			return true;
		if (clock_ms() > until)
			return false;
		/* Only a reader keeps the server from waiting for us. */
		turn(c);
	}
	return true;
}

/* ---- lines ----------------------------------------------------------------------------------- */

static struct bytes line_of(struct client *c, size_t *n)
{
	struct bytes all = buf_bytes(&c->got);

	*n = bytes_find(all, BYTES("\r\n"));
	return bytes_head(all, *n);
}

bool client_line(struct client *c, unsigned ms, struct bytes *line)
{
	static struct buf kept;
	uint64_t until = clock_ms() + ms;
	size_t n;

	for (;;) {
		*line = line_of(c, &n);
		if (n < c->got.n)
			break;
		if (c->ended || clock_ms() > until)
			return false;
		turn(c);
	}
	buf_clear(&kept);
	buf_put_bytes(&kept, *line);
	*line = buf_bytes(&kept);
	buf_take(&c->got, n + 2);
	return true;
}

bool client_ended(struct client *c, unsigned ms)
{
	uint64_t until = clock_ms() + ms;

	while (!c->ended && clock_ms() < until && c->got.n == 0)
		turn(c);
	return c->ended && c->got.n == 0;
}

bool client_cut(struct client *c, unsigned ms)
{
	uint64_t until = clock_ms() + ms;

	while (!c->ended && clock_ms() < until)
		turn(c);
	buf_clear(&c->got);
	return c->ended;
}

/* ---- life ------------------------------------------------------------------------------------ */

bool client_open(struct client *c, struct world *w, enum listener_kind kind, const char *peer)
{
	bool dribble = c->dribble;

	*c = (struct client){ .w = w, .dribble = dribble };
	buf_init(&c->got, 0);
	strict_init(&c->strict);
	c->checked = kind == LISTEN_IMAP || kind == LISTEN_IMAPS;
	c->fd = world_connect(w, kind, peer);
	return c->fd >= 0 && (!listener_kind_is_tls(kind) || client_secure(c));
}

void client_close(struct client *c)
{
	if (c->fd < 0)
		return;
	if (c->ssl) {
		SSL_shutdown(c->ssl);
		SSL_free(c->ssl);
	}
	close(c->fd);
	c->fd = -1;
	c->ssl = NULL;
	buf_release(&c->got);
	strict_release(&c->strict);
}

bool client_secure(struct client *c)
{
	SSL *ssl = transcript_tls_client(c->fd);

	for (unsigned i = 0; i < 5000; i++) {
		int ret = SSL_do_handshake(ssl);

		if (ret == 1) {
			c->ssl = ssl;
			return true;
		}
		if (SSL_get_error(ssl, ret) != SSL_ERROR_WANT_READ)
			break;
		world_turn(c->w);
	}
	SSL_free(ssl);
	return false;
}
