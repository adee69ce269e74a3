/* SPDX-License-Identifier: Apache-2.0 */
/* send.c - choosing a node, sending to it, and what comes back or breaks. */
#include "router/private.h"

#include "base/clock.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/metric.h"

#include <stdlib.h>

#define SUSPECT_MS SECONDS(5) /* then one call tries it again */
#define STALE_MS SECONDS(60)  /* an attempt nobody waits for and nobody answers */
#define MAX_HINTS 3           /* followed in a row without a pause */

/* ---- choosing ------------------------------------------------------------------------------ */

bool node_usable(const struct node *n)
{
	return peer_up(n->peer) && (!n->suspect || clock_ms() - n->heard > SUSPECT_MS);
}

int shard_leader_from_hint(struct router *r, uint32_t hint)
{
	const Tern__ClusterMap *m = r->map ? clustermap_message(r->map) : NULL;
	int node = m && hint > 0 && hint <= m->n_nodes ? r->node_of[hint - 1] : -1;

	return node >= 0 && node_usable(&r->nodes[node]) ? node : -1;
}

void shard_set_leader(struct router *r, uint32_t shard, int node)
{
	struct shard *s;

	if (!r->map || shard >= clustermap_shards(r->map))
		return;
	s = &r->shards[shard];
	s->leader = node;
	if (node < 0 || s->asserted_to == node)
		return;
	s->asserted_to = node;
	watches_leader(r->watches, shard);
}

void shard_forget_leader(struct router *r, int node)
{
	for (uint32_t i = 0; r->map && i < clustermap_shards(r->map); i++) {
		struct shard *s = &r->shards[i];

		if (s->leader == node)
			s->leader = -1;
		if (s->asserted_to != node)
			continue;
		s->asserted_to = -1;
		watches_leader(r->watches, i);
	}
}

/* Whatever it answers, and when it does, it is awake again. */
static void ping(struct node *n)
{
	struct flight *f = flight_new(n->r, ROLE_CALL, CALL_READ, TERN__KIND__KIND_NODE, 0);

	f->to_node = n->at;
	f->body = blob_copy(BYTES_NONE); /* a NodeQuery that asks for nothing more */
	flight_times(f, clock_ms() + SUSPECT_MS, 0);
	flight_start(f);
}

void node_suspect(struct node *n)
{
	struct list queue;

	if (n->suspect)
		return;
	n->suspect = true;
	log_notice(NULL, "peer_silent", "node=%s", n->conf->name);
	shard_forget_leader(n->r, n->at);
	ping(n);
	/* What waits for room there had better ask another. */
	list_init(&queue);
	for (struct list *first; (first = list_pop(&n->queue));)
		list_add(&queue, first);
	for (struct list *first; (first = list_pop(&queue));)
		flight_send(list_entry(first, struct flight, wait));
}

/* Replica i of the flight's shard as a node, -1: not in cluster.conf. */
static int replica_node(const struct flight *f, size_t i)
{
	const Tern__MapShard *s = clustermap_message(f->r->map)->shards[f->shard];

	return f->r->node_of[s->replicas[i]->node];
}

static size_t replicas_of(const struct flight *f)
{
	return clustermap_message(f->r->map)->shards[f->shard]->n_replicas;
}

static bool node_connected(const struct flight *f, int node)
{
	return node >= 0 && peer_up(f->r->nodes[node].peer);
}

/* The replica after the one tried last, in the map's order; usable ones first, then any that is
 * connected. */
static int next_replica(const struct flight *f)
{
	size_t n = replicas_of(f), from = 0;
	int spare = -1;

	for (size_t i = 0; i < n; i++)
		if (f->last >= 0 && replica_node(f, i) == f->last)
			from = i + 1;
	for (size_t i = 0; i < n; i++) {
		int node = replica_node(f, (from + i) % n);

		if (!node_connected(f, node))
			continue;
		if (node_usable(&f->r->nodes[node]))
			return node;
		if (spare < 0)
			spare = node;
	}
	return spare;
}

