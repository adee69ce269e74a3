/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_domain.c - domain add, set, list, show, delete. */
#include "router/ctl/ctl.h"
#include "router/ctl/listing.h"

static char empty[] = "";

static int domain_store(struct ctl *ctl, Tern__DomainSet *d, struct why *why)
{
	Tern__Op op = TERN__OP__INIT;
	Tern__Result *result;

	op.what_case = TERN__OP__WHAT_DOMAIN_SET;
	op.domain_set = d;
	return ctl_op(ctl, router_domain_shard(ctl->router, bytes_str(d->name)), &op, true, &result,
		      why);
}

int domain_set_postmaster(struct ctl *ctl, Tern__DomainSet *d, struct bytes address,
			  struct why *why)
{
	d->postmaster = bytes_cstr(&ctl->mem, address);
	return domain_store(ctl, d, why);
}

static int option_address(struct ctl *ctl, const struct args *a, const char *option, char **to,
			  struct why *why)
{
	const char *given = args_option(a, option);
	struct bytes full;
	int ret;

	if (!given)
		return 0;
	if (strcmp(given, "none") == 0) {
		*to = empty;
		return 0;
	}
	ret = ctl_address(ctl, given, &full, why);
	if (ret == 0)
		*to = bytes_cstr(&ctl->mem, full);
	return ret;
}

static int option_alias_of(struct ctl *ctl, const struct args *a, Tern__DomainSet *d,
			   struct why *why)
{
	const char *given = args_option(a, "alias-of");
	Tern__DomainSet *other;
	struct bytes name;
	int ret;

	if (!given)
		return 0;
	if (strcmp(given, "none") == 0) {
		d->alias_of = empty;
		return 0;
	}
	ret = ctl_domain(ctl, given, &name, why);
	if (ret == 0)
		ret = ctl_domain_get(ctl, name, &other, why);
	if (ret < 0)
		return ret;
	if (!other || other->alias_of[0] || bytes_eq(name, bytes_str(d->name)))
		return why_set(
			why, ERR_INVALID,
			"--alias-of %s: name a domain of this cluster that is no alias itself",
			given);
	d->alias_of = bytes_cstr(&ctl->mem, name);
	return 0;
}

static int fill(struct ctl *ctl, const struct args *a, Tern__DomainSet *d, struct why *why)
{
	int ret = option_address(ctl, a, "postmaster", &d->postmaster, why);

	if (ret == 0)
		ret = option_address(ctl, a, "catch-all", &d->catch_all, why);
	if (ret == 0)
		ret = option_alias_of(ctl, a, d, why);
	return ret;
}

static int find(struct ctl *ctl, const char *text, struct bytes *name, Tern__DomainSet **d,
		struct why *why)
{
	int ret = ctl_domain(ctl, text, name, why);

	return ret == 0 ? ctl_domain_get(ctl, *name, d, why) : ret;
}

int run_domain_add(struct ctl *ctl, const struct args *a)
{
	Tern__DomainSet *had, d = TERN__DOMAIN_SET__INIT;
	struct bytes name;
	struct why why;
	int ret = find(ctl, a->words[0], &name, &had, &why);

	if (ret == 0 && had)
		return ctl_fail(ERR_EXISTS, "%s: is there already; `ternctl domain set` changes it",
				had->name);
	if (ret == 0) {
		d.name = bytes_cstr(&ctl->mem, name);
		ret = fill(ctl, a, &d, &why);
	}
	if (ret == 0)
		ret = domain_store(ctl, &d, &why);
	if (ret < 0)
		return ctl_fail(ret, "%s: %s", a->words[0], why.text);
	if (!ctl->json)
		printf("%s added; now `ternctl user add NAME@%s`\n", d.name, d.name);
	return EXIT_OK;
}

