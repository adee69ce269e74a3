/* SPDX-License-Identifier: Apache-2.0 */
#include "replica/identity.h"
#include "replica/store.h"

#include "base/rand.h"

#define VERSION 1

static bool unpack(struct bytes b, struct identity *id)
{
	struct bytes cluster;
	uint8_t version;

	if (!get_u8(&b, &version) || version != VERSION ||
	    !get_bytes(&b, sizeof(id->cluster), &cluster) || !get_u32be(&b, &id->era) ||
	    !get_u32be(&b, &id->node) || !get_u64be(&b, &id->disk) ||
	    !get_u64be(&b, &id->start_count) || b.n)
		return false;
	memcpy(id->cluster, cluster.p, sizeof(id->cluster));
	return true;
}

static int load_synced(struct kv *kv, struct identity *id, struct why *why)
{
	struct blob *v;
	struct bytes b;
	struct key k;
	int ret;

	store_key(&k, 's');
	ret = store_get(kv, NULL, &k, &v);
	if (ret || !v)
		return ret;
	b = v->b;
	if (!get_u64be(&b, &id->synced) || b.n)
		ret = why_set(why, ERR_CORRUPT, "the synced sequence is damaged");
	blob_unref(&v);
	return ret;
}

int identity_load(struct kv *kv, struct identity *id, struct why *why)
{
	struct blob *v;
	struct key k;
	int ret;

	*id = (struct identity){ 0 };
	store_key(&k, 'i');
	ret = store_get(kv, NULL, &k, &v);
	if (ret || !v)
		return ret ? ret : -ERR_NOTFOUND;
	if (v->b.n && v->b.p[0] > VERSION)
		ret = why_set(why, ERR_VERSION,
			      "the data directory was written by a newer version");
	else if (!unpack(v->b, id))
		ret = why_set(why, ERR_CORRUPT, "the identity of the data directory is damaged");
	blob_unref(&v);
	return ret ? ret : load_synced(kv, id, why);
}

void identity_pack(const struct identity *id, struct buf *out)
{
	buf_putc(out, VERSION);
	buf_put(out, id->cluster, sizeof(id->cluster));
	buf_u32be(out, id->era);
	buf_u32be(out, id->node);
	buf_u64be(out, id->disk);
	buf_u64be(out, id->start_count);
}

static void put(struct kv_batch *batch, const struct identity *id)
{
	struct buf b;
	struct key k;

	buf_init(&b, 0);
	identity_pack(id, &b);
	store_key(&k, 'i');
	kv_batch_put(batch, KV_META, key_bytes(&k), buf_bytes(&b));
	buf_clear(&b);
	buf_u64be(&b, id->synced);
	store_key(&k, 's');
	kv_batch_put(batch, KV_META, key_bytes(&k), buf_bytes(&b));
	buf_release(&b);
}

int identity_store(struct kv *kv, struct identity *id, struct why *why)
{
	struct kv_batch *batch = kv_batch_new(kv);
	int ret;

	if (!id->disk)
		id->disk = rand_u64() | 1;
	put(batch, id);
	ret = kv_write(kv, batch);
	if (ret == 0)
		ret = kv_sync(kv);
	kv_batch_free(&batch);
	if (ret)
		why_set(why, ERR_IO, "the identity of the data directory cannot be written");
	return ret;
}

int identity_start(struct kv *kv, struct identity *id, struct why *why)
{
	int ret = identity_load(kv, id, why);

	if (ret)
		return ret;
	id->start_count++;
	return identity_store(kv, id, why);
}
