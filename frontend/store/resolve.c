/* SPDX-License-Identifier: Apache-2.0 */
/* resolve.c - from an address to the accounts behind it; unknown is not nonexistent.
 *
 * Positive answers are remembered for a minute; "no such user" is said only when the leaders of
 * the address's and the domain's shard both said so just now. */
#include "base/base.h"
#include "store/private.h"

#include "base/clock.h"

#include <stdlib.h>

#define CACHE_MS SECONDS(60)
#define CACHE_MAX 20000
#define MAX_HOPS 8 /* alias domain, catch-all, postmaster */
#define MAX_TARGETS 1000

struct cached_targets {
	uint64_t until;
	size_t n;
	struct store_target v[]; /* addresses lie behind the array */
};

static bool cache_get(struct store *s, struct bytes address, struct arena *mem,
		      struct store_target **targets, size_t *n)
{
	struct cached_targets *c = map_get(&s->resolved, address);

	if (!c)
		return false;
	if (c->until < clock_ms()) {
		free(map_del(&s->resolved, address));
		return false;
	}
	*targets = arena_array(mem, struct store_target, c->n);
	*n = c->n;
	for (size_t i = 0; i < c->n; i++) {
		(*targets)[i] = c->v[i];
		(*targets)[i].address = bytes_dup(mem, c->v[i].address);
	}
	return true;
}

static void cache_empty(struct store *s)
{
	struct bytes key;
	size_t pos = 0;
	void *value;

	while (map_next(&s->resolved, &pos, &key, &value))
		free(value);
	map_release(&s->resolved);
	map_init(&s->resolved);
}

static bool worth_keeping(const struct store_target *targets, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (targets[i].over_quota || targets[i].disabled)
			return false;
	return n > 0 && n <= 16;
}

static void cache_put(struct store *s, struct bytes address, const struct store_target *targets,
		      size_t n)
{
	size_t text = 0;
	struct cached_targets *c;
	uint8_t *at;

	if (!worth_keeping(targets, n))
		return;
	if (s->resolved.n >= CACHE_MAX)
		cache_empty(s);
	for (size_t i = 0; i < n; i++)
		text += targets[i].address.n;
	c = xmalloc(sizeof(*c) + n * sizeof(c->v[0]) + text);
	c->until = clock_ms() + CACHE_MS;
	c->n = n;
	at = (uint8_t *)&c->v[n];
	for (size_t i = 0; i < n; i++) {
		c->v[i] = targets[i];
		memcpy(at, targets[i].address.p, targets[i].address.n);
		c->v[i].address.p = at;
		at += targets[i].address.n;
	}
	free(map_put(&s->resolved, address, c));
}

/* An alias's target may live in any shard: that shard knows whether it may receive. */
CO static int target_state(struct store_user *u, struct store_target *t)
{
	Tern__AccountGet get = TERN__ACCOUNT_GET__INIT;
	Tern__Query q = TERN__QUERY__INIT;
	struct arena mem;
	Tern__Reply *reply;
	int ret;

	arena_init(&mem, 0);
	get.account = t->account;
	q.what_case = TERN__QUERY__WHAT_ACCOUNT;
	q.account = &get;
	ret = store_query(u, ACCOUNT_SHARD(t->account), &q, &mem, &reply, NULL);
	if (ret == 0 && reply->account) {
		const Tern__AccountReply *a = reply->account;

		t->disabled = a->disabled;
		t->over_quota = (a->quota_bytes && a->used_bytes >= a->quota_bytes) ||
				(a->quota_messages && a->used_messages >= a->quota_messages);
	}
	arena_release(&mem);
	return ret;
}

CO static int take_targets(struct store_user *u, const Tern__ResolveReply *r, struct arena *mem,
			   struct store_target **targets, size_t *n)
{
	int ret = 0;

	*n = 0;
	*targets = arena_array(mem, struct store_target, MIN(r->n_targets, MAX_TARGETS) + 1);
	for (size_t i = 0; i < r->n_targets && i < MAX_TARGETS && ret == 0; i++) {
		const Tern__ResolvedTarget *from = r->targets[i];
		struct store_target *t = &(*targets)[*n];

		*t = (struct store_target){ .account = from->account,
					    .address = bytes_str(from->address),
					    .over_quota = from->over_quota,
					    .disabled = from->disabled };
		if (!from->known)
			ret = target_state(u, t);
		if (ret == -ERR_NOTFOUND) /* an alias that points at a deleted account */
			ret = 0;
		else
			(*n)++;
	}
	return ret;
}

CO static int ask_address(struct store_user *u, struct bytes address, struct arena *mem,
			  bool *found, struct store_target **targets, size_t *n)
{
	Tern__Resolve resolve = TERN__RESOLVE__INIT;
	Tern__Query q = TERN__QUERY__INIT;
	Tern__Reply *reply;
	int ret;

	resolve.address = pb_string(mem, address);
	q.what_case = TERN__QUERY__WHAT_RESOLVE;
	q.resolve = &resolve;
	ret = store_query(u, router_address_shard(u->store->router, address), &q, mem, &reply,
			  NULL);
	if (ret < 0)
		return ret;
	*found = reply->resolve && reply->resolve->found;
	return *found ? take_targets(u, reply->resolve, mem, targets, n) : 0;
}

