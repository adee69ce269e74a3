/* SPDX-License-Identifier: Apache-2.0 */
#include "mailstore/session.h"

#include "mailstore/deliver.h"
#include "mailstore/ops.h"

enum { DROP_MAX = 256, DROP_EACH = 4 }; /* answers dropped by one entry; without a scan */

static void client_timer(struct txn *t, uint64_t client, uint64_t due)
{
	struct key k;

	key_clear(&k);
	key_u64(&k, client);
	txn_timer(t, due, TIMER_CLIENT, key_bytes(&k));
}

static bool answer_get(struct txn *t, uint64_t client, uint64_t seq, struct bytes *answer)
{
	struct key k;

	key_table_u64x2(&k, T_ANSWER, client, seq);
	return raw_get(t->rows, key_bytes(&k), t->mem, answer);
}

static void answer_put(struct txn *t, uint64_t client, uint64_t seq, struct bytes answer)
{
	struct key k;

	key_table_u64x2(&k, T_ANSWER, client, seq);
	raw_put(t->rows, key_bytes(&k), answer);
}

static enum session refuse(struct txn *t, int *ret, enum err err, const char *text)
{
	*ret = REFUSE(t, err, "%s", text);
	return SESSION_REFUSED;
}

/* Hello of a client that is unknown or forgotten: nothing it sent before may still happen. */
static enum session introduce(struct txn *t, bool known, struct client_rec *c, int *ret)
{
	const struct stamp *s = &t->e->stamp;
	uint64_t floor = known ? c->top + 1 : 0;

	if (known && s->seq < floor)
		return refuse(t, ret, ERR_EXPIRED,
			      "the request was sent before the client fell silent");
	if (!known && t->shard.clients >= CLIENTS_MAX)
		return refuse(t, ret, ERR_LIMIT, "the shard knows too many clients");
	if (!known)
		t->shard.clients++;
	*c = (struct client_rec){ .seen_ms = t->now,
				  .done_below = MAX(floor, MIN(s->done_below, s->seq)),
				  .top = s->seq };
	client_put(t->rows, s->client, c);
	client_timer(t, s->client, t->now + CLIENT_SILENCE);
	return SESSION_NEW;
}

enum session session_begin(struct txn *t, bool hello, struct bytes *answer, int *ret)
{
	const struct stamp *s = &t->e->stamp;
	struct client_rec c;
	bool known;

	if (s->client == 0)
		return SESSION_NONE;
	if (s->seq == 0)
		return refuse(t, ret, ERR_INVALID, "requests count from 1");
	known = client_get(t->rows, s->client, &c);
	if (!known || c.forgotten) {
		if (!hello)
			return refuse(t, ret, ERR_EXPIRED, "the client is not known here");
		return introduce(t, known, &c, ret);
	}
	if (s->seq < c.done_below)
		return refuse(t, ret, ERR_EXPIRED, "the request was done with");
	if (answer_get(t, s->client, s->seq, answer))
		return SESSION_DONE;
	if (s->seq - c.done_below > SEQS_OPEN)
		return refuse(t, ret, ERR_LIMIT, "too many requests are not done with");
	return SESSION_NEW;
}

/* Few numbers: a scan costs more than looking at each. */
static size_t answers_drop_each(struct txn *t, uint64_t client, uint64_t from, uint64_t below)
{
	struct bytes value;
	struct key k;
	size_t n = 0;

	for (uint64_t seq = from; seq < below; seq++) {
		key_table_u64x2(&k, T_ANSWER, client, seq);
		if (!rows_get(t->rows, key_bytes(&k), &value))
			continue;
		rows_del(t->rows, key_bytes(&k));
		n++;
	}
	return n;
}

/* Returns how many went. `*from`, below which there are none, moves on: a scan from 0 would pass
 * the engine's tombstones of all that ever went. */
static size_t answers_drop(struct txn *t, uint64_t client, uint64_t *from, uint64_t below,
			   size_t max)
{
	uint64_t *seqs = arena_array(t->mem, uint64_t, max);
	struct bytes key, value;
	struct rows_iter *it;
	struct key first, end;
	size_t n = 0;

	if (below - *from <= MIN(DROP_EACH, max)) {
		n = answers_drop_each(t, client, *from, below);
		*from = below;
		return n;
	}
	key_table_u64x2(&first, T_ANSWER, client, *from);
	key_table_u64x2(&end, T_ANSWER, client, below);
	it = rows_iter_new(t->rows, key_bytes(&first), key_bytes(&end));
	while (n < max && rows_iter_next(it, &key, &value)) {
		key = bytes_skip(key, KEY_TABLE + 8);
		INVARIANT(get_u64be(&key, &seqs[n++]));
	}
	rows_iter_free(&it);
	for (size_t i = 0; i < n; i++) {
		key_table_u64x2(&first, T_ANSWER, client, seqs[i]);
		rows_del(t->rows, key_bytes(&first));
	}
	*from = n && n == max ? seqs[n - 1] + 1 : below;
	return n;
}

