/* SPDX-License-Identifier: Apache-2.0 */
/* stages_impl.h - struct stages, for writer_thread.c and syncer_thread.c. */
#ifndef TERN_SERVER_STAGES_IMPL_H
#define TERN_SERVER_STAGES_IMPL_H

#include "base/list.h"
#include "server/stages.h"

#include <pthread.h>

#define STAGES_READERS 8

struct completion {
	struct list list;
	struct job *job; /* NULL: */
	uint64_t synced;
};

struct job_queue {
	struct list jobs;
	pthread_cond_t more;
};

struct inbox { /* outlives the stages as long as the loop still has it posted */
	atomic_uint refs;
	struct stages *stages; /* loop thread only */
};

struct stages {
	struct stages_config c;
	struct host *host;
	struct writer *writer;
	struct inbox *inbox;
	bool running;
	pthread_t writer_thread, syncer_thread, reader_threads[STAGES_READERS];
	unsigned n_readers;

	pthread_mutex_t lock; /* of all below */
	struct job_queue writes, reads;
	struct list done; /* struct completion */
	bool posted, closing, writer_ended;
	uint64_t written; /* highest ticket that is to be synced */
	pthread_cond_t to_sync;
};

void stages_complete(struct stages *s, struct job *job, uint64_t synced);
void stages_written(struct stages *s, uint64_t ticket);
void stages_writer_ends(struct stages *s);
void *syncer_main(void *arg);

#endif
