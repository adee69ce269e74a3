/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of a shard: overlay, marks, iteration and the state hash, against a naive model. */
#include "engine/keys.h"
#include "engine/rows.h"

#include "fixture.h"

#include "base/rand.h"

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static struct bytes s(const char *text)
{
	return bytes_str(text);
}

static void flush(struct kv *kv, struct rows *r)
{
	struct kv_batch *b = kv_batch_new(kv);

	rows_flush(r, b);
	CHECK_INT(kv_write(kv, b), 0);
	kv_batch_free(&b);
}

/* "a=1 b=2" as rows_iter gives them. */
static const char *listing(struct rows *r, const char *from, const char *to)
{
	static char text[1024];
	struct rows_iter *it = rows_iter_new(r, s(from), s(to));
	struct bytes key, value;
	size_t n = 0;

	text[0] = '\0';
	while (rows_iter_next(it, &key, &value) && n < sizeof(text) / 2)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%.*s=%.*s", n ? " " : "",
				      BYTES_ARG(key), BYTES_ARG(value));
	rows_iter_free(&it);
	return text;
}

static bool row_is(struct rows *r, const char *key, const char *want)
{
	struct bytes value;

	return rows_get(r, s(key), &value) ? want && bytes_eq(value, s(want)) : !want;
}

static bool last_is(struct rows *r, const char *from, const char *to, const char *want)
{
	struct bytes key, value;

	return rows_last(r, s(from), s(to), &key, &value) ? want && bytes_eq(key, s(want)) : !want;
}

BOTH(rows_are_read_as_written_before_and_after_the_flush)
{
	struct rows_state state = { .rows = 0 };
	struct rows *r = rows_edit(f->kv, 3, 1, &state), *view = rows_view(f->kv, NULL, 3, 1);

	CHECK(row_is(r, "a", NULL));
	rows_put(r, s("a"), s("1"));
	rows_put(r, s("b"), s("2"));
	rows_put(r, s("b"), s("3"));
	rows_del(r, s("never"));
	CHECK(row_is(r, "a", "1") && row_is(r, "b", "3"));
	CHECK(row_is(view, "a", NULL));
	CHECK_INT(state.rows, 2);
	CHECK_INT(rows_changed(r), 2);
	flush(f->kv, r);
	CHECK_INT(rows_changed(r), 0);
	CHECK(row_is(r, "a", "1") && row_is(r, "b", "3"));
	CHECK(row_is(view, "a", "1"));
	CHECK_STR(listing(view, "", ""), "a=1 b=3");
	rows_del(r, s("a"));
	CHECK(row_is(r, "a", NULL));
	CHECK_STR(listing(r, "", ""), "b=3");
	CHECK(row_is(view, "a", "1"));
	flush(f->kv, r);
	CHECK(row_is(view, "a", NULL));
	CHECK_INT(state.rows, 1);
	CHECK_INT(rows_shard(r), 3);
	CHECK_INT(rows_error(view), 0);
	rows_forget(view);
	CHECK(row_is(view, "b", "3"));
	rows_free(&r);
	rows_free(&view);
}

BOTH(rows_stay_in_their_shard_and_incarnation)
{
	struct rows_state state[4] = { { .rows = 0 } }, seen;
	const uint32_t shards[] = { 1, 1, 2, UINT32_MAX };
	const uint64_t incarnations[] = { 1, 2, 1, UINT64_MAX - 1 };
	char value[8];

	for (size_t i = 0; i < 4; i++) {
		struct rows *r = rows_edit(f->kv, shards[i], incarnations[i], &state[i]);

		snprintf(value, sizeof(value), "%zu", i);
		rows_put(r, s("k"), s(value));
		rows_put(r, s("\xff\xff\xff\xff"), s(value));
		rows_put(r, BYTES_NONE, s(value));
		flush(f->kv, r);
		rows_free(&r);
	}
	for (size_t i = 0; i < 4; i++) {
		struct rows *r = rows_view(f->kv, NULL, shards[i], incarnations[i]);

		snprintf(value, sizeof(value), "%zu", i);
		CHECK(row_is(r, "k", value));
		CHECK(last_is(r, "", "", "\xff\xff\xff\xff"));
		CHECK_INT(rows_scan(f->kv, NULL, shards[i], incarnations[i], &seen), 0);
		CHECK_INT(seen.rows, 3);
		CHECK(hash128_eq(seen.hash, state[i].hash));
		rows_free(&r);
	}
}

