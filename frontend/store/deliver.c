/* SPDX-License-Identifier: Apache-2.0 */
/* deliver.c - one commit before 250, then the recipients that live in other shards.
 *
 * The home shard (the first recipient's) gets one Deliver: content, its own recipients, a pending
 * delivery for everybody else. With that committed the message is safe whoever dies. The rest is
 * finished at once by a coroutine of the store's own pool (pending.c), or later by any front end
 * that finds it (frontend/queue); both use the delivery's id, so twice is once. */
#include "base/base.h"
#include "store/pending.h"

#include "base/clock.h"

#include <stdio.h>

#define HERE_MAX 100

static Tern__Recipient *recipient(struct arena *mem, const struct delivery_rcpt *r)
{
	Tern__Recipient *pb = arena_new(mem, Tern__Recipient);

	tern__recipient__init(pb);
	pb->account = r->account;
	pb->address = pb_string(mem, r->address);
	return pb;
}

/* Splits recipients; order[i] says where rcpts[i] went: its place among `here`, or HERE_MAX plus
 * its place among `elsewhere`. */
static void split(struct upload *up, struct delivery_rcpt *rcpts, size_t n, Tern__Deliver *d,
		  size_t *order)
{
	d->here = arena_array(&up->mem, Tern__Recipient *, n);
	d->elsewhere = arena_array(&up->mem, Tern__Recipient *, n);
	for (size_t i = 0; i < n; i++) {
		Tern__Recipient *r = recipient(&up->mem, &rcpts[i]);

		if (ACCOUNT_SHARD(r->account) == up->home && d->n_here < HERE_MAX) {
			order[i] = d->n_here;
			d->here[d->n_here++] = r;
		} else {
			order[i] = HERE_MAX + d->n_elsewhere;
			d->elsewhere[d->n_elsewhere++] = r;
		}
	}
}

CO static int commit(struct upload *up, Tern__Deliver *d, Tern__Result **result, uint64_t *index)
{
	Tern__Op op = TERN__OP__INIT;
	struct store_call sc;
	int ret;

	op.version = 1;
	op.what_case = TERN__OP__WHAT_DELIVER;
	op.deliver = d;
	store_call_init(&sc, up->user, CALL_DELIVERY, TERN__KIND__KIND_OP, up->home, &op.base);
	memcpy(sc.call.delivery, up->id, sizeof(up->id));
	sc.call.grows = true;
	if (up->last) {
		sc.call.payload[0] = blob_ref(up->last);
		sc.call.n_payload = 1;
	}
	store_call_start(&sc);
	ret = store_call_wait(&sc);
	if (ret == 0)
		ret = store_result(&sc, &up->mem, result);
	*index = sc.call.index;
	store_call_release(&sc);
	return ret;
}

static void take_statuses(const Tern__Result *result, const size_t *order,
			  struct delivery_rcpt *rcpts, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (order[i] >= HERE_MAX)
			rcpts[i].status = 0; /* pending counts as taken */
		else if (order[i] < result->n_statuses)
			rcpts[i].status = -(int)result->statuses[order[i]];
		else
			rcpts[i].status = -ERR_CORRUPT;
	}
}

/* The recipients of other shards: at once, from the bytes at hand. */
CO static void finish_others(struct upload *up, const Tern__Deliver *d, const Tern__Result *result,
			     const size_t *order, struct delivery_rcpt *rcpts, size_t n,
			     unsigned wait_ms)
{
	int *statuses = arena_array(&up->mem, int, d->n_elsewhere + 1);
	struct pending_job *job;

	if (d->n_elsewhere == 0 || result->n_pending != d->n_elsewhere)
		return;
	job = pending_job_new(up->user->store, up->home, up->user->trace);
	pending_job_content(job, d, up->last);
	for (size_t i = 0; i < d->n_elsewhere; i++)
		pending_job_add(job, result->pending[i], d->elsewhere[i]);
	if (!pending_job_start(job, wait_ms, statuses))
		return;
	for (size_t i = 0; i < n; i++)
		if (order[i] >= HERE_MAX)
			rcpts[i].status = statuses[order[i] - HERE_MAX];
}

CO int upload_deliver(struct upload *up, struct bytes sender, struct delivery_rcpt *rcpts, size_t n,
		      unsigned wait_ms, struct why *where)
{
	Tern__Deliver d = TERN__DELIVER__INIT;
	Tern__Result *result;
	uint64_t index;
	size_t *order;
	int ret;

	if (up->status < 0)
		return up->status;
	INVARIANT(n > 0);
	order = arena_array(&up->mem, size_t, n);
	d.delivery = (ProtobufCBinaryData){ sizeof(up->id), up->id };
	d.born_ms = clock_wall_ms();
	d.content = upload_content(up);
	d.sender = pb_string(&up->mem, sender);
	split(up, rcpts, n, &d, order);
	ret = commit(up, &d, &result, &index);
	if (ret < 0)
		return ret;
	up->staged = false;
	take_statuses(result, order, rcpts, n);
	if (where)
		snprintf(where->text, sizeof(where->text), "%u/%llu", up->home,
			 (unsigned long long)index);
	finish_others(up, &d, result, order, rcpts, n, wait_ms);
	return 0;
}
