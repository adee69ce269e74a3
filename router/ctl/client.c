/* SPDX-License-Identifier: Apache-2.0 */
/* client.c - the router's calls, waited for. */
#include "router/ctl/ctl.h"

#include "base/clock.h"
#include "model/address.h"

#include <stdlib.h>

#define AT_ONCE 32 /* queries in flight over all shards */

static void stop_loop(struct call *c)
{
	loop_stop(c->arg);
}

/* Runs the loop until the call has ended. */
static int wait_call(struct ctl *ctl, struct call *c, struct why *why)
{
	c->done = stop_loop;
	c->arg = ctl->loop;
	router_call(ctl->router, c);
	while (c->priv)
		loop_run(ctl->loop);
	if (c->status != ERR_OK)
		why_set(why, (enum err)c->status, "%s",
			c->why.text[0] ? c->why.text : err_text(c->status));
	return -c->status;
}

static void on_poll(void *arg)
{
	loop_stop(arg);
}

bool ctl_connect(struct ctl *ctl, struct why *why)
{
	uint64_t until = clock_ms() + ctl->timeout_ms;
	struct loop_timer *timer = loop_timer_new(ctl->loop, on_poll, ctl->loop);

	loop_timer_set(timer, 5, 5);
	while (!router_ready(ctl->router) && clock_ms() < until)
		loop_run(ctl->loop);
	loop_timer_free(&timer);
	if (router_ready(ctl->router))
		return true;
	why_set(why, ERR_BUSY,
		"no node gave the cluster map within %llu s: are the nodes up, is this key in "
		"cluster.conf, was `ternctl cluster bootstrap` run?",
		(unsigned long long)ctl->timeout_ms / 1000);
	return false;
}

static void start_query(struct ctl *ctl, struct call *c, uint32_t shard, Tern__Query *q)
{
	call_init(c, CALL_READ, TERN__KIND__KIND_QUERY, shard);
	c->body = wire_pack(&q->base);
	c->deadline = clock_ms() + ctl->timeout_ms;
}

static int unpack_reply(struct ctl *ctl, struct call *c, Tern__Reply **reply, struct why *why)
{
	struct msg m;

	msg_move(&m, &c->reply);
	*reply = m.body ? WIRE_UNPACK(reply, m.body->b, &ctl->mem) : NULL;
	msg_release(&m);
	if (!*reply)
		return why_set(why, ERR_CORRUPT, "the answer is malformed");
	if ((*reply)->status == ERR_OK)
		return 0;
	return why_set(why, (enum err)MIN((*reply)->status, (uint32_t)ERR_COUNT - 1), "%s",
		       (*reply)->why[0] ? (*reply)->why : err_text((int)(*reply)->status));
}

int ctl_query(struct ctl *ctl, uint32_t shard, Tern__Query *q, Tern__Reply **reply, struct why *why)
{
	struct call c;
	int ret;

	start_query(ctl, &c, shard, q);
	ret = wait_call(ctl, &c, why);
	if (ret == 0)
		ret = unpack_reply(ctl, &c, reply, why);
	msg_release(&c.reply);
	return ret;
}

int ctl_op(struct ctl *ctl, uint32_t shard, Tern__Op *op, bool grows, Tern__Result **result,
	   struct why *why)
{
	struct call c;
	int ret;

	op->version = 1;
	call_init(&c, CALL_OP, TERN__KIND__KIND_OP, shard);
	c.body = wire_pack(&op->base);
	c.grows = grows;
	c.deadline = clock_ms() + ctl->timeout_ms;
	ret = wait_call(ctl, &c, why);
	*result = ret == 0 && c.reply.body ? WIRE_UNPACK(result, c.reply.body->b, &ctl->mem) : NULL;
	msg_release(&c.reply);
	if (ret == 0 && !*result)
		return why_set(why, ERR_CORRUPT, "the answer is malformed");
	if (ret == 0 && (*result)->status)
		return why_set(why, (enum err)(*result)->status, "%s",
			       (*result)->why[0] ? (*result)->why :
						   err_text((int)(*result)->status));
	return ret;
}

int ctl_node_call(struct ctl *ctl, int node, Tern__Kind kind, struct blob *body,
		  uint64_t timeout_ms, struct blob **reply, struct why *why)
{
	struct call c;
	int ret;

	call_init(&c, CALL_READ, kind, 0);
	c.to_node = node;
	c.body = body;
	c.deadline = clock_ms() + timeout_ms;
	ret = wait_call(ctl, &c, why);
	*reply = ret == 0 && c.reply.body ? blob_ref(c.reply.body) : NULL;
	msg_release(&c.reply);
	return ret;
}

/* ---- all shards -------------------------------------------------------------------------------- */

struct each_run {
	struct ctl *ctl;
	const struct ctl_each *each;
	struct why *why;
	int ret;
	uint32_t next, open;
};

struct each_call {
	struct call call;
	struct each_run *run;
};

static void each_next(struct each_call *e, uint32_t shard, const char *after);

static void each_done(struct call *c)
{
	struct each_call *e = container_of(c, struct each_call, call);
	struct each_run *run = e->run;
	const char *after = "";
	Tern__Reply *reply;
	int ret = -c->status;

	if (ret == 0)
		ret = unpack_reply(run->ctl, c, &reply, run->why);
	else
		why_set(run->why, (enum err)c->status, "shard %u: %s", c->shard, c->why.text);
	if (ret == 0) {
		run->each->got(run->each->arg, c->shard, reply);
		if (reply->what_case == TERN__REPLY__WHAT_LISTING)
			after = reply->listing->after;
	} else {
		run->ret = ret;
	}
	if (run->ret == 0 && after[0])
		each_next(e, c->shard, after);
	else if (run->ret == 0 && run->next < router_shards(run->ctl->router))
		each_next(e, run->next++, "");
	else if (--run->open == 0)
		loop_stop(run->ctl->loop);
}

