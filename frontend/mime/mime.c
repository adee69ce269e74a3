/* SPDX-License-Identifier: Apache-2.0 */
/* mime.c - the scanner: lines of a message, its headers and its boundaries, in one pass.
 *
 * Bytes are looked at line by line. In a header the field being read is kept, in a body only the
 * start of a line that may be a boundary, and what the preview wants. Open parts are the chain of
 * parents of `current`; `levels` are the multiparts among them whose boundaries still count.
 * While a part is open its `lines` holds the number of line ends before its body. */
#include "mime/mime.h"

#include "base/buf.h"
#include "base/digest.h"
#include "base/err.h"
#include "mime/build.h"
#include "mime/header.h"
#include "mime/lexer.h"
#include "mime/preview.h"
#include "mime/thread.h"

#include <stdlib.h>
#include <zstd.h>

/* "--" boundary "--", blanks after it, CRLF; a line longer than this is no boundary. */
#define LINE_MAX_KEPT (2 + MIME_MAX_BOUNDARY + 2 + 256)
#define PREVIEW_TRIES 16
#define NO_PART UINT32_MAX

struct level {
	uint32_t part;
	struct bytes boundary;
};

struct mime_parser {
	struct arena mem;
	struct build build;
	struct digest *digest;
	uint64_t offset;     /* bytes seen */
	uint64_t after;      /* ... with the segment at hand */
	uint64_t line_start; /* offset of the line being read */
	uint32_t lines;      /* line ends before that line */
	uint32_t lines_after;
	unsigned eol; /* length of the line end before line_start */
	uint8_t last; /* byte before offset */
	bool in_header;
	bool continues; /* header: this line belongs to the field before it */
	bool cut;       /* header: the field is longer than what was kept */
	bool maybe;     /* body: this line may still be a boundary */
	uint32_t current;
	unsigned depth; /* of current */
	struct level levels[MIME_MAX_DEPTH];
	unsigned n_levels;
	size_t header_bytes, fields;
	struct buf field; /* header: the field being read; body: the line if maybe */
	struct buf top;   /* the message's header, while it is short */
	struct buf text;  /* start of the part that the preview is made from */
	uint32_t preview_part;
	unsigned preview_tries;
};

static Tern__FactsPart *part_at(struct mime_parser *p, uint32_t i)
{
	return p->build.facts->parts[i];
}

/* ---- headers ---------------------------------------------------------------------------- */

/* The envelope that fields of the current header belong to: of the message itself or, for the
 * child of a message part, in that part. */
static Tern__FactsEnvelope *current_envelope(struct mime_parser *p)
{
	Tern__FactsPart *parent = part_at(p, part_at(p, p->current)->parent);

	if (p->current == 0)
		return p->build.facts->envelope;
	return parent->kind == PART_MESSAGE ? parent->envelope : NULL;
}

/* The field in p->field is complete. */
static void field_end(struct mime_parser *p)
{
	struct bytes whole = buf_bytes(&p->field), rest = whole;
	struct header_field f;

	if (whole.n == 0)
		return;
	if (p->cut)
		p->build.facts->limits |= LIMIT_FIELD;
	p->header_bytes += whole.n;
	if (p->header_bytes > MIME_MAX_HEADERS || ++p->fields > MIME_MAX_FIELDS)
		p->build.facts->limits |= LIMIT_HEADER;
	else if (header_next(&rest, &f) && f.name.n)
		build_field(&p->build, part_at(p, p->current), current_envelope(p), f.name,
			    f.value);
	buf_clear(&p->field);
	p->cut = false;
}

static void begin_part(struct mime_parser *p, uint32_t parent, uint64_t offset)
{
	build_part(&p->build, parent, offset);
	p->current = (uint32_t)p->build.facts->n_parts - 1;
	p->depth += p->current > 0;
	p->in_header = true;
}

static void opaque(Tern__FactsPart *part)
{
	build_set_type(part, "application", "octet-stream");
	part->flags |= PART_CUT;
}

/* No more parts: the last one takes all that follows. */
static void begin_rest(struct mime_parser *p, uint32_t parent, uint64_t offset)
{
	begin_part(p, parent, offset);
	opaque(part_at(p, p->current));
	part_at(p, p->current)->body = offset;
	part_at(p, p->current)->lines = p->lines_after;
	p->in_header = false;
	p->n_levels = 0;
}