static int leader_or_next(const struct flight *f)
{
	int leader = f->r->shards[f->shard].leader;

	if (f->where == RETRY_TO_HINT && f->hint >= 0)
		return f->hint;
	if (f->where == RETRY_SAME && f->last >= 0 && node_usable(&f->r->nodes[f->last]))
		return f->last;
	/* The leader just asked in vain is not "next", whatever others know of it. */
	if (leader >= 0 && leader != f->last && node_usable(&f->r->nodes[leader]))
		return leader;
	return next_replica(f);
}

/* CALL_ANY: the least loaded replica not asked yet. */
static int least_loaded(struct flight *f, bool mark)
{
	int best = -1;
	size_t at = 0;

	for (size_t i = 0; i < replicas_of(f); i++) {
		int node = replica_node(f, i);

		if (node < 0 || f->asked >> i & 1 || !node_usable(&f->r->nodes[node]))
			continue;
		if (best < 0 || f->r->nodes[node].inflight < f->r->nodes[best].inflight) {
			best = node;
			at = i;
		}
	}
	if (mark && best >= 0)
		f->asked |= 1ull << at;
	return best;
}

bool flight_any_left(struct flight *f)
{
	return f->class == CALL_ANY && f->r->map && f->to_node < 0 && least_loaded(f, false) >= 0;
}

static int any_replica(struct flight *f)
{
	int node = least_loaded(f, true);

	if (node >= 0)
		return node;
	f->asked = 0;
	node = least_loaded(f, true);
	return node >= 0 ? node : next_replica(f);
}

/* KIND_MAP: every node knows it. */
static int any_node(const struct flight *f)
{
	size_t n = f->r->n_nodes;

	for (size_t i = 0; i < n; i++) {
		size_t at = ((size_t)(f->last + 1) + i) % n;

		if (node_usable(&f->r->nodes[at]))
			return (int)at;
	}
	return -1;
}

static int choose(struct flight *f)
{
	if (f->to_node >= 0)
		return node_connected(f, f->to_node) ? f->to_node : -1;
	if (f->kind == TERN__KIND__KIND_MAP || f->kind == TERN__KIND__KIND_NODE)
		return any_node(f);
	return f->class == CALL_ANY ? any_replica(f) : leader_or_next(f);
}

/* ---- sending ------------------------------------------------------------------------------- */

bool needs_map(const struct flight *f)
{
	return f->to_node < 0 && f->kind != TERN__KIND__KIND_MAP &&
	       f->kind != TERN__KIND__KIND_NODE;
}

static unsigned time_left(const struct flight *f, uint64_t now)
{
	uint64_t until = now < f->deadline ? f->deadline : f->end;

	return now < until ? (unsigned)MIN(until - now, (uint64_t)UINT32_MAX) : 1;
}

static struct blob *pack_head(struct flight *f, uint64_t number)
{
	Tern__Head head = TERN__HEAD__INIT;
	struct router *r = f->r;

	head.version = WIRE_VERSION;
	head.kind = f->kind;
	head.call = number;
	head.shard = f->shard;
	head.epoch = r->map ? clustermap_message(r->map)->epoch : 0;
	head.timeout_ms = time_left(f, clock_ms());
	head.trace = f->trace;
	head.grows = f->grows;
	head.min_index = f->min_index;
	if (f->seq) {
		head.client = r->client;
		head.seq = f->seq;
		head.done_below = session_done_below(&r->shards[f->shard]);
	}
	return wire_pack(&head.base);
}

static void build(struct flight *f, uint64_t number, struct msg *m)
{
	msg_init(m);
	m->head = pack_head(f, number);
	m->body = f->body ? blob_ref(f->body) : NULL;
	for (unsigned i = 0; i < f->n_payload; i++)
		msg_add(m, blob_ref(f->payload[i]));
}

static void attempt_new(struct flight *f, struct node *n, uint64_t number)
{
	struct attempt *a = xnew(struct attempt);

	a->f = f;
	a->node = n;
	a->number = number;
	a->bytes = f->bytes;
	a->sent_at = clock_ms();
	list_add(&f->attempts, &a->in_flight);
	list_add(&n->attempts, &a->in_node);
	n->inflight += a->bytes;
	map_put(&f->r->attempts, MAP_KEY(number), a);
	f->current = a;
}

void attempt_settle(struct attempt *a)
{
	if (a->f && a->f->current == a)
		a->f->current = NULL;
	a->node->inflight -= a->bytes;
	list_del(&a->in_flight);
	list_del(&a->in_node);
	map_del(&a->node->r->attempts, MAP_KEY(a->number));
	free(a);
}

