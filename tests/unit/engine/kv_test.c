/* SPDX-License-Identifier: Apache-2.0 */
/* What kv.h promises, asked of both engines. */
#include "fixture.h"

#include "base/rand.h"

#include <stdlib.h>

BOTH(puts_gets_and_deletes)
{
	CHECK_STR(get(f->kv, NULL, KV_ROWS, "a"), "-");
	put(f->kv, KV_ROWS, "a", "1");
	CHECK_STR(get(f->kv, NULL, KV_ROWS, "a"), "1");
	CHECK_STR(get(f->kv, NULL, KV_META, "a"), "-");
	put(f->kv, KV_ROWS, "a", "");
	CHECK_STR(get(f->kv, NULL, KV_ROWS, "a"), "");
	del(f->kv, KV_ROWS, "a");
	CHECK_STR(get(f->kv, NULL, KV_ROWS, "a"), "-");
	del(f->kv, KV_ROWS, "never");
}

BOTH(orders_keys_as_bytes)
{
	put(f->kv, KV_ROWS, "b", "2");
	put(f->kv, KV_ROWS, "a\xff", "4");
	put(f->kv, KV_ROWS, "aa", "3");
	put(f->kv, KV_ROWS, "a", "1");
	CHECK_STR(range(f->kv, NULL, KV_ROWS, "", ""), "a=1 aa=3 a\xff=4 b=2");
	CHECK_STR(range(f->kv, NULL, KV_LOG, "", ""), "");
}

BOTH(a_batch_is_seen_whole_and_its_last_word_counts)
{
	struct kv_batch *b = kv_batch_new(f->kv);

	put(f->kv, KV_ROWS, "gone", "x");
	CHECK(kv_batch_empty(b));
	kv_batch_put(b, KV_ROWS, BYTES("k"), BYTES("first"));
	kv_batch_put(b, KV_META, BYTES("m"), BYTES("meta"));
	kv_batch_put(b, KV_ROWS, BYTES("k"), BYTES("second"));
	kv_batch_del(b, KV_ROWS, BYTES("gone"));
	kv_batch_put(b, KV_ROWS, BYTES("brief"), BYTES("y"));
	kv_batch_del(b, KV_ROWS, BYTES("brief"));
	CHECK(!kv_batch_empty(b));
	CHECK_INT(kv_batch_bytes(b), 6 + 5 + 7 + 4 + 6 + 5);
	CHECK_STR(get(f->kv, NULL, KV_ROWS, "k"), "-");
	CHECK_INT(kv_write(f->kv, b), 0);
	CHECK_STR(range(f->kv, NULL, KV_ROWS, "", ""), "k=second");
	CHECK_STR(get(f->kv, NULL, KV_META, "m"), "meta");

	kv_batch_clear(b);
	CHECK(kv_batch_empty(b));
	CHECK_INT(kv_batch_bytes(b), 0);
	kv_batch_put(b, KV_ROWS, BYTES("z"), BYTES("9"));
	CHECK_INT(kv_write(f->kv, b), 0);
	CHECK_STR(range(f->kv, NULL, KV_ROWS, "", ""), "k=second z=9");
	kv_batch_free(&b);
}

BOTH(put2_joins_its_parts)
{
	struct kv_batch *b = kv_batch_new(f->kv);

	kv_batch_put2(b, KV_LOG, BYTES("1"), BYTES("head"), BYTES("body"));
	kv_batch_put2(b, KV_LOG, BYTES("2"), BYTES_NONE, BYTES("body"));
	kv_batch_put2(b, KV_LOG, BYTES("3"), BYTES("head"), BYTES_NONE);
	kv_batch_put2(b, KV_LOG, BYTES("4"), BYTES_NONE, BYTES_NONE);
	CHECK_INT(kv_write(f->kv, b), 0);
	CHECK_STR(range(f->kv, NULL, KV_LOG, "", ""), "1=headbody 2=body 3=head 4=");
	kv_batch_free(&b);
}

BOTH(the_sequence_number_grows_with_each_write)
{
	uint64_t before = kv_seq(f->kv);

	put(f->kv, KV_ROWS, "a", "1");
	CHECK(kv_seq(f->kv) > before);
	before = kv_seq(f->kv);
	CHECK_INT(kv_sync(f->kv), 0);
	CHECK_INT(kv_seq(f->kv), before);
	fixture_reopen(f);
	CHECK(kv_seq(f->kv) >= before);
}

