/* SPDX-License-Identifier: Apache-2.0 */
/* engine - what the engine costs an apply that looks like a delivery of one small message.
 *
 *	bench_engine mem 20000              in memory
 *	bench_engine DIR 20000              RocksDB in DIR (must not exist), syncs beside it
 *
 * Each delivery reads and writes about ten rows of one of 100 accounts through rows.h, writes
 * its log row and its body, all in one batch. Prints wall and CPU time per delivery, by part. */
#include "engine/keys.h"
#include "engine/rows.h"

#include "base/rand.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { ACCOUNTS = 100, BODY = 3000 };

enum part { ROWS, FLUSH, WRITE, PARTS };

struct bench {
	struct kv *kv;
	struct rows *rows;
	struct rows_state state;
	struct kv_batch *batch;
	struct prng random;
	uint8_t noise[BODY];
	uint64_t cpu[PARTS];
	atomic_bool stop;
	bool mem;
	unsigned syncs;
};

static uint64_t now_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void row_key(struct key *k, uint8_t kind, uint64_t account, uint64_t id)
{
	key_start(k, kind);
	key_u64(k, account);
	key_u64(k, id);
}

static void change_row(struct bench *b, uint8_t kind, uint64_t account, uint64_t id, size_t n)
{
	struct bytes old;
	struct key k;

	row_key(&k, kind, account, id);
	rows_get(b->rows, key_bytes(&k), &old);
	memcpy(b->noise, &(uint64_t){ prng_u64(&b->random) }, 8);
	rows_put(b->rows, key_bytes(&k), bytes_of(b->noise, n));
}

static void new_row(struct bench *b, uint8_t kind, uint64_t account, uint64_t id, size_t n)
{
	struct key k;

	row_key(&k, kind, account, id);
	rows_put(b->rows, key_bytes(&k), bytes_of(b->noise, n));
}

static void apply(struct bench *b, uint64_t index)
{
	uint64_t account = prng_below(&b->random, ACCOUNTS);

	rows_mark(b->rows);
	change_row(b, 'a', account, 0, 150);    /* account */
	change_row(b, 'b', account, 1, 120);    /* mailbox */
	change_row(b, 'r', account, index, 40); /* request id: not there */
	new_row(b, 'c', 0, index, 300);         /* content */
	new_row(b, 'e', account, index, 600);   /* email record */
	new_row(b, 'p', account, index, 60);    /* placement */
	new_row(b, 'm', account, index, 30);    /* change */
	new_row(b, 't', account, index, 16);    /* thread key */
	if (index > 1000)
		change_row(b, 'r', account, index - 1000, 40);
}

static void deliver(struct bench *b, uint64_t index)
{
	uint64_t t[PARTS + 1];
	struct key k;

	t[0] = now_ns(CLOCK_THREAD_CPUTIME_ID);
	kv_batch_clear(b->batch);
	key_start(&k, 'l');
	key_u64(&k, index);
	kv_batch_put(b->batch, KV_CHUNKS, key_bytes(&k), bytes_of(b->noise, BODY));
	kv_batch_put(b->batch, KV_LOG, key_bytes(&k), bytes_of(b->noise, 900));
	apply(b, index);
	t[1] = now_ns(CLOCK_THREAD_CPUTIME_ID);
	rows_flush(b->rows, b->batch);
	kv_batch_put(b->batch, KV_META, BYTES("applied"), bytes_of(&b->state, sizeof(b->state)));
	t[2] = now_ns(CLOCK_THREAD_CPUTIME_ID);
	if (kv_write(b->kv, b->batch))
		exit(1);
	t[3] = now_ns(CLOCK_THREAD_CPUTIME_ID);
	for (int i = 0; i < PARTS; i++)
		b->cpu[i] += t[i + 1] - t[i];
}

static void *sync_always(void *arg)
{
	struct bench *b = arg;

	while (!atomic_load(&b->stop)) {
		if (kv_sync(b->kv))
			exit(1);
		b->syncs++;
		if (b->mem)
			usleep(1000);
	}
	return NULL;
}

static void open_engine(struct bench *b, const char *where)
{
	struct kv_rocks_options o = { .path = where,
				      .log_dir = "/tmp/bench-engine-log",
				      .cache_bytes = MIB(64),
				      .memtable_bytes = MIB(32),
				      .wal_bytes = MIB(128),
				      .background_threads = 2 };
	struct why why;

	b->mem = strcmp(where, "mem") == 0;
	if (b->mem) {
		b->kv = kv_mem_new();
	} else if (kv_rocks_open(&o, &b->kv, &why)) {
		fprintf(stderr, "%s\n", why.text);
		exit(1);
	}
	b->rows = rows_edit(b->kv, 1, 1, &b->state);
	b->batch = kv_batch_new(b->kv);
	prng_seed(&b->random, 1);
	for (size_t i = 0; i < BODY; i += 8)
		memcpy(b->noise + i, &(uint64_t){ prng_u64(&b->random) }, 8);
}

static void report(const struct bench *b, unsigned n, uint64_t wall)
{
	struct rusage u;
	double all;

	getrusage(RUSAGE_SELF, &u);
	all = (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e6 +
	      (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
	printf("%u deliveries, %.0f/s, %u syncs\n", n, n * 1e9 / (double)wall, b->syncs);
	printf("writer CPU us each: rows %.1f, flush %.1f, write %.1f; process %.1f; RSS %ld MiB\n",
	       (double)b->cpu[ROWS] / 1e3 / n, (double)b->cpu[FLUSH] / 1e3 / n,
	       (double)b->cpu[WRITE] / 1e3 / n, all / n, u.ru_maxrss / 1024);
}

int main(int argc, char **argv)
{
	static struct bench b;
	pthread_t syncer;
	unsigned n = argc == 3 ? (unsigned)atoi(argv[2]) : 0;
	uint64_t start;

	if (!n) {
		fprintf(stderr, "usage: %s mem|DIR N\n", argv[0]);
		return 2;
	}
	open_engine(&b, argv[1]);
	pthread_create(&syncer, NULL, sync_always, &b);
	start = now_ns(CLOCK_MONOTONIC);
	for (unsigned i = 1; i <= n; i++)
		deliver(&b, i);
	start = now_ns(CLOCK_MONOTONIC) - start;
	atomic_store(&b.stop, true);
	pthread_join(syncer, NULL);
	report(&b, n, start);
	rows_free(&b.rows);
	kv_batch_free(&b.batch);
	kv_close(&b.kv);
	return 0;
}