/* A store node may drop a request without a word; its bytes must not count for ever. */
void node_sweep(struct node *n, uint64_t now)
{
	list_foreach(&n->attempts, node) {
		struct attempt *a = list_entry(node, struct attempt, in_node);

		if (now - a->sent_at > STALE_MS && !(a->f && a->f->current == a))
			attempt_settle(a);
	}
	node_pump(n);
}

static void sent(struct flight *f, struct node *n, uint64_t number)
{
	attempt_new(f, n, number);
	metric_inc(f->tries ? M_store_retries_total : M_store_calls_total);
	f->tries++;
	f->maybe++;
	f->last = n->at;
	f->state = FLIGHT_SENT;
	f->silent_at = f->current->sent_at + ((uint64_t)f->r->c.attempt_ms << MIN(f->silences, 2u));
	due_set(&f->r->due, &f->due, MIN(f->silent_at, f->limit));
}

static bool has_room(const struct flight *f, const struct node *n)
{
	return n->inflight == 0 || n->inflight + f->bytes <= f->r->c.max_inflight_bytes;
}

/* For tests: the node gets the same operation once more. */
static void send_duplicate(struct flight *f, struct node *n, uint64_t number)
{
	struct msg m;

	build(f, number, &m);
	if (peer_send(n->peer, &m) < 0)
		msg_release(&m);
}

static void send_to(struct flight *f, struct node *n)
{
	uint64_t number = f->r->next_number++;
	struct msg m;

	if (f->r->seq_off && f->seq && f->tries)
		session_new_seq(f);
	build(f, number, &m);
	if (peer_send(n->peer, &m) == 0) {
		if (f->kind == TERN__KIND__KIND_OP && FAULT("router_duplicate"))
			send_duplicate(f, n, number);
		sent(f, n, number);
		return;
	}
	f->last = n->at;
	flight_answer(f, RETRY_UNSENT, 0, NULL, NULL);
}

static void send_somewhere(struct flight *f)
{
	int at = choose(f);

	if (at < 0)
		flight_answer(f, RETRY_UNSENT, 0, NULL, NULL);
	else if (!has_room(f, &f->r->nodes[at]))
		flight_wait_in(f, FLIGHT_ROOM, &f->r->nodes[at].queue);
	else
		send_to(f, &f->r->nodes[at]);
}

void flight_send(struct flight *f)
{
	if (f->maybe == 0 && clock_ms() >= f->deadline)
		flight_answer(f, RETRY_TIME, 0, NULL, NULL);
	else if (needs_map(f) && !f->r->map)
		flight_wait_in(f, FLIGHT_MAP, &f->r->waiting);
	else if (needs_map(f) && f->shard >= clustermap_shards(f->r->map))
		flight_end(f, ERR_INVALID, "no such shard", NULL, NULL);
	else if (session_ready(f))
		send_somewhere(f);
}

void node_pump(struct node *n)
{
	struct list *first;

	while ((first = list_first(&n->queue))) {
		struct flight *f = list_entry(first, struct flight, wait);

		if (!has_room(f, n))
			return;
		list_del(&f->wait);
		flight_send(f);
	}
}

/* ---- what comes back ----------------------------------------------------------------------- */

/* A refusal without an index says: this attempt was not proposed. With one it was, and its fate
 * is open. What apply refused as expired is not done either. */
static bool not_proposed(int status, const Tern__Head *head)
{
	return status == ERR_EXPIRED || (status != ERR_OK && head->index == 0);
}

static enum retry_answer not_leader(struct flight *f, const Tern__Head *head)
{
	int hint = shard_leader_from_hint(f->r, head->leader);

	if (f->to_node >= 0)
		return RETRY_GOT_NOTLEADER;
	if (f->r->map && f->r->shards[f->shard].leader == f->last)
		f->r->shards[f->shard].leader = -1;
	if (hint < 0 || hint == f->last || ++f->hints > MAX_HINTS) {
		f->hints = 0;
		return RETRY_GOT_NOTLEADER;
	}
	f->hint = hint;
	shard_set_leader(f->r, f->shard, hint);
	return RETRY_GOT_HINT;
}

