/* SPDX-License-Identifier: Apache-2.0 */
#include "model/row.h"

static void put_block(struct buf *out, struct bytes b)
{
	buf_varint(out, b.n);
	buf_put_bytes(out, b);
}

static bool get_block(struct bytes *in, struct bytes *b)
{
	uint64_t n;

	return get_varint(in, &n) && n <= in->n && get_bytes(in, (size_t)n, b);
}

static bool get_u32(struct bytes *in, uint32_t *v)
{
	uint64_t wide;

	if (!get_varint(in, &wide) || wide > UINT32_MAX)
		return false;
	*v = (uint32_t)wide;
	return true;
}

static void put_flags(struct buf *out, const struct row *row)
{
	buf_varint(out, row->flags);
	buf_varint(out, row->n_keywords);
	buf_put(out, row->keywords, row->n_keywords);
}

static bool get_flags(struct bytes *in, struct row *row)
{
	struct bytes keywords;
	uint32_t n;

	if (!get_u32(in, &row->flags) || !get_u32(in, &n) || n > KEYWORDS_MAX ||
	    !get_bytes(in, n, &keywords))
		return false;
	for (size_t i = 0; i < n; i++) {
		if (keywords.p[i] >= KEYWORDS_MAX || (i && keywords.p[i] <= keywords.p[i - 1]))
			return false;
		row->keywords[i] = keywords.p[i];
	}
	row->n_keywords = (uint8_t)n;
	return true;
}

static void put_date(struct buf *out, const struct row *row)
{
	buf_varint(out, row->date_ms);
	buf_varint(out, (uint32_t)row->zone << 1 ^ (uint32_t)(row->zone >> 31)); /* zigzag */
	buf_varint(out, row->save_ms);
}

static bool get_date(struct bytes *in, struct row *row)
{
	uint32_t zone;

	if (!get_varint(in, &row->date_ms) || !get_u32(in, &zone))
		return false;
	row->zone = (int32_t)(zone >> 1 ^ (0u - (zone & 1)));
	return get_varint(in, &row->save_ms);
}

static void put_chunks(struct buf *out, const struct row *row)
{
	put_block(out, row->prefix);
	buf_varint(out, row->n_chunks);
	put_block(out, row->chunks);
}

static bool get_chunks(struct bytes *in, struct row *row)
{
	struct row_chunk c;
	struct bytes rest;

	if (!get_block(in, &row->prefix) || !get_u32(in, &row->n_chunks) ||
	    row->n_chunks > ROW_MAX_CHUNKS || !get_block(in, &row->chunks))
		return false;
	rest = row->chunks;
	for (uint32_t i = 0; i < row->n_chunks; i++)
		if (!row_chunk_next(&rest, &c))
			return false;
	return rest.n == 0;
}

void row_pack(struct buf *out, const struct row *row, uint32_t columns)
{
	buf_varint(out, row->uid);
	if (columns & ROW_FLAGS)
		put_flags(out, row);
	if (columns & ROW_MODSEQ)
		buf_varint(out, row->modseq);
	if (columns & ROW_DATE)
		put_date(out, row);
	if (columns & ROW_SIZE)
		buf_varint(out, row->size);
	if (columns & ROW_IDS) {
		buf_varint(out, row->email);
		buf_varint(out, row->thread);
	}
	if (columns & ROW_FACTS)
		put_block(out, row->facts);
	if (columns & ROW_CHUNKS)
		put_chunks(out, row);
	if (columns & ROW_ENVELOPE)
		put_block(out, row->envelope);
	if (columns & ROW_STRUCTURE)
		put_block(out, row->structure);
}

bool row_unpack(struct bytes *page, uint32_t columns, struct row *row)
{
	memset(row, 0, sizeof(*row));
	return get_u32(page, &row->uid) && row->uid > 0 &&
	       (!(columns & ROW_FLAGS) || get_flags(page, row)) &&
	       (!(columns & ROW_MODSEQ) || get_varint(page, &row->modseq)) &&
	       (!(columns & ROW_DATE) || get_date(page, row)) &&
	       (!(columns & ROW_SIZE) || get_varint(page, &row->size)) &&
	       (!(columns & ROW_IDS) ||
		(get_varint(page, &row->email) && get_varint(page, &row->thread))) &&
	       (!(columns & ROW_FACTS) || get_block(page, &row->facts)) &&
	       (!(columns & ROW_CHUNKS) || get_chunks(page, row)) &&
	       (!(columns & ROW_ENVELOPE) || get_block(page, &row->envelope)) &&
	       (!(columns & ROW_STRUCTURE) || get_block(page, &row->structure));
}

void row_chunk_pack(struct buf *out, const struct row_chunk *c)
{
	buf_varint(out, c->index);
	buf_varint(out, c->term);
	buf_varint(out, c->raw);
	buf_varint(out, c->stored);
	buf_u64be(out, c->hash.lo);
	buf_u64be(out, c->hash.hi);
}

bool row_chunk_next(struct bytes *chunks, struct row_chunk *c)
{
	return get_varint(chunks, &c->index) && get_varint(chunks, &c->term) &&
	       get_u32(chunks, &c->raw) && get_u32(chunks, &c->stored) &&
	       get_u64be(chunks, &c->hash.lo) && get_u64be(chunks, &c->hash.hi);
}
