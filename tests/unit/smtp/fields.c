/* SPDX-License-Identifier: Apache-2.0 */
#include "smtp/fields.h"

#include "base/buf.h"
#include "lib/test.h"

/* Fed in two parts, cut at `cut`: where the header ended, counted over both. */
static size_t scan(struct bytes all, size_t cut, struct smtp_fields *f)
{
	struct bytes head = bytes_head(all, cut), tail = bytes_skip(all, cut);
	size_t at;

	memset(f, 0, sizeof(*f));
	at = smtp_fields_scan(f, head);
	if (f->over) {
		CHECK_INT(smtp_fields_scan(f, tail), tail.n);
		return at;
	}
	CHECK_INT(at, head.n);
	return head.n + smtp_fields_scan(f, tail);
}

struct row {
	const char *message;
	size_t header;
	unsigned received, date, message_id, from;
};

TEST(fields, counts_at_every_cut)
{
	static const struct row rows[] = {
		{ "Received: a\r\nreceived : b\r\n\r\nReceived: c\r\n", 27, 2, 0, 0, 0 },
		{ "Date: x\r\n Received: folded\r\nFrom: a\r\nFROM\t: b\r\n\r\n", 47, 0, 1, 0, 2 },
		{ "Message-ID: <a@b>\r\n\r\nMessage-ID: <c@d>\r\n", 19, 0, 0, 1, 0 },
		{ "X-Received: a\r\nReceived-SPF: b\r\nReceive: c\r\n\r\n", 44, 0, 0, 0, 0 },
		{ "\r\nReceived: a\r\n", 0, 0, 0, 0, 0 },
		{ "no field\r\nDate: x\r\n", 19, 0, 1, 0, 0 },
		{ "a-very-long-name-of-a-field-indeed: x\r\nDate:\r\n\r\n", 46, 0, 1, 0, 0 },
		{ "", 0, 0, 0, 0, 0 },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		for (size_t cut = 0; cut <= strlen(rows[i].message); cut++) {
			struct smtp_fields f;

			CHECK_INT(scan(bytes_str(rows[i].message), cut, &f), rows[i].header);
			CHECK_INT(f.received, rows[i].received);
			CHECK_INT(f.date, rows[i].date);
			CHECK_INT(f.message_id, rows[i].message_id);
			CHECK_INT(f.from, rows[i].from);
		}
}
