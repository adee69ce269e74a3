/* SPDX-License-Identifier: Apache-2.0 */
#include "model/uidset.h"

#include <stdlib.h>

void uidset_init(struct uidset *s)
{
	*s = (struct uidset){ 0 };
}

void uidset_release(struct uidset *s)
{
	free(s->v);
	uidset_init(s);
}

void uidset_clear(struct uidset *s)
{
	s->n = 0;
}

static void reserve(struct uidset *s, size_t n)
{
	if (n <= s->cap)
		return;
	s->cap = MAX(n, s->cap ? s->cap * 2 : 8);
	s->v = xrealloc(s->v, s->cap * sizeof(*s->v));
}

static void append(struct uidset *s, uint32_t from, uint32_t to)
{
	reserve(s, s->n + 1);
	s->v[s->n++] = (struct uid_range){ from, to };
}

/* The first range that ends at or after uid; s->n if none does. */
static size_t find(const struct uidset *s, uint32_t uid)
{
	size_t lo = 0, hi = s->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (s->v[mid].to < uid)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* Ranges [i, j) give way to n new ones. */
static void splice(struct uidset *s, size_t i, size_t j, const struct uid_range *new, size_t n)
{
	reserve(s, s->n - (j - i) + n);
	if (j < s->n)
		memmove(s->v + i + n, s->v + j, (s->n - j) * sizeof(*s->v));
	if (n)
		memcpy(s->v + i, new, n * sizeof(*s->v));
	s->n = s->n - (j - i) + n;
}

static void order(uint32_t *from, uint32_t *to)
{
	if (*from > *to) {
		uint32_t t = *from;

		*from = *to;
		*to = t;
	}
	INVARIANT(*from > 0);
}

void uidset_add(struct uidset *s, uint32_t from, uint32_t to)
{
	size_t i, j;

	order(&from, &to);
	if (s->n == 0 || from - 1 > s->v[s->n - 1].to) { /* the usual case: ascending */
		append(s, from, to);
		return;
	}
	i = j = find(s, from > 1 ? from - 1 : from); /* a neighbour is to be joined */
	for (; j < s->n && (to == UINT32_MAX || s->v[j].from <= to + 1); j++) {
		from = MIN(from, s->v[j].from);
		to = MAX(to, s->v[j].to);
	}
	splice(s, i, j, &(struct uid_range){ from, to }, 1);
}

void uidset_remove(struct uidset *s, uint32_t from, uint32_t to)
{
	struct uid_range rest[2];
	size_t i, j, n = 0;

	order(&from, &to);
	i = j = find(s, from);
	for (; j < s->n && s->v[j].from <= to; j++) {
		if (s->v[j].from < from)
			rest[n++] = (struct uid_range){ s->v[j].from, from - 1 };
		if (s->v[j].to > to)
			rest[n++] = (struct uid_range){ to + 1, s->v[j].to };
	}
	splice(s, i, j, rest, n);
}

bool uidset_has(const struct uidset *s, uint32_t uid)
{
	size_t i = find(s, uid);

	return i < s->n && s->v[i].from <= uid;
}

uint64_t uidset_count(const struct uidset *s)
{
	uint64_t count = 0;

	for (size_t i = 0; i < s->n; i++)
		count += (uint64_t)s->v[i].to - s->v[i].from + 1;
	return count;
}

uint32_t uidset_min(const struct uidset *s)
{
	return s->n ? s->v[0].from : 0;
}

uint32_t uidset_max(const struct uidset *s)
{
	return s->n ? s->v[s->n - 1].to : 0;
}

void uidset_intersect(struct uidset *s, const struct uidset *with)
{
	struct uidset out;
	size_t i = 0, j = 0;

	uidset_init(&out);
	while (i < s->n && j < with->n) {
		struct uid_range a = s->v[i], b = with->v[j];

		if (MAX(a.from, b.from) <= MIN(a.to, b.to))
			append(&out, MAX(a.from, b.from), MIN(a.to, b.to));
		if (a.to < b.to)
			i++;
		else
			j++;
	}
	uidset_release(s);
	*s = out;
}

/* nz-number or '*'. */
static bool take_number(struct bytes *in, uint32_t star, uint32_t *v)
{
	uint64_t n;
	size_t digits = 0;

	if (in->n && in->p[0] == '*') {
		*in = bytes_skip(*in, 1);
		*v = star;
		return true;
	}
	while (digits < in->n && in->p[digits] >= '0' && in->p[digits] <= '9')
		digits++;
	if (digits == 0 || in->p[0] == '0' || !bytes_u64(bytes_head(*in, digits), UINT32_MAX, &n))
		return false;
	*in = bytes_skip(*in, digits);
	*v = (uint32_t)n;
	return true;
}

/* RFC 3501, 9: seq-range; the ends may come in any order. */
static bool parse_item(struct bytes item, uint32_t star, struct uid_range *r)
{
	if (!take_number(&item, star, &r->from))
		return false;
	r->to = r->from;
	if (item.n && item.p[0] == ':') {
		item = bytes_skip(item, 1);
		if (!take_number(&item, star, &r->to))
			return false;
	}
	if (r->from == 0 || r->to == 0) /* '*' of an empty mailbox */
		r->from = r->to = MAX(r->from, r->to);
	if (r->from > r->to)
		*r = (struct uid_range){ r->to, r->from };
	return item.n == 0;
}

static int by_from(const void *a, const void *b)
{
	const struct uid_range *x = a, *y = b;

	return (x->from > y->from) - (x->from < y->from);
}

/* Sorted ranges become disjoint ones. Once at the end: thousands of ranges in any order are
 * linear, which inserting one by one is not. */
static void merge(struct uidset *s)
{
	size_t n = 0;

	qsort(s->v, s->n, sizeof(*s->v), by_from);
	for (size_t i = 0; i < s->n; i++) {
		if (n && s->v[i].from - 1 <= s->v[n - 1].to)
			s->v[n - 1].to = MAX(s->v[n - 1].to, s->v[i].to);
		else
			s->v[n++] = s->v[i];
	}
	s->n = n;
}

bool uidset_parse(struct uidset *s, struct bytes text, uint32_t star, size_t max_ranges)
{
	struct uid_range r;
	size_t items = 0;

	uidset_clear(s);
	if (text.n == 0 || text.p[text.n - 1] == ',')
		return false;
	while (text.n) {
		if (++items > max_ranges || !parse_item(bytes_cut(&text, ','), star, &r)) {
			uidset_clear(s);
			return false;
		}
		if (r.from)
			append(s, r.from, r.to);
	}
	if (s->n)
		merge(s);
	return true;
}

void uidset_print(const struct uidset *s, struct buf *out)
{
	for (size_t i = 0; i < s->n; i++) {
		if (i)
			buf_putc(out, ',');
		buf_printf(out, "%u", s->v[i].from);
		if (s->v[i].to != s->v[i].from)
			buf_printf(out, ":%u", s->v[i].to);
	}
}

bool uidset_from_ranges(struct uidset *s, const uint32_t *v, size_t n)
{
	uidset_clear(s);
	if (n % 2)
		return false;
	for (size_t i = 0; i < n; i += 2) {
		if (v[i] == 0 || v[i] > v[i + 1] || (i && v[i] <= v[i - 1])) {
			uidset_clear(s);
			return false;
		}
		uidset_add(s, v[i], v[i + 1]);
	}
	return true;
}

uint32_t *uidset_to_ranges(const struct uidset *s, struct arena *mem, size_t *n)
{
	uint32_t *v = arena_array(mem, uint32_t, s->n * 2);

	for (size_t i = 0; i < s->n; i++) {
		v[2 * i] = s->v[i].from;
		v[2 * i + 1] = s->v[i].to;
	}
	*n = s->n * 2;
	return v;
}

void uidset_iter_init(struct uidset_iter *it, const struct uidset *s)
{
	*it = (struct uidset_iter){ .s = s, .next = uidset_min(s) };
}

bool uidset_next(struct uidset_iter *it, uint32_t *uid)
{
	if (it->i >= it->s->n)
		return false;
	*uid = it->next;
	if (*uid < it->s->v[it->i].to)
		it->next++;
	else if (++it->i < it->s->n)
		it->next = it->s->v[it->i].from;
	return true;
}
