/* SPDX-License-Identifier: Apache-2.0 */
#include "mime/thread.h"

#include "base/hash.h"
#include "mime/header.h"

#define KEY_SEED 0x7468726561640001ull

uint64_t thread_key(struct bytes id)
{
	const uint8_t *at = id.n ? memrchr(id.p, '@', id.n) : NULL;
	size_t domain = at ? (size_t)(at - id.p) : id.n;
	struct arena mem;
	uint64_t key;
	uint8_t *p;

	arena_init(&mem, 0);
	p = arena_alloc(&mem, id.n);
	for (size_t i = 0; i < id.n; i++)
		p[i] = i < domain ? id.p[i] : ascii_lower(id.p[i]);
	key = hash64(bytes_of(p, id.n), KEY_SEED);
	arena_release(&mem);
	return key ? key : 1;
}

static void add(uint64_t *keys, size_t *n, uint64_t key)
{
	for (size_t i = 0; i < *n; i++)
		if (keys[i] == key)
			return;
	keys[(*n)++] = key;
}

/* Of many ids the first, which began the thread, and the last, which are nearest. */
static void add_references(uint64_t *keys, size_t *n, struct bytes value, struct arena *mem)
{
	struct bytes id;

	while (header_message_id(&value, mem, &id)) {
		if (*n == THREAD_REFERENCES) {
			memmove(keys + 1, keys + 2, (*n - 2) * sizeof(*keys));
			--*n;
		}
		if (id.n)
			add(keys, n, thread_key(id));
	}
}

void thread_facts(Tern__Facts *f, struct arena *mem, struct bytes message_id,
		  struct bytes references, struct bytes in_reply_to)
{
	struct bytes id;
	size_t n = 0;

	if (header_message_id(&message_id, mem, &id) && id.n)
		f->id_key = thread_key(id);
	f->reference_keys = arena_array(mem, uint64_t, THREAD_REFERENCES + THREAD_REPLIES);
	add_references(f->reference_keys, &n, references, mem);
	for (size_t i = 0; i < THREAD_REPLIES && header_message_id(&in_reply_to, mem, &id); i++)
		if (id.n)
			add(f->reference_keys, &n, thread_key(id));
	f->n_reference_keys = n;
}

uint64_t *thread_keys(const Tern__Facts *f, struct arena *mem, size_t *n)
{
	uint64_t *keys = arena_array(mem, uint64_t, THREAD_KEYS);
	size_t left = MIN(f->n_reference_keys, (size_t)THREAD_KEYS - 1);

	*n = 0;
	if (f->id_key)
		add(keys, n, f->id_key);
	for (size_t i = f->n_reference_keys; left > 0; left--)
		if (f->reference_keys[--i])
			add(keys, n, f->reference_keys[i]);
	return keys;
}
