/* SPDX-License-Identifier: Apache-2.0 */
/* Hostile protobuf: refused without harm, whatever protobuf-c itself would do with it. */
#include "base/base.h"
#include "lib/test.h"

#include "base/buf.h"
#include "wire/frame.h"

#include <stdlib.h>

struct scan_case {
	const char *name;
	const char *bytes;
	size_t n;
	bool good;
};

#define CASE(name, bytes, good)                      \
	{                                            \
		name, bytes, sizeof(bytes) - 1, good \
	}

/* Against Head: version=1 uint32, kind=2 enum, trace=7 fixed64, grows=11 bool, why=19 string. */
static const struct scan_case head_cases[] = {
	CASE("empty", "", true),
	CASE("version 1", "\x08\x01", true),
	CASE("all of a varint", "\x18\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", true),
	CASE("varint of 11 bytes", "\x18\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", false),
	CASE("varint beyond 64 bits", "\x18\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", false),
	CASE("varint cut", "\x08\x80", false),
	CASE("tag alone", "\x08", false),
	CASE("tag cut", "\x98", false),
	CASE("field 0", "\x00\x01", false),
	CASE("field 0 as a length", "\x02\x00", false),
	CASE("field beyond 2^29", "\x80\x80\x80\x80\x10\x01", false),
	CASE("start of a group", "\x0b\x0c", false),
	CASE("end of a group", "\x0c", false),
	CASE("wire type 6", "\x0e\x01", false),
	CASE("wire type 7", "\x0f\x01", false),
	CASE("unknown varint", "\xf8\x01\x01", true),
	CASE("unknown length", "\xfa\x01\x02xy", true),
	CASE("unknown length too long", "\xfa\x01\x03xy", false),
	CASE("unknown twice", "\xf8\x01\x01\xf8\x01\x01", true),
	CASE("known twice", "\x08\x01\x08\x01", false),
	CASE("number as length", "\x0a\x01\x01", false),
	CASE("number as fixed", "\x0d\x01\x01\x01\x01", false),
	CASE("fixed64", "\x39\x01\x02\x03\x04\x05\x06\x07\x08", true),
	CASE("fixed64 cut", "\x39\x01\x02\x03\x04\x05\x06\x07", false),
	CASE("fixed64 as varint", "\x38\x01", false),
	CASE("string", "\x9a\x01\x02hi", true),
	CASE("string with NUL", "\x9a\x01\x02h\0", false),
	CASE("string UTF-8", "\x9a\x01\x04\xf0\x9f\x90\xa6", true),
	CASE("string cut UTF-8", "\x9a\x01\x03\xf0\x9f\x90", false),
	CASE("string overlong", "\x9a\x01\x02\xc0\xaf", false),
	CASE("string overlong 3", "\x9a\x01\x03\xe0\x80\xaf", false),
	CASE("string surrogate", "\x9a\x01\x03\xed\xa0\x80", false),
	CASE("string beyond Unicode", "\x9a\x01\x04\xf4\x90\x80\x80", false),
	CASE("string Latin-1", "\x9a\x01\x02h\xe9", false),
	CASE("string stray tail", "\x9a\x01\x01\x80", false),
	CASE("length of 2^63", "\x9a\x01\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", false),
	CASE("length of 2^64-1", "\x9a\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", false),
	CASE("unknown enum value", "\x10\x63", true),
};

TEST(scan, heads)
{
	for (size_t i = 0; i < ARRAY_LEN(head_cases); i++) {
		const struct scan_case *c = &head_cases[i];
		struct blob *copy = blob_copy(bytes_of(c->bytes, c->n));
		struct arena mem;

		arena_init(&mem, 0);
		if (wire_scan(&tern__head__descriptor, copy->b, WIRE_MAX_DEPTH, 100) != c->good ||
		    (WIRE_UNPACK(head, copy->b, &mem) != NULL) != c->good)
			fail_msg("%s: should be %s", c->name, c->good ? "good" : "refused");
		arena_release(&mem);
		blob_unref(&copy);
	}
}

