/* SPDX-License-Identifier: Apache-2.0 */
/* record.c - records of the shard: sessions, deliveries, directory, bodies, queue. */
#include "mailstore/codec.h"

/* ---- plain rows */

void number_put(struct rows *r, struct bytes key, uint64_t v)
{
	struct buf b;

	enc_start(&b);
	buf_varint(&b, v);
	rows_put(r, key, buf_bytes(&b));
	buf_release(&b);
}

uint64_t number_decode(struct bytes value)
{
	struct dec d;
	uint64_t v;

	dec_start(&d, value);
	v = dec_u64(&d);
	dec_end(&d);
	return v;
}

bool number_get(struct rows *r, struct bytes key, uint64_t *v)
{
	struct bytes value;

	if (!rows_get(r, key, &value))
		return false;
	*v = number_decode(value);
	return true;
}

void blank_put(struct rows *r, struct bytes key)
{
	static const uint8_t version = RECORD_VERSION;

	rows_put(r, key, bytes_of(&version, 1));
}

void raw_put(struct rows *r, struct bytes key, struct bytes v)
{
	struct buf b;

	enc_start(&b);
	buf_put_bytes(&b, v);
	rows_put(r, key, buf_bytes(&b));
	buf_release(&b);
}

struct bytes raw_decode(struct bytes value)
{
	struct dec d;

	dec_start(&d, value);
	return d.in;
}

bool raw_get(struct rows *r, struct bytes key, struct arena *mem, struct bytes *v)
{
	struct bytes value;

	if (!rows_get(r, key, &value))
		return false;
	*v = bytes_dup(mem, raw_decode(value));
	return true;
}

struct rows_iter *rows_under(struct rows *r, struct bytes prefix, struct bytes from)
{
	struct key to;

	key_end_of(&to, prefix);
	return rows_iter_new(r, from.n ? from : prefix, key_bytes(&to));
}

/* ---- shard */

bool shard_get(struct rows *r, struct shard_rec *v)
{
	struct bytes value;
	struct key k;
	struct dec d;

	*v = (struct shard_rec){ .next_account = 1, .next_content = 1, .next_pending = 1 };
	key_table(&k, T_SHARD);
	if (!rows_get(r, key_bytes(&k), &value))
		return false;
	dec_start(&d, value);
	v->log_ms = dec_u64(&d);
	v->next_account = dec_u64(&d);
	v->next_content = dec_u64(&d);
	v->next_pending = dec_u64(&d);
	v->clients = dec_u64(&d);
	v->pendings = dec_u64(&d);
	v->staged_bytes = dec_u64(&d);
	v->timers_from = dec_u64(&d);
	v->due_from = dec_u64(&d);
	dec_end(&d);
	return true;
}

void shard_put(struct rows *r, const struct shard_rec *v)
{
	struct buf b;
	struct key k;

	key_table(&k, T_SHARD);
	enc_start(&b);
	buf_varint(&b, v->log_ms);
	buf_varint(&b, v->next_account);
	buf_varint(&b, v->next_content);
	buf_varint(&b, v->next_pending);
	buf_varint(&b, v->clients);
	buf_varint(&b, v->pendings);
	buf_varint(&b, v->staged_bytes);
	buf_varint(&b, v->timers_from);
	buf_varint(&b, v->due_from);
	enc_end(&b, r, &k);
}

/* ---- sessions and deliveries */

void client_decode(struct bytes value, struct client_rec *v)
{
	struct dec d;

	dec_start(&d, value);
	v->seen_ms = dec_u64(&d);
	v->done_below = dec_u64(&d);
	v->top = dec_u64(&d);
	v->dropped = dec_u64(&d);
	v->forgotten = dec_u32(&d) != 0;
	dec_end(&d);
}

bool client_get(struct rows *r, uint64_t client, struct client_rec *v)
{
	struct bytes value;
	struct key k;

	key_table_u64(&k, T_CLIENT, client);
	if (!rows_get(r, key_bytes(&k), &value))
		return false;
	client_decode(value, v);
	return true;
}

void client_put(struct rows *r, uint64_t client, const struct client_rec *v)
{
	struct buf b;
	struct key k;

	key_table_u64(&k, T_CLIENT, client);
	enc_start(&b);
	buf_varint(&b, v->seen_ms);
	buf_varint(&b, v->done_below);
	buf_varint(&b, v->top);
	buf_varint(&b, v->dropped);
	buf_varint(&b, v->forgotten);
	enc_end(&b, r, &k);
}

