/* SPDX-License-Identifier: Apache-2.0 */
/* host.h - all replicas of one node: Raft groups stepped on the loop thread, jobs for the
 * writer, messages for peers.
 *
 * Nothing here waits, blocks or touches a disk: the server (threads, sockets) or the simulator
 * (virtual time, memory) drives it. One turn: host_receive, host_tick, host_job_done,
 * host_synced and calls from below in any order and number, then host_flush, which hands one
 * job to the writer and one envelope to each peer. All of it on one thread. Callbacks may come
 * from inside any of these calls, and may call back in, host_free excepted. Time is clock_ms().
 *
 * A shard's number is its key; a node is its position in the cluster map. */
#ifndef TERN_REPLICA_HOST_H
#define TERN_REPLICA_HOST_H

#include "base/arena.h"
#include "engine/rows.h"
#include "wire/frame.h"

struct host;
struct job; /* work for the writer or a reader: replica/writer.h */

struct host_config {
	uint32_t node; /* own position in the cluster map */
	uint8_t cluster[16];
	uint32_t era;
	uint64_t start_count;     /* of this process on this data directory: identity_start */
	uint64_t synced;          /* what the disk has of our synced sequence: identity_start */
	unsigned heartbeat_ms;    /* 100 */
	unsigned election_ms;     /* 1000; the core draws from 1..2 times of it */
	unsigned max_inflight;    /* entries per follower, 256 */
	uint64_t compact_entries; /* 4096 */
	uint64_t compact_bytes;   /* 64 MiB of bodies */
	unsigned trailing;        /* log entries kept behind a compaction, >= 4 * max_inflight */
	uint64_t cache_bytes;     /* log entries kept in memory, per shard; 2 MiB */
	uint64_t shard_bytes;     /* uncommitted bodies per shard, 1 MiB; beyond: ERR_BUSY */
	uint64_t node_bytes;      /* the same for the node, 32 MiB */
	uint64_t seed;            /* of election timeouts and new incarnations */
};
void host_config_defaults(struct host_config *c); /* everything but who we are and the seed */

struct host_io {
	void *arg;
	/* Best effort, FIFO per peer, DONTWAIT; takes the message. */
	void (*send)(void *arg, uint32_t node, struct msg *m);
	bool (*connected)(void *arg, uint32_t node); /* false: nothing is encoded for it */
	/* To the writer: run in the order given by writer_run, then host_job_done; where
	 * job_sync() is true a kv_sync that began later is reported by host_synced. */
	void (*job)(void *stages, struct job *job);
	/* To any reader thread, in any order: reader_run, then host_job_done. */
	void (*read)(void *stages, struct job *job);
	void *stages;                            /* first argument of these two */
	void (*wake_at)(void *arg, uint64_t ms); /* call host_tick then (clock_ms) */
	/* The node must end at once: a write or sync failed or hangs. Not called twice. */
	void (*failed)(void *arg, const char *why);
};

/* A body that nothing refers to any more; same layout as the mailstore's. */
struct host_chunk {
	uint64_t index, term;
};

/* One committed command as apply gets it. */
struct host_entry {
	uint32_t shard;
	uint64_t index, term;
	uint64_t log_ms, wall_ms; /* filled in by the leader that proposed it */
	struct bytes op;          /* as it was given to host_submit */
	uint32_t body_stored;     /* bytes under (shard, index, term) in KV_CHUNKS; 0: none */
	struct hash128 body_hash;
};

struct host_outcome { /* zeroed before apply; everything lives in its arena */
	struct bytes result;
	void *effects; /* for `applied` */
	const struct host_chunk *reclaim;
	size_t n_reclaim;
};

/* What the replicas replicate: the mailstore, joined in by the server. */
struct host_app {
	void *arg;
	/* Writer thread: one committed command, rows to be changed. */
	void (*apply)(void *arg, struct rows *rows, const struct host_entry *e, struct arena *mem,
		      struct host_outcome *out);
	/* Loop thread: a command is written and readable. `effects` as apply left it, valid
	 * during the call; NULL after an install: everything may have changed. */
	void (*applied)(void *arg, uint32_t shard, uint64_t index, void *effects);
	/* Leading: an entry of the own term is applied, so reads and op checks are current. */
	void (*leading)(void *arg, uint32_t shard, bool leading);
	/* The disk lost what this node had acknowledged (rolled back, damaged): this replica
	 * serves nothing any more; it needs a new id (host_create) on a clean start. */
	void (*lost)(void *arg, uint32_t shard, uint64_t replica);
	/* This replica is no member of its shard any more: host_destroy it when the map agrees. */
	void (*removed)(void *arg, uint32_t shard, uint64_t replica);
};

/* Opens every replica found in the store. Reads the disk: before the threads start. */
int host_new(const struct host_config *c, const struct host_io *io, const struct host_app *app,
	     struct kv *kv, struct host **out, struct why *why) MUST_USE;
/* Done callbacks still open get ERR_UNKNOWN, or ERR_NOTLEADER where never proposed. */
void host_free(struct host **h);

/* ---- replicas of this node */
struct host_voter {
	uint64_t replica;
	uint32_t node;
};
/* A new, empty replica, once only for each replica id (shard 0 says: allocated). With voters:
 * the first configuration of a new shard, the same list on each of them; without: it waits
 * for the leader to add it. -ERR_EXISTS: this node has a replica of the shard (another id:
 * destroy it first). `done` (may be NULL): it is on disk. */
