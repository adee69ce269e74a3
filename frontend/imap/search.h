/* SPDX-License-Identifier: Apache-2.0 */
/* search.h - one SEARCH: what its files share.
 *
 * A message is judged by what is known of it so far: rows first, with the ENVELOPE where FROM,
 * TO, SUBJECT and the like ask for it, for all of the mailbox; where that leaves it open, its facts and header; where that does too, its text. Nothing is fetched
 * that does not decide. */
#ifndef TERN_IMAP_SEARCH_H
#define TERN_IMAP_SEARCH_H

#include "imap/private.h"
#include "mime/facts.h"
#include "model/row.h"

enum verdict { NO, YES, OPEN };

struct search {
	struct imap *im;
	struct search_key *root;
	uint32_t columns;    /* that the cheap keys look at */
	bool headers;        /* some keys look into the message's header */
	struct uidset *sets; /* of SEARCH_SEQS and SEARCH_UIDS keys, by slot */
	size_t n_sets;
	struct search_key **texts; /* SEARCH_BODY and SEARCH_TEXT, by slot */
	bool *found;
	size_t n_texts, n_keys;
	bool by_uid, told; /* UID SEARCH; there are no news that should be told before */
	uint64_t deadline, slice;
	uint64_t wall_ms;              /* for YOUNGER and OLDER */
	const struct store_page *page; /* that is judged */
	struct uidset hits, open;
};

struct subject { /* the message that is judged */
	const struct row *row;
	const Tern__Facts *facts; /* NULL: not fetched */
	struct bytes header;      /* with the facts: of the message, prefix included */
	bool read;                /* found[] is about this message */
};

/* ---- search_match.c */
void search_prepare(struct search *q); /* walks the keys: columns, sets, needles */
enum verdict search_judge(const struct search *q, const struct subject *m);

/* ---- search_text.c */
/* Between two pieces of work: lets others run, and ends what takes too long. */
CO int search_breathe(struct search *q) MUST_USE;
/* Of a message whose facts are there: header first, then text, until it is decided. */
CO int search_read(struct search *q, struct subject *m, struct arena *mem, enum verdict *verdict)
	MUST_USE;

#endif
