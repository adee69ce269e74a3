/* SPDX-License-Identifier: Apache-2.0 */
#include "mailstore/mailbox.h"

#include "mailstore/message.h"
#include "mailstore/ops.h"
#include "mailstore/place.h"
#include "mailstore/quota.h"

#define USES_ALL \
	(USE_ALL | USE_ARCHIVE | USE_DRAFTS | USE_FLAGGED | USE_JUNK | USE_SENT | USE_TRASH)

/* ---- making */

/* Later than any UIDVALIDITY of the account, whatever the clock says. */
static int next_uid_validity(struct txn *t, struct account *a, uint32_t *v)
{
	uint64_t wall = MIN(t->wall / 1000, (uint64_t)0xf0000000);

	if (a->c.last_uid_validity == UINT32_MAX)
		return REFUSE(t, ERR_LIMIT, "the account has no UIDVALIDITY left");
	*v = (uint32_t)MAX((uint64_t)a->c.last_uid_validity + 1, wall);
	a->c.last_uid_validity = *v;
	return 0;
}

/* Gives a node a new, empty mailbox. Its first has the node's own number. */
static int attach(struct txn *t, struct account *a, struct node_rec *node, uint32_t id)
{
	uint32_t uid_validity;
	struct mailbox *m;
	int ret = next_uid_validity(t, a, &uid_validity);

	if (ret)
		return ret;
	m = txn_mailbox_new(t, a);
	m->r = (struct mailbox_rec){ .id = id,
				     .node = node->id,
				     .uid_validity = uid_validity,
				     .uid_next = 1,
				     .next_segment = 1 };
	node->mailbox = id;
	node->modseq = txn_modseq(t, m);
	node_put(t->rows, a->id, node);
	t->res->uid_validity = uid_validity;
	t->res->modseq = node->modseq;
	return 0;
}

static bool subscribed_row(struct txn *t, struct account *a, struct bytes path, bool there)
{
	struct bytes value;
	struct key k;
	bool was;

	key_subscribed(&k, a->id, path);
	was = rows_get(t->rows, key_bytes(&k), &value);
	if (was == there || (there && a->c.subscriptions == MAILBOXES_MAX))
		return was;
	if (there)
		blank_put(t->rows, key_bytes(&k));
	else
		rows_del(t->rows, key_bytes(&k));
	a->c.subscriptions += there ? 1 : UINT32_MAX;
	a->dirty = true;
	return was;
}

/* Makes the missing nodes of path's first `n` components, each with a mailbox; *node: the last
 * (untouched when n is 0). Subscriptions to those names become theirs. */
static int make_path(struct txn *t, struct account *a, const struct path *path, unsigned n,
		     struct node_rec *node)
{
	struct path head = *path;
	struct node_rec made;
	struct bytes name;
	unsigned depth;
	int ret;

	head.n = n;
	path_find(t->rows, a->id, &head, t->mem, node, &depth);
	for (; depth < n; depth++) {
		name = path->names[depth];
		ret = node_add(t, a, depth ? node : NULL, name, &made);
		if (ret)
			return ret;
		name = bytes_head(path->full, (size_t)(name.p - path->full.p) + name.n);
		made.subscribed = subscribed_row(t, a, name, false);
		ret = attach(t, a, &made, made.id);
		if (ret)
			return ret;
		*node = made;
	}
	return 0;
}

int mailbox_make_inbox(struct txn *t, struct account *a)
{
	struct node_rec node;
	struct path path;
	int ret = path_parse(BYTES("INBOX"), t->mem, &path, &t->why);

	if (ret == 0)
		ret = make_path(t, a, &path, 1, &node);
	INVARIANT(ret || node.id == INBOX_NODE);
	return ret;
}