void delivery_decode(struct bytes value, struct delivery_rec *v)
{
	struct dec d;

	dec_start(&d, value);
	v->log_ms = dec_u64(&d);
	v->index = dec_u64(&d);
	v->result = dec_bytes(&d);
	dec_end(&d);
}

bool delivery_get(struct rows *r, struct bytes id, uint64_t fingerprint, struct arena *mem,
		  struct delivery_rec *v)
{
	struct bytes value;
	struct key k;

	key_id_u64(&k, T_DELIVERY, id, fingerprint);
	if (!rows_get(r, key_bytes(&k), &value))
		return false;
	delivery_decode(value, v);
	v->result = bytes_dup(mem, v->result);
	return true;
}

void delivery_put(struct rows *r, struct bytes id, uint64_t fingerprint,
		  const struct delivery_rec *v)
{
	struct buf b;
	struct key k;

	key_id_u64(&k, T_DELIVERY, id, fingerprint);
	enc_start(&b);
	buf_varint(&b, v->log_ms);
	buf_varint(&b, v->index);
	enc_bytes(&b, v->result);
	enc_end(&b, r, &k);
}

void delivered_decode(struct bytes value, struct delivered_rec *v)
{
	struct dec d;

	dec_start(&d, value);
	v->log_ms = dec_u64(&d);
	v->status = dec_u32(&d);
	v->email = dec_u64(&d);
	dec_end(&d);
}

bool delivered_get(struct rows *r, struct bytes id, uint64_t account, struct delivered_rec *v)
{
	struct bytes value;
	struct key k;

	key_id_u64(&k, T_DELIVERED, id, account);
	if (!rows_get(r, key_bytes(&k), &value))
		return false;
	delivered_decode(value, v);
	return true;
}

void delivered_put(struct rows *r, struct bytes id, uint64_t account, const struct delivered_rec *v)
{
	struct buf b;
	struct key k;

	key_id_u64(&k, T_DELIVERED, id, account);
	enc_start(&b);
	buf_varint(&b, v->log_ms);
	buf_varint(&b, v->status);
	buf_varint(&b, v->email);
	enc_end(&b, r, &k);
}

/* ---- directory */

void address_decode(struct bytes value, struct address_rec *v)
{
	struct dec d;

	dec_start(&d, value);
	v->account = dec_u64(&d);
	v->alias = dec_bytes(&d);
	dec_end(&d);
}

bool address_get(struct rows *r, struct bytes full, struct arena *mem, struct address_rec *v)
{
	struct bytes value;
	struct key k;

	key_address(&k, full);
	if (!rows_get(r, key_bytes(&k), &value))
		return false;
	address_decode(value, v);
	v->alias = bytes_dup(mem, v->alias);
	return true;
}

void address_put(struct rows *r, struct bytes full, const struct address_rec *v)
{
	struct buf b;
	struct key k;

	key_address(&k, full);
	enc_start(&b);
	buf_varint(&b, v->account);
	enc_bytes(&b, v->alias);
	enc_end(&b, r, &k);
}

/* ---- bodies */

void content_decode(struct bytes value, struct content_rec *v)
{
	struct dec d;

	dec_start(&d, value);
	v->size = dec_u64(&d);
	v->refs = dec_u64(&d);
	v->zero_ms = dec_u64(&d);
	v->n_keys = dec_u32(&d);
	INVARIANT(v->n_keys <= THREAD_KEYS_MAX);
	for (uint32_t i = 0; i < v->n_keys; i++)
		INVARIANT(get_u64be(&d.in, &v->keys[i]));
	dec_end(&d);
}

bool content_get(struct rows *r, uint64_t id, struct content_rec *v)
{
	struct bytes value;
	struct key k;

	key_table_u64(&k, T_CONTENT, id);
	if (!rows_get(r, key_bytes(&k), &value))
		return false;
	content_decode(value, v);
	return true;
}

void content_put(struct rows *r, uint64_t id, const struct content_rec *v)
{
	struct buf b;
	struct key k;

	key_table_u64(&k, T_CONTENT, id);
	enc_start(&b);
	buf_varint(&b, v->size);
	buf_varint(&b, v->refs);
	buf_varint(&b, v->zero_ms);
	buf_varint(&b, v->n_keys);
	for (uint32_t i = 0; i < v->n_keys; i++)
		buf_u64be(&b, v->keys[i]);
	enc_end(&b, r, &k);
}

void body_decode(struct bytes value, struct body_rec *v)
{
	struct dec d;

	dec_start(&d, value);
	v->facts = dec_bytes(&d);
	v->n_chunks = dec_u32(&d);
	v->chunks = dec_bytes(&d);
	v->envelope = dec_bytes(&d);
	v->structure = dec_bytes(&d);
	dec_end(&d);
}

