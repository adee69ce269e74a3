/* SPDX-License-Identifier: Apache-2.0 */
/* readers.c - one queue, some threads. */
#include "server/readers.h"
#include "base/base.h"

#include "base/list.h"

#include <pthread.h>
#include <stdlib.h>

struct task {
	struct list node;
	struct readers *readers;
	void (*run)(void *arg);
	void (*done)(void *arg);
	void *arg;
};

struct readers {
	struct loop *loop;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct list queue;
	pthread_t *threads;
	unsigned n, idle;
	bool stop;
};

static void task_done(void *arg)
{
	struct task *t = arg;

	t->done(t->arg);
	free(t);
}

static struct task *task_take(struct readers *r)
{
	struct list *node;

	pthread_mutex_lock(&r->lock);
	while (list_empty(&r->queue) && !r->stop) {
		r->idle++;
		pthread_cond_wait(&r->wake, &r->lock);
		r->idle--;
	}
	node = list_pop(&r->queue);
	pthread_mutex_unlock(&r->lock);
	return node ? list_entry(node, struct task, node) : NULL;
}

static void *reader(void *arg)
{
	struct readers *r = arg;
	struct task *t;

	while ((t = task_take(r))) {
		t->run(t->arg);
		loop_post(r->loop, task_done, t);
	}
	return NULL;
}

struct readers *readers_new(struct loop *loop, unsigned threads)
{
	struct readers *r = xnew(struct readers);

	r->loop = loop;
	r->n = threads;
	r->threads = xcalloc(threads, sizeof(*r->threads));
	pthread_mutex_init(&r->lock, NULL);
	pthread_cond_init(&r->wake, NULL);
	list_init(&r->queue);
	for (unsigned i = 0; i < threads; i++)
		if (pthread_create(&r->threads[i], NULL, reader, r) != 0)
			BUG("cannot start a reader thread");
	return r;
}

void readers_free(struct readers **readers)
{
	struct readers *r = *readers;

	*readers = NULL;
	if (!r)
		return;
	pthread_mutex_lock(&r->lock);
	r->stop = true;
	pthread_cond_broadcast(&r->wake);
	pthread_mutex_unlock(&r->lock);
	for (unsigned i = 0; i < r->n; i++)
		pthread_join(r->threads[i], NULL);
	pthread_cond_destroy(&r->wake);
	pthread_mutex_destroy(&r->lock);
	free(r->threads);
	free(r);
}

void readers_add(struct readers *r, void (*run)(void *arg), void (*done)(void *arg), void *arg)
{
	struct task *t = xnew(struct task);

	t->readers = r;
	t->run = run;
	t->done = done;
	t->arg = arg;
	pthread_mutex_lock(&r->lock);
	list_add(&r->queue, &t->node);
	if (r->idle > 0)
		pthread_cond_signal(&r->wake);
	pthread_mutex_unlock(&r->lock);
}