typedef void host_ready(void *arg, int status);
int host_create(struct host *h, uint32_t shard, uint64_t replica, const struct host_voter *voters,
		unsigned n, host_ready *done, void *arg) MUST_USE;
/* Deletes a replica with all its rows, log and bodies. */
int host_destroy(struct host *h, uint32_t shard, uint64_t replica) MUST_USE;

enum host_state {
	HOST_OPENING, /* waits for a peer's word on what we had synced (floor rule) */
	HOST_FOLLOWER,
	HOST_CANDIDATE,
	HOST_LEADER,
	HOST_INSTALLING, /* takes over a snapshot */
	HOST_LOST,       /* below the floor: never serves again */
	HOST_FENCED,     /* applying its next entry crashed twice */
};
const char *host_state_name(enum host_state s);

enum host_role { HOST_NONE, HOST_SPARE, HOST_STANDBY, HOST_VOTER };

struct host_status {
	uint32_t shard;
	uint64_t replica;
	enum host_state state;
	enum host_role role;
	uint64_t term, first, last, commit, applied; /* log: [first, last] */
	uint64_t incarnation;
	struct rows_state rows; /* state hash, at `applied` */
	uint32_t leader;        /* 1 + node; 0: unknown */
	bool changing;          /* a configuration change is under way */
};
bool host_status(struct host *h, uint32_t shard, struct host_status *s); /* false: none here */
unsigned host_count(const struct host *h);
bool host_next(struct host *h, uint32_t *pos, struct host_status *s); /* from *pos = 0, ascending */
unsigned host_leaders(const struct host *h);                          /* shards this node leads */
uint32_t host_leader(struct host *h, uint32_t shard);                 /* 1 + node; 0: unknown */
uint64_t host_synced_seq(const struct host *h);
struct host_member {
	uint64_t replica;
	uint32_t node;
	enum host_role role;
	uint64_t match; /* where this replica leads: what it is known to have */
};
/* The members of a shard as this replica knows them; returns how many there are. */
unsigned host_members(struct host *h, uint32_t shard, struct host_member *m, unsigned max);

/* ---- writes and reads
 * status: ERR_OK with index and result (borrowed); ERR_NOTLEADER: certainly not proposed;
 * ERR_BUSY: over the budget, not proposed; ERR_UNKNOWN: may or may not happen. */
typedef void host_done(void *arg, int status, uint64_t index, struct blob *result);
/* Takes both references; body may be NULL. op <= 256 KiB + 64 KiB, body likewise. The leader
 * adds log and wall time; `done` is called exactly once, perhaps at once. */
void host_submit(struct host *h, uint32_t shard, struct blob *op, struct blob *body,
		 host_done *done, void *arg);

/* Calls back (perhaps at once) when a read of this shard's newest rows is current: lease valid
 * or a barrier committed, everything committed before the call applied; or ERR_NOTLEADER. */
void host_read(struct host *h, uint32_t shard, host_ready *ready, void *arg);
bool host_lease_valid(struct host *h, uint32_t shard); /* still, at this moment */
/* Calls back when `index` is applied here; ERR_LATE after timeout_ms; ERR_NOTFOUND: no replica. */
void host_wait_applied(struct host *h, uint32_t shard, uint64_t index, unsigned timeout_ms,
		       host_ready *ready, void *arg);
uint64_t host_log_ms(struct host *h, uint32_t shard); /* log time now; 0 where not leading */

/* ---- leadership and membership
 * Transfer is a try: 0 means begun. -ERR_NOTLEADER, -ERR_NOTFOUND (no such voter), -ERR_BUSY. */
int host_transfer(struct host *h, uint32_t shard, uint32_t node) MUST_USE;
void host_drain(struct host *h, bool on); /* hands leaderships over as long as it is on */
/* Leader only: brings `add` (0: none) in as voter on `node` - spare, standby, caught up, voter -
 * then takes `remove` (0: none) out. Steps follow from the configuration, so after ERR_NOTLEADER
 * the same call on the new leader goes on (it also ends so when the leader itself is to be
 * removed: leadership is handed over first). One at a time per shard: -ERR_BUSY. */
int host_replace(struct host *h, uint32_t shard, uint64_t add, uint32_t node, uint64_t remove,
		 host_ready *done, void *arg) MUST_USE;
/* Gives it up where it stands: `done` gets ERR_GONE. The configuration may be half way. */
void host_replace_stop(struct host *h, uint32_t shard);

/* ---- space: each node tells its peers; a shard is short when any of its voters is */
void host_space_short(struct host *h, bool is_short);
bool host_shard_short(struct host *h, uint32_t shard);

/* ---- what drives it */
void host_receive(struct host *h, uint32_t node, struct msg *m); /* consumes m */
void host_peer(struct host *h, uint32_t node, bool up);
void host_tick(struct host *h);
void host_job_done(struct host *h, struct job *job); /* takes the job */
void host_synced(struct host *h, uint64_t ticket);   /* job_ticket() of the newest job covered */
void host_flush(struct host *h);                     /* end of every turn; cheap when idle */

#endif
