/* SPDX-License-Identifier: Apache-2.0 */
/* peer.c - the other nodes: envelopes out, and what we know of each other's disks.
 *
 * The floor rule. Every envelope tells how far its sender's disk is synced, and every node
 * remembers, also on disk, the highest it saw of each other. A process that starts asks (HELLO)
 * and believes its own disk only once a voter of the shard has told it (WELCOME) that nobody
 * saw more: a disk rolled back to yesterday, or one that lost its log's tail, would otherwise
 * vote and acknowledge as if it had never promised anything. */
#include "replica/group.h"

#include "base/clock.h"
#include "base/log.h"

#include <stdlib.h>

#define SAVE_MS 1000
#define TELL_MS 200

static struct peer *peer_new(uint32_t node)
{
	struct peer *p = xnew(struct peer);

	p->node = node;
	outbox_init(&p->out);
	return p;
}

struct peer *peer_of(struct host *h, uint32_t node)
{
	if (node >= NODES_MAX || node == h->c.node)
		return NULL;
	if (!h->peers[node])
		h->peers[node] = peer_new(node);
	return h->peers[node];
}

bool peer_connected(struct host *h, uint32_t node)
{
	return node < NODES_MAX && node != h->c.node && h->io.connected(h->io.arg, node);
}

void peers_free(struct host *h)
{
	for (unsigned i = 0; i < NODES_MAX; i++) {
		if (h->peers[i])
			outbox_release(&h->peers[i]->out);
		free(h->peers[i]);
		h->peers[i] = NULL;
	}
}

/* ---- out */

static struct envelope head_for(struct host *h, enum envelope_kind kind, uint64_t seq)
{
	struct envelope e = { .kind = kind,
			      .era = h->c.era,
			      .from = h->c.node,
			      .disk = h->disk,
			      .start_count = h->c.start_count,
			      .seq = seq,
			      .nonce = h->nonce,
			      .send_ms = clock_ms(),
			      .synced = host_synced_seq(h),
			      .is_short = h->is_short };

	memcpy(e.cluster, h->c.cluster, sizeof(e.cluster));
	return e;
}

static void seal_and_send(struct host *h, struct peer *p)
{
	struct envelope head;
	struct msg m;

	head = head_for(h, ENVELOPE_RECORDS, ++p->seq_out);
	outbox_seal(&p->out, &head, &m);
	/* In the name of a disk that does not know it yet nothing may be said. */
	if (h->mute_until > h->synced_ticket || h->failed)
		msg_release(&m);
	else
		h->io.send(h->io.arg, p->node, &m);
	p->told = head.synced;
	p->told_ms = head.send_ms;
}

static void flush(struct host *h, struct peer *p)
{
	if (!outbox_empty(&p->out))
		seal_and_send(h, p);
}

/* Followers of the same shards have nothing else to say to each other, and yet each may one day
 * be the one whose word counts. */
void peers_tell(struct host *h, uint64_t now)
{
	for (uint32_t i = 0; i < NODES_MAX; i++) {
		struct peer *p = h->peers[i];

		if (p && p->told < host_synced_seq(h) && now - p->told_ms >= TELL_MS &&
		    peer_connected(h, i))
			seal_and_send(h, p);
	}
}

bool peers_untold(const struct host *h)
{
	for (uint32_t i = 0; i < NODES_MAX; i++)
		if (h->peers[i] && h->peers[i]->told < host_synced_seq(h))
			return true;
	return false;
}

void peer_put(struct host *h, uint32_t node, const struct rec *rec)
{
	struct peer *p = peer_of(h, node);

	if (!p)
		return;
	if (!outbox_put(&p->out, rec)) {
		flush(h, p);
		INVARIANT(outbox_put(&p->out, rec));
	}
	if (outbox_bytes(&p->out) > ENVELOPE_SOFT)
		flush(h, p);
}

void peers_flush(struct host *h)
{
	for (unsigned i = 0; i < NODES_MAX; i++)
		if (h->peers[i])
			flush(h, h->peers[i]);
}

void peer_hold(struct host *h, uint32_t node, uint64_t ticket, const struct rec *rec)
{
	struct held *held = xnew(struct held);

	held->ticket = ticket;
	held->node = node;
	outbox_init(&held->out);
	INVARIANT(outbox_put(&held->out, rec));
	list_add(&h->held, &held->list);
}

static void held_free(struct held *held)
{
	list_del(&held->list);
	outbox_release(&held->out);
	free(held);
}

/* Tickets only grow from one held record of a group to the next, so each group's stay in
 * order. */
void peers_release_held(struct host *h)
{
	list_foreach(&h->held, node) {
		struct held *held = list_entry(node, struct held, list);
		struct peer *p = peer_of(h, held->node);

		if (held->ticket > h->synced_ticket && !h->failed)
			continue;
		if (p && !h->failed && !outbox_move(&p->out, &held->out)) {
			flush(h, p);
			INVARIANT(outbox_move(&p->out, &held->out));
		}
		held_free(held);
	}
}

/* ---- hello and welcome */

void peer_hello(struct host *h, uint32_t node)
{
	struct envelope head = head_for(h, ENVELOPE_HELLO, 0);
	struct msg m;

	if (!peer_connected(h, node) || h->failed || h->mute_until > h->synced_ticket)
		return;
	hello_pack(&head, &m);
	h->io.send(h->io.arg, node, &m);
}

