/* SPDX-License-Identifier: Apache-2.0 */
/* frame.h - one message on a ZeroMQ socket: a header, a body, payload parts.
 *
 * Multipart: [Head][body][payload 0]...[payload n]. Head and body are protobuf; payloads are
 * raw bytes that are never copied: they travel as struct blob. Hostile input is capped before
 * it reaches protobuf-c: size, a pre-scan for depth and field count, an allocator with a cap
 * of 16 x the input + 64 KiB (honest maps take 6 x, facts of many parts 12 x). Strings must be
 * UTF-8 without NUL; a single field given twice is malformed. */
#ifndef TERN_WIRE_FRAME_H
#define TERN_WIRE_FRAME_H

#include "base/arena.h"
#include "base/blob.h"
#include "base/err.h"
#include "wire/facts.pb-c.h"
#include "wire/tern.pb-c.h"

#define WIRE_VERSION 1
#define WIRE_MAX_PARTS 64  /* payload parts of one message */
#define WIRE_MAX_HEAD 4096 /* bytes */
#define WIRE_MAX_BODY MIB(4)
#define WIRE_MAX_PAYLOAD MIB(1) /* one part */
#define WIRE_MAX_DEPTH 8        /* of nested protobuf messages */

struct msg {
	struct blob *head, *body; /* body may be NULL */
	struct blob *payload[WIRE_MAX_PARTS];
	unsigned n_payload;
};

void msg_init(struct msg *m);
void msg_release(struct msg *m);                   /* unrefs all parts */
void msg_move(struct msg *to, struct msg *from);   /* `from` is empty afterwards */
void msg_add(struct msg *m, struct blob *payload); /* takes the reference */
size_t msg_bytes(const struct msg *m);             /* sum of all parts */

/* Packs a protobuf message into a fresh blob. */
struct blob *wire_pack(const ProtobufCMessage *m);
/* Unpacks with all caps; the result lives in mem. NULL: malformed, too deep or too big. */
void *wire_unpack(const ProtobufCMessageDescriptor *d, struct bytes b, struct arena *mem) MUST_USE;
/* The pre-scan alone: walks lengths without allocating, with the schema at hand. */
bool wire_scan(const ProtobufCMessageDescriptor *d, struct bytes b, unsigned max_depth,
	       size_t max_fields) MUST_USE;

#define WIRE_UNPACK(type, b, mem) wire_unpack(&tern__##type##__descriptor, (b), (mem))

/* ZeroMQ: send and receive whole messages; DONTWAIT. `peer` is the routing id of a ROUTER
 * socket (empty for a DEALER). Sending consumes m. -ERR_BUSY: would block or no such peer. */
int wire_send(void *socket, struct bytes peer, struct msg *m) MUST_USE;
/* 0 with a message; -ERR_BUSY: nothing there; -ERR_INVALID: dropped, too many or too big parts.
 * `peer` (in mem) receives the routing id when `router`; user_id the ZAP user id of the sender. */
int wire_recv(void *socket, bool router, struct arena *mem, struct bytes *peer,
	      struct bytes *user_id, struct msg *m) MUST_USE;

#endif
