/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_user.c - user add, list, show, delete, passwd, quota, disable, enable. */
#include "router/ctl/ctl.h"
#include "router/ctl/listing.h"

#include "model/address.h"
#include "model/flags.h"
#include "model/ids.h"

static int parse_quota(const char *option, const char *text, uint64_t *bytes, struct why *why)
{
	*bytes = 0;
	if (!text || strcmp(text, "none") == 0 || conf_parse_size(bytes_str(text), bytes))
		return 0;
	return why_set(why, ERR_INVALID, "%s %s: give a size such as 500M or 2G, or none", option,
		       text);
}

static int parse_count(const char *option, const char *text, uint64_t *n, struct why *why)
{
	*n = 0;
	if (!text || strcmp(text, "none") == 0 || bytes_u64(bytes_str(text), UINT32_MAX, n))
		return 0;
	return why_set(why, ERR_INVALID, "%s %s: give a number, or none", option, text);
}

static int new_hash(struct ctl *ctl, const struct args *a, const char **hash, struct why *why)
{
	const char *password;
	int ret = password_get(a, ctl, &password, why);

	if (ret == 0)
		ret = password_hash(password, args_option(a, "hash"), args_option(a, "cost"),
				    &ctl->mem, hash, why);
	return ret;
}

/* ---- add --------------------------------------------------------------------------------------- */

static const struct {
	char *path;
	uint32_t use;
} first_mailboxes[] = {
	{ "Drafts", USE_DRAFTS },
	{ "Sent", USE_SENT },
	{ "Junk", USE_JUNK },
	{ "Trash", USE_TRASH },
};

static int check_domain(struct ctl *ctl, struct bytes address, Tern__DomainSet **d, struct why *why)
{
	struct bytes name = address_domain(address);
	int ret = ctl_domain_get(ctl, name, d, why);

	if (ret < 0)
		return ret;
	if (!*d)
		return why_set(why, ERR_NOTFOUND,
			       "no domain %.*s here; `ternctl domain add %.*s` makes it",
			       BYTES_ARG(name), BYTES_ARG(name));
	if ((*d)->alias_of[0])
		return why_set(why, ERR_CANNOT, "%.*s is an alias of %s; add the user there",
			       BYTES_ARG(name), (*d)->alias_of);
	return 0;
}

static int create(struct ctl *ctl, struct bytes address, Tern__AccountCreate *c, struct why *why)
{
	Tern__MailboxCreate boxes[ARRAY_LEN(first_mailboxes)], *list[ARRAY_LEN(first_mailboxes)];
	Tern__Op op = TERN__OP__INIT;
	Tern__Result *result;

	for (size_t i = 0; i < ARRAY_LEN(first_mailboxes); i++) {
		tern__mailbox_create__init(&boxes[i]);
		boxes[i].path = first_mailboxes[i].path;
		boxes[i].special_use = first_mailboxes[i].use;
		boxes[i].subscribe = true;
		list[i] = &boxes[i];
	}
	c->n_mailboxes = ARRAY_LEN(list);
	c->mailboxes = list;
	op.what_case = TERN__OP__WHAT_ACCOUNT_CREATE;
	op.account_create = c;
	return ctl_op(ctl, router_address_shard(ctl->router, address), &op, true, &result, why);
}

static int plan(struct ctl *ctl, const struct args *a, struct bytes *address, Tern__DomainSet **d,
		Tern__AccountCreate *c, struct why *why)
{
	const char *hash;
	int ret = ctl_address(ctl, a->words[0], address, why);

	if (ret == 0)
		ret = parse_quota("--quota", args_option(a, "quota"), &c->quota_bytes, why);
	if (ret == 0)
		ret = parse_count("--quota-messages", args_option(a, "quota-messages"),
				  &c->quota_messages, why);
	if (ret == 0)
		ret = check_domain(ctl, *address, d, why);
	if (ret == 0)
		ret = new_hash(ctl, a, &hash, why);
	if (ret == 0) {
		c->address = bytes_cstr(&ctl->mem, *address);
		c->password = (char *)hash;
	}
	return ret;
}

