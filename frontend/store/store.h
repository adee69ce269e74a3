/* SPDX-License-Identifier: Apache-2.0 */
/* store.h - the mail store as a command sees it: calls that park and come back with the truth.
 *
 * Hides router and wire. Every function that may park is CO and returns 0 or -ERR_X (err.h):
 * -ERR_BUSY and -ERR_FENCED: did not and will not happen, say so temporarily; -ERR_UNKNOWN:
 * close without a reply; -ERR_GONE: the client has left, unwind. Results live in the arena
 * given. Nothing here means "no such user" unless a leader with a valid lease said so. */
#ifndef TERN_STORE_STORE_H
#define TERN_STORE_STORE_H

#include "base/arena.h"
#include "base/co.h"
#include "base/err.h"
#include "base/list.h"
#include "model/address.h"
#include "model/ids.h"
#include "model/row.h"
#include "model/uidset.h"
#include "store/page.h"
#include "wire/facts.pb-c.h"

struct loop;
struct router;
struct store; /* one per worker */

struct store *store_new(struct loop *loop, struct router *router);
void store_free(struct store **s);
bool store_ready(const struct store *s);      /* has a cluster map */
uint32_t store_shards(const struct store *s); /* 0: no map yet */

/* Who asks: one per session, embedded. */
struct store_user {
	struct store *store;
	uint64_t trace;      /* of the command that runs */
	uint64_t timeout_ms; /* per call; 0: the default of its kind */
	bool gone;           /* set by the session when its client left: waits end -ERR_GONE */
	struct list calls;   /* what runs for it */
};
void store_user_init(struct store_user *u, struct store *s);
void store_user_gone(struct store_user *u); /* wakes what waits */

/* ---- addresses and credentials */

struct store_target {
	uint64_t account;
	struct bytes address; /* canonical */
	bool over_quota, disabled;
};

enum resolved { RESOLVED_OK, RESOLVED_NO_USER, RESOLVED_NOT_OURS };
/* The whole walk: exact address, without +extension, alias targets (any shard, depth 8), alias
 * domains, catch-all, postmaster@. <Postmaster> alone is given as "postmaster@" + the default
 * domain by the caller. Positive answers may be up to 60 s old, negative ones never. */
CO int store_resolve(struct store_user *u, struct bytes address, struct arena *mem,
		     enum resolved *kind, struct store_target **targets, size_t *n) MUST_USE;

struct store_credential {
	bool found, disabled;
	uint64_t account;
	struct bytes address; /* canonical */
	const char *password; /* crypt(5) hash */
};
CO int store_credential(struct store_user *u, struct bytes address, struct arena *mem,
			struct store_credential *c) MUST_USE;
/* Does this address (exact, alias, extension) reach that account? For S24. */
CO int store_owns(struct store_user *u, uint64_t account, struct bytes address, bool *owns)
	MUST_USE;

struct store_quota {
	uint64_t bytes_limit, bytes_used, messages_limit, messages_used;
};
CO int store_quota(struct store_user *u, uint64_t account, struct store_quota *q) MUST_USE;

/* ---- a message on its way in */

/* Takes the bytes as they come: parses them once into facts, compresses, sends chunks to the
 * home shard while the client still sends. Holds one chunk; a message that fits in one is sent
 * with its operation. Without a commit nothing is stored. */
struct upload;
struct upload *upload_open(struct store_user *u, uint32_t home_shard);
CO int upload_write(struct upload *up, struct bytes piece) MUST_USE;
uint64_t upload_size(const struct upload *up);
/* After the last byte: parsed and sent but for the last chunk. */
CO int upload_end(struct upload *up) MUST_USE;
const Tern__Facts *upload_facts(const struct upload *up); /* after upload_end; for policy */
void upload_close(struct upload **up); /* aborts in the background what was not committed */

struct delivery_rcpt {
	uint64_t account;
	struct bytes address;
	int status; /* out: 0 stored or pending, or -ERR_X for good */
};
/* One commit (design: one home, pending deliveries for the others), then the others at once,
 * at most wait_ms. Returns 0 when each recipient's status is true. The home shard is that of
 * rcpt[0].account. born_ms: clock_wall_ms() at the end of data. `where` (may be NULL) receives
 * "shard/index" for the log. */
CO int upload_deliver(struct upload *up, struct bytes sender, struct delivery_rcpt *rcpts, size_t n,
		      unsigned wait_ms, struct why *where) MUST_USE;

