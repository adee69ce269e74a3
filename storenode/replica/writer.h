/* SPDX-License-Identifier: Apache-2.0 */
/* writer.h - the stages behind the loop, as functions: threads or the simulator call them.
 *
 * The writer runs jobs in the order the host gave them: one batch each - log rows, bodies,
 * truncations, terms and votes, then the committed entries that are to be applied - written
 * unsynced. The syncer makes whatever was written durable:
 *
 *	loop:    io.job(job)
 *	writer:  writer_run(w, job); post host_job_done(job) to the loop
 *	syncer:  t = highest job_ticket() of run jobs with job_sync(); kv_sync(); post host_synced(t)
 *
 * job_ticket and job_sync must be read before the job is handed back. Any error is final: the
 * process exits (a retried fsync lies). */
#ifndef TERN_REPLICA_WRITER_H
#define TERN_REPLICA_WRITER_H

#include "replica/host.h"

struct writer;

struct writer *writer_new(struct kv *kv, const struct host_app *app);
void writer_free(struct writer **w);
int writer_run(struct writer *w, struct job *job) MUST_USE;

/* Reads for lagging followers and exports; any thread, no order. */
int reader_run(struct kv *kv, struct job *job) MUST_USE;

uint64_t job_ticket(const struct job *job);
bool job_sync(const struct job *job);
void job_free(struct job **job); /* only for jobs that never reach host_job_done */

#endif
