/* SPDX-License-Identifier: Apache-2.0 */
/* cmd.h - one command of a client with its arguments, as the parser hands it on.
 *
 * All of it lives in the arena of the command. Names and sets are as the client wrote them: what
 * they mean depends on the session. */
#ifndef TERN_IMAP_CMD_H
#define TERN_IMAP_CMD_H

#include "imap/lex.h"
#include "mime/section.h"

#define TAG_MAX 64

enum imap_verb {
#define CMD(verb, name, arguments, run, states, flags) VERB_##verb,
#include "imap/cmd.def"
#undef CMD
	VERB_COUNT
};

enum {                       /* where a command is allowed */
       IN_STRANGER = BIT(0), /* before login */
       IN_HOME = BIT(1),     /* logged in, no mailbox selected */
       IN_MAILBOX = BIT(2),
       IN_USER = IN_HOME | IN_MAILBOX,
       IN_ANY = IN_STRANGER | IN_USER,
};

/* ---- arguments */

enum fetch_what {
	FETCH_UID,
	FETCH_FLAGS,
	FETCH_INTERNALDATE,
	FETCH_SIZE,
	FETCH_ENVELOPE,
	FETCH_BODY,
	FETCH_BODYSTRUCTURE,
	FETCH_SECTION, /* BODY[...] */
	FETCH_RFC822,
	FETCH_RFC822_HEADER,
	FETCH_RFC822_TEXT,
};

enum fetch_fields { FIELDS_NONE, FIELDS_LISTED, FIELDS_NOT };

struct fetch_item {
	enum fetch_what what;
	bool peek, partial;
	enum fetch_fields fields; /* HEADER.FIELDS, HEADER.FIELDS.NOT */
	struct section section;
	struct bytes spec; /* what stands before the fields, for the answer */
	struct bytes *names;
	size_t n_names;
	uint64_t from, count;
};

enum search_what {
	SEARCH_AND, /* all children; the root */
	SEARCH_OR,
	SEARCH_NOT,
	SEARCH_ALL,
	SEARCH_NONE,    /* NEW, RECENT: RECENT is always 0 */
	SEARCH_FLAG,    /* number: the system flag */
	SEARCH_KEYWORD, /* text */
	SEARCH_SEQS,    /* text: sequence-set */
	SEARCH_UIDS,
	SEARCH_LARGER,
	SEARCH_SMALLER,
	SEARCH_BEFORE, /* day */
	SEARCH_ON,
	SEARCH_SINCE,
	SEARCH_SENTBEFORE,
	SEARCH_SENTON,
	SEARCH_SENTSINCE,
	SEARCH_YOUNGER, /* number: seconds (RFC 5032) */
	SEARCH_OLDER,
	SEARCH_HEADER, /* name, text; number: the field of the ENVELOPE that will do, or 0 */
	SEARCH_BODY,
	SEARCH_TEXT,
};

struct search_key {
	enum search_what what;
	struct search_key *next;  /* of the same parent */
	struct search_key *child; /* the first */
	struct bytes name, text;
	uint64_t number;
	int32_t day;
	unsigned slot; /* of the search that runs */
};

enum { /* STATUS items */
       STATUS_MESSAGES = BIT(0),
       STATUS_RECENT = BIT(1),
       STATUS_UIDNEXT = BIT(2),
       STATUS_UIDVALIDITY = BIT(3),
       STATUS_UNSEEN = BIT(4),
       STATUS_SIZE = BIT(5),        /* RFC 8438 */
       STATUS_DELETED = BIT(6),     /* RFC 9051 */
       STATUS_APPENDLIMIT = BIT(7), /* RFC 7889 */
};

enum { /* LIST: selection and return options (RFC 5258, 5819, 6154) */
       LIST_SUBSCRIBED = BIT(0),
       LIST_REMOTE = BIT(1),
       LIST_RECURSIVE = BIT(2),
       LIST_SPECIAL = BIT(3),
       RETURN_SUBSCRIBED = BIT(4),
       RETURN_CHILDREN = BIT(5),
       RETURN_SPECIAL = BIT(6),
       RETURN_STATUS = BIT(7),
       LIST_EXTENDED = BIT(8), /* any of the syntax of RFC 5258 */
};

struct imap_cmd {
	struct bytes tag;
	enum imap_verb verb;
	bool uid;              /* UID FETCH and the like */
	struct bytes set;      /* sequence set, checked, not resolved */
	struct bytes name, to; /* mailbox names as written */
	struct imap_flags flags;
	unsigned options; /* STATUS_, LIST_ */
	unsigned status;  /* STATUS_ items of LIST */
	union {
		struct {
			struct bytes user, password;
		} login;
		struct {
			struct bytes mechanism, initial;
			bool has_initial;
		} auth;
		struct {
			struct bytes *patterns;
			size_t n;
		} list;
		struct {
			int64_t date_ms;
			int32_t zone;
			bool dated, sync;
			uint64_t size; /* of the message, which has not been read */
		} append;
		struct {
			char mode; /* '+', '-', 0 */
			bool silent;
		} store;
		struct {
			struct fetch_item *items;
			size_t n;
		} fetch;
		struct {
			struct bytes charset; /* empty: none given */
			struct search_key *root;
		} search;
		uint32_t special_use; /* CREATE */
	};
	/* What the command says beside OK or NO. */
	const char *code; /* response code without brackets; NULL: that of the error */
	const char *text;
};

#endif