BOTH(a_snapshot_keeps_what_it_saw)
{
	struct kv_snap *first, *second;

	put(f->kv, KV_ROWS, "a", "1");
	put(f->kv, KV_ROWS, "b", "1");
	first = kv_snap_new(f->kv);
	put(f->kv, KV_ROWS, "a", "2");
	del(f->kv, KV_ROWS, "b");
	second = kv_snap_new(f->kv);
	put(f->kv, KV_ROWS, "a", "3");
	put(f->kv, KV_ROWS, "b", "3");
	put(f->kv, KV_ROWS, "c", "3");
	CHECK_INT(kv_sync(f->kv), 0);
	put(f->kv, KV_META, "x", "sweeps");
	CHECK_STR(range(f->kv, first, KV_ROWS, "", ""), "a=1 b=1");
	CHECK_STR(range(f->kv, second, KV_ROWS, "", ""), "a=2");
	CHECK_STR(range(f->kv, NULL, KV_ROWS, "", ""), "a=3 b=3 c=3");
	CHECK_STR(get(f->kv, first, KV_ROWS, "b"), "1");
	CHECK_STR(get(f->kv, second, KV_ROWS, "b"), "-");
	kv_snap_free(f->kv, &first);
	CHECK_STR(range(f->kv, second, KV_ROWS, "", ""), "a=2");
	kv_snap_free(f->kv, &second);
}

BOTH(an_iterator_keeps_what_it_saw)
{
	struct kv_iter *it;
	struct bytes key, value;

	put(f->kv, KV_ROWS, "a", "1");
	put(f->kv, KV_ROWS, "b", "1");
	put(f->kv, KV_ROWS, "c", "1");
	it = kv_iter_new(f->kv, NULL, KV_ROWS, BYTES_NONE, BYTES_NONE);
	CHECK(kv_iter_next(it, &key, &value) && bytes_eq(key, BYTES("a")));
	del(f->kv, KV_ROWS, "a");
	del(f->kv, KV_ROWS, "b");
	put(f->kv, KV_ROWS, "bb", "2");
	put(f->kv, KV_ROWS, "c", "2");
	CHECK_INT(kv_sync(f->kv), 0);
	put(f->kv, KV_META, "x", "sweeps");
	CHECK(bytes_eq(key, BYTES("a")) && bytes_eq(value, BYTES("1")));
	CHECK(kv_iter_next(it, &key, &value) && bytes_eq(key, BYTES("b")));
	CHECK(kv_iter_next(it, &key, &value) && bytes_eq(key, BYTES("c")));
	CHECK(bytes_eq(value, BYTES("1")));
	CHECK(!kv_iter_next(it, &key, &value));
	kv_iter_free(&it);
	CHECK_STR(range(f->kv, NULL, KV_ROWS, "", ""), "bb=2 c=2");
}

BOTH(ranges_hold_their_bounds)
{
	for (const char *k = "abcde"; *k; k++)
		put(f->kv, KV_ROWS, (char[]){ *k, 0 }, "1");
	CHECK_STR(range(f->kv, NULL, KV_ROWS, "b", "d"), "b=1 c=1");
	CHECK_STR(range(f->kv, NULL, KV_ROWS, "aa", "dd"), "b=1 c=1 d=1");
	CHECK_STR(range(f->kv, NULL, KV_ROWS, "", "b"), "a=1");
	CHECK_STR(range(f->kv, NULL, KV_ROWS, "d", ""), "d=1 e=1");
	CHECK_STR(range(f->kv, NULL, KV_ROWS, "f", ""), "");
	CHECK_STR(range(f->kv, NULL, KV_ROWS, "c", "c"), "");
	CHECK_STR(range(f->kv, NULL, KV_ROWS, "d", "b"), "");
}

static void check_step(struct kv_iter *it,
		       bool (*step)(struct kv_iter *it, struct bytes *key, struct bytes *value),
		       const char *want)
{
	struct bytes key = BYTES_NONE, value;

	CHECK_INT(step(it, &key, &value), want != NULL);
	if (want)
		CHECK(bytes_eq(key, bytes_str(want)));
}

