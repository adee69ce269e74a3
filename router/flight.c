/* SPDX-License-Identifier: Apache-2.0 */
/* flight.c - the life of a call: from the first send, through the rules of retry.h, to its end. */
#include "router/private.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/metric.h"

#include <stdio.h>
#include <stdlib.h>

struct flight *flight_new(struct router *r, enum flight_role role, enum call_class class,
			  Tern__Kind kind, uint32_t shard)
{
	struct flight *f = xnew(struct flight);

	f->r = r;
	f->role = role;
	f->class = class;
	f->kind = kind;
	f->shard = shard;
	f->to_node = f->hint = f->last = -1;
	f->where = RETRY_NEXT;
	f->started = clock_ms();
	list_init(&f->wait);
	list_init(&f->open);
	list_init(&f->attempts);
	list_add(&r->flights, &f->all);
	return f;
}

void flight_times(struct flight *f, uint64_t deadline, unsigned retry_ms)
{
	f->deadline = f->limit = deadline;
	f->end = deadline + retry_ms;
}

static void detach_attempts(struct flight *f)
{
	struct list *node;

	/* They stay counted as bytes under way until answered or cut off. */
	while ((node = list_pop(&f->attempts)))
		list_entry(node, struct attempt, in_flight)->f = NULL;
	f->current = NULL;
}

void flight_free(struct flight *f)
{
	detach_attempts(f);
	due_clear(&f->r->due, &f->due);
	list_del(&f->wait);
	list_del(&f->open);
	list_del(&f->all);
	if (f->fence) {
		f->fence->target = NULL;
		flight_free(f->fence);
	}
	if (f->target)
		f->target->fence = NULL;
	blob_unref(&f->body);
	while (f->n_payload)
		blob_unref(&f->payload[--f->n_payload]);
	free(f);
}

/* ---- waiting ------------------------------------------------------------------------------- */

void flight_wait_in(struct flight *f, enum flight_state state, struct list *list)
{
	list_del(&f->wait);
	if (list)
		list_add(list, &f->wait);
	f->state = state;
	due_set(&f->r->due, &f->due, f->limit);
}

void flight_pause(struct flight *f, unsigned ms)
{
	list_del(&f->wait);
	f->state = FLIGHT_PAUSE;
	f->resume_at = clock_ms() + ms;
	due_set(&f->r->due, &f->due, MIN(f->resume_at, f->limit));
}

static void wait_on(struct flight *f)
{
	uint64_t at = f->limit;

	if (f->state == FLIGHT_PAUSE)
		at = MIN(at, f->resume_at);
	if (f->state == FLIGHT_SENT)
		at = MIN(at, f->silent_at);
	due_set(&f->r->due, &f->due, at);
}

/* ---- the end ------------------------------------------------------------------------------- */

static void tell(struct call *c, int status, const char *why, struct msg *reply,
		 const Tern__Head *head)
{
	c->priv = NULL;
	c->status = status;
	c->index = head ? head->index : 0;
	snprintf(c->why.text, sizeof(c->why.text), "%s",
		 why                  ? why :
		 head && head->why[0] ? head->why :
		 status               ? err_text(status) :
					"");
	if (reply)
		msg_move(&c->reply, reply);
	c->done(c); /* the call may be gone after this */
}

void flight_end(struct flight *f, int status, const char *why, struct msg *reply,
		const Tern__Head *head)
{
	struct call *c = f->call;
	struct msg taken;

	if (f->starting) {
		flight_wait_in(f, FLIGHT_ENDED, NULL);
		f->status = status;
		f->why = why;
		due_set(&f->r->due, &f->due, 0);
		return;
	}
	metric_time(M_store_call_us, (clock_ms() - f->started) * 1000);
	if (f->role == ROLE_HELLO)
		session_hello_ended(f, status);
	else if (f->role == ROLE_FENCE)
		session_fence_ended(f, status, reply, head);
	else if (f->role == ROLE_MAP)
		router_map_answer(f->r, status, reply);
	flight_free(f);
	if (!c)
		return;
	msg_init(&taken);
	if (reply)
		msg_move(&taken, reply);
	tell(c, status, why, &taken, head);
}

