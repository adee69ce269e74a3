/* SPDX-License-Identifier: Apache-2.0 */
/* kv_impl.h - between kv.c, which every caller goes through, and the two engines below it.
 *
 * kv.c keeps the rules of kv.h that are the same for both: one writer, the first error is the
 * last, empty ranges, where an iterator stands. An engine only stores. Nothing that kv.c lets
 * through can trip an assertion of RocksDB. */
#ifndef TERN_ENGINE_KV_IMPL_H
#define TERN_ENGINE_KV_IMPL_H

#include "engine/kv.h"

#include <pthread.h>
#include <stdatomic.h>

struct kv_ops {
	void (*close)(struct kv *kv);

	struct kv_batch *(*batch_new)(struct kv *kv);
	void (*batch_free)(struct kv_batch *b);
	void (*batch_clear)(struct kv_batch *b);
	void (*put)(struct kv_batch *b, enum kv_cf cf, struct bytes key, struct bytes v1,
		    struct bytes v2);
	void (*del)(struct kv_batch *b, enum kv_cf cf, struct bytes key);
	/* from < to */
	void (*del_range)(struct kv_batch *b, enum kv_cf cf, struct bytes from, struct bytes to);

	int (*write)(struct kv *kv, struct kv_batch *b, bool logged);
	int (*sync)(struct kv *kv);
	int (*flush)(struct kv *kv);
	uint64_t (*seq)(struct kv *kv);

	struct kv_snap *(*snap_new)(struct kv *kv);
	void (*snap_free)(struct kv *kv, struct kv_snap *snap);
	int (*get)(struct kv *kv, const struct kv_snap *snap, enum kv_cf cf, struct bytes key,
		   struct blob **value);

	/* it: from and to are set, from < to or to is empty. */
	struct kv_iter *(*iter_new)(struct kv *kv, const struct kv_snap *snap, enum kv_cf cf,
				    struct bytes from, struct bytes to);
	void (*iter_free)(struct kv_iter *it);
	/* Each sets key and value and returns true, or false at the end or on an error (set).
	 * seek: key >= from. next and prev: it stands on a key. All stay below `to`; kv.c checks
	 * `from`. */
	bool (*iter_seek)(struct kv_iter *it, struct bytes key);
	bool (*iter_last)(struct kv_iter *it);
	bool (*iter_next)(struct kv_iter *it);
	bool (*iter_prev)(struct kv_iter *it);

	int (*space)(struct kv *kv, struct kv_space *s);
	int (*size)(struct kv *kv, enum kv_cf cf, struct bytes from, struct bytes to,
		    uint64_t *bytes);
	int (*compact)(struct kv *kv, enum kv_cf cf, struct bytes from, struct bytes to);
};

/* Each engine's own structs begin with these. */
struct kv {
	const struct kv_ops *ops;
	atomic_int failed;       /* the first error of a write, sync or flush; it stays */
	pthread_mutex_t writing; /* all zero: PTHREAD_MUTEX_INITIALIZER */
	bool read_only;
};

struct kv_batch {
	const struct kv_ops *ops;
	size_t bytes;
	size_t count;
};

enum kv_stand { KV_BEFORE, KV_ON, KV_SOUGHT, KV_END };

struct kv_iter {
	const struct kv_ops *ops;
	enum kv_stand stand;
	struct bytes from, to; /* own memory, freed by kv.c */
	struct bytes key, value;
	int error;
};

#endif
