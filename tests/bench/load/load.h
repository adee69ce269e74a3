/* SPDX-License-Identifier: Apache-2.0 */
/* load.h - what the parts of the load driver share; main.c says what it does.
 *
 * One thread, one epoll: a mode's begin() puts an operation's bytes on a connection, its protocol
 * sees each line that comes back and calls done() and begin() again. A wrong answer ends all. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MAX_MESSAGES = 1024, MAX_USERS = 10000, LINE = 512, BLOCK = 4096 };

/* Where a connection is: before its first operation, in one, or at the end of its life. */
enum phase { GREETING, HELLO, LOGIN, SELECT, READY, WORKING, LEAVING, CLOSED };

struct message {
	char *text;
	size_t n;
	char subject[128]; /* as in ENVELOPE */
	char subtype[32];  /* of its Content-Type */
};

struct conn {
	int fd;
	enum phase phase;
	unsigned step;      /* answers seen of this operation */
	unsigned user;      /* place in the list of users */
	unsigned message;   /* that it sends */
	unsigned wanted;    /* first sequence number that it asked for */
	unsigned rows;      /* FETCH answers seen */
	unsigned checked;   /* bodies compared */
	unsigned stored;    /* STOREs so far */
	unsigned unchanged; /* of them, those that changed nothing */
	unsigned hits;      /* numbers in SEARCH answers; other answers that were awaited */
	unsigned exists;    /* messages in the selected mailbox */
	unsigned next;      /* step of a mixed session */
	bool block;         /* lines until a dot are awaited */
	uint64_t start;
	char *in;
	size_t in_n, in_room, literal, scanned;
	char *out;
	size_t out_n, out_room, out_done;
};

struct protocol {
	void (*line)(struct conn *c, const char *line, size_t n);
	/* A literal or a block of lines that has come; NULL where there is none. */
	void (*body)(struct conn *c, const char *p, size_t n);
};

struct mode {
	const char *name;
	const struct protocol *protocol;
	void (*begin)(struct conn *c);                   /* starts an operation */
	void (*row)(struct conn *c, const char *line);   /* an untagged answer of IMAP in it */
	bool (*ended)(struct conn *c, const char *line); /* its OK: false when more was asked */
	bool select;                                     /* INBOX is selected before the start */
	bool fresh; /* an operation is a connection, from connecting to logging out */
};

struct load {
	const struct mode *mode;
	unsigned port, connections, first, users, count, hits, recipients;
	unsigned *list; /* numbers of the users, or NULL: those from `first` on */
	double seconds;
	const char *password, *domain, *file, *search;
	struct message messages[MAX_MESSAGES]; /* by number; those that are sent have no gap */
	unsigned n_messages, base;             /* the lowest number */
	unsigned ready, open;
	bool running;
	int epoll;
	uint64_t start, end, last;
	uint64_t begun, operations;
	uint64_t serial, bytes;
	int accepted[MAX_USERS]; /* messages that each has more than before */
	uint32_t *us;            /* duration of each operation */
	size_t ops, room;
	struct conn *conns;
};

extern struct load g;

void die(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));
uint64_t now_us(void);
void *grown(void *p, size_t n);
unsigned user_number(unsigned place);
unsigned below(unsigned n); /* at random */

/* ---- conn.c */
void open_connection(struct conn *c);
void close_fd(struct conn *c); /* another one follows */
void close_connection(struct conn *c);
void flush(struct conn *c);
void put(struct conn *c, const char *p, size_t n);
void putf(struct conn *c, const char *format, ...) __attribute__((format(printf, 2, 3)));
void loop(bool (*more)(void));

/* ---- main.c */
void begin(struct conn *c);
void is_ready(struct conn *c);
void done(struct conn *c);

/* ---- message.c */
void load_messages(const char *folder);
void choose_message(struct conn *c);
size_t message_size(const struct conn *c); /* of what put_message sends */
void put_message(struct conn *c);
void check_body(struct conn *c, const char *p, size_t n);
void check_envelope(struct conn *c, const char *line, bool structure);

/* ---- imap.c */
extern const struct protocol imap_protocol;
void imap_fetch_row(struct conn *c, const char *line);
void imap_put_append(struct conn *c);
void imap_appended(struct conn *c, const char *line);

/* ---- each protocol's modes, ended by one without a name */
extern const struct mode mail_modes[], imap_modes[], mixed_modes[], pop3_modes[];
