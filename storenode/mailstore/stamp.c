/* SPDX-License-Identifier: Apache-2.0 */
/* stamp.c - the fixed bytes before an operation in a log entry. */
#include "mailstore/apply.h"

#include "base/buf.h"

#define STAMP_VERSION 1

void stamp_pack(const struct stamp *s, uint8_t out[STAMP_BYTES])
{
	const uint64_t v[] = { s->log_ms, s->wall_ms, s->client, s->seq, s->done_below, s->trace };

	out[0] = STAMP_VERSION >> 8;
	out[1] = STAMP_VERSION & 0xff;
	for (size_t i = 0; i < ARRAY_LEN(v); i++)
		for (size_t b = 0; b < 8; b++)
			out[2 + 8 * i + b] = (uint8_t)(v[i] >> (56 - 8 * b));
}

int stamp_unpack(struct bytes *entry, struct stamp *s)
{
	struct bytes in = *entry;
	uint16_t version;

	if (!get_u16be(&in, &version))
		return -ERR_INVALID;
	if (version != STAMP_VERSION)
		return -ERR_VERSION;
	if (!get_u64be(&in, &s->log_ms) || !get_u64be(&in, &s->wall_ms) ||
	    !get_u64be(&in, &s->client) || !get_u64be(&in, &s->seq) ||
	    !get_u64be(&in, &s->done_below) || !get_u64be(&in, &s->trace))
		return -ERR_INVALID;
	*entry = in;
	return 0;
}
