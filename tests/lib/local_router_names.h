/* SPDX-License-Identifier: Apache-2.0 */
/* local_router_names.h - included by one file of a program that has no cluster: the names of
 * router/router.h for what lib/local_router.c does. */
#include "lib/local_router.h"

bool router_ready(const struct router *r)
{
	return local_router_ready(r);
}

uint32_t router_shards(const struct router *r)
{
	return local_router_shards(r);
}

uint32_t router_address_shard(const struct router *r, struct bytes normalised)
{
	return local_router_address_shard(r, normalised);
}

uint32_t router_domain_shard(const struct router *r, struct bytes domain)
{
	return local_router_domain_shard(r, domain);
}

const Tern__ClusterMap *router_map(const struct router *r)
{
	return local_router_map(r);
}

void call_init(struct call *c, enum call_class class, Tern__Kind kind, uint32_t shard)
{
	local_call_init(c, class, kind, shard);
}

void router_call(struct router *r, struct call *c)
{
	local_router_call(r, c);
}

void router_cancel(struct call *c)
{
	local_router_cancel(c);
}

struct watch *router_watch(struct router *r, uint64_t account, uint64_t modseq,
			   void (*hint)(void *arg, uint64_t modseq), void *arg)
{
	return local_router_watch(r, account, modseq, hint, arg);
}

void watch_seen(struct watch *w, uint64_t modseq)
{
	local_watch_seen(w, modseq);
}

void watch_free(struct watch **w)
{
	local_watch_free(w);
}
