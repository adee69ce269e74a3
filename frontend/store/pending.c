/* SPDX-License-Identifier: Apache-2.0 */
/* pending.c - a delivery's other recipients: content copied to their shard, delivered there under
 * the same delivery id, marked done at home. Any step may be repeated by anybody. */
#include "store/pending.h"
#include "base/base.h"

#include "base/clock.h"

#include <stdlib.h>

#define MAX_AT_ONCE 100 /* recipients of one Deliver */
#define SHARDS_AT_ONCE 16
#define LEASE_MS SECONDS(60)
#define STEP_TIMEOUT SECONDS(20)

struct pending_rcpt {
	uint64_t id;
	Tern__Recipient *r;
	int status;
	bool asked;   /* in this run: once is enough */
	bool settled; /* delivered or refused for good */
};

/* Somebody on another stack who wants to know how it ended, for a while. */
struct pending_wait {
	struct co *co;
	int *statuses;
	bool ended, late;
};

struct pending_job {
	struct store *store;
	struct pending_wait *wait;
	uint32_t home;
	uint64_t trace;
	struct arena mem;
	Tern__Deliver d; /* delivery, born, content, sender */
	struct blob *last;
	struct pending_rcpt *rcpts;
	size_t n, cap;
};

struct pending_job *pending_job_new(struct store *s, uint32_t home, uint64_t trace)
{
	struct pending_job *job = xnew(struct pending_job);

	job->store = s;
	job->home = home;
	job->trace = trace;
	arena_init(&job->mem, 0);
	return job;
}

static void job_free(struct pending_job *job)
{
	struct pending_wait *wait = job->wait;

	for (size_t i = 0; wait && i < job->n; i++)
		wait->statuses[i] = job->rcpts[i].settled ? job->rcpts[i].status : 0;
	blob_unref(&job->last);
	free(job->rcpts);
	arena_release(&job->mem);
	free(job);
	if (wait) {
		wait->ended = true;
		if (wait->co)
			co_resume(wait->co);
	}
}

void pending_job_content(struct pending_job *job, const Tern__Deliver *d, struct blob *last)
{
	/* A copy by the wire's own means: everything then lives in the job's arena. */
	Tern__Deliver bare = *d;
	struct blob *packed;

	bare.n_here = bare.n_elsewhere = 0;
	packed = wire_pack(&bare.base);
	job->d = *(Tern__Deliver *)wire_unpack(&tern__deliver__descriptor, packed->b, &job->mem);
	blob_unref(&packed);
	if (last)
		job->last = blob_ref(last);
}

static Tern__Recipient *recipient_copy(struct arena *mem, const Tern__Recipient *r)
{
	struct blob *packed = wire_pack(&r->base);
	Tern__Recipient *copy = wire_unpack(&tern__recipient__descriptor, packed->b, mem);

	blob_unref(&packed);
	return copy;
}

void pending_job_add(struct pending_job *job, uint64_t id, const Tern__Recipient *r)
{
	if (job->n == job->cap) {
		job->cap = MAX(job->cap * 2, 16);
		job->rcpts = xrealloc(job->rcpts, job->cap * sizeof(*job->rcpts));
	}
	job->rcpts[job->n++] = (struct pending_rcpt){ .id = id, .r = recipient_copy(&job->mem, r) };
}

/* ---- chunks to the other shard */

/* Not inlined: a store_call is big, and the stack is a coroutine's. */
__attribute__((noinline)) CO static int chunk_get(struct store_user *u, uint32_t from,
						  const Tern__ChunkRef *ref, struct blob **stored)
{
	Tern__ChunksQuery ask = TERN__CHUNKS_QUERY__INIT;
	Tern__ChunkRef *refs[1] = { (Tern__ChunkRef *)ref };
	struct hash128 hash = { ref->hash_lo, ref->hash_hi };
	struct store_call sc;
	int ret;

	*stored = NULL;
	ask.n_chunks = 1;
	ask.chunks = refs;
	store_call_init(&sc, u, CALL_ANY, TERN__KIND__KIND_CHUNKS, from, &ask.base);
	sc.call.min_index = ref->index;
	store_call_start(&sc);
	ret = store_call_wait(&sc);
	if (ret == 0 && sc.call.reply.n_payload != 1)
		ret = -ERR_CORRUPT;
	if (ret == 0 && !hash128_eq(hash128(sc.call.reply.payload[0]->b), hash))
		ret = -ERR_CORRUPT;
	if (ret == 0)
		*stored = blob_ref(sc.call.reply.payload[0]);
	store_call_release(&sc);
	return ret;
}

