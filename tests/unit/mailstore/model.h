/* SPDX-License-Identifier: Apache-2.0 */
/* model.h - what the store should be, in the plainest way: lists searched from the start, paths
 * as text, no indexes, no limits but those the tests reach. */
#ifndef MODEL_H
#define MODEL_H

#include "base/base.h"
#include "base/err.h"

enum { M_ACCOUNTS = 3, M_BOXES = 64, M_SUBS = 64, M_BATCHES = 4, M_PATH = 96 };

struct m_msg {
	uint32_t uid, flags;
	uint32_t words; /* keywords, by the test's own numbers */
	uint64_t size, email;
};

struct m_list {
	struct m_msg *v;
	size_t n, cap;
};

struct m_box {
	bool used, selectable, subscribed;
	char path[M_PATH];
	uint32_t id, uid_validity, uid_next;
	struct m_list msgs;
	/* A client that looks from time to time. */
	struct m_list seen;
	uint64_t seen_modseq;
};

struct m_batch {
	uint64_t id; /* 0: none */
	uint32_t from, to;
	bool dead;
	uint64_t last_ms;
	struct m_list msgs;
};

struct m_account {
	bool used;
	uint64_t id;
	char address[64];
	uint64_t quota_bytes, quota_messages;
	uint32_t last_validity;
	struct m_box boxes[M_BOXES];
	char subs[M_SUBS][M_PATH]; /* to names that are no mailboxes, and were not at that time */
	struct m_batch batches[M_BATCHES];
};

struct model {
	struct m_account accounts[M_ACCOUNTS];
};

void model_release(struct model *m);
void m_list_clear(struct m_list *l);
void m_list_add(struct m_list *l, const struct m_msg *msg);
void m_list_del(struct m_list *l, size_t i);
struct m_msg *m_list_find(const struct m_list *l, uint32_t uid);

struct m_box *m_box_by_path(struct m_account *a, const char *path);
struct m_box *m_box_by_id(struct m_account *a, uint32_t id); /* selectable ones */
void m_usage(const struct m_account *a, uint64_t *bytes, uint64_t *messages);
bool m_over(const struct m_account *a, uint64_t bytes, uint64_t messages);
bool m_subscribed(struct m_account *a, const char *path);

void m_account_new(struct m_account *a, uint64_t id, const char *address, uint64_t wall_ms);
void m_account_gone(struct m_account *a);
/* All return the status expected. */
enum err m_create(struct m_account *a, const char *path, uint64_t wall_ms);
enum err m_delete(struct m_account *a, uint32_t id);
enum err m_rename(struct m_account *a, const char *from, const char *to, uint64_t wall_ms);
void m_subscribe(struct m_account *a, const char *path, bool on);
void m_append(struct m_box *b, uint32_t flags, uint32_t words, uint64_t size, uint64_t email);

/* Ids are the store's to choose: those of mailboxes made since. */
void m_take_id(struct m_account *a, const char *path, uint32_t id);

#endif
