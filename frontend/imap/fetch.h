/* SPDX-License-Identifier: Apache-2.0 */
/* fetch.h - one FETCH: what cmd_fetch.c and fetch_body.c share. */
#ifndef TERN_IMAP_FETCH_H
#define TERN_IMAP_FETCH_H

#include "imap/private.h"
#include "mime/facts.h"
#include "model/row.h"
#include "store/body.h"

struct fetch {
	struct imap *im;
	const struct fetch_item *items;
	size_t n;
	uint32_t columns;
	bool by_uid; /* UID FETCH */
	bool uid;    /* UID is part of every answer without being asked for */
	bool marks;  /* reading a body sets \Seen */
	bool bodies; /* more than the stored header is asked for */
	const struct store_page *page;
	struct buf out;       /* of the answer that is being made */
	struct arena row_mem; /* of the message */
	Tern__Facts *facts;   /* of the message, or NULL */
	struct body *body;    /* of the message, once it was needed */
	bool told;            /* there are no news that the client should hear before */
	bool begun;           /* part of the answer has left: it must be finished */
	bool vanished;        /* while it was shown */
	bool complete;        /* the message was shown wholly */
	uint64_t shown;
	int worst; /* of messages that could not be shown */
};

/* The columns that an item is made from. */
uint32_t fetch_section_columns(const struct fetch_item *item);
bool fetch_marks(const struct fetch_item *item);
bool fetch_reads_body(const struct fetch_item *item); /* nearly always */
/* "BODY[1.2]<0> {5}\r\nhello". Until something of the answer has left an error harms nobody;
 * then the connection ends, since a literal must be as long as it said. */
CO int fetch_section(struct fetch *f, const struct row *row, const struct fetch_item *item)
	MUST_USE;

#endif
