/* SPDX-License-Identifier: Apache-2.0 */
/* thread.h - the numbers by which messages of one conversation find each other.
 *
 * A key is the hash of a message id without its folding, domain in lower case: the message's
 * own, and those it refers to (the first of References, its last 20, In-Reply-To). Stored: the
 * hash never changes. */
#ifndef TERN_MIME_THREAD_H
#define TERN_MIME_THREAD_H

#include "mime/facts.h"

#define THREAD_REFERENCES 21
#define THREAD_REPLIES 5
#define THREAD_KEYS (1 + THREAD_REFERENCES + THREAD_REPLIES)

/* All keys of a message without doubles, in the order in which a thread is to be looked for:
 * own id, then the references from the nearest to the farthest. At most THREAD_KEYS. */
uint64_t *thread_keys(const Tern__Facts *f, struct arena *mem, size_t *n);

/* Never 0. `id` is what stands between '<' and '>'. */
uint64_t thread_key(struct bytes id);

/* For the parser: fills id_key and reference_keys from raw field values (empty: none). */
void thread_facts(Tern__Facts *f, struct arena *mem, struct bytes message_id,
		  struct bytes references, struct bytes in_reply_to);

#endif
