/* SPDX-License-Identifier: Apache-2.0 */
/* verify.c - state hashes recomputed by a scan, every invariant of the rows checked. */
#include "server/verify.h"
#include "base/base.h"

#include "mailstore/query.h"
#include "model/ids.h"
#include "replica/view.h"
#include "server/run.h"

#include <stdio.h>

struct verdict {
	uint32_t shard;
	struct host_view view;
	struct rows_state scanned;
	struct why why;
	bool ok;
};

static void verify_shard(struct kv *kv, struct kv_snap *snap, struct verdict *v)
{
	struct rows *rows;

	v->ok = rows_scan(kv, snap, v->shard, v->view.incarnation, &v->scanned) == 0;
	if (!v->ok)
		why_set(&v->why, ERR_CORRUPT, "the rows cannot be read");
	else if (!hash128_eq(v->scanned.hash, v->view.state.hash) ||
		 v->scanned.rows != v->view.state.rows)
		v->ok = why_set(&v->why, ERR_CORRUPT, "the state hash is not that of the rows") ==
			0;
	if (!v->ok)
		return;
	rows = rows_view(kv, snap, v->shard, v->view.incarnation);
	v->ok = mailstore_check(rows, &v->why) == 0;
	rows_free(&rows);
}

static void print(const struct verdict *v, bool json, bool first)
{
	if (json)
		printf("%s{\"shard\":%u,\"index\":%lu,\"hash\":\"%016lx%016lx\",\"rows\":%lu,"
		       "\"ok\":%s,\"why\":\"%s\"}",
		       first ? "" : ",\n", v->shard, (unsigned long)v->view.applied,
		       (unsigned long)v->view.state.hash.hi, (unsigned long)v->view.state.hash.lo,
		       (unsigned long)v->view.state.rows, v->ok ? "true" : "false",
		       v->ok ? "" : v->why.text);
	else
		printf("%5u  %10lu  %016lx%016lx  %9lu  %s\n", v->shard,
		       (unsigned long)v->view.applied, (unsigned long)v->view.state.hash.hi,
		       (unsigned long)v->view.state.hash.lo, (unsigned long)v->view.state.rows,
		       v->ok ? "ok" : v->why.text);
}

static unsigned verify_all(struct kv *kv, bool json)
{
	struct kv_snap *snap = kv_snap_new(kv);
	unsigned bad = 0, seen = 0;

	fputs(json ? "[" : "shard       index  state hash                             rows\n",
	      stdout);
	for (uint32_t shard = 0; shard < SHARDS_MAX; shard++) {
		struct verdict v = { .shard = shard };

		if (host_view(kv, snap, shard, &v.view) < 0)
			continue;
		verify_shard(kv, snap, &v);
		print(&v, json, seen++ == 0);
		bad += !v.ok;
	}
	fputs(json ? "]\n" : "", stdout);
	kv_snap_free(kv, &snap);
	return bad;
}

int verify_run(const char *dir, bool json)
{
	struct kv_rocks_options o = { .path = dir,
				      .log_dir = "/tmp",
				      .cache_bytes = MIB(64),
				      .memtable_bytes = MIB(16),
				      .wal_bytes = MIB(64),
				      .background_threads = 1,
				      .read_only = true };
	struct kv *kv;
	struct why why;
	unsigned bad;

	if (kv_rocks_open(&o, &kv, &why) < 0) {
		fprintf(stderr, "%s\n", why.text);
		return EXIT_DISK;
	}
	bad = verify_all(kv, json);
	kv_close(&kv);
	return bad > 0;
}
