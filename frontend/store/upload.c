/* SPDX-License-Identifier: Apache-2.0 */
/* upload.c - a message on its way in: parsed once, cut into chunks, sent while it arrives.
 *
 * One raw chunk is held; full ones leave as ChunkPut operations, a few at a time, and the last
 * one rides with the operation that stores the message. A message that fits in one chunk needs
 * no separate operation at all. */
#include "store/upload.h"
#include "base/base.h"
#include "mime/render.h"

#include <stdlib.h>

struct upload *upload_open(struct store_user *u, uint32_t home_shard)
{
	struct upload *up = xnew(struct upload);

	up->user = u;
	up->home = home_shard;
	rand_bytes(up->id, sizeof(up->id));
	arena_init(&up->mem, 0);
	up->parser = mime_parser_new();
	return up;
}

uint64_t upload_size(const struct upload *up)
{
	return up->size;
}

const Tern__Facts *upload_facts(const struct upload *up)
{
	return up->facts;
}

static Tern__ChunkRef *chunk_ref(struct upload *up, struct bytes stored, size_t raw)
{
	struct hash128 hash = hash128(stored);
	Tern__ChunkRef *ref;

	if (up->n_chunks == up->cap_chunks) {
		up->cap_chunks = MAX(up->cap_chunks * 2, 8);
		up->chunks = xrealloc(up->chunks, up->cap_chunks * sizeof(*up->chunks));
	}
	ref = arena_new(&up->mem, Tern__ChunkRef);
	tern__chunk_ref__init(ref);
	ref->raw = (uint32_t)raw;
	ref->stored = (uint32_t)stored.n;
	ref->hash_lo = hash.lo;
	ref->hash_hi = hash.hi;
	up->chunks[up->n_chunks++] = ref;
	return ref;
}

/* Waits for the oldest chunk on its way and notes where it was stored. */
CO static int settle_one(struct upload *up)
{
	struct chunk_flight *f = &up->flights[up->oldest % UPLOAD_WINDOW];
	Tern__Result *result;
	int ret = store_call_wait(&f->sc);

	if (ret == 0)
		ret = store_result(&f->sc, &up->mem, &result);
	if (ret == 0 && (!result->chunk || result->chunk->index == 0))
		ret = -ERR_CORRUPT;
	if (ret == 0) {
		f->ref->index = result->chunk->index;
		f->ref->term = result->chunk->term;
	}
	store_call_release(&f->sc);
	up->oldest++;
	return ret;
}

CO static int send_chunk(struct upload *up)
{
	Tern__ChunkPut put = TERN__CHUNK_PUT__INIT;
	Tern__Op op = TERN__OP__INIT;
	struct chunk_flight *f;
	struct blob *stored;
	int ret = 0;

	if (up->next - up->oldest == UPLOAD_WINDOW)
		ret = settle_one(up);
	if (ret < 0)
		return ret;
	stored = codec_pack(bytes_of(up->buffer, up->held));
	f = &up->flights[up->next++ % UPLOAD_WINDOW];
	f->ref = chunk_ref(up, stored->b, up->held);
	up->held = 0;
	up->staged = true;
	put.upload = (ProtobufCBinaryData){ sizeof(up->id), up->id };
	put.raw = f->ref->raw;
	op.version = 1;
	op.what_case = TERN__OP__WHAT_CHUNK;
	op.chunk = &put;
	store_call_init(&f->sc, up->user, CALL_OP, TERN__KIND__KIND_OP, up->home, &op.base);
	f->sc.call.grows = true;
	f->sc.call.payload[0] = stored;
	f->sc.call.n_payload = 1;
	store_call_start(&f->sc);
	return 0;
}

CO int upload_write(struct upload *up, struct bytes piece)
{
	up->size += piece.n;
	if (up->status < 0)
		return up->status;
	if (up->parser)
		mime_feed(up->parser, piece);
	while (piece.n > 0 && up->status == 0) {
		size_t n = MIN(piece.n, CHUNK_RAW - up->held);

		if (!up->buffer)
			up->buffer = chunk_buffer_get(up->user->store);
		memcpy(up->buffer + up->held, piece.p, n);
		up->held += n;
		piece = bytes_skip(piece, n);
		/* Only when more follows: the last chunk rides with the operation. */
		if (up->held == CHUNK_RAW && piece.n > 0)
			up->status = send_chunk(up);
	}
	return up->status;
}

CO int upload_end(struct upload *up)
{
	if (up->status == 0)
		up->status = mime_finish(up->parser, &up->mem, &up->facts);
	mime_parser_free(&up->parser);
	while (up->status == 0 && up->oldest < up->next)
		up->status = settle_one(up);
	if (up->status == 0 && up->held > 0) {
		up->last = codec_pack(bytes_of(up->buffer, up->held));
		chunk_ref(up, up->last->b, up->held);
	}
	chunk_buffer_put(up->user->store, &up->buffer);
	return up->status;
}

