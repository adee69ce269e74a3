/* SPDX-License-Identifier: Apache-2.0 */
#include "mime_util.h"

#include "base/hash.h"

#include "lib/test.h"

static struct bytes packed_in_steps(struct bytes message, size_t step, struct arena *mem)
{
	struct mime_parser *p = mime_parser_new();
	Tern__Facts *f;

	while (message.n) {
		mime_feed(p, bytes_head(message, step));
		message = bytes_skip(message, step);
	}
	CHECK_INT(mime_finish(p, mem, &f), 0);
	mime_parser_free(&p);
	return facts_pack(f, mem);
}

Tern__Facts *parse_checked(struct bytes message, struct arena *mem)
{
	static const size_t steps[] = { 1, 2, 7, 64 };
	Tern__Facts *f;
	struct bytes packed;

	CHECK_INT(mime_parse(message, mem, &f), 0);
	packed = facts_pack(f, mem);
	for (size_t i = 0; i < ARRAY_LEN(steps); i++)
		CHECK(bytes_eq(packed, packed_in_steps(message, steps[i], mem)));
	check_sound(f, message);
	return f;
}

static unsigned depth_of(const Tern__Facts *f, size_t i)
{
	unsigned depth = 0;

	for (; i != 0; i = f->parts[i]->parent)
		depth++;
	return depth;
}

const char *shape(const Tern__Facts *f, struct arena *mem)
{
	static const char kinds[] = "L*M";
	struct buf out;
	const char *s;

	buf_init(&out, 0);
	for (size_t i = 0; i < f->n_parts; i++) {
		const Tern__FactsPart *p = f->parts[i];

		buf_printf(&out, "%*s%c %.*s/%.*s %llu-%llu-%llu %u%s%s%s\n",
			   (int)depth_of(f, i) * 2, "", kinds[p->kind],
			   BYTES_ARG(facts_bytes(p->type)), BYTES_ARG(facts_bytes(p->subtype)),
			   (unsigned long long)p->header, (unsigned long long)p->body,
			   (unsigned long long)p->end, p->lines,
			   p->flags & PART_8BIT ? " 8bit" : "", p->flags & PART_NUL ? " nul" : "",
			   p->flags & PART_CUT ? " cut" : "");
	}
	s = bytes_cstr(mem, buf_bytes(&out));
	buf_release(&out);
	return s;
}

const char *text_of(struct buf *b)
{
	buf_putc(b, 0);
	b->n--;
	return (const char *)b->p + b->start;
}

static uint32_t line_ends(struct bytes b)
{
	uint32_t n = 0;

	for (size_t i = 0; i < b.n; i++)
		n += b.p[i] == '\n';
	return n;
}

void check_sound(const Tern__Facts *f, struct bytes message)
{
	struct hash128 h = hash128(message);

	CHECK_INT(f->size, message.n);
	CHECK(f->digest_lo == h.lo && f->digest_hi == h.hi);
	for (size_t i = 0; i < f->n_parts; i++) {
		const Tern__FactsPart *p = f->parts[i], *parent = f->parts[p->parent];

		CHECK(p->header <= p->body && p->body <= p->end && p->end <= message.n);
		CHECK(i == 0 || (p->header >= parent->body && p->end <= parent->end));
		CHECK_INT(p->lines, line_ends(bytes_slice(message, p->body, p->end - p->body)));
	}
}