BOTH(iterators_seek_and_go_both_ways)
{
	struct kv_iter *it;

	for (const char *k = "abdef"; *k; k++)
		put(f->kv, KV_ROWS, (char[]){ *k, 0 }, "1");
	it = kv_iter_new(f->kv, NULL, KV_ROWS, BYTES("b"), BYTES("f"));
	CHECK(kv_iter_seek(it, BYTES("c")));
	check_step(it, kv_iter_next, "d");
	check_step(it, kv_iter_next, "e");
	check_step(it, kv_iter_next, NULL);
	check_step(it, kv_iter_next, NULL);
	check_step(it, kv_iter_prev, NULL);
	CHECK(kv_iter_seek(it, BYTES("a")));
	check_step(it, kv_iter_next, "b");
	CHECK(!kv_iter_seek(it, BYTES("f")));
	check_step(it, kv_iter_next, NULL);
	CHECK(!kv_iter_seek(it, BYTES("zz")));
	check_step(it, kv_iter_last, "e");
	check_step(it, kv_iter_prev, "d");
	check_step(it, kv_iter_prev, "b");
	check_step(it, kv_iter_prev, NULL);
	check_step(it, kv_iter_prev, NULL);
	check_step(it, kv_iter_last, "e");
	check_step(it, kv_iter_next, NULL);
	CHECK(kv_iter_seek(it, BYTES("d")));
	check_step(it, kv_iter_prev, "b");
	check_step(it, kv_iter_next, "d");
	CHECK_INT(kv_iter_error(it), 0);
	kv_iter_free(&it);
}

BOTH(last_looks_past_what_is_gone_or_not_yet_there)
{
	struct kv_snap *snap;
	struct kv_iter *it;

	it = kv_iter_new(f->kv, NULL, KV_ROWS, BYTES_NONE, BYTES_NONE);
	check_step(it, kv_iter_last, NULL);
	kv_iter_free(&it);
	put(f->kv, KV_ROWS, "a", "1");
	put(f->kv, KV_ROWS, "b", "1");
	put(f->kv, KV_ROWS, "c", "1");
	del(f->kv, KV_ROWS, "c");
	snap = kv_snap_new(f->kv);
	put(f->kv, KV_ROWS, "d", "1");
	it = kv_iter_new(f->kv, snap, KV_ROWS, BYTES_NONE, BYTES_NONE);
	check_step(it, kv_iter_last, "b");
	kv_iter_free(&it);
	it = kv_iter_new(f->kv, NULL, KV_ROWS, BYTES("c"), BYTES("d"));
	check_step(it, kv_iter_last, NULL);
	kv_iter_free(&it);
	it = kv_iter_new(f->kv, NULL, KV_ROWS, BYTES("c"), BYTES("c"));
	check_step(it, kv_iter_last, NULL);
	kv_iter_free(&it);
	kv_snap_free(f->kv, &snap);
}

BOTH(delete_range_takes_the_range_only)
{
	struct kv_batch *b = kv_batch_new(f->kv);
	struct kv_snap *snap;

	for (const char *k = "abcdef"; *k; k++)
		put(f->kv, KV_LOG, (char[]){ *k, 0 }, "1");
	put(f->kv, KV_ROWS, "c", "other family");
	snap = kv_snap_new(f->kv);
	kv_batch_del_range(b, KV_LOG, BYTES("b"), BYTES("e"));
	kv_batch_put(b, KV_LOG, BYTES("d"), BYTES("later"));
	CHECK_INT(kv_write(f->kv, b), 0);
	CHECK_STR(range(f->kv, NULL, KV_LOG, "", ""), "a=1 d=later e=1 f=1");
	CHECK_STR(range(f->kv, snap, KV_LOG, "b", "e"), "b=1 c=1 d=1");
	CHECK_STR(get(f->kv, NULL, KV_ROWS, "c"), "other family");

	kv_batch_clear(b);
	kv_batch_del_range(b, KV_LOG, BYTES("e"), BYTES("a"));
	kv_batch_del_range(b, KV_LOG, BYTES("a"), BYTES("a"));
	CHECK(kv_batch_empty(b));
	kv_batch_del_range(b, KV_LOG, BYTES_NONE, BYTES("e"));
	CHECK_INT(kv_write(f->kv, b), 0);
	CHECK_STR(range(f->kv, NULL, KV_LOG, "", ""), "e=1 f=1");
	kv_snap_free(f->kv, &snap);
	kv_batch_free(&b);
	fixture_reopen(f);
	CHECK_STR(range(f->kv, NULL, KV_LOG, "", ""), "e=1 f=1");
}

