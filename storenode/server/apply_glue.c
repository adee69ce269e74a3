/* SPDX-License-Identifier: Apache-2.0 */
/* apply_glue.c - host and mailstore do not know each other; here they meet. */
#include "base/base.h"
#include "server/watchers.h"

#include "base/metric.h"
#include "server/balance.h"
#include "server/mapcache.h"

_Static_assert(sizeof(struct host_chunk) == sizeof(struct effect_chunk) &&
		       offsetof(struct host_chunk, term) == offsetof(struct effect_chunk, term),
	       "the reclaim list is handed over as it is");

/* Writer thread. */
static void apply(UNUSED void *arg, struct rows *rows, const struct host_entry *e,
		  struct arena *mem, struct host_outcome *out)
{
	struct effects *fx = arena_new(mem, struct effects);
	struct entry entry = { .index = e->index,
			       .term = e->term,
			       .op = e->op,
			       .body_stored = e->body_stored,
			       .body_hash = e->body_hash };

	if (stamp_unpack(&entry.op, &entry.stamp) < 0)
		BUG("a log entry without a stamp that this version knows");
	entry.stamp.log_ms = e->log_ms;
	entry.stamp.wall_ms = e->wall_ms;
	out->result = mailstore_apply(rows, &entry, mem, fx);
	out->effects = fx;
	out->reclaim = (const struct host_chunk *)fx->reclaim;
	out->n_reclaim = fx->n_reclaim;
	metric_inc(M_raft_commits_total);
}

/* Loop thread. */
static void applied(void *arg, uint32_t shard, UNUSED uint64_t index, void *effects)
{
	struct server *s = arg;
	const struct effects *fx = effects;

	if (!fx) { /* an install: whatever was watched may have changed */
		watchers_shard(s->watchers, shard);
		if (shard == 0)
			mapcache_refresh(s->map);
		return;
	}
	for (size_t i = 0; i < fx->n_hints; i++)
		watchers_changed(s->watchers, shard, &fx->hints[i]);
	if (fx->map_changed)
		mapcache_refresh(s->map);
}

static void leading(void *arg, uint32_t shard, bool is_leading)
{
	struct server *s = arg;

	if (is_leading)
		metric_inc(M_raft_leader_changes_total);
	locks_leading(s->locks, shard, is_leading);
	watchers_leading(s->watchers, shard, is_leading);
	balance_leading(s->balance, shard, is_leading);
}

static void lost(void *arg, uint32_t shard, uint64_t replica)
{
	struct server *s = arg;

	log_error(NULL, "replica_lost", "shard=%u replica=%lx", shard, (unsigned long)replica);
	balance_lost(s->balance, shard, replica);
}

static void removed(void *arg, uint32_t shard, uint64_t replica)
{
	struct server *s = arg;

	log_notice(NULL, "replica_removed", "shard=%u replica=%lx", shard, (unsigned long)replica);
	balance_removed(s->balance, shard, replica);
}

void server_app(struct server *s, struct host_app *app)
{
	*app = (struct host_app){ .arg = s,
				  .apply = apply,
				  .applied = applied,
				  .leading = leading,
				  .lost = lost,
				  .removed = removed };
}
