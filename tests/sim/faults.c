/* SPDX-License-Identifier: Apache-2.0 */
/* faults.c - what goes wrong, and when. Disks are lost one at a time, and only when the cluster
 * has had time to notice what was on them: more it does not promise to survive.
 *
 * Two traps are set on purpose, each for one rule: what it takes to fall into them would come
 * together by chance once in many thousand histories. */
#include "sim/mail.h"

#define QUIET_MS 3000
#define IMAGE_AGE_MS 3000

static struct node *any(struct sim *s)
{
	return &s->node[prng_below(&s->rng, s->n_nodes)];
}

enum { OF_NODES, OF_FRONTS }; /* two series, side by side */

static void plan_next(struct sim *s, uint64_t series)
{
	sim_at(s, s->now + sim_between(s, MS(50), MS(s->fault_ms)), EV_FAULT, SIM_NODES)->a =
		series;
}

static void plan(struct sim *s)
{
	plan_next(s, OF_NODES);
}

/* ---- network */

static void connect_all(struct sim *s)
{
	memset(s->cut, 0, sizeof(s->cut));
	s->quiet_since = s->now;
}

static void partition(struct sim *s)
{
	unsigned side = (unsigned)prng_below(&s->rng, 1u << s->n_nodes);
	bool oneway = sim_chance(s, 30);

	for (unsigned a = 0; a < s->n_nodes; a++)
		for (unsigned b = 0; b < s->n_nodes; b++)
			s->cut[a][b] = ((side >> a) & 1) != ((side >> b) & 1) &&
				       (!oneway || ((side >> a) & 1));
	s->faults[oneway ? F_ONEWAY : F_PARTITION]++;
	sim_note("partition %x%s", side, oneway ? " one way" : "");
	s->quiet_since = UINT64_MAX;
}

/* ---- processes and disks */

static void restart_later(struct sim *s, struct node *n)
{
	sim_at(s, s->now + sim_between(s, MS(20), MS(4000)), EV_BOOT, n->id);
}

static void crash(struct sim *s)
{
	struct node *n = any(s);

	if (!n->up)
		return;
	node_crash(s, n);
	restart_later(s, n);
}

static void crash_all(struct sim *s)
{
	for (unsigned i = 0; i < s->n_nodes; i++) {
		if (!s->node[i].up)
			continue;
		node_crash(s, &s->node[i]);
		restart_later(s, &s->node[i]);
	}
}

static void slow_disk(struct sim *s)
{
	any(s)->slow_until = s->now + sim_between(s, MS(100), MS(4000));
	s->faults[F_SLOW_DISK]++;
}

static void bad_disk(struct sim *s)
{
	struct node *n = any(s);

	if (sim_chance(s, 50))
		kv_mem_fail(n->kv, (unsigned)sim_between(s, 1, 20));
	else
		kv_mem_fail_sync(n->kv, (unsigned)sim_between(s, 1, 10));
	s->faults[F_WRITE_ERROR]++;
}

static bool may_lose_a_disk(struct sim *s)
{
	return s->quiet_since != UINT64_MAX && s->now - s->quiet_since > MS(QUIET_MS) &&
	       control_calm(s);
}

static void wipe(struct sim *s)
{
	struct node *n = any(s);

	if (!may_lose_a_disk(s))
		return;
	node_wipe(s, n);
	restart_later(s, n);
}

static void keep_image(struct sim *s)
{
	struct node *n = any(s);

	if (n->image || !n->up || !control_calm(s))
		return;
	n->image = kv_mem_clone(n->kv);
	n->image_at = s->now;
}

static void drop_images(struct sim *s)
{
	for (unsigned i = 0; i < s->n_nodes; i++)
		if (s->node[i].image)
			kv_close(&s->node[i].image);
}

static void roll_back(struct sim *s)
{
	struct node *n = any(s);

	if (!n->image || s->now - n->image_at < MS(IMAGE_AGE_MS) || !may_lose_a_disk(s))
		return;
	node_rollback(s, n);
	drop_images(s); /* of the others: taken under configurations that are history now */
	restart_later(s, n);
}

