/* SPDX-License-Identifier: Apache-2.0 */
/* hasher.c - jobs go through `waiting`, a thread, and loop_post back. */
#include "session/hasher.h"

#include <crypt.h>
#include <openssl/crypto.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

struct hasher {
	struct loop *loop;
	pthread_mutex_t lock; /* of waiting, stop */
	pthread_cond_t more;
	struct list waiting;
	bool stop;
	pthread_t *threads;
	unsigned n;
};

static void wipe(char **text)
{
	if (*text)
		explicit_bzero(*text, strlen(*text));
	free(*text);
	*text = NULL;
}

void hash_job_free(struct hash_job *j)
{
	wipe(&j->password);
	wipe(&j->hash);
	wipe(&j->decoy);
	free(j);
}

/* NULL where crypt does not know the method: it then answers at once, which would show. */
static const char *hash_of(const char *password, const char *setting, struct crypt_data *data)
{
	const char *h = setting ? crypt_r(password, setting, data) : NULL;

	return h && *h != '*' ? h : NULL;
}

static void work(struct hash_job *j, struct crypt_data *data)
{
	const char *h = hash_of(j->password, j->hash, data);

	if (h)
		j->match = strlen(h) == strlen(j->hash) &&
			   CRYPTO_memcmp(h, j->hash, strlen(h)) == 0;
	else
		(void)hash_of(j->password, j->decoy, data);
	explicit_bzero(data, sizeof(*data));
}

static void deliver(void *arg)
{
	struct hash_job *j = arg;

	j->done(j);
}

static void *thread(void *arg)
{
	struct hasher *h = arg;
	struct crypt_data *data = xcalloc(1, sizeof(*data));

	pthread_mutex_lock(&h->lock);
	while (!h->stop) {
		struct list *node = list_pop(&h->waiting);

		if (!node) {
			pthread_cond_wait(&h->more, &h->lock);
			continue;
		}
		pthread_mutex_unlock(&h->lock);
		work(list_entry(node, struct hash_job, node), data);
		loop_post(h->loop, deliver, list_entry(node, struct hash_job, node));
		pthread_mutex_lock(&h->lock);
	}
	pthread_mutex_unlock(&h->lock);
	free(data);
	return NULL;
}

struct hasher *hasher_new(struct loop *loop, unsigned threads)
{
	struct hasher *h = xnew(struct hasher);
	sigset_t all, old;

	h->loop = loop;
	h->n = threads;
	h->threads = xcalloc(threads, sizeof(*h->threads));
	list_init(&h->waiting);
	pthread_mutex_init(&h->lock, NULL);
	pthread_cond_init(&h->more, NULL);
	/* Signals are the loop's. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	for (unsigned i = 0; i < threads; i++)
		if (pthread_create(&h->threads[i], NULL, thread, h) != 0)
			BUG("cannot start a hashing thread");
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return h;
}

void hasher_free(struct hasher **arg)
{
	struct hasher *h = *arg;
	struct list *node;

	*arg = NULL;
	if (!h)
		return;
	pthread_mutex_lock(&h->lock);
	h->stop = true;
	pthread_cond_broadcast(&h->more);
	pthread_mutex_unlock(&h->lock);
	for (unsigned i = 0; i < h->n; i++)
		pthread_join(h->threads[i], NULL);
	while ((node = list_pop(&h->waiting)))
		hash_job_free(list_entry(node, struct hash_job, node));
	pthread_mutex_destroy(&h->lock);
	pthread_cond_destroy(&h->more);
	free(h->threads);
	free(h);
}

void hasher_submit(struct hasher *h, struct hash_job *j)
{
	j->hasher = h;
	pthread_mutex_lock(&h->lock);
	list_add(&h->waiting, &j->node);
	pthread_cond_signal(&h->more);
	pthread_mutex_unlock(&h->lock);
}
