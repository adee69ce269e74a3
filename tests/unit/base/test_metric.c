/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"
#include "base/metric.h"
#include "lib/test.h"

#include <sys/wait.h>
#include <unistd.h>

static bool shows(const char *text)
{
	struct buf out;
	bool found;

	buf_init(&out, 0);
	metric_print(&out);
	found = bytes_find(buf_bytes(&out), bytes_str(text)) < out.n;
	buf_release(&out);
	return found;
}

/* One test, since what is shared stays shared. */
TEST(metric, slots_of_a_family_are_summed)
{
	int status = -1;

	metric_use_slot(0);
	metric_inc(M_deliver_total);
	metric_share(3);
	CHECK_INT(metric_get(M_deliver_total), 1);
	if (fork() == 0) {
		metric_use_slot(1);
		metric_add(M_deliver_total, 10);
		metric_add(M_connections, 5);
		metric_add(M_connections, -2);
		metric_time(M_deliver_us, 100);
		_exit(0);
	}
	wait(&status);
	CHECK_INT(status, 0);
	CHECK_INT(metric_get(M_deliver_total), 11);
	CHECK_INT(metric_get(M_connections), 3);
	CHECK_INT(metric_get(M_deliver_us), 1);
	if (fork() == 0) {
		metric_use_slot(1);
		_exit(0);
	}
	wait(&status);
	CHECK_INT(metric_get(M_deliver_total), 1);
	CHECK_INT(metric_get(M_deliver_us), 0);
}

TEST(metric, text)
{
	metric_use_slot(0);
	metric_set(M_disk_free_bytes, INT64_C(5000000000));
	metric_set(M_disk_free_bytes, INT64_C(6000000000));
	CHECK(shows("# HELP tern_deliver_total messages accepted and committed\n"
		    "# TYPE tern_deliver_total counter\ntern_deliver_total 0\n"));
	CHECK(shows("# TYPE tern_disk_free_bytes gauge\ntern_disk_free_bytes 6000000000\n"));
}

TEST(metric, histogram_buckets)
{
	static const uint64_t us[] = { 0, 1, 2, 3, 4, 5, 67108864, 67108865, UINT64_C(1) << 40 };

	metric_use_slot(0);
	for (size_t i = 0; i < ARRAY_LEN(us); i++)
		metric_time(M_log_sync_us, us[i]);
	CHECK(shows("# TYPE tern_log_sync_us histogram\n"
		    "tern_log_sync_us_bucket{le=\"1\"} 2\n"
		    "tern_log_sync_us_bucket{le=\"2\"} 3\n"
		    "tern_log_sync_us_bucket{le=\"4\"} 5\n"
		    "tern_log_sync_us_bucket{le=\"8\"} 6\n"));
	CHECK(shows("tern_log_sync_us_bucket{le=\"67108864\"} 7\n"
		    "tern_log_sync_us_bucket{le=\"+Inf\"} 9\n"
		    "tern_log_sync_us_sum 1099645845520\n"
		    "tern_log_sync_us_count 9\n"));
}
