/* SPDX-License-Identifier: Apache-2.0 */
/* call.c - one request on behalf of a command: started, waited for on the command's stack,
 * cancelled when its client leaves. */
#include "base/base.h"
#include "store/private.h"

#include "base/clock.h"

/* A dead node is a pause of two to five seconds; beyond ten the client must hear "later". */
#define DEFAULT_TIMEOUT SECONDS(9)

static void answered(struct call *c)
{
	struct store_call *sc = container_of(c, struct store_call, call);
	struct co *waiter = sc->waiter;

	list_del(&sc->node);
	sc->done = true;
	sc->waiter = NULL;
	if (waiter)
		co_resume(waiter);
}

void store_call_init(struct store_call *sc, struct store_user *u, enum call_class class,
		     Tern__Kind kind, uint32_t shard, const ProtobufCMessage *m)
{
	memset(sc, 0, sizeof(*sc));
	call_init(&sc->call, class, kind, shard);
	sc->user = u;
	sc->call.trace = u->trace;
	sc->call.deadline = clock_ms() + (u->timeout_ms ? u->timeout_ms : DEFAULT_TIMEOUT);
	sc->call.done = answered;
	if (m)
		sc->call.body = wire_pack(m);
	list_init(&sc->node);
}

void store_call_start(struct store_call *sc)
{
	list_add(&sc->user->calls, &sc->node);
	router_call(sc->user->store->router, &sc->call);
	/* A client that left while the command was between calls. */
	if (sc->user->gone && !sc->done)
		router_cancel(&sc->call);
}

CO int store_call_wait(struct store_call *sc)
{
	if (!sc->done) {
		sc->waiter = co_self();
		co_park();
	}
	INVARIANT(sc->done);
	return -sc->call.status;
}

void store_call_release(struct store_call *sc)
{
	if (!sc->done) {
		sc->waiter = NULL;
		router_cancel(&sc->call);
	}
	msg_release(&sc->call.reply);
}

void store_user_init(struct store_user *u, struct store *s)
{
	memset(u, 0, sizeof(*u));
	u->store = s;
	list_init(&u->calls);
}

void store_user_gone(struct store_user *u)
{
	struct list *node;

	u->gone = true;
	while ((node = list_first(&u->calls)))
		router_cancel(&list_entry(node, struct store_call, node)->call);
}

static int reply_unpack(struct store_call *sc, const ProtobufCMessageDescriptor *d,
			struct arena *mem, void **out)
{
	struct blob *body = sc->call.reply.body;

	*out = body ? wire_unpack(d, body->b, mem) : NULL;
	return *out ? 0 : -ERR_CORRUPT;
}

CO int store_ask(struct store_user *u, uint32_t shard, Tern__Query *q, struct arena *mem,
		 struct store_call *sc, Tern__Reply **out)
{
	int ret;

	*out = NULL;
	store_call_init(sc, u, CALL_READ, TERN__KIND__KIND_QUERY, shard, &q->base);
	store_call_start(sc);
	ret = store_call_wait(sc);
	if (ret == 0)
		ret = reply_unpack(sc, &tern__reply__descriptor, mem, (void **)out);
	return ret < 0 ? ret : -(int)(*out)->status;
}

CO int store_query(struct store_user *u, uint32_t shard, Tern__Query *q, struct arena *mem,
		   Tern__Reply **out, struct bytes *page)
{
	struct store_call sc;
	int ret = store_ask(u, shard, q, mem, &sc, out);

	if (page)
		*page = BYTES_NONE;
	if (ret == 0 && page && sc.call.reply.n_payload)
		*page = bytes_dup(mem, sc.call.reply.payload[0]->b);
	store_call_release(&sc);
	return ret;
}

int store_result(struct store_call *sc, struct arena *mem, Tern__Result **out)
{
	int ret = reply_unpack(sc, &tern__result__descriptor, mem, (void **)out);

	return ret < 0 ? ret : -(int)(*out)->status;
}

CO int store_op(struct store_user *u, uint32_t shard, Tern__Op *op, bool grows, struct arena *mem,
		Tern__Result **out)
{
	struct store_call sc;
	int ret;

	*out = NULL;
	op->version = 1;
	store_call_init(&sc, u, CALL_OP, TERN__KIND__KIND_OP, shard, &op->base);
	sc.call.grows = grows;
	store_call_start(&sc);
	ret = store_call_wait(&sc);
	if (ret == 0)
		ret = store_result(&sc, mem, out);
	store_call_release(&sc);
	return ret;
}
