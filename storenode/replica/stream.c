/* SPDX-License-Identifier: Apache-2.0 */
/* stream.c - from "send entries 17 to 80 to that follower" to bytes in its envelope.
 *
 * The core says which entries a follower is to get, and from then on believes that they are on
 * their way: none may be left out, but they may come later and in several pieces. So only a
 * range is kept per follower. Its bytes are taken from memory, or read from disk by somebody
 * else, when the follower has acknowledged enough of what it was sent before. While something
 * is pending, heartbeats are anchored where the range begins: further ahead the follower would
 * reject them and the core start over. */
#include "replica/group.h"

#include "base/clock.h"

#define INFLIGHT_MAX MIB(2)
#define AGAIN_MS 1000 /* the core probes with the same entries at every heartbeat */

static struct stream *stream_of(struct group *g, uint64_t replica)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < g->n_streams; i++)
		if (g->stream[i].replica == replica)
			return &g->stream[i];
	for (unsigned i = 0; i < g->n_streams; i++)
		if (conf_find(&g->conf, g->stream[i].replica) >= 0)
			g->stream[kept++] = g->stream[i];
	g->n_streams = kept;
	if (kept == CONF_MAX)
		return NULL;
	g->stream[kept] = (struct stream){ .replica = replica };
	g->n_streams++;
	return &g->stream[kept];
}

void streams_clear(struct group *g)
{
	g->n_streams = 0;
}

static void send_append(struct group *g, uint64_t replica, uint32_t node, uint64_t prev,
			uint64_t prev_term, struct entry **e, unsigned n)
{
	struct rec r = { .type = REC_APPEND, .to = replica };

	r.append.term = g->lease.term;
	r.append.prev = prev;
	r.append.prev_term = prev_term;
	r.append.commit = group_commit(g);
	r.append.e = e;
	r.append.n = n;
	group_send(g, &r, node);
}

/* ---- pumping */

static bool has_all(const struct entry *e)
{
	return e && (!e->body_n || e->body);
}

/* D1: a promotion stays with the leader and the one promoted until that one has it: another
 * follower that knows of it would need a vote that the promoted one, not knowing, refuses. */
static uint64_t limit_of(const struct group *g, const struct stream *s)
{
	if (g->promote_index && s->replica != g->promote_replica)
		return MIN(s->end, g->promote_index);
	return s->end;
}

static void note_sent(struct stream *s, uint64_t last, size_t bytes)
{
	s->sent[s->n_sent].last = last;
	s->sent[s->n_sent++].bytes = bytes;
	s->inflight += bytes;
}

/* Sends consecutive entries from s->next on; they are all there. */
static void send_piece(struct group *g, struct stream *s, uint32_t node, struct entry **e,
		       unsigned n, size_t bytes)
{
	send_append(g, s->replica, node, s->next - 1, s->prev_term, e, n);
	s->next += n;
	s->prev_term = e[n - 1]->term;
	note_sent(s, s->next - 1, bytes);
}

static void read_from_disk(struct group *g, struct stream *s, uint64_t limit)
{
	struct job *j = job_new(READ_LOG, g->shard, g->generation);

	j->from = s->next;
	j->to = MIN(limit, s->next + APPEND_MAX_ENTRIES);
	for (uint64_t k = j->from; k < j->to; k++)
		if (has_all(rlog_get(&g->log, k)))
			j->to = k;
	j->peer = s->replica;
	j->term = g->lease.term;
	s->reading = true;
	g->h->io.read(g->h->io.stages, j);
}

static bool may_send(const struct stream *s)
{
	return s->n_sent < STREAM_SENT && (s->inflight < INFLIGHT_MAX || s->n_sent == 0);
}

