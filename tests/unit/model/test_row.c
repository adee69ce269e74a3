/* SPDX-License-Identifier: Apache-2.0 */
#include "model/row.h"

#include "lib/test.h"

static void fill(struct row *row, struct buf *chunks)
{
	*row = (struct row){
		.uid = 4000000000u,
		.flags = FLAG_SEEN | FLAG_DRAFT,
		.n_keywords = 3,
		.keywords = { 0, 7, 127 },
		.modseq = 1ull << 62,
		.date_ms = 1700000000000,
		.save_ms = 5,
		.zone = -330,
		.size = 1ull << 33,
		.email = 77,
		.thread = UINT64_MAX,
		.facts = BYTES("facts\0x"),
		.prefix = BYTES("Delivered-To: a@b\r\n"),
		.n_chunks = 2,
	};
	for (unsigned i = 0; i < 2; i++)
		row_chunk_pack(chunks, &(struct row_chunk){ .index = 900 + i,
							    .term = 3,
							    .raw = 262144,
							    .stored = 70000,
							    .hash = { 1, i } });
	row->chunks = buf_bytes(chunks);
}

static void check_equal(const struct row *a, const struct row *b, uint32_t columns)
{
	CHECK_INT(a->uid, b->uid);
	CHECK_INT(b->flags, columns & ROW_FLAGS ? a->flags : 0);
	CHECK_INT(b->n_keywords, columns & ROW_FLAGS ? a->n_keywords : 0);
	assert_memory_equal(a->keywords, b->keywords, b->n_keywords);
	CHECK_INT(b->modseq, columns & ROW_MODSEQ ? a->modseq : 0);
	CHECK_INT(b->date_ms, columns & ROW_DATE ? a->date_ms : 0);
	CHECK_INT(b->zone, columns & ROW_DATE ? a->zone : 0);
	CHECK_INT(b->save_ms, columns & ROW_DATE ? a->save_ms : 0);
	CHECK_INT(b->size, columns & ROW_SIZE ? a->size : 0);
	CHECK_INT(b->thread, columns & ROW_IDS ? a->thread : 0);
	CHECK(bytes_eq(b->facts, columns & ROW_FACTS ? a->facts : BYTES_NONE));
	CHECK(bytes_eq(b->prefix, columns & ROW_CHUNKS ? a->prefix : BYTES_NONE));
	CHECK(bytes_eq(b->chunks, columns & ROW_CHUNKS ? a->chunks : BYTES_NONE));
}

TEST(row, every_set_of_columns_round_trips)
{
	struct buf chunks, out;
	struct row row, got;

	buf_init(&chunks, 0);
	buf_init(&out, 0);
	fill(&row, &chunks);
	for (uint32_t columns = 0; columns <= ROW_ALL; columns++) {
		struct bytes page;

		buf_clear(&out);
		row_pack(&out, &row, columns);
		row_pack(&out, &row, columns);
		page = buf_bytes(&out);
		for (int i = 0; i < 2; i++) {
			CHECK(row_unpack(&page, columns, &got));
			check_equal(&row, &got, columns);
		}
		CHECK_INT(page.n, 0);
		page = bytes_head(buf_bytes(&out), out.n / 2 - 1);
		CHECK(!row_unpack(&page, columns, &got));
	}
	buf_release(&chunks);
	buf_release(&out);
}

TEST(row, refuses_nonsense)
{
	static const struct {
		uint32_t columns;
		struct bytes page;
	} bad[] = {
		{ 0, { (const uint8_t *)"\0", 1 } },                        /* UID 0 */
		{ 0, { (const uint8_t *)"\xff\xff\xff\xff\xff\x01", 6 } },  /* UID too big */
		{ ROW_FLAGS, { (const uint8_t *)"\1\0\2\5\5", 5 } },        /* keyword twice */
		{ ROW_FLAGS, { (const uint8_t *)"\1\0\1\x80", 4 } },        /* keyword 128 */
		{ ROW_FACTS, { (const uint8_t *)"\1\5abc", 5 } },           /* cut */
		{ ROW_CHUNKS, { (const uint8_t *)"\1\0\1\0", 4 } },         /* a chunk missing */
		{ ROW_CHUNKS, { (const uint8_t *)"\1\0\0\1x", 5 } },        /* a chunk too many */
		{ ROW_CHUNKS, { (const uint8_t *)"\1\0\xff\xff\3\0", 6 } }, /* 65535 chunks */
	};
	struct row row;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct bytes page = bad[i].page;

		CHECK(!row_unpack(&page, bad[i].columns, &row));
	}
}
