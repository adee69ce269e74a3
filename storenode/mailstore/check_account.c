/* SPDX-License-Identifier: Apache-2.0 */
/* check_account.c - the invariants of one account.
 *
 * Each placement is asked for its companion rows (CHANGE, UNSEEN, DELETED, HOLD); then the rows
 * of those tables are counted: as many as were asked for means that there are no others. */
#include "mailstore/check_private.h"

#include "mailstore/keyword.h"
#include "mailstore/name.h"

struct acct {
	struct check *c;
	uint64_t id;
	struct counters_rec n;
	size_t keywords;
	uint32_t names, inbox;
	uint64_t bytes, messages;
	size_t places, changes, unseen, deleted, tombs;
	struct map segments; /* mailbox and segment -> non-NULL: known */
	struct map threads;  /* key -> struct tally */
	struct map children; /* node -> struct tally */
};

#define BAD(a, ...) WRONG((a)->c, __VA_ARGS__)

static size_t count(struct acct *a, enum account_table table)
{
	struct key k;

	key_account(&k, a->id, table);
	return check_count(a->c, key_bytes(&k));
}

typedef int acct_fn(struct acct *a, struct bytes key, struct bytes value);

static int each(struct acct *a, enum account_table table, acct_fn *fn)
{
	struct bytes key, value;
	struct rows_iter *it;
	struct key k;
	int ret = 0;

	key_account(&k, a->id, table);
	it = rows_under(a->c->rows, key_bytes(&k), BYTES_NONE);
	while (ret == 0 && rows_iter_next(it, &key, &value)) {
		ret = fn(a, bytes_skip(key, KEY_ACCOUNT), value);
		rows_forget(a->c->rows);
	}
	rows_iter_free(&it);
	return ret;
}

/* ---- names */

static bool name_is(struct acct *a, uint32_t parent, struct bytes name, uint32_t id)
{
	uint32_t found;

	return node_find(a->c->rows, a->id, parent, name, &found) && found == id;
}

static int depth_ok(struct acct *a, const struct node_rec *node)
{
	struct node_rec up = *node;
	unsigned depth = 1;

	for (; up.parent != NO_PARENT; depth++)
		if (depth == DEPTH_MAX || !node_get(a->c->rows, a->id, up.parent, &a->c->mem, &up))
			return BAD(a, "name %u hangs nowhere or too deep", node->id);
	return 0;
}

static int one_node(struct acct *a, struct bytes key UNUSED, struct bytes value)
{
	struct mailbox_rec mb;
	struct node_rec node;

	node_decode(value, &node);
	a->names++;
	if (node.id >= a->n.next_mailbox || node.modseq > a->n.modseq)
		return BAD(a, "name %u has a number that was not given", node.id);
	if (!name_is(a, node.parent, node.name, node.id))
		return BAD(a, "name %u is not found by its name", node.id);
	if (node.parent != NO_PARENT)
		tally_add(a->c, &a->children, node.parent);
	tally_of(a->c, &a->children, node.id)->want = node.children;
	if (node.mailbox == 0 && node.children == 0)
		return BAD(a, "name %u is there for nothing", node.id);
	if (node.mailbox &&
	    (!mailbox_get(a->c->rows, a->id, node.mailbox, &mb) || mb.dying || mb.node != node.id))
		return BAD(a, "name %u has no mailbox", node.id);
	if (node.id == INBOX_NODE)
		a->inbox = node.mailbox;
	return depth_ok(a, &node);
}

static int children(struct acct *a)
{
	struct bytes key;
	size_t pos = 0;
	void *value;

	while (map_next(&a->children, &pos, &key, &value)) {
		const struct tally *t = value;

		if (t->want != t->got)
			return BAD(a, "a name's children are miscounted");
	}
	return 0;
}

static int names(struct acct *a)
{
	int ret = each(a, A_NODE, one_node);

	if (ret == 0)
		ret = children(a);
	if (ret)
		return ret;
	if (!a->inbox)
		return BAD(a, "there is no INBOX");
	if (a->names != a->n.names || count(a, A_NAME) != a->names)
		return BAD(a, "the names are miscounted");
	if (count(a, A_SUBSCRIBED) != a->n.subscriptions)
		return BAD(a, "the subscriptions are miscounted");
	return 0;
}

/* ---- placements */

