/* SPDX-License-Identifier: Apache-2.0 */
/* match.h - the lines of a transcript: what is sent, and what may be answered.
 *
 *   $name      sent: its value; expected: its value, or any word, which then is its value
 *   $$         a dollar
 *   ...        (expected) anything
 *   /ERE/      (expected, the whole line) a regular expression
 *   @{300 ab}  "ab" 300 times, which may hold more of these; @{hex 0d0a}; @{lf} */
#ifndef TRANSCRIPT_MATCH_H
#define TRANSCRIPT_MATCH_H

#include "base/buf.h"
#include "base/map.h"

struct vars {
	struct map values; /* name -> char * */
};

void vars_init(struct vars *v);
void vars_release(struct vars *v);

/* False: no such variable. */
bool expand(const struct vars *v, struct bytes text, struct buf *out);
bool match(struct vars *v, struct bytes pattern, struct bytes line);

#endif
