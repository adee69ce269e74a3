/* SPDX-License-Identifier: Apache-2.0 */
/* A page of rows that unpacks packs again to a page that unpacks to the same rows. */
#include "model/row.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check_same(const struct row *row, uint32_t columns)
{
	struct buf one, two;
	struct row again;
	struct bytes page;

	buf_init(&one, 0);
	buf_init(&two, 0);
	row_pack(&one, row, columns);
	page = buf_bytes(&one);
	INVARIANT(row_unpack(&page, columns, &again) && page.n == 0);
	row_pack(&two, &again, columns);
	INVARIANT(bytes_eq(buf_bytes(&one), buf_bytes(&two)));
	buf_release(&one);
	buf_release(&two);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct bytes page = bytes_of(data, n);
	struct row row;
	uint8_t columns;

	if (!get_u8(&page, &columns))
		return 0;
	while (page.n && row_unpack(&page, columns & ROW_ALL, &row))
		check_same(&row, columns & ROW_ALL);
	return 0;
}
