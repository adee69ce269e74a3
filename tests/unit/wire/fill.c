/* SPDX-License-Identifier: Apache-2.0 */
#include "fill.h"

#include <stdio.h>

static const ProtobufCMessageDescriptor *const roots[] = {
	&tern__head__descriptor,        &tern__op__descriptor,
	&tern__result__descriptor,      &tern__query__descriptor,
	&tern__reply__descriptor,       &tern__chunks_query__descriptor,
	&tern__cluster_map__descriptor, &tern__watch__descriptor,
	&tern__hints__descriptor,       &tern__lock__descriptor,
	&tern__node_query__descriptor,  &tern__node_reply__descriptor,
	&tern__admin__descriptor,       &tern__facts__descriptor,
};

static bool is_oneof(const ProtobufCFieldDescriptor *f)
{
	return f->flags & PROTOBUF_C_FIELD_FLAG_ONEOF;
}

static unsigned first_choice(const ProtobufCMessageDescriptor *d)
{
	for (unsigned i = 0; i < d->n_fields; i++)
		if (is_oneof(&d->fields[i]))
			return d->fields[i].id;
	return 0;
}

static size_t value_size(ProtobufCType type)
{
	switch (type) {
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_SINT64:
	case PROTOBUF_C_TYPE_SFIXED64:
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_FIXED64:
	case PROTOBUF_C_TYPE_DOUBLE: return 8;
	case PROTOBUF_C_TYPE_STRING:
	case PROTOBUF_C_TYPE_MESSAGE: return sizeof(void *);
	case PROTOBUF_C_TYPE_BYTES: return sizeof(ProtobufCBinaryData);
	default: return 4;
	}
}

/* Values tell the field and the place in a list, and cross the sizes of varints. */
static void put_value(const ProtobufCFieldDescriptor *f, unsigned at, void *to, struct arena *mem)
{
	uint64_t number = (uint64_t)f->id * 1000003 + at;
	ProtobufCBinaryData bytes = { 3, arena_alloc(mem, 3) };

	switch (f->type) {
	case PROTOBUF_C_TYPE_STRING: *(char **)to = arena_printf(mem, "s%u.%u", f->id, at); break;
	case PROTOBUF_C_TYPE_BYTES:
		memcpy(bytes.data, (uint8_t[]){ (uint8_t)f->id, 0, 0xff }, 3);
		*(ProtobufCBinaryData *)to = bytes;
		break;
	case PROTOBUF_C_TYPE_MESSAGE:
		*(ProtobufCMessage **)to = fill_message(f->descriptor, first_choice(f->descriptor),
							mem);
		break;
	case PROTOBUF_C_TYPE_BOOL: *(protobuf_c_boolean *)to = 1; break;
	case PROTOBUF_C_TYPE_ENUM: *(int *)to = 1; break;
	default:
		if (value_size(f->type) == 8)
			*(uint64_t *)to = number << 20;
		else
			*(uint32_t *)to = (uint32_t)number;
	}
}

static void put_field(ProtobufCMessage *m, const ProtobufCFieldDescriptor *f, struct arena *mem)
{
	uint8_t *at = (uint8_t *)m + f->offset;
	size_t size = value_size(f->type);
	uint8_t *list;

	if (f->label != PROTOBUF_C_LABEL_REPEATED) {
		put_value(f, 0, at, mem);
		return;
	}
	list = arena_alloc(mem, 2 * size);
	put_value(f, 0, list, mem);
	put_value(f, 1, list + size, mem);
	*(size_t *)((uint8_t *)m + f->quantifier_offset) = 2;
	*(void **)at = list;
}

ProtobufCMessage *fill_message(const ProtobufCMessageDescriptor *d, unsigned choice,
			       struct arena *mem)
{
	ProtobufCMessage *m = arena_alloc(mem, d->sizeof_message);

	d->message_init(m);
	for (unsigned i = 0; i < d->n_fields; i++) {
		const ProtobufCFieldDescriptor *f = &d->fields[i];

		if (is_oneof(f) && f->id != choice)
			continue;
		if (is_oneof(f))
			*(uint32_t *)((uint8_t *)m + f->quantifier_offset) = f->id;
		put_field(m, f, mem);
	}
	return m;
}

static void each_of(const ProtobufCMessageDescriptor *d,
		    void (*each)(const struct fill_case *c, void *arg), void *arg)
{
	struct fill_case c = { .d = d };

	snprintf(c.name, sizeof(c.name), "%s", d->short_name);
	if (!first_choice(d))
		each(&c, arg);
	for (unsigned i = 0; i < d->n_fields; i++) {
		if (!is_oneof(&d->fields[i]))
			continue;
		snprintf(c.name, sizeof(c.name), "%s.%s", d->short_name, d->fields[i].name);
		c.choice = d->fields[i].id;
		each(&c, arg);
	}
}

void fill_each(void (*each)(const struct fill_case *c, void *arg), void *arg)
{
	for (size_t i = 0; i < ARRAY_LEN(roots); i++)
		each_of(roots[i], each, arg);
}
