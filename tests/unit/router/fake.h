/* SPDX-License-Identifier: Apache-2.0 */
/* fake.h - a small cluster in threads: three ROUTER sockets that answer as store nodes do, with
 * one ledger of what was applied, and switches for what may go wrong. */
#ifndef TEST_ROUTER_FAKE_H
#define TEST_ROUTER_FAKE_H

#include "base/base.h"
#include "lib/test.h"

#include "base/clock.h"
#include "base/rand.h"
#include "router/router.h"

#include <pthread.h>
#include <unistd.h>

#define FAKE_NODES 3
#define FAKE_IDS 4096

struct fake_id { /* a request id and what became of it */
	uint32_t shard;
	uint64_t client, seq;
	uint8_t delivery[16];
	unsigned applied; /* must never pass 1 */
	bool fenced;
};

struct fake_node {
	struct fake *fake;
	unsigned at;
	void *zmq, *socket;
	pthread_t thread;
	char address[32], public_key[CURVE_KEY + 1], secret_key[CURVE_KEY + 1];
	/* switches, under the lock */
	bool stop, cut, silent; /* cut: the connections break, nobody listens until it is false */
	unsigned refuse;        /* answers `refuse_status` so many times */
	unsigned refuse_status;
	unsigned lose;       /* proposes, but the answer never comes, so many times */
	unsigned late_index; /* NOTLEADER with this index although it was proposed (not applied) */
	unsigned delay_ms;   /* before each answer */
	unsigned twice;      /* answers everything twice */
	unsigned requests;   /* received */
	/* the last connection that watches */
	struct bytes watcher;
	uint8_t watcher_id[64];
	uint64_t hint_account, hint_modseq; /* to be sent to the watcher */
};

struct fake {
	pthread_mutex_t lock;
	struct fake_node node[FAKE_NODES];
	struct conf_node conf[FAKE_NODES];
	struct clusterconf cluster;
	char own_public[CURVE_KEY + 1], own_secret[CURVE_KEY + 1];
	int leader; /* of every shard; -1: none */
	unsigned shards;
	uint64_t epoch, min_epoch; /* requests below min_epoch hear EPOCH */
	struct fake_id id[FAKE_IDS];
	size_t n_ids;
	uint64_t known[16]; /* clients per (shard): shard << 32 ^ client */
	size_t n_known;
	unsigned hellos, ops, fences, watches;
	bool refuse_hello;
	uint64_t done_below[64]; /* the highest seen, per shard */
	uint64_t watched[64], watched_modseq[64];
	size_t n_watched;
	bool last_fresh;
};

void fake_start(struct fake *f);
void fake_stop(struct fake *f);
#define FAKE_SET(f, what, value)                  \
	do {                                      \
		pthread_mutex_lock(&(f)->lock);   \
		(f)->what = (value);              \
		pthread_mutex_unlock(&(f)->lock); \
	} while (0)
#define FAKE_GET(f, what)                         \
	({                                        \
		__typeof__((f)->what) got_;       \
		pthread_mutex_lock(&(f)->lock);   \
		got_ = (f)->what;                 \
		pthread_mutex_unlock(&(f)->lock); \
		got_;                             \
	})
bool fake_once(struct fake *f); /* no id was applied twice, none both applied and fenced */
unsigned fake_applied(struct fake *f);

/* A router on a loop against the fake, and calls that note how they end. */
struct bench {
	struct fake fake;
	struct loop *loop;
	struct router *router;
};

struct test_call {
	struct call call;
	bool done;
	uint64_t took_ms, began;
};

void bench_start(struct bench *b, const struct router_config *c); /* waits for the map */
void bench_stop(struct bench *b);
/* Turns the loop until *flag or the time is over. */
bool bench_wait(struct bench *b, const bool *flag, unsigned ms);
void bench_run(struct bench *b, unsigned ms);

/* After call_init. */
void test_begin(struct bench *b, struct test_call *t, unsigned timeout_ms);
void test_op(struct bench *b, struct test_call *t, uint32_t shard, unsigned timeout_ms);
void test_delivery(struct bench *b, struct test_call *t, uint32_t shard, unsigned timeout_ms);
void test_read(struct bench *b, struct test_call *t, enum call_class class, unsigned timeout_ms);

#endif
