/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes of every message are pinned in tests/golden/wire.txt: nodes of two versions talk, and
 * logs hold them for years. After a wanted addition: TERN_REGENERATE=1 test_wire 'golden.*', and
 * look at the difference: lines may come or gain a field, none may change otherwise. */
#include "fill.h"

#include <stdlib.h>

#define GOLDEN "../../golden/wire.txt"

static const char *golden_path(void)
{
	static char path[512];
	const char *slash = strrchr(__FILE__, '/');

	snprintf(path, sizeof(path), "%.*s%s", slash ? (int)(slash + 1 - __FILE__) : 0, __FILE__,
		 GOLDEN);
	return path;
}

static void put_hex(FILE *out, struct bytes b)
{
	for (size_t i = 0; i < b.n; i++)
		fprintf(out, "%02x", b.p[i]);
}

static void print_case(const struct fill_case *c, void *arg)
{
	struct arena mem;
	struct blob *packed;

	arena_init(&mem, 0);
	packed = wire_pack(fill_message(c->d, c->choice, &mem));
	fprintf(arg, "%s ", c->name);
	put_hex(arg, packed->b);
	fputc('\n', arg);
	blob_unref(&packed);
	arena_release(&mem);
}

static char *read_all(const char *path)
{
	FILE *f = fopen(path, "r");
	size_t cap = 1 << 20, n;
	char *text = xmalloc(cap);

	assert_non_null(f);
	n = fread(text, 1, cap - 1, f);
	text[n] = '\0';
	fclose(f);
	return text;
}

TEST(golden, every_message_packs_to_the_pinned_bytes)
{
	char *now, *pinned;
	size_t n;
	FILE *out;

	if (getenv("TERN_REGENERATE")) {
		out = fopen(golden_path(), "w");
		assert_non_null(out);
		fill_each(print_case, out);
		fclose(out);
	}
	out = open_memstream(&now, &n);
	assert_non_null(out);
	fill_each(print_case, out);
	fclose(out);
	pinned = read_all(golden_path());
	CHECK_STR(now, pinned);
	free(pinned);
	free(now);
}

static void unpack_again(const struct fill_case *c, void *arg)
{
	unsigned *count = arg;
	struct blob *packed, *again;
	struct arena mem;
	ProtobufCMessage *m;

	arena_init(&mem, 0);
	packed = wire_pack(fill_message(c->d, c->choice, &mem));
	m = wire_unpack(c->d, packed->b, &mem);
	assert_non_null(m);
	again = wire_pack(m);
	CHECK(bytes_eq(packed->b, again->b));
	blob_unref(&packed);
	blob_unref(&again);
	arena_release(&mem);
	++*count;
}

TEST(golden, what_is_unpacked_packs_to_the_same)
{
	unsigned count = 0;

	fill_each(unpack_again, &count);
	CHECK(count > 60);
}

/* Cut anywhere: no crash, and never more than what was there. */
static void cut_everywhere(const struct fill_case *c, void *arg UNUSED)
{
	struct arena mem;
	struct blob *packed;

	arena_init(&mem, 0);
	packed = wire_pack(fill_message(c->d, c->choice, &mem));
	for (size_t n = 0; n < packed->b.n; n++) {
		struct arena one;
		/* a copy of its own, so that a read past the end is seen */
		struct blob *cut = blob_copy(bytes_head(packed->b, n));
		ProtobufCMessage *m;

		arena_init(&one, 0);
		m = wire_unpack(c->d, cut->b, &one);
		CHECK(!m || protobuf_c_message_get_packed_size(m) <= n);
		arena_release(&one);
		blob_unref(&cut);
	}
	blob_unref(&packed);
	arena_release(&mem);
}

TEST(golden, messages_cut_at_every_byte)
{
	fill_each(cut_everywhere, NULL);
}

static void flip_bits(const struct fill_case *c, void *arg UNUSED)
{
	struct arena mem;
	struct blob *packed;
	uint8_t *room;

	arena_init(&mem, 0);
	packed = wire_pack(fill_message(c->d, c->choice, &mem));
	for (size_t i = 0; i < packed->b.n * 8; i++) {
		struct blob *bad = blob_new(packed->b.n, &room);
		struct arena one;

		memcpy(room, packed->b.p, packed->b.n);
		room[i / 8] ^= (uint8_t)(1 << i % 8);
		arena_init(&one, 0);
		(void)!wire_unpack(c->d, bad->b, &one);
		arena_release(&one);
		blob_unref(&bad);
	}
	blob_unref(&packed);
	arena_release(&mem);
}

TEST(golden, messages_with_any_bit_flipped)
{
	fill_each(flip_bits, NULL);
}