static bool may_nest(struct mime_parser *p, Tern__FactsPart *part, size_t parts)
{
	if (p->depth >= MIME_MAX_DEPTH)
		p->build.facts->limits |= LIMIT_DEPTH;
	else if (build_room(&p->build, parts))
		return true;
	opaque(part);
	return false;
}

static void enter_multipart(struct mime_parser *p, Tern__FactsPart *part)
{
	struct bytes boundary = p->build.boundary;

	if (boundary.n == 0) {
		build_set_type(part, "text", "plain");
	} else if (boundary.n > MIME_MAX_BOUNDARY) {
		p->build.facts->limits |= LIMIT_BOUNDARY;
		opaque(part);
	} else if (may_nest(p, part, 0)) {
		part->kind = PART_MULTIPART;
		p->levels[p->n_levels++] = (struct level){ p->current, boundary };
	}
}

static void enter_message(struct mime_parser *p, Tern__FactsPart *part)
{
	if (!may_nest(p, part, 1))
		return;
	part->kind = PART_MESSAGE;
	part->envelope = build_envelope(&p->build);
	begin_part(p, p->current, part->body);
}

static void enter_leaf(struct mime_parser *p, Tern__FactsPart *part)
{
	bool attached = bytes_ieq(facts_bytes(part->disposition), BYTES("attachment"));
	bool readable = build_type_is(part, "text", "plain") || build_type_is(part, "text", "html");

	if (readable && !attached && !p->build.facts->preview[0] &&
	    p->preview_tries < PREVIEW_TRIES) {
		p->preview_tries++;
		p->preview_part = p->current;
		buf_clear(&p->text);
	}
}

/* RFC 2046, 5.1.5: parts of a digest are messages unless they say otherwise. */
static bool is_digest_part(struct mime_parser *p, Tern__FactsPart *part)
{
	return p->current > 0 && !p->build.typed &&
	       build_type_is(part_at(p, part->parent), "multipart", "digest");
}

/* The current header ends, the body begins at `body`, behind that many lines. */
static void header_end(struct mime_parser *p, uint64_t body, uint32_t lines)
{
	Tern__FactsPart *part = part_at(p, p->current);

	field_end(p);
	build_header_end(&p->build, part, current_envelope(p));
	part->body = body;
	part->lines = lines;
	p->in_header = false;
	if (is_digest_part(p, part))
		build_set_type(part, "message", "rfc822");
	if (build_type_is(part, "multipart", NULL))
		enter_multipart(p, part);
	else if (build_type_is(part, "message", "rfc822") ||
		 build_type_is(part, "message", "global"))
		enter_message(p, part);
	else
		enter_leaf(p, part);
}

/* The header ends without an empty line, at a boundary or with the message. A message part in
 * it still gets its child. */
static void leave_header(struct mime_parser *p, uint64_t body, uint32_t lines)
{
	while (p->in_header)
		header_end(p, body, lines);
}

/* ---- the ends of parts ------------------------------------------------------------------ */

struct stop {
	uint64_t end;
	uint32_t lines;
};

static bool has_child(struct mime_parser *p, uint32_t i)
{
	return i + 1 < p->build.facts->n_parts && part_at(p, i + 1)->parent == i;
}

static void make_preview(struct mime_parser *p, Tern__FactsPart *part)
{
	char *text = preview_make(part, buf_bytes(&p->text), &p->mem);

	if (text[0])
		p->build.facts->preview = text;
	p->preview_part = NO_PART;
}

/* The current part ends; its parent is the current one then. */
static void close_part(struct mime_parser *p, struct stop *stop)
{
	Tern__FactsPart *part = part_at(p, p->current);

	/* Its body may begin at the very line that ends it: then the line end before that line
	 * is the header's, and whatever is around it ends there as well. */
	if (part->body > stop->end)
		*stop = (struct stop){ part->body, part->lines };
	part->end = stop->end;
	part->lines = stop->lines - part->lines;
	if (part->kind == PART_MULTIPART && !has_child(p, p->current)) {
		part->kind = PART_LEAF;
		build_set_type(part, "text", "plain");
	}
	if (part->kind != PART_LEAF)
		part->flags &= PART_CUT;
	if (p->preview_part == p->current)
		make_preview(p, part);
	p->depth -= p->current > 0;
	p->current = part->parent;
}

/* ---- boundaries ------------------------------------------------------------------------- */

static struct bytes without_end(struct bytes line)
{
	while (line.n && lex_is_white(line.p[line.n - 1]) && line.p[line.n - 1])
		line.n--;
	return line;
}

