/* SPDX-License-Identifier: Apache-2.0 */
/* What is printed parses back to the same set; the set is in order and disjoint. */
#include "model/uidset.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check_order(const struct uidset *s)
{
	for (size_t i = 0; i < s->n; i++) {
		INVARIANT(s->v[i].from > 0 && s->v[i].from <= s->v[i].to);
		INVARIANT(i == 0 || s->v[i].from - 1 > s->v[i - 1].to);
	}
}

static void check_round_trip(const struct uidset *s)
{
	struct uidset back;
	struct buf out;

	uidset_init(&back);
	buf_init(&out, 0);
	uidset_print(s, &out);
	INVARIANT(s->n == 0 || uidset_parse(&back, buf_bytes(&out), 0, s->n));
	INVARIANT(back.n == s->n && (s->n == 0 || memcmp(back.v, s->v, s->n * sizeof(*s->v)) == 0));
	buf_release(&out);
	uidset_release(&back);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct uidset s, half;

	if (n < 4)
		return 0;
	uidset_init(&s);
	uidset_init(&half);
	if (uidset_parse(&s, bytes_of(data + 4, n - 4), data[0], 1000)) {
		check_order(&s);
		check_round_trip(&s);
		uidset_add(&half, 1 + data[1], 1 + data[2] * 7u);
		uidset_intersect(&half, &s);
		check_order(&half);
		uidset_remove(&s, 1 + data[1], 1 + data[2] * 7u);
		check_order(&s);
		for (size_t i = 0; i < half.n; i++)
			INVARIANT(!uidset_has(&s, half.v[i].from) && !uidset_has(&s, half.v[i].to));
	}
	uidset_release(&s);
	uidset_release(&half);
	return 0;
}