/* ---- orders */

static void transfer(struct sim *s)
{
	for (unsigned i = 0; i < s->n_nodes; i++) {
		struct node *n = &s->node[i];
		uint32_t shard = (uint32_t)prng_below(&s->rng, s->n_shards);

		if (!n->up)
			continue;
		sim_enter(n);
		if (host_transfer(n->host, shard, any(s)->id) == 0)
			s->faults[F_TRANSFER]++;
		node_turn_end(s, n);
		sim_enter(NULL);
	}
}

static void drain(struct sim *s)
{
	struct node *n = any(s);

	if (!n->up)
		return;
	host_drain(n->host, sim_chance(s, 50));
	s->faults[F_DRAIN]++;
}

static void move(struct sim *s)
{
	if (control_move(s))
		s->faults[F_MOVE]++;
}

/* ---- traps: nothing else goes wrong meanwhile */

/* The three that hold a shard: its leader first. */
static bool cast(struct sim *s, struct node *n[3])
{
	uint32_t shard = (uint32_t)prng_below(&s->rng, s->n_shards);
	struct host_status st;
	unsigned others = 1;

	n[0] = NULL;
	for (unsigned i = 0; i < s->n_nodes; i++) {
		struct node *at = &s->node[i];

		if (!at->up || !host_status(at->host, shard, &st) || st.role != HOST_VOTER)
			continue;
		if (st.state == HOST_LEADER)
			n[0] = at;
		else if (others < 3)
			n[others++] = at;
	}
	return n[0] && others == 3;
}

static void cut(struct sim *s, struct node *a, struct node *b, bool on)
{
	s->cut[a->id][b->id] = s->cut[b->id][a->id] = on;
}

static void next_act(struct sim *s, uint64_t ms)
{
	s->trap.act++;
	sim_at(s, s->now + MS(ms), EV_FAULT, SIM_NODES);
}

/* R12: one follower hears nothing from the leader; the other, which has just confirmed the
 * lease, restarts and forgets that it did. No writes: both logs are equally good. */
static void lease_trap(struct sim *s)
{
	struct node **n = s->trap.n;

	if (s->trap.act == 1) {
		s->hushed = true;
		next_act(s, 2000);
	} else if (s->trap.act == 2) {
		cut(s, n[0], n[2], true);
		next_act(s, sim_between(s, 1500, 4000));
	} else if (s->trap.act == 3 && n[1]->up) {
		cut(s, n[0], n[1], true);
		node_crash(s, n[1]);
		sim_at(s, s->now + MS(20), EV_BOOT, n[1]->id);
		next_act(s, 3000);
	} else {
		s->trap.run = NULL;
		s->hushed = false;
		connect_all(s);
		plan(s);
	}
}

/* The floor: what leader and one follower have acknowledged, while the other was away, is lost
 * with the follower's disk - which comes back as it was before - and the leader's process. */
static void floor_trap(struct sim *s)
{
	struct node **n = s->trap.n;

	if (s->trap.act == 1) {
		n[1]->image = kv_mem_clone(n[1]->kv);
		n[1]->image_at = s->now;
		next_act(s, 3000);
	} else if (s->trap.act == 2) {
		cut(s, n[2], n[0], true);
		cut(s, n[2], n[1], true);
		next_act(s, 600);
	} else if (s->trap.act == 3 && n[0]->up && n[1]->up && n[1]->image) {
		node_crash(s, n[0]);
		node_rollback(s, n[1]);
		sim_at(s, s->now + MS(20), EV_BOOT, n[1]->id);
		sim_at(s, s->now + MS(5000), EV_BOOT, n[0]->id);
		connect_all(s);
		next_act(s, 8000);
	} else {
		s->trap.run = NULL;
		connect_all(s);
		plan(s);
	}
}

/* An hour in which nothing comes through: the shards forget the front ends. */
static void idle(struct sim *s)
{
	sim_note("an hour passes");
	s->faults[F_IDLE]++;
	s->skipped += MS(3700000);
	mail_slept(s);
}

