/* SPDX-License-Identifier: Apache-2.0 */
/* requests.h - requests of front ends and operators: taken in, bounded, dispatched, answered. */
#ifndef TERN_SERVER_REQUESTS_H
#define TERN_SERVER_REQUESTS_H

#include "model/row.h"
#include "server/server.h"

struct requests;
struct requester; /* a connection: its bytes in flight */

/* One request from its arrival until request_reply or request_drop, which free it. */
struct request {
	struct server *server;
	struct requester *from;
	struct arena mem;
	Tern__Head *head;
	struct msg in; /* body and payloads */
	size_t bytes;  /* counted against the requester */
	enum zap_role role;
	/* what serve_*.c keep while it is on its way */
	struct msg out;
	int status;
	uint64_t index;
	bool negative;
	bool confirmed;  /* a read for which a majority was asked, for want of a lease */
	const char *why; /* borrowed until the reply is packed */
	unsigned tries;
};

int requests_new(struct server *s, struct requests **out, struct why *why) MUST_USE;
void requests_free(struct requests **r);
unsigned requests_open(const struct requests *r);

/* Answers with status, head fields and `body` (NULL: none) plus the payloads in r->out. */
void request_reply(struct request *r, int status, struct blob *body);
void request_fail(struct request *r, int status, const char *why);
void request_drop(struct request *r); /* no answer: the outcome is unknown, the caller asks again */
/* A message nobody asked for, to the connection a request came by. */
struct bytes request_peer(const struct request *r);
void requests_push(struct requests *rs, struct bytes peer, const Tern__Head *head,
		   const ProtobufCMessage *body);

/* A body as a row or a ChunkRef names it, checked: what leaves the node is what its hash says.
 * -ERR_NOTFOUND: not here (yet, or any more). */
int chunk_read(const struct request *r, const struct kv_snap *snap, const struct row_chunk *c,
	       struct blob **body) MUST_USE;

/* serve_*.c: each ends in one of the three above */
void serve_op(struct request *r);
void serve_query(struct request *r);
void serve_chunks(struct request *r);
void serve_watch(struct request *r);
void serve_lock(struct request *r);
void serve_map(struct request *r);
void serve_node(struct request *r);
void serve_admin(struct request *r);

#endif
