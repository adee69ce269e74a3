/* SPDX-License-Identifier: Apache-2.0 */
#include "model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- lists */

void m_list_clear(struct m_list *l)
{
	free(l->v);
	*l = (struct m_list){ .n = 0 };
}

void m_list_add(struct m_list *l, const struct m_msg *msg)
{
	if (l->n == l->cap) {
		l->cap = l->cap ? l->cap * 2 : 8;
		l->v = xrealloc(l->v, l->cap * sizeof(*l->v));
	}
	l->v[l->n++] = *msg;
}

void m_list_del(struct m_list *l, size_t i)
{
	memmove(&l->v[i], &l->v[i + 1], (l->n - i - 1) * sizeof(*l->v));
	l->n--;
}

struct m_msg *m_list_find(const struct m_list *l, uint32_t uid)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].uid == uid)
			return &l->v[i];
	return NULL;
}

/* ---- accounts */

static void box_gone(struct m_box *b)
{
	m_list_clear(&b->msgs);
	m_list_clear(&b->seen);
	*b = (struct m_box){ .used = false };
}

void m_account_gone(struct m_account *a)
{
	for (size_t i = 0; i < M_BOXES; i++)
		box_gone(&a->boxes[i]);
	for (size_t i = 0; i < M_BATCHES; i++)
		m_list_clear(&a->batches[i].msgs);
	memset(a, 0, sizeof(*a));
}

void model_release(struct model *m)
{
	for (size_t i = 0; i < M_ACCOUNTS; i++)
		m_account_gone(&m->accounts[i]);
}

static uint32_t validity(struct m_account *a, uint64_t wall_ms)
{
	uint32_t wall = (uint32_t)(wall_ms / 1000);

	a->last_validity = MAX(a->last_validity + 1, wall);
	return a->last_validity;
}

static struct m_box *box_new(struct m_account *a, const char *path)
{
	for (size_t i = 0; i < M_BOXES; i++)
		if (!a->boxes[i].used) {
			a->boxes[i] = (struct m_box){ .used = true };
			snprintf(a->boxes[i].path, M_PATH, "%s", path);
			return &a->boxes[i];
		}
	abort();
}

static void fill_new(struct m_account *a, struct m_box *b, uint64_t wall_ms)
{
	m_list_clear(&b->msgs);
	m_list_clear(&b->seen);
	b->seen_modseq = 0;
	b->selectable = true;
	b->id = 0;
	b->uid_next = 1;
	b->uid_validity = validity(a, wall_ms);
}

void m_account_new(struct m_account *a, uint64_t id, const char *address, uint64_t wall_ms)
{
	a->used = true;
	a->id = id;
	snprintf(a->address, sizeof(a->address), "%s", address);
	fill_new(a, box_new(a, "INBOX"), wall_ms);
	m_take_id(a, "INBOX", 1);
}

struct m_box *m_box_by_path(struct m_account *a, const char *path)
{
	for (size_t i = 0; i < M_BOXES; i++)
		if (a->boxes[i].used && strcmp(a->boxes[i].path, path) == 0)
			return &a->boxes[i];
	return NULL;
}

struct m_box *m_box_by_id(struct m_account *a, uint32_t id)
{
	for (size_t i = 0; i < M_BOXES; i++)
		if (a->boxes[i].used && a->boxes[i].selectable && a->boxes[i].id == id)
			return &a->boxes[i];
	return NULL;
}

void m_take_id(struct m_account *a, const char *path, uint32_t id)
{
	m_box_by_path(a, path)->id = id;
}

static void sum(const struct m_list *l, uint64_t *bytes, uint64_t *messages)
{
	for (size_t i = 0; i < l->n; i++)
		*bytes += l->v[i].size;
	*messages += l->n;
}

void m_usage(const struct m_account *a, uint64_t *bytes, uint64_t *messages)
{
	*bytes = *messages = 0;
	for (size_t i = 0; i < M_BOXES; i++)
		sum(&a->boxes[i].msgs, bytes, messages);
	for (size_t i = 0; i < M_BATCHES; i++)
		sum(&a->batches[i].msgs, bytes, messages);
}

bool m_over(const struct m_account *a, uint64_t bytes, uint64_t messages)
{
	uint64_t b, n;

	m_usage(a, &b, &n);
	return (a->quota_bytes && b + bytes > a->quota_bytes) ||
	       (a->quota_messages && n + messages > a->quota_messages);
}

/* ---- subscriptions */

static char *sub_find(struct m_account *a, const char *path)
{
	for (size_t i = 0; i < M_SUBS; i++)
		if (strcmp(a->subs[i], path) == 0)
			return a->subs[i];
	return NULL;
}

static bool sub_set(struct m_account *a, const char *path, bool on)
{
	char *s = sub_find(a, path);
	bool was = s != NULL;

	if (on && !was) {
		s = sub_find(a, "");
		if (!s)
			abort();
		snprintf(s, M_PATH, "%s", path);
	} else if (!on && was) {
		*s = 0;
	}
	return was;
}