/* The node has another disk: the one before it is history, whatever may still come from it. */
static void new_disk(struct peer *p, const struct envelope *e)
{
	struct store_peer *seen = &p->seen;

	memmove(seen->retired + 1, seen->retired, sizeof(seen->retired) - sizeof(seen->retired[0]));
	seen->retired[0] = seen->disk;
	seen->disk = e->disk;
	seen->start_count = seen->synced = seen->synced_before = 0;
}

static bool is_retired(const struct peer *p, uint64_t disk)
{
	for (unsigned i = 0; i < ARRAY_LEN(p->seen.retired); i++)
		if (p->seen.retired[i] == disk)
			return true;
	return false;
}

/* Notes a process not seen before. False: whoever speaks has been overtaken. */
static bool note_process(struct peer *p, const struct envelope *e)
{
	struct store_peer *seen = &p->seen;

	if (e->disk != seen->disk && (!e->disk || is_retired(p, e->disk)))
		return false;
	if (e->disk != seen->disk)
		new_disk(p, e);
	if (e->start_count > seen->start_count) {
		seen->synced_before = MAX(seen->synced_before, seen->synced);
		seen->synced = 0;
		seen->start_count = e->start_count;
		seen->nonce = e->nonce;
		p->seq_in = 0;
		p->seen_dirty = true;
	}
	return e->start_count == seen->start_count && e->nonce == seen->nonce;
}

static void receive_hello(struct host *h, struct peer *p, const struct envelope *e)
{
	struct envelope head = head_for(h, ENVELOPE_WELCOME, 0);
	struct welcome w = { .nonce = e->nonce };
	struct msg answer;

	w.conflict = !note_process(p, e);
	w.synced = p->seen.synced_before;
	welcome_pack(&head, &w, &answer);
	h->io.send(h->io.arg, p->node, &answer);
}

static void receive_welcome(struct host *h, struct peer *p, const struct msg *m)
{
	struct welcome w;

	if (!welcome_unpack(m, &w) || w.nonce != h->nonce)
		return;
	if (!h->floor_off && (w.conflict || w.synced > h->disk_synced))
		host_floor_broken(h, w.synced);
	else
		host_floor_ok(h, p->node);
}

/* ---- in */

static bool is_ours(struct host *h, uint32_t node, const struct envelope *e)
{
	return memcmp(e->cluster, h->c.cluster, sizeof(e->cluster)) == 0 && e->era == h->c.era &&
	       e->from == node && node != h->c.node;
}

/* FIFO and free of duplicates, whatever the transport does. */
static bool in_order(struct peer *p, const struct envelope *e)
{
	if (!note_process(p, e))
		return false;
	if (e->seq <= p->seq_in)
		return false;
	p->seq_in = e->seq;
	return true;
}

static void receive_rec(struct host *h, struct rec *rec, uint32_t node, uint64_t send_ms)
{
	struct group *g = rec->shard < SHARDS_MAX ? h->by_shard[rec->shard] : NULL;

	if (!g || g->replica != rec->to || !g->core)
		return;
	if (rec->type == REC_SNAP_ASK || rec->type == REC_SNAP_PART)
		snapshot_receive(g, rec, node);
	else
		group_receive(g, rec, node, send_ms);
}

static void receive_records(struct host *h, struct peer *p, const struct envelope *e,
			    const struct msg *m)
{
	struct rec_reader reader;
	struct arena mem;
	struct rec rec;

	if (!in_order(p, e))
		return;
	if (e->synced > p->seen.synced) {
		p->seen.synced = e->synced;
		p->seen_dirty = true;
	}
	p->is_short = e->is_short;
	arena_init(&mem, 0);
	rec_reader_init(&reader, m);
	while (rec_next(&reader, &rec, &mem)) {
		receive_rec(h, &rec, p->node, e->send_ms);
		rec_release(&rec);
	}
	if (reader.bad)
		log_warn(NULL, "peer_malformed", "node=%u seq=%lu", p->node, e->seq);
	arena_release(&mem);
}

void host_receive(struct host *h, uint32_t node, struct msg *m)
{
	struct peer *p = peer_of(h, node);
	struct envelope e;

	if (p && !h->failed && envelope_unpack(m, &e) && is_ours(h, node, &e)) {
		if (e.kind == ENVELOPE_HELLO)
			receive_hello(h, p, &e);
		else if (e.kind == ENVELOPE_WELCOME)
			receive_welcome(h, p, m);
		else
			receive_records(h, p, &e, m);
	}
	msg_release(m);
}

void host_peer(struct host *h, uint32_t node, bool up)
{
	struct peer *p = peer_of(h, node);

	if (!p)
		return;
	p->up = up;
	if (up)
		peer_hello(h, node);
	else
		outbox_clear(&p->out);
}

/* ---- what we saw of them, on disk: now and then, with a batch that is synced anyway */

void peers_save(struct host *h, uint64_t now)
{
	struct buf b;
	struct key k;

	if (!h->job || !h->job->sync || now - h->peers_saved_ms < SAVE_MS)
		return;
	h->peers_saved_ms = now;
	buf_init(&b, 0);
	for (uint32_t i = 0; i < NODES_MAX; i++) {
		struct item *item;

		if (!h->peers[i] || !h->peers[i]->seen_dirty)
			continue;
		h->peers[i]->seen_dirty = false;
		store_key(&k, 'p');
		key_u32(&k, i);
		buf_clear(&b);
		store_peer_pack(&h->peers[i]->seen, &b);
		item = job_item(h->job, ITEM_PUT, 0, 0);
		item->put.key = bytes_dup(&h->job->mem, key_bytes(&k));
		item->put.value = bytes_dup(&h->job->mem, buf_bytes(&b));
	}
	buf_release(&b);
}