static bool may_be_boundary(struct bytes line)
{
	return bytes_eq(bytes_head(line, 2), bytes_head(BYTES("--"), line.n));
}

/* The level that a line belongs to, the innermost first; -1: no boundary. */
static int find_level(const struct mime_parser *p, struct bytes line, bool *closes)
{
	if (p->n_levels == 0 || !bytes_starts(line, BYTES("--")))
		return -1;
	line = bytes_skip(without_end(line), 2);
	for (int k = (int)p->n_levels - 1; k >= 0; k--) {
		struct bytes b = p->levels[k].boundary;

		*closes = line.n == b.n + 2;
		if (line.n != b.n && !(*closes && bytes_ends(line, BYTES("--"))))
			continue;
		if (memcmp(line.p, b.p, b.n) == 0)
			return k;
	}
	return -1;
}

/* The line that begins at line_start is a boundary of that level. */
static void take_boundary(struct mime_parser *p, int k, bool closes)
{
	uint32_t parent = p->levels[k].part;
	struct stop stop = { p->line_start - p->eol, p->lines - (p->eol > 0) };

	leave_header(p, p->line_start, p->lines);
	while (p->current != parent)
		close_part(p, &stop);
	p->n_levels = (unsigned)k + !closes;
	if (closes)
		return;
	if (build_room(&p->build, 1))
		begin_part(p, parent, p->after);
	else
		begin_rest(p, parent, p->after);
}

/* ---- lines ------------------------------------------------------------------------------ */

static bool at_line_start(const struct mime_parser *p)
{
	return p->offset == p->line_start;
}

static void header_bytes(struct mime_parser *p, struct bytes seg)
{
	size_t n;

	if (at_line_start(p)) {
		p->continues = p->field.n > 0 && lex_is_blank(seg.p[0]);
		if (!p->continues)
			field_end(p);
	}
	n = MIN(seg.n, MIME_MAX_FIELD - p->field.n);
	buf_put(&p->field, seg.p, n);
	p->cut |= n < seg.n;
	if (p->current == 0)
		buf_put_bytes(&p->top, seg);
}

/* The line in p->field is complete, or the message ends in it. */
static void header_line(struct mime_parser *p)
{
	struct bytes line = buf_bytes(&p->field);
	bool closes;
	int k;

	if (p->continues || p->cut)
		return;
	if (header_empty_line(line)) {
		buf_clear(&p->field);
		header_end(p, p->after, p->lines_after);
		return;
	}
	k = find_level(p, line, &closes);
	if (k >= 0) {
		buf_clear(&p->field);
		take_boundary(p, k, closes);
	}
}

static uint32_t bytes_flags(struct bytes b)
{
	uint64_t any = 0, w;
	size_t i;

	for (i = 0; i + 8 <= b.n; i += 8) {
		memcpy(&w, b.p + i, 8);
		any |= w;
	}
	for (; i < b.n; i++)
		any |= b.p[i];
	return (any & 0x8080808080808080ull ? PART_8BIT : 0) |
	       (bytes_chr(b, 0) < b.n ? PART_NUL : 0);
}

/* Bytes that are no boundary. */
static void body_take(struct mime_parser *p, struct bytes b)
{
	if (p->preview_part == p->current && p->text.n < PREVIEW_RAW)
		buf_put_bytes(&p->text, bytes_head(b, PREVIEW_RAW - p->text.n));
	part_at(p, p->current)->flags |= bytes_flags(b);
}

static void body_line(struct mime_parser *p, struct bytes line)
{
	bool closes;
	int k = find_level(p, line, &closes);

	if (k < 0)
		body_take(p, line);
	buf_clear(&p->field);
	p->maybe = false;
	if (k >= 0)
		take_boundary(p, k, closes);
}

/* Part of a line that may be a boundary is kept until that is known. */
static void body_bytes(struct mime_parser *p, struct bytes seg, bool eol)
{
	if (at_line_start(p))
		p->maybe = p->n_levels > 0;
	if (!p->maybe) {
		body_take(p, seg);
	} else if (p->field.n == 0 && eol) {
		body_line(p, seg);
	} else if (p->field.n + seg.n > LINE_MAX_KEPT) {
		body_take(p, buf_bytes(&p->field));
		body_take(p, seg);
		buf_clear(&p->field);
		p->maybe = false;
	} else {
		buf_put_bytes(&p->field, seg);
		if (eol || !may_be_boundary(buf_bytes(&p->field)))
			body_line(p, buf_bytes(&p->field));
	}
}