bool m_subscribed(struct m_account *a, const char *path)
{
	struct m_box *b = m_box_by_path(a, path);

	return (b && b->subscribed) || sub_find(a, path);
}

void m_subscribe(struct m_account *a, const char *path, bool on)
{
	struct m_box *b = m_box_by_path(a, path);

	if (b)
		b->subscribed = on;
	sub_set(a, path, on && !b);
}

/* ---- names */

static bool below(const char *path, const char *of)
{
	size_t n = strlen(of);

	return strncmp(path, of, n) == 0 && path[n] == '/';
}

static bool has_children(struct m_account *a, const char *path)
{
	for (size_t i = 0; i < M_BOXES; i++)
		if (a->boxes[i].used && below(a->boxes[i].path, path))
			return true;
	return false;
}

static bool parent_of(const char *path, char *parent)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return false;
	snprintf(parent, M_PATH, "%.*s", (int)(slash - path), path);
	return true;
}

static void make(struct m_account *a, const char *path, uint64_t wall_ms)
{
	char parent[M_PATH];
	struct m_box *b;

	if (parent_of(path, parent) && !m_box_by_path(a, parent))
		make(a, parent, wall_ms);
	b = box_new(a, path);
	fill_new(a, b, wall_ms);
	b->subscribed = sub_set(a, path, false);
}

enum err m_create(struct m_account *a, const char *path, uint64_t wall_ms)
{
	struct m_box *b = m_box_by_path(a, path);

	if (b && b->selectable)
		return ERR_EXISTS;
	if (b) {
		fill_new(a, b, wall_ms);
		b->subscribed |= sub_set(a, path, false);
	} else {
		make(a, path, wall_ms);
	}
	return ERR_OK;
}

/* \Noselect names without children go, and so on upward. */
static void prune(struct m_account *a, const char *path)
{
	struct m_box *b = m_box_by_path(a, path);
	char parent[M_PATH];

	if (!b || b->selectable || has_children(a, path))
		return;
	box_gone(b);
	if (parent_of(path, parent))
		prune(a, parent);
}

enum err m_delete(struct m_account *a, uint32_t id)
{
	struct m_box *b = m_box_by_id(a, id);
	char path[M_PATH];

	if (!b)
		return ERR_NOTFOUND;
	if (strcmp(b->path, "INBOX") == 0)
		return ERR_CANNOT;
	snprintf(path, sizeof(path), "%s", b->path);
	b->selectable = false;
	m_list_clear(&b->msgs);
	if (!has_children(a, path) && b->subscribed)
		sub_set(a, path, true);
	prune(a, path);
	return ERR_OK;
}

static enum err rename_inbox(struct m_account *a, const char *to, uint64_t wall_ms)
{
	struct m_box *inbox = m_box_by_path(a, "INBOX"), *b;
	char parent[M_PATH];

	if (parent_of(to, parent) && !m_box_by_path(a, parent))
		make(a, parent, wall_ms);
	b = box_new(a, to);
	*b = *inbox;
	snprintf(b->path, M_PATH, "%s", to);
	b->subscribed = sub_set(a, to, false);
	inbox->msgs = inbox->seen = (struct m_list){ .n = 0 };
	fill_new(a, inbox, wall_ms);
	return ERR_OK;
}

enum err m_rename(struct m_account *a, const char *from, const char *to, uint64_t wall_ms)
{
	char parent[M_PATH], rest[M_PATH];
	size_t n = strlen(from);

	if (!m_box_by_path(a, from))
		return ERR_NOTFOUND;
	if (m_box_by_path(a, to))
		return ERR_EXISTS;
	if (strcmp(from, "INBOX") == 0)
		return rename_inbox(a, to, wall_ms);
	if (below(to, from))
		return ERR_CANNOT;
	if (parent_of(to, parent) && !m_box_by_path(a, parent))
		make(a, parent, wall_ms);
	for (size_t i = 0; i < M_BOXES; i++) {
		struct m_box *b = &a->boxes[i];

		if (!b->used || (strcmp(b->path, from) != 0 && !below(b->path, from)))
			continue;
		snprintf(rest, sizeof(rest), "%s", b->path + n);
		if (snprintf(b->path, M_PATH, "%s%s", to, rest) >= M_PATH)
			abort();
		if (!*rest)
			b->subscribed |= sub_set(a, to, false);
	}
	if (parent_of(from, parent))
		prune(a, parent);
	return ERR_OK;
}

/* ---- messages */

void m_append(struct m_box *b, uint32_t flags, uint32_t words, uint64_t size, uint64_t email)
{
	struct m_msg msg = {
		.uid = b->uid_next++, .flags = flags, .words = words, .size = size, .email = email
	};

	m_list_add(&b->msgs, &msg);
}