TEST(scan, packed_lists)
{
	struct arena mem;
	Tern__Ranges *r;

	arena_init(&mem, 0);
	r = WIRE_UNPACK(ranges, BYTES("\x0a\x03\x01\x02\x03"), &mem);
	CHECK(r && r->n_v == 3);
	r = WIRE_UNPACK(ranges, BYTES("\x08\x01\x08\x02"), &mem); /* not packed: allowed */
	CHECK(r && r->n_v == 2);
	CHECK(!WIRE_UNPACK(ranges, BYTES("\x0a\x02\x01\x80"), &mem));
	CHECK(!WIRE_UNPACK(ranges, BYTES("\x0a\x0b\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
			   &mem));
	CHECK(!WIRE_UNPACK(content,
			   BYTES("\x22\x07"
				 "1234567"),
			   &mem)); /* fixed64 */
	CHECK(WIRE_UNPACK(content,
			  BYTES("\x22\x08"
				"12345678"),
			  &mem));
	arena_release(&mem);
}

TEST(scan, two_members_of_a_oneof)
{
	struct arena mem;

	arena_init(&mem, 0);
	CHECK(WIRE_UNPACK(op, BYTES("\x08\x01\x52\x00"), &mem));
	CHECK(!WIRE_UNPACK(op, BYTES("\x08\x01\x52\x00\x52\x00"), &mem));
	CHECK(!WIRE_UNPACK(op, BYTES("\x08\x01\x52\x00\x5a\x00"), &mem));
	arena_release(&mem);
}

/* Op > Deliver > Content > ChunkRef is four deep. */
TEST(scan, depth_is_counted)
{
	struct bytes op = BYTES("\x72\x04\x1a\x02\x1a\x00");

	CHECK(wire_scan(&tern__op__descriptor, op, 4, 100));
	CHECK(!wire_scan(&tern__op__descriptor, op, 3, 100));
	CHECK(!wire_scan(&tern__op__descriptor, op, 0, 100));
	CHECK(!wire_scan(&tern__op__descriptor, op, 4, 2));
}

/* A type that holds itself, which our schema never has, through a forged descriptor. */
TEST(scan, nesting_of_20000_stops_at_the_limit)
{
	ProtobufCFieldDescriptor field = tern__deliver__descriptor.fields[2];
	ProtobufCIntRange ranges[] = { { 3, 0 }, { 0, 1 } };
	unsigned by_name[] = { 0 };
	ProtobufCMessageDescriptor d = tern__deliver__descriptor;
	struct buf b;
	uint8_t *bytes;
	size_t n = 0, cap = 20000 * 6;

	d.n_fields = 1;
	d.fields = &field;
	d.fields_sorted_by_name = by_name;
	d.n_field_ranges = 1;
	d.field_ranges = ranges;
	field.descriptor = &d;
	bytes = xmalloc(cap);
	for (int i = 0; i < 20000; i++) { /* from the inside outward */
		buf_init(&b, 0);
		buf_putc(&b, 0x1a);
		buf_varint(&b, n);
		n += b.n;
		memcpy(bytes + cap - n, buf_bytes(&b).p, b.n);
		buf_release(&b);
	}
	CHECK(!wire_scan(&d, bytes_of(bytes + cap - n, n), WIRE_MAX_DEPTH, 1000000));
	CHECK(wire_scan(&d, bytes_of(bytes + cap - 14, 14), WIRE_MAX_DEPTH, 1000000));
	free(bytes);
}

static struct blob *repeat(const char *piece, size_t n, size_t times)
{
	uint8_t *room;
	struct blob *b = blob_new(n * times, &room);

	for (size_t i = 0; i < times; i++)
		memcpy(room + i * n, piece, n);
	return b;
}

TEST(scan, two_megabytes_of_empty_submessages)
{
	struct blob *b = repeat("\x1a\x00", 2, 1000000); /* Watch.add */
	struct arena mem;

	arena_init(&mem, 0);
	CHECK(!WIRE_UNPACK(watch, b->b, &mem));
	CHECK_INT(mem.used, 0);
	blob_unref(&b);
	/* under the limit of fields the allocator's cap holds */
	b = repeat("\x1a\x00", 2, 200000);
	CHECK(!WIRE_UNPACK(watch, b->b, &mem));
	CHECK(mem.used <= 16 * b->b.n + KIB(64));
	blob_unref(&b);
	arena_release(&mem);
}

TEST(scan, too_big_a_body)
{
	struct blob *b = repeat("\xfa\x01\x0cxxxxxxxxxxxx", 15, WIRE_MAX_BODY / 15 + 1);
	struct arena mem;

	arena_init(&mem, 0);
	CHECK(!WIRE_UNPACK(head, b->b, &mem));
	blob_unref(&b);
	arena_release(&mem);
}

/* What honest peers send must pass: the biggest map, a page of watches, facts of many parts. */
TEST(scan, the_biggest_honest_messages_pass)
{
	struct arena mem;
	struct blob *b;

	arena_init(&mem, 0);
	b = repeat("\x32\x2a"
		   "\x0a\x0c\x09\x01\x02\x03\x04\x05\x06\x07\x08\x10\xe8\x07"
		   "\x0a\x0c\x09\x01\x02\x03\x04\x05\x06\x07\x08\x10\xe8\x07"
		   "\x0a\x0c\x09\x01\x02\x03\x04\x05\x06\x07\x08\x10\xe8\x07",
		   44, 4096);
	CHECK(WIRE_UNPACK(cluster_map, b->b, &mem));
	blob_unref(&b);
	arena_clear(&mem);
	b = repeat("\x1a\x0e\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x10\x01", 16, 1000);
	CHECK(!WIRE_UNPACK(watch, bytes_head(b->b, b->b.n - 1), &mem));
	blob_unref(&b);
	b = repeat("\x1a\x0d\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x10\x01", 15, 1000);
	CHECK(WIRE_UNPACK(watch, b->b, &mem));
	blob_unref(&b);
	arena_release(&mem);
}
