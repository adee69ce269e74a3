/* SPDX-License-Identifier: Apache-2.0 */
/* body.h - ranges of one message's bytes. */
#ifndef TERN_STORE_BODY_H
#define TERN_STORE_BODY_H

#include "store/store.h"

/* Reads ranges of one message: only the chunks that overlap are fetched, inflated into one
 * 256 KiB buffer, checked against their hash. `page`: that the row is of, which must live on; a
 * body that came along with it is not fetched. NULL: none. */
struct body;
struct body *body_open(struct store_user *u, const struct row *row /* ROW_SIZE | ROW_CHUNKS */,
		       uint64_t account, const struct store_page *page);
void body_close(struct body **b);
void body_range(struct body *b, uint64_t from, uint64_t n); /* clipped to the message */
/* The next piece of the range, valid until the next call; n == 0: done. -ERR_CORRUPT. */
CO int body_next(struct body *b, struct bytes *piece) MUST_USE;

#endif
