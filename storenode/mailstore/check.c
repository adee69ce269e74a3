/* SPDX-License-Identifier: Apache-2.0 */
/* check.c - every invariant of a shard's rows, recomputed from the rows themselves. */
#include "mailstore/check_private.h"

#include "model/address.h"

/* ---- help */

struct tally *tally_of(struct check *c, struct map *m, uint64_t id)
{
	struct tally *t = map_get(m, MAP_KEY(id));

	if (t)
		return t;
	t = arena_new(&c->mem, struct tally);
	map_put(m, MAP_KEY(id), t);
	return t;
}

void tally_add(struct check *c, struct map *m, uint64_t id)
{
	tally_of(c, m, id)->got++;
}

static struct bytes timer_key(struct key *k, enum timer_kind kind, struct bytes id)
{
	key_start(k, (uint8_t)kind);
	key_raw(k, id);
	return key_bytes(k);
}

bool check_timer(struct check *c, enum timer_kind kind, struct bytes id)
{
	struct key k;

	return map_get(&c->timers, timer_key(&k, kind, id)) != NULL;
}

size_t check_count(struct check *c, struct bytes prefix)
{
	struct rows_iter *it = rows_under(c->rows, prefix, BYTES_NONE);
	struct bytes key, value;
	size_t n = 0;

	while (rows_iter_next(it, &key, &value))
		n++;
	rows_iter_free(&it);
	return n;
}

typedef int check_fn(struct check *c, struct bytes key, struct bytes value);

/* Every row of a table; key without the table's byte. */
static int each(struct check *c, enum table table, check_fn *fn)
{
	struct bytes key, value;
	struct rows_iter *it;
	struct key k;
	int ret = 0;

	key_table(&k, table);
	it = rows_under(c->rows, key_bytes(&k), BYTES_NONE);
	while (ret == 0 && rows_iter_next(it, &key, &value))
		ret = fn(c, bytes_skip(key, KEY_TABLE), value);
	rows_iter_free(&it);
	rows_forget(c->rows);
	return ret;
}

/* A body's chunk has one owner. */
static int own_chunk(struct check *c, const struct row_chunk *chunk)
{
	struct key k;

	key_clear(&k);
	key_u64(&k, chunk->index);
	key_u64(&k, chunk->term);
	if (chunk->index == 0)
		return WRONG(c, "a chunk without a place");
	if (map_put(&c->chunks, key_bytes(&k), c))
		return WRONG(c, "chunk %llu has two owners", (unsigned long long)chunk->index);
	return 0;
}

/* ---- tables */

static int one_timer(struct check *c, struct bytes key, struct bytes value UNUSED)
{
	map_put(&c->timers, bytes_skip(key, 8), c);
	return 0;
}

static int one_client(struct check *c, struct bytes key, struct bytes value)
{
	struct client_rec rec;

	client_decode(value, &rec);
	c->shard.clients--; /* back to 0 when all are seen */
	if (!check_timer(c, TIMER_CLIENT, key))
		return WRONG(c, "a client without a timer");
	if (rec.done_below > rec.top + 1)
		return WRONG(c, "a client is done with more than it sent");
	if (rec.dropped > rec.done_below)
		return WRONG(c, "answers were dropped that a client is not done with");
	return 0;
}

static int one_answer(struct check *c, struct bytes key, struct bytes value UNUSED)
{
	struct client_rec rec;
	uint64_t client, seq;

	if (!get_u64be(&key, &client) || !get_u64be(&key, &seq) ||
	    !client_get(c->rows, client, &rec))
		return WRONG(c, "an answer without a client");
	if (seq < rec.dropped)
		return WRONG(c, "an answer that counts as dropped");
	return 0;
}

static int one_delivery(struct check *c, struct bytes key, struct bytes value UNUSED)
{
	if (!check_timer(c, TIMER_DELIVERY, bytes_head(key, 16)))
		return WRONG(c, "a delivery without a timer");
	return 0;
}

static int one_address(struct check *c, struct bytes key, struct bytes value)
{
	struct address_rec rec;
	struct info_rec info;
	struct key k;

	address_decode(value, &rec);
	if (rec.account == 0)
		return rec.alias.n ? 0 : WRONG(c, "an alias to nobody");
	if (!info_get(c->rows, rec.account, &c->mem, &info) || info.dying)
		return WRONG(c, "an address of no account");
	key_address(&k, info.address);
	if (!bytes_eq(bytes_skip(key_bytes(&k), KEY_TABLE), key))
		return WRONG(c, "an account has another address");
	return 0;
}

static int one_content(struct check *c, struct bytes key, struct bytes value)
{
	struct content_rec rec;
	struct row_chunk chunk;
	struct body_rec body;
	uint64_t id, sum = 0;
	uint32_t n = 0;
	struct bytes name = key;
	int ret = 0;

	content_decode(value, &rec);
	if (!get_u64be(&key, &id) || id >= c->shard.next_content)
		return WRONG(c, "a content number that was not given");
	tally_of(c, &c->contents, id)->want = rec.refs;
	if (rec.refs == 0 && !check_timer(c, TIMER_CONTENT, name))
		return WRONG(c, "an unused content without a timer");
	if (!body_get(c->rows, id, &c->mem, &body))
		return WRONG(c, "a content without a body");
	for (; ret == 0 && row_chunk_next(&body.chunks, &chunk); n++) {
		sum += chunk.raw;
		ret = own_chunk(c, &chunk);
	}
	if (ret == 0 && (n != body.n_chunks || sum != rec.size))
		ret = WRONG(c, "the chunks of content %llu are not its size",
			    (unsigned long long)id);
	return ret;
}

