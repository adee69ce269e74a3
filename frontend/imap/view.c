/* SPDX-License-Identifier: Apache-2.0 */
#include "imap/view.h"

#include <stdlib.h>

void view_init(struct view *v)
{
	memset(v, 0, sizeof(*v));
}

void view_release(struct view *v)
{
	uidset_release(&v->uids);
	uidset_release(&v->gone);
	free(v->before);
	view_init(v);
}

/* ---- numbers -------------------------------------------------------------------------------- */

static void changed(struct view *v)
{
	free(v->before);
	v->before = NULL;
}

static void count(struct view *v)
{
	if (v->before)
		return;
	v->before = xcalloc(v->uids.n + 1, sizeof(*v->before));
	v->count = 0;
	for (size_t i = 0; i < v->uids.n; i++) {
		v->before[i] = v->count;
		v->count += v->uids.v[i].to - v->uids.v[i].from + 1;
	}
}

uint32_t view_count(struct view *v)
{
	count(v);
	return v->count;
}

uint32_t view_max(const struct view *v)
{
	return uidset_max(&v->uids);
}

/* The first range that ends at or above uid. */
static size_t range_of(const struct view *v, uint32_t uid)
{
	size_t low = 0, high = v->uids.n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (v->uids.v[mid].to < uid)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

uint32_t view_seq(struct view *v, uint32_t uid)
{
	size_t i = range_of(v, uid);

	count(v);
	if (i == v->uids.n || v->uids.v[i].from > uid)
		return 0;
	return v->before[i] + (uid - v->uids.v[i].from) + 1;
}

uint32_t view_uid(struct view *v, uint32_t seq)
{
	size_t low = 0, high;

	count(v);
	if (seq == 0 || seq > v->count)
		return 0;
	for (high = v->uids.n; high - low > 1;) {
		size_t mid = low + (high - low) / 2;

		if (v->before[mid] < seq)
			low = mid;
		else
			high = mid;
	}
	return v->uids.v[low].from + (seq - v->before[low] - 1);
}

/* ---- changes -------------------------------------------------------------------------------- */

void view_add(struct view *v, const struct uidset *uids)
{
	for (size_t i = 0; i < uids->n; i++)
		uidset_add(&v->uids, uids->v[i].from, uids->v[i].to);
	changed(v);
}

void view_gone(struct view *v, const struct uidset *uids)
{
	struct uidset known;

	uidset_init(&known);
	for (size_t i = 0; i < uids->n; i++)
		uidset_add(&known, uids->v[i].from, uids->v[i].to);
	uidset_intersect(&known, &v->uids);
	for (size_t i = 0; i < known.n; i++)
		uidset_add(&v->gone, known.v[i].from, known.v[i].to);
	uidset_release(&known);
}

/* Both are in order: one pass. */
static void subtract(struct uidset *s, const struct uidset *minus)
{
	struct uidset left;
	size_t j = 0;

	uidset_init(&left);
	for (size_t i = 0; i < s->n; i++) {
		uint64_t from = s->v[i].from, to = s->v[i].to;

		for (; j < minus->n && minus->v[j].to < from; j++)
			;
		for (; j < minus->n && minus->v[j].from <= to; j++) {
			if (minus->v[j].from > from)
				uidset_add(&left, (uint32_t)from, minus->v[j].from - 1);
			from = (uint64_t)minus->v[j].to + 1;
			if (from > to)
				break;
		}
		if (from <= to)
			uidset_add(&left, (uint32_t)from, (uint32_t)to);
	}
	uidset_release(s);
	*s = left;
}

void view_forget(struct view *v, void (*tell)(void *arg, uint32_t seq), void *arg)
{
	if (v->gone.n == 0)
		return;
	for (size_t i = v->gone.n; i-- > 0;)
		for (uint32_t uid = v->gone.v[i].to; uid >= v->gone.v[i].from; uid--)
			tell(arg, view_seq(v, uid));
	subtract(&v->uids, &v->gone);
	uidset_release(&v->gone);
	changed(v);
}

/* ---- sets ----------------------------------------------------------------------------------- */

/* The UIDs of the numbers from..to. */
static void add_numbers(struct view *v, uint32_t from, uint32_t to, struct uidset *out)
{
	struct uidset span;

	to = MIN(to, v->count);
	if (from > to)
		return;
	uidset_init(&span);
	uidset_add(&span, view_uid(v, from), view_uid(v, to));
	for (size_t i = range_of(v, span.v[0].from); i < v->uids.n; i++) {
		struct uid_range r = v->uids.v[i];

		if (r.from > span.v[0].to)
			break;
		uidset_add(out, MAX(r.from, span.v[0].from), MIN(r.to, span.v[0].to));
	}
	uidset_release(&span);
}

bool view_knows(struct view *v, struct bytes set)
{
	struct uidset named;
	bool knows;

	uidset_init(&named);
	knows = !uidset_parse(&named, set, view_max(v), SIZE_MAX) || named.n == 0 ||
		named.v[named.n - 1].to <= view_max(v);
	uidset_release(&named);
	return knows;
}

/* '*' is the last message there is: of an empty mailbox nothing. */
void view_resolve(struct view *v, struct bytes set, bool uid, struct uidset *out)
{
	struct uidset named;
	uint32_t star;

	count(v);
	uidset_clear(out);
	uidset_init(&named);
	star = uid ? view_max(v) : v->count;
	if (v->count && uidset_parse(&named, set, star, SIZE_MAX)) {
		if (uid) {
			uidset_intersect(&named, &v->uids);
			uidset_release(out);
			*out = named;
			return;
		}
		for (size_t i = 0; i < named.n; i++)
			add_numbers(v, named.v[i].from, named.v[i].to, out);
	}
	uidset_release(&named);
}

void view_cover(struct view *v, struct uidset *set)
{
	size_t n = 0;

	for (size_t i = 0; i < set->n; i++) {
		struct uid_range r = set->v[i];

		if (n && view_seq(v, r.from) == view_seq(v, set->v[n - 1].to) + 1)
			set->v[n - 1].to = r.to;
		else
			set->v[n++] = r;
	}
	set->n = n;
}

bool view_step(const struct uidset *set, struct view_steps *at, uint64_t max, struct uidset *step)
{
	uidset_clear(step);
	for (; at->range < set->n && max; at->range++, at->from = 0) {
		uint32_t first = MAX(at->from, set->v[at->range].from), last = set->v[at->range].to;

		if ((uint64_t)last - first >= max) {
			last = first + (uint32_t)max - 1;
			uidset_add(step, first, last);
			at->from = last + 1;
			return true;
		}
		uidset_add(step, first, last);
		max -= last - first + 1;
	}
	return step->n > 0;
}

/* ---- what the client has heard -------------------------------------------------------------- */

/* Changes of one operation follow each other: a range is enough for them. */
void view_tell(struct view *v, uint64_t modseq)
{
	struct view_told *last = &v->told[v->next_told];

	if (modseq <= v->modseq || view_was_told(v, modseq))
		return;
	if (modseq == v->modseq + 1) { /* nobody changed anything of this account in between */
		v->modseq = modseq;
		return;
	}
	if (last->to + 1 != modseq) {
		v->next_told = (v->next_told + 1) % VIEW_TOLD;
		last = &v->told[v->next_told];
		last->from = modseq;
	}
	last->to = modseq;
}

bool view_was_told(const struct view *v, uint64_t modseq)
{
	for (unsigned i = 0; i < VIEW_TOLD; i++)
		if (modseq >= v->told[i].from && modseq <= v->told[i].to)
			return true;
	return false;
}

void view_seen(struct view *v, uint64_t modseq)
{
	v->modseq = MAX(v->modseq, modseq);
}