static void pump(struct group *g, struct stream *s)
{
	struct entry *e[APPEND_MAX_ENTRIES];
	uint64_t limit = limit_of(g, s);
	int m = conf_find(&g->conf, s->replica);

	if (m < 0 || !peer_connected(g->h, g->conf.m[m].node))
		return;
	while (s->next < limit && may_send(s) && !s->reading) {
		size_t bytes = 0;
		unsigned n = 0, parts = 0;

		for (; s->next + n < limit && n < APPEND_MAX_ENTRIES && bytes < APPEND_MAX_BYTES &&
		       parts < APPEND_MAX_PARTS;
		     n++) {
			e[n] = rlog_get(&g->log, s->next + n);
			if (!has_all(e[n]))
				break;
			bytes += entry_bytes(e[n]);
			parts += e[n]->body_n > 0;
		}
		if (n)
			send_piece(g, s, g->conf.m[m].node, e, n, bytes);
		else
			read_from_disk(g, s, limit);
	}
}

void streams_pump(struct group *g)
{
	for (unsigned i = 0; i < g->n_streams; i++)
		pump(g, &g->stream[i]);
}

void stream_read_done(struct group *g, struct job *j)
{
	int m = conf_find(&g->conf, j->peer);
	struct stream *s;
	size_t bytes = 0;

	if (!group_leads(g) || j->term != g->lease.term || m < 0)
		return;
	if (j->status == -ERR_CORRUPT) {
		group_break(g, "an entry of its log is damaged");
		return;
	}
	s = stream_of(g, j->peer);
	if (!s || !s->reading)
		return;
	s->reading = false;
	if (s->next != j->from) {
		pump(g, s); /* the core started over meanwhile */
		return;
	}
	if (!j->n) {
		s->next = s->end; /* compacted away: as if lost, the core finds out */
		return;
	}
	for (size_t i = 0; i < j->n; i++)
		bytes += entry_bytes(j->e[i]);
	send_piece(g, s, g->conf.m[m].node, j->e, (unsigned)j->n, bytes);
	pump(g, s);
}

/* ---- what the core says */

static void start_over(struct stream *s, uint64_t prev, uint64_t prev_term, unsigned n)
{
	s->next = prev + 1;
	s->end = prev + 1 + n;
	s->prev_term = prev_term;
	s->from = prev;
	s->from_ms = clock_ms();
	s->n_sent = 0;
	s->inflight = 0;
}

void stream_append(struct group *g, uint64_t replica, uint32_t node, uint64_t prev,
		   uint64_t prev_term, unsigned n)
{
	struct stream *s = stream_of(g, replica);
	bool pending = s && s->next < s->end;

	if (!s)
		return;
	if (n && prev + 1 == s->end) {
		if (!pending) {
			s->next = prev + 1;
			s->prev_term = prev_term;
		}
		s->end = prev + 1 + n;
	} else if (n && (s->end == 0 || prev != s->from || clock_ms() - s->from_ms >= AGAIN_MS)) {
		start_over(s, prev, prev_term, n);
	} else if (pending && prev >= s->next) {
		send_append(g, replica, node, s->next - 1, s->prev_term, NULL, 0);
		return;
	} else {
		send_append(g, replica, node, prev, prev_term, NULL, 0);
		return;
	}
	pump(g, s);
	if (s->next < s->end && s->n_sent == 0) /* nothing went out: at least show life */
		send_append(g, replica, node, s->next - 1, s->prev_term, NULL, 0);
}

/* Something it was sent has not arrived; what the core sends next is no idle repetition. */
void stream_rejected(struct group *g, uint64_t replica)
{
	struct stream *s = stream_of(g, replica);

	if (s)
		s->from_ms = 0;
}

void stream_acked(struct group *g, uint64_t replica, uint64_t match)
{
	struct stream *s = stream_of(g, replica);
	unsigned n = 0;

	if (!s)
		return;
	while (n < s->n_sent && s->sent[n].last <= match)
		s->inflight -= s->sent[n++].bytes;
	s->n_sent -= n;
	memmove(s->sent, s->sent + n, s->n_sent * sizeof(s->sent[0]));
	/* The promoted one has its promotion now: the others may have it too. */
	if (g->promote_index && replica == g->promote_replica && match >= g->promote_index) {
		g->promote_index = 0;
		streams_pump(g);
		return;
	}
	if (s->next < s->end)
		pump(g, s);
}
