/* SPDX-License-Identifier: Apache-2.0 */
#include "mime/facts.h"

#include "mime/mime.h"
#include "wire/frame.h"

#include <zstd.h>

struct bytes facts_pack(const Tern__Facts *f, struct arena *mem)
{
	size_t n = tern__facts__get_packed_size(f);
	uint8_t *p = arena_alloc(mem, n);

	return bytes_of(p, tern__facts__pack(f, p));
}

static bool ordered(const Tern__FactsPart *p, uint64_t size)
{
	return p->header <= p->body && p->body <= p->end && p->end <= size &&
	       p->kind <= PART_MESSAGE;
}

/* Pre-order: the parent of a part is the one before it or one around that. */
static bool in_preorder(const Tern__Facts *f, uint32_t i)
{
	uint32_t parent = f->parts[i]->parent, at = i - 1;
	unsigned depth = 0;

	while (at != parent && at != 0 && depth++ <= MIME_MAX_DEPTH)
		at = f->parts[at]->parent;
	return at == parent;
}

static bool has_child(const Tern__Facts *f, uint32_t i)
{
	return i + 1 < f->n_parts && f->parts[i + 1]->parent == i;
}

static bool shallow(const Tern__Facts *f, uint32_t i)
{
	unsigned depth = 0;

	while (i != 0 && depth++ < MIME_MAX_DEPTH)
		i = f->parts[i]->parent;
	return i == 0;
}

/* Leaves have no child, messages one, multiparts at least one. */
static bool children_fit(const Tern__Facts *f, uint32_t i)
{
	const Tern__FactsPart *parent = f->parts[f->parts[i]->parent];

	if (i > 0 && (parent->kind == PART_LEAF ||
		      (parent->kind == PART_MESSAGE && f->parts[i]->parent != i - 1)))
		return false;
	return f->parts[i]->kind == PART_LEAF || has_child(f, i);
}

static bool sound(const Tern__Facts *f)
{
	if (f->version != FACTS_VERSION || f->n_parts == 0 || f->n_parts > MIME_MAX_PARTS ||
	    f->header_size > f->size || f->parts[0]->parent != 0)
		return false;
	for (uint32_t i = 0; i < f->n_parts; i++) {
		if (!ordered(f->parts[i], f->size))
			return false;
		if (i > 0 && (f->parts[i]->parent >= i || !in_preorder(f, i) || !shallow(f, i)))
			return false;
		if (!children_fit(f, i))
			return false;
	}
	return f->parts[0]->body == f->header_size;
}

Tern__Facts *facts_unpack(struct bytes packed, struct arena *mem)
{
	Tern__Facts *f = WIRE_UNPACK(facts, packed, mem);

	return f && sound(f) ? f : NULL;
}

bool facts_top_header(const Tern__Facts *f, struct arena *mem, struct bytes *header)
{
	static ZSTD_DCtx *context;
	uint8_t *p;

	if (f->top_header_raw == 0 || f->top_header_raw > FACTS_TOP_HEADER ||
	    f->top_header_raw != f->header_size)
		return false;
	p = arena_alloc(mem, f->top_header_raw);
	*header = bytes_of(p, f->top_header_raw);
	if (!context)
		context = ZSTD_createDCtx(); /* kept: a new one costs more than the header */
	return ZSTD_decompressDCtx(context, p, f->top_header_raw, f->top_header.data,
				   f->top_header.len) == f->top_header_raw;
}
