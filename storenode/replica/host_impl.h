/* SPDX-License-Identifier: Apache-2.0 */
/* host_impl.h - struct host, for the files of this folder. */
#ifndef TERN_REPLICA_HOST_IMPL_H
#define TERN_REPLICA_HOST_IMPL_H

#include "base/list.h"
#include "model/ids.h"
#include "replica/host.h"
#include "replica/job.h"
#include "replica/timers.h"
#include "replica/writer.h"

#define CHORES_MS 100
#define NODES_MAX 1024

struct group;

struct peer {
	uint32_t node;
	bool up;
	bool is_short;
	bool seen_dirty; /* `seen` is newer than on disk */
	uint64_t seq_in, seq_out;
	uint64_t told, told_ms; /* our synced sequence, as it was last told to it */
	struct store_peer seen;
	struct outbox out;
};

struct held { /* records that wait for a ticket */
	struct list list;
	uint64_t ticket;
	uint32_t node;
	struct outbox out;
};

struct host {
	struct host_config c;
	struct host_io io;
	struct host_app app;
	uint64_t disk, nonce; /* of the data directory, of this process */
	bool failed;

	struct group *by_shard[SHARDS_MAX];
	uint64_t generations, randoms;
	struct peer *peers[NODES_MAX];
	struct timers timers;
	struct list dirty, chores, persisting, held, created, doomed;
	uint64_t next_chores, woken_at;
	bool stepping; /* inside a core: callbacks must not step */

	struct job *job;      /* being built */
	struct list jobs_out; /* struct out_job: unwritten or unsynced, oldest first */
	uint64_t flushed_ms;
	uint64_t next_ticket, synced_ticket;
	uint64_t base;        /* synced sequence = base + ticket */
	uint64_t disk_synced; /* what the disk remembered when this process started */
	uint64_t mute_until;  /* nothing is sent before this ticket is synced */
	uint64_t peers_saved_ms;

	uint64_t budget; /* uncommitted bodies, all shards */
	uint64_t cached; /* bytes of log entries in memory */
	bool is_short, drain, stalled, unclean, closing, untold;
	uint64_t drain_ms, stall_ms;                   /* when leaderships were last handed over */
	bool floor_off, hold_off, vote_off, lease_off; /* host_break: for tests of the tests */
};

struct job *host_job(struct host *h);      /* the one being built */
uint64_t host_sync_ticket(struct host *h); /* it shall be synced */
uint64_t host_random(struct host *h);      /* from the seed: repeatable in simulation */
void host_fail(struct host *h, const char *why);
struct group *host_group(struct host *h, uint32_t shard, uint64_t generation);

struct peer *peer_of(struct host *h, uint32_t node);
bool peer_connected(struct host *h, uint32_t node);
void peer_put(struct host *h, uint32_t node, const struct rec *rec);
void peer_hold(struct host *h, uint32_t node, uint64_t ticket, const struct rec *rec);
void peers_release_held(struct host *h);
void peers_flush(struct host *h);
void peers_tell(struct host *h, uint64_t now); /* those that have not heard lately */
bool peers_untold(const struct host *h);
void peer_hello(struct host *h, uint32_t node);
void peers_save(struct host *h, uint64_t now);
void peers_free(struct host *h);

int host_open(struct host *h, struct kv *kv, struct why *why) MUST_USE;
void host_created(struct host *h);                 /* what waits to be on disk */
void host_floor_ok(struct host *h, uint32_t node); /* `node` has given its word */
void host_floor_broken(struct host *h, uint64_t synced);

/* Tests of the tests: hosts made from now on lack a rule. */
void host_break(const char *rule);

#endif