struct store_flags {
	uint32_t system;
	struct bytes *keywords;
	size_t n;
};

struct append {
	uint64_t account;
	struct bytes path; /* of the mailbox: whatever has that name when it happens */
	struct store_flags flags;
	uint64_t date_ms; /* 0: now */
	int32_t zone;
};
CO int upload_append(struct upload *up, const struct append *a, uint32_t *uid_validity,
		     uint32_t *uid) MUST_USE;

/* ---- mailboxes */

struct mailbox {
	uint32_t id;       /* 0: only subscribed, no such mailbox */
	struct bytes path; /* UTF-8, '/' separated */
	uint32_t uid_validity, uid_next, messages, unseen, deleted, special_use, first_unseen_uid;
	uint64_t highest_modseq, size;
	bool subscribed, selectable, has_children;
};

CO int store_mailboxes(struct store_user *u, uint64_t account, struct arena *mem,
		       struct mailbox **boxes, size_t *n) MUST_USE; /* sorted by path */
/* -ERR_NOTFOUND is positive knowledge. */
CO int store_mailbox(struct store_user *u, uint64_t account, struct bytes path, struct arena *mem,
		     struct mailbox *box) MUST_USE;
CO int store_mailbox_create(struct store_user *u, uint64_t account, struct bytes path,
			    uint32_t special_use, uint32_t *id) MUST_USE;
CO int store_mailbox_delete(struct store_user *u, uint64_t account, uint32_t id) MUST_USE;
CO int store_mailbox_rename(struct store_user *u, uint64_t account, struct bytes from,
			    struct bytes to) MUST_USE;
CO int store_subscribe(struct store_user *u, uint64_t account, struct bytes path, bool on) MUST_USE;

/* ---- messages of one mailbox */

/* Which mailbox: as selected. The keyword dictionary grows as replies bring new entries. */
struct store_box {
	uint64_t account;
	uint32_t id, uid_validity;
	struct bytes *keywords; /* dictionary: number -> name; heap, owned by this struct */
	size_t n_keywords;
};
void store_box_release(struct store_box *b);

/* SELECT: the mailbox, the dictionary and a first page of rows (columns) in one round trip. */
CO int store_select(struct store_user *u, uint64_t account, struct bytes path, uint32_t columns,
		    struct arena *mem, struct mailbox *info, struct store_box *box,
		    struct bytes *page, uint32_t *next_uid) MUST_USE;

/* A page of rows in the order of UID, at or above ask->from_uid. What both hold: page.h. */
CO int store_rows(struct store_user *u, struct store_box *b, const struct store_ask *ask,
		  struct arena *mem, struct store_page *page) MUST_USE;

struct store_changes {
	uint64_t modseq;
	uint32_t uid_next, messages;
	struct uidset gone; /* release it */
	bool more;          /* ask again from modseq */
	bool trimmed;       /* `since` too old: reload all UIDs */
	struct bytes page;  /* changed and new rows */
};
CO int store_changes(struct store_user *u, struct store_box *b, uint64_t since, uint32_t columns,
		     struct arena *mem, struct store_changes *c) MUST_USE;

enum store_mode { FLAGS_REPLACE, FLAGS_ADD, FLAGS_REMOVE }; /* = StoreMode */
/* In steps of at most 1,000 rows. page: changed rows (uid, flags, modseq); failed: those above
 * unchanged_since (conditional only). */
CO int store_flags(struct store_user *u, struct store_box *b, const struct uidset *uids,
		   enum store_mode mode, const struct store_flags *flags,
		   const uint64_t *unchanged_since, struct arena *mem, struct bytes *page,
		   struct uidset *failed) MUST_USE;
/* only_deleted: those with \Deleted among uids (NULL: all). `gone` receives their UIDs. */
CO int store_expunge(struct store_user *u, struct store_box *b, const struct uidset *uids,
		     bool only_deleted, struct uidset *gone) MUST_USE;
/* All or nothing; from[i] became to[i]. */
CO int store_copy(struct store_user *u, struct store_box *b, const struct uidset *uids,
		  const struct mailbox *to, bool move, struct uidset *from, struct uidset *to_uids)
	MUST_USE;

/* ---- pending deliveries (frontend/queue) */

/* Finishes up to `max` deliveries that a front end left pending in this shard: leases them,
 * delivers to their own shards under the same delivery id, marks them done. */
CO int store_pending_run(struct store_user *u, uint32_t shard, unsigned max, unsigned *finished)
	MUST_USE;

#endif