static bool blank_there(struct acct *a, enum account_table table, const struct mailbox_rec *mb,
			const struct place *p)
{
	struct bytes value;
	struct key k;

	key_place(&k, a->id, table, mb->id, p->segment, p->offset);
	return rows_get(a->c->rows, key_bytes(&k), &value);
}

static bool change_there(struct acct *a, const struct mailbox_rec *mb, const struct place *p)
{
	uint64_t uid;
	struct key k;

	key_modseq(&k, a->id, A_CHANGE, mb->id, p->row.modseq);
	return number_get(a->c->rows, key_bytes(&k), &uid) && uid == p->row.uid;
}

static int email_ok(struct acct *a, const struct mailbox_rec *mb, const struct place *p)
{
	struct email_rec e;
	struct bytes value;
	struct key k;

	if (!email_get(a->c->rows, a->id, p->row.email, &a->c->mem, &e))
		return BAD(a, "message %u is of no email", p->row.uid);
	if (e.size != p->row.size || e.thread != p->row.thread || e.content != p->row.content)
		return BAD(a, "message %u differs from its email", p->row.uid);
	key_hold(&k, a->id, p->row.email, mb->id, p->segment, p->offset);
	if (!rows_get(a->c->rows, key_bytes(&k), &value))
		return BAD(a, "message %u is not known to its email", p->row.uid);
	return 0;
}

static int place_ok(struct acct *a, const struct mailbox_rec *mb, const struct place *p)
{
	bool unseen = !(p->row.flags & FLAG_SEEN), deleted = p->row.flags & FLAG_DELETED;

	a->places++;
	a->changes += !p->relative;
	a->unseen += unseen;
	a->deleted += deleted;
	if (!p->relative && !change_there(a, mb, p))
		return BAD(a, "message %u has no change row", p->row.uid);
	if (blank_there(a, A_UNSEEN, mb, p) != unseen ||
	    blank_there(a, A_DELETED, mb, p) != deleted)
		return BAD(a, "message %u is in the wrong index", p->row.uid);
	for (unsigned i = 0; i < p->row.n_keywords; i++)
		if (p->row.keywords[i] >= a->keywords)
			return BAD(a, "message %u has a keyword that does not exist", p->row.uid);
	return email_ok(a, mb, p);
}

static int visible_ok(struct acct *a, const struct mailbox_rec *mb, const struct place *p)
{
	if (p->row.uid >= mb->uid_next || p->row.modseq > mb->modseq || p->row.modseq == 0)
		return BAD(a, "message %u has a number that was not given", p->row.uid);
	return place_ok(a, mb, p);
}

static void know_segment(struct acct *a, uint32_t mailbox, uint32_t segment)
{
	struct key k;

	key_clear(&k);
	key_u32(&k, mailbox);
	key_u32(&k, segment);
	map_put(&a->segments, key_bytes(&k), a);
}

static int tombs_ok(struct acct *a, const struct mailbox_rec *mb)
{
	struct bytes key, value;
	struct rows_iter *it;
	struct tomb_rec tomb;
	struct place p;
	uint64_t modseq;
	size_t n = 0;
	int ret = 0;
	struct key k;

	key_account_u32(&k, a->id, A_TOMB, mb->id);
	it = rows_under(a->c->rows, key_bytes(&k), BYTES_NONE);
	for (; ret == 0 && rows_iter_next(it, &key, &value); n++) {
		key = bytes_skip(key, KEY_MAILBOX);
		INVARIANT(get_u64be(&key, &modseq));
		tomb_decode(value, &tomb);
		if (modseq > mb->modseq || modseq <= mb->trimmed || tomb.uid >= mb->uid_next ||
		    place_get(a->c->rows, a->id, mb, tomb.uid, &p))
			ret = BAD(a, "UID %u has a wrong tombstone", tomb.uid);
	}
	rows_iter_free(&it);
	a->tombs += n;
	return ret == 0 && n != mb->tombs ? BAD(a, "the tombstones are miscounted") : ret;
}

/* A mailbox's counters against its messages. */
static int messages_ok(struct acct *a, const struct mailbox_rec *mb)
{
	struct mailbox_rec sum = { .messages = 0 };
	struct uid_iter it;
	struct place p;
	int ret = 0;

	uid_iter_init(&it, a->c->rows, a->id, A_PLACE, mb, 1, UINT32_MAX);
	while (ret == 0 && place_next(&it, &p)) {
		ret = visible_ok(a, mb, &p);
		sum.messages++;
		sum.size += p.row.size;
		sum.unseen += !(p.row.flags & FLAG_SEEN);
		sum.deleted += (p.row.flags & FLAG_DELETED) != 0;
		rows_forget(a->c->rows);
	}
	uid_iter_release(&it);
	if (ret || mb->dying)
		return ret;
	a->bytes += sum.size;
	a->messages += sum.messages;
	if (sum.messages != mb->messages || sum.size != mb->size || sum.unseen != mb->unseen ||
	    sum.deleted != mb->deleted)
		return BAD(a, "mailbox %u: the counters are wrong", mb->id);
	return 0;
}

