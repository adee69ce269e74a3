/* SPDX-License-Identifier: Apache-2.0 */
#include "mailstore/chunk.h"

#include "mailstore/ops.h"

static struct bytes id_of(ProtobufCBinaryData d)
{
	return bytes_of(d.data, d.len);
}

int check_chunk(const Tern__Op *op, size_t body, struct why *why)
{
	if (op->chunk->upload.len != 16)
		return why_set(why, ERR_INVALID, "an upload id has 16 bytes");
	if (op->chunk->raw == 0 || op->chunk->raw > CHUNK_RAW_MAX)
		return why_set(why, ERR_TOOBIG, "a chunk has 1 to %u bytes",
			       (unsigned)CHUNK_RAW_MAX);
	if (body == 0 || body > CHUNK_STORED_MAX)
		return why_set(why, ERR_INVALID, "a chunk needs a body of fitting size");
	return 0;
}

int op_chunk(struct txn *t, const Tern__Op *op)
{
	struct bytes id = id_of(op->chunk->upload), block;
	struct row_chunk c = { .index = t->e->index,
			       .term = t->e->term,
			       .raw = op->chunk->raw,
			       .stored = t->e->body_stored,
			       .hash = t->e->body_hash };
	struct upload_rec up = { .n = 0 };
	struct buf b;
	struct key k;

	if (!upload_get(t->rows, id, &up))
		txn_timer(t, t->now + UPLOAD_SILENCE, TIMER_UPLOAD, id);
	if (up.n == ROW_MAX_CHUNKS)
		return REFUSE(t, ERR_TOOBIG, "an upload has at most %d chunks", ROW_MAX_CHUNKS);
	key_staged(&k, id, up.n / UPLOAD_BLOCK);
	buf_init(&b, 0);
	if (raw_get(t->rows, key_bytes(&k), t->mem, &block))
		buf_put_bytes(&b, block);
	row_chunk_pack(&b, &c);
	raw_put(t->rows, key_bytes(&k), buf_bytes(&b));
	buf_release(&b);
	up.n++;
	up.bytes += c.stored;
	up.last_ms = t->now;
	upload_put(t->rows, id, &up);
	t->shard.staged_bytes += c.stored;
	t->body_used = true;
	t->res->chunk = arena_new(t->mem, Tern__ChunkRef);
	tern__chunk_ref__init(t->res->chunk);
	*t->res->chunk = (Tern__ChunkRef){ .base = t->res->chunk->base,
					   .index = c.index,
					   .term = c.term,
					   .raw = c.raw,
					   .stored = c.stored,
					   .hash_lo = c.hash.lo,
					   .hash_hi = c.hash.hi };
	return 0;
}

bool staged_read(struct rows *r, struct bytes upload, struct arena *mem, struct staged *s)
{
	struct upload_rec up;
	struct bytes block;
	struct key k;

	*s = (struct staged){ .upload = upload };
	if (!upload_get(r, upload, &up))
		return false;
	s->bytes = up.bytes;
	s->chunks = arena_array(mem, struct row_chunk, up.n);
	s->taken = arena_array(mem, bool, up.n);
	for (uint32_t i = 0; s->n < up.n; i++) {
		key_staged(&k, upload, i);
		INVARIANT(raw_get(r, key_bytes(&k), mem, &block));
		while (block.n && s->n < up.n)
			INVARIANT(row_chunk_next(&block, &s->chunks[s->n++]));
		INVARIANT(block.n == 0);
	}
	return true;
}

bool staged_take(struct staged *s, const struct row_chunk *c)
{
	size_t lo = 0, hi = s->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (s->chunks[mid].index < c->index)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == s->n || s->taken[lo] || s->chunks[lo].index != c->index ||
	    s->chunks[lo].term != c->term || s->chunks[lo].raw != c->raw ||
	    s->chunks[lo].stored != c->stored || !hash128_eq(s->chunks[lo].hash, c->hash))
		return false;
	s->taken[lo] = true;
	return true;
}

void staged_end(struct txn *t, struct staged *s)
{
	struct key k;

	for (size_t i = 0; i < s->n; i++)
		if (!s->taken[i])
			txn_reclaim(t, s->chunks[i].index, s->chunks[i].term);
	for (size_t i = 0; i < s->n; i += UPLOAD_BLOCK) {
		key_staged(&k, s->upload, (uint32_t)(i / UPLOAD_BLOCK));
		rows_del(t->rows, key_bytes(&k));
	}
	key_id(&k, T_UPLOAD, s->upload);
	rows_del(t->rows, key_bytes(&k));
	INVARIANT(t->shard.staged_bytes >= s->bytes);
	t->shard.staged_bytes -= s->bytes;
}

int check_upload_abort(const Tern__Op *op, size_t body UNUSED, struct why *why)
{
	if (op->upload_abort->upload.len != 16)
		return why_set(why, ERR_INVALID, "an upload id has 16 bytes");
	return 0;
}

/* An upload that is not there has been taken, aborted or has expired: nothing is left to do. */
int op_upload_abort(struct txn *t, const Tern__Op *op)
{
	struct staged s;

	if (staged_read(t->rows, id_of(op->upload_abort->upload), t->mem, &s))
		staged_end(t, &s);
	return 0;
}

uint64_t upload_expire(struct txn *t, struct bytes upload, size_t *n)
{
	struct upload_rec up;
	struct staged s;

	*n = 1;
	if (!upload_get(t->rows, upload, &up))
		return 0;
	if (up.last_ms + UPLOAD_SILENCE > t->now)
		return up.last_ms + UPLOAD_SILENCE;
	INVARIANT(staged_read(t->rows, upload, t->mem, &s));
	*n = s.n;
	staged_end(t, &s);
	return 0;
}