int run_domain_set(struct ctl *ctl, const struct args *a)
{
	Tern__DomainSet *d;
	struct bytes name;
	struct why why;
	int ret = find(ctl, a->words[0], &name, &d, &why);

	if (ret == 0 && !d)
		return ctl_fail(ERR_NOTFOUND, "%s: no such domain; `ternctl domain add` makes it",
				a->words[0]);
	if (ret == 0)
		ret = fill(ctl, a, d, &why);
	if (ret == 0)
		ret = domain_store(ctl, d, &why);
	return ret == 0 ? EXIT_OK : ctl_fail(ret, "%s: %s", a->words[0], why.text);
}

static void columns(struct table *t)
{
	table_column(t, "domain", TABLE_TEXT);
	table_column(t, "alias_of", TABLE_TEXT);
	table_column(t, "postmaster", TABLE_TEXT);
	table_column(t, "catch_all", TABLE_TEXT);
}

static void row(struct table *t, const Tern__DomainSet *d)
{
	table_row(t);
	table_text(t, "%s", d->name);
	table_text(t, "%s", d->alias_of);
	table_text(t, "%s", d->postmaster);
	table_text(t, "%s", d->catch_all);
}

int run_domain_list(struct ctl *ctl, const struct args *a UNUSED)
{
	struct table *t = table_new("domains", ctl->json);
	struct listing l;
	struct why why;
	int ret = listing_get(ctl, TERN__LIST_WHAT__LIST_DOMAINS, NULL, &l, &why);

	columns(t);
	for (size_t i = 0; ret == 0 && i < l.n; i++)
		row(t, l.v[i]);
	table_print(&t, stdout);
	return ret == 0 ? EXIT_OK : ctl_fail(ret, "%s", why.text);
}

int run_domain_show(struct ctl *ctl, const struct args *a)
{
	Tern__DomainSet *d;
	struct bytes name;
	struct table *t;
	struct why why;
	int ret = find(ctl, a->words[0], &name, &d, &why);

	if (ret == 0 && !d)
		ret = why_set(&why, ERR_NOTFOUND,
			      "no such domain; `ternctl domain list` shows all");
	if (ret < 0)
		return ctl_fail(ret, "%s: %s", a->words[0], why.text);
	t = table_new("domain", ctl->json);
	columns(t);
	row(t, d);
	table_print_record(&t, stdout);
	return EXIT_OK;
}

/* Mail to users that nobody can reach any more would be a surprise. */
static int check_empty(struct ctl *ctl, struct bytes name, struct why *why)
{
	struct listing users, aliases;
	char *domain = bytes_cstr(&ctl->mem, name);
	int ret = listing_get(ctl, TERN__LIST_WHAT__LIST_USERS, domain, &users, why);

	if (ret == 0)
		ret = listing_get(ctl, TERN__LIST_WHAT__LIST_ALIASES, domain, &aliases, why);
	if (ret == 0 && users.n + aliases.n)
		ret = why_set(why, ERR_CANNOT, "has %zu users and %zu aliases; delete them first",
			      users.n, aliases.n);
	return ret;
}

int run_domain_delete(struct ctl *ctl, const struct args *a)
{
	Tern__Op op = TERN__OP__INIT;
	Tern__DomainDelete del = TERN__DOMAIN_DELETE__INIT;
	Tern__DomainSet *d;
	Tern__Result *result;
	struct bytes name;
	struct why why;
	int ret = find(ctl, a->words[0], &name, &d, &why);

	if (ret == 0 && !d)
		ret = why_set(&why, ERR_NOTFOUND,
			      "no such domain; `ternctl domain list` shows all");
	if (ret == 0)
		ret = check_empty(ctl, name, &why);
	if (ret == 0 && !ctl_confirm(a, "Delete the domain %s?", d->name))
		return EXIT_REFUSED;
	if (ret == 0) {
		del.name = d->name;
		op.what_case = TERN__OP__WHAT_DOMAIN_DELETE;
		op.domain_delete = &del;
		ret = ctl_op(ctl, router_domain_shard(ctl->router, name), &op, false, &result,
			     &why);
	}
	return ret == 0 ? EXIT_OK : ctl_fail(ret, "%s: %s", a->words[0], why.text);
}