static void set_trap(struct sim *s, void (*run)(struct sim *s), enum fault kind)
{
	struct node *n[3];

	if (s->trap.run || !may_lose_a_disk(s) || !cast(s, n) || (n[1]->image))
		return;
	sim_note("trap: %s; leader n%u, n%u, n%u", fault_kinds[kind].name, n[0]->id, n[1]->id,
		 n[2]->id);
	s->faults[kind]++;
	s->trap.run = run;
	s->trap.act = 0;
	memcpy(s->trap.n, n, sizeof(n));
	next_act(s, 1);
}

static void trap_lease(struct sim *s)
{
	set_trap(s, lease_trap, F_LEASE_TRAP);
}

static void trap_floor(struct sim *s)
{
	set_trap(s, floor_trap, F_FLOOR_TRAP);
}

struct row {
	unsigned weight;
	void (*run)(struct sim *s);
	unsigned drawn; /* each seed has its own mix */
};

static struct row of_nodes[] = {
	{ 18, crash },      { 2, crash_all },   { 12, partition }, { 14, connect_all },
	{ 6, slow_disk },   { 3, bad_disk },    { 4, wipe },       { 8, keep_image },
	{ 8, roll_back },   { 12, transfer },   { 3, drain },      { 10, move },
	{ 10, trap_lease }, { 10, trap_floor },
};

static struct row of_fronts[] = {
	{ 16, wires_break }, { 12, wires_cut }, { 14, wires_mend }, { 1, idle }, { 6, front_crash },
};

static void draw(struct sim *s, struct row *rows, size_t n)
{
	static const unsigned factors[] = { 0, 1, 1, 2, 6 };

	for (size_t i = 0; i < n; i++)
		rows[i].drawn = rows[i].weight * factors[prng_below(&s->rng, 5)];
	rows[n - 1].drawn++;
}

static void run_one(struct sim *s, const struct row *rows, size_t n)
{
	uint64_t total = 0, pick;

	for (size_t i = 0; i < n; i++)
		total += rows[i].drawn;
	pick = prng_below(&s->rng, total);
	for (size_t i = 0; i < n; i++) {
		if (pick < rows[i].drawn) {
			rows[i].run(s);
			return;
		}
		pick -= rows[i].drawn;
	}
}

void faults_init(struct sim *s)
{
	static const unsigned paces[] = { 500, 1000, 2000, 4000 };

	draw(s, of_nodes, ARRAY_LEN(of_nodes));
	s->fault_ms = paces[prng_below(&s->rng, ARRAY_LEN(paces))];
	if (s->broken && strcmp(s->broken, "vote-durable") == 0) { /* a fair chance to see it */
		s->fault_ms = 500;
		s->sync_ms = 400;
	}
	sim_at(s, s->now + MS(2500), EV_FAULT, SIM_NODES);
	if (!s->fronts)
		return;
	draw(s, of_fronts, ARRAY_LEN(of_fronts));
	sim_at(s, s->now + MS(2500), EV_FAULT, SIM_NODES)->a = OF_FRONTS;
}

void faults_event(struct sim *s, uint64_t series)
{
	if (s->healed)
		return;
	if (series == OF_FRONTS) {
		run_one(s, of_fronts, ARRAY_LEN(of_fronts));
		plan_next(s, OF_FRONTS);
	} else if (s->trap.run) {
		s->trap.run(s);
	} else {
		run_one(s, of_nodes, ARRAY_LEN(of_nodes));
		if (!s->trap.run)
			plan(s);
	}
}

void faults_heal(struct sim *s)
{
	sim_note("healed");
	s->healed = true;
	s->hushed = false;
	connect_all(s);
	wires_mend(s);
	s->delay_ms = 5;
	s->disk_ms = 1;
	s->sync_ms = 5;
	for (unsigned i = 0; i < s->n_nodes; i++) {
		struct node *n = &s->node[i];

		n->slow_until = 0;
		kv_mem_fail(n->kv, 0);
		kv_mem_fail_sync(n->kv, 0);
		if (n->up)
			host_drain(n->host, false);
		else
			sim_at(s, s->now + 1, EV_BOOT, i);
	}
}
