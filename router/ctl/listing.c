/* SPDX-License-Identifier: Apache-2.0 */
#include "router/ctl/listing.h"

#include <stdlib.h>

#define PAGE 500

struct gather {
	struct ctl *ctl;
	Tern__Listing request;
	struct listing *l;
	size_t cap;
};

static void fill(void *arg, uint32_t shard UNUSED, const char *after, Tern__Query *q)
{
	struct gather *g = arg;

	g->request.after = (char *)after;
	q->what_case = TERN__QUERY__WHAT_LISTING;
	q->listing = &g->request;
}

static void add(struct gather *g, void *item)
{
	if (g->l->n == g->cap) {
		g->cap = g->cap ? g->cap * 2 : 64;
		g->l->v = xrealloc(g->l->v, g->cap * sizeof(*g->l->v));
	}
	g->l->v[g->l->n++] = item;
}

static void got(void *arg, uint32_t shard UNUSED, const Tern__Reply *reply)
{
	struct gather *g = arg;
	const Tern__ListingReply *l = reply->listing;

	if (reply->what_case != TERN__REPLY__WHAT_LISTING)
		return;
	for (size_t i = 0; i < l->n_domains; i++)
		add(g, l->domains[i]);
	for (size_t i = 0; i < l->n_users; i++)
		add(g, l->users[i]);
	for (size_t i = 0; i < l->n_aliases; i++)
		add(g, l->aliases[i]);
}

static const char *name_of(Tern__ListWhat what, const void *item)
{
	return what == TERN__LIST_WHAT__LIST_DOMAINS ? ((const Tern__DomainSet *)item)->name :
	       what == TERN__LIST_WHAT__LIST_USERS ? ((const Tern__ListedAccount *)item)->address :
						     ((const Tern__AliasSet *)item)->address;
}

static int by_name(const void *a, const void *b, void *arg)
{
	Tern__ListWhat what = *(Tern__ListWhat *)arg;

	return strcmp(name_of(what, *(void *const *)a), name_of(what, *(void *const *)b));
}

int listing_get(struct ctl *ctl, Tern__ListWhat what, const char *domain, struct listing *l,
		struct why *why)
{
	struct gather g = { .ctl = ctl, .l = l };
	struct ctl_each each = { fill, got, &g };
	void **sorted;
	int ret;

	tern__listing__init(&g.request);
	g.request.what = what;
	g.request.domain = (char *)(domain ? domain : "");
	g.request.max = PAGE;
	memset(l, 0, sizeof(*l));
	ret = ctl_each_shard(ctl, &each, why);
	sorted = arena_array(&ctl->mem, void *, l->n + 1);
	if (l->n)
		memcpy(sorted, l->v, l->n * sizeof(*sorted));
	free(l->v);
	l->v = sorted;
	if (l->n)
		qsort_r(l->v, l->n, sizeof(*l->v), by_name, &what);
	return ret;
}