int mailbox_make(struct txn *t, struct account *a, const Tern__MailboxCreate *op, uint32_t *id)
{
	struct node_rec node;
	struct path path;
	int ret = path_parse(bytes_str(op->path), t->mem, &path, &t->why);

	if (ret)
		return ret;
	if (!path_find(t->rows, a->id, &path, t->mem, &node, NULL)) {
		ret = make_path(t, a, &path, path.n, &node);
	} else if (node.mailbox) {
		return REFUSE(t, ERR_EXISTS, "the mailbox exists");
	} else if (a->c.next_mailbox >= UINT32_MAX - 1) {
		return REFUSE(t, ERR_LIMIT, "the account has no mailbox numbers left");
	} else {
		a->dirty = true;
		ret = attach(t, a, &node, a->c.next_mailbox++);
	}
	if (ret)
		return ret;
	node.special_use = op->special_use;
	node.subscribed |= op->subscribe | subscribed_row(t, a, path.full, false);
	node_put(t->rows, a->id, &node);
	*id = node.mailbox;
	return 0;
}

int mailbox_create_check(const Tern__MailboxCreate *op, struct why *why)
{
	if (op->special_use & ~(uint32_t)USES_ALL)
		return why_set(why, ERR_INVALID, "no such special use");
	if (strlen(op->path) > PATH_BYTES)
		return why_set(why, ERR_LIMIT, "the mailbox name is too long");
	return 0;
}

int check_mailbox_create(const Tern__Op *op, size_t body UNUSED, struct why *why)
{
	return mailbox_create_check(op->mailbox_create, why);
}

int op_mailbox_create(struct txn *t, const Tern__Op *op)
{
	struct account *a;
	int ret = txn_want_account(t, op->mailbox_create->account, &a);

	if (ret)
		return ret;
	return mailbox_make(t, a, op->mailbox_create, &t->res->mailbox);
}

/* ---- DELETE */

int check_mailbox_delete(const Tern__Op *op, size_t body UNUSED, struct why *why)
{
	if (op->mailbox_delete->mailbox == 0)
		return why_set(why, ERR_INVALID, "no mailbox");
	return 0;
}

static void mailbox_timer(struct txn *t, const struct mailbox *m)
{
	struct key k;

	key_clear(&k);
	key_u64(&k, m->a->id);
	key_u32(&k, m->r.id);
	txn_timer(t, t->now, TIMER_MAILBOX, key_bytes(&k));
}

/* The messages count no more from here on; Maintain takes their rows away. */
static void mark_dying(struct txn *t, struct mailbox *m)
{
	m->r.dying = true;
	m->dirty = true;
	quota_give(m->a, m->r.size, m->r.messages);
	mailbox_timer(t, m);
}

static int no_such_mailbox(struct txn *t, struct account *a, uint32_t id)
{
	struct node_rec node;

	if (node_get(t->rows, a->id, id, t->mem, &node) && node.mailbox == 0)
		return REFUSE(t, ERR_CANNOT, "the name has mailboxes below it");
	return REFUSE(t, ERR_NOTFOUND, "no such mailbox");
}

int op_mailbox_delete(struct txn *t, const Tern__Op *op)
{
	struct node_rec node;
	struct account *a;
	struct mailbox *m;
	int ret = txn_want_account(t, op->mailbox_delete->account, &a);

	if (ret)
		return ret;
	m = txn_mailbox(t, a, op->mailbox_delete->mailbox);
	if (!m)
		return no_such_mailbox(t, a, op->mailbox_delete->mailbox);
	if (m->r.node == INBOX_NODE)
		return REFUSE(t, ERR_CANNOT, "INBOX cannot be deleted");
	INVARIANT(node_get(t->rows, a->id, m->r.node, t->mem, &node));
	mark_dying(t, m);
	node.mailbox = 0;
	node.special_use = 0;
	node.modseq = txn_modseq_name(t, a, m->r.id);
	t->res->modseq = node.modseq;
	/* RFC 3501, 6.3.9: a subscription outlives its mailbox. */
	if (node.children == 0 && node.subscribed)
		subscribed_row(t, a, node_path(t->rows, a->id, &node, t->mem), true);
	if (node.children)
		node_put(t->rows, a->id, &node);
	else
		node_prune(t, a, &node);
	return 0;
}

