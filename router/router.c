/* SPDX-License-Identifier: Apache-2.0 */
/* router.c - the public face: a router, its nodes, its timer; calls handed in and given up. */
#include "router/private.h"

#include "base/clock.h"
#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <zmq.h>

#define DEFAULT_INFLIGHT MIB(32)
#define DEFAULT_SESSION_RETRY SECONDS(60)
#define DEFAULT_DELIVERY_RETRY MINUTES(5)
#define DEFAULT_ATTEMPT 1500
#define SWEEP_MS SECONDS(5)

static void on_timer(void *arg)
{
	struct router *r = arg;
	uint64_t now = clock_ms();
	struct due *d;

	while ((d = due_first(&r->due)) && d->at <= now)
		flight_due(container_of(d, struct flight, due), now);
}

static void on_turn_end(void *arg)
{
	struct router *r = arg;
	struct due *d = due_first(&r->due);
	uint64_t now = clock_ms();

	if (d && d->at != UINT64_MAX)
		loop_timer_set(r->timer, d->at > now ? d->at - now : 1, 0);
	else
		loop_timer_clear(r->timer);
}

static void on_sweep(void *arg)
{
	struct router *r = arg;

	for (size_t i = 0; i < r->n_nodes; i++)
		node_sweep(&r->nodes[i], clock_ms());
}

static void node_open(struct router *r, size_t at)
{
	const struct conf_node *conf = (const struct conf_node *)r->c.cluster->nodes.v + at;
	struct node *n = &r->nodes[at];

	n->r = r;
	n->at = (int)at;
	n->conf = conf;
	list_init(&n->attempts);
	list_init(&n->queue);
	n->peer = peer_new(&(struct peer_config){
		.loop = r->loop,
		.zmq = r->zmq,
		.name = conf->name,
		.address = conf->address,
		.server_key = conf->public_key,
		.public_key = r->public_key,
		.secret_key = r->c.secret_key,
		.state = node_state,
		.message = node_message,
		.arg = n,
	});
}

static void set_defaults(struct router_config *c)
{
	c->max_inflight_bytes = c->max_inflight_bytes ? c->max_inflight_bytes : DEFAULT_INFLIGHT;
	c->session_retry_ms = c->session_retry_ms ? c->session_retry_ms : DEFAULT_SESSION_RETRY;
	c->delivery_retry_ms = c->delivery_retry_ms ? c->delivery_retry_ms : DEFAULT_DELIVERY_RETRY;
	c->attempt_ms = c->attempt_ms ? c->attempt_ms : DEFAULT_ATTEMPT;
}

static void open_context(struct router *r)
{
	r->zmq = zmq_ctx_new();
	if (!r->zmq)
		BUG("no ZeroMQ context");
	zmq_ctx_set(r->zmq, ZMQ_BLOCKY, 0);
	zmq_ctx_set(r->zmq, ZMQ_MAX_SOCKETS, (int)r->n_nodes * 4 + 16);
}

/* ---- rules that can be switched off, to see that tests notice */

static const char *broken_rule = "";

void router_break(const char *rule)
{
	broken_rule = rule;
}

static void break_rules(struct router *r)
{
	r->fence_off = strcmp(broken_rule, "fence") == 0;
	r->seq_off = strcmp(broken_rule, "seq") == 0;
}

struct router *router_new(struct loop *loop, const struct router_config *c, struct why *why)
{
	struct router *r = xnew(struct router);

	r->loop = loop;
	r->c = *c;
	set_defaults(&r->c);
	break_rules(r);
	if (curve_public(c->secret_key, r->public_key) < 0) {
		why_set(why, ERR_CONFIG, "the secret key is not a CURVE key");
		free(r);
		return NULL;
	}
	do
		r->client = rand_u64();
	while (r->client == 0);
	prng_seed(&r->rand, rand_u64());
	r->next_number = 1;
	r->map_turn = (unsigned)rand_u64();
	list_init(&r->flights);
	list_init(&r->waiting);
	map_init(&r->attempts);
	due_init(&r->due);
	arena_init(&r->mem, 0);
	r->timer = loop_timer_new(loop, on_timer, r);
	r->sweep = loop_timer_new(loop, on_sweep, r);
	loop_timer_set(r->sweep, SWEEP_MS, SWEEP_MS);
	r->hook = loop_hook_new(loop, on_turn_end, r);
	r->watches = watches_new(r, loop, r->client);
	r->n_nodes = c->cluster->nodes.n;
	r->nodes = xcalloc(r->n_nodes, sizeof(*r->nodes));
	open_context(r);
	for (size_t i = 0; i < r->n_nodes; i++)
		node_open(r, i);
	router_want_map(r, 0);
	return r;
}