/* A line, or as much of one as is there. */
static void take_segment(struct mime_parser *p, struct bytes seg, bool eol)
{
	p->after = p->offset + seg.n;
	p->lines_after = p->lines + eol;
	if (p->in_header) {
		header_bytes(p, seg);
		if (eol)
			header_line(p);
	} else {
		body_bytes(p, seg, eol);
	}
	if (eol) {
		uint8_t before = seg.n > 1 ? seg.p[seg.n - 2] : at_line_start(p) ? 0 : p->last;

		p->eol = before == '\r' ? 2 : 1;
		p->line_start = p->after;
	}
	p->last = seg.p[seg.n - 1];
	p->offset = p->after;
	p->lines = p->lines_after;
}

/* ---- the face --------------------------------------------------------------------------- */

struct mime_parser *mime_parser_new(void)
{
	struct mime_parser *p = xnew(struct mime_parser);

	arena_init(&p->mem, 0);
	build_init(&p->build, &p->mem);
	p->digest = digest_new();
	buf_init(&p->field, MIME_MAX_FIELD);
	buf_init(&p->top, FACTS_TOP_HEADER);
	buf_init(&p->text, PREVIEW_RAW);
	p->preview_part = NO_PART;
	begin_part(p, 0, 0);
	return p;
}

void mime_parser_free(struct mime_parser **pp)
{
	struct mime_parser *p = *pp;

	if (!p)
		return;
	digest_free(&p->digest);
	buf_release(&p->field);
	buf_release(&p->top);
	buf_release(&p->text);
	arena_release(&p->mem);
	free(p);
	*pp = NULL;
}

void mime_feed(struct mime_parser *p, struct bytes piece)
{
	digest_add(p->digest, piece);
	while (piece.n) {
		size_t n = bytes_chr(piece, '\n');
		bool eol = n < piece.n;

		take_segment(p, bytes_head(piece, n + eol), eol);
		piece = bytes_skip(piece, n + eol);
	}
}

/* What the message ends in the middle of: a line, a header, all open parts. */
static void end_all(struct mime_parser *p)
{
	struct stop stop;

	p->after = p->offset;
	p->lines_after = p->lines;
	if (!at_line_start(p) && p->in_header)
		header_line(p);
	else if (!at_line_start(p) && p->maybe)
		body_line(p, buf_bytes(&p->field));
	leave_header(p, p->offset, p->lines);
	stop = (struct stop){ p->offset, p->lines };
	while (p->current != 0)
		close_part(p, &stop);
	close_part(p, &stop);
}

/* A worker has one thread; making a context costs more than using it. */
static void keep_top_header(struct mime_parser *p)
{
	static ZSTD_CCtx *context;
	Tern__Facts *f = p->build.facts;
	size_t room = ZSTD_compressBound(FACTS_TOP_HEADER), n;

	if (p->top.full || p->top.n != f->header_size || p->top.n == 0)
		return;
	if (!context)
		context = ZSTD_createCCtx();
	INVARIANT(context);
	f->top_header.data = arena_alloc(&p->mem, room);
	n = ZSTD_compressCCtx(context, f->top_header.data, room, buf_bytes(&p->top).p, p->top.n, 3);
	INVARIANT(!ZSTD_isError(n));
	f->top_header.len = n;
	f->top_header_raw = (uint32_t)p->top.n;
}

int mime_finish(struct mime_parser *p, struct arena *mem, Tern__Facts **facts)
{
	Tern__Facts *f = p->build.facts;
	struct hash128 digest = digest_end(p->digest);

	end_all(p);
	f->size = p->offset;
	f->header_size = f->parts[0]->body;
	f->digest_lo = digest.lo;
	f->digest_hi = digest.hi;
	keep_top_header(p);
	thread_facts(f, &p->mem, p->build.message_id, p->build.references, p->build.in_reply_to);
	/* The copy is what everybody will read later, from the store. */
	*facts = facts_unpack(facts_pack(f, &p->mem), mem);
	return *facts ? 0 : -ERR_LIMIT;
}

int mime_parse(struct bytes message, struct arena *mem, Tern__Facts **facts)
{
	struct mime_parser *p = mime_parser_new();
	int ret;

	mime_feed(p, message);
	ret = mime_finish(p, mem, facts);
	mime_parser_free(&p);
	return ret;
}
