/* SPDX-License-Identifier: Apache-2.0 */
/* locks.c - POP3's exclusive lock, in the leader's memory.
 *
 * It keeps two POP3 sessions of one account apart and nothing more: QUIT deletes by UID in one
 * commit, so nothing rests on it. A holder asserts it every 10 s; it dies 30 s after the last
 * word, and with the leadership (the holder's next assertion makes it again). */
#include "base/base.h"
#include "server/watchers.h"

#include "base/clock.h"
#include "server/requests.h"

#include <stdlib.h>

#define LOCK_MS SECONDS(30)

struct lock {
	uint64_t account, owner, until;
	uint32_t shard;
};

struct locks {
	struct map held; /* account -> struct lock */
};

struct locks *locks_new(UNUSED struct server *s)
{
	struct locks *l = xnew(struct locks);

	map_init(&l->held);
	return l;
}

static void drop_where(struct locks *l, bool (*which)(const struct lock *lock, uint64_t with),
		       uint64_t with)
{
	size_t pos = 0;
	struct bytes key;
	void *value;

	while (map_next(&l->held, &pos, &key, &value))
		if (which(value, with))
			free(map_del(&l->held, key));
}

static bool any(UNUSED const struct lock *lock, UNUSED uint64_t with)
{
	return true;
}

static bool of_shard(const struct lock *lock, uint64_t shard)
{
	return lock->shard == shard;
}

static bool expired(const struct lock *lock, uint64_t now)
{
	return lock->until < now;
}

void locks_free(struct locks **locks)
{
	if (!*locks)
		return;
	drop_where(*locks, any, 0);
	map_release(&(*locks)->held);
	free(*locks);
	*locks = NULL;
}

void locks_leading(struct locks *l, uint32_t shard, UNUSED bool leading)
{
	drop_where(l, of_shard, shard);
}

void locks_sweep(struct locks *l)
{
	drop_where(l, expired, clock_ms());
}

static int lock_take(struct locks *l, uint32_t shard, const Tern__Lock *ask)
{
	struct lock *lock = map_get(&l->held, MAP_KEY(ask->account));
	uint64_t now = clock_ms();

	if (lock && lock->owner != ask->owner && lock->until >= now)
		return ERR_INUSE;
	if (!lock) {
		lock = xnew(struct lock);
		lock->account = ask->account;
		lock->shard = shard;
		map_put(&l->held, MAP_KEY(ask->account), lock);
	}
	lock->owner = ask->owner;
	lock->until = now + LOCK_MS;
	return ERR_OK;
}

static void lock_release(struct locks *l, const Tern__Lock *ask)
{
	struct lock *lock = map_get(&l->held, MAP_KEY(ask->account));

	if (lock && lock->owner == ask->owner)
		free(map_del(&l->held, MAP_KEY(ask->account)));
}

static void ready(void *arg, int status)
{
	struct request *r = arg;
	Tern__Lock *ask = r->in.body ? WIRE_UNPACK(lock, r->in.body->b, &r->mem) : NULL;

	if (status != ERR_OK) {
		request_fail(r, status, "not leading");
	} else if (!ask) {
		request_fail(r, ERR_INVALID, "malformed lock");
	} else if (ask->release) {
		lock_release(r->server->locks, ask);
		request_reply(r, ERR_OK, NULL);
	} else {
		request_reply(r, lock_take(r->server->locks, r->head->shard, ask), NULL);
	}
}

void serve_lock(struct request *r)
{
	struct host_status status;

	if (!r->server->host || !host_status(r->server->host, r->head->shard, &status))
		request_fail(r, ERR_EPOCH, "no replica of that shard here");
	else
		host_read(r->server->host, r->head->shard, ready, r);
}
