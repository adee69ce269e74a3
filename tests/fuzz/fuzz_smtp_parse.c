/* SPDX-License-Identifier: Apache-2.0 */
/* A line that is taken holds nothing that could be another line, and its mailbox is one. */
#include "smtp/parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static bool inside(struct bytes part, struct bytes whole)
{
	return part.n == 0 || (part.p >= whole.p && part.p + part.n <= whole.p + whole.n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct bytes line = bytes_of(data, n);
	struct smtp_cmd c;
	struct address again;
	struct arena mem;

	arena_init(&mem, MIB(1));
	smtp_parse(line, &mem, &c);
	INVARIANT(c.verb != VERB_NONE || c.error);
	if (!c.error) {
		for (size_t i = 0; i < n; i++)
			INVARIANT(data[i] >= 32 || data[i] == '\t');
		INVARIANT(inside(c.arg, line) && inside(c.initial, line) &&
			  inside(c.path.text, line));
	}
	if (!c.error && c.path.text.n && !c.path.postmaster)
		INVARIANT(address_parse(c.path.text, false, &mem, &again, NULL) == 0 &&
			  bytes_eq(again.full, c.path.addr.full));
	arena_release(&mem);
	return 0;
}
