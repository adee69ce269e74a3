/* SPDX-License-Identifier: Apache-2.0 */
/* client.h - one connection of a transcript: bytes out, whole or cut at each byte, lines in. */
#ifndef TRANSCRIPT_CLIENT_H
#define TRANSCRIPT_CLIENT_H

#include "strict.h"
#include "tls.h"
#include "world.h"

struct client {
	struct world *w;
	int fd; /* -1: closed by the client */
	SSL *ssl;
	struct buf got;
	struct strict strict;
	bool checked; /* what comes is read by a strict IMAP parser too */
	bool dribble;
	bool deaf;  /* reads nothing */
	bool ended; /* the server has closed */
};

bool client_open(struct client *c, struct world *w, enum listener_kind kind, const char *peer);
void client_close(struct client *c);
bool client_send(struct client *c, struct bytes b);
/* Waits up to `ms` for a line; *line without its CRLF lives until the next call. */
bool client_line(struct client *c, unsigned ms, struct bytes *line);
/* The server closed, and said nothing more. */
bool client_ended(struct client *c, unsigned ms);
/* The server closed; what it said before is dropped. */
bool client_cut(struct client *c, unsigned ms);
bool client_secure(struct client *c);

#endif
