/* SPDX-License-Identifier: Apache-2.0 */
/* query_mailbox.c - the list of mailboxes, and SELECT. */
#include "mailstore/query_private.h"

enum { LIST_ENTRIES = 500 };

static Tern__MailboxInfo *info_new(struct ask *a, uint64_t account, const struct node_rec *node,
				   struct bytes path, struct mailbox_rec *mb)
{
	Tern__MailboxInfo *i = ASK_NEW(a, mailbox_info);

	i->path = ask_text(a, path);
	i->id = node->mailbox ? node->mailbox : node->id;
	i->special_use = node->special_use;
	i->subscribed = node->subscribed;
	i->has_children = node->children > 0;
	if (!node->mailbox)
		return i;
	INVARIANT(mailbox_get(a->rows, account, node->mailbox, mb));
	i->selectable = true;
	i->uid_validity = mb->uid_validity;
	i->uid_next = mb->uid_next;
	i->highest_modseq = mb->modseq;
	i->messages = mb->messages;
	i->unseen = mb->unseen;
	i->deleted = mb->deleted;
	i->size = mb->size;
	return i;
}

/* ---- the tree in order: each name before what is below it */

struct walk {
	struct rows *rows;
	uint64_t account;
	unsigned depth;
	struct rows_iter *it[DEPTH_MAX + 1];
	size_t length[DEPTH_MAX + 1]; /* of the path above each level */
	struct buf path;
	const struct path *after; /* all up to this path is passed over */
	bool passing;
	uint32_t node; /* where it stands; 0: at the end */
};

static void walk_open(struct walk *w, uint32_t parent)
{
	struct key prefix, from;
	struct bytes name = BYTES_NONE;

	if (w->passing && w->depth < w->after->n)
		name = w->after->names[w->depth];
	else
		w->passing = false;
	key_account_u32(&prefix, w->account, A_NAME, parent);
	key_name(&from, w->account, parent, name);
	w->it[w->depth] = rows_under(w->rows, key_bytes(&prefix), key_bytes(&from));
	w->length[w->depth] = w->path.n;
}

static bool walk_row(struct walk *w, struct bytes *key, struct bytes *value)
{
	while (!rows_iter_next(w->it[w->depth], key, value)) {
		rows_iter_free(&w->it[w->depth]);
		if (w->depth == 0)
			return false;
		w->depth--;
	}
	return true;
}

/* Goes below the last node given out, if there was one, then on. */
static void walk_next(struct walk *w)
{
	struct bytes key, value, name;

	for (;;) {
		if (w->node) {
			INVARIANT(w->depth < DEPTH_MAX);
			w->depth++;
			walk_open(w, w->node);
		}
		w->node = 0;
		if (!walk_row(w, &key, &value))
			return;
		name = bytes_skip(key, KEY_MAILBOX);
		w->path.n = w->length[w->depth];
		if (w->depth)
			buf_putc(&w->path, '/');
		buf_put_bytes(&w->path, name);
		w->node = (uint32_t)number_decode(value);
		if (!w->passing)
			return;
		if (!bytes_eq(name, w->after->names[w->depth])) {
			w->passing = false;
			return;
		}
	}
}

static void walk_release(struct walk *w)
{
	for (unsigned i = 0; i <= DEPTH_MAX; i++)
		if (w->it[i])
			rows_iter_free(&w->it[i]);
	buf_release(&w->path);
}

/* ---- subscriptions to names that are no mailboxes, in the same order */

struct names {
	struct rows_iter *it;
	struct bytes path; /* as in the key; empty: at the end */
};

static void names_next(struct names *n)
{
	struct bytes key, value;

	n->path = BYTES_NONE;
	if (rows_iter_next(n->it, &key, &value))
		n->path = bytes_skip(key, KEY_ACCOUNT);
}

static void names_init(struct names *n, struct rows *r, uint64_t account, struct bytes after)
{
	struct key prefix, from;

	key_account(&prefix, account, A_SUBSCRIBED);
	key_subscribed(&from, account, after);
	n->it = rows_under(r, key_bytes(&prefix), key_bytes(&from));
	names_next(n);
	if (after.n && bytes_eq(n->path, bytes_skip(key_bytes(&from), KEY_ACCOUNT)))
		names_next(n);
}

static Tern__MailboxInfo *name_info(struct ask *a, struct bytes path)
{
	Tern__MailboxInfo *i = ASK_NEW(a, mailbox_info);

	i->path = ask_text(a, path);
	for (char *c = i->path; *c; c++)
		if (*c == PATH_KEY_SEPARATOR)
			*c = '/';
	i->subscribed = true;
	return i;
}

/* ---- the list */

struct list {
	struct ask *a;
	uint64_t account;
	struct walk w;
	struct names n;
};