static int segments_ok(struct acct *a, const struct mailbox_rec *mb)
{
	uint64_t uid = 0, modseq = 0;

	know_segment(a, mb->id, 0);
	for (uint32_t i = 0; i < mb->n_segments; i++) {
		const struct segment *s = &mb->segments[i];

		know_segment(a, mb->id, s->id);
		if (s->from >= s->count || s->uid <= uid || s->modseq <= modseq ||
		    s->id >= mb->next_segment)
			return BAD(a, "mailbox %u: wrong segments", mb->id);
		uid = (uint64_t)s->uid + s->count - 1;
		modseq = s->modseq + s->count - 1;
	}
	if (uid >= mb->uid_next || modseq > mb->modseq)
		return BAD(a, "mailbox %u: segments of numbers not given", mb->id);
	return 0;
}

static int one_mailbox(struct acct *a, struct bytes key, struct bytes value)
{
	struct mailbox_rec mb;
	struct node_rec node;
	struct key k;
	int ret;

	(void)key;
	mailbox_decode(value, &mb);
	key_clear(&k);
	key_u64(&k, a->id);
	key_u32(&k, mb.id);
	if (mb.id >= a->n.next_mailbox || mb.modseq > a->n.modseq ||
	    mb.uid_validity > a->n.last_uid_validity || mb.trimmed > mb.modseq)
		return BAD(a, "mailbox %u has a number that was not given", mb.id);
	if (mb.dying && !check_timer(a->c, TIMER_MAILBOX, key_bytes(&k)))
		return BAD(a, "deleted mailbox %u has no timer", mb.id);
	if (mb.tombs && !mb.dying && !check_timer(a->c, TIMER_TOMBS, key_bytes(&k)))
		return BAD(a, "mailbox %u never trims its tombstones", mb.id);
	if (!mb.dying &&
	    (!node_get(a->c->rows, a->id, mb.node, &a->c->mem, &node) || node.mailbox != mb.id))
		return BAD(a, "mailbox %u has no name", mb.id);
	ret = segments_ok(a, &mb);
	if (ret == 0)
		ret = messages_ok(a, &mb);
	if (ret == 0 && !mb.dying)
		ret = tombs_ok(a, &mb);
	return ret;
}

/* ---- batches, emails */

static int hidden_ok(struct acct *a, const struct batch_rec *b)
{
	const struct segment s = { .id = b->segment, .count = b->count };
	struct mailbox_rec mb = { .id = b->to };
	struct bytes key, value;
	struct rows_iter *it;
	uint32_t offset;
	struct place p;
	struct key k;
	int ret = 0;

	know_segment(a, b->to, b->segment);
	key_place(&k, a->id, A_PLACE, b->to, b->segment, 0);
	k.n -= 4;
	it = rows_under(a->c->rows, key_bytes(&k), BYTES_NONE);
	while (ret == 0 && rows_iter_next(it, &key, &value)) {
		key = bytes_skip(key, KEY_MAILBOX + 4);
		INVARIANT(get_u32be(&key, &offset));
		place_decode(value, &s, offset, &p);
		a->bytes += p.row.size;
		a->messages++;
		ret = !p.relative || offset >= b->count ? BAD(a, "a batch holds strangers") :
							  place_ok(a, &mb, &p);
	}
	rows_iter_free(&it);
	return ret;
}

static int one_batch(struct acct *a, struct bytes key, struct bytes value)
{
	struct batch_rec b;
	struct key k;

	key_clear(&k);
	key_u64(&k, a->id);
	key_raw(&k, key);
	batch_decode(value, &b);
	if (!check_timer(a->c, TIMER_BATCH, key_bytes(&k)))
		return BAD(a, "a batch without a timer");
	return b.state == BATCH_DONE ? 0 : hidden_ok(a, &b);
}

