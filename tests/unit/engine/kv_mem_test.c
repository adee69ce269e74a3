/* SPDX-License-Identifier: Apache-2.0 */
/* The memory engine as a disk that fails and forgets. */
#include "fixture.h"

#include "base/rand.h"

#include <pthread.h>
#include <stdlib.h>

static int write_number(struct kv *kv, unsigned i)
{
	struct kv_batch *b = kv_batch_new(kv);
	char key[16], value[16];
	int ret;

	snprintf(key, sizeof(key), "k%u", i % 5);
	snprintf(value, sizeof(value), "%u", i);
	kv_batch_put(b, KV_ROWS, bytes_str(key), bytes_str(value));
	kv_batch_put(b, KV_META, BYTES("last"), bytes_str(value));
	if (i % 3 == 0)
		kv_batch_del(b, KV_ROWS, BYTES("k1"));
	ret = kv_write(kv, b);
	kv_batch_free(&b);
	return ret;
}

/* Rows after the first n batches, by writing just those. */
static void check_prefix(struct kv *kv, unsigned n)
{
	struct kv *want = kv_mem_new();
	char *rows;

	for (unsigned i = 1; i <= n; i++)
		CHECK_INT(write_number(want, i), 0);
	rows = xstrdup(range(want, NULL, KV_ROWS, "", ""));
	CHECK_STR(range(kv, NULL, KV_ROWS, "", ""), rows);
	free(rows);
	rows = xstrdup(range(want, NULL, KV_META, "", ""));
	CHECK_STR(range(kv, NULL, KV_META, "", ""), rows);
	free(rows);
	kv_close(&want);
}

TEST(kv_mem, a_crash_leaves_a_prefix_of_the_batches)
{
	for (unsigned synced = 0; synced <= 12; synced++)
		for (unsigned keep = 0; synced + keep <= 14; keep++) {
			struct kv *kv = kv_mem_new();

			for (unsigned i = 1; i <= 12; i++) {
				CHECK_INT(write_number(kv, i), 0);
				if (i == synced)
					CHECK_INT(kv_sync(kv), 0);
			}
			CHECK_INT(kv_mem_unsynced(kv), 12 - synced);
			kv_mem_crash(kv, keep);
			CHECK_INT(kv_mem_unsynced(kv), 0);
			check_prefix(kv, MIN(synced + keep, 12));
			kv_mem_crash(kv, 0);
			check_prefix(kv, MIN(synced + keep, 12));
			kv_close(&kv);
		}
}

/* Every write, and every sync, is once the one that fails; what the crash leaves is a prefix
 * that has everything synced, and the failed batch only if the disk took it. */
static void fault_at(unsigned nth_write, unsigned nth_sync, size_t keep)
{
	struct kv *kv = kv_mem_new();
	unsigned i, written = 0, synced = 0;
	size_t unsynced;
	bool failed = false;

	kv_mem_fail(kv, nth_write);
	kv_mem_fail_sync(kv, nth_sync);
	for (i = 1; i <= 10 && !failed; i++) {
		failed = write_number(kv, i) != 0;
		written = failed ? written : i;
		if (!failed && i % 4 == 0) {
			failed = kv_sync(kv) != 0;
			synced = failed ? synced : i;
		}
	}
	check_prefix(kv, written);
	if (failed) {
		CHECK_INT(write_number(kv, 99), -ERR_IO);
		CHECK_INT(kv_sync(kv), -ERR_IO);
		CHECK_INT(kv_flush(kv), -ERR_IO);
	}
	unsynced = kv_mem_unsynced(kv);
	CHECK_INT(unsynced, written - synced + (nth_write && failed && nth_write <= 10));
	keep = MIN(keep, unsynced);
	kv_mem_crash(kv, keep);
	check_prefix(kv, synced + (unsigned)keep);
	CHECK_INT(write_number(kv, synced + (unsigned)keep + 1), 0);
	CHECK_INT(kv_sync(kv), 0);
	check_prefix(kv, synced + (unsigned)keep + 1);
	kv_close(&kv);
}

TEST(kv_mem, fault_sweep)
{
	for (unsigned nth = 0; nth <= 11; nth++)
		for (size_t keep = 0; keep <= 11; keep++) {
			fault_at(nth, 0, keep);
			fault_at(0, nth, keep);
		}
}

TEST(kv_mem, a_crash_takes_unlogged_writes_until_they_are_flushed)
{
	struct kv *kv = kv_mem_new();
	struct kv_batch *b = kv_batch_new(kv);

	put(kv, KV_CHUNKS, "old", "1");
	kv_batch_put(b, KV_CHUNKS, BYTES("old"), BYTES("2"));
	kv_batch_put(b, KV_CHUNKS, BYTES("new"), BYTES("2"));
	CHECK_INT(kv_write_nolog(kv, b), 0);
	put(kv, KV_ROWS, "row", "3");
	CHECK_INT(kv_sync(kv), 0);
	CHECK_STR(range(kv, NULL, KV_CHUNKS, "", ""), "new=2 old=2");
	kv_mem_crash(kv, 0);
	CHECK_STR(range(kv, NULL, KV_CHUNKS, "", ""), "old=1");
	CHECK_STR(range(kv, NULL, KV_ROWS, "", ""), "row=3");

	CHECK_INT(kv_write_nolog(kv, b), 0);
	CHECK_INT(kv_flush(kv), 0);
	kv_mem_crash(kv, 0);
	CHECK_STR(range(kv, NULL, KV_CHUNKS, "", ""), "new=2 old=2");
	kv_batch_free(&b);
	kv_close(&kv);
}

