/* SPDX-License-Identifier: Apache-2.0 */
/* mixed - a whole session of a mail program, from connecting to logging out, as one operation:
 * LIST and STATUS (each in half of the sessions), SELECT, ten rows of a list view, three bodies, a
 * flag (in half), one message deleted and one appended, so that the mailbox keeps its size. */
#include "load.h"

#include <stdlib.h>
#include <string.h>

enum { ROWS = 10 };

struct step {
	void (*send)(struct conn *c);
	void (*row)(struct conn *c, const char *line);
	void (*check)(struct conn *c, const char *line); /* its OK */
	unsigned percent;                                /* of the sessions that have it */
};

static void count_list(struct conn *c, const char *line)
{
	c->hits += strncmp(line, "* LIST", 6) == 0 || strncmp(line, "* STATUS", 8) == 0;
}

static void some_hit(struct conn *c, const char *line)
{
	if (!c->hits)
		die("nothing before: %s", line);
}

static void send_list(struct conn *c)
{
	putf(c, "x LIST \"\" *\r\n");
}

static void send_status(struct conn *c)
{
	putf(c, "x STATUS INBOX (MESSAGES UNSEEN UIDNEXT)\r\n");
}

static void send_select(struct conn *c)
{
	putf(c, "x SELECT INBOX\r\n");
}

static void enough_exist(struct conn *c, const char *line)
{
	if (c->exists <= ROWS)
		die("only %u messages: %s", c->exists, line);
}

static void send_rows(struct conn *c)
{
	c->wanted = 1 + below(c->exists - ROWS + 1);
	putf(c, "x FETCH %u:%u (UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODYSTRUCTURE)\r\n",
	     c->wanted, c->wanted + ROWS - 1);
}

static void structure_row(struct conn *c, const char *line)
{
	if (!strstr(line, " FETCH ("))
		return;
	if (strtoul(line + 2, NULL, 10) != c->wanted + c->rows)
		die("not row %u: %s", c->wanted + c->rows, line);
	c->rows++;
	check_envelope(c, line, true);
}

static void all_rows(struct conn *c, const char *line)
{
	if (c->rows != ROWS)
		die("%u rows: %s", c->rows, line);
}

static void send_body(struct conn *c)
{
	c->wanted = 1 + below(c->exists);
	putf(c, "x FETCH %u BODY[]\r\n", c->wanted);
}

static void one_body(struct conn *c, const char *line)
{
	if (c->checked != 1)
		die("%u bodies: %s", c->checked, line);
}

static void send_flag(struct conn *c)
{
	c->wanted = 1 + below(c->exists);
	putf(c, "x STORE %u %cFLAGS (%s)\r\n", c->wanted, below(2) ? '+' : '-',
	     below(2) ? "\\Flagged" : "\\Answered");
}

static void send_delete(struct conn *c)
{
	c->wanted = 1 + below(c->exists);
	putf(c, "x STORE %u +FLAGS.SILENT (\\Deleted)\r\n", c->wanted);
}

static void send_expunge(struct conn *c)
{
	putf(c, "x EXPUNGE\r\n");
}

static void count_expunged(struct conn *c, const char *line)
{
	const char *end = strstr(line, " EXPUNGE");

	if (line[0] == '*' && end && !end[8]) {
		c->hits++;
		g.accepted[c->user]--;
	}
}

static void one_expunged(struct conn *c, const char *line)
{
	if (c->hits != 1)
		die("%u messages expunged: %s", c->hits, line);
}

static const struct step steps[] = {
	{ send_list, count_list, some_hit, 50 },
	{ send_status, count_list, some_hit, 50 },
	{ send_select, NULL, enough_exist, 100 },
	{ send_rows, structure_row, all_rows, 100 },
	{ send_body, imap_fetch_row, one_body, 100 },
	{ send_body, imap_fetch_row, one_body, 100 },
	{ send_body, imap_fetch_row, one_body, 100 },
	{ send_flag, imap_fetch_row, NULL, 50 },
	{ send_delete, NULL, NULL, 100 },
	{ send_expunge, count_expunged, one_expunged, 100 },
	{ imap_put_append, NULL, imap_appended, 100 },
};

enum { STEPS = sizeof(steps) / sizeof(*steps) };

static const struct step *current(const struct conn *c)
{
	return c->next ? &steps[c->next - 1] : NULL;
}

static void mixed_begin(struct conn *c)
{
	c->next = 0;
	open_connection(c);
}

static void mixed_row(struct conn *c, const char *line)
{
	if (current(c) && current(c)->row)
		current(c)->row(c, line);
}

static bool mixed_ended(struct conn *c, const char *line)
{
	if (current(c) && current(c)->check)
		current(c)->check(c, line);
	while (c->next < STEPS && below(100) >= steps[c->next].percent)
		c->next++;
	if (c->next == STEPS)
		return true;
	c->rows = c->checked = c->hits = c->wanted = 0;
	steps[c->next++].send(c);
	return false;
}

const struct mode mixed_modes[] = {
	{ .name = "imap-mixed",
	  .protocol = &imap_protocol,
	  .begin = mixed_begin,
	  .row = mixed_row,
	  .ended = mixed_ended,
	  .fresh = true },
	{ .name = NULL },
};
