/* SPDX-License-Identifier: Apache-2.0 */
/* iplimit.c - two kinds of entries in one map, told apart by a byte in the key. */
#include "net/iplimit.h"

#include "base/clock.h"
#include "base/list.h"
#include "base/map.h"

#include <stdlib.h>

struct key {
	struct ipkey ip;
	uint8_t is_net;
};

struct entry {
	struct key key;
	struct list node; /* in `unused` while open == 0 */
	unsigned open;
	unsigned in_minute;
	uint64_t minute; /* began then */
};

struct iplimit {
	struct map map;
	struct list unused; /* longest first */
	size_t max;
};

struct ipkey ipkey_host(const struct net_addr *addr)
{
	struct ipkey k = { { 0 } };

	if (addr->sa.sa_family == AF_INET6) {
		memcpy(k.bytes, &addr->in6.sin6_addr, 16);
	} else {
		k.bytes[10] = k.bytes[11] = 0xff;
		memcpy(k.bytes + 12, &addr->in.sin_addr, 4);
	}
	return k;
}

static bool is_v4(const struct ipkey *k)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	return memcmp(k->bytes, mapped, sizeof(mapped)) == 0;
}

struct ipkey ipkey_net(const struct net_addr *addr)
{
	struct ipkey k = ipkey_host(addr);

	if (is_v4(&k))
		k.bytes[15] = 0;
	else
		memset(k.bytes + 8, 0, 8);
	return k;
}

static struct key key_of(const struct net_addr *addr, bool is_net)
{
	return (struct key){ is_net ? ipkey_net(addr) : ipkey_host(addr), is_net };
}

struct iplimit *iplimit_new(size_t max_entries)
{
	struct iplimit *l = xnew(struct iplimit);

	map_init(&l->map);
	list_init(&l->unused);
	l->max = max_entries;
	return l;
}

static void forget(struct iplimit *l, struct entry *e)
{
	map_del(&l->map, MAP_KEY(e->key));
	list_del(&e->node);
	free(e);
}

void iplimit_free(struct iplimit **l)
{
	size_t pos = 0;
	struct bytes key;
	void *e;

	if (!*l)
		return;
	while (map_next(&(*l)->map, &pos, &key, &e))
		free(e);
	map_release(&(*l)->map);
	free(*l);
	*l = NULL;
}

static struct entry *entry_of(struct iplimit *l, struct key key)
{
	struct entry *e = map_get(&l->map, MAP_KEY(key));

	if (e)
		return e;
	if (l->map.n >= l->max && !list_empty(&l->unused))
		forget(l, list_entry(list_first(&l->unused), struct entry, node));
	e = xnew(struct entry);
	e->key = key;
	list_add(&l->unused, &e->node);
	map_put(&l->map, MAP_KEY(e->key), e);
	return e;
}

static bool too_fast(struct entry *e, uint64_t per_minute)
{
	uint64_t now = clock_ms();

	if (now - e->minute >= MINUTES(1) || e->in_minute == 0) {
		e->minute = now;
		e->in_minute = 0;
	}
	return e->in_minute++ >= per_minute;
}

static void open_one(struct entry *e)
{
	list_del(&e->node);
	e->open++;
}

bool iplimit_enter(struct iplimit *l, const struct net_addr *addr, const struct iplimit_max *max)
{
	struct entry *ip = entry_of(l, key_of(addr, false)), *net;

	if (too_fast(ip, max->per_minute) || ip->open >= max->per_ip)
		return false;
	open_one(ip);
	net = entry_of(l, key_of(addr, true));
	if (net->open >= max->per_net) {
		ip->open--;
		if (ip->open == 0)
			list_add(&l->unused, &ip->node);
		return false;
	}
	open_one(net);
	return true;
}

static void close_one(struct iplimit *l, struct key key)
{
	struct entry *e = map_get(&l->map, MAP_KEY(key));

	INVARIANT(e && e->open > 0);
	if (--e->open == 0)
		list_add(&l->unused, &e->node);
}

void iplimit_leave(struct iplimit *l, const struct net_addr *addr)
{
	close_one(l, key_of(addr, false));
	close_one(l, key_of(addr, true));
}

size_t iplimit_entries(const struct iplimit *l)
{
	return l->map.n;
}