int run_user_add(struct ctl *ctl, const struct args *a)
{
	Tern__AccountCreate c = TERN__ACCOUNT_CREATE__INIT;
	Tern__DomainSet *d;
	struct bytes address;
	struct why why;
	int ret = plan(ctl, a, &address, &d, &c, &why);

	if (ret == 0)
		ret = create(ctl, address, &c, &why);
	if (ret == -ERR_EXISTS)
		return ctl_fail(ret, "%s: there is such a user or alias already", c.address);
	if (ret < 0)
		return ctl_fail(ret, "%s: %s", a->words[0], why.text);
	if (!d->postmaster[0]) {
		ret = domain_set_postmaster(ctl, d, address, &why);
		if (ret < 0)
			return ctl_fail(ret, "%s was added, but could not be made postmaster: %s",
					c.address, why.text);
		if (!ctl->json)
			printf("%s is the postmaster of %s\n", c.address, d->name);
	}
	return EXIT_OK;
}

/* ---- list, show -------------------------------------------------------------------------------- */

static void quota_cell(struct table *t, const struct ctl *ctl, uint64_t bytes)
{
	if (bytes || ctl->json)
		table_size(t, bytes);
	else
		table_text(t, "none");
}

int run_user_list(struct ctl *ctl, const struct args *a)
{
	struct table *t = table_new("users", ctl->json);
	const char *domain = NULL;
	struct listing l = { .n = 0 };
	struct bytes name;
	struct why why;
	int ret = a->n ? ctl_domain(ctl, a->words[0], &name, &why) : 0;

	if (ret == 0 && a->n)
		domain = bytes_cstr(&ctl->mem, name);
	if (ret == 0)
		ret = listing_get(ctl, TERN__LIST_WHAT__LIST_USERS, domain, &l, &why);
	table_column(t, "address", TABLE_TEXT);
	table_column(t, "messages", TABLE_NUMBER);
	table_column(t, "used", TABLE_NUMBER);
	table_column(t, "quota", TABLE_NUMBER);
	table_column(t, "disabled", TABLE_BOOL);
	for (size_t i = 0; ret == 0 && i < l.n; i++) {
		const Tern__ListedAccount *u = l.v[i];

		table_row(t);
		table_text(t, "%s", u->address);
		table_number(t, u->messages);
		table_size(t, u->used_bytes);
		quota_cell(t, ctl, u->quota_bytes);
		table_bool(t, u->disabled);
	}
	table_print(&t, stdout);
	return ret == 0 ? EXIT_OK : ctl_fail(ret, "%s", why.text);
}

static int account_get(struct ctl *ctl, uint64_t account, Tern__AccountReply **r, struct why *why)
{
	Tern__Query q = TERN__QUERY__INIT;
	Tern__AccountGet get = TERN__ACCOUNT_GET__INIT;
	Tern__Reply *reply;
	int ret;

	get.account = account;
	q.what_case = TERN__QUERY__WHAT_ACCOUNT;
	q.account = &get;
	ret = ctl_query(ctl, ACCOUNT_SHARD(account), &q, &reply, why);
	if (ret == 0 && reply->what_case != TERN__REPLY__WHAT_ACCOUNT)
		ret = why_set(why, ERR_CORRUPT, "the answer is malformed");
	if (ret == 0)
		*r = reply->account;
	return ret;
}

static void print_account(struct ctl *ctl, const Tern__AccountReply *r)
{
	struct table *t = table_new("user", ctl->json);

	table_column(t, "address", TABLE_TEXT);
	table_column(t, "account", TABLE_TEXT);
	table_column(t, "shard", TABLE_NUMBER);
	table_column(t, "messages", TABLE_NUMBER);
	table_column(t, "used", TABLE_NUMBER);
	table_column(t, "quota", TABLE_NUMBER);
	table_column(t, "quota_messages", TABLE_NUMBER);
	table_column(t, "mailboxes", TABLE_NUMBER);
	table_column(t, "disabled", TABLE_BOOL);
	table_row(t);
	table_text(t, "%s", r->address);
	table_text(t, "%016llx", (unsigned long long)r->account);
	table_number(t, ACCOUNT_SHARD(r->account));
	table_number(t, r->used_messages);
	table_size(t, r->used_bytes);
	quota_cell(t, ctl, r->quota_bytes);
	if (r->quota_messages || ctl->json)
		table_number(t, r->quota_messages);
	else
		table_text(t, "none");
	table_number(t, r->mailboxes);
	table_bool(t, r->disabled);
	table_print_record(&t, stdout);
}

