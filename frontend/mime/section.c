/* SPDX-License-Identifier: Apache-2.0 */
#include "mime/section.h"

#include "base/map.h"
#include "mime/header.h"
#include "mime/mime.h"

static bool what_of(struct bytes word, struct section *s)
{
	static const struct {
		const char *name;
		enum section_what what;
	} words[] = { { "HEADER", SECTION_HEADER },
		      { "TEXT", SECTION_TEXT },
		      { "MIME", SECTION_MIME } };

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (bytes_ieq(word, bytes_str(words[i].name))) {
			s->what = words[i].what;
			return s->what != SECTION_MIME || s->n > 0;
		}
	}
	return false;
}

bool section_parse(struct bytes text, struct arena *mem, struct section *s)
{
	uint32_t *numbers = arena_array(mem, uint32_t, MIME_MAX_DEPTH);
	bool more = text.n > 0;

	*s = (struct section){ .numbers = numbers };
	while (more) {
		struct bytes word = text;
		uint64_t v;

		more = bytes_chr(text, '.') < text.n;
		word = bytes_cut(&text, '.');
		if (word.n == 0 || word.p[0] < '0' || word.p[0] > '9')
			return !more && what_of(word, s);
		if (word.p[0] == '0' || s->n == MIME_MAX_DEPTH || !bytes_u64(word, UINT32_MAX, &v))
			return false;
		numbers[s->n++] = (uint32_t)v;
	}
	return true;
}

/* Position of the n-th child, 0 if there is none. Descendants stand behind their parent. */
static uint32_t child(const Tern__Facts *f, uint32_t parent, uint32_t n)
{
	for (uint32_t i = parent + 1; i < f->n_parts && f->parts[i]->parent >= parent; i++)
		if (f->parts[i]->parent == parent && --n == 0)
			return i;
	return 0;
}

/* Part `n` of a message whose content is `root`: one that is no multipart is its own part 1. */
static bool part_of_message(const Tern__Facts *f, uint32_t root, uint32_t n, uint32_t *part)
{
	if (f->parts[root]->kind != PART_MULTIPART) {
		*part = root;
		return n == 1;
	}
	*part = child(f, root, n);
	return *part > 0;
}

static bool walk(const Tern__Facts *f, const struct section *s, uint32_t *part)
{
	if (!part_of_message(f, 0, s->numbers[0], part))
		return false;
	for (size_t i = 1; i < s->n; i++) {
		uint32_t at = *part;

		if (f->parts[at]->kind == PART_LEAF)
			return false;
		if (f->parts[at]->kind == PART_MESSAGE) {
			if (!part_of_message(f, at + 1, s->numbers[i], part))
				return false;
		} else {
			*part = child(f, at, s->numbers[i]);
			if (*part == 0)
				return false;
		}
	}
	return true;
}

static void range(struct section_range *r, const Tern__FactsPart *part, uint64_t from, uint64_t to)
{
	*r = (struct section_range){ from, to - from, part };
}

bool section_find(const Tern__Facts *f, const struct section *s, struct section_range *r)
{
	const Tern__FactsPart *part = f->parts[0];
	bool message = s->n == 0;
	uint32_t at = 0;

	if (s->n > 0) {
		if (!walk(f, s, &at))
			return false;
		part = f->parts[at];
		message = part->kind == PART_MESSAGE;
	}
	if (s->what == SECTION_MIME && s->n > 0) {
		range(r, part, part->header, part->body);
		return true;
	}
	if (s->what == SECTION_ALL) {
		range(r, part, s->n ? part->body : 0, s->n ? part->end : f->size);
		return true;
	}
	if (!message || s->what == SECTION_MIME)
		return false;
	if (s->n > 0)
		part = f->parts[at + 1];
	if (s->what == SECTION_HEADER)
		range(r, part, part->header, part->body);
	else
		range(r, part, part->body, part->end);
	return true;
}

static void lowered(struct bytes name, struct arena *mem, struct map *wanted)
{
	map_put(wanted, bytes_lower(mem, name), wanted);
}

void section_header_fields(struct buf *out, struct bytes header, const struct bytes *names,
			   size_t n, bool not )
{
	struct header_field f;
	struct arena mem;
	struct map wanted;

	arena_init(&mem, 0);
	map_init(&wanted);
	for (size_t i = 0; i < n; i++)
		lowered(names[i], &mem, &wanted);
	while (header_next(&header, &f)) {
		bool listed;

		arena_clear(&mem);
		listed = f.name.n && map_get(&wanted, bytes_lower(&mem, f.name));
		if (f.name.n && listed != not )
			buf_put_bytes(out, f.whole);
	}
	buf_put_bytes(out, bytes_head(header, header_empty_line(header)));
	map_release(&wanted);
	arena_release(&mem);
}