BOTH(rollback_leaves_nothing)
{
	struct rows_state state = { .rows = 0 }, before;
	struct rows *r = rows_edit(f->kv, 1, 1, &state);

	rows_put(r, s("stored"), s("1"));
	rows_put(r, s("deleted"), s("1"));
	flush(f->kv, r);
	rows_put(r, s("earlier"), s("1"));
	rows_del(r, s("deleted"));
	rows_mark(r);
	before = state;
	rows_put(r, s("stored"), s("2"));
	rows_put(r, s("stored"), s("3"));
	rows_put(r, s("deleted"), s("2"));
	rows_del(r, s("earlier"));
	rows_put(r, s("new"), s("1"));
	CHECK_INT(rows_changed(r), 4);
	CHECK_STR(listing(r, "", ""), "deleted=2 new=1 stored=3");
	rows_rollback(r);
	CHECK_INT(rows_changed(r), 0);
	CHECK_STR(listing(r, "", ""), "earlier=1 stored=1");
	CHECK(hash128_eq(state.hash, before.hash));
	CHECK_INT(state.rows, before.rows);
	rows_rollback(r);
	CHECK_STR(listing(r, "", ""), "earlier=1 stored=1");
	flush(f->kv, r);
	CHECK_STR(listing(r, "", ""), "earlier=1 stored=1");
	rows_free(&r);
}

BOTH(a_rolled_back_batch_writes_nothing)
{
	struct rows_state state = { .rows = 0 };
	struct rows *r = rows_edit(f->kv, 1, 1, &state);
	struct kv_batch *b = kv_batch_new(f->kv);

	rows_put(r, s("stored"), s("1"));
	flush(f->kv, r);
	rows_mark(r);
	rows_put(r, s("stored"), s("2"));
	rows_put(r, s("new"), s("2"));
	rows_rollback(r);
	rows_put(r, s("brief"), s("1"));
	rows_del(r, s("brief"));
	rows_put(r, s("stored"), s("1"));
	rows_flush(r, b);
	CHECK(kv_batch_empty(b));
	kv_batch_free(&b);
	rows_free(&r);
}

BOTH(the_last_row_is_found_over_both)
{
	struct rows_state state = { .rows = 0 };
	struct rows *r = rows_edit(f->kv, 1, 1, &state);

	CHECK(last_is(r, "", "", NULL));
	for (const char *k = "acegik"; *k; k++)
		rows_put(r, bytes_of(k, 1), s("1"));
	CHECK(last_is(r, "", "", "k"));
	flush(f->kv, r);
	CHECK(last_is(r, "", "", "k"));
	CHECK(last_is(r, "b", "k", "i"));
	rows_del(r, s("k"));
	rows_del(r, s("i"));
	CHECK(last_is(r, "", "", "g"));
	CHECK(last_is(r, "h", "", NULL));
	rows_put(r, s("h"), s("2"));
	CHECK(last_is(r, "", "", "h"));
	CHECK(last_is(r, "", "h", "g"));
	rows_put(r, s("g"), s("2"));
	CHECK(last_is(r, "", "h", "g"));
	rows_del(r, s("h"));
	CHECK(last_is(r, "", "", "g"));
	CHECK(last_is(r, "d", "d", NULL));
	CHECK(last_is(r, "f", "b", NULL));
	rows_free(&r);
}