static int find(struct ctl *ctl, const struct args *a, struct bytes *address,
		Tern__CredentialReply **c, struct why *why)
{
	int ret = ctl_address(ctl, a->words[0], address, why);

	return ret == 0 ? ctl_account(ctl, *address, c, why) : ret;
}

int run_user_show(struct ctl *ctl, const struct args *a)
{
	Tern__CredentialReply *c;
	Tern__AccountReply *r;
	struct bytes address;
	struct why why;
	int ret = find(ctl, a, &address, &c, &why);

	if (ret == 0)
		ret = account_get(ctl, c->account, &r, &why);
	if (ret < 0)
		return ctl_fail(ret, "%s", why.text);
	print_account(ctl, r);
	return EXIT_OK;
}

/* ---- changes ----------------------------------------------------------------------------------- */

int run_user_delete(struct ctl *ctl, const struct args *a)
{
	Tern__AccountDelete del = TERN__ACCOUNT_DELETE__INIT;
	Tern__Op op = TERN__OP__INIT;
	Tern__CredentialReply *c;
	Tern__Result *result;
	struct bytes address;
	struct why why;
	int ret = find(ctl, a, &address, &c, &why);

	if (ret == 0 && !ctl_confirm(a, "Delete %s with all mail?", c->address))
		return EXIT_REFUSED;
	if (ret == 0) {
		del.address = c->address;
		op.what_case = TERN__OP__WHAT_ACCOUNT_DELETE;
		op.account_delete = &del;
		ret = ctl_op(ctl, router_address_shard(ctl->router, address), &op, false, &result,
			     &why);
	}
	return ret == 0 ? EXIT_OK : ctl_fail(ret, "%s", why.text);
}

static int account_set(struct ctl *ctl, const struct args *a, Tern__AccountSet *set)
{
	Tern__Op op = TERN__OP__INIT;
	Tern__CredentialReply *c;
	Tern__Result *result;
	struct bytes address;
	struct why why;
	int ret = find(ctl, a, &address, &c, &why);

	if (ret == 0) {
		set->account = c->account;
		op.what_case = TERN__OP__WHAT_ACCOUNT_SET;
		op.account_set = set;
		ret = ctl_op(ctl, ACCOUNT_SHARD(c->account), &op, false, &result, &why);
	}
	return ret == 0 ? EXIT_OK : ctl_fail(ret, "%s", why.text);
}

int run_user_passwd(struct ctl *ctl, const struct args *a)
{
	Tern__AccountSet set = TERN__ACCOUNT_SET__INIT;
	const char *hash;
	struct why why;
	int ret = new_hash(ctl, a, &hash, &why);

	if (ret < 0)
		return ctl_fail(ret, "%s", why.text);
	set.has_password = true;
	set.password = (char *)hash;
	return account_set(ctl, a, &set);
}

int run_user_quota(struct ctl *ctl, const struct args *a)
{
	Tern__AccountSet set = TERN__ACCOUNT_SET__INIT;
	struct why why;
	int ret = parse_quota("SIZE", a->words[1], &set.quota_bytes, &why);

	if (ret == 0)
		ret = parse_count("--messages", args_option(a, "messages"), &set.quota_messages,
				  &why);
	if (ret < 0)
		return ctl_fail(ret, "%s", why.text);
	set.has_quota = true;
	return account_set(ctl, a, &set);
}

static int set_disabled(struct ctl *ctl, const struct args *a, bool disabled)
{
	Tern__AccountSet set = TERN__ACCOUNT_SET__INIT;

	set.has_disabled = true;
	set.disabled = disabled;
	return account_set(ctl, a, &set);
}

int run_user_disable(struct ctl *ctl, const struct args *a)
{
	return set_disabled(ctl, a, true);
}

int run_user_enable(struct ctl *ctl, const struct args *a)
{
	return set_disabled(ctl, a, false);
}
