/* SPDX-License-Identifier: Apache-2.0 */
/* metric.c - a slot per process, a row of atomic cells per slot.
 *
 * A counter or gauge is one cell; a histogram is its buckets (up to 2^k microseconds, the last
 * one without bound) and the sum. */
#include "base/metric.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <sys/mman.h>

enum { BUCKETS = 28, LINE = 8 };

enum kind { COUNTER, GAUGE, HISTOGRAM };

#define CELLS_COUNTER 1
#define CELLS_GAUGE 1
#define CELLS_HISTOGRAM (BUCKETS + 1)

enum cell {
#define METRIC(kind, name, help) AT_##name, AFTER_##name = AT_##name + CELLS_##kind - 1,
#include "base/metric.def"
#undef METRIC
	CELLS
};

/* Slots begin on cache lines of their own. */
enum { STRIDE = (CELLS + LINE - 1) / LINE * LINE };

static const struct {
	enum kind kind;
	unsigned cell;
	const char *name, *help;
} rows[] = {
#define METRIC(kind, name, help) { kind, AT_##name, #name, help },
#include "base/metric.def"
#undef METRIC
};

static _Atomic int64_t own_slot[STRIDE];
static _Atomic int64_t *cells = own_slot;
static _Atomic int64_t *mine = own_slot;
static unsigned slot_count = 1;

void metric_share(unsigned slots)
{
	size_t size = sizeof(own_slot) * slots;
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	INVARIANT(cells == own_slot && slots > 0);
	if (p == MAP_FAILED)
		BUG("no memory for the metrics");
	cells = mine = p;
	slot_count = slots;
	for (unsigned i = 0; i < CELLS; i++)
		atomic_store(&cells[i], atomic_load(&own_slot[i]));
}

void metric_use_slot(unsigned slot)
{
	INVARIANT(slot < slot_count);
	mine = cells + (size_t)slot * STRIDE;
	for (unsigned i = 0; i < CELLS; i++)
		atomic_store(&mine[i], 0);
}

static void add(unsigned cell, int64_t v)
{
	atomic_fetch_add_explicit(&mine[cell], v, memory_order_relaxed);
}

void metric_add(enum metric m, int64_t v)
{
	INVARIANT(rows[m].kind != HISTOGRAM);
	add(rows[m].cell, v);
}

void metric_set(enum metric m, int64_t v)
{
	INVARIANT(rows[m].kind == GAUGE);
	atomic_store_explicit(&mine[rows[m].cell], v, memory_order_relaxed);
}

/* The first bucket with us <= 2^bucket. */
static unsigned bucket_of(uint64_t us)
{
	unsigned b = us <= 1 ? 0 : 64 - (unsigned)__builtin_clzll(us - 1);

	return MIN(b, (unsigned)BUCKETS - 1);
}

void metric_time(enum metric m, uint64_t us)
{
	INVARIANT(rows[m].kind == HISTOGRAM);
	add(rows[m].cell + bucket_of(us), 1);
	add(rows[m].cell + BUCKETS, (int64_t)us);
}

static int64_t sum(unsigned cell)
{
	int64_t total = 0;

	for (unsigned i = 0; i < slot_count; i++)
		total += atomic_load_explicit(&cells[(size_t)i * STRIDE + cell],
					      memory_order_relaxed);
	return total;
}

int64_t metric_get(enum metric m)
{
	unsigned n = rows[m].kind == HISTOGRAM ? BUCKETS : 1;
	int64_t total = 0;

	for (unsigned i = 0; i < n; i++)
		total += sum(rows[m].cell + i);
	return total;
}

static void print_histogram(struct buf *out, const char *name, unsigned cell)
{
	int64_t total = 0;

	for (unsigned i = 0; i < BUCKETS - 1; i++) {
		total += sum(cell + i);
		buf_printf(out, "tern_%s_bucket{le=\"%" PRIu64 "\"} %" PRId64 "\n", name,
			   UINT64_C(1) << i, total);
	}
	total += sum(cell + BUCKETS - 1);
	buf_printf(out, "tern_%s_bucket{le=\"+Inf\"} %" PRId64 "\n", name, total);
	buf_printf(out, "tern_%s_sum %" PRId64 "\n", name, sum(cell + BUCKETS));
	buf_printf(out, "tern_%s_count %" PRId64 "\n", name, total);
}

void metric_print(struct buf *out)
{
	static const char *const kinds[] = { "counter", "gauge", "histogram" };

	for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
		buf_printf(out, "# HELP tern_%s %s\n# TYPE tern_%s %s\n", rows[i].name,
			   rows[i].help, rows[i].name, kinds[rows[i].kind]);
		if (rows[i].kind == HISTOGRAM)
			print_histogram(out, rows[i].name, rows[i].cell);
		else
			buf_printf(out, "tern_%s %" PRId64 "\n", rows[i].name, sum(rows[i].cell));
	}
}
