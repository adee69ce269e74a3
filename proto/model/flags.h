/* SPDX-License-Identifier: Apache-2.0 */
/* flags.h - system flags and special uses as bits; stored and on the wire, never renumbered. */
#ifndef TERN_MODEL_FLAGS_H
#define TERN_MODEL_FLAGS_H

#include "base/bytes.h"

enum { /* RFC 3501, 2.3.2 */
       FLAG_SEEN = BIT(0),
       FLAG_ANSWERED = BIT(1),
       FLAG_FLAGGED = BIT(2),
       FLAG_DELETED = BIT(3),
       FLAG_DRAFT = BIT(4),
       FLAGS_SYSTEM = 0x1f,
};

enum { /* RFC 6154 */
       USE_ALL = BIT(0),
       USE_ARCHIVE = BIT(1),
       USE_DRAFTS = BIT(2),
       USE_FLAGGED = BIT(3),
       USE_JUNK = BIT(4),
       USE_SENT = BIT(5),
       USE_TRASH = BIT(6),
};

#define KEYWORDS_MAX 128 /* per account dictionary */
#define KEYWORD_MAX 64   /* bytes of a keyword */

/* "\Seen" without case to its bit; 0 if it is none (\Recent included). */
uint32_t flag_parse(struct bytes name);
const char *flag_name(uint32_t bit);   /* "\\Seen" */
uint32_t use_parse(struct bytes name); /* "\Sent" */
const char *use_name(uint32_t bit);
/* RFC 3501 flag-keyword: an atom, at most KEYWORD_MAX bytes. */
bool keyword_valid(struct bytes name);

#endif
