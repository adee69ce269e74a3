/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include "base/buf.h"

#include <stdlib.h>
#include <unistd.h>

void fixture_mem(struct fixture *f)
{
	*f = (struct fixture){ .kv = kv_mem_new() };
}

int fixture_open(const struct fixture *f, const char *name, bool read_only, struct kv **kv,
		 struct why *why)
{
	char path[128], log[128];
	struct kv_rocks_options o = { .path = path,
				      .log_dir = log,
				      .cache_bytes = MIB(4),
				      .memtable_bytes = MIB(4),
				      .wal_bytes = MIB(16),
				      .background_threads = 2,
				      .read_only = read_only };

	snprintf(path, sizeof(path), "%s/%s", f->dir, name);
	snprintf(log, sizeof(log), "%s/log", f->dir);
	return kv_rocks_open(&o, kv, why);
}

void fixture_rocks(struct fixture *f)
{
	struct why why;

	*f = (struct fixture){ .rocks = true, .dir = "/tmp/tern-engine-XXXXXX" };
	CHECK(mkdtemp(f->dir));
	if (fixture_open(f, "data", false, &f->kv, &why))
		fail_msg("%s", why.text);
}

static void shell(const char *fmt, ...) PRINTF(1, 2);
static void shell(const char *fmt, ...)
{
	char command[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(command, sizeof(command), fmt, ap);
	va_end(ap);
	CHECK_INT(system(command), 0);
}

void fixture_copy(const struct fixture *f, const char *from, const char *to)
{
	shell("rm -rf %s/%s && cp -r %s/%s %s/%s", f->dir, to, f->dir, from, f->dir, to);
}

void fixture_damage_tables(const struct fixture *f)
{
	shell("cd %s/data/db && for s in $(find . -name '*.sst' -size +10k); do"
	      " printf XXXX | dd of=$s bs=1 seek=3000 conv=notrunc status=none; done",
	      f->dir);
}

void fixture_end(struct fixture *f)
{
	kv_close(&f->kv);
	if (f->rocks)
		shell("rm -rf %s", f->dir);
	get(NULL, NULL, KV_META, NULL);
}

void fixture_reopen(struct fixture *f)
{
	struct why why;

	if (!f->rocks) {
		CHECK_INT(kv_sync(f->kv), 0);
		kv_mem_crash(f->kv, 0);
		return;
	}
	kv_close(&f->kv);
	if (fixture_open(f, "data", false, &f->kv, &why))
		fail_msg("%s", why.text);
}

static void write_one(struct kv *kv, struct kv_batch *b)
{
	CHECK_INT(kv_write(kv, b), 0);
	kv_batch_free(&b);
}

void put(struct kv *kv, enum kv_cf cf, const char *key, const char *value)
{
	struct kv_batch *b = kv_batch_new(kv);

	kv_batch_put(b, cf, bytes_str(key), bytes_str(value));
	write_one(kv, b);
}

void del(struct kv *kv, enum kv_cf cf, const char *key)
{
	struct kv_batch *b = kv_batch_new(kv);

	kv_batch_del(b, cf, bytes_str(key));
	write_one(kv, b);
}

const char *get(struct kv *kv, const struct kv_snap *snap, enum kv_cf cf, const char *key)
{
	static char *text;
	struct blob *value;

	free(text);
	text = NULL;
	if (!kv)
		return NULL;
	CHECK_INT(kv_get(kv, snap, cf, bytes_str(key), &value), 0);
	if (!value)
		return "-";
	text = strndup((const char *)value->b.p, value->b.n);
	blob_unref(&value);
	return text;
}

const char *range(struct kv *kv, const struct kv_snap *snap, enum kv_cf cf, const char *from,
		  const char *to)
{
	static char text[4096];
	struct kv_iter *it = kv_iter_new(kv, snap, cf, bytes_str(from), bytes_str(to));
	struct bytes key, value;
	size_t n = 0;

	text[0] = '\0';
	while (kv_iter_next(it, &key, &value))
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%.*s=%.*s", n ? " " : "",
				      BYTES_ARG(key), BYTES_ARG(value));
	CHECK_INT(kv_iter_error(it), 0);
	kv_iter_free(&it);
	return text;
}