static int one_body(struct check *c, struct bytes key, struct bytes value UNUSED)
{
	struct content_rec rec;
	uint64_t id;

	if (!get_u64be(&key, &id) || !content_get(c->rows, id, &rec))
		return WRONG(c, "a body without a content");
	return 0;
}

static int one_upload(struct check *c, struct bytes key, struct bytes value)
{
	struct upload_rec rec;
	struct row_chunk chunk;
	uint64_t bytes = 0;
	struct bytes block;
	struct key k;
	uint32_t n = 0;

	upload_decode(value, &rec);
	if (!check_timer(c, TIMER_UPLOAD, key))
		return WRONG(c, "an upload without a timer");
	for (uint32_t i = 0; i < rec.n; i += UPLOAD_BLOCK) {
		key_staged(&k, key, i / UPLOAD_BLOCK);
		if (!raw_get(c->rows, key_bytes(&k), &c->mem, &block))
			return WRONG(c, "an upload lacks chunks");
		for (; row_chunk_next(&block, &chunk); n++) {
			bytes += chunk.stored;
			if (own_chunk(c, &chunk))
				return -ERR_CORRUPT;
		}
	}
	c->shard.staged_bytes -= rec.bytes;
	return n == rec.n && bytes == rec.bytes ? 0 : WRONG(c, "an upload is miscounted");
}

static int one_staged(struct check *c, struct bytes key, struct bytes value UNUSED)
{
	struct upload_rec rec;

	if (!upload_get(c->rows, bytes_head(key, 16), &rec))
		return WRONG(c, "staged chunks without an upload");
	return 0;
}

static int one_pending(struct check *c, struct bytes key UNUSED, struct bytes value)
{
	struct bytes blank;
	struct pending_rec rec;
	struct key k;

	pending_decode(value, &rec);
	c->shard.pendings--;
	key_table_u64x2(&k, T_DUE, rec.due_ms, rec.id);
	if (!rows_get(c->rows, key_bytes(&k), &blank))
		return WRONG(c, "a pending delivery that is never due");
	if (rec.id >= c->shard.next_pending)
		return WRONG(c, "a pending number that was not given");
	tally_add(c, &c->contents, rec.content);
	return 0;
}

static int one_due(struct check *c, struct bytes key, struct bytes value UNUSED)
{
	struct pending_rec rec;
	uint64_t due, id;

	if (!get_u64be(&key, &due) || !get_u64be(&key, &id) ||
	    !pending_get(c->rows, id, &c->mem, &rec) || rec.due_ms != due)
		return WRONG(c, "a due time of no pending delivery");
	return 0;
}

/* Only the INFO rows; check_account looks at the rest. */
static int all_accounts(struct check *c)
{
	struct info_rec info;
	struct bytes key, value;
	struct rows_iter *it;
	uint64_t account = 0;
	struct key k, from;
	int ret = 0;

	key_table(&k, T_ACCOUNT);
	while (ret == 0) {
		key_table_u64(&from, T_ACCOUNT, account);
		it = rows_under(c->rows, key_bytes(&k), key_bytes(&from));
		if (!rows_iter_next(it, &key, &value)) {
			rows_iter_free(&it);
			break;
		}
		key = bytes_skip(key, KEY_TABLE);
		INVARIANT(get_u64be(&key, &account));
		if (key.n != 1 || key.p[0] != A_INFO)
			ret = WRONG(c, "account %llx has rows but no head",
				    (unsigned long long)account);
		else
			info_decode(bytes_dup(&c->mem, value), &info);
		rows_iter_free(&it);
		if (ret == 0)
			ret = check_account(c, account, &info);
		rows_forget(c->rows);
		account++;
	}
	return ret;
}

static int references(struct check *c)
{
	struct bytes key;
	size_t pos = 0;
	void *value;

	while (map_next(&c->contents, &pos, &key, &value)) {
		const struct tally *t = value;
		uint64_t id;

		memcpy(&id, key.p, sizeof(id));
		if (t->want != t->got)
			return WRONG(c, "content %llu has %llu references, not %llu",
				     (unsigned long long)id, (unsigned long long)t->got,
				     (unsigned long long)t->want);
	}
	return 0;
}

static int sums(struct check *c)
{
	if (c->shard.clients)
		return WRONG(c, "the clients are miscounted");
	if (c->shard.pendings)
		return WRONG(c, "the pending deliveries are miscounted");
	if (c->shard.staged_bytes)
		return WRONG(c, "the staged bytes are miscounted");
	return references(c);
}

static const struct {
	enum table table;
	check_fn *fn;
} tables[] = {
	/* timers first: the others ask for them */
	{ T_TIMER, one_timer },       { T_CLIENT, one_client },      { T_ANSWER, one_answer },
	{ T_DELIVERY, one_delivery }, { T_DELIVERED, one_delivery }, { T_ADDRESS, one_address },
	{ T_CONTENT, one_content },   { T_BODY, one_body },          { T_UPLOAD, one_upload },
	{ T_STAGED, one_staged },     { T_PENDING, one_pending },    { T_DUE, one_due },
};

int mailstore_check(struct rows *view, struct why *why)
{
	struct check c = { .rows = view, .why = why };
	int ret = 0;

	arena_init(&c.mem, 0);
	map_init(&c.contents);
	map_init(&c.timers);
	map_init(&c.chunks);
	shard_get(view, &c.shard);
	for (size_t i = 0; i < ARRAY_LEN(tables) && ret == 0; i++)
		ret = each(&c, tables[i].table, tables[i].fn);
	if (ret == 0)
		ret = all_accounts(&c);
	if (ret == 0)
		ret = sums(&c);
	if (ret == 0)
		ret = rows_error(view);
	map_release(&c.contents);
	map_release(&c.timers);
	map_release(&c.chunks);
	arena_release(&c.mem);
	return ret;
}