/* The hash of a state is that of its rows, whatever way led there. */
BOTH(the_hash_knows_only_the_rows)
{
	struct rows_state one = { .rows = 0 }, two = { .rows = 0 }, other = { .rows = 0 };
	struct rows *r = rows_edit(f->kv, 1, 1, &one);

	rows_put(r, s("a"), s("x"));
	rows_put(r, s("b"), s("y"));
	flush(f->kv, r);
	rows_free(&r);
	r = rows_edit(f->kv, 9, 7, &two);
	rows_put(r, s("c"), s("z"));
	rows_put(r, s("b"), s("first"));
	flush(f->kv, r);
	rows_put(r, s("b"), s("y"));
	rows_del(r, s("c"));
	flush(f->kv, r);
	rows_put(r, s("a"), s("x"));
	rows_free(&r);
	CHECK(hash128_eq(one.hash, two.hash));
	CHECK_INT(one.rows, two.rows);
	r = rows_edit(f->kv, 5, 5, &other);
	rows_put(r, s("ax"), BYTES_NONE);
	rows_put(r, s("by"), BYTES_NONE);
	CHECK(!hash128_eq(one.hash, other.hash));
	rows_del(r, s("ax"));
	rows_del(r, s("by"));
	CHECK(hash128_eq(other.hash, (struct hash128){ 0, 0 }));
	rows_free(&r);
}

/* ---- rows written while iterating */

BOTH(writes_during_an_iteration_disturb_nothing_else)
{
	struct rows_state state = { .rows = 0 };
	struct rows *r = rows_edit(f->kv, 1, 1, &state);
	struct rows_iter *it;
	struct bytes key, value;
	struct prng random;

	prng_seed(&random, 11);
	for (int round = 0; round < 200; round++) {
		char at[8], expected[8], before[8] = "";
		int next = 0;

		for (int i = 0; i < 40; i += 2) {
			snprintf(at, sizeof(at), "%03d", i);
			rows_put(r, s(at), s("even"));
			if (prng_chance(&random, 10))
				flush(f->kv, r);
		}
		it = rows_iter_new(r, BYTES_NONE, BYTES_NONE);
		while (rows_iter_next(it, &key, &value)) {
			unsigned i = (unsigned)prng_below(&random, 20) * 2 + 1;

			/* Even rows stand still and come in order, odd ones come and go. */
			snprintf(expected, sizeof(expected), "%03d", next);
			CHECK(bytes_cmp(key, s(expected)) <= 0 && bytes_cmp(key, s(before)) > 0);
			snprintf(before, sizeof(before), "%.*s", BYTES_ARG(key));
			if (bytes_eq(key, s(expected)))
				next += 2;
			else
				CHECK((key.p[2] - '0') % 2 == 1);
			snprintf(at, sizeof(at), "%03u", i);
			if (prng_chance(&random, 60))
				rows_put(r, s(at), s("odd"));
			else
				rows_del(r, s(at));
		}
		CHECK_INT(next, 40);
		rows_iter_free(&it);
	}
	rows_free(&r);
}

/* ---- at random against a model */

enum { KEYS = 48, STEPS = 4000 };

struct model {
	int row[KEYS]; /* 0: none */
};

struct run {
	struct kv *kv;
	struct rows *r;
	struct rows_state state;
	struct model now, marked;
	struct prng random;
	int step;
};

static void key_at(char *key, unsigned i)
{
	snprintf(key, 8, "%02u", i % 100);
}

static void change(struct run *run)
{
	unsigned i = (unsigned)prng_below(&run->random, KEYS);
	char key[8], value[16];

	key_at(key, i);
	snprintf(value, sizeof(value), "%d", run->step);
	if (prng_chance(&run->random, 65)) {
		rows_put(run->r, s(key), s(value));
		run->now.row[i] = run->step;
	} else {
		rows_del(run->r, s(key));
		run->now.row[i] = 0;
	}
}

static void check_get(struct run *run)
{
	unsigned i = (unsigned)prng_below(&run->random, KEYS);
	char key[8], value[16];

	key_at(key, i);
	snprintf(value, sizeof(value), "%d", run->now.row[i]);
	CHECK(row_is(run->r, key, run->now.row[i] ? value : NULL));
}

static void check_range(struct run *run)
{
	unsigned from = (unsigned)prng_below(&run->random, KEYS);
	unsigned to = (unsigned)prng_below(&run->random, KEYS + 1), last = KEYS;
	char low[8], high[8], key[8], want[1024] = "";
	size_t n = 0;

	key_at(low, from);
	key_at(high, to);
	for (unsigned i = from; i < to; i++) {
		key_at(key, i);
		if (!run->now.row[i])
			continue;
		n += (size_t)snprintf(want + n, sizeof(want) - n, "%s%s=%d", n ? " " : "", key,
				      run->now.row[i]);
		last = i;
	}
	CHECK_STR(listing(run->r, low, high), want);
	key_at(key, last);
	CHECK(last_is(run->r, low, high, last < KEYS ? key : NULL));
}