static size_t purge_messages(struct txn *t, struct mailbox *m, size_t max)
{
	uint32_t rest[] = { MAX(m->r.purged, 1u), UINT32_MAX }, next;
	Tern__Ranges ranges = TERN__RANGES__INIT;
	struct place *places;
	size_t n;

	ranges.n_v = 2;
	ranges.v = rest;
	n = places_collect(t, m, A_PLACE, &ranges, max, &places, &next);
	for (size_t i = 0; i < n; i++) {
		place_erase(t, m, &places[i]);
		email_unref(t, m->a->id, places[i].row.email);
	}
	m->r.purged = next ? next : UINT32_MAX;
	m->dirty = true;
	return n;
}

static size_t purge_tombs(struct txn *t, struct mailbox *m, size_t max)
{
	uint64_t *modseqs = arena_array(t->mem, uint64_t, max);
	struct bytes key, value;
	struct rows_iter *it;
	struct key k, from;
	size_t n = 0;

	key_account_u32(&k, m->a->id, A_TOMB, m->r.id);
	key_modseq(&from, m->a->id, A_TOMB, m->r.id, m->r.trimmed + 1);
	it = rows_under(t->rows, key_bytes(&k), key_bytes(&from));
	while (n < max && rows_iter_next(it, &key, &value)) {
		key = bytes_skip(key, KEY_MAILBOX);
		INVARIANT(get_u64be(&key, &modseqs[n++]));
	}
	rows_iter_free(&it);
	for (size_t i = 0; i < n; i++) {
		key_modseq(&k, m->a->id, A_TOMB, m->r.id, modseqs[i]);
		rows_del(t->rows, key_bytes(&k));
		m->r.trimmed = modseqs[i];
	}
	m->dirty = true;
	return n;
}

uint64_t mailbox_purge(struct txn *t, uint64_t account, uint32_t id, size_t max, size_t *n)
{
	struct account *a = txn_account(t, account);
	struct mailbox *m = a ? txn_mailbox_any(t, a, id) : NULL;
	struct key k;

	*n = 1;
	if (!m || !m->r.dying)
		return 0;
	*n = purge_messages(t, m, max);
	if (*n < max)
		*n += purge_tombs(t, m, max - *n);
	if (*n == max)
		return t->now;
	key_account_u32(&k, account, A_MAILBOX, id);
	rows_del(t->rows, key_bytes(&k));
	m->dirty = false;
	*n += 1;
	return 0;
}

/* ---- RENAME */

int check_mailbox_rename(const Tern__Op *op, size_t body UNUSED, struct why *why)
{
	if (strlen(op->mailbox_rename->from) > PATH_BYTES ||
	    strlen(op->mailbox_rename->to) > PATH_BYTES)
		return why_set(why, ERR_LIMIT, "the mailbox name is too long");
	return 0;
}

static bool inside(const struct path *p, const struct path *of)
{
	if (p->n <= of->n)
		return false;
	for (unsigned i = 0; i < of->n; i++)
		if (!bytes_eq(p->names[i], of->names[i]))
			return false;
	return true;
}

/* RFC 3501, 6.3.5: the messages move to the new name, INBOX stays and is empty, and what lies
 * below it is not touched. The mailbox keeps its number, UIDs and UIDVALIDITY under the new
 * name; INBOX gets a fresh mailbox. */
