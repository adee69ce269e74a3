/* SPDX-License-Identifier: Apache-2.0 */
/* metric.h - counters, gauges and histograms, declared once in metric.def with their help.
 *
 * Values live in one flat array of atomics that may be a shared mapping, so that any worker
 * can print the sum of all. */
#ifndef TERN_METRIC_H
#define TERN_METRIC_H

#include "base/buf.h"

enum metric {
#define METRIC(kind, name, help) M_##name,
#include "base/metric.def"
#undef METRIC
	METRIC_COUNT
};

/* One slot per process of the family; call before the fork. */
void metric_share(unsigned slots);
void metric_use_slot(unsigned slot); /* zeroes it: the slot of a worker that died starts anew */

void metric_add(enum metric m, int64_t v);
static inline void metric_inc(enum metric m)
{
	metric_add(m, 1);
}
void metric_set(enum metric m, int64_t v);    /* gauges */
void metric_time(enum metric m, uint64_t us); /* histograms: microseconds */
int64_t metric_get(enum metric m);            /* sum over the slots */

/* Prometheus text, prefix "tern_". */
void metric_print(struct buf *out);

#endif
