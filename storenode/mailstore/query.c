/* SPDX-License-Identifier: Apache-2.0 */
#include "mailstore/query_private.h"

#include "mailstore/keyword.h"

static const struct {
	Tern__Query__WhatCase what;
	ask_fn *ask;
} kinds[] = {
	{ TERN__QUERY__WHAT_RESOLVE, ask_resolve },
	{ TERN__QUERY__WHAT_CREDENTIAL, ask_credential },
	{ TERN__QUERY__WHAT_DOMAIN, ask_domain },
	{ TERN__QUERY__WHAT_ACCOUNT, ask_account },
	{ TERN__QUERY__WHAT_MAILBOXES, ask_mailboxes },
	{ TERN__QUERY__WHAT_SELECT, ask_select },
	{ TERN__QUERY__WHAT_ROWS, ask_rows },
	{ TERN__QUERY__WHAT_CHANGES, ask_changes },
	{ TERN__QUERY__WHAT_PENDING, ask_pending },
	{ TERN__QUERY__WHAT_LISTING, ask_listing },
	{ TERN__QUERY__WHAT_MAP, ask_map },
	{ TERN__QUERY__WHAT_EMAIL, ask_email },
	{ TERN__QUERY__WHAT_REPLICAS, ask_replicas },
};

static int dispatch(struct ask *a, const Tern__Query *q)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (kinds[i].what == q->what_case)
			return kinds[i].ask(a, q);
	return DENY(a, ERR_INVALID, "not a query about rows");
}

Tern__Reply *mailstore_query(struct rows *view, const Tern__Query *q, struct arena *mem,
			     struct msg *out)
{
	struct ask a = { .rows = view, .mem = mem, .out = out };
	int ret;

	a.reply = ASK_NEW(&a, reply);
	ret = dispatch(&a, q);
	if (ret == 0 && rows_error(view))
		ret = DENY(&a, ERR_IO, "the rows cannot be read");
	if (ret == 0)
		return a.reply;
	msg_release(out);
	a.reply = ASK_NEW(&a, reply);
	a.reply->status = (uint32_t)-ret;
	a.reply->why = ask_text(&a, bytes_str(a.why.text));
	return a.reply;
}

bool mailstore_reply_negative(const Tern__Reply *r)
{
	if (r->status)
		return r->status == ERR_NOTFOUND;
	switch (r->what_case) {
	case TERN__REPLY__WHAT_RESOLVE: return !r->resolve->found;
	case TERN__REPLY__WHAT_CREDENTIAL: return !r->credential->found;
	case TERN__REPLY__WHAT_MAILBOXES: return !*r->mailboxes->after;
	case TERN__REPLY__WHAT_SELECT: return r->select->mailbox->messages == 0;
	case TERN__REPLY__WHAT_ROWS: return r->rows->next_uid == 0;
	case TERN__REPLY__WHAT_CHANGES: return !r->changes->more;
	case TERN__REPLY__WHAT_PENDING: return r->pending->n_pending == 0;
	case TERN__REPLY__WHAT_LISTING: return !*r->listing->after;
	default: return false;
	}
}

/* ---- help for all kinds */

void *ask_new(struct ask *a, const ProtobufCMessageDescriptor *d)
{
	void *m = arena_alloc(a->mem, d->sizeof_message);

	protobuf_c_message_init(d, m);
	return m;
}

char *ask_text(struct ask *a, struct bytes b)
{
	return bytes_cstr(a->mem, b);
}

int ask_want_account(struct ask *a, uint64_t id, struct info_rec *info)
{
	if (!info_get(a->rows, id, a->mem, info) || info->dying)
		return DENY(a, ERR_NOTFOUND, "no such account");
	return 0;
}

int ask_want_mailbox(struct ask *a, uint64_t account, uint32_t mailbox, uint32_t uid_validity,
		     struct mailbox_rec *mb)
{
	struct info_rec info;
	int ret = ask_want_account(a, account, &info);

	if (ret)
		return ret;
	if (!mailbox_get(a->rows, account, mailbox, mb) || mb->dying)
		return DENY(a, ERR_NOTFOUND, "no such mailbox");
	if (uid_validity && uid_validity != mb->uid_validity)
		return DENY(a, ERR_NOTFOUND, "the mailbox has another UIDVALIDITY");
	return 0;
}

char **ask_keywords(struct ask *a, uint64_t account, uint32_t known, size_t *n)
{
	struct bytes names[KEYWORDS_MAX];
	size_t all = keywords_read(a->rows, account, a->mem, names);
	char **v;

	*n = known < all ? all - known : 0;
	v = arena_array(a->mem, char *, *n);
	for (size_t i = 0; i < *n; i++)
		v[i] = ask_text(a, names[known + i]);
	return v;
}
