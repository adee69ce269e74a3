/* SPDX-License-Identifier: Apache-2.0 */
/* snapshot.c - a shard's whole state from one node to another, beside Raft.
 *
 *   source:    wanted --> one kv snapshot (kept, and shared by all who ask) --> offered
 *   receiver:  rows --> list of bodies --> the bodies it lacks --> ... --> checked --> switched
 *
 * The receiver asks for each part when it has written the one before: that is the flow control.
 * Rows go into a new incarnation that nobody reads, outside the write-ahead log; when all of it
 * has been flushed and a scan gives the state hash that was promised, one synced batch switches
 * rows, log and applied index, and the core is told. libraft has no way to abort an install:
 * giving one up means closing the core and starting it again from what is on disk. */
#include "replica/group.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/metric.h"

#include <stdlib.h>

#define EXPORT_IDLE_MS 60000
#define OFFER_AGAIN_MS 1000
#define BODIES_ASKED 256

struct export
{
	uint64_t id;
	bool open;      /* false: being opened */
	uint64_t floor; /* applied when it was asked for */
	struct export_source *source;
	struct store_applied applied;
	struct store_conf conf;
	uint64_t used_ms;
	unsigned n_wait;
	struct {
		uint64_t replica, offered_ms;
		uint32_t node;
		bool again;
	} wait[CONF_MAX];
};

enum install_state {
	INSTALL_ASKING,    /* a part is on its way, or its question */
	INSTALL_WRITING,   /* a part is with the writer */
	INSTALL_COMPARING, /* which bodies of the list are missing? */
	INSTALL_CHECKING,
	INSTALL_SWITCHING,
};

struct install {
	uint64_t source; /* replica */
	uint32_t node;
	struct snap_descriptor d;
	uint64_t index, term;
	struct store_conf conf;
	uint64_t incarnation;
	enum install_state state;
	enum snap_phase phase;
	struct buf cursor;
	bool end; /* the part at hand is the last of its phase */
	uint64_t asked_ms, heard_ms;
	struct buf missing; /* (index, term) pairs still to be asked for */
	struct host_chunk *spare;
	size_t n_spare;
	uint64_t ticket;
};

/* ---- source */

static void export_drop(struct group *g)
{
	struct export *x = g->export;

	g->export = NULL;
	if (!x)
		return;
	if (x->source)
		export_source_unref(&x->source);
	free(x);
}

uint64_t snapshot_floor(const struct group *g)
{
	/* The entry at the export itself stays: what follows is sent with its term. */
	return g->export ? MAX(g->export->floor, 1) - 1 : UINT64_MAX;
}

static void offer(struct group *g, struct export *x, unsigned i)
{
	struct rec r = { .type = REC_INSTALL, .to = x->wait[i].replica };
	struct buf conf;

	buf_init(&conf, 0);
	conf_pack(&x->conf.conf, &conf);
	r.install.term = g->lease.term;
	r.install.index = x->applied.index;
	r.install.index_term = x->applied.term;
	r.install.conf_index = x->conf.index;
	r.install.conf = buf_bytes(&conf);
	r.install.d.id = x->id;
	r.install.d.chain = x->applied.chain;
	r.install.d.log_ms = x->applied.log_ms;
	r.install.d.state = x->applied.state;
	group_send(g, &r, x->wait[i].node);
	buf_release(&conf);
	x->wait[i].offered_ms = clock_ms();
	x->wait[i].again = false;
}

static void offer_all(struct group *g)
{
	struct export *x = g->export;
	bool any = false;

	for (unsigned i = 0; i < x->n_wait; i++)
		any |= x->wait[i].again;
	if (!any || !x->open || !group_anchor(g, &x->applied, &x->conf))
		return;
	for (unsigned i = 0; i < x->n_wait; i++)
		if (x->wait[i].again && clock_ms() - x->wait[i].offered_ms >= OFFER_AGAIN_MS)
			offer(g, x, i);
}

static void add_waiting(struct export *x, uint64_t replica, uint32_t node)
{
	unsigned i = 0;

	while (i < x->n_wait && x->wait[i].replica != replica)
		i++;
	if (i == CONF_MAX)
		return;
	if (i == x->n_wait) {
		x->n_wait++;
		x->wait[i].replica = replica;
		x->wait[i].node = node;
		x->wait[i].offered_ms = 0;
	}
	x->wait[i].again = true;
}

