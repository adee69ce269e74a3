/* SPDX-License-Identifier: Apache-2.0 */
/* base.h - the first include of every file: the few words that all of Tern uses. */
#ifndef TERN_BASE_H
#define TERN_BASE_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
#define BIT(n) (1u << (n))
#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))

#define container_of(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))

#define MUST_USE __attribute__((warn_unused_result))
#define UNUSED __attribute__((unused))
#define NORETURN __attribute__((noreturn))
#define PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

/* Marks a function that may park the running coroutine (co.h). Only CO functions may call
 * one; tests/lint checks it. */
#define CO

#define KIB(n) ((uint64_t)(n) << 10)
#define MIB(n) ((uint64_t)(n) << 20)
#define GIB(n) ((uint64_t)(n) << 30)

/* A breach of an invariant of our own: says where and aborts, in every build. Never for input. */
NORETURN void bug_at(const char *file, int line, const char *what);
#define BUG(what) bug_at(__FILE__, __LINE__, what)
#define INVARIANT(cond) ((cond) ? (void)0 : bug_at(__FILE__, __LINE__, #cond))

/* Never return NULL: memory exhaustion ends the process, so whatever a client may size has a
 * cap of its own. */
void *xmalloc(size_t n) MUST_USE;
void *xcalloc(size_t count, size_t size) MUST_USE;
void *xrealloc(void *p, size_t n) MUST_USE;
char *xstrdup(const char *s) MUST_USE;
#define xnew(type) ((type *)xcalloc(1, sizeof(type)))

#endif