__attribute__((noinline)) CO static int chunk_put(struct store_user *u, uint32_t to,
						  struct blob *stored, const uint8_t upload[16],
						  struct arena *mem, Tern__ChunkRef *ref)
{
	Tern__ChunkPut put = TERN__CHUNK_PUT__INIT;
	Tern__Op op = TERN__OP__INIT;
	Tern__Result *result;
	struct store_call sc;
	int ret;

	put.upload = (ProtobufCBinaryData){ 16, (uint8_t *)upload };
	put.raw = ref->raw;
	op.version = 1;
	op.what_case = TERN__OP__WHAT_CHUNK;
	op.chunk = &put;
	store_call_init(&sc, u, CALL_OP, TERN__KIND__KIND_OP, to, &op.base);
	sc.call.grows = true;
	sc.call.payload[0] = blob_ref(stored);
	sc.call.n_payload = 1;
	store_call_start(&sc);
	ret = store_call_wait(&sc);
	if (ret == 0)
		ret = store_result(&sc, mem, &result);
	if (ret == 0 && result->chunk) {
		ref->index = result->chunk->index;
		ref->term = result->chunk->term;
	}
	store_call_release(&sc);
	return ret;
}

/* All chunks but the last are put ahead; the last, left with index 0, rides with the Deliver. */
CO static int content_copy(struct pending_job *job, struct store_user *u, uint32_t to,
			   Tern__Content *copy, struct blob **last)
{
	const Tern__Content *c = job->d.content;
	uint8_t *upload = arena_alloc(&job->mem, 16);
	int ret = 0;

	*copy = *c;
	rand_bytes(upload, 16);
	copy->chunks = arena_array(&job->mem, Tern__ChunkRef *, c->n_chunks + 1);
	copy->upload = (ProtobufCBinaryData){ c->n_chunks > 1 ? 16 : 0, upload };
	for (size_t i = 0; ret == 0 && i < c->n_chunks; i++) {
		Tern__ChunkRef *ref = arena_new(&job->mem, Tern__ChunkRef);
		bool is_last = i + 1 == c->n_chunks;
		struct blob *stored = NULL;

		*ref = *c->chunks[i];
		copy->chunks[i] = ref;
		if (is_last && job->last)
			stored = blob_ref(job->last);
		else
			ret = chunk_get(u, job->home, ref, &stored);
		if (ret == 0 && is_last) {
			ref->index = ref->term = 0;
			*last = blob_ref(stored);
		} else if (ret == 0) {
			ret = chunk_put(u, to, stored, upload, &job->mem, ref);
		}
		blob_unref(&stored);
	}
	return ret;
}

/* ---- one target shard */

static bool final(int status)
{
	return status == 0 || status == -ERR_NOTFOUND || status == -ERR_QUOTA ||
	       status == -ERR_CANNOT || status == -ERR_INVALID || status == -ERR_TOOBIG ||
	       status == -ERR_EXPIRED;
}

/* One request on its way; the answers of several are waited for together, so that their shards'
 * commits share syncs and a message for many is not as slow as all of them. */
struct there {
	struct store_call sc;
	Tern__Deliver d;
	Tern__Content content;
	size_t which[MAX_AT_ONCE];
	int ret; /* < 0: it was not started */
};

static void gather(struct pending_job *job, uint32_t shard, struct there *t)
{
	t->d.here = arena_array(&job->mem, Tern__Recipient *, MAX_AT_ONCE);
	t->d.n_here = 0;
	for (size_t i = 0; i < job->n && t->d.n_here < MAX_AT_ONCE; i++) {
		struct pending_rcpt *r = &job->rcpts[i];

		if (r->asked || ACCOUNT_SHARD(r->r->account) != shard)
			continue;
		r->asked = true;
		t->which[t->d.n_here] = i;
		t->d.here[t->d.n_here++] = r->r;
	}
}

