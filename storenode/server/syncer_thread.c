/* SPDX-License-Identifier: Apache-2.0 */
/* syncer_thread.c - makes durable what the writer has written, again and again.
 *
 * There is no timer: whatever was written while one sync ran shares the next. */
#include "server/stages_impl.h"

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

/* The highest written ticket, once it is above `synced`; 0: there will be none. */
static uint64_t next_ticket(struct stages *s, uint64_t synced)
{
	uint64_t ticket;

	pthread_mutex_lock(&s->lock);
	while (s->written <= synced && !s->writer_ended)
		pthread_cond_wait(&s->to_sync, &s->lock);
	ticket = s->written > synced ? s->written : 0;
	pthread_mutex_unlock(&s->lock);
	return ticket;
}

void *syncer_main(void *arg)
{
	struct stages *s = arg;
	uint64_t synced = 0, ticket;

	while ((ticket = next_ticket(s, synced))) {
		if (kv_sync(s->c.kv)) {
			s->c.failed(s->c.arg, "a sync of the data directory failed");
			break;
		}
		synced = ticket;
		stages_complete(s, NULL, synced);
	}
	return NULL;
}
