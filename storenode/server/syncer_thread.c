/* SPDX-License-Identifier: Apache-2.0 */
/* syncer_thread.c - makes durable what the writer has written, again and again.
 *
 * Whatever was written while one sync ran shares the next. A sync costs CPU on three nodes, and a
 * fast disk would be given one for nearly every commit; so after a sync the disk rests as long as
 * it took, for each job that shared it, at most REST_US_MAX. A lone client does not feel it: its
 * next commit comes later than that. */
#include "base/clock.h"
#include "server/stages_impl.h"

#include <time.h>

enum { REST_US_MAX = 1500 };

void stages_written(struct stages *s, uint64_t ticket)
{
	pthread_mutex_lock(&s->lock);
	s->written = ticket;
	pthread_cond_signal(&s->to_sync);
	pthread_mutex_unlock(&s->lock);
}

void stages_writer_ends(struct stages *s)
{
	pthread_mutex_lock(&s->lock);
	s->writer_ended = true;
	pthread_cond_signal(&s->to_sync);
	pthread_mutex_unlock(&s->lock);
}

static void rest(uint64_t until_us)
{
	uint64_t now = clock_us();
	struct timespec t = { 0 };

	if (now >= until_us)
		return;
	t.tv_nsec = (long)(until_us - now) * 1000;
	clock_nanosleep(CLOCK_MONOTONIC, 0, &t, NULL);
}

/* The highest written ticket, once it is above `synced`; 0: there will be none. */
static uint64_t next_ticket(struct stages *s, uint64_t synced, uint64_t not_before_us)
{
	uint64_t ticket;

	pthread_mutex_lock(&s->lock);
	while (s->written <= synced && !s->writer_ended)
		pthread_cond_wait(&s->to_sync, &s->lock);
	pthread_mutex_unlock(&s->lock);
	rest(not_before_us);
	pthread_mutex_lock(&s->lock);
	ticket = s->written > synced ? s->written : 0;
	pthread_mutex_unlock(&s->lock);
	return ticket;
}

void *syncer_main(void *arg)
{
	struct stages *s = arg;
	uint64_t synced = 0, ticket, free_at = 0;

	while ((ticket = next_ticket(s, synced, free_at))) {
		uint64_t began = clock_us(), ended, jobs = ticket - synced;

		if (kv_sync(s->c.kv)) {
			s->c.failed(s->c.arg, "a sync of the data directory failed");
			break;
		}
		ended = clock_us();
		free_at = ended + MIN(jobs * (ended - began), (uint64_t)REST_US_MAX);
		synced = ticket;
		stages_complete(s, NULL, synced);
	}
	return NULL;
}
