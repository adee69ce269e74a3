/* SPDX-License-Identifier: Apache-2.0 */
#include "session/failures.h"

#include "base/clock.h"
#include "base/hash.h"
#include "base/list.h"
#include "base/map.h"
#include "base/rand.h"
#include "net/iplimit.h"

#include <stdlib.h>

#define DELAY_FIRST UINT64_C(1000)
#define DELAY_MAX UINT64_C(15000)
#define PAIR_WINDOW MINUTES(10)
#define ADDRESS_WINDOW HOURS(24)

struct key {
	struct ipkey ip;
	uint64_t user; /* keyed hash; 0: the address alone */
};

struct entry {
	struct key key;
	struct list node; /* by time of the last failure */
	uint64_t since;   /* its window began then */
	unsigned count;
};

struct failures {
	struct map map;
	struct list age; /* oldest first */
	size_t max;
	uint64_t seed;
};

static struct key pair_key(const struct failures *f, struct bytes user, const struct net_addr *peer)
{
	return (struct key){ ipkey_net(peer), hash64(user, f->seed) | 1 };
}

static struct key address_key(const struct net_addr *peer)
{
	return (struct key){ ipkey_host(peer), 0 };
}

struct failures *failures_new(size_t max_entries)
{
	struct failures *f = xnew(struct failures);

	map_init(&f->map);
	list_init(&f->age);
	f->max = max_entries;
	f->seed = rand_u64();
	return f;
}

static void forget(struct failures *f, struct entry *e)
{
	map_del(&f->map, MAP_KEY(e->key));
	list_del(&e->node);
	free(e);
}

void failures_free(struct failures **f)
{
	struct list *node;

	if (!*f)
		return;
	while ((node = list_first(&(*f)->age)))
		forget(*f, list_entry(node, struct entry, node));
	map_release(&(*f)->map);
	free(*f);
	*f = NULL;
}

/* The entry if its window still runs. */
static struct entry *find(struct failures *f, struct key key, uint64_t window)
{
	struct entry *e = map_get(&f->map, MAP_KEY(key));

	if (!e || clock_ms() - e->since < window)
		return e;
	forget(f, e);
	return NULL;
}

static struct entry *find_or_add(struct failures *f, struct key key, uint64_t window)
{
	struct entry *e = find(f, key, window);

	if (e) {
		list_del(&e->node);
		list_add(&f->age, &e->node);
		return e;
	}
	if (f->map.n >= f->max)
		forget(f, list_entry(list_first(&f->age), struct entry, node));
	e = xnew(struct entry);
	e->key = key;
	e->since = clock_ms();
	list_add(&f->age, &e->node);
	map_put(&f->map, MAP_KEY(e->key), e);
	return e;
}

bool failures_blocked(struct failures *f, const struct limits *limits, struct bytes user,
		      const struct net_addr *peer)
{
	const struct entry *pair = find(f, pair_key(f, user, peer), PAIR_WINDOW);
	const struct entry *address = find(f, address_key(peer), ADDRESS_WINDOW);

	return (pair && pair->count >= limits->auth_block_at) ||
	       (address && address->count >= limits->auth_block_ip);
}

static uint64_t delay_of(uint64_t count, uint64_t from)
{
	if (count < from)
		return 0;
	return count - from >= 4 ? DELAY_MAX : MIN(DELAY_FIRST << (count - from), DELAY_MAX);
}

uint64_t failures_add(struct failures *f, const struct limits *limits, struct bytes user,
		      const struct net_addr *peer)
{
	struct entry *address = find_or_add(f, address_key(peer), ADDRESS_WINDOW);
	unsigned of_address = ++address->count; /* the next line may evict it */
	struct entry *pair = find_or_add(f, pair_key(f, user, peer), PAIR_WINDOW);

	pair->count++;
	if (pair->count == limits->auth_block_at)
		pair->since = clock_ms(); /* the block lasts as long as the window */
	return delay_of(MAX(pair->count, of_address), limits->auth_delay_from);
}

void failures_forgive(struct failures *f, struct bytes user, const struct net_addr *peer)
{
	struct entry *e = find(f, pair_key(f, user, peer), PAIR_WINDOW);

	if (e)
		forget(f, e);
}

size_t failures_entries(const struct failures *f)
{
	return f->map.n;
}
