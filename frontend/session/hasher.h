/* SPDX-License-Identifier: Apache-2.0 */
/* hasher.h - crypt(3) off the loop: a small pool of threads and a queue. */
#ifndef TERN_SESSION_HASHER_H
#define TERN_SESSION_HASHER_H

#include "base/list.h"
#include "base/loop.h"

struct hasher;

struct hash_job {
	struct list node;
	char *password, *hash; /* owned, wiped with the job */
	char *decoy; /* hashed instead where `hash` is NULL or none that crypt knows: same work */
	bool match;
	void (*done)(struct hash_job *j); /* on the loop; frees it with hash_job_free */
	void *arg;
	struct hasher *hasher;
};

struct hasher *hasher_new(struct loop *loop, unsigned threads);
void hasher_free(struct hasher **h); /* waits for running jobs; the rest is freed undone */
void hasher_submit(struct hasher *h, struct hash_job *j);
void hash_job_free(struct hash_job *j);

#endif
