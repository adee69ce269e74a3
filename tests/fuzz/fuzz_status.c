/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_status.c - the status server's request parser: what it accepts is a prefix of nothing
 * shorter that was accepted, and no refusal is taken back by more input. */
#include "base/status.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = bytes_of(data, size), path = BYTES_NONE;
	bool head;
	int last = 0;

	for (size_t n = 0; n <= in.n; n += in.n > 512 ? 97 : 1) {
		int code = status_parse(bytes_head(in, n), &path, &head);

		INVARIANT(last == 0 || last == 200 || code == last);
		INVARIANT(last != 200 || code == 400);
		if (code == 200)
			INVARIANT(path.n > 0 && path.p[0] == '/' && path.p + path.n <= data + n);
		last = code == 400 && last == 200 ? 400 : code;
	}
	return 0;
}
