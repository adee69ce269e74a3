/* SPDX-License-Identifier: Apache-2.0 */
/* query_directory.c - addresses, accounts, domains, and their lists. */
#include "mailstore/query_private.h"

#include "mailstore/quota.h"
#include "model/address.h"
#include "model/ids.h"

enum { DASHES_MAX = 8, LIST_DEFAULT = 200, LIST_MAX = 1000 };

/* ---- addresses */

/* qmail's user-ext@domain: an alias "user-default@domain" takes what nothing longer takes. */
static bool find_default(struct ask *a, struct bytes full, struct address_rec *rec)
{
	struct bytes local = address_local(full), domain = address_domain(full);
	unsigned tries = 0;

	for (size_t i = local.n; i-- > 1 && tries < DASHES_MAX;) {
		char *text;

		if (local.p[i] != '-')
			continue;
		tries++;
		text = arena_printf(a->mem, "%.*s-default%s%.*s", (int)i, (const char *)local.p,
				    domain.n ? "@" : "", BYTES_ARG(domain));
		if (address_get(a->rows, bytes_str(text), a->mem, rec) && !rec->account)
			return true;
	}
	return false;
}

/* Longest match first. */
static bool find_address(struct ask *a, struct bytes full, struct address_rec *rec)
{
	struct bytes base;

	if (full.n == 0 || full.n > ADDRESS_BYTES)
		return false;
	if (address_get(a->rows, full, a->mem, rec))
		return true;
	if (address_base(full, a->mem, &base) && address_get(a->rows, base, a->mem, rec))
		return true;
	return find_default(a, full, rec);
}

static Tern__ResolvedTarget *target_new(struct ask *a, uint64_t account, struct bytes address)
{
	Tern__ResolvedTarget *t = ASK_NEW(a, resolved_target);
	struct counters_rec c;
	struct info_rec info;

	t->account = account;
	t->address = ask_text(a, address);
	if (!account || !info_get(a->rows, account, a->mem, &info) || info.dying ||
	    !counters_get(a->rows, account, &c))
		return t;
	t->known = true;
	t->address = ask_text(a, info.address);
	t->disabled = info.disabled;
	t->over_quota = quota_over(&info, &c, 1, 1);
	return t;
}

static int resolve_alias(struct ask *a, const struct address_rec *rec, Tern__ResolveReply *r)
{
	Tern__AliasSet *alias = WIRE_UNPACK(alias_set, rec->alias, a->mem);

	INVARIANT(alias);
	r->alias = true;
	r->n_targets = alias->n_targets;
	r->targets = arena_array(a->mem, Tern__ResolvedTarget *, alias->n_targets);
	for (size_t i = 0; i < alias->n_targets; i++)
		r->targets[i] = target_new(a, alias->targets[i]->account,
					   bytes_str(alias->targets[i]->address));
	return 0;
}

int ask_resolve(struct ask *a, const Tern__Query *q)
{
	struct bytes full = bytes_str(q->resolve->address);
	Tern__ResolveReply *r = ASK_NEW(a, resolve_reply);
	struct address_rec rec;

	a->reply->what_case = TERN__REPLY__WHAT_RESOLVE;
	a->reply->resolve = r;
	r->found = find_address(a, full, &rec);
	if (!r->found)
		return 0;
	if (!rec.account)
		return resolve_alias(a, &rec, r);
	r->n_targets = 1;
	r->targets = arena_array(a->mem, Tern__ResolvedTarget *, 1);
	r->targets[0] = target_new(a, rec.account, full);
	return 0;
}

int ask_credential(struct ask *a, const Tern__Query *q)
{
	struct bytes full = bytes_str(q->credential->address);
	Tern__CredentialReply *r = ASK_NEW(a, credential_reply);
	struct address_rec rec;
	struct info_rec info;

	a->reply->what_case = TERN__REPLY__WHAT_CREDENTIAL;
	a->reply->credential = r;
	if (full.n == 0 || full.n > ADDRESS_BYTES || !address_get(a->rows, full, a->mem, &rec) ||
	    !rec.account || !info_get(a->rows, rec.account, a->mem, &info))
		return 0;
	r->found = true;
	r->account = rec.account;
	r->address = ask_text(a, info.address);
	r->password = ask_text(a, info.password);
	r->disabled = info.disabled;
	return 0;
}

/* ---- domains, accounts */

int ask_domain(struct ask *a, const Tern__Query *q)
{
	struct bytes name = bytes_str(q->domain->name), packed;
	struct key k;

	if (name.n > 255)
		return DENY(a, ERR_NOTFOUND, "no such domain");
	key_domain(&k, name);
	if (!raw_get(a->rows, key_bytes(&k), a->mem, &packed))
		return DENY(a, ERR_NOTFOUND, "no such domain");
	a->reply->what_case = TERN__REPLY__WHAT_DOMAIN;
	a->reply->domain = WIRE_UNPACK(domain_set, packed, a->mem);
	INVARIANT(a->reply->domain);
	return 0;
}

