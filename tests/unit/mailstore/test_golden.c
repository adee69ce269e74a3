/* SPDX-License-Identifier: Apache-2.0 */
/* An operation's meaning never changes: histories recorded once give the same results and the
 * same rows for ever. tests/golden/op_results.txt holds them: the entries as they were, for each
 * the hash of its result and of the rows after it.
 *
 * A new version of an operation leaves these as they are. While nothing has been released:
 * TERN_REGENERATE=1 test_mailstore 'golden.*', and a look at the difference. */
#include "histories.h"

#include <inttypes.h>
#include <stdlib.h>

#define GOLDEN "../../golden/op_results.txt"

static const char *golden_path(void)
{
	static char path[600];
	const char *slash = strrchr(__FILE__, '/');

	snprintf(path, sizeof(path), "%.*s/%s", (int)(slash - __FILE__), __FILE__, GOLDEN);
	return path;
}

struct history {
	struct kv *kv;
	struct kv_batch *batch;
	struct rows_state state;
	struct rows *rows;
	struct arena mem;
};

static void history_init(struct history *h, uint32_t shard)
{
	memset(h, 0, sizeof(*h));
	h->kv = kv_mem_new();
	h->batch = kv_batch_new(h->kv);
	h->rows = rows_edit(h->kv, shard, 1, &h->state);
	arena_init(&h->mem, 0);
}

static void history_release(struct history *h)
{
	rows_free(&h->rows);
	kv_batch_free(&h->batch);
	kv_close(&h->kv);
	arena_release(&h->mem);
}

static uint64_t history_apply(struct history *h, const struct entry *e)
{
	struct effects fx;
	struct bytes result = mailstore_apply(h->rows, e, &h->mem, &fx);
	uint64_t hash = hash64(result, fx.n_hints + 1000 * fx.n_reclaim);

	rows_flush(h->rows, h->batch);
	CHECK_INT(kv_write(h->kv, h->batch), 0);
	kv_batch_clear(h->batch);
	arena_clear(&h->mem);
	return hash;
}

/* ---- writing */

struct writer {
	FILE *out;
	struct history h;
};

static void write_entry(void *arg, const struct entry *e)
{
	struct writer *w = arg;
	uint64_t result;

	fprintf(w->out, "%" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64, e->index, e->term,
		e->stamp.log_ms, e->stamp.wall_ms);
	fprintf(w->out, " %" PRIu64 " %" PRIu64 " %" PRIu64 " %u %" PRIx64 " %" PRIx64 " .",
		e->stamp.client, e->stamp.seq, e->stamp.done_below, e->body_stored, e->body_hash.lo,
		e->body_hash.hi);
	for (size_t i = 0; i < e->op.n; i++)
		fprintf(w->out, "%02x", e->op.p[i]);
	result = history_apply(&w->h, e);
	fprintf(w->out, " %" PRIx64 " %" PRIx64 "\n", result, w->h.state.hash.lo);
}

static void write_history(struct writer *w, const char *name, uint32_t shard,
			  void (*play)(uint64_t, unsigned, record_fn *, void *), uint64_t seed,
			  unsigned steps)
{
	fprintf(w->out, "history %s %u\n", name, shard);
	history_init(&w->h, shard);
	play(seed, steps, write_entry, w);
	history_release(&w->h);
}

static void regenerate(void)
{
	struct writer w = { .out = fopen(golden_path(), "w") };

	assert_non_null(w.out);
	write_history(&w, "model", HISTORY_MODEL_SHARD, history_model, 11, 350);
	write_history(&w, "hostile", HISTORY_HOSTILE_SHARD, history_hostile, 4, 350);
	CHECK_INT(fclose(w.out), 0);
}

/* ---- reading */

static struct bytes unhex(const char *text, int digits, uint8_t *out)
{
	size_t n = (size_t)digits / 2;
	unsigned byte;

	for (size_t i = 0; i < n; i++) {
		CHECK_INT(sscanf(text + 2 * i, "%2x", &byte), 1);
		out[i] = (uint8_t)byte;
	}
	return bytes_of(out, n);
}

/* One line: an entry, the hash of its result, the hash of the rows after it. */
static bool read_entry(const char *line, struct entry *e, uint8_t *op, uint64_t *result,
		       uint64_t *state)
{
	int at = 0, behind = 0;

	*e = (struct entry){ .index = 0 };
	if (sscanf(line,
		   "%" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64
		   " %" SCNu64 " %u %" SCNx64 " %" SCNx64 " .%n%*[0-9a-f]%n",
		   &e->index, &e->term, &e->stamp.log_ms, &e->stamp.wall_ms, &e->stamp.client,
		   &e->stamp.seq, &e->stamp.done_below, &e->body_stored, &e->body_hash.lo,
		   &e->body_hash.hi, &at, &behind) != 10)
		return false;
	behind = MAX(at, behind); /* an empty operation */
	e->op = unhex(line + at, behind - at, op);
	return sscanf(line + behind, " %" SCNx64 " %" SCNx64, result, state) == 2;
}

static void check_line(struct history *h, char *line, unsigned number, uint8_t *op)
{
	uint64_t result, state;
	struct entry e;

	if (!read_entry(line, &e, op, &result, &state))
		fail_msg("%s:%u: not an entry", GOLDEN, number);
	if (history_apply(h, &e) != result)
		fail_msg("%s:%u: another result", GOLDEN, number);
	if (h->state.hash.lo != state)
		fail_msg("%s:%u: other rows", GOLDEN, number);
}

TEST(golden, operations_mean_what_they_meant)
{
	struct history h = { .kv = NULL };
	size_t cap = 0, entries = 0;
	unsigned number = 0, shard;
	char *line = NULL;
	uint8_t *op;
	FILE *in;

	if (getenv("TERN_REGENERATE"))
		regenerate();
	in = fopen(golden_path(), "r");
	assert_non_null(in);
	op = xmalloc(MIB(1));
	while (getline(&line, &cap, in) > 0) {
		number++;
		if (sscanf(line, "history %*s %u", &shard) == 1) {
			if (h.kv)
				history_release(&h);
			history_init(&h, shard);
			continue;
		}
		check_line(&h, line, number, op);
		entries++;
	}
	CHECK(entries > 500);
	history_release(&h);
	fclose(in);
	free(line);
	free(op);
}