void session_answered(struct txn *t, struct bytes answer)
{
	const struct stamp *s = &t->e->stamp;
	struct client_rec c;

	INVARIANT(client_get(t->rows, s->client, &c));
	answer_put(t, s->client, s->seq, answer);
	c.seen_ms = t->now;
	c.top = MAX(c.top, s->seq);
	c.done_below = MAX(c.done_below, MIN(s->done_below, s->seq));
	if (c.dropped < c.done_below)
		answers_drop(t, s->client, &c.dropped, c.done_below, DROP_MAX);
	client_put(t->rows, s->client, &c);
}

uint64_t client_expire(struct txn *t, uint64_t client, size_t max, size_t *n)
{
	struct client_rec c;
	struct key k;

	*n = 1;
	if (!client_get(t->rows, client, &c))
		return 0;
	if (!c.forgotten && c.seen_ms + CLIENT_SILENCE > t->now)
		return c.seen_ms + CLIENT_SILENCE;
	c.forgotten = true;
	*n += answers_drop(t, client, &c.dropped, c.top + 1, max);
	c.done_below = MAX(c.done_below, c.dropped);
	client_put(t->rows, client, &c);
	if (*n > max)
		return t->now;
	if (c.seen_ms + CLIENT_MEMORY > t->now)
		return c.seen_ms + CLIENT_MEMORY;
	key_table_u64(&k, T_CLIENT, client);
	rows_del(t->rows, key_bytes(&k));
	t->shard.clients--;
	return 0;
}

/* ---- Hello, Fence */

int check_nothing(const Tern__Op *op UNUSED, size_t body UNUSED, struct why *why UNUSED)
{
	return 0;
}

int op_hello(struct txn *t UNUSED, const Tern__Op *op UNUSED)
{
	return 0; /* session_begin has done it */
}

/* A client that is not known may be on its way: its requests up to `seq` must not be taken when
 * its Hello arrives. */
static void fence_stranger(struct txn *t, uint64_t client, uint64_t seq, bool known,
			   struct client_rec *c)
{
	if (!known) {
		*c = (struct client_rec){ .seen_ms = t->now, .forgotten = true };
		t->shard.clients++;
		client_timer(t, client, t->now + CLIENT_MEMORY);
	}
	c->top = MAX(c->top, seq);
	client_put(t->rows, client, c);
}

bool session_fence(struct txn *t, uint64_t client, uint64_t seq, struct bytes *answer, int *ret)
{
	Tern__Result fenced = TERN__RESULT__INIT;
	struct client_rec c;
	bool known = client_get(t->rows, client, &c);
	uint8_t packed[16];

	*ret = REFUSE(t, ERR_FENCED, "it did not happen and will not");
	if (!known && t->shard.clients >= CLIENTS_MAX) {
		*ret = REFUSE(t, ERR_LIMIT, "the shard knows too many clients");
		return false;
	}
	if (!known || c.forgotten) {
		fence_stranger(t, client, seq, known, &c);
		return false;
	}
	if (answer_get(t, client, seq, answer))
		return true;
	if (seq < c.done_below) {
		*ret = REFUSE(t, ERR_EXPIRED, "the request was done with");
		return false;
	}
	fenced.status = ERR_FENCED;
	INVARIANT(tern__result__get_packed_size(&fenced) <= sizeof(packed));
	answer_put(t, client, seq, bytes_of(packed, tern__result__pack(&fenced, packed)));
	return false;
}

int check_fence(const Tern__Op *op, size_t body UNUSED, struct why *why)
{
	const Tern__Fence *f = op->fence;

	if (f->delivery.len ? f->delivery.len != 16 || f->client || f->seq : !f->client || !f->seq)
		return why_set(why, ERR_INVALID, "a fence names a request or a delivery");
	return 0;
}

int op_fence(struct txn *t, const Tern__Op *op)
{
	const Tern__Fence *f = op->fence;
	int ret = 0;

	if (f->delivery.len == 0 && f->client == t->e->stamp.client && f->seq == t->e->stamp.seq)
		return REFUSE(t, ERR_INVALID, "a fence around itself");
	if (f->delivery.len)
		t->answered = delivery_fence(t, bytes_of(f->delivery.data, f->delivery.len),
					     &t->answer, &ret);
	else
		t->answered = session_fence(t, f->client, f->seq, &t->answer, &ret);
	if (t->answered)
		return 0;
	t->keep = true; /* what was written is the fence */
	return ret;
}
