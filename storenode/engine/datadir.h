/* SPDX-License-Identifier: Apache-2.0 */
/* datadir.h - the data directory around RocksDB: whose it is and who may read it.
 *
 *	DIR/FORMAT   "tern-data 1": written last when the store is made; locked while it is open
 *	DIR/db/      RocksDB's files
 *
 * A directory that has a FORMAT never gets a new, empty store: if db/ is lost, opening fails. */
#ifndef TERN_ENGINE_DATADIR_H
#define TERN_ENGINE_DATADIR_H

#include "base/err.h"

enum { DATADIR_FORMAT = 1 };

struct datadir {
	char *path, *db;
	int lock;   /* descriptor of FORMAT; -1 when read only */
	bool fresh; /* no store has been made here yet */
};

/* Makes what is missing unless read_only; refuses a newer format and a directory in use. */
int datadir_open(struct datadir *d, const char *path, bool read_only, struct why *why) MUST_USE;
int datadir_made(struct datadir *d, struct why *why) MUST_USE; /* no longer fresh, durably */
void datadir_close(struct datadir *d);
/* mkdir, and none of its parents; fine when it is there. */
int datadir_make(const char *path, struct why *why) MUST_USE;

#endif
