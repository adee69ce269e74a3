/* SPDX-License-Identifier: Apache-2.0 */
/* watch.h - what lives longer than a command: watches on accounts, the POP3 lock. */
#ifndef TERN_STORE_WATCH_H
#define TERN_STORE_WATCH_H

#include "store/store.h"

struct store_watch;
/* `changed` is called on the loop (no coroutine) when the account may have changed. */
struct store_watch *store_watch(struct store_user *u, uint64_t account, uint64_t modseq,
				void (*changed)(void *arg), void *arg);
void store_watch_seen(struct store_watch *w, uint64_t modseq);
void store_watch_free(struct store_watch **w);

struct store_lock;
/* POP3: exclusive while held; asserted again every 10 s and after a change of leader; -ERR_INUSE. */
CO int store_lock(struct store_user *u, uint64_t account, struct store_lock **lock) MUST_USE;
void store_unlock(struct store_lock **lock);

#endif