static int rename_inbox(struct txn *t, struct account *a, const struct path *to)
{
	struct node_rec inbox, parent, node;
	struct mailbox *m;
	int ret = make_path(t, a, to, to->n - 1, &parent);

	if (ret == 0)
		ret = node_add(t, a, to->n > 1 ? &parent : NULL, to->names[to->n - 1], &node);
	if (ret)
		return ret;
	INVARIANT(node_get(t->rows, a->id, INBOX_NODE, t->mem, &inbox));
	m = txn_mailbox(t, a, inbox.mailbox);
	INVARIANT(m);
	m->r.node = node.id;
	m->dirty = true;
	node.mailbox = m->r.id;
	node.modseq = txn_modseq_name(t, a, m->r.id);
	node.subscribed = subscribed_row(t, a, to->full, false);
	node_put(t->rows, a->id, &node);
	ret = attach(t, a, &inbox, a->c.next_mailbox++);
	t->res->mailbox = m->r.id;
	return ret;
}

static int rename_tree(struct txn *t, struct account *a, struct node_rec *node,
		       const struct path *to)
{
	struct node_rec parent;
	unsigned levels;
	size_t chars;
	int ret;

	node_extent(t, a, node->id, &levels, &chars);
	if (to->n + levels > DEPTH_MAX || to->chars + chars > PATH_CHARS)
		return REFUSE(t, ERR_LIMIT, "names below it would be too long or too deep");
	ret = make_path(t, a, to, to->n - 1, &parent);
	if (ret)
		return ret;
	/* A new parent may have been put below one that is above this node too. */
	INVARIANT(node_get(t->rows, a->id, node->id, t->mem, node));
	node->modseq = txn_modseq_name(t, a, node->mailbox);
	node->subscribed |= subscribed_row(t, a, to->full, false);
	node_move(t, a, node, to->n > 1 ? &parent : NULL, to->names[to->n - 1]);
	t->res->modseq = node->modseq;
	t->res->mailbox = node->mailbox ? node->mailbox : node->id;
	return 0;
}

int op_mailbox_rename(struct txn *t, const Tern__Op *op)
{
	struct node_rec node, taken;
	struct path from, to;
	struct account *a;
	int ret = txn_want_account(t, op->mailbox_rename->account, &a);

	if (ret == 0)
		ret = path_parse(bytes_str(op->mailbox_rename->from), t->mem, &from, &t->why);
	if (ret == 0)
		ret = path_parse(bytes_str(op->mailbox_rename->to), t->mem, &to, &t->why);
	if (ret)
		return ret;
	if (!path_find(t->rows, a->id, &from, t->mem, &node, NULL))
		return REFUSE(t, ERR_NOTFOUND, "no such mailbox");
	if (path_find(t->rows, a->id, &to, t->mem, &taken, NULL))
		return REFUSE(t, ERR_EXISTS, "a mailbox of the new name exists");
	if (node.id == INBOX_NODE)
		return rename_inbox(t, a, &to);
	if (inside(&to, &from))
		return REFUSE(t, ERR_CANNOT, "a mailbox cannot be moved into itself");
	return rename_tree(t, a, &node, &to);
}

/* ---- SUBSCRIBE */

int check_subscribe(const Tern__Op *op, size_t body UNUSED, struct why *why)
{
	if (strlen(op->subscribe->path) > PATH_BYTES)
		return why_set(why, ERR_LIMIT, "the mailbox name is too long");
	return 0;
}

int op_subscribe(struct txn *t, const Tern__Op *op)
{
	bool on = op->subscribe->on, there;
	struct node_rec node;
	struct account *a;
	struct path path;
	int ret = txn_want_account(t, op->subscribe->account, &a);

	if (ret == 0)
		ret = path_parse(bytes_str(op->subscribe->path), t->mem, &path, &t->why);
	if (ret)
		return ret;
	there = path_find(t->rows, a->id, &path, t->mem, &node, NULL);
	if (there && node.subscribed != on) {
		node.subscribed = on;
		node.modseq = txn_modseq_name(t, a, node.mailbox);
		node_put(t->rows, a->id, &node);
	}
	if (on && !there && a->c.subscriptions == MAILBOXES_MAX)
		return REFUSE(t, ERR_LIMIT, "too many subscriptions");
	subscribed_row(t, a, path.full, on && !there);
	t->res->modseq = a->c.modseq;
	return 0;
}
