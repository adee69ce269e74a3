/* SPDX-License-Identifier: Apache-2.0 */
/* sim.h - a cluster in one process, on virtual time, driven by a seed.
 *
 * Each node is a real struct host over kv_mem with a real writer; disk, network, clock and the
 * clients are simulated. Everything that happens is an event in one queue, ordered by time and
 * number, so one seed is one history. What must never happen ends the run: sim_fail. */
#ifndef SIM_SIM_H
#define SIM_SIM_H

#include "base/list.h"
#include "base/map.h"
#include "base/rand.h"
#include "replica/host.h"
#include "replica/identity.h"
#include "replica/view.h"
#include "replica/writer.h"

#define SIM_NODES 5
#define SIM_SHARDS 3
#define SIM_CLIENTS 6
#define MS(n) ((uint64_t)(n)*1000)

enum event_kind {
	EV_DELIVER,
	EV_TICK,
	EV_WRITE,
	EV_WRITTEN,
	EV_SYNCED,
	EV_READ,
	EV_BOOT,
	EV_PEER,
	EV_FAULT,
	EV_REQUEST,
	EV_REPLY,
	EV_CLIENT,
	EV_CONTROL,
	EV_HEAL,
	EV_END,
	EV_KINDS,
};

struct event {
	uint64_t at, seq;
	enum event_kind kind;
	unsigned node; /* whose turn; SIM_NODES: nobody's */
	uint64_t boot; /* of the node when it was made: stale ones do nothing; 0: any */
	uint64_t a, b;
	struct msg msg;
	struct job *job;
	void *ptr;
};

enum fault {
	F_DROP,
	F_DELAY,
	F_DUPLICATE,
	F_PARTITION,
	F_ONEWAY,
	F_CRASH,
	F_LOST_WRITES,
	F_SLOW_DISK,
	F_WRITE_ERROR,
	F_WIPE,
	F_ROLLBACK,
	F_TRANSFER,
	F_MOVE,
	F_INSTALL,
	F_COMPACTION,
	F_TRUNCATION,
	F_DUP_REQUEST,
	F_LOST_REPLY,
	F_FLOOR,
	F_BARRIER_READ,
	F_LEASE_READ,
	F_DRAIN,
	F_LEASE_TRAP,
	F_FLOOR_TRAP,
	F_KINDS,
};
extern const char *const fault_names[F_KINDS];

struct queued_job {
	struct list list;
	struct job *job;
};

struct node {
	unsigned id;
	bool up, wiped;
	uint64_t boot; /* counts processes */
	struct kv *kv;
	struct kv *image; /* an older state of the disk, to roll back to */
	uint64_t image_at;
	struct host *host;
	struct writer *writer;
	struct identity id_on_disk;
	int64_t clock_us; /* added to the virtual time */
	struct list jobs;
	bool writing, syncing;
	uint64_t written, tick_at, done_at;
	uint64_t slow_until;
	struct seen {
		uint64_t replica, first, last;
		bool leads; /* an entry of its own term is committed */
	} seen[SIM_SHARDS];
};

struct shard {
	uint64_t acked_index; /* highest that a client was told */
	struct map applied;   /* index -> struct applied_entry */
	struct map hashes;    /* index -> struct hash128: state after it */
	struct map leaders;   /* term -> node + 1 */
	uint64_t effects, refused;
};

struct sim {
	uint64_t seed, now, seq, steps;
	struct prng rng;
	struct event **heap;
	size_t n, cap;
	bool verbose, healed, over;
	bool hushed;        /* clients begin nothing new */
	const char *broken; /* a rule that is switched off */
	const struct sim_app *app;
	void *app_state;

	unsigned n_nodes, n_shards, n_clients;
	struct host_config config;
	unsigned drop_percent, dup_percent, delay_ms, disk_ms, sync_ms, fault_ms;
	bool cut[SIM_NODES][SIM_NODES];
	uint64_t arrival[SIM_NODES][SIM_NODES]; /* FIFO per link */
	uint64_t quiet_since;                   /* no partition since */
	struct node node[SIM_NODES];
	struct {
		void (*run)(struct sim *s);
		unsigned act;
		struct node *n[3];
	} trap;
	struct shard shard[SIM_SHARDS];
	struct map attempts; /* attempt -> enum attempt_fate */
	uint64_t next_attempt, next_replica;
	struct client *clients;
	struct control *control;
	uint64_t faults[F_KINDS];
	uint64_t acked, duplicates, reads;
	uint64_t trace;
};

