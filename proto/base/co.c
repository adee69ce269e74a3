/* SPDX-License-Identifier: Apache-2.0 */
/* co.c - stacks of a pool and the switch between them.
 *
 * A coroutine remembers the context that resumed it, so resumes nest: parking or ending goes
 * back to the last resumer, be it the thread's own stack or another coroutine. ASan and
 * TSan are told of every switch, valgrind of every stack. */
#include "base/co.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#define CO_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define CO_ASAN 1
#endif
#endif
#ifdef CO_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#define asan_forget __asan_unpoison_memory_region
#define asan_leave __sanitizer_start_switch_fiber
#define asan_arrive __sanitizer_finish_switch_fiber
#else
#define asan_forget(p, n) ((void)(p))
#define asan_leave(fake, bottom, size) ((void)(fake))
#define asan_arrive(fake, bottom, size) ((void)(fake))
#endif

#ifdef __SANITIZE_THREAD__
#include <sanitizer/tsan_interface.h>
#define tsan_self __tsan_get_current_fiber
#define tsan_new() __tsan_create_fiber(0)
#define tsan_delete __tsan_destroy_fiber
#define tsan_switch(fiber) __tsan_switch_to_fiber(fiber, 0)
#else
#define tsan_self() NULL
#define tsan_new() NULL
#define tsan_delete(fiber) ((void)(fiber))
#define tsan_switch(fiber) ((void)(fiber))
#endif

#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#else
#define VALGRIND_STACK_REGISTER(from, to) 0
#define VALGRIND_STACK_DEREGISTER(id) ((void)(id))
#endif

enum { STACK_SIZE = 65536 };

#ifdef CO_UCONTEXT
#include <ucontext.h>
#else
/* libboost_context's switch; its C++ header cannot be included here. */
struct transfer {
	void *from, *data;
};
struct transfer jump_fcontext(void *const to, void *data);
void *make_fcontext(void *stack_top, size_t size, void (*fn)(struct transfer));
#endif

struct co {
	struct co *next; /* free list */
	struct co_pool *pool;
	struct co *resumer; /* NULL: the thread's own stack */
	void (*fn)(void *arg);
	void *arg;
	uint8_t *map; /* guard page, then the stack */
	uint8_t *stack;
	unsigned valgrind_id;
	bool running, ended;
#ifdef CO_UCONTEXT
	ucontext_t own, back;
#else
	void *own, *back;
#endif
	const void *back_stack; /* of the resumer, as ASan told */
	size_t back_size;
	void *tsan, *back_tsan;
};

struct co_pool {
	struct co *free;
	unsigned max, busy, peak;
	void (*freed)(void *arg);
	void *arg;
	bool telling, again;
};

static _Thread_local struct co *current;

static void switch_in(struct co *co)
{
	void *fake = NULL;

	co->back_tsan = tsan_self();
	asan_leave(&fake, co->stack, STACK_SIZE);
	tsan_switch(co->tsan);
#ifdef CO_UCONTEXT
	swapcontext(&co->back, &co->own);
#else
	co->own = jump_fcontext(co->own, co).from;
#endif
	asan_arrive(fake, NULL, NULL);
}

static void switch_out(struct co *co)
{
	void *fake = NULL;

	/* An ended one gives its fake stack up. */
	asan_leave(co->ended ? NULL : &fake, co->back_stack, co->back_size);
	tsan_switch(co->back_tsan);
#ifdef CO_UCONTEXT
	swapcontext(&co->own, &co->back);
#else
	co->back = jump_fcontext(co->back, NULL).from;
#endif
	asan_arrive(fake, &co->back_stack, &co->back_size);
}

NORETURN static void body(struct co *co)
{
	asan_arrive(NULL, &co->back_stack, &co->back_size);
	co->fn(co->arg);
	co->ended = true;
	switch_out(co);
	BUG("an ended coroutine was resumed");
}

#ifdef CO_UCONTEXT
static void entry(void)
{
	body(current);
}

