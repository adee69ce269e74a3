/* SPDX-License-Identifier: Apache-2.0 */
/* However a message is cut into pieces, its facts are the same; parts lie within each other and
 * count their lines; they pack, unpack, and render as IMAP that a strict reader takes. */
#include "base/hash.h"
#include "base/rand.h"
#include "mime/envelope.h"
#include "mime/mime.h"
#include "mime/render.h"
#include "mime/thread.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static struct bytes in_pieces(struct bytes message, uint64_t seed, struct arena *mem)
{
	struct mime_parser *p = mime_parser_new();
	Tern__Facts *f;
	struct prng r;

	prng_seed(&r, seed);
	while (message.n) {
		size_t step = prng_chance(&r, 50) ? 1 + (size_t)prng_below(&r, 4) :
						    1 + (size_t)prng_below(&r, 200);

		mime_feed(p, bytes_head(message, step));
		message = bytes_skip(message, step);
	}
	INVARIANT(mime_finish(p, mem, &f) == 0);
	mime_parser_free(&p);
	return facts_pack(f, mem);
}

static void check_parts(const Tern__Facts *f, struct bytes message)
{
	for (size_t i = 0; i < f->n_parts; i++) {
		const Tern__FactsPart *p = f->parts[i], *parent = f->parts[p->parent];
		uint32_t lines = 0;

		INVARIANT(i == 0 || (p->header >= parent->body && p->end <= parent->end));
		for (uint64_t at = p->body; at < p->end; at++)
			lines += message.p[at] == '\n';
		INVARIANT(lines == p->lines);
	}
}

static bool take(struct bytes *in, const char *word)
{
	if (!bytes_starts(*in, bytes_str(word)))
		return false;
	*in = bytes_skip(*in, strlen(word));
	return true;
}

static bool quoted(struct bytes *in)
{
	size_t i;

	for (i = 1; i < in->n && in->p[i] != '"'; i++) {
		if (in->p[i] == '\\' && ++i < in->n && in->p[i] != '"' && in->p[i] != '\\')
			return false;
		if (i < in->n && (in->p[i] >= 0x80 || strchr("\r\n", in->p[i])))
			return false;
	}
	*in = bytes_skip(*in, i + 1);
	return true;
}

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static bool number(struct bytes *in, uint64_t *v)
{
	struct bytes digits = bytes_head(*in, bytes_span(*in, is_digit));

	*in = bytes_skip(*in, digits.n);
	return bytes_u64(digits, UINT64_MAX, v);
}

static bool literal(struct bytes *in)
{
	uint64_t n;

	*in = bytes_skip(*in, 1);
	if (!number(in, &n) || !take(in, "}\r\n") || n > in->n || memchr(in->p, 0, n))
		return false;
	*in = bytes_skip(*in, (size_t)n);
	return true;
}

/* Strings, numbers, NIL and lists of them, single blanks between. */
static bool strict(struct bytes in)
{
	uint64_t v;
	int depth = 0;

	do {
		while (take(&in, "("))
			depth++;
		if (in.n == 0)
			return false;
		if (in.p[0] == '"'    ? !quoted(&in) :
		    in.p[0] == '{'    ? !literal(&in) :
		    is_digit(in.p[0]) ? !number(&in, &v) :
					!take(&in, "NIL"))
			return false;
		while (take(&in, ")"))
			depth--;
	} while (in.n && (in.p[0] == '(' || take(&in, " ")) && depth > 0);
	return in.n == 0 && depth == 0;
}

static void check_render(const Tern__Facts *f)
{
	static void (*const forms[])(struct buf *, const Tern__Facts *) = { render_envelope,
									    render_body,
									    render_bodystructure };

	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		struct buf out;

		buf_init(&out, 0);
		forms[i](&out, f);
		INVARIANT(strict(buf_bytes(&out)));
		buf_release(&out);
	}
}

static void check_envelope(const Tern__Facts *f)
{
	struct buf out, text;

	buf_init(&out, 0);
	buf_init(&text, 0);
	render_envelope(&out, f);
	for (enum envelope_field field = ENVELOPE_DATE; field < ENVELOPE_FIELDS; field++)
		INVARIANT(envelope_text(buf_bytes(&out), field, &text));
	buf_release(&text);
	buf_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct bytes message = bytes_of(data, n), packed, header;
	struct arena mem;
	Tern__Facts *f;
	size_t keys;

	arena_init(&mem, 0);
	INVARIANT(mime_parse(message, &mem, &f) == 0);
	INVARIANT(f->size == n &&
		  hash128_eq(hash128(message), (struct hash128){ f->digest_lo, f->digest_hi }));
	packed = facts_pack(f, &mem);
	INVARIANT(bytes_eq(packed, in_pieces(message, hash64(message, 1), &mem)));
	check_parts(f, message);
	check_render(f);
	check_envelope(f);
	if (f->top_header_raw)
		INVARIANT(facts_top_header(f, &mem, &header) &&
			  bytes_eq(header, bytes_head(message, f->header_size)));
	thread_keys(f, &mem, &keys);
	INVARIANT(keys <= THREAD_KEYS);
	arena_release(&mem);
	return 0;
}
