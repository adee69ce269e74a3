/* SPDX-License-Identifier: Apache-2.0 */
/* layout.h - the keys of a shard's rows, and the limits that bound them.
 *
 * Every key begins with its table's byte; numbers are big-endian. Everything of an account lies
 * in one range. Every value begins with a version byte (record.h). Never renumber.
 *
 *   SHARD                                       next ids, log time
 *   CLIENT     client                           session of a client
 *   ANSWER     client seq                       packed Result of an answered request
 *   DELIVERY   id(16) fingerprint               answer to a delivery; fingerprint 0: its fence
 *   DELIVERED  id(16) account                   what became of it for one recipient
 *   TIMER      due(log ms) kind id              work for Maintain
 *   DOMAIN     name
 *   ADDRESS    domain 00 local                  account or alias
 *   CONTENT    content                          size and references of a body
 *   BODY       content                          facts, chunk list
 *   UPLOAD     id(16)                           staged upload
 *   STAGED     id(16) block(32)                 its chunks, UPLOAD_BLOCK to a row
 *   PENDING    pending                          a delivery for another shard
 *   DUE        due(log ms) pending              the same by the time it may be leased
 *   MAP                                         cluster map (shard 0)
 *   REPLICA    replica                          replica id (shard 0)
 *   ACCOUNT    account INFO                     address, password, limits
 *              account COUNTERS                 change sequence, next ids, usage
 *              account KEYWORDS                 dictionary
 *              account NODE node(32)            a name in the tree: parent, component, mailbox
 *              account NAME parent(32) text     -> node
 *              account SUBSCRIBED path          subscription to a name that does not exist;
 *                                               '/' written as 01: sorts like the tree
 *              account MAILBOX mailbox(32)      UIDs, counters, segments
 *              account PLACE mailbox segment(32) offset(32)     a message in a mailbox
 *              account CHANGE mailbox modseq    -> uid, one per placement
 *              account TOMB mailbox modseq      an expunged one
 *              account UNSEEN, DELETED mailbox segment offset   placements with(out) a flag
 *              account EMAIL email              content, prefix, thread
 *              account HOLD email mailbox segment offset        its placements
 *              account THREAD key               thread of a Message-ID
 *              account BATCH batch              a COPY in steps
 *
 * Segments: a COPY in steps writes its placements under (mailbox, segment, 0, 1, ...), where
 * nobody looks. Its last step gives the whole segment a range of UIDs and of MODSEQs by one
 * entry in the mailbox record. Maintain then moves the placements to segment 0, whose offset is
 * the UID, from the front, until the segment is gone. */
#ifndef TERN_MAILSTORE_LAYOUT_H
#define TERN_MAILSTORE_LAYOUT_H

#include "base/clock.h"
#include "engine/keys.h"

enum table {
	T_SHARD = 0x01,
	T_CLIENT = 0x02,
	T_ANSWER = 0x03,
	T_DELIVERY = 0x04,
	T_DELIVERED = 0x05,
	T_TIMER = 0x06,
	T_DOMAIN = 0x10,
	T_ADDRESS = 0x11,
	T_CONTENT = 0x20,
	T_UPLOAD = 0x21,
	T_STAGED = 0x22,
	T_BODY = 0x23,
	T_PENDING = 0x28,
	T_DUE = 0x29,
	T_MAP = 0x30,
	T_REPLICA = 0x31,
	T_ACCOUNT = 0x40,
};

enum account_table {
	A_INFO = 0x01,
	A_COUNTERS = 0x02,
	A_KEYWORDS = 0x03,
	A_NODE = 0x10,
	A_NAME = 0x11,
	A_SUBSCRIBED = 0x12,
	A_MAILBOX = 0x20,
	A_PLACE = 0x21,
	A_CHANGE = 0x22,
	A_TOMB = 0x23,
	A_UNSEEN = 0x24,
	A_DELETED = 0x25,
	A_EMAIL = 0x30,
	A_HOLD = 0x31,
	A_THREAD = 0x32,
	A_BATCH = 0x38,
};

