/* SPDX-License-Identifier: Apache-2.0 */
/* group.h - one replica of one shard, on the loop thread; internal to this folder.
 *
 * group.c steps libraft and is the only file that knows it. The rest hangs on what a step leads
 * to: stream.c sends entries, calls.c answers who waits, snapshot.c moves whole states,
 * membership.c changes who belongs. Nothing but group.c calls into the core, and nothing calls
 * into a core from inside one of its own steps: what callbacks ask for is noted and done by
 * group_work, before the turn ends. */
#ifndef TERN_REPLICA_GROUP_H
#define TERN_REPLICA_GROUP_H

#include "base/list.h"
#include "replica/host_impl.h"
#include "replica/lease.h"

struct raft;
struct export;
struct install;
struct move;

struct call { /* a host_submit */
	struct call *next;
	struct entry *e;
	uint64_t index, term; /* once proposed */
	host_done *done;
	void *arg;
};

struct calls {
	struct call *first, **end;
	size_t n;
};

struct wait { /* for an index to be applied */
	struct list list;
	uint64_t index;
	uint64_t due_ms; /* 0: for as long as this replica leads */
	host_ready *ready;
	void *arg;
};

#define STREAM_SENT 64

/* Entries on their way to one member: what the core has given us to send, in order. */
struct stream {
	uint64_t replica;
	uint64_t next, end;     /* [next, end) is still to be sent */
	uint64_t prev_term;     /* of next - 1 */
	uint64_t from, from_ms; /* where and when the core last started over */
	bool reading;           /* from disk, for this stream */
	unsigned n_sent;
	struct {
		uint64_t last;
		size_t bytes;
	} sent[STREAM_SENT]; /* records not yet acknowledged */
	size_t inflight;     /* their bytes */
};

struct persist { /* entries up to `last` are durable once `ticket` is synced */
	uint64_t ticket, last;
	uint64_t bytes; /* appended ever, up to here */
};

struct group {
	struct host *h;
	uint32_t shard;
	uint64_t replica, generation;
	struct raft *core;                    /* NULL: not started */
	bool opening, lost, fenced, stopping; /* stopping: a reload from disk is under way */
	bool fresh;                           /* made by this process: no floor to wait for */
	bool broken; /* the core refused what a leader said: see group_break */

	struct rlog log;
	uint64_t applied, applied_term, applied_sent;
	uint64_t incarnation, incarnations; /* in force; highest ever begun here */
	struct rows_state rows;
	struct store_conf applied_conf;
	struct conf conf;                        /* the newest in the log */
	uint64_t snap_index, snap_term;          /* where the core has its snapshot mark */
	uint64_t body_bytes, compact_body_bytes; /* appended ever; at the last compaction */
	struct store_run *runs; /* of the terms in the log: from loading to group_start */
	size_t n_runs;

	uint64_t term, vote; /* as last handed to the writer */
	int state;           /* of the core, after the last step */
	uint64_t started_ms; /* RAFT_START: the vote hold counts from here */
	uint64_t hold;       /* messages wait until this ticket is synced */
	struct persist *persist;
	size_t n_persist, cap_persist;
	uint64_t appended_bytes, durable_bytes;
	uint64_t apply_ticket;  /* job that has our apply */
	uint64_t careful_until; /* index up to which applies are noted first */

	struct timer timer;
	struct list dirty, chores, persisting, doomed;

	/* leading */
	bool told_leading;
	uint64_t term_start; /* applied up to here: the state is current */
	struct lease lease;
	struct stream stream[CONF_MAX];
	unsigned n_streams;
	struct calls queued, proposed;
	uint64_t budget;        /* bytes of uncommitted bodies */
	struct list reads;      /* struct wait: by index, while leading */
	struct list barrier;    /* waits that the next barrier will serve */
	uint64_t barrier_index; /* under way; 0: none */
	uint64_t transfer_to;   /* replica + 1 asked for; 1: any; 0: none */
	struct move *move;
	uint64_t promote_index, promote_replica, promote_ms; /* held back from the others */
	uint64_t pause_until; /* submissions wait: a promotion wants match == last */