CO static struct there *there_begin(struct pending_job *job, struct store_user *u, uint32_t shard)
{
	struct there *t = xnew(struct there);
	Tern__Op op = TERN__OP__INIT;
	struct blob *last = NULL;

	t->d = job->d;
	gather(job, shard, t);
	t->ret = content_copy(job, u, shard, &t->content, &last);
	if (t->ret < 0) {
		blob_unref(&last);
		return t;
	}
	t->d.content = &t->content;
	op.version = 1;
	op.what_case = TERN__OP__WHAT_DELIVER;
	op.deliver = &t->d;
	/* Not CALL_DELIVERY: that would fence the delivery where its outcome stays unknown, and a
	 * message that was answered 250 could then never arrive. It is known by its id, so it may
	 * be asked for until it is done, however often. */
	store_call_init(&t->sc, u, CALL_READ, TERN__KIND__KIND_OP, shard, &op.base);
	t->sc.call.grows = true;
	if (last) {
		t->sc.call.payload[0] = last;
		t->sc.call.n_payload = 1;
	}
	store_call_start(&t->sc);
	return t;
}

static void settle(struct pending_job *job, struct pending_rcpt *r, int status)
{
	r->status = status;
	r->settled = final(status);
	if (r->settled && status < 0)
		log_warn(NULL, "delivery_refused_late", "trace=%016llx account=%llx error=%s",
			 (unsigned long long)job->trace, (unsigned long long)r->r->account,
			 err_name(status));
}

CO static void there_end(struct pending_job *job, struct there **there)
{
	struct there *t = *there;
	Tern__Result *result = NULL;
	int ret = t->ret;

	*there = NULL;
	if (ret == 0) {
		ret = store_call_wait(&t->sc);
		if (ret == 0)
			ret = store_result(&t->sc, &job->mem, &result);
		store_call_release(&t->sc);
	}
	for (size_t i = 0; i < t->d.n_here; i++) {
		int status = ret < 0                ? ret :
			     i < result->n_statuses ? -(int)result->statuses[i] :
						      -ERR_CORRUPT;

		settle(job, &job->rcpts[t->which[i]], status);
	}
	free(t);
}

CO static void run_all(struct pending_job *job, struct store_user *u)
{
	struct there *window[SHARDS_AT_ONCE] = { NULL };
	size_t next = 0;

	for (size_t i = 0; i < job->n; i++) {
		struct there **slot = &window[next % SHARDS_AT_ONCE];

		if (job->rcpts[i].asked)
			continue;
		if (*slot)
			there_end(job, slot);
		*slot = there_begin(job, u, ACCOUNT_SHARD(job->rcpts[i].r->account));
		next++;
	}
	for (size_t i = 0; i < SHARDS_AT_ONCE; i++, next++)
		if (window[next % SHARDS_AT_ONCE])
			there_end(job, &window[next % SHARDS_AT_ONCE]);
}

CO static int tell_home(struct pending_job *job, struct store_user *u, unsigned *finished)
{
	Tern__PendingDone done = TERN__PENDING_DONE__INIT;
	Tern__Op op = TERN__OP__INIT;
	Tern__Result *result;

	done.ids = arena_array(&job->mem, uint64_t, job->n);
	done.status = arena_array(&job->mem, uint32_t, job->n);
	for (size_t i = 0; i < job->n; i++) {
		if (!job->rcpts[i].settled)
			continue;
		done.ids[done.n_ids++] = job->rcpts[i].id;
		done.status[done.n_status++] = (uint32_t)-job->rcpts[i].status;
	}
	*finished = (unsigned)done.n_ids;
	if (done.n_ids == 0)
		return 0;
	op.what_case = TERN__OP__WHAT_PENDING_DONE;
	op.pending_done = &done;
	return store_op(u, job->home, &op, false, &job->mem, &result);
}

CO int pending_job_run(struct pending_job **job_, struct store_user *u, unsigned *finished)
{
	struct pending_job *job = *job_;
	int ret;

	*job_ = NULL;
	run_all(job, u);
	ret = tell_home(job, u, finished);
	job_free(job);
	return ret;
}

