/* SPDX-License-Identifier: Apache-2.0 */
/* mailbox.c - mailboxes by name: listed, found, made, renamed, deleted, subscribed. */
#include "base/base.h"
#include "store/private.h"

static void take_mailbox(struct mailbox *box, const Tern__MailboxInfo *info)
{
	*box = (struct mailbox){
		.id = info->id,
		.path = bytes_str(info->path),
		.uid_validity = info->uid_validity,
		.uid_next = info->uid_next,
		.messages = info->messages,
		.unseen = info->unseen,
		.deleted = info->deleted,
		.special_use = info->special_use,
		.first_unseen_uid = info->first_unseen_uid,
		.highest_modseq = info->highest_modseq,
		.size = info->size,
		.subscribed = info->subscribed,
		.selectable = info->selectable,
		.has_children = info->has_children,
	};
}

struct box_list {
	struct mailbox *v;
	size_t n, cap;
};

static void box_list_add(struct box_list *l, struct arena *mem, const Tern__MailboxInfo *info)
{
	if (l->n == l->cap) {
		struct mailbox *more = arena_array(mem, struct mailbox, MAX(l->cap * 2, 32));

		if (l->n)
			memcpy(more, l->v, l->n * sizeof(*more));
		l->v = more;
		l->cap = MAX(l->cap * 2, 32);
	}
	take_mailbox(&l->v[l->n++], info);
}

CO int store_mailboxes(struct store_user *u, uint64_t account, struct arena *mem,
		       struct mailbox **boxes, size_t *n)
{
	struct box_list list = { 0 };
	const char *after = "";
	int ret = 0;

	do {
		Tern__Mailboxes ask = TERN__MAILBOXES__INIT;
		Tern__Query q = TERN__QUERY__INIT;
		Tern__Reply *reply;

		ask.account = account;
		ask.after = (char *)after;
		q.what_case = TERN__QUERY__WHAT_MAILBOXES;
		q.mailboxes = &ask;
		ret = store_query(u, ACCOUNT_SHARD(account), &q, mem, &reply, NULL);
		if (ret < 0 || !reply->mailboxes)
			break;
		for (size_t i = 0; i < reply->mailboxes->n_mailboxes; i++)
			box_list_add(&list, mem, reply->mailboxes->mailboxes[i]);
		after = reply->mailboxes->after;
	} while (after && *after);
	*boxes = list.v;
	*n = list.n;
	return ret;
}

CO int store_mailbox(struct store_user *u, uint64_t account, struct bytes path, struct arena *mem,
		     struct mailbox *box)
{
	Tern__Select ask = TERN__SELECT__INIT;
	Tern__Query q = TERN__QUERY__INIT;
	Tern__Reply *reply;
	int ret;

	ask.account = account;
	ask.path = pb_string(mem, path);
	q.what_case = TERN__QUERY__WHAT_SELECT;
	q.select = &ask;
	ret = store_query(u, ACCOUNT_SHARD(account), &q, mem, &reply, NULL);
	if (ret < 0)
		return ret;
	if (!reply->select || !reply->select->mailbox)
		return -ERR_CORRUPT;
	take_mailbox(box, reply->select->mailbox);
	return 0;
}

CO int store_select(struct store_user *u, uint64_t account, struct bytes path, uint32_t columns,
		    struct arena *mem, struct mailbox *info, struct store_box *box,
		    struct bytes *page, uint32_t *next_uid)
{
	Tern__Select ask = TERN__SELECT__INIT;
	Tern__Query q = TERN__QUERY__INIT;
	Tern__Reply *reply;
	int ret;

	memset(box, 0, sizeof(*box));
	ask.account = account;
	ask.path = pb_string(mem, path);
	ask.columns = columns;
	ask.max_bytes = KIB(256);
	q.what_case = TERN__QUERY__WHAT_SELECT;
	q.select = &ask;
	ret = store_query(u, ACCOUNT_SHARD(account), &q, mem, &reply, page);
	if (ret < 0)
		return ret;
	if (!reply->select || !reply->select->mailbox)
		return -ERR_CORRUPT;
	take_mailbox(info, reply->select->mailbox);
	*next_uid = reply->select->next_uid;
	box->account = account;
	box->id = info->id;
	box->uid_validity = info->uid_validity;
	store_box_learn(box, 0, reply->select->keywords, reply->select->n_keywords);
	return 0;
}

/* Most changes to mailboxes answer with a status alone. */
CO static int mailbox_op(struct store_user *u, uint64_t account, Tern__Op *op, bool grows,
			 uint32_t *id)
{
	struct arena mem;
	Tern__Result *result;
	int ret;

	arena_init(&mem, 0);
	ret = store_op(u, ACCOUNT_SHARD(account), op, grows, &mem, &result);
	if (ret == 0 && id)
		*id = result->mailbox;
	arena_release(&mem);
	return ret;
}

CO int store_mailbox_create(struct store_user *u, uint64_t account, struct bytes path,
			    uint32_t special_use, uint32_t *id)
{
	Tern__MailboxCreate create = TERN__MAILBOX_CREATE__INIT;
	Tern__Op op = TERN__OP__INIT;
	struct arena mem;
	int ret;

	arena_init(&mem, 0);
	create.account = account;
	create.path = pb_string(&mem, path);
	create.special_use = special_use;
	op.what_case = TERN__OP__WHAT_MAILBOX_CREATE;
	op.mailbox_create = &create;
	ret = mailbox_op(u, account, &op, true, id);
	arena_release(&mem);
	return ret;
}

CO int store_mailbox_delete(struct store_user *u, uint64_t account, uint32_t id)
{
	Tern__MailboxDelete del = TERN__MAILBOX_DELETE__INIT;
	Tern__Op op = TERN__OP__INIT;

	del.account = account;
	del.mailbox = id;
	op.what_case = TERN__OP__WHAT_MAILBOX_DELETE;
	op.mailbox_delete = &del;
	return mailbox_op(u, account, &op, false, NULL);
}

CO int store_mailbox_rename(struct store_user *u, uint64_t account, struct bytes from,
			    struct bytes to)
{
	Tern__MailboxRename rename = TERN__MAILBOX_RENAME__INIT;
	Tern__Op op = TERN__OP__INIT;
	struct arena mem;
	int ret;

	arena_init(&mem, 0);
	rename.account = account;
	rename.from = pb_string(&mem, from);
	rename.to = pb_string(&mem, to);
	op.what_case = TERN__OP__WHAT_MAILBOX_RENAME;
	op.mailbox_rename = &rename;
	ret = mailbox_op(u, account, &op, false, NULL);
	arena_release(&mem);
	return ret;
}

CO int store_subscribe(struct store_user *u, uint64_t account, struct bytes path, bool on)
{
	Tern__Subscribe subscribe = TERN__SUBSCRIBE__INIT;
	Tern__Op op = TERN__OP__INIT;
	struct arena mem;
	int ret;

	arena_init(&mem, 0);
	subscribe.account = account;
	subscribe.path = pb_string(&mem, path);
	subscribe.on = on;
	op.what_case = TERN__OP__WHAT_SUBSCRIBE;
	op.subscribe = &subscribe;
	ret = mailbox_op(u, account, &op, false, NULL);
	arena_release(&mem);
	return ret;
}