/* Where the walk stands, against where the names stand. */
static int order(const struct list *l)
{
	struct key k;

	if (!l->w.node || !l->n.path.n)
		return l->w.node ? -1 : 1;
	key_subscribed(&k, l->account, buf_bytes(&l->w.path));
	return bytes_cmp(bytes_skip(key_bytes(&k), KEY_ACCOUNT), l->n.path);
}

static Tern__MailboxInfo *list_next(struct list *l)
{
	struct mailbox_rec mb;
	struct node_rec node;
	Tern__MailboxInfo *i;
	int first;

	if (!l->w.node && !l->n.path.n)
		return NULL;
	first = order(l);
	if (first > 0) {
		i = name_info(l->a, l->n.path);
	} else {
		INVARIANT(node_get(l->a->rows, l->account, l->w.node, l->a->mem, &node));
		i = info_new(l->a, l->account, &node, buf_bytes(&l->w.path), &mb);
		i->subscribed |= first == 0;
		walk_next(&l->w);
	}
	if (first >= 0)
		names_next(&l->n);
	return i;
}

static void list_fill(struct list *l, Tern__MailboxesReply *r)
{
	Tern__MailboxInfo *i;

	r->mailboxes = arena_array(l->a->mem, Tern__MailboxInfo *, LIST_ENTRIES);
	while ((i = list_next(l))) {
		if (r->n_mailboxes == LIST_ENTRIES) {
			r->after = r->mailboxes[LIST_ENTRIES - 1]->path;
			return;
		}
		r->mailboxes[r->n_mailboxes++] = i;
	}
}

int ask_mailboxes(struct ask *a, const Tern__Query *q)
{
	struct list l = { .a = a, .account = q->mailboxes->account };
	struct bytes after = bytes_str(q->mailboxes->after);
	Tern__MailboxesReply *r = ASK_NEW(a, mailboxes_reply);
	struct info_rec info;
	struct path path;
	int ret = ask_want_account(a, l.account, &info);

	if (ret == 0 && after.n)
		ret = path_parse(after, a->mem, &path, &a->why);
	if (ret)
		return ret;
	l.w = (struct walk){ .rows = a->rows, .account = l.account };
	l.w.passing = after.n > 0;
	l.w.after = &path;
	buf_init(&l.w.path, 0);
	walk_open(&l.w, NO_PARENT);
	walk_next(&l.w);
	names_init(&l.n, a->rows, l.account, after.n ? path.full : after);
	list_fill(&l, r);
	walk_release(&l.w);
	rows_iter_free(&l.n.it);
	a->reply->what_case = TERN__REPLY__WHAT_MAILBOXES;
	a->reply->mailboxes = r;
	return 0;
}

/* ---- SELECT */

static uint32_t first_unseen(struct ask *a, uint64_t account, const struct mailbox_rec *mb)
{
	struct uid_iter it;
	struct bytes value;
	uint32_t uid = 0;

	if (mb->unseen == 0)
		return 0;
	uid_iter_init(&it, a->rows, account, A_UNSEEN, mb, 1, UINT32_MAX);
	if (!uid_iter_next(&it, &uid, &value))
		uid = 0;
	uid_iter_release(&it);
	return uid;
}

static int find_mailbox(struct ask *a, uint64_t account, const char *text, struct mailbox_rec *mb,
			Tern__MailboxInfo **info)
{
	struct info_rec account_info;
	struct bytes value;
	struct node_rec node;
	struct path path;
	struct key k;
	int ret = ask_want_account(a, account, &account_info);

	if (ret == 0)
		ret = path_parse(bytes_str(text), a->mem, &path, &a->why);
	if (ret)
		return ret;
	if (!path_find(a->rows, account, &path, a->mem, &node, NULL))
		return DENY(a, ERR_NOTFOUND, "no such mailbox");
	*info = info_new(a, account, &node, path.full, mb);
	if (!node.mailbox)
		return DENY(a, ERR_CANNOT, "the name is no mailbox, only above some");
	key_subscribed(&k, account, path.full);
	(*info)->subscribed |= rows_get(a->rows, key_bytes(&k), &value);
	return 0;
}

int ask_select(struct ask *a, const Tern__Query *q)
{
	const Tern__Select *in = q->select;
	Tern__SelectReply *r = ASK_NEW(a, select_reply);
	struct mailbox_rec mb;
	struct page page;
	int ret = find_mailbox(a, in->account, in->path, &mb, &r->mailbox);

	if (ret)
		return ret;
	r->mailbox->first_unseen_uid = first_unseen(a, in->account, &mb);
	r->keywords = ask_keywords(a, in->account, 0, &r->n_keywords);
	if (in->columns) {
		page_init(&page, in->columns, in->max_bytes);
		r->next_uid = page_fill(a, &page, in->account, &mb, NULL, 1);
		page_end(a, &page);
	}
	a->reply->what_case = TERN__REPLY__WHAT_SELECT;
	a->reply->select = r;
	return 0;
}