	/* following */
	uint64_t heard_term, heard_ms; /* newest send time of that term's leader, its clock */
	uint64_t contact_ms;           /* when that was heard, our clock */
	uint64_t seen_ms;              /* when the last entry was appended here, our clock */
	struct list waits;             /* host_wait_applied */

	struct export *export;
	struct install *install;
	struct store_replica *loaded; /* by group_reload; in force once load_ticket is synced */
	uint64_t load_ticket;
};

/* ---- life: open.c */
struct group *group_new(struct host *h, uint32_t shard, uint64_t replica);
void group_adopt(struct group *g, struct store_replica *r); /* takes the tail */
void group_free(struct group **g);
/* Closes the core and starts it again from what is on disk. */
void group_reload(struct group *g);
void group_loaded(struct group *g, struct item *i);
void group_synced(struct group *g); /* what waits for a sync: looks whether it is there */
void group_wait_sync(struct group *g);

/* ---- the core: group.c */
void group_start(struct group *g);
void group_stop(struct group *g); /* closes the core; all that waits is answered */
void group_receive(struct group *g, struct rec *rec, uint32_t node, uint64_t send_ms);
void group_timeout(struct group *g);
void group_persisted(struct group *g, uint64_t synced_ticket);
void group_work(struct group *g); /* submissions, applies, transfers: once per turn when dirty */
void group_applied(struct group *g, struct item *i);
void group_installed(struct group *g, const struct store_applied *a, const struct store_conf *c);
bool group_submit_conf(struct group *g, const struct conf *c); /* false: not now */
bool group_anchor(struct group *g, const struct store_applied *a, const struct store_conf *c);
void group_compact(struct group *g);
void group_break(struct group *g, const char *why);

void give_budget_back(struct group *g, struct entry *e);
bool group_leads(const struct group *g);
enum host_state group_state(const struct group *g); /* where the core runs */
bool group_changing(const struct group *g);
bool group_transferring(const struct group *g);
uint64_t group_commit(const struct group *g);
uint64_t group_match(const struct group *g, uint64_t replica);
uint32_t group_leader_node(const struct group *g); /* 1 + node; 0: unknown */
uint64_t group_log_ms(const struct group *g);
bool group_lease_ok(const struct group *g);

void group_dirty(struct group *g);  /* group_work before the turn ends */
void group_chore(struct group *g);  /* group_chores every 100 ms until it has none */
bool group_chores(struct group *g); /* false: none left */
void group_send(struct group *g, struct rec *rec, uint32_t node);

/* ---- stream.c */
void stream_append(struct group *g, uint64_t replica, uint32_t node, uint64_t prev,
		   uint64_t prev_term, unsigned n);
void stream_rejected(struct group *g, uint64_t replica);
void stream_acked(struct group *g, uint64_t replica, uint64_t match);
void stream_read_done(struct group *g, struct job *j);
void streams_clear(struct group *g);
void streams_pump(struct group *g);

/* ---- calls.c */
void calls_init(struct calls *c);
void calls_push(struct calls *c, struct call *call);
struct call *calls_pop(struct calls *c);
void calls_fail(struct group *g, bool proposed_too); /* leadership is gone */
void calls_applied(struct group *g, const struct entry *e, struct bytes result);
void waits_applied(struct group *g);
void waits_fail(struct list *waits, int status);
void waits_expire(struct group *g, uint64_t now);

/* ---- snapshot.c */
void snapshot_wanted(struct group *g, uint64_t replica, uint32_t node);
void snapshot_begin(struct group *g, const struct rec *rec, uint32_t node);
void snapshot_receive(struct group *g, struct rec *rec, uint32_t node);
void snapshot_job_done(struct group *g, struct job *j);
void snapshot_part_done(struct group *g, struct item *i);
void snapshot_switched(struct group *g); /* its ticket is synced */
bool snapshot_waits_sync(const struct group *g);
bool snapshot_chores(struct group *g, uint64_t now);
void snapshot_drop(struct group *g);
uint64_t snapshot_floor(const struct group *g); /* log entries above it are still needed */

/* ---- membership.c */
void move_step(struct group *g); /* as far as it goes now */
void move_end(struct group *g, int status);

#endif