static void make_context(struct co *co)
{
	if (getcontext(&co->own) < 0)
		BUG("getcontext failed");
	co->own.uc_stack.ss_sp = co->stack;
	co->own.uc_stack.ss_size = STACK_SIZE;
	co->own.uc_link = NULL;
	makecontext(&co->own, entry, 0);
}
#else
static void entry(struct transfer t)
{
	struct co *co = t.data;

	co->back = t.from;
	body(co);
}

static void make_context(struct co *co)
{
	co->own = make_fcontext(co->stack + STACK_SIZE, STACK_SIZE, entry);
}
#endif

static size_t guard_size(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

static struct co *co_new(struct co_pool *pool)
{
	struct co *co = xnew(struct co);
	size_t guard = guard_size();

	co->pool = pool;
	co->map = mmap(NULL, STACK_SIZE + guard, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_NORESERVE, -1, 0);
	if (co->map == MAP_FAILED || mprotect(co->map, guard, PROT_NONE) < 0)
		BUG("no memory for a coroutine's stack");
	co->stack = co->map + guard;
	co->valgrind_id = VALGRIND_STACK_REGISTER(co->stack, co->stack + STACK_SIZE);
	return co;
}

static void co_delete(struct co *co)
{
	VALGRIND_STACK_DEREGISTER(co->valgrind_id);
	asan_forget(co->stack, STACK_SIZE);
	munmap(co->map, STACK_SIZE + guard_size());
	free(co);
}

struct co_pool *co_pool_new(unsigned max)
{
	struct co_pool *pool = xnew(struct co_pool);

	pool->max = max;
	return pool;
}

void co_pool_free(struct co_pool **pool)
{
	struct co_pool *p = *pool;

	*pool = NULL;
	if (!p)
		return;
	INVARIANT(p->busy == 0);
	while (p->free) {
		struct co *co = p->free;

		p->free = co->next;
		co_delete(co);
	}
	free(p);
}

unsigned co_pool_busy(const struct co_pool *pool)
{
	return pool->busy;
}

unsigned co_pool_peak(const struct co_pool *pool)
{
	return pool->peak;
}

bool co_pool_full(const struct co_pool *pool)
{
	return pool->busy >= pool->max;
}

void co_pool_on_free(struct co_pool *pool, void (*freed)(void *arg), void *arg)
{
	pool->freed = freed;
	pool->arg = arg;
}

/* What `freed` starts may end at once and free its stack again: a loop, not a recursion. */
static void tell_freed(struct co_pool *pool)
{
	pool->again = true;
	if (pool->telling || !pool->freed)
		return;
	pool->telling = true;
	while (pool->again) {
		pool->again = false;
		pool->freed(pool->arg);
	}
	pool->telling = false;
}

static void put_back(struct co *co)
{
	struct co_pool *pool = co->pool;
	bool was_full = co_pool_full(pool);

	tsan_delete(co->tsan);
	co->next = pool->free;
	pool->free = co;
	pool->busy--;
	if (was_full)
		tell_freed(pool);
}

static void run(struct co *co)
{
	INVARIANT(!co->running);
	co->running = true;
	co->resumer = current;
	current = co;
	switch_in(co);
	current = co->resumer;
	co->running = false;
	if (co->ended)
		put_back(co);
}

static struct co *borrow(struct co_pool *pool)
{
	struct co *co = pool->free;

	if (co)
		pool->free = co->next;
	else
		co = co_new(pool);
	pool->busy++;
	pool->peak = MAX(pool->peak, pool->busy);
	return co;
}

bool co_start(struct co_pool *pool, void (*fn)(void *arg), void *arg)
{
	struct co *co;

	if (co_pool_full(pool))
		return false;
	co = borrow(pool);
	co->fn = fn;
	co->arg = arg;
	co->ended = false;
	co->tsan = tsan_new();
	/* Frames that never returned left poison where others will stand. */
	asan_forget(co->stack, STACK_SIZE);
	make_context(co);
	run(co);
	return true;
}

struct co *co_self(void)
{
	return current;
}

void co_park(void)
{
	INVARIANT(current);
	switch_out(current);
}

void co_resume(struct co *co)
{
	INVARIANT(!co->ended);
	run(co);
}
