/* SPDX-License-Identifier: Apache-2.0 */
/* sim.h - a cluster in one process, on virtual time, driven by a seed.
 *
 * Each node is a real struct host over kv_mem with a real writer and, with the mailstore, the real
 * request path of storenode/server; each front end is a real router. Disk, network, clock and the
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
#define SIM_FRONTS 2
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
	EV_TURN,    /* of a loop */
	EV_READER,  /* a node's reader thread */
	EV_WIRE,    /* a message between front end and node arrives */
	EV_CONNECT, /* a front end tries to */
	EV_HANGUP,  /* the ends of a connection hear that it broke */
	EV_SILENT,  /* of a cut line */
	EV_FRONT,   /* a front end starts */
	EV_CANCEL,  /* a client loses interest */
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
	F_BROKEN,
	F_CUT,
	F_FULL,
	F_FRONT,
	F_IDLE,
	F_CANCEL,
	F_RETRY,
	F_FENCE,
	F_FENCED,
	F_OVERTAKEN,
	F_BUSY,
	F_UNKNOWN,
	F_RENEWED,
	F_EPOCH,
	F_READ,
	F_CHUNK,
	F_HINT,
	F_KINDS,
};

/* Each must have come up in a run of some length: with which app. */
enum { WITH_PLAIN = 1, WITH_MAIL = 2, WITH_BOTH = 3 };
struct fault_kind {
	const char *name;
	unsigned with;
};
extern const struct fault_kind fault_kinds[F_KINDS];

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
	struct door *door; /* to front ends; NULL: none */
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
	uint64_t skipped;   /* time that passed while nothing happened, for all clocks */
	const char *broken; /* a rule that is switched off */
	const struct sim_app *app;
	void *app_state;

	unsigned n_nodes, n_shards, n_clients, n_fronts;
	struct host_config config;
	unsigned pace_ms;  /* of sessions: at most so long between two requests */
	size_t peer_bytes; /* what a node lets a front end have under way */
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
	struct front *fronts;
	struct wires *wires;
	struct map introduced; /* clients to shards */
	struct control *control;
	uint64_t faults[F_KINDS];
	uint64_t acked, duplicates, reads, applied_at;
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
unsigned sim_turn(void);                                /* whose; SIM_NODES: nobody's */
bool sim_breaks(const struct sim *s, const char *rule); /* is it switched off? */
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
void node_fail(struct node *n, const char *why); /* it ends with its turn */

/* ---- network.c */
void net_send(struct sim *s, unsigned from, unsigned to, struct msg *m);
bool net_cut(const struct sim *s, unsigned from, unsigned to);
void net_peers_of(struct sim *s, struct node *n);

/* ---- faults.c */
void faults_init(struct sim *s);
void faults_event(struct sim *s, uint64_t series);
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
struct bytes control_map(const struct sim *s, uint64_t *epoch); /* packed ClusterMap */
void control_free(struct sim *s);

/* ---- sim_loop.c */
struct loop;
void sim_loop_event(struct sim *s, struct event *e);
void sim_loop_turn(struct loop *l);
void sim_loop_end(struct loop *l); /* after what came from outside a turn */

/* ---- sim_peer.c */
void wires_init(struct sim *s);
void wires_event(struct sim *s, struct event *e);
void wires_node_down(struct sim *s, unsigned node);
void wires_read_late(struct sim *s, unsigned node); /* what came long ago */
void wires_break(struct sim *s);
void wires_cut(struct sim *s);
void wires_mend(struct sim *s);
void wires_free(struct sim *s);
void *port_new(unsigned node); /* zmq_close frees it */
void port_put(void *socket, uint64_t conn, struct msg *m);
bool port_has_input(void *socket);

/* ---- door.c: a node's side of a request */
struct effects;
void door_open(struct sim *s, struct node *n);
void door_close(struct node *n); /* the host still stands and is freed next */
void door_free(struct node *n);
void door_knock(struct sim *s, struct node *n, uint64_t conn, struct msg *m);
void door_answers(struct sim *s, struct node *n, uint64_t conn, const struct msg *m);
void door_event(struct sim *s, struct event *e);
void door_applied(struct node *n, uint32_t shard, const struct effects *fx);
void door_leading(struct node *n, uint32_t shard, bool leading);
void door_turn_end(struct node *n);
void door_upkeep(struct sim *s, struct node *n); /* Maintain, and a newer map */

/* ---- front.c: front ends */
struct router;
void fronts_init(struct sim *s);
void fronts_event(struct sim *s, struct event *e);
void fronts_free(struct sim *s);
void front_crash(struct sim *s);
unsigned front_now(const struct sim *s); /* the one that is being started */
struct router *front_router(const struct sim *s, unsigned front); /* NULL: down */
void front_turn_end(struct sim *s, unsigned front);

/* ---- check.c */
/* True: nobody has applied it before. */
bool check_applied(struct sim *s, unsigned node, const struct host_entry *e, uint64_t attempt,
		   struct hash128 what);
void check_effect(struct sim *s, uint64_t attempt); /* it happened */
bool check_open(struct sim *s, uint64_t attempt);   /* nobody was told anything of it yet */
void check_unknown(struct sim *s, uint64_t attempt);
bool check_happened(struct sim *s, uint64_t attempt);
void check_state(struct sim *s, struct node *n);
void check_acked(struct sim *s, unsigned node, uint32_t shard, uint64_t index, uint64_t attempt);
void check_refused(struct sim *s, uint64_t attempt);
void check_attempt(struct sim *s, uint64_t attempt);
void check_read(struct sim *s, unsigned node, uint32_t shard, uint64_t at_least);
bool check_led(struct sim *s); /* every shard has a leader */
void check_end(struct sim *s);
void check_dump(struct sim *s); /* --verbose */

/* ---- client.c, mail_client.c */
struct sim_clients {
	void (*init)(struct sim *s);
	void (*event)(struct sim *s, struct event *e);
	bool (*done)(struct sim *s);
	void (*free)(struct sim *s);
};
extern const struct sim_clients clients_direct, clients_mail;

/* ---- app_*.c: what is replicated */
struct sim_app {
	const char *name;
	unsigned bit; /* of fault_kind.with */
	const struct sim_clients *clients;
	void *(*init)(struct sim *s);
	void (*free)(void *state);
	void (*apply)(void *node, struct rows *rows, const struct host_entry *e, struct arena *mem,
		      struct host_outcome *out);
	/* At the end: the rows of one replica. */
	void (*check)(struct sim *s, struct node *n, uint32_t shard);

	/* For clients_direct. A new operation of a client; op begins anew with each attempt. */
	void (*invent)(struct sim *s, unsigned client, uint32_t shard, uint64_t seq);
	struct blob *(*op)(struct sim *s, unsigned client, uint64_t attempt);
	struct blob *(*body)(struct sim *s, unsigned client); /* or NULL */
	/* The answer of a request; false: it was refused for now, try again under the same id. */
	bool (*answered)(struct sim *s, unsigned client, struct bytes result);
};
extern const struct sim_app app_plain, app_mail;

#endif