static int one_email(struct acct *a, struct bytes key, struct bytes value)
{
	struct content_rec content;
	struct email_rec e;
	uint64_t id;
	struct key k;

	INVARIANT(get_u64be(&key, &id));
	email_decode(value, &e);
	tally_add(a->c, &a->c->contents, e.content);
	if (id >= a->n.next_email || e.thread > id || e.refs == 0)
		return BAD(a, "email %llu has a number that was not given", (unsigned long long)id);
	if (!content_get(a->c->rows, e.content, &content) || e.size != content.size + e.prefix.n)
		return BAD(a, "email %llu has no such content", (unsigned long long)id);
	key_account_u64(&k, a->id, A_HOLD, id);
	if (check_count(a->c, key_bytes(&k)) != e.refs)
		return BAD(a, "email %llu: placements miscounted", (unsigned long long)id);
	for (uint32_t i = 0; i < content.n_keys; i++)
		tally_add(a->c, &a->threads, content.keys[i]);
	return 0;
}

static int one_thread(struct acct *a, struct bytes key, struct bytes value)
{
	struct thread_rec rec;
	struct tally *t;
	uint64_t id;

	INVARIANT(get_u64be(&key, &id));
	thread_decode(value, &rec);
	t = map_get(&a->threads, MAP_KEY(id));
	if (!t || t->got != rec.refs)
		return BAD(a, "a thread key is miscounted");
	t->want = t->got;
	return 0;
}

static int threads_ok(struct acct *a)
{
	struct bytes key;
	size_t pos = 0;
	void *value;
	int ret = each(a, A_THREAD, one_thread);

	while (ret == 0 && map_next(&a->threads, &pos, &key, &value)) {
		const struct tally *t = value;

		if (t->want != t->got)
			ret = BAD(a, "a thread key is missing");
	}
	return ret;
}

/* Every placement lies in a segment that somebody knows. */
static int one_place(struct acct *a, struct bytes key, struct bytes value UNUSED)
{
	if (!map_get(&a->segments, bytes_head(key, 8)))
		return BAD(a, "a placement in a segment that nobody knows");
	return 0;
}

static int totals(struct acct *a)
{
	if (a->bytes != a->n.used_bytes || a->messages != a->n.used_messages)
		return BAD(a, "the account's usage is wrong: %llu bytes, not %llu",
			   (unsigned long long)a->bytes, (unsigned long long)a->n.used_bytes);
	if (count(a, A_PLACE) != a->places || count(a, A_HOLD) != a->places ||
	    count(a, A_CHANGE) != a->changes || count(a, A_UNSEEN) != a->unseen ||
	    count(a, A_DELETED) != a->deleted)
		return BAD(a, "there are rows that belong to no message");
	return 0;
}

static int check_living(struct acct *a)
{
	struct bytes *keywords = arena_array(&a->c->mem, struct bytes, KEYWORDS_MAX);
	int ret;

	a->keywords = keywords_read(a->c->rows, a->id, &a->c->mem, keywords);
	ret = names(a);
	if (ret == 0)
		ret = each(a, A_MAILBOX, one_mailbox);
	if (ret == 0)
		ret = each(a, A_BATCH, one_batch);
	if (ret == 0)
		ret = each(a, A_EMAIL, one_email);
	if (ret == 0)
		ret = threads_ok(a);
	if (ret == 0)
		ret = each(a, A_PLACE, one_place);
	return ret ? ret : totals(a);
}

static int one_dying_email(struct acct *a, struct bytes key UNUSED, struct bytes value)
{
	struct email_rec e;

	email_decode(value, &e);
	tally_add(a->c, &a->c->contents, e.content);
	return 0;
}

int check_account(struct check *c, uint64_t account, const struct info_rec *info)
{
	struct acct a = { .c = c, .id = account };
	struct key k;
	int ret;

	key_clear(&k);
	key_u64(&k, account);
	map_init(&a.segments);
	map_init(&a.threads);
	map_init(&a.children);
	if (info->dying && !check_timer(c, TIMER_ACCOUNT, key_bytes(&k)))
		ret = WRONG(c, "a deleted account has no timer");
	else if (info->dying)
		ret = each(&a, A_EMAIL, one_dying_email);
	else if (!counters_get(c->rows, account, &a.n))
		ret = WRONG(c, "an account without counters");
	else
		ret = check_living(&a);
	map_release(&a.segments);
	map_release(&a.threads);
	map_release(&a.children);
	if (ret)
		why_add(c->why, "account %llx", (unsigned long long)account);
	return ret;
}