static bool all_are(struct bytes b, uint8_t c, size_t n)
{
	for (size_t i = 0; i < b.n; i++)
		if (b.p[i] != c)
			return false;
	return b.n == n;
}

static void put_big(struct kv *kv, const char *key, uint8_t c, size_t n)
{
	struct kv_batch *b = kv_batch_new(kv);
	uint8_t *value = malloc(n);

	memset(value, c, n);
	kv_batch_put2(b, KV_CHUNKS, bytes_str(key), bytes_of(value, 10), bytes_of(value, n - 10));
	CHECK_INT(kv_write(kv, b), 0);
	kv_batch_free(&b);
	free(value);
}

/* A reader may hold a body while it is overwritten, deleted, flushed and compacted. */
BOTH(big_values_stay_as_long_as_they_are_held)
{
	struct blob *memory, *file, *none;

	put_big(f->kv, "m", 'm', 256 * 1024);
	put_big(f->kv, "f", 'f', 256 * 1024);
	CHECK_INT(kv_get(f->kv, NULL, KV_CHUNKS, BYTES("m"), &memory), 0);
	CHECK_INT(kv_flush(f->kv), 0);
	CHECK_INT(kv_get(f->kv, NULL, KV_CHUNKS, BYTES("f"), &file), 0);
	put_big(f->kv, "m", 'x', 5000);
	del(f->kv, KV_CHUNKS, "f");
	CHECK_INT(kv_flush(f->kv), 0);
	CHECK_INT(kv_compact(f->kv, KV_CHUNKS, BYTES_NONE, BYTES_NONE), 0);
	CHECK(all_are(memory->b, 'm', 256 * 1024));
	CHECK(all_are(file->b, 'f', 256 * 1024));
	blob_unref(&memory);
	CHECK_INT(kv_get(f->kv, NULL, KV_CHUNKS, BYTES("m"), &memory), 0);
	CHECK(all_are(memory->b, 'x', 5000));
	CHECK_INT(kv_get(f->kv, NULL, KV_CHUNKS, BYTES("f"), &none), 0);
	CHECK(!none);
	blob_unref(&memory);
	blob_unref(&file);
}

BOTH(what_is_flushed_without_a_log_survives)
{
	struct kv_batch *b = kv_batch_new(f->kv);

	kv_batch_put(b, KV_CHUNKS, BYTES("c"), BYTES("installed"));
	CHECK_INT(kv_write_nolog(f->kv, b), 0);
	CHECK_STR(get(f->kv, NULL, KV_CHUNKS, "c"), "installed");
	CHECK_INT(kv_flush(f->kv), 0);
	kv_batch_free(&b);
	fixture_reopen(f);
	CHECK_STR(get(f->kv, NULL, KV_CHUNKS, "c"), "installed");
}

BOTH(everything_is_there_after_reopening)
{
	char key[16];

	for (int i = 0; i < 300; i++) {
		snprintf(key, sizeof(key), "%05d", i);
		put(f->kv, (enum kv_cf)(i % KV_FAMILIES), key, key);
		if (i == 100)
			CHECK_INT(kv_flush(f->kv), 0);
	}
	CHECK_INT(kv_sync(f->kv), 0);
	fixture_reopen(f);
	for (int i = 0; i < 300; i++) {
		snprintf(key, sizeof(key), "%05d", i);
		CHECK_STR(get(f->kv, NULL, (enum kv_cf)(i % KV_FAMILIES), key), key);
	}
}

BOTH(space_and_size_grow)
{
	struct kv_space s;
	uint64_t all, half, none;

	for (int i = 0; i < 20; i++)
		put_big(f->kv, (char[]){ (char)('a' + i), 0 }, (uint8_t)i, 100000);
	CHECK_INT(kv_flush(f->kv), 0);
	CHECK_INT(kv_space(f->kv, &s), 0);
	CHECK(s.free > 0 && s.total >= s.free && s.live >= 2000000 && s.live < 4000000);
	CHECK_INT(kv_size(f->kv, KV_CHUNKS, BYTES_NONE, BYTES_NONE, &all), 0);
	CHECK_INT(kv_size(f->kv, KV_CHUNKS, BYTES_NONE, BYTES("k"), &half), 0);
	CHECK_INT(kv_size(f->kv, KV_CHUNKS, BYTES("k"), BYTES("a"), &none), 0);
	CHECK(all >= 1900000 && all < 2200000);
	CHECK(half <= all);
	CHECK_INT(none, 0);
}

