/* SPDX-License-Identifier: Apache-2.0 */
/* private.h - an IMAP session, and what its commands share. */
#ifndef TERN_IMAP_PRIVATE_H
#define TERN_IMAP_PRIVATE_H

#include "imap/imap.h"
#include "imap/parse.h"
#include "imap/view.h"

enum imap_mode {
	MODE_COMMANDS,
	MODE_AUTH, /* the next line is the response to AUTHENTICATE's challenge */
	MODE_IDLE, /* the next line is DONE */
};

struct body;

struct imap {
	struct session *s;
	struct imap_parser parser;
	struct imap_cmd *cmd; /* taken and not run yet; lives in s->mem */
	enum imap_mode mode;
	char tag[TAG_MAX + 1]; /* of the command that waits for a line */
	bool spoken;           /* the client has said something */
	bool selected, read_only;
	struct view view;
	struct store_box box;
	size_t keywords_told;
	bool current; /* the command that runs knows that there are no news */
	struct store_watch *watch;
};

/* FETCH and SEARCH see to news themselves, before their answers. What changes messages acts on
 * those that the client knows of, and news come after it. */
enum {                      /* of commands, in cmd.def */
       NEWS_AFTER = BIT(0), /* asks at the end what has changed, and tells it */
       EXPUNGES = BIT(1),   /* messages that are gone too: numbers may change (RFC 3501, 7.4.1) */
       WRITES = BIT(3),     /* to the mailbox selected */
};

/* Runs one command. 0: answered OK, -ERR_X: NO, with cmd->code and cmd->text where they are
 * set; or one of the others. */
enum {
	RUN_ANSWERED = 1, /* nothing more is to be said */
	RUN_BAD = 2,      /* BAD, with cmd->text */
	RUN_NEWS = 3,     /* inside a command: the client must hear news first */
};
typedef int run_fn(struct imap *im, struct imap_cmd *cmd);
#define CMD(verb, name, arguments, run, states, flags) CO run_fn run;
#include "imap/cmd.def"
#include "store/watch.h"
#undef CMD

unsigned imap_state(const struct imap *im); /* IN_... */
void imap_tagged(struct imap *im, struct bytes tag, const char *status, const char *code,
		 const char *text);

/* ---- capability.c */
void capability_write(const struct session *s, struct buf *out); /* "CAPABILITY IMAP4rev1 ..." */

/* ---- sync.c */
/* Asks what has changed and tells it; `expunges`: what is gone too. -ERR_NOTFOUND: the mailbox
 * itself is gone. */
CO int imap_sync(struct imap *im, bool expunges) MUST_USE;
/* What was read when the mailbox was at `modseq` is what the client knows of. */
bool imap_is_current(const struct imap *im, uint64_t modseq, bool expunges);
/* The selected mailbox no longer exists: says so and closes. Returns RUN_ANSWERED. */
int imap_mailbox_gone(struct imap *im);
/* "* 3 FETCH (UID 7 FLAGS (\Seen))" */
void imap_write_flags(struct imap *im, struct buf *out, const struct row *row);
/* Where the dictionary has grown, FLAGS comes before the first flag that is new. */
void imap_tell_keywords(struct imap *im);
/* Messages that this session's own command took away, all at once. */
void imap_tell_gone(struct imap *im, const struct uidset *uids);

/* ---- select.c */
void imap_unselect(struct imap *im);

/* ---- list.c, status.c */
void status_write(struct imap *im, struct buf *out, const struct mailbox *box, unsigned items);

/* A mailbox by its name as the client wrote it. */
CO int imap_find(struct imap *im, struct bytes raw, struct mailbox *box) MUST_USE;
/* The same for what is to be written to: NO [TRYCREATE] where it is not there. */
CO int imap_find_target(struct imap *im, struct imap_cmd *cmd, struct bytes raw,
			struct mailbox *box) MUST_USE;

/* body_next; a body that is not where its row says is damage, not a missing mailbox. */
CO int imap_body_next(struct body *b, struct bytes *piece) MUST_USE;

struct store_flags imap_store_flags(const struct imap_flags *flags);

#endif
