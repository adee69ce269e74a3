/* SPDX-License-Identifier: Apache-2.0 */
/* scan.c - looks a protobuf message over before protobuf-c may touch it.
 *
 * protobuf-c has no limit of depth and multiplies memory: 74 kB of nesting end in a crash, 2 MB
 * of empty sub-messages become 83 MB. So every length is walked first, against the schema and
 * without allocating. What passes is well-formed: lengths fit, varints end, wire types are the
 * schema's, no field that may be there once is there twice, strings are UTF-8 without NUL. */
#include "wire/frame.h"

#include "base/buf.h"

enum { WIRE_VARINT = 0, WIRE_FIXED64 = 1, WIRE_LENGTH = 2, WIRE_FIXED32 = 5 };

#define TAG_MAX ((1ull << 29) - 1)
#define SEEN_MAX 64 /* fields of a message type: one bit each */

struct scan {
	size_t fields_left;
};

static bool scan_message(struct scan *s, const ProtobufCMessageDescriptor *d, struct bytes b,
			 unsigned depth_left);

/* Ten bytes at most, and no bit beyond the 64th. */
static bool take_varint(struct bytes *in, uint64_t *v)
{
	*v = 0;
	for (size_t i = 0; i < in->n && i < 10; i++) {
		uint8_t c = in->p[i];

		if (i == 9 && c > 1)
			return false;
		*v |= (uint64_t)(c & 0x7f) << (7 * i);
		if (!(c & 0x80)) {
			*in = bytes_skip(*in, i + 1);
			return true;
		}
	}
	return false;
}

static unsigned utf8_tail(uint8_t c, uint32_t *least)
{
	if (c < 0x80)
		return 0;
	*least = c < 0xe0 ? 0x80 : c < 0xf0 ? 0x800 : 0x10000;
	return c >= 0xc2 && c < 0xe0 ? 1 :
	       c >= 0xe0 && c < 0xf0 ? 2 :
	       c >= 0xf0 && c < 0xf5 ? 3 :
				       4;
}

/* One character at b.p[0]: its length; 0: not UTF-8 (too long a form and surrogates included). */
static size_t utf8_one(struct bytes b)
{
	uint32_t least = 0, c;
	unsigned tail = utf8_tail(b.p[0], &least);

	if (tail == 0)
		return b.p[0] ? 1 : 0; /* a NUL would cut the string short */
	if (tail == 4 || b.n <= tail)
		return 0;
	c = b.p[0] & (0x3fu >> tail);
	for (unsigned i = 1; i <= tail; i++) {
		if ((b.p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (b.p[i] & 0x3f);
	}
	return c < least || c > 0x10ffff || (c >= 0xd800 && c < 0xe000) ? 0 : tail + 1;
}

static bool text_ok(struct bytes b)
{
	while (b.n) {
		size_t n = utf8_one(b);

		if (n == 0)
			return false;
		b = bytes_skip(b, n);
	}
	return true;
}

static int wire_type(ProtobufCType type)
{
	switch (type) {
	case PROTOBUF_C_TYPE_SFIXED32:
	case PROTOBUF_C_TYPE_FIXED32:
	case PROTOBUF_C_TYPE_FLOAT: return WIRE_FIXED32;
	case PROTOBUF_C_TYPE_SFIXED64:
	case PROTOBUF_C_TYPE_FIXED64:
	case PROTOBUF_C_TYPE_DOUBLE: return WIRE_FIXED64;
	case PROTOBUF_C_TYPE_STRING:
	case PROTOBUF_C_TYPE_BYTES:
	case PROTOBUF_C_TYPE_MESSAGE: return WIRE_LENGTH;
	default: return WIRE_VARINT;
	}
}

static bool packed_ok(int type, struct bytes b)
{
	uint64_t v;

	if (type == WIRE_FIXED32)
		return b.n % 4 == 0;
	if (type == WIRE_FIXED64)
		return b.n % 8 == 0;
	while (b.n)
		if (!take_varint(&b, &v))
			return false;
	return true;
}

static bool length_ok(struct scan *s, const ProtobufCFieldDescriptor *f, struct bytes b,
		      unsigned depth_left)
{
	int type = wire_type(f->type);

	if (type != WIRE_LENGTH)
		return f->label == PROTOBUF_C_LABEL_REPEATED && packed_ok(type, b);
	if (f->type == PROTOBUF_C_TYPE_MESSAGE)
		return depth_left > 0 && scan_message(s, f->descriptor, b, depth_left - 1);
	return f->type != PROTOBUF_C_TYPE_STRING || text_ok(b);
}

/* The value behind a tag; an unknown field (f NULL) is only stepped over. */
static bool scan_value(struct scan *s, const ProtobufCFieldDescriptor *f, unsigned type,
		       struct bytes *in, unsigned depth_left)
{
	struct bytes value;
	uint64_t v;

	if (f && (int)type != wire_type(f->type) && type != WIRE_LENGTH)
		return false;
	switch (type) {
	case WIRE_VARINT: return take_varint(in, &v);
	case WIRE_FIXED64: return get_bytes(in, 8, &value);
	case WIRE_FIXED32: return get_bytes(in, 4, &value);
	case WIRE_LENGTH:
		return take_varint(in, &v) && v <= in->n && get_bytes(in, v, &value) &&
		       (!f || length_ok(s, f, value, depth_left));
	default: return false; /* groups */
	}
}

/* A field of its own, or a second member of one `oneof`: protobuf-c would merge or replace. */
static bool seen_before(const ProtobufCMessageDescriptor *d, const ProtobufCFieldDescriptor *f,
			uint64_t *seen)
{
	unsigned at = (unsigned)(f - d->fields);

	if (f->label == PROTOBUF_C_LABEL_REPEATED)
		return false;
	for (unsigned i = 0; i < d->n_fields && (f->flags & PROTOBUF_C_FIELD_FLAG_ONEOF); i++)
		if (*seen >> i & 1 && d->fields[i].flags & PROTOBUF_C_FIELD_FLAG_ONEOF &&
		    d->fields[i].quantifier_offset == f->quantifier_offset)
			return true;
	if (*seen >> at & 1)
		return true;
	*seen |= 1ull << at;
	return false;
}

static bool scan_field(struct scan *s, const ProtobufCMessageDescriptor *d, struct bytes *in,
		       uint64_t *seen, unsigned depth_left)
{
	const ProtobufCFieldDescriptor *f;
	uint64_t tag;

	if (!take_varint(in, &tag) || tag >> 3 == 0 || tag >> 3 > TAG_MAX || s->fields_left == 0)
		return false;
	s->fields_left--;
	f = protobuf_c_message_descriptor_get_field(d, (unsigned)(tag >> 3));
	if (f && seen_before(d, f, seen))
		return false;
	return scan_value(s, f, tag & 7, in, depth_left);
}

static bool scan_message(struct scan *s, const ProtobufCMessageDescriptor *d, struct bytes b,
			 unsigned depth_left)
{
	uint64_t seen = 0;

	INVARIANT(d->n_fields <= SEEN_MAX);
	while (b.n)
		if (!scan_field(s, d, &b, &seen, depth_left))
			return false;
	return true;
}

bool wire_scan(const ProtobufCMessageDescriptor *d, struct bytes b, unsigned max_depth,
	       size_t max_fields)
{
	struct scan s = { .fields_left = max_fields };

	return max_depth > 0 && scan_message(&s, d, b, max_depth - 1);
}
