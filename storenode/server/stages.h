/* SPDX-License-Identifier: Apache-2.0 */
/* stages.h - the writer and syncer threads, and a small pool for the replicas' reads.
 *
 * stages_io fills in job and read of struct host_io; completions come back through loop_post,
 * so they run on the loop's thread: stages_attach says to which host. Anything that fails ends
 * the process through `failed`, called on the failing thread (it must not return to serve). */
#ifndef TERN_SERVER_STAGES_H
#define TERN_SERVER_STAGES_H

#include "base/loop.h"
#include "replica/writer.h"

struct stages;

struct stages_config {
	struct kv *kv;
	struct loop *loop;
	const struct host_app *app;
	unsigned readers;                           /* threads for log reads and exports; 2 */
	void (*failed)(void *arg, const char *why); /* logs and ends the process */
	void *arg;
};

struct stages *stages_new(const struct stages_config *c);
void stages_io(struct stages *s, struct host_io *io);
void stages_attach(struct stages *s, struct host *h);
/* Runs what was handed in, syncs, joins the threads. Completions are dropped: the host is
 * freed next. */
void stages_free(struct stages **s);

#endif