static void check_hash(struct run *run)
{
	struct rows_state seen;
	uint64_t rows = 0;

	flush(run->kv, run->r);
	run->marked = run->now;
	for (unsigned i = 0; i < KEYS; i++)
		rows += run->now.row[i] != 0;
	CHECK_INT(run->state.rows, rows);
	CHECK_INT(rows_scan(run->kv, NULL, 1, 1, &seen), 0);
	CHECK_INT(seen.rows, rows);
	CHECK(hash128_eq(seen.hash, run->state.hash));
}

static void one_step(struct run *run)
{
	uint64_t what = prng_below(&run->random, 100);

	if (what < 55) {
		change(run);
	} else if (what < 75) {
		check_get(run);
	} else if (what < 83) {
		check_range(run);
	} else if (what < 89) {
		rows_mark(run->r);
		run->marked = run->now;
	} else if (what < 95) {
		rows_rollback(run->r);
		run->now = run->marked;
	} else if (what < 98) {
		flush(run->kv, run->r);
		run->marked = run->now;
	} else {
		check_hash(run);
	}
}

BOTH(rows_agree_with_a_model_at_random)
{
	for (uint64_t seed = 1; seed <= 4; seed++) {
		struct run run = { .kv = f->kv };

		CHECK_INT(rows_scan(f->kv, NULL, 1, 1, &run.state), 0);
		run.r = rows_edit(f->kv, 1, 1, &run.state);
		for (unsigned i = 0; i < KEYS; i++) {
			char key[8];

			key_at(key, i);
			rows_del(run.r, s(key));
		}
		rows_mark(run.r);
		prng_seed(&run.random, seed);
		for (run.step = 1; run.step <= STEPS; run.step++)
			one_step(&run);
		check_hash(&run);
		rows_free(&run.r);
	}
}

/* ---- an engine that cannot read */

static void child_reads(struct fixture *f)
{
	struct rows_state state = { .rows = 0 };
	struct rows *r = rows_edit(f->kv, 1, 1, &state);
	struct bytes value;
	char key[8];

	for (int i = 0; i < 3000; i++) {
		snprintf(key, sizeof(key), "%05d", i);
		rows_get(r, s(key), &value);
	}
	_exit(99);
}

TEST(rows, an_unreadable_row_ends_apply_and_fails_a_view)
{
	struct rows_state state = { .rows = 0 };
	struct fixture f;
	struct rows *r;
	struct bytes value;
	char key[8];
	int status;
	pid_t pid;

	FORKS_A_STORE();
	fixture_rocks(&f);
	r = rows_edit(f.kv, 1, 1, &state);
	for (int i = 0; i < 3000; i++) {
		snprintf(key, sizeof(key), "%05d", i);
		rows_put(r, s(key), s("a value of some thirty bytes, say"));
	}
	flush(f.kv, r);
	rows_free(&r);
	CHECK_INT(kv_flush(f.kv), 0);
	kv_close(&f.kv);
	fixture_damage_tables(&f);
	pid = fork();
	if (pid == 0) {
		if (fixture_open(&f, "data", false, &f.kv, NULL))
			_exit(98);
		child_reads(&f);
	}
	CHECK_INT(waitpid(pid, &status, 0), pid);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == EXIT_FAILURE);
	CHECK_INT(fixture_open(&f, "data", false, &f.kv, NULL), 0);
	r = rows_view(f.kv, NULL, 1, 1);
	CHECK_INT(rows_error(r), 0);
	for (int i = 0; i < 3000; i++) {
		snprintf(key, sizeof(key), "%05d", i);
		rows_get(r, s(key), &value);
	}
	CHECK_INT(rows_error(r), -ERR_CORRUPT);
	rows_free(&r);
	CHECK_INT(rows_scan(f.kv, NULL, 1, 1, &state), -ERR_CORRUPT);
	fixture_end(&f);
}
