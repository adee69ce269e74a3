/* SPDX-License-Identifier: Apache-2.0 */
/* test_names.c - the tree of mailbox names. */
#include "store.h"

static struct store s;
static uint64_t ann;

static void begin(void)
{
	store_init(&s, 3);
	store_hello(&s);
	ann = store_account(&s, "ann@example.org", 0);
}

static void end(void)
{
	store_release(&s);
}

static uint32_t create(const char *path)
{
	Tern__Op *op = OP_NEW(&s, mailbox_create, MAILBOX_CREATE, mailbox_create);

	op->mailbox_create->account = ann;
	op->mailbox_create->path = store_text(&s, path);
	return store_do(&s, op, BYTES_NONE)->status;
}

static uint32_t rename_to(const char *from, const char *to)
{
	Tern__Op *op = OP_NEW(&s, mailbox_rename, MAILBOX_RENAME, mailbox_rename);

	op->mailbox_rename->account = ann;
	op->mailbox_rename->from = store_text(&s, from);
	op->mailbox_rename->to = store_text(&s, to);
	return store_do(&s, op, BYTES_NONE)->status;
}

static uint32_t subscribe(const char *path, bool on)
{
	Tern__Op *op = OP_NEW(&s, subscribe, SUBSCRIBE, subscribe);

	op->subscribe->account = ann;
	op->subscribe->path = store_text(&s, path);
	op->subscribe->on = on;
	return store_do(&s, op, BYTES_NONE)->status;
}

static uint32_t delete_id(uint32_t id)
{
	Tern__Op *op = OP_NEW(&s, mailbox_delete, MAILBOX_DELETE, mailbox_delete);

	op->mailbox_delete->account = ann;
	op->mailbox_delete->mailbox = id;
	return store_do(&s, op, BYTES_NONE)->status;
}

static Tern__MailboxesReply *list_after(const char *after)
{
	Tern__Query q = TERN__QUERY__INIT;
	Tern__Mailboxes m = TERN__MAILBOXES__INIT;
	Tern__Reply *r;

	q.what_case = TERN__QUERY__WHAT_MAILBOXES;
	q.mailboxes = &m;
	m.account = ann;
	m.after = (char *)(uintptr_t)after;
	r = store_ask(&s, &q, NULL);
	CHECK_INT(r->status, ERR_OK);
	return r->mailboxes;
}

/* "a*(s+)": * subscribed, ( \Noselect, + has children, ? no mailbox at all */
static const char *list(void)
{
	Tern__MailboxesReply *r = list_after("");
	const char *text;
	struct buf b;

	buf_init(&b, 0);
	for (size_t i = 0; i < r->n_mailboxes; i++) {
		const Tern__MailboxInfo *m = r->mailboxes[i];

		buf_printf(&b, "%s%s%s%s%s%s", i ? " " : "", m->path, m->subscribed ? "*" : "",
			   m->id && !m->selectable ? "(" : "", m->has_children ? "+" : "",
			   m->id ? "" : "?");
	}
	text = bytes_cstr(&s.mem, buf_bytes(&b));
	buf_release(&b);
	return text;
}

static uint32_t id_of(const char *path)
{
	Tern__MailboxesReply *r = list_after("");

	for (size_t i = 0; i < r->n_mailboxes; i++)
		if (strcmp(r->mailboxes[i]->path, path) == 0)
			return r->mailboxes[i]->id;
	return 0;
}

static uint32_t delete (const char *path)
{
	return delete_id(id_of(path));
}

TEST(names, parents_are_made_and_listed_before_children)
{
	begin();
	CHECK_INT(create("b/x/y"), ERR_OK);
	CHECK_INT(create("b-"), ERR_OK);
	CHECK_INT(create("a"), ERR_OK);
	CHECK_INT(create("inBox/z"), ERR_OK);
	CHECK_STR(list(), "INBOX+ INBOX/z a b+ b/x+ b/x/y b-");
	CHECK_INT(create("b/x"), ERR_EXISTS);
	CHECK_INT(create("INBOX"), ERR_EXISTS);
	CHECK_INT(create("INBOX/z"), ERR_EXISTS);
	CHECK_INT(create("inbox/Z"), ERR_OK); /* only INBOX has no case */
	end();
}

static const struct {
	const char *path;
	uint32_t status;
} bad[] = {
	{ "", ERR_INVALID },
	{ "/", ERR_INVALID },
	{ "a//b", ERR_INVALID },
	{ "/a", ERR_INVALID },
	{ "a/", ERR_INVALID },
	{ "a\x01", ERR_INVALID },
	{ "a\x7f", ERR_INVALID },
	{ "a\xc2\x85", ERR_INVALID },
	{ "\xe2\x80\xa8", ERR_INVALID },
	{ "a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a", ERR_LIMIT },
	{ "\xf0\x9f\x90\xa6 \xc3\xa9 & ~ * % \\ \"", ERR_OK },
};

