/* SPDX-License-Identifier: Apache-2.0 */
/* session.c - request ids per shard: hello before the first operation, done_below, fences.
 *
 * A sequence number stays open until its outcome is known; done_below never passes an open one,
 * so the shard keeps every answer that may still be asked for and refuses what was given up. */
#include "router/private.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/metric.h"

#include <stdlib.h>

#define HELLO_MS SECONDS(10)
#define FENCE_MS SECONDS(10)
#define MAX_HELLOS 3 /* renewals of one call: more often it is not the client that is unknown */

uint64_t session_done_below(const struct shard *s)
{
	const struct list *first = list_first(&s->open);

	return first ? list_entry(first, struct flight, open)->seq : s->next_seq;
}

static struct shard *shard_of(const struct flight *f)
{
	return &f->r->shards[f->shard];
}

static void take_seq(struct flight *f)
{
	struct shard *s = shard_of(f);

	if (f->seq)
		return;
	f->seq = s->next_seq++;
	list_add(&s->open, &f->open);
}

void session_new_seq(struct flight *f)
{
	list_del(&f->open);
	f->seq = 0;
	take_seq(f);
}

static void say_hello(struct router *r, uint32_t shard)
{
	struct flight *f = flight_new(r, ROLE_HELLO, CALL_OP, TERN__KIND__KIND_OP, shard);
	Tern__Op op = TERN__OP__INIT;
	Tern__Hello hello = TERN__HELLO__INIT;

	op.version = 1;
	op.what_case = TERN__OP__WHAT_HELLO;
	op.hello = &hello;
	f->body = wire_pack(&op.base);
	f->bytes = f->body->b.n;
	flight_times(f, clock_ms() + HELLO_MS, 0);
	r->shards[shard].hello = HELLO_ASKED;
	flight_start(f);
}

static void wait_for_hello(struct flight *f)
{
	struct shard *s = shard_of(f);

	flight_wait_in(f, FLIGHT_HELLO, &s->waiting);
	if (s->hello == HELLO_NONE)
		say_hello(f->r, f->shard);
}

bool session_ready(struct flight *f)
{
	struct shard *s;

	if (f->class != CALL_OP)
		return true;
	s = shard_of(f);
	if (s->hello != HELLO_DONE && f->role != ROLE_HELLO) {
		wait_for_hello(f);
		return false;
	}
	take_seq(f);
	f->generation = s->generation;
	return true;
}

bool session_may_renew(const struct flight *f)
{
	return f->class == CALL_OP && f->role != ROLE_HELLO && f->hellos < MAX_HELLOS;
}

void session_renew(struct flight *f)
{
	struct shard *s = shard_of(f);

	f->hellos++;
	/* Another call may have renewed it since this one was sent. */
	if (s->hello == HELLO_DONE && s->generation == f->generation)
		s->hello = HELLO_NONE;
	if (s->hello == HELLO_DONE)
		flight_pause(f, 0);
	else
		wait_for_hello(f);
}

static void release_waiting(struct router *r, uint32_t shard, int status)
{
	struct list *waiting = &r->shards[shard].waiting, *first;

	/* What it wakes may join the list again: then hello was asked anew. */
	while (r->shards[shard].hello != HELLO_ASKED && (first = list_pop(waiting))) {
		struct flight *f = list_entry(first, struct flight, wait);

		if (status == ERR_OK || status == ERR_BUSY)
			flight_send(f);
		else
			flight_answer(f, RETRY_GOT_REFUSED, status, NULL, NULL);
	}
}

void session_hello_ended(struct flight *hello, int status)
{
	struct shard *s = shard_of(hello);

	list_del(&hello->open);
	s->hello = status == ERR_OK ? HELLO_DONE : HELLO_NONE;
	if (status == ERR_OK)
		s->generation++;
	release_waiting(hello->r, hello->shard, status);
}

/* ---- fences -------------------------------------------------------------------------------- */

void session_begin_fence(struct flight *f)
{
	struct flight *fence = flight_new(f->r, ROLE_FENCE, CALL_OP, TERN__KIND__KIND_OP, f->shard);
	Tern__Op op = TERN__OP__INIT;
	Tern__Fence what = TERN__FENCE__INIT;

	if (f->class == CALL_DELIVERY) {
		what.delivery.data = f->delivery;
		what.delivery.len = sizeof(f->delivery);
	} else {
		what.client = f->r->client;
		what.seq = f->seq;
	}
	op.version = 1;
	op.what_case = TERN__OP__WHAT_FENCE;
	op.fence = &what;
	fence->body = wire_pack(&op.base);
	fence->bytes = fence->body->b.n;
	fence->trace = f->trace;
	fence->target = f;
	f->fence = fence;
	metric_inc(M_store_fences_total);
	log_notice(NULL, "fence", "trace=%016llx shard=%u", (unsigned long long)f->trace, f->shard);
	flight_times(fence, clock_ms() + FENCE_MS, 0);
	f->limit = UINT64_MAX;
	flight_wait_in(f, FLIGHT_FENCE, NULL);
	flight_start(fence);
}

/* The fence's answer is the target's: FENCED, or the outcome it found. Anything else leaves the
 * outcome open. */
void session_fence_ended(struct flight *fence, int status, struct msg *reply,
			 const Tern__Head *head)
{
	struct flight *target = fence->target;
	int found;

	if (!target)
		return;
	fence->target = NULL;
	target->fence = NULL;
	list_del(&fence->open);
	if (status != ERR_OK || !reply || !reply->body) {
		flight_end(target, ERR_UNKNOWN, NULL, NULL, NULL);
		return;
	}
	found = reply_status(reply->body->b);
	flight_end(target, found == ERR_FENCED ? ERR_FENCED : ERR_OK, NULL, reply, head);
}