void snapshot_wanted(struct group *g, uint64_t replica, uint32_t node)
{
	struct export *x = g->export;

	if (x && x->open && (x->applied.index < g->log.first || x->applied.index < g->snap_index)) {
		export_drop(g);
		x = NULL;
	}
	if (!x) {
		x = g->export = xnew(struct export);
		x->id = host_random(g->h) | 1;
		x->floor = g->applied;
		g->h->io.read(g->h->io.stages, job_new(READ_EXPORT, g->shard, g->generation));
	}
	x->used_ms = clock_ms();
	add_waiting(x, replica, node);
	group_chore(g);
	group_dirty(g);
}

static void export_opened(struct group *g, struct job *j)
{
	struct export *x = g->export;

	if (!x || x->open)
		return;
	if (j->status || !j->applied.index) {
		export_drop(g);
		return;
	}
	x->open = true;
	x->source = j->source;
	j->source = NULL;
	x->applied = j->applied;
	x->conf = j->conf;
	x->floor = j->applied.index;
	x->used_ms = clock_ms();
	metric_inc(M_snapshots_sent_total);
	log_info(NULL, "export_open", "shard=%u index=%lu rows=%lu", g->shard, x->applied.index,
		 x->applied.state.rows);
	offer_all(g);
}

static void send_part(struct group *g, struct rec *part, uint32_t node)
{
	part->type = REC_SNAP_PART;
	part->shard = g->shard;
	part->from = g->replica;
	peer_put(g->h, node, part);
}

static void receive_ask(struct group *g, const struct rec *rec, uint32_t node)
{
	struct export *x = g->export;
	struct rec part = { .to = rec->from };
	struct job *j;

	part.snap_part.id = rec->snap_ask.id;
	part.snap_part.phase = rec->snap_ask.phase;
	if (!x || !x->open || x->id != rec->snap_ask.id) {
		part.snap_part.cursor = rec->snap_ask.cursor;
		part.snap_part.refused = true;
		send_part(g, &part, node);
		return;
	}
	x->used_ms = clock_ms();
	j = job_new(READ_EXPORT_PART, g->shard, g->generation);
	j->source = export_source_ref(x->source);
	j->part = part;
	j->part.snap_part.cursor = bytes_dup(&j->mem, rec->snap_ask.cursor);
	j->node = node;
	g->h->io.read(g->h->io.stages, j);
}

static void part_read(struct group *g, struct job *j)
{
	j->part.snap_part.refused = j->status != 0;
	send_part(g, &j->part, j->node);
}

/* ---- receiver */

static void install_free(struct group *g)
{
	struct install *in = g->install;

	g->install = NULL;
	if (!in)
		return;
	buf_release(&in->cursor);
	buf_release(&in->missing);
	free(in->spare);
	free(in);
}

void snapshot_drop(struct group *g)
{
	export_drop(g);
	install_free(g);
}

static void give_up(struct group *g, const char *why)
{
	log_warn(NULL, "install_given_up", "shard=%u index=%lu why=%s", g->shard, g->install->index,
		 why);
	install_free(g);
	group_reload(g);
}

static void ask(struct group *g)
{
	struct install *in = g->install;
	struct rec r = {
		.type = REC_SNAP_ASK, .to = in->source, .shard = g->shard, .from = g->replica
	};

	r.snap_ask.id = in->d.id;
	r.snap_ask.phase = in->phase;
	r.snap_ask.cursor = buf_bytes(&in->cursor);
	if (in->phase == SNAP_BODIES)
		r.snap_ask.cursor = bytes_head(buf_bytes(&in->missing), BODIES_ASKED * 16);
	in->state = INSTALL_ASKING;
	in->asked_ms = clock_ms();
	if (peer_connected(g->h, in->node))
		peer_put(g->h, in->node, &r);
}

static void ask_fresh(struct group *g, enum snap_phase phase)
{
	g->install->phase = phase;
	g->install->heard_ms = clock_ms();
	ask(g);
}

void snapshot_begin(struct group *g, const struct rec *rec, uint32_t node)
{
	struct install *in = xnew(struct install);

	INVARIANT(!g->install);
	g->install = in;
	in->source = rec->from;
	in->node = node;
	in->d = rec->install.d;
	in->index = rec->install.index;
	in->term = rec->install.index_term;
	in->conf.index = rec->install.conf_index;
	INVARIANT(conf_unpack(rec->install.conf, &in->conf.conf));
	in->incarnation = ++g->incarnations;
	buf_init(&in->cursor, 0);
	buf_init(&in->missing, 0);
	log_info(NULL, "install_begin", "shard=%u index=%lu from=%u rows=%lu", g->shard, in->index,
		 node, in->d.state.rows);
	group_chore(g);
	ask_fresh(g, SNAP_ROWS);
}