/* ---- the end --------------------------------------------------------------------------------- */

static void end_flights(struct router *r)
{
	struct list *first;

	while ((first = list_first(&r->flights))) {
		struct flight *f = list_entry(first, struct flight, all);
		struct call *c = f->call;

		flight_free(f);
		if (!c)
			continue;
		c->priv = NULL;
		c->status = ERR_GONE;
		c->done(c);
	}
}

static void node_close(struct node *n)
{
	struct list *first;

	while ((first = list_first(&n->attempts)))
		attempt_settle(list_entry(first, struct attempt, in_node));
	peer_free(&n->peer);
}

void router_free(struct router **router)
{
	struct router *r = *router;

	if (!r)
		return;
	r->closing = true;
	end_flights(r);
	for (size_t i = 0; i < r->n_nodes; i++)
		node_close(&r->nodes[i]);
	watches_free(&r->watches);
	free(r->nodes);
	zmq_ctx_term(r->zmq);
	loop_hook_free(&r->hook);
	loop_timer_free(&r->timer);
	loop_timer_free(&r->sweep);
	loop_timer_free(&r->map_timer);
	clustermap_free(&r->map);
	free(r->node_of);
	free(r->shards);
	map_release(&r->attempts);
	due_release(&r->due);
	arena_release(&r->mem);
	explicit_bzero(r->public_key, sizeof(r->public_key));
	free(r);
	*router = NULL;
}

/* ---- what it knows --------------------------------------------------------------------------- */

bool router_ready(const struct router *r)
{
	return r->map != NULL;
}

uint32_t router_shards(const struct router *r)
{
	return r->map ? clustermap_shards(r->map) : 0;
}

uint32_t router_address_shard(const struct router *r, struct bytes normalised)
{
	return r->map ? clustermap_address_shard(r->map, normalised) : 0;
}

uint32_t router_domain_shard(const struct router *r, struct bytes domain)
{
	return r->map ? clustermap_domain_shard(r->map, domain) : 0;
}

const Tern__ClusterMap *router_map(const struct router *r)
{
	return r->map ? clustermap_message(r->map) : NULL;
}

/* ---- calls ----------------------------------------------------------------------------------- */

void call_init(struct call *c, enum call_class class, Tern__Kind kind, uint32_t shard)
{
	memset(c, 0, sizeof(*c));
	c->class = class;
	c->kind = kind;
	c->shard = shard;
	c->to_node = -1;
}

static unsigned retry_ms(const struct router *r, enum call_class class)
{
	return class == CALL_OP       ? r->c.session_retry_ms :
	       class == CALL_DELIVERY ? r->c.delivery_retry_ms :
					0;
}

static void take_parts(struct flight *f, struct call *c)
{
	f->body = c->body;
	f->bytes = c->body ? c->body->b.n : 0;
	c->body = NULL;
	for (unsigned i = 0; i < c->n_payload; i++) {
		f->payload[i] = c->payload[i];
		f->bytes += c->payload[i]->b.n;
		c->payload[i] = NULL;
	}
	f->n_payload = c->n_payload;
	c->n_payload = 0;
}

void router_call(struct router *r, struct call *c)
{
	struct flight *f = flight_new(r, ROLE_CALL, c->class, c->kind, c->shard);

	INVARIANT(c->n_payload <= WIRE_MAX_PARTS && c->to_node < (int)r->n_nodes && c->done);
	INVARIANT(c->to_node < 0 || c->class == CALL_READ);
	f->call = c;
	f->to_node = c->to_node;
	f->grows = c->grows;
	f->min_index = c->min_index;
	f->trace = c->trace;
	memcpy(f->delivery, c->delivery, sizeof(f->delivery));
	take_parts(f, c);
	c->priv = (struct call_private *)f;
	flight_times(f, c->deadline, retry_ms(r, c->class));
	flight_start(f);
}

void router_cancel(struct call *c)
{
	struct flight *f = (struct flight *)c->priv;

	if (!f)
		return;
	f->call = NULL;
	c->priv = NULL;
	if (f->maybe == 0 || f->class == CALL_READ || f->class == CALL_ANY)
		flight_free(f);
	c->status = ERR_GONE;
	c->done(c);
}
