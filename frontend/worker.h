/* SPDX-License-Identifier: Apache-2.0 */
/* worker.h - one process that serves clients: built once after the fork, run until it drained. */
#ifndef TERN_WORKER_H
#define TERN_WORKER_H

#include "frontconf.h"
#include "sandbox.h"

enum { EXIT_DRAINED = 0, EXIT_USAGE = 64, EXIT_CONFIG = 78 };

/* What the parent hands over: all opened, read and looked up. */
struct inheritance {
	const struct frontconf *conf;
	const struct clusterconf *cluster;
	struct settings *settings; /* a copy of its own after the fork: wiped */
	char *secret_key;          /* CURVE; likewise */
	const struct identity *identity;
	const int *listeners; /* descriptors, as conf->listeners */
	int status;           /* -1: none */
	int control;          /* SOCK_SEQPACKET: each message is packed settings */
	unsigned slot;        /* of the metrics */
	pid_t parent;
};

/* Never returns; SIGTERM drains. */
NORETURN void worker_run(const struct inheritance *h);

#endif
