/* SPDX-License-Identifier: Apache-2.0 */
/* record_account.c - records of one account. */
#include "mailstore/codec.h"

static bool get(struct rows *r, const struct key *k, struct bytes *value)
{
	return rows_get(r, key_bytes(k), value);
}

void info_decode(struct bytes value, struct info_rec *v)
{
	struct dec d;

	dec_start(&d, value);
	v->address = dec_bytes(&d);
	v->password = dec_bytes(&d);
	v->quota_bytes = dec_u64(&d);
	v->quota_messages = dec_u64(&d);
	v->disabled = dec_u32(&d) != 0;
	v->dying = dec_u32(&d) != 0;
	v->purged = dec_bytes(&d);
	dec_end(&d);
}

bool info_get(struct rows *r, uint64_t account, struct arena *mem, struct info_rec *v)
{
	struct bytes value;
	struct key k;

	key_account(&k, account, A_INFO);
	if (!get(r, &k, &value))
		return false;
	info_decode(bytes_dup(mem, value), v);
	return true;
}

void info_put(struct rows *r, uint64_t account, const struct info_rec *v)
{
	struct buf b;
	struct key k;

	key_account(&k, account, A_INFO);
	enc_start(&b);
	enc_bytes(&b, v->address);
	enc_bytes(&b, v->password);
	buf_varint(&b, v->quota_bytes);
	buf_varint(&b, v->quota_messages);
	buf_varint(&b, v->disabled);
	buf_varint(&b, v->dying);
	enc_bytes(&b, v->purged);
	enc_end(&b, r, &k);
}

bool counters_get(struct rows *r, uint64_t account, struct counters_rec *v)
{
	struct bytes value;
	struct key k;
	struct dec d;

	key_account(&k, account, A_COUNTERS);
	if (!get(r, &k, &value))
		return false;
	dec_start(&d, value);
	v->modseq = dec_u64(&d);
	v->next_mailbox = dec_u32(&d);
	v->next_email = dec_u64(&d);
	v->last_uid_validity = dec_u32(&d);
	v->used_bytes = dec_u64(&d);
	v->used_messages = dec_u64(&d);
	v->names = dec_u32(&d);
	v->subscriptions = dec_u32(&d);
	dec_end(&d);
	return true;
}

void counters_put(struct rows *r, uint64_t account, const struct counters_rec *v)
{
	struct buf b;
	struct key k;

	key_account(&k, account, A_COUNTERS);
	enc_start(&b);
	buf_varint(&b, v->modseq);
	buf_varint(&b, v->next_mailbox);
	buf_varint(&b, v->next_email);
	buf_varint(&b, v->last_uid_validity);
	buf_varint(&b, v->used_bytes);
	buf_varint(&b, v->used_messages);
	buf_varint(&b, v->names);
	buf_varint(&b, v->subscriptions);
	enc_end(&b, r, &k);
}

void node_decode(struct bytes value, struct node_rec *v)
{
	struct dec d;

	dec_start(&d, value);
	v->id = dec_u32(&d);
	v->parent = dec_u32(&d);
	v->mailbox = dec_u32(&d);
	v->children = dec_u32(&d);
	v->special_use = dec_u32(&d);
	v->subscribed = dec_u32(&d) != 0;
	v->modseq = dec_u64(&d);
	v->name = dec_bytes(&d);
	dec_end(&d);
}

bool node_get(struct rows *r, uint64_t account, uint32_t id, struct arena *mem, struct node_rec *v)
{
	struct bytes value;
	struct key k;

	key_account_u32(&k, account, A_NODE, id);
	if (!get(r, &k, &value))
		return false;
	node_decode(bytes_dup(mem, value), v);
	return true;
}

void node_put(struct rows *r, uint64_t account, const struct node_rec *v)
{
	struct buf b;
	struct key k;

	key_account_u32(&k, account, A_NODE, v->id);
	enc_start(&b);
	buf_varint(&b, v->id);
	buf_varint(&b, v->parent);
	buf_varint(&b, v->mailbox);
	buf_varint(&b, v->children);
	buf_varint(&b, v->special_use);
	buf_varint(&b, v->subscribed);
	buf_varint(&b, v->modseq);
	enc_bytes(&b, v->name);
	enc_end(&b, r, &k);
}

static void decode_segments(struct dec *d, struct mailbox_rec *v)
{
	v->n_segments = dec_u32(d);
	INVARIANT(v->n_segments <= SEGMENTS_MAX);
	for (uint32_t i = 0; i < v->n_segments; i++) {
		struct segment *s = &v->segments[i];

		s->id = dec_u32(d);
		s->from = dec_u32(d);
		s->count = dec_u32(d);
		s->uid = dec_u32(d);
		s->modseq = dec_u64(d);
	}
}

void mailbox_decode(struct bytes value, struct mailbox_rec *v)
{
	struct dec d;

	dec_start(&d, value);
	v->id = dec_u32(&d);
	v->node = dec_u32(&d);
	v->uid_validity = dec_u32(&d);
	v->uid_next = dec_u32(&d);
	v->modseq = dec_u64(&d);
	v->trimmed = dec_u64(&d);
	v->messages = dec_u32(&d);
	v->unseen = dec_u32(&d);
	v->deleted = dec_u32(&d);
	v->size = dec_u64(&d);
	v->tombs = dec_u32(&d);
	v->next_segment = dec_u32(&d);
	v->dying = dec_u32(&d) != 0;
	v->purged = dec_u32(&d);
	decode_segments(&d, v);
	dec_end(&d);
}

bool mailbox_get(struct rows *r, uint64_t account, uint32_t id, struct mailbox_rec *v)
{
	struct bytes value;
	struct key k;

	key_account_u32(&k, account, A_MAILBOX, id);
	if (!get(r, &k, &value))
		return false;
	mailbox_decode(value, v);
	return true;
}