enum timer_kind {                     /* id that follows */
		  TIMER_CLIENT = 1,   /* client */
		  TIMER_DELIVERY = 2, /* id(16) */
		  TIMER_UPLOAD = 3,   /* id(16) */
		  TIMER_CONTENT = 4,  /* content */
		  TIMER_BATCH = 5,    /* account batch */
		  TIMER_TOMBS = 6,    /* account mailbox(32) */
		  TIMER_MAILBOX = 7,  /* account mailbox(32): purge */
		  TIMER_ACCOUNT = 8,  /* account: purge */
};

/* Log time */
#define CLIENT_SILENCE HOURS(1) /* then its requests are refused as expired */
#define CLIENT_MEMORY DAYS(7)   /* how long its highest request is remembered after that */
#define DELIVERY_MEMORY DAYS(7)
#define DELIVERY_AGE DAYS(6) /* wall time: older ones are refused */
#define UPLOAD_SILENCE HOURS(1)
#define BATCH_SILENCE MINUTES(10)
#define UNDELETE DAYS(14) /* an unreferenced content waits */
#define TOMB_MEMORY DAYS(30)
#define LEASE_MAX HOURS(1)

/* Bounds of one entry and of what clients size */
#define ENTRY_ROWS 1000  /* placements changed by one entry */
#define ENTRY_SEEKS 2000 /* ranges looked into by one entry */
#define RANGES_MAX 20000 /* numbers in one Ranges */
#define HERE_MAX 100
#define ELSEWHERE_MAX 1000
#define FACTS_MAX KIB(768)
#define PREFIX_MAX KIB(16)
#define CHUNK_RAW_MAX KIB(256)
#define CHUNK_STORED_MAX (KIB(256) + 1024)
#define THREAD_KEYS_MAX 100
#define UPLOAD_BLOCK 64     /* chunks in one STAGED row */
#define SEQS_OPEN 65536     /* seq - done_below of a client */
#define CLIENTS_MAX 20000   /* known to one shard */
#define MAILBOXES_MAX 10000 /* names of an account; as many subscriptions */
#define DEPTH_MAX 32
#define PATH_CHARS 255
#define PATH_BYTES 1020
#define ADDRESS_BYTES 320
#define PASSWORD_BYTES 512
#define TARGETS_MAX 250
#define ACCOUNT_MAILBOXES_MAX 32 /* made by AccountCreate */
#define SEGMENTS_MAX 16          /* of a mailbox, not yet merged */
#define TOMBS_MAX 200000         /* of a mailbox */
#define SIZE_MAX_MESSAGE GIB(1)

#define NO_PARENT 0 /* parent of a top-level name */
#define INBOX_NODE 1

/* ---- keys */

void key_table(struct key *k, enum table t);
void key_table_u64(struct key *k, enum table t, uint64_t id);
void key_table_u64x2(struct key *k, enum table t, uint64_t a, uint64_t b);
void key_id(struct key *k, enum table t, struct bytes id); /* 16 bytes */
void key_id_u64(struct key *k, enum table t, struct bytes id, uint64_t n);
void key_staged(struct key *k, struct bytes upload, uint32_t block);
void key_timer(struct key *k, uint64_t due, enum timer_kind kind, struct bytes id);
void key_domain(struct key *k, struct bytes name);
void key_address(struct key *k, struct bytes full);
void key_account(struct key *k, uint64_t account, enum account_table t);
void key_account_u32(struct key *k, uint64_t account, enum account_table t, uint32_t id);
void key_account_u64(struct key *k, uint64_t account, enum account_table t, uint64_t id);
void key_name(struct key *k, uint64_t account, uint32_t parent, struct bytes component);
void key_subscribed(struct key *k, uint64_t account, struct bytes path);
void key_modseq(struct key *k, uint64_t account, enum account_table t, uint32_t mailbox,
		uint64_t modseq);
void key_place(struct key *k, uint64_t account, enum account_table t, uint32_t mailbox,
	       uint32_t segment, uint32_t offset);
void key_hold(struct key *k, uint64_t account, uint64_t email, uint32_t mailbox, uint32_t segment,
	      uint32_t offset);

/* Bytes of a key before its last part, for reading that part back. */
#define KEY_TABLE 1
#define KEY_ACCOUNT 10 /* table account account-table */
#define KEY_MAILBOX 14 /* and mailbox */

/* What stands for '/' in a SUBSCRIBED key; no name holds it. */
#define PATH_KEY_SEPARATOR 0x01

#endif