static void write_part(struct group *g, struct blob *data)
{
	struct install *in = g->install;
	struct item *i = job_item(host_job(g->h), ITEM_PART, g->shard, g->generation);

	i->part.incarnation = in->incarnation;
	i->part.phase = in->phase;
	i->part.data = blob_ref(data);
	in->state = INSTALL_WRITING;
}

/* The last key of a part of rows is where the next begins. */
static bool rows_cursor(struct install *in, struct bytes data)
{
	while (data.n) {
		uint32_t n, m;
		struct bytes key, value;

		if (!get_u32be(&data, &n) || !get_u32be(&data, &m) || n > KEY_MAX ||
		    !get_bytes(&data, n, &key) || !get_bytes(&data, m, &value))
			return false;
		if (data.n == 0) {
			buf_clear(&in->cursor);
			buf_put_bytes(&in->cursor, key);
		}
	}
	return true;
}

static void compare_list(struct group *g, struct blob *data)
{
	struct install *in = g->install;
	struct job *j = job_new(READ_MISSING, g->shard, g->generation);

	j->list = blob_ref(data);
	j->after = bytes_dup(&j->mem, buf_bytes(&in->cursor));
	j->end = in->end;
	j->to = in->index + 1;
	if (data->b.n >= CHUNK_LIST_ITEM) {
		buf_clear(&in->cursor);
		buf_put(&in->cursor, data->b.p + data->b.n - CHUNK_LIST_ITEM, 16);
	}
	in->state = INSTALL_COMPARING;
	g->h->io.read(g->h->io.stages, j);
}

/* Bodies come in the order in which they were asked for; the rest is asked for again. */
static bool took_bodies(struct install *in, struct bytes data)
{
	bool any = false;

	while (data.n) {
		uint32_t n, m;
		struct bytes id, body;

		if (!get_u32be(&data, &n) || !get_u32be(&data, &m) || n != 16 ||
		    !get_bytes(&data, n, &id) || !get_bytes(&data, m, &body) ||
		    !bytes_eq(id, bytes_head(buf_bytes(&in->missing), 16)))
			return false;
		buf_take(&in->missing, 16);
		any = true;
	}
	return any;
}

static bool is_answer(const struct install *in, const struct rec *rec)
{
	struct bytes cursor = buf_bytes(&in->cursor);

	if (in->phase == SNAP_BODIES)
		cursor = bytes_head(buf_bytes(&in->missing), BODIES_ASKED * 16);
	return rec->from == in->source && rec->snap_part.id == in->d.id &&
	       rec->snap_part.phase == in->phase && in->state == INSTALL_ASKING &&
	       bytes_eq(rec->snap_part.cursor, cursor);
}

static void receive_part(struct group *g, const struct rec *rec)
{
	struct install *in = g->install;
	struct blob *data = rec->snap_part.data;
	bool good;

	if (!in || !is_answer(in, rec))
		return;
	if (rec->snap_part.refused || !data) {
		give_up(g, "the source has no such export");
		return;
	}
	in->heard_ms = clock_ms();
	if (in->phase != SNAP_BODIES)
		in->end = rec->snap_part.end;
	if (in->phase == SNAP_CHUNKS) {
		compare_list(g, data);
		return;
	}
	good = in->phase == SNAP_ROWS ? rows_cursor(in, data->b) : took_bodies(in, data->b);
	if (good)
		write_part(g, data);
	else
		give_up(g, "malformed part");
}

void snapshot_receive(struct group *g, struct rec *rec, uint32_t node)
{
	if (rec->type == REC_SNAP_ASK)
		receive_ask(g, rec, node);
	else
		receive_part(g, rec);
}

static void check(struct group *g)
{
	struct job *j = job_new(READ_VERIFY, g->shard, g->generation);

	j->incarnation = g->install->incarnation;
	g->install->state = INSTALL_CHECKING;
	g->h->io.read(g->h->io.stages, j);
}

