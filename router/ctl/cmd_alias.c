/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_alias.c - alias add, list, show, delete. */
#include "router/ctl/ctl.h"
#include "router/ctl/listing.h"

#include "model/address.h"

#define TARGETS_MAX 1000

static int resolve(struct ctl *ctl, struct bytes address, Tern__ResolveReply **r, struct why *why)
{
	Tern__Query q = TERN__QUERY__INIT;
	Tern__Resolve get = TERN__RESOLVE__INIT;
	Tern__Reply *reply;
	int ret;

	get.address = bytes_cstr(&ctl->mem, address);
	q.what_case = TERN__QUERY__WHAT_RESOLVE;
	q.resolve = &get;
	ret = ctl_query(ctl, router_address_shard(ctl->router, address), &q, &reply, why);
	if (ret == 0 && (reply->what_case != TERN__REPLY__WHAT_RESOLVE || !reply->resolve->found))
		ret = -ERR_NOTFOUND;
	if (ret == -ERR_NOTFOUND)
		return why_set(why, ERR_NOTFOUND, "%.*s: no such user or alias here",
			       BYTES_ARG(address));
	if (ret == 0)
		*r = reply->resolve;
	return ret;
}

/* ---- add --------------------------------------------------------------------------------------- */

struct targets {
	Tern__Target **v;
	size_t n;
};

static int add_target(struct ctl *ctl, struct targets *t, const Tern__ResolvedTarget *r,
		      struct why *why)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->v[i]->account == r->account)
			return 0;
	if (t->n == TARGETS_MAX)
		return why_set(why, ERR_LIMIT, "more than %d targets", TARGETS_MAX);
	t->v[t->n] = arena_new(&ctl->mem, Tern__Target);
	tern__target__init(t->v[t->n]);
	t->v[t->n]->account = r->account;
	t->v[t->n++]->address = r->address;
	return 0;
}

static int add_word(struct ctl *ctl, struct targets *t, const char *word, struct bytes self,
		    struct why *why)
{
	Tern__ResolveReply *r;
	struct bytes address;
	int ret = ctl_address(ctl, word, &address, why);

	if (ret == 0 && bytes_eq(address, self))
		ret = why_set(why, ERR_INVALID, "%s: an alias cannot lead to itself", word);
	if (ret == 0)
		ret = resolve(ctl, address, &r, why);
	for (size_t i = 0; ret == 0 && i < r->n_targets; i++)
		ret = add_target(ctl, t, r->targets[i], why);
	return ret;
}

static int check_domain(struct ctl *ctl, struct bytes address, struct why *why)
{
	Tern__DomainSet *d;
	struct bytes name = address_domain(address);
	int ret = ctl_domain_get(ctl, name, &d, why);

	if (ret == 0 && !d)
		return why_set(why, ERR_NOTFOUND,
			       "no domain %.*s here; `ternctl domain add %.*s` makes it",
			       BYTES_ARG(name), BYTES_ARG(name));
	return ret;
}

int run_alias_add(struct ctl *ctl, const struct args *a)
{
	struct targets t = { arena_array(&ctl->mem, Tern__Target *, TARGETS_MAX), 0 };
	Tern__AliasSet set = TERN__ALIAS_SET__INIT;
	Tern__Op op = TERN__OP__INIT;
	Tern__Result *result;
	struct bytes address;
	struct why why;
	int ret = ctl_address(ctl, a->words[0], &address, &why);

	if (ret == 0)
		ret = check_domain(ctl, address, &why);
	for (unsigned i = 1; ret == 0 && i < a->n; i++)
		ret = add_word(ctl, &t, a->words[i], address, &why);
	if (ret == 0) {
		set.address = bytes_cstr(&ctl->mem, address);
		set.n_targets = t.n;
		set.targets = t.v;
		op.what_case = TERN__OP__WHAT_ALIAS_SET;
		op.alias_set = &set;
		ret = ctl_op(ctl, router_address_shard(ctl->router, address), &op, true, &result,
			     &why);
	}
	if (ret == -ERR_EXISTS)
		return ctl_fail(ret, "%s: is a user's address", a->words[0]);
	return ret == 0 ? EXIT_OK : ctl_fail(ret, "%s", why.text);
}

/* ---- list, show, delete ------------------------------------------------------------------------ */

static const char *join(struct ctl *ctl, const Tern__AliasSet *s)
{
	const char *text = "";

	for (size_t i = 0; i < s->n_targets; i++)
		text = arena_printf(&ctl->mem, "%s%s%s", text, i ? " " : "",
				    s->targets[i]->address);
	return text;
}

int run_alias_list(struct ctl *ctl, const struct args *a)
{
	struct table *t = table_new("aliases", ctl->json);
	const char *domain = NULL;
	struct listing l = { .n = 0 };
	struct bytes name;
	struct why why;
	int ret = a->n ? ctl_domain(ctl, a->words[0], &name, &why) : 0;

	if (ret == 0 && a->n)
		domain = bytes_cstr(&ctl->mem, name);
	if (ret == 0)
		ret = listing_get(ctl, TERN__LIST_WHAT__LIST_ALIASES, domain, &l, &why);
	table_column(t, "address", TABLE_TEXT);
	table_column(t, "targets", TABLE_TEXT);
	for (size_t i = 0; ret == 0 && i < l.n; i++) {
		table_row(t);
		table_text(t, "%s", ((Tern__AliasSet *)l.v[i])->address);
		table_text(t, "%s", join(ctl, l.v[i]));
	}
	table_print(&t, stdout);
	return ret == 0 ? EXIT_OK : ctl_fail(ret, "%s", why.text);
}

int run_alias_show(struct ctl *ctl, const struct args *a)
{
	struct table *t;
	Tern__ResolveReply *r;
	struct bytes address;
	struct why why;
	int ret = ctl_address(ctl, a->words[0], &address, &why);

	if (ret == 0)
		ret = resolve(ctl, address, &r, &why);
	if (ret < 0)
		return ctl_fail(ret, "%s", why.text);
	t = table_new("targets", ctl->json);
	table_column(t, "address", TABLE_TEXT);
	table_column(t, "alias", TABLE_BOOL);
	table_column(t, "target", TABLE_TEXT);
	table_column(t, "account", TABLE_TEXT);
	for (size_t i = 0; i < r->n_targets; i++) {
		table_row(t);
		table_text(t, "%.*s", BYTES_ARG(address));
		table_bool(t, r->alias);
		table_text(t, "%s", r->targets[i]->address);
		table_text(t, "%016llx", (unsigned long long)r->targets[i]->account);
	}
	table_print(&t, stdout);
	return EXIT_OK;
}

int run_alias_delete(struct ctl *ctl, const struct args *a)
{
	Tern__AliasDelete del = TERN__ALIAS_DELETE__INIT;
	Tern__Op op = TERN__OP__INIT;
	Tern__Result *result;
	struct bytes address;
	struct why why;
	int ret = ctl_address(ctl, a->words[0], &address, &why);

	if (ret == 0) {
		del.address = bytes_cstr(&ctl->mem, address);
		op.what_case = TERN__OP__WHAT_ALIAS_DELETE;
		op.alias_delete = &del;
		ret = ctl_op(ctl, router_address_shard(ctl->router, address), &op, false, &result,
			     &why);
	}
	if (ret == -ERR_NOTFOUND)
		return ctl_fail(ret, "%s: no such alias; `ternctl alias list` shows all",
				a->words[0]);
	return ret == 0 ? EXIT_OK : ctl_fail(ret, "%s", why.text);
}