TEST(kv_mem, a_clone_is_a_disk_of_its_own)
{
	struct kv *kv = kv_mem_new(), *yesterday, *twin;
	struct kv_snap *snap;

	for (unsigned i = 1; i <= 4; i++)
		CHECK_INT(write_number(kv, i), 0);
	CHECK_INT(kv_sync(kv), 0);
	yesterday = kv_mem_clone(kv);
	snap = kv_snap_new(kv);
	for (unsigned i = 5; i <= 8; i++)
		CHECK_INT(write_number(kv, i), 0);
	twin = kv_mem_clone(kv);
	CHECK_INT(kv_seq(twin), kv_seq(kv));
	CHECK_INT(kv_mem_unsynced(twin), 4);
	check_prefix(twin, 8);
	kv_mem_crash(twin, 2);
	check_prefix(twin, 6);
	check_prefix(kv, 8);
	check_prefix(yesterday, 4);
	CHECK_INT(write_number(yesterday, 5), 0);
	check_prefix(yesterday, 5);
	check_prefix(kv, 8);
	kv_snap_free(kv, &snap);
	kv_close(&yesterday);
	kv_close(&twin);
	kv_close(&kv);
}

TEST(kv_mem, old_versions_go)
{
	struct kv *kv = kv_mem_new();
	struct kv_space before, after;
	struct kv_snap *snap;

	CHECK_INT(write_number(kv, 1), 0);
	CHECK_INT(kv_sync(kv), 0);
	snap = kv_snap_new(kv);
	CHECK_INT(kv_space(kv, &before), 0);
	for (unsigned i = 1; i <= 1000; i++) {
		CHECK_INT(write_number(kv, i), 0);
		CHECK_INT(kv_sync(kv), 0);
	}
	kv_snap_free(kv, &snap);
	del(kv, KV_META, "last");
	for (const char *k = "01234"; *k; k++)
		del(kv, KV_ROWS, (char[]){ 'k', *k, 0 });
	CHECK_INT(kv_sync(kv), 0);
	put(kv, KV_LOG, "x", "y");
	CHECK_INT(kv_space(kv, &after), 0);
	CHECK_INT(after.live, 2);
	CHECK(before.live > 2);
	kv_close(&kv);
}

TEST(kv_mem, space_is_what_the_test_says)
{
	struct kv *kv = kv_mem_new();
	struct kv_space s;

	kv_mem_set_space(kv, 10, 100);
	CHECK_INT(kv_space(kv, &s), 0);
	CHECK_INT(s.free, 10);
	CHECK_INT(s.total, 100);
	CHECK_INT(s.live, 0);
	kv_close(&kv);
}

/* ---- readers beside the writer: each batch moves one unit between two accounts */

struct race {
	struct kv *kv;
	atomic_bool stop;
	atomic_uint torn, reads;
};

static long number_at(struct kv *kv, const struct kv_snap *snap, const char *key)
{
	struct blob *value;
	struct bytes text;
	bool negative;
	uint64_t n;

	if (kv_get(kv, snap, KV_ROWS, bytes_str(key), &value) || !value)
		return 0;
	text = bytes_trim(value->b);
	negative = bytes_starts(text, BYTES("-"));
	if (!bytes_u64(bytes_skip(text, negative), INT32_MAX, &n))
		n = 0;
	blob_unref(&value);
	return negative ? -(long)n : (long)n;
}

static void *read_sums(void *arg)
{
	struct race *race = arg;

	while (!atomic_load(&race->stop)) {
		struct kv_snap *snap = kv_snap_new(race->kv);
		long sum = number_at(race->kv, snap, "a") + number_at(race->kv, snap, "b");

		if (sum != 0)
			atomic_fetch_add(&race->torn, 1);
		kv_snap_free(race->kv, &snap);
		atomic_fetch_add(&race->reads, 1);
	}
	return NULL;
}

static void *sync_always(void *arg)
{
	struct race *race = arg;

	while (!atomic_load(&race->stop))
		if (kv_sync(race->kv))
			atomic_fetch_add(&race->torn, 1);
	return NULL;
}

static void move_one(struct kv *kv, int i)
{
	struct kv_batch *b = kv_batch_new(kv);
	char plus[16], minus[16];

	snprintf(plus, sizeof(plus), "%d ", i);
	snprintf(minus, sizeof(minus), "%d ", -i);
	kv_batch_put(b, KV_ROWS, BYTES("a"), bytes_str(plus));
	kv_batch_put(b, KV_ROWS, BYTES("b"), bytes_str(minus));
	CHECK_INT(kv_write(kv, b), 0);
	kv_batch_free(&b);
}

BOTH(readers_never_see_half_a_batch)
{
	struct race race = { .kv = f->kv };
	pthread_t threads[3];

	CHECK_INT(pthread_create(&threads[0], NULL, read_sums, &race), 0);
	CHECK_INT(pthread_create(&threads[1], NULL, read_sums, &race), 0);
	CHECK_INT(pthread_create(&threads[2], NULL, sync_always, &race), 0);
	for (int i = 0; i < 5000 || atomic_load(&race.reads) < 500; i++)
		move_one(f->kv, i);
	atomic_store(&race.stop, true);
	for (size_t i = 0; i < ARRAY_LEN(threads); i++)
		CHECK_INT(pthread_join(threads[i], NULL), 0);
	CHECK_INT(atomic_load(&race.torn), 0);
}