TEST(names, what_is_no_name)
{
	char many[300];

	begin();
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		CHECK_INT(create(bad[i].path), bad[i].status);
	memset(many, 'x', sizeof(many));
	many[256] = 0;
	CHECK_INT(create(many), ERR_LIMIT);
	many[255] = 0;
	CHECK_INT(create(many), ERR_OK);
	end();
}

TEST(names, rename_is_one_row_for_a_tree)
{
	begin();
	create("a/b/c");
	create("z");
	CHECK_INT(rename_to("a", "z/q"), ERR_OK);
	CHECK_STR(list(), "INBOX z+ z/q+ z/q/b+ z/q/b/c");
	CHECK_INT(rename_to("z/q", "z/q/b/d"), ERR_CANNOT);
	CHECK_INT(rename_to("z", "z"), ERR_EXISTS);
	CHECK_INT(rename_to("nobody", "x"), ERR_NOTFOUND);
	CHECK_INT(rename_to("z/q", "inbox"), ERR_EXISTS);
	CHECK_INT(rename_to("z/q", "new/p/q"), ERR_OK);
	CHECK_STR(list(), "INBOX new+ new/p+ new/p/q+ new/p/q/b+ new/p/q/b/c z");
	CHECK_INT(rename_to("new/p/q/b", "top"), ERR_OK);
	CHECK_INT(rename_to("top", "INBOX/top"), ERR_OK);
	CHECK_STR(list(), "INBOX+ INBOX/top+ INBOX/top/c new+ new/p+ new/p/q z");
	end();
}

TEST(names, rename_minds_depth_and_length_below)
{
	char path[300];

	begin();
	create("d/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16");
	create("e/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15");
	CHECK_INT(rename_to("d", "e/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/d"), ERR_LIMIT);
	CHECK_INT(rename_to("d/1", "e/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/d"), ERR_OK);
	create("f/12345678901234567890");
	memset(path, 'y', sizeof(path));
	path[235] = 0;
	CHECK_INT(rename_to("f", path), ERR_LIMIT);
	path[234] = 0;
	CHECK_INT(rename_to("f", path), ERR_OK);
	end();
}

TEST(names, rename_of_inbox_leaves_a_fresh_one)
{
	Tern__MailboxInfo *old, *now, *moved;

	begin();
	create("INBOX/kept");
	store_append(&s, ann, 1, 10, "F");
	old = store_select(&s, ann, "INBOX");
	CHECK_INT(rename_to("INBOX", "old/mail"), ERR_OK);
	now = store_select(&s, ann, "INBOX");
	moved = store_select(&s, ann, "old/mail");
	CHECK_STR(list(), "INBOX+ INBOX/kept old+ old/mail");
	CHECK_INT(moved->id, old->id);
	CHECK_INT(moved->uid_validity, old->uid_validity);
	CHECK_INT(moved->messages, 1);
	CHECK(now->uid_validity > old->uid_validity);
	CHECK_INT(now->messages, 0);
	CHECK_INT(now->uid_next, 1);
	store_deliver(&s, 1, &ann, 1, 5);
	CHECK_INT(store_select(&s, ann, "INBOX")->messages, 1);
	CHECK_INT(delete ("INBOX"), ERR_CANNOT);
	CHECK_INT(delete ("old/mail"), ERR_OK);
	end();
}

TEST(names, delete_leaves_noselect_above_children)
{
	uint32_t validity, id;

	begin();
	create("a/b");
	id = id_of("a");
	validity = store_select(&s, ann, "a")->uid_validity;
	store_append(&s, ann, id, 10, "");
	CHECK_INT(delete ("a"), ERR_OK);
	CHECK_STR(list(), "INBOX a(+ a/b");
	assert_null(store_select(&s, ann, "a"));
	CHECK_INT(delete ("a"), ERR_CANNOT);
	CHECK_INT(store_account_get(&s, ann)->used_messages, 0);
	CHECK_INT(create("a"), ERR_OK);
	CHECK(store_select(&s, ann, "a")->uid_validity > validity);
	CHECK(id_of("a") != id);
	CHECK_INT(store_select(&s, ann, "a")->messages, 0);
	CHECK_INT(delete ("a"), ERR_OK);
	CHECK_INT(delete ("a/b"), ERR_OK); /* takes the empty name above along */
	CHECK_STR(list(), "INBOX");
	store_pass(&s, SECONDS(1));
	CHECK_INT(store_account_get(&s, ann)->mailboxes, 1);
	CHECK_INT(delete_id(id), ERR_NOTFOUND);
	end();
}

/* A name that only held the moved one up goes with it. */
TEST(names, rename_out_of_a_noselect)
{
	begin();
	create("a/b/c");
	delete ("a/b");
	delete ("a");
	CHECK_STR(list(), "INBOX a(+ a/b(+ a/b/c");
	CHECK_INT(rename_to("a/b/c", "a/x"), ERR_OK);
	CHECK_STR(list(), "INBOX a(+ a/x");
	CHECK_INT(rename_to("a/x", "c"), ERR_OK);
	CHECK_STR(list(), "INBOX c");
	end();
}

