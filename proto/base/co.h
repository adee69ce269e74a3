/* SPDX-License-Identifier: Apache-2.0 */
/* co.h - coroutines borrowed from a pool while a command runs.
 *
 * A coroutine stays on the thread of its pool. 64 KiB stacks with a guard page, reused. The
 * switch is boost.context's; -DCO_UCONTEXT builds the portable one. A function that may park
 * is marked CO. No lock, no errno, no thread-local is kept across a park. */
#ifndef TERN_CO_H
#define TERN_CO_H

#include "base/base.h"

struct co;
struct co_pool;

struct co_pool *co_pool_new(unsigned max);
void co_pool_free(struct co_pool **pool); /* must be idle */
unsigned co_pool_busy(const struct co_pool *pool);
unsigned co_pool_peak(const struct co_pool *pool); /* the most that were ever busy */
bool co_pool_full(const struct co_pool *pool);

/* Runs fn(arg) on a stack of the pool until it parks or ends. False when the pool is empty:
 * stop reading from whoever wanted it, and ask again when `on_free` fires. */
bool co_start(struct co_pool *pool, void (*fn)(void *arg), void *arg) MUST_USE;
/* `freed` is called each time a full pool has a stack again; it may start one. */
void co_pool_on_free(struct co_pool *pool, void (*freed)(void *arg), void *arg);

struct co *co_self(void); /* NULL outside a coroutine */
/* Gives the thread back until co_resume(co_self()). */
CO void co_park(void);
/* Continues a parked coroutine at once, on the caller's thread; returns when it parks again or
 * ends. Never from inside another coroutine's stack unless that one is content to wait. */
void co_resume(struct co *co);

#endif
