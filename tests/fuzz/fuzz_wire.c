/* SPDX-License-Identifier: Apache-2.0 */
/* What the scan lets through unpacks within its memory, and packs to what unpacks to the same. */
#include "wire/frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const ProtobufCMessageDescriptor *const types[] = {
	&tern__head__descriptor,        &tern__op__descriptor,
	&tern__result__descriptor,      &tern__query__descriptor,
	&tern__reply__descriptor,       &tern__chunks_query__descriptor,
	&tern__cluster_map__descriptor, &tern__watch__descriptor,
	&tern__hints__descriptor,       &tern__lock__descriptor,
	&tern__node_reply__descriptor,  &tern__admin__descriptor,
	&tern__facts__descriptor,
};

static void round_trip(const ProtobufCMessageDescriptor *d, const ProtobufCMessage *m,
		       struct arena *mem)
{
	struct blob *once = wire_pack(m), *twice;
	ProtobufCMessage *again = wire_unpack(d, once->b, mem);

	INVARIANT(again);
	twice = wire_pack(again);
	INVARIANT(bytes_eq(once->b, twice->b));
	blob_unref(&once);
	blob_unref(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const ProtobufCMessageDescriptor *d;
	struct arena mem;
	ProtobufCMessage *m;

	if (n == 0)
		return 0;
	d = types[data[0] % ARRAY_LEN(types)];
	arena_init(&mem, 0);
	m = wire_unpack(d, bytes_of(data + 1, n - 1), &mem);
	INVARIANT(mem.used <= 17 * n + KIB(64));
	if (m)
		round_trip(d, m, &mem);
	arena_release(&mem);
	return 0;
}
