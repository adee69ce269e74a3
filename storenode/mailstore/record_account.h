/* SPDX-License-Identifier: Apache-2.0 */
/* record_account.h - the values of an account's rows; as in record.h. */
#ifndef TERN_MAILSTORE_RECORD_ACCOUNT_H
#define TERN_MAILSTORE_RECORD_ACCOUNT_H

#include "mailstore/record.h"

struct info_rec {
	struct bytes address, password;
	uint64_t quota_bytes, quota_messages; /* 0: none */
	bool disabled;
	bool dying;          /* deleted, waits for the purge */
	struct bytes purged; /* its rows up to this key are gone */
};

struct counters_rec {
	uint64_t modseq;
	uint32_t next_mailbox; /* nodes and mailboxes share the numbers */
	uint64_t next_email;
	uint32_t last_uid_validity;
	uint64_t used_bytes, used_messages;
	uint32_t names, subscriptions;
};

/* A name in the mailbox tree. It outlives its mailbox while it has children (\Noselect). */
struct node_rec {
	uint32_t id;
	uint32_t parent;
	uint32_t mailbox; /* 0: \Noselect */
	uint32_t children;
	uint32_t special_use;
	bool subscribed;
	uint64_t modseq; /* of its last change */
	struct bytes name;
};

struct segment { /* offsets [from, count) not yet merged */
	uint32_t id;
	uint32_t from, count;
	uint32_t uid;    /* of offset 0 */
	uint64_t modseq; /* of offset 0 */
};

struct mailbox_rec {
	uint32_t id;
	uint32_t node;
	uint32_t uid_validity, uid_next;
	uint64_t modseq;  /* HIGHESTMODSEQ */
	uint64_t trimmed; /* tombstones up to this MODSEQ may be missing */
	uint32_t messages, unseen, deleted;
	uint64_t size;
	uint32_t tombs;
	uint32_t next_segment;
	bool dying;
	uint32_t purged; /* its messages below this UID are gone */
	uint32_t n_segments;
	struct segment segments[SEGMENTS_MAX]; /* ascending by UID */
};

struct tomb_rec {
	uint32_t uid;
	uint64_t email;
	bool last; /* the email's last placement */
	uint64_t log_ms;
};

struct email_rec {
	uint64_t content, thread, size, refs;
	struct bytes prefix;
};

struct thread_rec {
	uint64_t thread, refs;
};

enum batch_state { BATCH_OPEN, BATCH_DEAD, BATCH_DONE };

struct batch_rec {
	uint32_t state;
	uint32_t from, to; /* mailboxes */
	uint32_t segment, count;
	uint32_t undone; /* the places below this offset are gone */
	uint32_t unseen, deleted;
	uint64_t size;
	uint64_t last_ms;
};

bool info_get(struct rows *r, uint64_t account, struct arena *mem, struct info_rec *v);
void info_put(struct rows *r, uint64_t account, const struct info_rec *v);
bool counters_get(struct rows *r, uint64_t account, struct counters_rec *v);
void counters_put(struct rows *r, uint64_t account, const struct counters_rec *v);
bool node_get(struct rows *r, uint64_t account, uint32_t id, struct arena *mem, struct node_rec *v);
void node_put(struct rows *r, uint64_t account, const struct node_rec *v);
bool mailbox_get(struct rows *r, uint64_t account, uint32_t id, struct mailbox_rec *v);
void mailbox_put(struct rows *r, uint64_t account, const struct mailbox_rec *v);
bool email_get(struct rows *r, uint64_t account, uint64_t id, struct arena *mem,
	       struct email_rec *v);
void email_put(struct rows *r, uint64_t account, uint64_t id, const struct email_rec *v);
bool thread_get(struct rows *r, uint64_t account, uint64_t key, struct thread_rec *v);
void thread_put(struct rows *r, uint64_t account, uint64_t key, const struct thread_rec *v);
bool batch_get(struct rows *r, uint64_t account, uint64_t id, struct batch_rec *v);
void batch_put(struct rows *r, uint64_t account, uint64_t id, const struct batch_rec *v);
void tomb_put(struct rows *r, uint64_t account, uint32_t mailbox, uint64_t modseq,
	      const struct tomb_rec *v);

/* Values met while iterating; borrowed bytes. */
void tomb_decode(struct bytes value, struct tomb_rec *v);
void email_decode(struct bytes value, struct email_rec *v);
void mailbox_decode(struct bytes value, struct mailbox_rec *v);
void node_decode(struct bytes value, struct node_rec *v);
void info_decode(struct bytes value, struct info_rec *v);
void thread_decode(struct bytes value, struct thread_rec *v);
void batch_decode(struct bytes value, struct batch_rec *v);

#endif