TEST(names, subscriptions)
{
	begin();
	create("a/b");
	CHECK_INT(subscribe("a/b", true), ERR_OK);
	CHECK_INT(subscribe("nowhere/x", true), ERR_OK);
	CHECK_INT(subscribe("a-b", true), ERR_OK);
	CHECK_STR(list(), "INBOX a+ a/b* a-b*? nowhere/x*?");
	CHECK_INT(rename_to("a", "z"), ERR_OK); /* follows the mailbox */
	CHECK_STR(list(), "INBOX a-b*? nowhere/x*? z+ z/b*");
	CHECK_INT(delete ("z/b"), ERR_OK); /* outlives it */
	CHECK_STR(list(), "INBOX a-b*? nowhere/x*? z z/b*?");
	CHECK_INT(create("z/b"), ERR_OK); /* and is there again */
	CHECK_STR(list(), "INBOX a-b*? nowhere/x*? z+ z/b*");
	CHECK_INT(rename_to("z", "nowhere"), ERR_OK);
	CHECK_STR(list(), "INBOX a-b*? nowhere+ nowhere/b* nowhere/x*?");
	CHECK_INT(rename_to("nowhere/b", "nowhere/x"), ERR_OK);
	CHECK_STR(list(), "INBOX a-b*? nowhere+ nowhere/x*");
	CHECK_INT(subscribe("nowhere/x", false), ERR_OK);
	CHECK_INT(subscribe("a-b", false), ERR_OK);
	CHECK_INT(subscribe("a-b", false), ERR_OK);
	CHECK_STR(list(), "INBOX nowhere+ nowhere/x");
	end();
}

/* A tree renamed over a subscription to a name that did not exist below it. */
TEST(names, subscription_row_meets_a_renamed_tree)
{
	begin();
	create("t/u");
	subscribe("w/u", true);
	CHECK_INT(rename_to("t", "w"), ERR_OK);
	CHECK_STR(list(), "INBOX w+ w/u*");
	CHECK(store_select(&s, ann, "w/u")->subscribed);
	CHECK_INT(subscribe("w/u", false), ERR_OK);
	CHECK_STR(list(), "INBOX w+ w/u");
	end();
}

TEST(names, long_lists_come_in_pages)
{
	Tern__MailboxesReply *r;
	char path[32], last[64] = "";
	size_t n = 0;

	begin();
	s.checked = false;
	for (int i = 0; i < 1300; i++) {
		snprintf(path, sizeof(path), "%c/%d", 'a' + i % 7, i);
		if (i % 5)
			create(path);
		else
			subscribe(path, true);
		store_clear(&s);
	}
	store_check(&s);
	do {
		r = list_after(last);
		for (size_t i = 0; i < r->n_mailboxes; i++, n++)
			if (n)
				CHECK(strcmp(r->mailboxes[i]->path, last) > 0);
			else
				snprintf(last, sizeof(last), "%s", r->mailboxes[i]->path);
		snprintf(last, sizeof(last), "%s", r->after);
	} while (*r->after);
	CHECK_INT(n, 1300 + 1 + 7);
	end();
}

TEST(names, special_use)
{
	Tern__Op *op;

	begin();
	op = OP_NEW(&s, mailbox_create, MAILBOX_CREATE, mailbox_create);
	op->mailbox_create->account = ann;
	op->mailbox_create->path = store_text(&s, "Sent");
	op->mailbox_create->special_use = USE_SENT;
	op->mailbox_create->subscribe = true;
	CHECK_INT(store_do(&s, op, BYTES_NONE)->status, ERR_OK);
	CHECK_INT(store_select(&s, ann, "Sent")->special_use, USE_SENT);
	CHECK(store_select(&s, ann, "Sent")->subscribed);
	op->mailbox_create->special_use = 1u << 20;
	CHECK_INT(store_do(&s, op, BYTES_NONE)->status, ERR_INVALID);
	end();
}

TEST(names, uid_validity_grows_whatever_the_clock_says)
{
	uint32_t first, second, third;

	begin();
	create("a");
	first = store_select(&s, ann, "a")->uid_validity;
	delete ("a");
	s.wall_ms -= DAYS(4000);
	create("a");
	second = store_select(&s, ann, "a")->uid_validity;
	CHECK_INT(second, first + 1);
	s.wall_ms += DAYS(5000);
	create("b");
	third = store_select(&s, ann, "b")->uid_validity;
	CHECK_INT(third, s.wall_ms / 1000);
	s.wall_ms = UINT64_MAX;
	create("c");
	create("d");
	CHECK_INT(store_select(&s, ann, "d")->uid_validity, 0xf0000001);
	end();
}