static void encode_segments(struct buf *b, const struct mailbox_rec *v)
{
	buf_varint(b, v->n_segments);
	for (uint32_t i = 0; i < v->n_segments; i++) {
		const struct segment *s = &v->segments[i];

		buf_varint(b, s->id);
		buf_varint(b, s->from);
		buf_varint(b, s->count);
		buf_varint(b, s->uid);
		buf_varint(b, s->modseq);
	}
}

void mailbox_put(struct rows *r, uint64_t account, const struct mailbox_rec *v)
{
	struct buf b;
	struct key k;

	key_account_u32(&k, account, A_MAILBOX, v->id);
	enc_start(&b);
	buf_varint(&b, v->id);
	buf_varint(&b, v->node);
	buf_varint(&b, v->uid_validity);
	buf_varint(&b, v->uid_next);
	buf_varint(&b, v->modseq);
	buf_varint(&b, v->trimmed);
	buf_varint(&b, v->messages);
	buf_varint(&b, v->unseen);
	buf_varint(&b, v->deleted);
	buf_varint(&b, v->size);
	buf_varint(&b, v->tombs);
	buf_varint(&b, v->next_segment);
	buf_varint(&b, v->dying);
	buf_varint(&b, v->purged);
	encode_segments(&b, v);
	enc_end(&b, r, &k);
}

void tomb_decode(struct bytes value, struct tomb_rec *v)
{
	struct dec d;

	dec_start(&d, value);
	v->uid = dec_u32(&d);
	v->email = dec_u64(&d);
	v->last = dec_u32(&d) != 0;
	v->log_ms = dec_u64(&d);
	dec_end(&d);
}

void tomb_put(struct rows *r, uint64_t account, uint32_t mailbox, uint64_t modseq,
	      const struct tomb_rec *v)
{
	struct buf b;
	struct key k;

	key_modseq(&k, account, A_TOMB, mailbox, modseq);
	enc_start(&b);
	buf_varint(&b, v->uid);
	buf_varint(&b, v->email);
	buf_varint(&b, v->last);
	buf_varint(&b, v->log_ms);
	enc_end(&b, r, &k);
}

void email_decode(struct bytes value, struct email_rec *v)
{
	struct dec d;

	dec_start(&d, value);
	v->content = dec_u64(&d);
	v->thread = dec_u64(&d);
	v->size = dec_u64(&d);
	v->refs = dec_u64(&d);
	v->prefix = dec_bytes(&d);
	dec_end(&d);
}

bool email_get(struct rows *r, uint64_t account, uint64_t id, struct arena *mem,
	       struct email_rec *v)
{
	struct bytes value;
	struct key k;

	key_account_u64(&k, account, A_EMAIL, id);
	if (!get(r, &k, &value))
		return false;
	email_decode(value, v);
	v->prefix = bytes_dup(mem, v->prefix);
	return true;
}

void email_put(struct rows *r, uint64_t account, uint64_t id, const struct email_rec *v)
{
	struct buf b;
	struct key k;

	key_account_u64(&k, account, A_EMAIL, id);
	enc_start(&b);
	buf_varint(&b, v->content);
	buf_varint(&b, v->thread);
	buf_varint(&b, v->size);
	buf_varint(&b, v->refs);
	enc_bytes(&b, v->prefix);
	enc_end(&b, r, &k);
}

void thread_decode(struct bytes value, struct thread_rec *v)
{
	struct dec d;

	dec_start(&d, value);
	v->thread = dec_u64(&d);
	v->refs = dec_u64(&d);
	dec_end(&d);
}

bool thread_get(struct rows *r, uint64_t account, uint64_t key, struct thread_rec *v)
{
	struct bytes value;
	struct key k;

	key_account_u64(&k, account, A_THREAD, key);
	if (!get(r, &k, &value))
		return false;
	thread_decode(value, v);
	return true;
}

void thread_put(struct rows *r, uint64_t account, uint64_t key, const struct thread_rec *v)
{
	struct buf b;
	struct key k;

	key_account_u64(&k, account, A_THREAD, key);
	enc_start(&b);
	buf_varint(&b, v->thread);
	buf_varint(&b, v->refs);
	enc_end(&b, r, &k);
}

void batch_decode(struct bytes value, struct batch_rec *v)
{
	struct dec d;

	dec_start(&d, value);
	v->state = dec_u32(&d);
	v->from = dec_u32(&d);
	v->to = dec_u32(&d);
	v->segment = dec_u32(&d);
	v->count = dec_u32(&d);
	v->undone = dec_u32(&d);
	v->unseen = dec_u32(&d);
	v->deleted = dec_u32(&d);
	v->size = dec_u64(&d);
	v->last_ms = dec_u64(&d);
	dec_end(&d);
}

bool batch_get(struct rows *r, uint64_t account, uint64_t id, struct batch_rec *v)
{
	struct bytes value;
	struct key k;

	key_account_u64(&k, account, A_BATCH, id);
	if (!get(r, &k, &value))
		return false;
	batch_decode(value, v);
	return true;
}

void batch_put(struct rows *r, uint64_t account, uint64_t id, const struct batch_rec *v)
{
	struct buf b;
	struct key k;

	key_account_u64(&k, account, A_BATCH, id);
	enc_start(&b);
	buf_varint(&b, v->state);
	buf_varint(&b, v->from);
	buf_varint(&b, v->to);
	buf_varint(&b, v->segment);
	buf_varint(&b, v->count);
	buf_varint(&b, v->undone);
	buf_varint(&b, v->unseen);
	buf_varint(&b, v->deleted);
	buf_varint(&b, v->size);
	buf_varint(&b, v->last_ms);
	enc_end(&b, r, &k);
}