/* ---- at random, against an array */

enum { MODEL_KEYS = 64, MODEL_STEPS = 3000 };

struct model {
	int value[MODEL_KEYS]; /* 0: none */
};

static void model_key(char *key, unsigned i)
{
	snprintf(key, 8, "k%02u", i % 100);
}

static void random_batch(struct fixture *f, struct prng *r, struct model *m, int step)
{
	struct kv_batch *b = kv_batch_new(f->kv);
	char key[8], end[8], value[16];

	for (uint64_t n = prng_below(r, 5); n > 0; n--) {
		unsigned i = (unsigned)prng_below(r, MODEL_KEYS);
		unsigned to = i + (unsigned)prng_below(r, MODEL_KEYS - i);

		model_key(key, i);
		model_key(end, to);
		snprintf(value, sizeof(value), "%d", step);
		if (prng_chance(r, 60)) {
			kv_batch_put(b, KV_ROWS, bytes_str(key), bytes_str(value));
			m->value[i] = step;
		} else if (prng_chance(r, 70)) {
			kv_batch_del(b, KV_ROWS, bytes_str(key));
			m->value[i] = 0;
		} else {
			kv_batch_del_range(b, KV_ROWS, bytes_str(key), bytes_str(end));
			for (; i < to; i++)
				m->value[i] = 0;
		}
	}
	CHECK_INT(kv_write(f->kv, b), 0);
	kv_batch_free(&b);
}

static void check_backwards(struct fixture *f, const struct kv_snap *snap, const struct model *m)
{
	struct kv_iter *it = kv_iter_new(f->kv, snap, KV_ROWS, BYTES_NONE, BYTES_NONE);
	struct bytes key, value;
	bool found = kv_iter_last(it, &key, &value);
	char text[16];

	for (unsigned i = MODEL_KEYS; i-- > 0;) {
		if (!m->value[i])
			continue;
		model_key(text, i);
		CHECK(found && bytes_eq(key, bytes_str(text)));
		found = kv_iter_prev(it, &key, &value);
	}
	CHECK(!found);
	kv_iter_free(&it);
}

static void check_model(struct fixture *f, const struct kv_snap *snap, const struct model *m)
{
	struct kv_iter *it = kv_iter_new(f->kv, snap, KV_ROWS, BYTES_NONE, BYTES_NONE);
	struct bytes key, value;
	char text[16];

	for (unsigned i = 0; i < MODEL_KEYS; i++) {
		model_key(text, i);
		if (!m->value[i]) {
			CHECK_STR(get(f->kv, snap, KV_ROWS, text), "-");
			continue;
		}
		CHECK(kv_iter_next(it, &key, &value));
		CHECK(bytes_eq(key, bytes_str(text)));
		snprintf(text, sizeof(text), "%d", m->value[i]);
		CHECK(bytes_eq(value, bytes_str(text)));
	}
	CHECK(!kv_iter_next(it, &key, &value));
	kv_iter_free(&it);
}

BOTH(agrees_with_an_array_at_random)
{
	struct kv_snap *snaps[4] = { NULL };
	struct model now = { { 0 } }, then[4];
	struct prng r;

	prng_seed(&r, 7);
	for (int step = 1; step <= MODEL_STEPS; step++) {
		size_t s = prng_below(&r, 4);

		random_batch(f, &r, &now, step);
		if (prng_chance(&r, 20))
			CHECK_INT(kv_sync(f->kv), 0);
		if (prng_chance(&r, 1))
			CHECK_INT(kv_flush(f->kv), 0);
		if (!prng_chance(&r, 5))
			continue;
		check_model(f, NULL, &now);
		check_backwards(f, NULL, &now);
		if (snaps[s])
			check_model(f, snaps[s], &then[s]);
		kv_snap_free(f->kv, &snaps[s]);
		snaps[s] = kv_snap_new(f->kv);
		then[s] = now;
	}
	for (size_t s = 0; s < 4; s++)
		kv_snap_free(f->kv, &snaps[s]);
}
