/* SPDX-License-Identifier: Apache-2.0 */
/* transport.h - what nodes say to each other about replicas, as bytes.
 *
 * Pure. One envelope to a peer holds a head and any number of records, each for one replica of
 * one shard; large bodies travel as payload parts of the message, uncopied, in the order in
 * which the records ask for them. Decoding trusts nothing: lengths, counts, terms that go
 * backwards, checksums of entries and bodies; what comes out keeps the core's preconditions as
 * far as they can be seen from the bytes alone. */
#ifndef TERN_REPLICA_TRANSPORT_H
#define TERN_REPLICA_TRANSPORT_H

#include "engine/rows.h"
#include "replica/log.h"
#include "wire/frame.h"

#define ENVELOPE_VERSION 1
#define ENVELOPE_SOFT MIB(1)    /* an envelope past this is sent */
#define APPEND_MAX_BYTES MIB(1) /* entries in one APPEND record */
#define APPEND_MAX_ENTRIES 256
#define APPEND_MAX_PARTS 40 /* of their bodies that travel as payload parts */
#define SNAP_PART_MAX KIB(256)

enum envelope_kind {
	ENVELOPE_RECORDS = 1,
	ENVELOPE_HELLO,   /* asks: what of mine have you seen? Never filtered by seq. */
	ENVELOPE_WELCOME, /* the answer */
};

struct envelope {
	enum envelope_kind kind;
	uint8_t cluster[16];
	uint32_t era, from;
	uint64_t disk; /* the sender's data directory */
	uint64_t start_count, seq;
	uint64_t nonce;   /* of the sender's process */
	uint64_t send_ms; /* the sender's clock; APPEND results echo it */
	uint64_t synced;  /* the sender's synced sequence */
	bool is_short;    /* the sender is short of disk space */
};

struct welcome {
	uint64_t nonce;  /* of whoever asked */
	bool conflict;   /* another process used this start count, or a later one, or the
			       * node has had another disk since */
	uint64_t synced; /* highest seen of earlier processes on this disk */
};

enum rec_type {
	REC_VOTE = 1,
	REC_VOTE_RESULT,
	REC_APPEND,
	REC_APPEND_RESULT,
	REC_INSTALL,
	REC_TIMEOUT_NOW,
	REC_SNAP_ASK,
	REC_SNAP_PART,
	REC_TYPES,
};

enum snap_phase { SNAP_ROWS = 1, SNAP_CHUNKS, SNAP_BODIES, SNAP_PHASES };

struct snap_descriptor { /* of an export: what the receiver is to end up with */
	uint64_t id;
	uint64_t chain, log_ms;
	struct rows_state state;
};

struct rec {
	enum rec_type type;
	uint32_t shard;
	uint64_t from, to; /* replica ids */
	union {
		struct {
			uint64_t term, last, last_term;
			bool disrupt, pre;
		} vote;
		struct {
			uint64_t term;
			bool granted, pre;
		} vote_result;
		struct {
			uint64_t term, prev, prev_term, commit;
			unsigned n;
			struct entry **e; /* owned; in the arena when decoded */
		} append;
		struct {
			uint64_t term, rejected, last, echo_ms;
		} append_result;
		struct {
			uint64_t term, index, index_term, conf_index;
			struct bytes conf;
			struct snap_descriptor d;
		} install;
		struct {
			uint64_t term, last, last_term;
		} timeout_now;
		struct { /* `cursor`: where to go on; SNAP_BODIES: (index, term) pairs */
			uint64_t id;
			enum snap_phase phase;
			struct bytes cursor;
		} snap_ask;
		struct { /* SNAP_ROWS, SNAP_CHUNKS: packed by snapshot.c; SNAP_BODIES: ditto */
			uint64_t id;
			enum snap_phase phase;
			struct bytes cursor; /* of the ASK it answers */
			bool refused;        /* no such export any more */
			bool end;
			struct blob *data; /* owned; NULL: none */
		} snap_part;
	};
};

/* ---- out: records gather here until they are sent */
struct outbox {
	struct buf body;
	struct blob *part[WIRE_MAX_PARTS];
	unsigned n_part;
};

void outbox_init(struct outbox *o);
void outbox_release(struct outbox *o);
void outbox_clear(struct outbox *o);
static inline bool outbox_empty(const struct outbox *o)
{
	return o->body.n == 0;
}
size_t outbox_bytes(const struct outbox *o);
/* References to bodies are taken. False: no room for its parts, send first. */
bool outbox_put(struct outbox *o, const struct rec *r);
/* Moves all of `from` behind what is there. False: as above. */
bool outbox_move(struct outbox *o, struct outbox *from);
/* Makes the message and empties the outbox. */
void outbox_seal(struct outbox *o, const struct envelope *head, struct msg *m);

void hello_pack(const struct envelope *head, struct msg *m);
void welcome_pack(const struct envelope *head, const struct welcome *w, struct msg *m);

/* ---- in */
bool envelope_unpack(const struct msg *m, struct envelope *e) MUST_USE;
bool welcome_unpack(const struct msg *m, struct welcome *w) MUST_USE;

struct rec_reader {
	const struct msg *m;
	struct bytes left;
	unsigned part;
	bool bad;
};
void rec_reader_init(struct rec_reader *r, const struct msg *m);
/* False at the end, or with `bad` set at the first malformed record. Bytes are borrowed from the
 * message; entries and data belong to the record: rec_release. */
bool rec_next(struct rec_reader *r, struct rec *rec, struct arena *mem) MUST_USE;
void rec_release(struct rec *rec);

#endif