extern struct sim *sim_current;

__attribute__((noreturn)) void sim_fail(const char *fmt, ...) PRINTF(1, 2);
void sim_note(const char *fmt, ...) PRINTF(1, 2); /* --verbose */

/* ---- sim.c */
struct event *sim_at(struct sim *s, uint64_t at, enum event_kind kind, unsigned node);
void sim_forget(struct sim *s, unsigned node); /* drops the events of a node that went down */
uint64_t sim_between(struct sim *s, uint64_t from, uint64_t to);
static inline bool sim_chance(struct sim *s, unsigned percent)
{
	return prng_chance(&s->rng, percent);
}
/* From here on clock_ms() is this node's; NULL: nobody's. */
void sim_enter(const struct node *n);
void sim_run(struct sim *s);

/* ---- node.c */
void node_init(struct sim *s, unsigned id);
void node_boot(struct sim *s, struct node *n);
void node_crash(struct sim *s, struct node *n);
void node_wipe(struct sim *s, struct node *n);
void node_rollback(struct sim *s, struct node *n);
void node_event(struct sim *s, struct event *e);
void node_free(struct node *n);
void node_turn_end(struct sim *s, struct node *n);

/* ---- network.c */
void net_send(struct sim *s, unsigned from, unsigned to, struct msg *m);
bool net_cut(const struct sim *s, unsigned from, unsigned to);
void net_peers_of(struct sim *s, struct node *n);

/* ---- faults.c */
void faults_init(struct sim *s);
void faults_event(struct sim *s);
void faults_heal(struct sim *s);

/* ---- control.c: what shard 0's leader does in a real cluster */
void control_init(struct sim *s);  /* decides who holds what */
void control_start(struct sim *s); /* and makes it so */
void control_event(struct sim *s);
void control_lost(struct sim *s, unsigned node, uint32_t shard, uint64_t replica);
bool control_busy(const struct sim *s);
bool control_calm(struct sim *s); /* every replica that should be there is */
bool control_move(struct sim *s);
bool control_holds(struct sim *s, unsigned node, uint32_t shard, uint64_t replica);
void control_free(struct sim *s);

/* ---- client.c */
void clients_init(struct sim *s);
void clients_event(struct sim *s, struct event *e);
bool clients_done(struct sim *s);
void clients_free(struct sim *s);

/* ---- check.c */
void check_applied(struct sim *s, unsigned node, const struct host_entry *e, uint64_t attempt,
		   struct hash128 what);
void check_state(struct sim *s, struct node *n);
void check_acked(struct sim *s, unsigned node, uint32_t shard, uint64_t index, uint64_t attempt);
void check_refused(struct sim *s, uint64_t attempt);
void check_attempt(struct sim *s, uint64_t attempt);
void check_read(struct sim *s, unsigned node, uint32_t shard, uint64_t at_least);
bool check_led(struct sim *s); /* every shard has a leader */
void check_end(struct sim *s);
void check_dump(struct sim *s); /* --verbose */

/* ---- app_*.c: what is replicated */
struct sim_app {
	const char *name;
	void *(*init)(struct sim *s);
	void (*free)(void *state);
	/* A new operation of a client; op begins anew with each attempt. */
	void (*invent)(struct sim *s, unsigned client, uint32_t shard, uint64_t seq);
	struct blob *(*op)(struct sim *s, unsigned client, uint64_t attempt);
	struct blob *(*body)(struct sim *s, unsigned client); /* or NULL */
	void (*apply)(void *node, struct rows *rows, const struct host_entry *e, struct arena *mem,
		      struct host_outcome *out);
	/* The answer of a request; false: it was refused for now, try again under the same id. */
	bool (*answered)(struct sim *s, unsigned client, struct bytes result);
	/* At the end: the rows of one replica. */
	void (*check)(struct sim *s, struct node *n, uint32_t shard);
};
extern const struct sim_app app_plain, app_mail;

#endif
