/* SPDX-License-Identifier: Apache-2.0 */
/* mail_client.c - sessions of the front ends: one call at a time through the router, and what its
 * answer promises held against what happened.
 *
 * OK: it happened, once. BUSY, FENCED: it did not and will not. UNKNOWN, or the front end died, or
 * the session lost interest: either. */
#include "sim/mail.h"

#include "base/clock.h"
#include "base/metric.h"

#include <stdlib.h>

#define AFTER_HEAL 5 /* requests that must still succeed then */

enum doing { NOTHING, CHANGING, READING, FETCHING };

struct session {
	struct sim *s;
	unsigned id, front;
	enum doing doing;
	bool doubt;     /* reads before it goes on */
	uint64_t asked; /* counts calls */
	struct call call;
	struct watch *watch;
	uint64_t watched; /* account */
	struct router *watched_by;
	unsigned left; /* after the healing */
};

static struct session *sessions;

static void plan(struct session *c, uint64_t after_us)
{
	sim_at(c->s, c->s->now + after_us, EV_CLIENT, SIM_NODES)->b = c->id;
}

/* ---- answers */

static void succeeded(struct session *c)
{
	c->s->acked++;
	if (c->s->healed && c->left)
		c->left--;
}

static void changed(struct session *c, int status)
{
	struct sim *s = c->s;

	if (status == ERR_OK) {
		if (!mail_settle(s, c->id, c->call.reply.body->b))
			check_refused(s, c->call.trace);
		else if (!check_happened(s, c->call.trace))
			sim_fail("request %lu is answered and did not happen", c->call.trace);
		succeeded(c);
	} else if (status == ERR_UNKNOWN || status == ERR_GONE) {
		s->faults[F_UNKNOWN] += status == ERR_UNKNOWN;
		check_unknown(s, c->call.trace);
		c->doubt = mail_doubt(s, c->id);
	} else if (status == ERR_BUSY || status == ERR_FENCED || status == ERR_EXPIRED) {
		s->faults[status == ERR_FENCED ? F_FENCED : F_BUSY]++;
		check_refused(s, c->call.trace);
	} else {
		sim_fail("request %lu: %s: %s", c->call.trace, err_name(status), c->call.why.text);
	}
}

static void read_done(struct session *c, enum doing what, int status)
{
	if (status != ERR_OK) {
		if (status != ERR_BUSY && status != ERR_GONE)
			sim_fail("client %u: a read ends with %s: %s", c->id, err_name(status),
				 c->call.why.text);
		return;
	}
	c->s->faults[what == READING ? F_READ : F_CHUNK]++;
	if (what == FETCHING) {
		mail_chunk_seen(c->s, c->id, &c->call.reply);
		return;
	}
	mail_seen(c->s, c->id, &c->call.reply);
	c->doubt = false;
}

static void done(struct call *call)
{
	struct session *c = call->arg;
	enum doing what = c->doing;

	sim_note("client %u: %lu ends with %s %s", c->id, call->trace, err_name(call->status),
		 call->why.text);
	c->doing = NOTHING;
	if (what == CHANGING)
		changed(c, call->status);
	else
		read_done(c, what, call->status);
	msg_release(&call->reply);
	plan(c, sim_between(c->s, MS(1), MS(c->s->healed ? 25 : c->s->pace_ms)));
}

/* ---- asking */

static void ask(struct session *c, enum doing what)
{
	struct sim *s = c->s;

	c->doing = what;
	c->asked++;
	c->call.deadline = clock_ms() + (s->healed         ? 5000 :
					 sim_chance(s, 60) ? sim_between(s, 100, 2000) :
							     sim_between(s, 2000, 6000));
	c->call.done = done;
	c->call.arg = c;
	sim_note("client %u: %lu shard %u kind %d", c->id, c->call.trace, c->call.shard,
		 (int)c->call.kind);
	router_call(front_router(s, c->front), &c->call);
	if (!s->healed && sim_chance(s, 3)) {
		struct event *e = sim_at(s, s->now + sim_between(s, 1000, MS(800)), EV_CANCEL,
					 SIM_NODES);

		e->a = c->asked;
		e->b = c->id;
	}
}

static void hinted(void *arg, uint64_t modseq)
{
	struct session *c = arg;

	c->s->faults[F_HINT]++;
	watch_seen(c->watch, modseq == UINT64_MAX ? 0 : modseq);
}

static void keep_watch(struct session *c, uint32_t shard)
{
	struct router *r = front_router(c->s, c->front);
	uint64_t account = mail_account(c->s, c->id, shard);

	if (!account || (c->watched_by == r && c->watch && sim_chance(c->s, 95)))
		return;
	watch_free(&c->watch);
	c->watch = router_watch(r, account, 0, hinted, c);
	c->watched_by = r;
	c->watched = account;
}

static void ask_something(struct session *c)
{
	struct sim *s = c->s;
	uint32_t shard = (uint32_t)prng_below(&s->rng, s->n_shards);
	uint64_t dice = prng_below(&s->rng, 100);

	keep_watch(c, shard);
	if ((c->doubt || dice < 15) && mail_read(s, c->id, shard, &c->call)) {
		ask(c, READING);
	} else if (dice < 20 && mail_chunk(s, c->id, &c->call)) {
		ask(c, FETCHING);
	} else {
		mail_invent(s, c->id, shard, &c->call);
		ask(c, CHANGING);
	}
}

static void wake(struct session *c)
{
	struct sim *s = c->s;

	INVARIANT(c->doing == NOTHING);
	if (!c->left && !c->doubt)
		return;
	if (!front_router(s, c->front) || (s->hushed && !c->doubt)) {
		plan(c, MS(50));
		return;
	}
	ask_something(c);
	front_turn_end(s, c->front);
}

static void cancel(struct session *c, uint64_t call)
{
	struct sim *s = c->s;

	if (c->doing == NOTHING || call != c->asked)
		return;
	s->faults[F_CANCEL]++;
	router_cancel(&c->call);
	front_turn_end(s, c->front);
}

static void on_event(struct sim *s, struct event *e)
{
	(void)s;
	if (e->kind == EV_CANCEL)
		cancel(&sessions[e->b], e->a);
	else
		wake(&sessions[e->b]);
}

/* ---- */

static void init(struct sim *s)
{
	sessions = xcalloc(s->n_clients, sizeof(*sessions));
	for (unsigned i = 0; i < s->n_clients; i++) {
		sessions[i].s = s;
		sessions[i].id = i;
		sessions[i].front = i % s->n_fronts;
		sessions[i].left = AFTER_HEAL;
		plan(&sessions[i], MS(1500));
	}
}

static bool all_done(struct sim *s)
{
	for (unsigned i = 0; i < s->n_clients; i++)
		if (sessions[i].left || sessions[i].doubt || sessions[i].doing != NOTHING)
			return false;
	return true;
}

static void release(struct sim *s)
{
	for (unsigned i = 0; i < s->n_clients; i++)
		watch_free(&sessions[i].watch);
	free(sessions);
	s->faults[F_RETRY] += (uint64_t)metric_get(M_store_retries_total);
	s->faults[F_FENCE] += (uint64_t)metric_get(M_store_fences_total);
}

const struct sim_clients clients_mail = { init, on_event, all_done, release };