/* ---- what happened, and what to do --------------------------------------------------------- */

static enum retry_time time_of(const struct flight *f)
{
	uint64_t now = clock_ms();

	return now < f->deadline ? RETRY_IN_TIME :
	       now < f->end      ? RETRY_PAST_DEADLINE :
				   RETRY_PAST_ALL;
}

static void send_again(struct flight *f, struct retry_step step)
{
	f->where = step.where;
	if (step.backoff)
		flight_pause(f, retry_backoff(&f->r->rand, f->pauses++));
	else
		flight_send(f);
}

static void act(struct flight *f, struct retry_step step, int status, struct msg *reply,
		const Tern__Head *head)
{
	switch (step.action) {
	case RETRY_DONE: flight_end(f, status, NULL, reply, head); break;
	case RETRY_SEND: send_again(f, step); break;
	case RETRY_HELLO: session_renew(f); break;
	case RETRY_REFRESH:
		router_want_map(f->r, 0);
		send_again(f, step);
		break;
	case RETRY_WAIT: wait_on(f); break;
	case RETRY_FENCE:
		if (f->r->fence_off)
			flight_end(f, ERR_BUSY, NULL, NULL, NULL);
		else
			session_begin_fence(f);
		break;
	case RETRY_FAIL_BUSY:
		flight_end(f, ERR_BUSY, status ? NULL : "no replica answered in time", NULL, NULL);
		break;
	case RETRY_FAIL_UNKNOWN: flight_end(f, ERR_UNKNOWN, NULL, NULL, NULL); break;
	}
}

void flight_answer(struct flight *f, enum retry_answer answer, int status, struct msg *reply,
		   const Tern__Head *head)
{
	bool fencing = f->role == ROLE_FENCE;
	/* A hello does nothing twice: it may be asked like a read. */
	enum call_class class = f->role == ROLE_HELLO ? CALL_READ : f->class;
	enum retry_sent sent = f->maybe ? RETRY_MAYBE_SENT : RETRY_NEVER_SENT;

	/* While its fence is on its way only the target's own outcome matters. */
	if (f->state == FLIGHT_FENCE && answer != RETRY_GOT_FINAL)
		return;
	act(f, retry_step(class, fencing, answer, sent, time_of(f)), status, reply, head);
}

/* A node that says other things meanwhile is alive and slow: it gets twice the time before the
 * operation is sent around once more. */
static bool wait_longer(struct flight *f, uint64_t now)
{
	struct attempt *a = f->current;

	if (!a || a->extended || a->node->heard <= a->sent_at ||
	    now - a->node->heard >= f->r->c.attempt_ms)
		return false;
	a->extended = true;
	f->silent_at = now + (now - a->sent_at);
	wait_on(f);
	return true;
}

static void silent(struct flight *f, uint64_t now)
{
	struct attempt *a = f->current;

	if (wait_longer(f, now))
		return;
	f->silences++;
	if (a && now - a->node->heard >= f->r->c.attempt_ms)
		node_suspect(a->node);
	flight_answer(f, RETRY_SILENCE, 0, NULL, NULL);
}

void flight_due(struct flight *f, uint64_t now)
{
	if (f->state == FLIGHT_ENDED) {
		flight_end(f, f->status, f->why, NULL, NULL);
	} else if (now >= f->limit) {
		f->limit = f->limit < f->end ? f->end : UINT64_MAX;
		flight_answer(f, RETRY_TIME, 0, NULL, NULL);
	} else if (f->state == FLIGHT_PAUSE) {
		flight_send(f);
	} else if (f->state == FLIGHT_SENT) {
		silent(f, now);
	} else {
		wait_on(f);
	}
}

/* Never tells the caller anything before it returns. */
void flight_start(struct flight *f)
{
	f->starting = true;
	if (clock_ms() < f->deadline)
		flight_send(f);
	else
		flight_end(f, ERR_BUSY, "the deadline had passed before the call", NULL, NULL);
	f->starting = false;
}
