/* SPDX-License-Identifier: Apache-2.0 */
/* bytes.h - struct bytes: a borrowed pointer and length, passed by value.
 *
 * What every parser takes and returns. It owns nothing and need not end in NUL. An empty one
 * may have p == NULL. All functions are safe on any input. */
#ifndef TERN_BYTES_H
#define TERN_BYTES_H

#include "base/base.h"

struct arena;

struct bytes {
	const uint8_t *p;
	size_t n;
};

#define BYTES(lit) ((struct bytes){ (const uint8_t *)("" lit), sizeof(lit) - 1 })
#define BYTES_NONE ((struct bytes){ NULL, 0 })
/* For printf: "%.*s", BYTES_ARG(b). */
#define BYTES_ARG(b) (int)(b).n, (const char *)(b).p

static inline struct bytes bytes_of(const void *p, size_t n)
{
	return (struct bytes){ p, n };
}

static inline struct bytes bytes_str(const char *s)
{
	return (struct bytes){ (const uint8_t *)s, s ? strlen(s) : 0 };
}

static inline bool bytes_eq(struct bytes a, struct bytes b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

/* The first n bytes (all of it if shorter); what is left after them. */
static inline struct bytes bytes_head(struct bytes b, size_t n)
{
	return bytes_of(b.p, MIN(n, b.n));
}

static inline struct bytes bytes_skip(struct bytes b, size_t n)
{
	n = MIN(n, b.n);
	return bytes_of(n ? b.p + n : b.p, b.n - n);
}

/* [from, from+n) clipped to what is there; overflow-safe. */
static inline struct bytes bytes_slice(struct bytes b, size_t from, size_t n)
{
	return bytes_head(bytes_skip(b, from), n);
}

bool bytes_ieq(struct bytes a, struct bytes b); /* ASCII case-insensitive */
int bytes_cmp(struct bytes a, struct bytes b);  /* as memcmp, shorter first */
bool bytes_starts(struct bytes b, struct bytes prefix);
bool bytes_istarts(struct bytes b, struct bytes prefix); /* ASCII case-insensitive */
bool bytes_ends(struct bytes b, struct bytes suffix);
size_t bytes_span(struct bytes b, bool (*in)(uint8_t c)); /* length of the leading run */
size_t bytes_ascii(struct bytes b); /* length of the leading run of octets below 0x80 */
/* Offset of the first match or b.n. */
size_t bytes_chr(struct bytes b, uint8_t c);
size_t bytes_find(struct bytes b, struct bytes needle);
struct bytes bytes_trim(struct bytes b); /* SP, TAB, CR, LF at both ends */
/* Takes up to and including `sep` off *b and returns what stood before it; all if none. */
struct bytes bytes_cut(struct bytes *b, uint8_t sep);

/* Decimal digits only, the whole of b, no sign, no overflow, at most `max`. */
bool bytes_u64(struct bytes b, uint64_t max, uint64_t *value) MUST_USE;

struct bytes bytes_dup(struct arena *mem, struct bytes b);
char *bytes_cstr(struct arena *mem, struct bytes b);         /* NUL-terminated copy */
struct bytes bytes_lower(struct arena *mem, struct bytes b); /* ASCII lower-cased copy */

static inline uint8_t ascii_lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
}

/* Keyed hash (xxh3 with the process's random seed): for tables, never for anything stored. */
uint64_t bytes_hash(struct bytes b);
/* Simulations: makes bytes_hash, and so the order of map_next, repeatable. Before any map. */
void bytes_hash_seed(uint64_t seed);

#endif
