/* SPDX-License-Identifier: Apache-2.0 */
/* query_private.h - one query being answered; included by query*.c only. */
#ifndef TERN_MAILSTORE_QUERY_PRIVATE_H
#define TERN_MAILSTORE_QUERY_PRIVATE_H

#include "mailstore/name.h"
#include "mailstore/place.h"
#include "mailstore/query.h"
#include "mailstore/record_account.h"

#define PAGE_BYTES KIB(256)                      /* when the query does not say */
#define PAGE_BYTES_MAX (WIRE_MAX_PAYLOAD - 1024) /* a row alone is always smaller */

struct ask {
	struct rows *rows;
	struct arena *mem;
	struct msg *out;
	struct why why;
	Tern__Reply *reply;
};

#define DENY(a, err, ...) why_set(&(a)->why, (err), __VA_ARGS__)

/* One per kind: fills a->reply and a->out, or refuses. */
typedef int ask_fn(struct ask *a, const Tern__Query *q);
ask_fn ask_resolve, ask_credential, ask_domain, ask_account, ask_mailboxes, ask_select, ask_rows,
	ask_changes, ask_pending, ask_listing, ask_map, ask_email, ask_replicas;

/* A message of protobuf-c in the reply's arena. */
void *ask_new(struct ask *a, const ProtobufCMessageDescriptor *d);
#define ASK_NEW(a, type) ask_new((a), &tern__##type##__descriptor)
char *ask_text(struct ask *a, struct bytes b);

/* An account that is not deleted. */
int ask_want_account(struct ask *a, uint64_t id, struct info_rec *info) MUST_USE;
int ask_want_mailbox(struct ask *a, uint64_t account, uint32_t mailbox, uint32_t uid_validity,
		     struct mailbox_rec *mb) MUST_USE;
/* Dictionary entries from number `known` on. */
char **ask_keywords(struct ask *a, uint64_t account, uint32_t known, size_t *n);

struct page {
	struct buf buf;
	uint32_t columns;
	size_t max, max_rows;
	size_t rows;
};

void page_init(struct page *p, uint32_t columns, uint32_t max_bytes);
/* Adds a row with its email's and body's columns; false: it does not fit any more. */
bool page_add(struct ask *a, struct page *p, uint64_t account, struct row *row);
void page_end(struct ask *a, struct page *p); /* into a->out */
/* The rows in ranges (NULL or empty: all), from a UID on; returns the next UID, 0: done. */
uint32_t page_fill(struct ask *a, struct page *p, uint64_t account, const struct mailbox_rec *mb,
		   const Tern__Ranges *ranges, uint32_t from);

#endif