typedef void render_fn(struct buf *out, const Tern__Facts *f);

/* FETCH asks for these of every message in a folder: made once, here. What would be too long is
 * left to be made from the facts. */
static ProtobufCBinaryData rendered(struct upload *up, render_fn *render)
{
	struct bytes text = BYTES_NONE;
	struct buf b;

	buf_init(&b, 0);
	render(&b, up->facts);
	if (b.n <= ROW_RENDERED_MAX)
		text = bytes_dup(&up->mem, buf_bytes(&b));
	buf_release(&b);
	return (ProtobufCBinaryData){ text.n, (uint8_t *)text.p };
}

Tern__Content *upload_content(struct upload *up)
{
	Tern__Content *c = arena_new(&up->mem, Tern__Content);
	struct bytes facts = facts_pack(up->facts, &up->mem);

	tern__content__init(c);
	c->size = up->size;
	c->facts = (ProtobufCBinaryData){ facts.n, (uint8_t *)facts.p };
	c->envelope = rendered(up, render_envelope);
	c->structure = rendered(up, render_bodystructure);
	c->chunks = up->chunks;
	c->n_chunks = up->n_chunks;
	c->thread_keys = thread_keys(up->facts, &up->mem, &c->n_thread_keys);
	if (up->staged)
		c->upload = (ProtobufCBinaryData){ sizeof(up->id), up->id };
	return c;
}

CO int upload_append(struct upload *up, const struct append *a, uint32_t *uid_validity,
		     uint32_t *uid)
{
	Tern__Append append = TERN__APPEND__INIT;
	Tern__Op op = TERN__OP__INIT;
	Tern__Result *result;
	struct store_call sc;
	int ret;

	if (up->status < 0)
		return up->status;
	append.account = a->account;
	append.path = pb_string(&up->mem, a->path);
	append.content = upload_content(up);
	append.flags = pb_flags(&up->mem, &a->flags);
	append.date_ms = a->date_ms;
	append.zone = a->zone;
	op.version = 1;
	op.what_case = TERN__OP__WHAT_APPEND;
	op.append = &append;
	store_call_init(&sc, up->user, CALL_OP, TERN__KIND__KIND_OP, up->home, &op.base);
	sc.call.grows = true;
	if (up->last) {
		sc.call.payload[0] = blob_ref(up->last);
		sc.call.n_payload = 1;
	}
	store_call_start(&sc);
	ret = store_call_wait(&sc);
	if (ret == 0)
		ret = store_result(&sc, &up->mem, &result);
	store_call_release(&sc);
	if (ret == 0) {
		up->staged = false;
		*uid_validity = result->uid_validity;
		*uid = result->uids && result->uids->n_v ? result->uids->v[0] : 0;
	}
	return ret;
}

/* ---- giving up: staged chunks are aborted behind the command's back */

struct abort_job {
	struct store *store;
	uint32_t shard;
	uint8_t id[16];
};

CO static void abort_run(void *arg)
{
	struct abort_job *job = arg;
	Tern__UploadAbort abort_upload = TERN__UPLOAD_ABORT__INIT;
	Tern__Op op = TERN__OP__INIT;
	Tern__Result *result;
	struct store_user user;
	struct arena mem;

	arena_init(&mem, 0);
	store_user_init(&user, job->store);
	abort_upload.upload = (ProtobufCBinaryData){ sizeof(job->id), job->id };
	op.what_case = TERN__OP__WHAT_UPLOAD_ABORT;
	op.upload_abort = &abort_upload;
	/* Failing is fine: what is staged expires an hour after its last chunk. */
	if (store_op(&user, job->shard, &op, false, &mem, &result) < 0)
		log_debug(NULL, "upload_abort", "shard=%u outcome=left_to_expire", job->shard);
	arena_release(&mem);
	free(job);
}

static void abort_staged(struct upload *up)
{
	struct abort_job *job = xnew(struct abort_job);

	job->store = up->user->store;
	job->shard = up->home;
	memcpy(job->id, up->id, sizeof(job->id));
	if (!store_background(job->store, abort_run, job))
		free(job);
}

void upload_close(struct upload **upload)
{
	struct upload *up = *upload;

	*upload = NULL;
	if (!up)
		return;
	for (; up->oldest < up->next; up->oldest++)
		store_call_release(&up->flights[up->oldest % UPLOAD_WINDOW].sc);
	if (up->staged)
		abort_staged(up);
	mime_parser_free(&up->parser);
	chunk_buffer_put(up->user->store, &up->buffer);
	blob_unref(&up->last);
	free(up->chunks);
	arena_release(&up->mem);
	free(up);
}
