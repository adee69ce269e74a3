/* SPDX-License-Identifier: Apache-2.0 */
#include "mutate.h"

#include "base/bytes.h"

#include <string.h>

static const char *const texts[] = {
	"",
	"INBOX",
	"inbox/a",
	"a",
	"a/b",
	"/",
	"a//b",
	"$k",
	"\\Seen",
	"ann@example.org",
	"bob@example.org",
	"@",
	"x@",
	"A@B",
	"-",
	"*",
	"\xc3\xa9/\xe2\x82\xac",
	"a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q/r/s/t/u/v/w/x/y/z/1/2/3/4/5/6/7",
	"example.org",
	"a-b-c-d@example.org",
};

static const uint64_t numbers[] = {
	0,
	1,
	2,
	3,
	4,
	5,
	7,
	10,
	16,
	100,
	1000,
	1001,
	4095,
	4096,
	65535,
	65536,
	262144,
	262145,
	INT32_MAX,
	UINT32_MAX,
	(uint64_t)UINT32_MAX + 1,
	INT64_MAX,
	UINT64_MAX,
	5ull << 48 | 1,
	5ull << 48 | 2,
	1700000000000ull, /* the accounts and the clock of the tests */
};

static char *some_text(struct prng *r, struct arena *mem)
{
	struct bytes b = bytes_str(texts[prng_below(r, ARRAY_LEN(texts))]);
	char *text;

	if (prng_below(r, 40))
		return bytes_cstr(mem, b);
	text = arena_alloc(mem, 1500);
	memset(text, 'x', 200 + prng_below(r, 1200));
	return text;
}

static uint64_t some_number(struct prng *r)
{
	return prng_below(r, 3) ? prng_below(r, 12) : numbers[prng_below(r, ARRAY_LEN(numbers))];
}

static ProtobufCBinaryData some_bytes(struct prng *r, struct arena *mem)
{
	ProtobufCBinaryData d = { prng_below(r, 4) ? 16 : prng_below(r, 40), NULL };

	d.data = arena_alloc(mem, 40);
	d.data[0] = (uint8_t)prng_below(r, 4);
	return d;
}

static ProtobufCMessage *some_message(const ProtobufCMessageDescriptor *d, struct prng *r,
				      struct arena *mem)
{
	ProtobufCMessage *m = arena_alloc(mem, d->sizeof_message);

	protobuf_c_message_init(d, m);
	mutate(m, r, mem, 1);
	return m;
}

static size_t width(ProtobufCType type)
{
	switch (type) {
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_SINT64:
	case PROTOBUF_C_TYPE_SFIXED64:
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_FIXED64: return 8;
	case PROTOBUF_C_TYPE_STRING:
	case PROTOBUF_C_TYPE_MESSAGE: return sizeof(void *);
	case PROTOBUF_C_TYPE_BYTES: return sizeof(ProtobufCBinaryData);
	default: return 4;
	}
}

static void set(void *at, const ProtobufCFieldDescriptor *f, struct prng *r, struct arena *mem)
{
	uint64_t v = some_number(r);

	switch (f->type) {
	case PROTOBUF_C_TYPE_BOOL: *(protobuf_c_boolean *)at = v & 1; break;
	case PROTOBUF_C_TYPE_STRING: *(char **)at = some_text(r, mem); break;
	case PROTOBUF_C_TYPE_BYTES: *(ProtobufCBinaryData *)at = some_bytes(r, mem); break;
	case PROTOBUF_C_TYPE_MESSAGE:
		*(ProtobufCMessage **)at = some_message(f->descriptor, r, mem);
		break;
	default: memcpy(at, &v, width(f->type));
	}
}

/* Mostly ascending, so that ranges are often valid. */
static void set_list(ProtobufCMessage *m, const ProtobufCFieldDescriptor *f, struct prng *r,
		     struct arena *mem)
{
	size_t n = prng_below(r, 30) ? prng_below(r, 5) : prng_below(r, 150);
	uint8_t *v = arena_alloc(mem, (n + 1) * width(f->type));
	uint32_t at = 0;

	for (size_t i = 0; i < n; i++) {
		set(v + i * width(f->type), f, r, mem);
		if (f->type == PROTOBUF_C_TYPE_UINT32 && prng_below(r, 20)) {
			at += 1 + (uint32_t)prng_below(r, 3);
			memcpy(v + i * 4, &at, 4);
		}
	}
	*(size_t *)((char *)m + f->quantifier_offset) = n;
	*(void **)((char *)m + f->offset) = v;
}

static void change(ProtobufCMessage *m, const ProtobufCFieldDescriptor *f, struct prng *r,
		   struct arena *mem)
{
	void *at = (char *)m + f->offset;

	if (f->label == PROTOBUF_C_LABEL_REPEATED)
		set_list(m, f, r, mem);
	else if (f->type == PROTOBUF_C_TYPE_MESSAGE && *(void **)at && prng_below(r, 8))
		mutate(*(ProtobufCMessage **)at, r, mem, 4);
	else if (f->type == PROTOBUF_C_TYPE_MESSAGE && prng_below(r, 8) == 0)
		*(void **)at = NULL;
	else
		set(at, f, r, mem);
}

void mutate(ProtobufCMessage *m, struct prng *r, struct arena *mem, unsigned odds)
{
	for (unsigned i = 0; i < m->descriptor->n_fields; i++) {
		const ProtobufCFieldDescriptor *f = &m->descriptor->fields[i];

		if (f->flags & PROTOBUF_C_FIELD_FLAG_ONEOF)
			continue;
		if (prng_below(r, odds) == 0)
			change(m, f, r, mem);
	}
}

Tern__Op *mutate_op_new(struct prng *r, struct arena *mem)
{
	const ProtobufCMessageDescriptor *d = &tern__op__descriptor;
	Tern__Op *op = arena_new(mem, Tern__Op);
	const ProtobufCFieldDescriptor *f;

	tern__op__init(op);
	op->version = prng_below(r, 50) ? 1 : (uint32_t)some_number(r);
	do
		f = &d->fields[prng_below(r, d->n_fields)];
	while (!(f->flags & PROTOBUF_C_FIELD_FLAG_ONEOF));
	op->what_case = (Tern__Op__WhatCase)f->id;
	op->hello = (Tern__Hello *)some_message(f->descriptor, r, mem); /* whichever it is */
	return op;
}
