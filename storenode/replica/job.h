/* SPDX-License-Identifier: Apache-2.0 */
/* job.h - what the loop asks of the writer and the readers; between host, writer and reader only.
 *
 * A job belongs to one thread at a time: the loop builds it, the stage runs it and leaves the
 * results in it, the loop takes them and frees it. Everything in it lives in its arena, save
 * entries and blobs, which it holds references of. */
#ifndef TERN_REPLICA_JOB_H
#define TERN_REPLICA_JOB_H

#include "replica/host.h"
#include "replica/store.h"
#include "replica/transport.h"

enum item_kind {
	ITEM_PUT,     /* one row of KV_META */
	ITEM_CREATE,  /* a new replica, perhaps with the first entry of a new shard */
	ITEM_ENTRIES, /* log rows and bodies; before them, a truncation */
	ITEM_APPLY,
	ITEM_COMPACT, /* drop the head of the log, reclaim bodies below */
	ITEM_PART,    /* of a snapshot: rows or bodies, without the write-ahead log */
	ITEM_SWITCH,  /* to the snapshot */
	ITEM_LOAD,    /* read a replica back as it is on disk */
	ITEM_META,    /* term, vote, and whether the replica may serve */
	ITEM_DESTROY,
};

struct item {
	struct item *next;
	enum item_kind kind;
	uint32_t shard;
	uint64_t generation; /* of the group that asked */
	union {
		struct {
			struct bytes key, value;
		} put;
		struct {
			struct store_meta meta;
			struct store_conf conf; /* index 0: none */
			struct entry *first;    /* NULL: none */
		} create;
		struct {
			struct entry **gone; /* truncated */
			size_t n_gone;
			struct entry **e;
			size_t n;
		} entries;
		struct {
			struct entry **e;
			size_t n;
			struct host_outcome *out;   /* result: n of them */
			struct store_applied after; /* result */
			bool fenced;                /* result: nothing was applied */
			bool careful;               /* after a crash: note the entry first */
		} apply;
		struct {
			uint64_t first; /* [.., first) goes */
			bool more;      /* result: bodies are left to reclaim */
		} compact;
		struct {
			uint64_t incarnation;
			enum snap_phase phase;
			struct blob *data;
			int status; /* result */
		} part;
		struct {
			struct store_applied applied;
			struct store_conf conf;
			struct host_chunk *spare; /* bodies that the snapshot does not name */
			size_t n_spare;
		} install;
		struct {
			struct store_replica r; /* result */
			int status;
		} load;
		struct {
			struct store_meta meta;
		} meta;
	};
};

enum job_kind {
	JOB_WRITE,
	READ_LOG,    /* entries for a follower that lags */
	READ_EXPORT, /* open an export */
	READ_EXPORT_PART,
	READ_MISSING, /* which bodies of a list does this node lack? */
	READ_VERIFY,  /* flush what was installed and check it by a scan */
};

struct export_source; /* reader.c: one kv snapshot, shared by the parts of an export */

struct job {
	enum job_kind kind;
	struct arena mem;
	uint32_t shard;
	uint64_t generation;
	/* JOB_WRITE */
	uint64_t ticket;
	uint64_t handed_ms;
	bool sync;
	uint64_t synced_seq; /* written along when sync */
	struct item *items, **items_end;
	/* READ_LOG */
	uint64_t from, to; /* [from, to) */
	uint64_t peer;     /* replica it is for */
	uint64_t term;
	struct entry **e; /* result */
	size_t n;
	/* READ_EXPORT, READ_EXPORT_PART */
	struct export_source *source; /* result of the first, used by the second; not owned */
	struct store_applied applied; /* result, as of the kv snapshot */
	struct store_conf conf;
	struct rec part; /* in: the ask (cursor in the arena); out: the part */
	uint32_t node;   /* who asked */
	/* READ_MISSING: the list in, what lacks out; and our own that the list does not name */
	struct blob *list;
	struct bytes after; /* chunk key to start behind */
	bool end;
	struct host_chunk *missing, *spare;
	size_t n_missing, n_spare;
	/* READ_VERIFY */
	uint64_t incarnation;
	struct rows_state state; /* result */
	int status;              /* result of any read */
};

struct job *job_new(enum job_kind kind, uint32_t shard, uint64_t generation);
struct item *job_item(struct job *j, enum item_kind kind, uint32_t shard, uint64_t generation);

struct export_source *export_source_ref(struct export_source *s);
void export_source_unref(struct export_source **s);

/* Lists of bodies as they travel (SNAP_CHUNKS): index, term, length. */
#define CHUNK_LIST_ITEM 20

#endif
