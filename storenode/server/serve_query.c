/* SPDX-License-Identifier: Apache-2.0 */
/* serve_query.c - current reads: the leader's lease, then a reader thread and one snapshot. */
#include "base/base.h"
#include "server/requests.h"

#define TRIES 3

static void ready(void *arg, int status);

static void read_current(struct request *r)
{
	struct host *host = r->server->host;

	r->confirmed = !host_lease_valid(host, r->head->shard);
	host_read(host, r->head->shard, ready, r);
}

/* The kept hash beside one recomputed from the same snapshot's rows. */
static int state_hash(struct request *r, struct kv_snap *snap, const struct host_view *view,
		      Tern__Reply **reply)
{
	Tern__StateHashReply *h = arena_new(&r->mem, Tern__StateHashReply);
	struct rows_state scanned;
	int ret = rows_scan(r->server->kv, snap, r->head->shard, view->incarnation, &scanned);

	tern__state_hash_reply__init(h);
	h->index = view->applied;
	h->lo = view->state.hash.lo;
	h->hi = view->state.hash.hi;
	h->rows = view->state.rows;
	h->scan_lo = scanned.hash.lo;
	h->scan_hi = scanned.hash.hi;
	*reply = arena_new(&r->mem, Tern__Reply);
	tern__reply__init(*reply);
	(*reply)->what_case = TERN__REPLY__WHAT_STATE_HASH;
	(*reply)->state_hash = h;
	return ret;
}

/* The only chunk of each row, as long as they fit. What is missing or damaged is left out: it is
 * asked for by itself then, of any replica. */
static void add_bodies(struct request *r, struct kv_snap *snap, const Tern__Rows *in,
		       Tern__RowsReply *out)
{
	struct bytes page = r->out.n_payload ? r->out.payload[0]->b : BYTES_NONE;
	size_t room = in->body_bytes;
	struct row_chunk c;
	struct blob *body;
	struct row row;

	out->bodies = arena_array(&r->mem, uint32_t, WIRE_MAX_PARTS);
	while (r->out.n_payload < WIRE_MAX_PARTS && row_unpack(&page, in->columns, &row)) {
		if (row.n_chunks != 1 || !row_chunk_next(&row.chunks, &c) || c.stored > room ||
		    chunk_read(r, snap, &c, &body) < 0)
			continue;
		room -= body->b.n;
		msg_add(&r->out, body);
		out->bodies[out->n_bodies++] = row.uid;
	}
}

static int read_rows(struct request *r, struct kv_snap *snap, Tern__Reply **reply)
{
	struct kv *kv = r->server->kv;
	struct host_view view;
	struct rows *rows;
	Tern__Query *q;
	int ret = host_view(kv, snap, r->head->shard, &view);

	if (ret < 0)
		return ret;
	q = r->in.body ? WIRE_UNPACK(query, r->in.body->b, &r->mem) : NULL;
	if (!q)
		return -ERR_INVALID;
	if (q->what_case == TERN__QUERY__WHAT_STATE_HASH) {
		r->index = view.applied;
		return state_hash(r, snap, &view, reply);
	}
	rows = rows_view(kv, snap, r->head->shard, view.incarnation);
	*reply = mailstore_query(rows, q, &r->mem, &r->out);
	r->index = view.applied;
	ret = rows_error(rows);
	rows_free(&rows);
	if (ret == 0 && (*reply)->what_case == TERN__REPLY__WHAT_ROWS &&
	    q->what_case == TERN__QUERY__WHAT_ROWS && q->rows->body_bytes)
		add_bodies(r, snap, q->rows, (*reply)->rows);
	return ret;
}

/* On a reader thread. */
static void run(void *arg)
{
	struct request *r = arg;
	struct kv_snap *snap = kv_snap_new(r->server->kv);
	Tern__Reply *reply = NULL;
	int ret = read_rows(r, snap, &reply);

	kv_snap_free(r->server->kv, &snap);
	r->status = -ret;
	if (ret == 0) {
		r->negative = mailstore_reply_negative(reply);
		r->out.body = wire_pack(&reply->base);
	}
}

static void answer(void *arg)
{
	struct request *r = arg;
	struct blob *body = r->out.body;

	r->out.body = NULL;
	if (r->status != 0) {
		blob_unref(&body);
		request_fail(r, r->status, "the read failed");
		return;
	}
	/* Unknown is not nonexistent: "no such" needs a lease that is valid now, or a majority that
	 * was asked for this very read. (Without that a leader that has once tried to hand over and
	 * failed, and so has no lease for the rest of its term, could not say it any more.) */
	if (r->negative && !r->confirmed && !host_lease_valid(r->server->host, r->head->shard)) {
		blob_unref(&body);
		msg_release(&r->out);
		if (++r->tries >= TRIES)
			request_fail(r, ERR_NOTLEADER, "no lease");
		else
			read_current(r);
		return;
	}
	request_reply(r, ERR_OK, body);
}

static void ready(void *arg, int status)
{
	struct request *r = arg;

	if (status != ERR_OK)
		request_fail(r, status, "not leading");
	else
		readers_add(r->server->readers, run, answer, r);
}

void serve_query(struct request *r)
{
	struct host_status status;

	if (!r->server->host || !host_status(r->server->host, r->head->shard, &status))
		request_fail(r, ERR_EPOCH, "no replica of that shard here");
	else
		read_current(r);
}