CO static int ask_domain(struct store_user *u, struct bytes name, struct arena *mem,
			 const Tern__DomainSet **domain)
{
	Tern__DomainGet get = TERN__DOMAIN_GET__INIT;
	Tern__Query q = TERN__QUERY__INIT;
	Tern__Reply *reply;
	int ret;

	get.name = pb_string(mem, name);
	q.what_case = TERN__QUERY__WHAT_DOMAIN;
	q.domain = &get;
	ret = store_query(u, router_domain_shard(u->store->router, name), &q, mem, &reply, NULL);
	*domain = ret == 0 ? reply->domain : NULL;
	return ret == -ERR_NOTFOUND ? 0 : ret;
}

/* Where the domain's record sends an address that has no record of its own; empty: nowhere. */
static struct bytes next_hop(const Tern__DomainSet *d, struct bytes address, struct arena *mem)
{
	struct bytes local = address_local(address);

	if (d->alias_of && *d->alias_of)
		return bytes_str(arena_printf(mem, "%.*s@%s", BYTES_ARG(local), d->alias_of));
	if (bytes_ieq(local, BYTES("postmaster")) && d->postmaster && *d->postmaster)
		return bytes_str(d->postmaster);
	return bytes_str(d->catch_all);
}

CO int store_resolve(struct store_user *u, struct bytes address, struct arena *mem,
		     enum resolved *kind, struct store_target **targets, size_t *n)
{
	struct bytes at = address;
	bool found = false;
	int ret = 0;

	*kind = RESOLVED_NO_USER;
	*targets = NULL;
	*n = 0;
	if (cache_get(u->store, address, mem, targets, n)) {
		*kind = RESOLVED_OK;
		return 0;
	}
	if (router_shards(u->store->router) == 0)
		return -ERR_BUSY;
	for (unsigned hop = 0; hop < MAX_HOPS; hop++) {
		const Tern__DomainSet *domain;
		struct bytes next;

		ret = ask_address(u, at, mem, &found, targets, n);
		if (ret < 0 || found)
			break;
		ret = ask_domain(u, address_domain(at), mem, &domain);
		if (ret == 0 && !domain && hop == 0)
			*kind = RESOLVED_NOT_OURS;
		if (ret < 0 || !domain)
			break;
		next = next_hop(domain, at, mem);
		if (next.n == 0 || bytes_eq(next, at))
			break;
		at = next;
	}
	if (ret < 0 || !found || *n == 0)
		return ret;
	*kind = RESOLVED_OK;
	cache_put(u->store, address, *targets, *n);
	return 0;
}

CO int store_owns(struct store_user *u, uint64_t account, struct bytes address, bool *owns)
{
	struct store_target *targets;
	enum resolved kind;
	struct arena mem;
	size_t n;
	int ret;

	*owns = false;
	arena_init(&mem, 0);
	ret = store_resolve(u, address, &mem, &kind, &targets, &n);
	for (size_t i = 0; ret == 0 && i < n; i++)
		if (targets[i].account == account)
			*owns = true;
	arena_release(&mem);
	return ret;
}

CO int store_credential(struct store_user *u, struct bytes address, struct arena *mem,
			struct store_credential *c)
{
	Tern__Credential credential = TERN__CREDENTIAL__INIT;
	Tern__Query q = TERN__QUERY__INIT;
	Tern__Reply *reply;
	int ret;

	memset(c, 0, sizeof(*c));
	if (router_shards(u->store->router) == 0)
		return -ERR_BUSY;
	credential.address = pb_string(mem, address);
	q.what_case = TERN__QUERY__WHAT_CREDENTIAL;
	q.credential = &credential;
	ret = store_query(u, router_address_shard(u->store->router, address), &q, mem, &reply,
			  NULL);
	if (ret < 0 || !reply->credential || !reply->credential->found)
		return ret;
	c->found = true;
	c->account = reply->credential->account;
	c->address = bytes_str(reply->credential->address);
	c->password = reply->credential->password;
	c->disabled = reply->credential->disabled;
	return 0;
}

CO int store_quota(struct store_user *u, uint64_t account, struct store_quota *out)
{
	Tern__AccountGet get = TERN__ACCOUNT_GET__INIT;
	Tern__Query q = TERN__QUERY__INIT;
	struct arena mem;
	Tern__Reply *reply;
	int ret;

	memset(out, 0, sizeof(*out));
	arena_init(&mem, 0);
	get.account = account;
	q.what_case = TERN__QUERY__WHAT_ACCOUNT;
	q.account = &get;
	ret = store_query(u, ACCOUNT_SHARD(account), &q, &mem, &reply, NULL);
	if (ret == 0 && reply->account)
		*out = (struct store_quota){ reply->account->quota_bytes,
					     reply->account->used_bytes,
					     reply->account->quota_messages,
					     reply->account->used_messages };
	arena_release(&mem);
	return ret;
}