CO static void run_behind(void *arg)
{
	struct pending_job *job = arg;
	struct store_user user;
	unsigned finished;

	store_user_init(&user, job->store);
	user.trace = job->trace;
	user.timeout_ms = STEP_TIMEOUT;
	if (pending_job_run(&job, &user, &finished) < 0)
		log_info(NULL, "pending_left", "trace=%016llx", (unsigned long long)user.trace);
}

static void waited_enough(void *arg)
{
	struct pending_wait *wait = arg;

	wait->late = true;
	co_resume(wait->co);
}

/* Parks until the job ends or the time is over; then the job forgets who waited. */
CO static bool wait_for(struct pending_job *job, struct pending_wait *wait, struct loop *loop,
			unsigned ms)
{
	struct loop_timer *timer = loop_timer_new(loop, waited_enough, wait);

	loop_timer_set(timer, ms, 0);
	wait->co = co_self();
	co_park();
	loop_timer_free(&timer);
	if (!wait->ended)
		job->wait = NULL;
	return wait->ended;
}

CO bool pending_job_start(struct pending_job *job, unsigned wait_ms, int *statuses)
{
	struct pending_wait wait = { .statuses = statuses };
	struct loop *loop = job->store->loop;

	if (wait_ms > 0)
		job->wait = &wait;
	if (!store_background(job->store, run_behind, job)) {
		job->wait = NULL;
		job_free(job);
		return false;
	}
	if (wait_ms == 0 || wait.ended)
		return wait.ended;
	return wait_for(job, &wait, loop, wait_ms);
}

/* ---- what others left */

CO static int lease(struct store_user *u, uint32_t shard, const Tern__PendingReply *list,
		    struct arena *mem, Tern__Result **result)
{
	Tern__PendingLease ask = TERN__PENDING_LEASE__INIT;
	Tern__Op op = TERN__OP__INIT;

	ask.ids = arena_array(mem, uint64_t, list->n_pending);
	for (size_t i = 0; i < list->n_pending; i++)
		ask.ids[ask.n_ids++] = list->pending[i]->id;
	ask.owner = u->store->owner;
	ask.for_ms = LEASE_MS;
	op.what_case = TERN__OP__WHAT_PENDING_LEASE;
	op.pending_lease = &ask;
	return store_op(u, shard, &op, false, mem, result);
}

CO static int run_one(struct store_user *u, uint32_t shard, const Tern__PendingDelivery *p,
		      unsigned *finished)
{
	struct pending_job *job = pending_job_new(u->store, shard, u->trace);
	Tern__Deliver d = TERN__DELIVER__INIT;

	d.delivery = p->delivery;
	d.born_ms = p->born_ms;
	d.content = p->content;
	d.zone = p->zone;
	d.sender = p->sender;
	pending_job_content(job, &d, NULL);
	pending_job_add(job, p->id, p->recipient);
	return pending_job_run(&job, u, finished);
}

CO int store_pending_run(struct store_user *u, uint32_t shard, unsigned max, unsigned *finished)
{
	Tern__PendingList ask = TERN__PENDING_LIST__INIT;
	Tern__Query q = TERN__QUERY__INIT;
	Tern__Reply *reply;
	Tern__Result *leased;
	struct arena mem;
	int ret;

	*finished = 0;
	arena_init(&mem, 0);
	ask.max = max;
	q.what_case = TERN__QUERY__WHAT_PENDING;
	q.pending = &ask;
	ret = store_query(u, shard, &q, &mem, &reply, NULL);
	if (ret == 0 && reply->pending && reply->pending->n_pending > 0)
		ret = lease(u, shard, reply->pending, &mem, &leased);
	else
		goto out;
	for (size_t i = 0; ret == 0 && i < reply->pending->n_pending; i++) {
		unsigned n = 0;

		if (i < leased->n_statuses && leased->statuses[i] == ERR_OK)
			ret = run_one(u, shard, reply->pending->pending[i], &n);
		*finished += n;
	}
out:
	arena_release(&mem);
	return ret;
}
