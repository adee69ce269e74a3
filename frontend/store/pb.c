/* SPDX-License-Identifier: Apache-2.0 */
/* pb.c - small conversions between our values and the wire's. */
#include "base/base.h"
#include "store/private.h"

char *pb_string(struct arena *mem, struct bytes b)
{
	return bytes_cstr(mem, b);
}

Tern__Flags *pb_flags(struct arena *mem, const struct store_flags *f)
{
	Tern__Flags *pb = arena_new(mem, Tern__Flags);

	tern__flags__init(pb);
	pb->system = f->system;
	pb->n_keywords = f->n;
	pb->keywords = arena_array(mem, char *, f->n + 1);
	for (size_t i = 0; i < f->n; i++)
		pb->keywords[i] = pb_string(mem, f->keywords[i]);
	return pb;
}

Tern__Ranges *pb_ranges(struct arena *mem, const struct uidset *s)
{
	Tern__Ranges *pb = arena_new(mem, Tern__Ranges);

	tern__ranges__init(pb);
	pb->v = uidset_to_ranges(s, mem, &pb->n_v);
	return pb;
}

bool pb_uidset(struct uidset *s, const Tern__Ranges *r)
{
	return !r || uidset_from_ranges(s, r->v, r->n_v);
}
