/* SPDX-License-Identifier: Apache-2.0 */
/* upkeep.c - what a node does unasked: watches its disk, lets soft state expire, proposes
 * Maintain in the shards it leads. */
#include "base/base.h"
#include "server/balance.h"
#include "server/watchers.h"

#include "base/clock.h"
#include "base/metric.h"

#include <stdlib.h>

#define TICK_MS 250
#define SPACE_MS SECONDS(1)
#define SWEEP_MS SECONDS(5)
#define WALK_MS SECONDS(30) /* every shard is looked at once in this time */

struct upkeep {
	uint32_t shard; /* where the walk goes on */
	uint64_t space_at, sweep_at, second_at;
	bool reading;
};

static struct upkeep up;

static void space_check(struct server *s)
{
	uint64_t reserve;
	bool is_short;

	if (kv_space(s->kv, &s->space) < 0)
		return;
	reserve = MAX(s->conf.reserve, s->space.total / 100 * (uint64_t)s->conf.reserve_percent);
	is_short = s->space.free < reserve;
	metric_set(M_disk_free_bytes, (int64_t)s->space.free);
	if (is_short != s->space_short)
		log_warn(NULL, is_short ? "disk_short" : "disk_ok", "free=%lu reserve=%lu",
			 (unsigned long)s->space.free, (unsigned long)reserve);
	s->space_short = is_short;
	if (s->host)
		host_space_short(s->host, is_short);
}

/* ---- Maintain */

struct maintain {
	struct server *server;
	uint32_t shard;
	uint64_t log_ms;
	bool due;
};

static void propose(struct server *s, uint32_t shard);

static void proposed(void *arg, int status, UNUSED uint64_t index, struct blob *result)
{
	struct maintain *m = arg;
	struct arena mem;
	Tern__Result *r;

	arena_init(&mem, 0);
	r = status == ERR_OK && result ? WIRE_UNPACK(result, result->b, &mem) : NULL;
	if (r && r->more && !m->server->draining)
		propose(m->server, m->shard);
	arena_release(&mem);
	free(m);
}

static void propose(struct server *s, uint32_t shard)
{
	Tern__Maintain maintain = TERN__MAINTAIN__INIT;
	Tern__Op op = TERN__OP__INIT;
	struct stamp stamp = { 0 };
	struct maintain *m = xnew(struct maintain);
	struct blob *packed, *entry;
	uint8_t *room;

	m->server = s;
	m->shard = shard;
	op.version = 1;
	op.what_case = TERN__OP__WHAT_MAINTAIN;
	op.maintain = &maintain;
	packed = wire_pack(&op.base);
	entry = blob_new(STAMP_BYTES + packed->b.n, &room);
	stamp_pack(&stamp, room);
	memcpy(room + STAMP_BYTES, packed->b.p, packed->b.n);
	blob_unref(&packed);
	host_submit(s->host, shard, entry, NULL, proposed, m);
}

/* Reader thread. */
static void look(void *arg)
{
	struct maintain *m = arg;
	struct kv_snap *snap = kv_snap_new(m->server->kv);
	struct host_view view;

	if (host_view(m->server->kv, snap, m->shard, &view) == 0) {
		struct rows *rows = rows_view(m->server->kv, snap, m->shard, view.incarnation);

		m->due = mailstore_due(rows, m->log_ms);
		rows_free(&rows);
	}
	kv_snap_free(m->server->kv, &snap);
}

static void looked(void *arg)
{
	struct maintain *m = arg;

	if (m->due && m->server->host)
		propose(m->server, m->shard);
	up.reading = false;
	free(m);
}

/* The next led shard of the walk; one at a time is with the readers. */
static void walk(struct server *s)
{
	unsigned steps = host_count(s->host) * TICK_MS / WALK_MS + 1;

	while (steps-- > 0 && !up.reading) {
		struct host_status st;
		struct maintain *m;

		if (!host_next(s->host, &up.shard, &st)) {
			up.shard = 0;
			return;
		}
		if (st.state != HOST_LEADER)
			continue;
		m = xnew(struct maintain);
		m->server = s;
		m->shard = st.shard;
		m->log_ms = host_log_ms(s->host, st.shard);
		up.reading = true;
		readers_add(s->readers, look, looked, m);
	}
}

static void tick(void *arg)
{
	struct server *s = arg;
	uint64_t now = clock_ms();

	if (now >= up.space_at) {
		up.space_at = now + SPACE_MS;
		space_check(s);
	}
	if (now >= up.sweep_at) {
		up.sweep_at = now + SWEEP_MS;
		locks_sweep(s->locks);
		watchers_sweep(s->watchers);
	}
	if (now >= up.second_at) {
		up.second_at = now + SECONDS(1);
		balance_tick(s->balance);
		if (s->host) {
			metric_set(M_raft_groups, host_count(s->host));
			metric_set(M_raft_leaders, host_leaders(s->host));
		}
	}
	if (s->host && !s->draining)
		walk(s);
}

void upkeep_start(struct server *s)
{
	space_check(s);
	s->upkeep = loop_timer_new(s->loop, tick, s);
	loop_timer_set(s->upkeep, TICK_MS, TICK_MS);
}

void upkeep_stop(struct server *s)
{
	loop_timer_free(&s->upkeep);
}
