/* SPDX-License-Identifier: Apache-2.0 */
/* First line: a section; second line: field names; then the message. What is found lies in the
 * message; the fields named and the fields not named are all there are. */
#include "mime/header.h"
#include "mime/mime.h"
#include "mime/section.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static size_t fields_length(struct bytes header)
{
	struct header_field f;
	size_t n = 0;

	while (header_next(&header, &f))
		n += f.name.n ? f.whole.n : 0;
	return n + 2 * header_empty_line(header);
}

static void check_fields(struct bytes header, struct bytes text)
{
	struct bytes names[32];
	struct buf with, without;
	size_t n = 0;

	while (text.n && n < ARRAY_LEN(names))
		names[n++] = bytes_cut(&text, ' ');
	buf_init(&with, 0);
	buf_init(&without, 0);
	section_header_fields(&with, header, names, n, false);
	section_header_fields(&without, header, names, n, true);
	INVARIANT(with.n + without.n == fields_length(header));
	buf_release(&with);
	buf_release(&without);
}

static void check_section(const Tern__Facts *f, struct bytes text, struct bytes names,
			  struct bytes message, struct arena *mem)
{
	struct section_range r;
	struct section s;

	if (!section_parse(text, mem, &s) || !section_find(f, &s, &r))
		return;
	INVARIANT(r.offset <= f->size && r.length <= f->size - r.offset && r.part);
	if (s.what == SECTION_HEADER || s.what == SECTION_MIME)
		check_fields(bytes_slice(message, r.offset, r.length), names);
}

/* Whatever facts come out of the store, nothing may be read beyond them. */
static void check_foreign(struct bytes packed, struct bytes text, struct arena *mem)
{
	Tern__Facts *f = facts_unpack(packed, mem);
	struct section_range r;
	struct bytes header;
	struct section s;

	if (!f)
		return;
	if (section_parse(text, mem, &s) && section_find(f, &s, &r))
		INVARIANT(r.offset <= f->size && r.length <= f->size - r.offset);
	if (facts_top_header(f, mem, &header))
		INVARIANT(header.n == f->header_size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct bytes message = bytes_of(data, n), text, names;
	struct arena mem;
	Tern__Facts *f;

	arena_init(&mem, 0);
	text = bytes_cut(&message, '\n');
	names = bytes_cut(&message, '\n');
	INVARIANT(mime_parse(message, &mem, &f) == 0);
	check_section(f, text, names, message, &mem);
	check_foreign(message, text, &mem);
	arena_release(&mem);
	return 0;
}
