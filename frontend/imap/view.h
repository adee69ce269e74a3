/* SPDX-License-Identifier: Apache-2.0 */
/* view.h - the mailbox as this session's client knows it: UIDs and their sequence numbers.
 *
 * A run-length list of UIDs. A message that is gone but not reported as such keeps its number:
 * RFC 3501, 7.4.1 says when it may be reported. No flags: they are asked for. Pure. */
#ifndef TERN_IMAP_VIEW_H
#define TERN_IMAP_VIEW_H

#include "model/uidset.h"

#define VIEW_TOLD 8

struct view {
	struct uidset uids;
	struct uidset gone; /* of these, those the client has still to hear of */
	uint32_t *before;   /* messages before each range of uids; NULL: to be counted */
	uint32_t count;
	uint64_t modseq;   /* the client knows all changes up to here */
	struct view_told { /* and these above, that it made itself */
		uint64_t from, to;
	} told[VIEW_TOLD];
	unsigned next_told;
};

void view_init(struct view *v);
void view_release(struct view *v);

uint32_t view_count(struct view *v);
uint32_t view_max(const struct view *v);         /* highest UID; 0: empty */
uint32_t view_seq(struct view *v, uint32_t uid); /* 0: not there */
uint32_t view_uid(struct view *v, uint32_t seq); /* 0: not there */

void view_add(struct view *v, const struct uidset *uids);
void view_gone(struct view *v, const struct uidset *uids); /* those not known are ignored */
/* Takes the gone out of the view, last first: each number is right when it is told. */
void view_forget(struct view *v, void (*tell)(void *arg, uint32_t seq), void *arg);

/* A sequence-set that lex_set has checked, of numbers or (`uid`) of UIDs, as the UIDs of the
 * messages that it names and that are here. */
void view_resolve(struct view *v, struct bytes set, bool uid, struct uidset *out);
/* A set of UIDs names none above those that this client has heard of. */
bool view_knows(struct view *v, struct bytes set);
/* Joins neighbours: ranges that have none of our messages between them. Shorter to send. */
void view_cover(struct view *v, struct uidset *set);
/* Takes a set apart: the next at most `max` of its UIDs. Zero *at to begin. */
struct view_steps {
	size_t range;
	uint32_t from;
};
bool view_step(const struct uidset *set, struct view_steps *at, uint64_t max, struct uidset *step);

/* A change of our own that the client has heard of by the command's own answer. */
void view_tell(struct view *v, uint64_t modseq);
bool view_was_told(const struct view *v, uint64_t modseq);
void view_seen(struct view *v, uint64_t modseq); /* up to here */

#endif