static void each_next(struct each_call *e, uint32_t shard, const char *after)
{
	Tern__Query q = TERN__QUERY__INIT;

	e->run->each->fill(e->run->each->arg, shard, after, &q);
	start_query(e->run->ctl, &e->call, shard, &q);
	e->call.done = each_done;
	router_call(e->run->ctl->router, &e->call);
}

int ctl_each_shard(struct ctl *ctl, const struct ctl_each *each, struct why *why)
{
	struct each_run run = { .ctl = ctl, .each = each, .why = why };
	struct each_call *calls = xcalloc(AT_ONCE, sizeof(*calls));
	uint32_t shards = router_shards(ctl->router);

	while (run.open < AT_ONCE && run.next < shards) {
		struct each_call *e = &calls[run.open++];

		e->run = &run;
		each_next(e, run.next++, "");
	}
	while (run.open)
		loop_run(ctl->loop);
	free(calls);
	return run.ret;
}

/* ---- all nodes --------------------------------------------------------------------------------- */

struct nodes_run {
	struct ctl *ctl;
	size_t open;
};

struct node_call {
	struct call call;
	struct nodes_run *run;
	struct node_status *status;
};

static void node_done(struct call *c)
{
	struct node_call *n = container_of(c, struct node_call, call);
	struct ctl *ctl = n->run->ctl;

	if (c->status == ERR_OK && c->reply.body)
		n->status->reply = WIRE_UNPACK(node_reply, c->reply.body->b, &ctl->mem);
	if (!n->status->reply)
		n->status->why = arena_printf(&ctl->mem, "%s",
					      c->status == ERR_BUSY ? "no answer" : c->why.text);
	msg_release(&c->reply);
	if (--n->run->open == 0)
		loop_stop(ctl->loop);
}

struct node_status *ctl_nodes(struct ctl *ctl, bool shards, uint64_t timeout_ms)
{
	const struct conf_node *conf = ctl->cluster.nodes.v;
	size_t n = ctl->cluster.nodes.n;
	struct node_status *out = arena_array(&ctl->mem, struct node_status, n);
	struct node_call *calls = xcalloc(n, sizeof(*calls));
	struct nodes_run run = { ctl, n };
	Tern__NodeQuery q = TERN__NODE_QUERY__INIT;

	q.shards = shards;
	for (size_t i = 0; i < n; i++) {
		struct node_call *c = &calls[i];

		out[i].conf = &conf[i];
		c->run = &run;
		c->status = &out[i];
		call_init(&c->call, CALL_READ, TERN__KIND__KIND_NODE, 0);
		c->call.to_node = (int)i;
		c->call.body = wire_pack(&q.base);
		c->call.deadline = clock_ms() + timeout_ms;
		c->call.done = node_done;
		router_call(ctl->router, &c->call);
	}
	while (run.open)
		loop_run(ctl->loop);
	free(calls);
	return out;
}

/* ---- addresses ---------------------------------------------------------------------------------- */

int ctl_address(struct ctl *ctl, const char *text, struct bytes *full, struct why *why)
{
	struct address a;
	int ret = address_parse(bytes_str(text), true, &ctl->mem, &a, why);

	if (ret < 0) {
		why_add(why, "%.80s", text);
		return ret;
	}
	*full = a.full;
	return 0;
}

int ctl_domain(struct ctl *ctl, const char *text, struct bytes *name, struct why *why)
{
	if (domain_normalise(bytes_str(text), &ctl->mem, name))
		return 0;
	return why_set(why, ERR_INVALID, "%.80s: not a domain name", text);
}

int ctl_domain_get(struct ctl *ctl, struct bytes name, Tern__DomainSet **domain, struct why *why)
{
	Tern__Query q = TERN__QUERY__INIT;
	Tern__DomainGet get = TERN__DOMAIN_GET__INIT;
	Tern__Reply *reply;
	int ret;

	*domain = NULL;
	get.name = bytes_cstr(&ctl->mem, name);
	q.what_case = TERN__QUERY__WHAT_DOMAIN;
	q.domain = &get;
	ret = ctl_query(ctl, router_domain_shard(ctl->router, name), &q, &reply, why);
	if (ret == -ERR_NOTFOUND)
		return 0;
	if (ret == 0 && reply->what_case == TERN__REPLY__WHAT_DOMAIN)
		*domain = reply->domain;
	return ret;
}

int ctl_account(struct ctl *ctl, struct bytes address, Tern__CredentialReply **c, struct why *why)
{
	Tern__Query q = TERN__QUERY__INIT;
	Tern__Credential get = TERN__CREDENTIAL__INIT;
	Tern__Reply *reply;
	int ret;

	get.address = bytes_cstr(&ctl->mem, address);
	q.what_case = TERN__QUERY__WHAT_CREDENTIAL;
	q.credential = &get;
	ret = ctl_query(ctl, router_address_shard(ctl->router, address), &q, &reply, why);
	if (ret == 0 &&
	    (reply->what_case != TERN__REPLY__WHAT_CREDENTIAL || !reply->credential->found))
		ret = -ERR_NOTFOUND;
	if (ret == -ERR_NOTFOUND)
		return why_set(why, ERR_NOTFOUND, "no user %.*s; `ternctl user list` shows all",
			       BYTES_ARG(address));
	if (ret == 0)
		*c = reply->credential;
	return ret;
}