bool body_get(struct rows *r, uint64_t id, struct arena *mem, struct body_rec *v)
{
	struct bytes value;
	struct key k;

	key_table_u64(&k, T_BODY, id);
	if (!rows_get(r, key_bytes(&k), &value))
		return false;
	body_decode(bytes_dup(mem, value), v);
	return true;
}

void body_put(struct rows *r, uint64_t id, const struct body_rec *v)
{
	struct buf b;
	struct key k;

	key_table_u64(&k, T_BODY, id);
	enc_start(&b);
	enc_bytes(&b, v->facts);
	buf_varint(&b, v->n_chunks);
	enc_bytes(&b, v->chunks);
	enc_bytes(&b, v->envelope);
	enc_bytes(&b, v->structure);
	enc_end(&b, r, &k);
}

void upload_decode(struct bytes value, struct upload_rec *v)
{
	struct dec d;

	dec_start(&d, value);
	v->last_ms = dec_u64(&d);
	v->bytes = dec_u64(&d);
	v->n = dec_u32(&d);
	dec_end(&d);
}

bool upload_get(struct rows *r, struct bytes id, struct upload_rec *v)
{
	struct bytes value;
	struct key k;

	key_id(&k, T_UPLOAD, id);
	if (!rows_get(r, key_bytes(&k), &value))
		return false;
	upload_decode(value, v);
	return true;
}

void upload_put(struct rows *r, struct bytes id, const struct upload_rec *v)
{
	struct buf b;
	struct key k;

	key_id(&k, T_UPLOAD, id);
	enc_start(&b);
	buf_varint(&b, v->last_ms);
	buf_varint(&b, v->bytes);
	buf_varint(&b, v->n);
	enc_end(&b, r, &k);
}

/* ---- queue */

void pending_decode(struct bytes value, struct pending_rec *v)
{
	struct dec d;

	dec_start(&d, value);
	v->id = dec_u64(&d);
	v->delivery = dec_bytes(&d);
	v->born_ms = dec_u64(&d);
	v->date_ms = dec_u64(&d);
	v->zone = dec_int(&d);
	v->content = dec_u64(&d);
	v->sender = dec_bytes(&d);
	v->recipient = dec_bytes(&d);
	v->attempts = dec_u32(&d);
	v->owner = dec_u64(&d);
	v->due_ms = dec_u64(&d);
	dec_end(&d);
}

bool pending_get(struct rows *r, uint64_t id, struct arena *mem, struct pending_rec *v)
{
	struct bytes value;
	struct key k;

	key_table_u64(&k, T_PENDING, id);
	if (!rows_get(r, key_bytes(&k), &value))
		return false;
	pending_decode(bytes_dup(mem, value), v);
	return true;
}

void pending_put(struct rows *r, const struct pending_rec *v)
{
	struct buf b;
	struct key k;

	key_table_u64(&k, T_PENDING, v->id);
	enc_start(&b);
	buf_varint(&b, v->id);
	enc_bytes(&b, v->delivery);
	buf_varint(&b, v->born_ms);
	buf_varint(&b, v->date_ms);
	enc_int(&b, v->zone);
	buf_varint(&b, v->content);
	enc_bytes(&b, v->sender);
	enc_bytes(&b, v->recipient);
	buf_varint(&b, v->attempts);
	buf_varint(&b, v->owner);
	buf_varint(&b, v->due_ms);
	enc_end(&b, r, &k);
}

/* ---- cluster */

void replica_decode(struct bytes value, struct replica_rec *v)
{
	struct dec d;

	dec_start(&d, value);
	v->replica = dec_u64(&d);
	v->shard = dec_u32(&d);
	v->state = dec_u32(&d);
	v->node = dec_bytes(&d);
	dec_end(&d);
}

bool replica_get(struct rows *r, uint64_t id, struct arena *mem, struct replica_rec *v)
{
	struct bytes value;
	struct key k;

	key_table_u64(&k, T_REPLICA, id);
	if (!rows_get(r, key_bytes(&k), &value))
		return false;
	replica_decode(bytes_dup(mem, value), v);
	return true;
}

void replica_put(struct rows *r, const struct replica_rec *v)
{
	struct buf b;
	struct key k;

	key_table_u64(&k, T_REPLICA, v->replica);
	enc_start(&b);
	buf_varint(&b, v->replica);
	buf_varint(&b, v->shard);
	buf_varint(&b, v->state);
	enc_bytes(&b, v->node);
	enc_end(&b, r, &k);
}
