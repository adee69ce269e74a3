/* SPDX-License-Identifier: Apache-2.0 */
/* fill.h - a message with every field set, whatever its type: for tests of the wire format. */
#ifndef TEST_WIRE_FILL_H
#define TEST_WIRE_FILL_H

#include "base/base.h"
#include "lib/test.h"
#include "wire/frame.h"

/* `choice` is the number of the oneof member to set, 0: none. Nested messages are filled too,
 * with the first member of their oneofs. The result lives in mem. */
ProtobufCMessage *fill_message(const ProtobufCMessageDescriptor *d, unsigned choice,
			       struct arena *mem);

/* Calls `each` for every message that travels on its own, once for each oneof member. */
struct fill_case {
	char name[64];
	const ProtobufCMessageDescriptor *d;
	unsigned choice;
};
void fill_each(void (*each)(const struct fill_case *c, void *arg), void *arg);

#endif
