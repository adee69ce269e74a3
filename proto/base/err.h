/* SPDX-License-Identifier: Apache-2.0 */
/* err.h - functions that can fail return 0 or -ERR_X; the sentence travels in struct why.
 *
 * Numbers are on the wire and in stored answers (wire/tern.proto, status): append to err.def,
 * never reorder. Normal outcomes (more input, not found where that is expected) are enums of
 * their own, not errors. An error is logged once, by whoever stops it. */
#ifndef TERN_ERR_H
#define TERN_ERR_H

#include "base/base.h"

enum err {
#define ERR(name, text, imap, smtp, enh) ERR_##name,
#include "base/err.def"
#undef ERR
	ERR_COUNT
};

/* All take 0, ERR_X or -ERR_X. */
const char *err_name(int err); /* "NOTFOUND" */
const char *err_text(int err);
const char *err_imap_code(int err);     /* NULL: none */
int err_smtp_code(int err);             /* 0: close without a reply */
const char *err_smtp_enhanced(int err); /* NULL: none */

/* The reason of a failure in one sentence, context added outward. */
struct why {
	char text[256];
};

/* Sets the sentence and returns -err: return why_set(why, ERR_INVALID, "…"). why may be NULL. */
int why_set(struct why *why, enum err err, const char *fmt, ...) PRINTF(3, 4);
/* Puts "context: " before what is there. */
void why_add(struct why *why, const char *fmt, ...) PRINTF(2, 3);

#endif
