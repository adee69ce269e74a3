/* SPDX-License-Identifier: Apache-2.0 */
/* writer_thread.c - the writer and the replicas' readers; completions back to the loop.
 *
 * A job's completion is queued for the loop before its ticket is shown to the syncer, so the
 * loop always hears that a job was written before it hears that it is durable. */
#include "server/stages_impl.h"

#include <stdlib.h>

/* ---- queues of jobs */

struct job_link {
	struct list list;
	struct job *job;
};

static void push(struct stages *s, struct job_queue *q, struct job *job)
{
	struct job_link *l = xnew(struct job_link);

	list_init(&l->list);
	l->job = job;
	pthread_mutex_lock(&s->lock);
	list_add(&q->jobs, &l->list);
	pthread_cond_signal(&q->more);
	pthread_mutex_unlock(&s->lock);
}

/* NULL: closing, and nothing is left. */
static struct job *pop(struct stages *s, struct job_queue *q)
{
	struct job_link *l;
	struct job *job;

	pthread_mutex_lock(&s->lock);
	while (list_empty(&q->jobs) && !s->closing)
		pthread_cond_wait(&q->more, &s->lock);
	if (list_empty(&q->jobs)) {
		pthread_mutex_unlock(&s->lock);
		return NULL;
	}
	l = list_entry(list_pop(&q->jobs), struct job_link, list);
	pthread_mutex_unlock(&s->lock);
	job = l->job;
	free(l);
	return job;
}

/* ---- completions */

static void inbox_unref(struct inbox *in)
{
	if (atomic_fetch_sub(&in->refs, 1) == 1)
		free(in);
}

static void drain(void *arg)
{
	struct inbox *in = arg;
	struct stages *s = in->stages;
	struct list done;

	list_init(&done);
	if (s) {
		pthread_mutex_lock(&s->lock);
		s->posted = false;
		while (!list_empty(&s->done))
			list_add(&done, list_pop(&s->done));
		pthread_mutex_unlock(&s->lock);
	}
	while (!list_empty(&done)) {
		struct completion *c = list_entry(list_pop(&done), struct completion, list);

		if (c->job)
			host_job_done(s->host, c->job);
		else
			host_synced(s->host, c->synced);
		free(c);
	}
	inbox_unref(in);
}

void stages_complete(struct stages *s, struct job *job, uint64_t synced)
{
	struct completion *c = xnew(struct completion);
	bool post;

	list_init(&c->list);
	c->job = job;
	c->synced = synced;
	pthread_mutex_lock(&s->lock);
	list_add(&s->done, &c->list);
	post = !s->posted && !s->closing;
	s->posted |= post;
	if (post)
		atomic_fetch_add(&s->inbox->refs, 1);
	pthread_mutex_unlock(&s->lock);
	if (post)
		loop_post(s->c.loop, drain, s->inbox);
}

/* ---- threads */

static void *writer_main(void *arg)
{
	struct stages *s = arg;
	struct job *job;

	while ((job = pop(s, &s->writes))) {
		uint64_t ticket = job_ticket(job);
		bool sync = job_sync(job);

		if (writer_run(s->writer, job)) {
			s->c.failed(s->c.arg, "a write to the data directory failed");
			job_free(&job);
			break;
		}
		stages_complete(s, job, 0);
		if (sync)
			stages_written(s, ticket);
	}
	stages_writer_ends(s);
	return NULL;
}

static void *reader_main(void *arg)
{
	struct stages *s = arg;
	struct job *job;

	while ((job = pop(s, &s->reads))) {
		if (reader_run(s->c.kv, job)) {
			s->c.failed(s->c.arg, "a read from the data directory failed");
			job_free(&job);
			break;
		}
		stages_complete(s, job, 0);
	}
	return NULL;
}

/* ---- life */

static void write_job(void *arg, struct job *job)
{
	struct stages *s = arg;

	push(s, &s->writes, job);
}

static void read_job(void *arg, struct job *job)
{
	struct stages *s = arg;

	push(s, &s->reads, job);
}

void stages_io(struct stages *s, struct host_io *io)
{
	io->stages = s;
	io->job = write_job;
	io->read = read_job;
}

static void queue_init(struct job_queue *q)
{
	list_init(&q->jobs);
	pthread_cond_init(&q->more, NULL);
}

struct stages *stages_new(const struct stages_config *c)
{
	struct stages *s = xnew(struct stages);

	s->c = *c;
	s->writer = writer_new(c->kv, c->app);
	s->inbox = xnew(struct inbox);
	s->inbox->stages = s;
	atomic_init(&s->inbox->refs, 1);
	list_init(&s->done);
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->to_sync, NULL);
	queue_init(&s->writes);
	queue_init(&s->reads);
	s->n_readers = MIN(MAX(c->readers, 1), STAGES_READERS);
	return s;
}

static void start(pthread_t *t, void *(*run)(void *), struct stages *s, const char *name)
{
	INVARIANT(pthread_create(t, NULL, run, s) == 0);
	pthread_setname_np(*t, name);
}

void stages_attach(struct stages *s, struct host *h)
{
	s->host = h;
	s->running = true;
	start(&s->writer_thread, writer_main, s, "writer");
	start(&s->syncer_thread, syncer_main, s, "syncer");
	for (unsigned i = 0; i < s->n_readers; i++)
		start(&s->reader_threads[i], reader_main, s, "log-reader");
}

static void stop(struct stages *s)
{
	pthread_mutex_lock(&s->lock);
	s->closing = true;
	pthread_cond_broadcast(&s->writes.more);
	pthread_cond_broadcast(&s->reads.more);
	pthread_cond_broadcast(&s->to_sync);
	pthread_mutex_unlock(&s->lock);
	if (!s->running)
		return;
	pthread_join(s->writer_thread, NULL);
	pthread_join(s->syncer_thread, NULL);
	for (unsigned i = 0; i < s->n_readers; i++)
		pthread_join(s->reader_threads[i], NULL);
}

static void drop_jobs(struct job_queue *q)
{
	while (!list_empty(&q->jobs)) {
		struct job_link *l = list_entry(list_pop(&q->jobs), struct job_link, list);

		job_free(&l->job);
		free(l);
	}
	pthread_cond_destroy(&q->more);
}

void stages_free(struct stages **stages)
{
	struct stages *s = *stages;

	*stages = NULL;
	if (!s)
		return;
	stop(s);
	while (!list_empty(&s->done)) {
		struct completion *c = list_entry(list_pop(&s->done), struct completion, list);

		job_free(&c->job);
		free(c);
	}
	drop_jobs(&s->writes);
	drop_jobs(&s->reads);
	writer_free(&s->writer);
	s->inbox->stages = NULL;
	inbox_unref(s->inbox);
	pthread_cond_destroy(&s->to_sync);
	pthread_mutex_destroy(&s->lock);
	free(s);
}
