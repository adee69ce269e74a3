/* SPDX-License-Identifier: Apache-2.0 */
/* fixture.h - an engine of either kind to test, on a directory of its own that goes away. */
#ifndef UNIT_ENGINE_FIXTURE_H
#define UNIT_ENGINE_FIXTURE_H

#include "engine/kv.h"

#include "lib/test.h"

struct fixture {
	struct kv *kv;
	bool rocks;
	char dir[64]; /* data in DIR/data, RocksDB's log in DIR/log */
};

void fixture_mem(struct fixture *f);
void fixture_rocks(struct fixture *f);
void fixture_end(struct fixture *f);
/* Closes and opens again; memory only syncs. */
void fixture_reopen(struct fixture *f);

/* Opens DIR/name; the error and sentence of a refusal. */
int fixture_open(const struct fixture *f, const char *name, bool read_only, struct kv **kv,
		 struct why *why);
/* cp -r DIR/from DIR/to: what a crash at this moment leaves (in the cache, that is). */
void fixture_copy(const struct fixture *f, const char *from, const char *to);
/* Writes over some bytes near the start of every larger table file; the store must be closed. */
void fixture_damage_tables(const struct fixture *f);

/* First line of a test whose child opens a store. RocksDB's threads of earlier tests live on, and
 * under ThreadSanitizer a child cannot start them anew ("dup thread"): skipped there. */
#ifdef __SANITIZE_THREAD__
#define FORKS_A_STORE() skip()
#else
#define FORKS_A_STORE() ((void)0)
#endif

void put(struct kv *kv, enum kv_cf cf, const char *key, const char *value);
void del(struct kv *kv, enum kv_cf cf, const char *key);
/* The value, or "-" when there is none; alive until the next call. */
const char *get(struct kv *kv, const struct kv_snap *snap, enum kv_cf cf, const char *key);
/* "a=1 b=2" of [from, to). */
const char *range(struct kv *kv, const struct kv_snap *snap, enum kv_cf cf, const char *from,
		  const char *to);

/* Makes one test of fn for each engine. */
#define BOTH(name)                           \
	static void name(struct fixture *f); \
	TEST(kv_mem, name)                   \
	{                                    \
		struct fixture f;            \
                                             \
		fixture_mem(&f);             \
		name(&f);                    \
		fixture_end(&f);             \
	}                                    \
	TEST(kv_rocks, name)                 \
	{                                    \
		struct fixture f;            \
                                             \
		fixture_rocks(&f);           \
		name(&f);                    \
		fixture_end(&f);             \
	}                                    \
	static void name(struct fixture *f)

#endif
