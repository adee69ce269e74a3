/* SPDX-License-Identifier: Apache-2.0 */
/* record.h - the values of a shard's rows: plain structs, read and written whole; those of an
 * account are in record_account.h.
 *
 * A value is a version byte and varints, byte strings with their length before them. A get that
 * finds no row returns false; bytes in a record it filled are copies in `mem`. A value that does
 * not decode is a BUG: the engine's checksums have passed it. */
#ifndef TERN_MAILSTORE_RECORD_H
#define TERN_MAILSTORE_RECORD_H

#include "base/arena.h"
#include "engine/rows.h"
#include "mailstore/layout.h"
#include "model/row.h"

struct shard_rec {
	uint64_t log_ms;
	uint64_t next_account, next_content, next_pending;
	uint64_t clients, pendings;
	uint64_t staged_bytes;
	/* No row lies below these: a scan from the start would pass the engine's tombstones of all
	 * that ever went. */
	uint64_t timers_from, due_from;
};

struct client_rec {
	uint64_t seen_ms;
	uint64_t done_below; /* lower requests are refused as expired */
	uint64_t top;        /* highest request seen */
	uint64_t dropped;    /* answers to lower requests are gone */
	bool forgotten;
};

struct delivery_rec { /* answer to a delivery, or its fence */
	uint64_t log_ms, index;
	struct bytes result;
};

struct delivered_rec {
	uint64_t log_ms;
	uint32_t status;
	uint64_t email;
};

struct address_rec {
	uint64_t account;   /* 0: an alias */
	struct bytes alias; /* packed AliasSet */
};

struct content_rec { /* apart from its body row, since the references change */
	uint64_t size, refs;
	uint64_t zero_ms; /* log time since when nothing refers to it; with refs 0 */
	uint32_t n_keys;
	uint64_t keys[THREAD_KEYS_MAX]; /* of its thread */
};

struct body_rec {
	struct bytes facts;
	uint32_t n_chunks;
	struct bytes chunks; /* model/row.h */
	struct bytes envelope, structure;
};

struct upload_rec {
	uint64_t last_ms;
	uint64_t bytes;
	uint32_t n;
};

struct pending_rec {
	uint64_t id;
	struct bytes delivery;
	uint64_t born_ms, date_ms;
	int32_t zone;
	uint64_t content;
	struct bytes sender;
	struct bytes recipient; /* packed Recipient */
	uint32_t attempts;
	uint64_t owner;
	uint64_t due_ms; /* may be leased from then on */
};

struct replica_rec {
	uint64_t replica;
	uint32_t shard, state;
	struct bytes node;
};

bool shard_get(struct rows *r, struct shard_rec *v);
void shard_put(struct rows *r, const struct shard_rec *v);
bool client_get(struct rows *r, uint64_t client, struct client_rec *v);
void client_put(struct rows *r, uint64_t client, const struct client_rec *v);
bool delivery_get(struct rows *r, struct bytes id, uint64_t fingerprint, struct arena *mem,
		  struct delivery_rec *v);
void delivery_put(struct rows *r, struct bytes id, uint64_t fingerprint,
		  const struct delivery_rec *v);
bool delivered_get(struct rows *r, struct bytes id, uint64_t account, struct delivered_rec *v);
void delivered_put(struct rows *r, struct bytes id, uint64_t account,
		   const struct delivered_rec *v);
bool address_get(struct rows *r, struct bytes full, struct arena *mem, struct address_rec *v);
void address_put(struct rows *r, struct bytes full, const struct address_rec *v);
bool content_get(struct rows *r, uint64_t id, struct content_rec *v);
void content_put(struct rows *r, uint64_t id, const struct content_rec *v);
bool body_get(struct rows *r, uint64_t id, struct arena *mem, struct body_rec *v);
void body_put(struct rows *r, uint64_t id, const struct body_rec *v);
bool upload_get(struct rows *r, struct bytes id, struct upload_rec *v);
void upload_put(struct rows *r, struct bytes id, const struct upload_rec *v);
bool pending_get(struct rows *r, uint64_t id, struct arena *mem, struct pending_rec *v);
void pending_put(struct rows *r, const struct pending_rec *v);
bool replica_get(struct rows *r, uint64_t id, struct arena *mem, struct replica_rec *v);
void replica_put(struct rows *r, const struct replica_rec *v);

/* Values met while iterating; borrowed bytes. */
void content_decode(struct bytes value, struct content_rec *v);
void body_decode(struct bytes value, struct body_rec *v);
void delivery_decode(struct bytes value, struct delivery_rec *v);
void delivered_decode(struct bytes value, struct delivered_rec *v);
void client_decode(struct bytes value, struct client_rec *v);
void address_decode(struct bytes value, struct address_rec *v);
void replica_decode(struct bytes value, struct replica_rec *v);
void pending_decode(struct bytes value, struct pending_rec *v);
void upload_decode(struct bytes value, struct upload_rec *v);

/* A row whose value is one number, or nothing but its version; one that is bytes as they are. */
void number_put(struct rows *r, struct bytes key, uint64_t v);
bool number_get(struct rows *r, struct bytes key, uint64_t *v);
uint64_t number_decode(struct bytes value);
void blank_put(struct rows *r, struct bytes key);
void raw_put(struct rows *r, struct bytes key, struct bytes v);
bool raw_get(struct rows *r, struct bytes key, struct arena *mem, struct bytes *v);
struct bytes raw_decode(struct bytes value);

/* Walking one table or a part of it: all keys that start with `prefix`, from `from` on (empty:
 * from the start). */
struct rows_iter *rows_under(struct rows *r, struct bytes prefix, struct bytes from);

#endif
