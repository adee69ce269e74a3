/* SPDX-License-Identifier: Apache-2.0 */
/* A command that is taken says its number as it stands in the line. */
#include "pop3/parse.h"

#include "base/buf.h"

#include <inttypes.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct bytes line = bytes_of(data, n), digits;
	struct pop3_cmd c;
	struct buf number;

	pop3_parse(line, &c);
	INVARIANT(c.verb != POP3_UNKNOWN || c.bad);
	if (c.bad)
		return 0;
	INVARIANT(n == 0 || !memchr(data, 0, n));
	INVARIANT(c.text.n <= n && c.initial.n <= n);
	if (!c.has_msg)
		return 0;
	buf_init(&number, 64);
	buf_printf(&number, "%" PRIu32, c.msg);
	digits = buf_bytes(&number);
	INVARIANT(bytes_find(line, digits) < n);
	buf_release(&number);
	return 0;
}