static enum retry_answer classify(struct flight *f, int status, const Tern__Head *head)
{
	switch (status) {
	case ERR_NOTLEADER: return not_leader(f, head);
	case ERR_EPOCH: return RETRY_GOT_EPOCH;
	case ERR_BUSY:
	case ERR_LATE: return RETRY_GOT_BUSY;
	case ERR_EXPIRED: return session_may_renew(f) ? RETRY_GOT_EXPIRED : RETRY_GOT_REFUSED;
	case ERR_OK: break;
	default:
		if (flight_any_left(f))
			return RETRY_GOT_MISSING;
		return not_proposed(status, head) ? RETRY_GOT_REFUSED : RETRY_GOT_FINAL;
	}
	if (f->class != CALL_ANY && needs_map(f))
		shard_set_leader(f->r, f->shard, f->last);
	return RETRY_GOT_FINAL;
}

/* Only whether the client was known is the router's business in a Result, and a hello's own. */
static int status_of(const struct flight *f, const Tern__Head *head, const struct msg *m)
{
	int result = f->kind == TERN__KIND__KIND_OP && m->body ? reply_status(m->body->b) : 0;

	if (head->status == 0 && (result == ERR_EXPIRED || f->role == ROLE_HELLO))
		return result;
	return head->status < ERR_COUNT ? (int)head->status : ERR_CORRUPT;
}

static void answered(struct node *n, const Tern__Head *head, struct msg *m)
{
	struct attempt *a = map_get(&n->r->attempts, MAP_KEY(head->call));
	struct flight *f = a && a->node == n ? a->f : NULL;
	bool current = f && f->current == a;
	int status;

	if (!a || a->node != n)
		return;
	attempt_settle(a);
	if (!f)
		return;
	status = status_of(f, head, m);
	if (not_proposed(status, head))
		f->maybe--;
	if (status == ERR_OK)
		f->last = n->at;
	/* An older attempt's refusal changes nothing but what may have been sent. */
	if (current || !(not_proposed(status, head) || status == ERR_NOTLEADER))
		flight_answer(f, classify(f, status, head), status, m, head);
}

static void epoch_seen(struct router *r, const Tern__Head *head, const struct msg *m)
{
	if (head->status == ERR_EPOCH && m->body)
		router_offer_map(r, m->body->b);
	if (r->map && head->epoch > clustermap_message(r->map)->epoch)
		router_want_map(r, 0);
}

void node_message(void *arg, struct msg *m)
{
	struct node *n = arg;
	Tern__Head *head;

	arena_clear(&n->r->mem);
	head = WIRE_UNPACK(head, m->head->b, &n->r->mem);
	n->heard = clock_ms();
	n->suspect = false;
	if (!head || head->version != WIRE_VERSION) {
		log_warn(NULL, "peer_malformed", "node=%s", n->conf->name);
		return;
	}
	epoch_seen(n->r, head, m);
	if (head->kind == TERN__KIND__KIND_HINT)
		watches_hints(n->r->watches, head->shard, m->body ? m->body->b : BYTES_NONE);
	else
		answered(n, head, m);
	node_pump(n);
}

static void node_went(struct node *n)
{
	struct list *first;

	shard_forget_leader(n->r, n->at);
	while ((first = list_first(&n->attempts))) {
		struct attempt *a = list_entry(first, struct attempt, in_node);
		struct flight *f = a->f;
		bool current = f && f->current == a;

		attempt_settle(a); /* it stays counted in f->maybe: it may have arrived */
		if (current)
			flight_answer(f, RETRY_DISCONNECT, 0, NULL, NULL);
	}
	while ((first = list_pop(&n->queue)))
		flight_answer(list_entry(first, struct flight, wait), RETRY_UNSENT, 0, NULL, NULL);
}

/* Who paused for want of a connection need not wait any longer. */
static void node_came(struct node *n)
{
	uint64_t now = clock_ms();

	n->heard = now;
	n->suspect = false;
	list_foreach(&n->r->flights, node) {
		struct flight *f = list_entry(node, struct flight, all);

		if (f->state == FLIGHT_PAUSE && f->tries == 0)
			flight_pause(f, 0);
	}
}

void node_state(void *arg, bool up)
{
	struct node *n = arg;

	if (up)
		node_came(n);
	else
		node_went(n);
}