static void next(struct group *g)
{
	struct install *in = g->install;

	if (in->phase == SNAP_ROWS && in->end) {
		buf_clear(&in->cursor);
		ask_fresh(g, SNAP_CHUNKS);
	} else if (in->phase == SNAP_ROWS) {
		ask_fresh(g, SNAP_ROWS);
	} else if (in->missing.n) {
		ask_fresh(g, SNAP_BODIES);
	} else if (!in->end) {
		ask_fresh(g, SNAP_CHUNKS);
	} else {
		check(g);
	}
}

void snapshot_part_done(struct group *g, struct item *i)
{
	struct install *in = g->install;

	if (!in || in->state != INSTALL_WRITING || i->part.incarnation != in->incarnation)
		return;
	if (i->part.status)
		give_up(g, "malformed part");
	else
		next(g);
}

static void list_compared(struct group *g, struct job *j)
{
	struct install *in = g->install;

	if (!in || in->state != INSTALL_COMPARING)
		return;
	if (j->status) {
		give_up(g, "malformed list");
		return;
	}
	for (size_t i = 0; i < j->n_missing; i++) {
		buf_u64be(&in->missing, j->missing[i].index);
		buf_u64be(&in->missing, j->missing[i].term);
	}
	if (j->n_spare) {
		in->spare = xrealloc(in->spare,
				     (in->n_spare + j->n_spare) * sizeof(struct host_chunk));
		memcpy(in->spare + in->n_spare, j->spare, j->n_spare * sizeof(struct host_chunk));
		in->n_spare += j->n_spare;
	}
	next(g);
}

static void checked(struct group *g, struct job *j)
{
	struct install *in = g->install;
	struct item *i;

	if (!in || in->state != INSTALL_CHECKING)
		return;
	if (j->status || !hash128_eq(j->state.hash, in->d.state.hash) ||
	    j->state.rows != in->d.state.rows) {
		give_up(g, "the rows that arrived are not those that were promised");
		return;
	}
	i = job_item(host_job(g->h), ITEM_SWITCH, g->shard, g->generation);
	i->install.applied = (struct store_applied){ .incarnation = in->incarnation,
						     .index = in->index,
						     .term = in->term,
						     .chain = in->d.chain,
						     .log_ms = in->d.log_ms,
						     .state = in->d.state };
	i->install.conf = in->conf;
	i->install.spare = arena_array(&g->h->job->mem, struct host_chunk, in->n_spare);
	i->install.n_spare = in->n_spare;
	if (in->n_spare)
		memcpy(i->install.spare, in->spare, in->n_spare * sizeof(struct host_chunk));
	in->state = INSTALL_SWITCHING;
	in->ticket = host_sync_ticket(g->h);
	group_wait_sync(g);
}

void snapshot_switched(struct group *g)
{
	struct install *in = g->install;
	struct store_applied a;
	struct store_conf c;

	if (!in || in->state != INSTALL_SWITCHING || in->ticket > g->h->synced_ticket)
		return;
	a = (struct store_applied){ .incarnation = in->incarnation,
				    .index = in->index,
				    .term = in->term,
				    .chain = in->d.chain,
				    .log_ms = in->d.log_ms,
				    .state = in->d.state };
	c = in->conf;
	metric_inc(M_snapshots_installed_total);
	log_info(NULL, "install_done", "shard=%u index=%lu", g->shard, in->index);
	install_free(g);
	group_installed(g, &a, &c);
}

bool snapshot_waits_sync(const struct group *g)
{
	return g->install && g->install->state == INSTALL_SWITCHING;
}

/* ---- both */

void snapshot_job_done(struct group *g, struct job *j)
{
	if (j->kind == READ_EXPORT)
		export_opened(g, j);
	else if (j->kind == READ_EXPORT_PART)
		part_read(g, j);
	else if (j->kind == READ_MISSING)
		list_compared(g, j);
	else
		checked(g, j);
}

static void install_chores(struct group *g, uint64_t now)
{
	struct install *in = g->install;

	if (in->state != INSTALL_ASKING)
		return;
	if (now - in->heard_ms >= 2 * (uint64_t)g->h->c.election_ms)
		give_up(g, "the source is silent");
	else if (now - in->asked_ms >= g->h->c.election_ms / 2)
		ask(g);
}

bool snapshot_chores(struct group *g, uint64_t now)
{
	if (g->install)
		install_chores(g, now);
	if (g->export && group_leads(g))
		offer_all(g);
	if (g->export && g->export->open && now - g->export->used_ms >= EXPORT_IDLE_MS)
		export_drop(g);
	return g->install || g->export;
}