int ask_account(struct ask *a, const Tern__Query *q)
{
	Tern__AccountReply *r = ASK_NEW(a, account_reply);
	struct counters_rec c;
	struct info_rec info;
	int ret = ask_want_account(a, q->account->account, &info);

	if (ret)
		return ret;
	INVARIANT(counters_get(a->rows, q->account->account, &c));
	r->account = q->account->account;
	r->address = ask_text(a, info.address);
	r->disabled = info.disabled;
	r->quota_bytes = info.quota_bytes;
	r->quota_messages = info.quota_messages;
	r->used_bytes = c.used_bytes;
	r->used_messages = c.used_messages;
	r->mailboxes = c.names;
	r->modseq = c.modseq;
	a->reply->what_case = TERN__REPLY__WHAT_ACCOUNT;
	a->reply->account = r;
	return 0;
}

/* ---- lists */

struct listing {
	struct ask *a;
	Tern__ListingReply *r;
	size_t max;
};

static bool list_domain(struct listing *l, struct bytes key, struct bytes value)
{
	if (l->r->n_domains == l->max) {
		l->r->after = l->r->domains[l->max - 1]->name;
		return false;
	}
	l->r->domains[l->r->n_domains] = WIRE_UNPACK(domain_set, raw_decode(value), l->a->mem);
	INVARIANT(l->r->domains[l->r->n_domains++]);
	(void)key;
	return true;
}

static bool list_user(struct listing *l, const struct address_rec *rec)
{
	Tern__ListedAccount *u = ASK_NEW(l->a, listed_account);
	struct counters_rec c;
	struct info_rec info;

	if (l->r->n_users == l->max) {
		l->r->after = l->r->users[l->max - 1]->address;
		return false;
	}
	INVARIANT(info_get(l->a->rows, rec->account, l->a->mem, &info));
	INVARIANT(counters_get(l->a->rows, rec->account, &c));
	u->account = rec->account;
	u->address = ask_text(l->a, info.address);
	u->disabled = info.disabled;
	u->quota_bytes = info.quota_bytes;
	u->used_bytes = c.used_bytes;
	u->messages = (uint32_t)MIN(c.used_messages, (uint64_t)UINT32_MAX);
	l->r->users[l->r->n_users++] = u;
	return true;
}

static bool list_alias(struct listing *l, const struct address_rec *rec)
{
	if (l->r->n_aliases == l->max) {
		l->r->after = l->r->aliases[l->max - 1]->address;
		return false;
	}
	l->r->aliases[l->r->n_aliases] = WIRE_UNPACK(alias_set, rec->alias, l->a->mem);
	INVARIANT(l->r->aliases[l->r->n_aliases++]);
	return true;
}

static bool list_one(struct listing *l, const Tern__Listing *in, struct bytes key,
		     struct bytes value)
{
	struct address_rec rec;

	if (in->what == TERN__LIST_WHAT__LIST_DOMAINS)
		return list_domain(l, key, value);
	address_decode(value, &rec);
	if (in->what == TERN__LIST_WHAT__LIST_USERS)
		return rec.account == 0 || list_user(l, &rec);
	return rec.account != 0 || list_alias(l, &rec);
}

/* Everything, or one domain; from behind `after`. */
static struct rows_iter *list_open(struct ask *a, const Tern__Listing *in, struct bytes domain,
				   struct bytes after)
{
	struct key prefix, from;

	if (in->what == TERN__LIST_WHAT__LIST_DOMAINS) {
		key_table(&prefix, T_DOMAIN);
		key_domain(&from, after);
	} else {
		key_table(&prefix, T_ADDRESS);
		if (domain.n) {
			key_raw(&prefix, domain);
			key_u8(&prefix, 0);
		}
		if (after.n)
			key_address(&from, after);
		else
			from = prefix;
	}
	if (after.n)
		key_u8(&from, 0); /* the least key behind it */
	return rows_under(a->rows, key_bytes(&prefix), key_bytes(&from));
}

static void list_room(struct listing *l)
{
	l->r->domains = arena_array(l->a->mem, Tern__DomainSet *, l->max);
	l->r->users = arena_array(l->a->mem, Tern__ListedAccount *, l->max);
	l->r->aliases = arena_array(l->a->mem, Tern__AliasSet *, l->max);
}

int ask_listing(struct ask *a, const Tern__Query *q)
{
	const Tern__Listing *in = q->listing;
	struct bytes domain = bytes_str(in->domain), after = bytes_str(in->after), key, value;
	struct listing l = { .a = a, .r = ASK_NEW(a, listing_reply) };
	struct rows_iter *it;

	if (domain.n > 255 || after.n > ADDRESS_BYTES)
		return DENY(a, ERR_INVALID, "malformed query");
	l.max = in->max ? MIN(in->max, LIST_MAX) : LIST_DEFAULT;
	list_room(&l);
	it = list_open(a, in, domain, after);
	while (rows_iter_next(it, &key, &value) && list_one(&l, in, key, value))
		;
	rows_iter_free(&it);
	a->reply->what_case = TERN__REPLY__WHAT_LISTING;
	a->reply->listing = l.r;
	return 0;
}
