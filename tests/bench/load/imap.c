/* SPDX-License-Identifier: Apache-2.0 */
/* imap - the protocol, and the modes that repeat one command. */
#include "load.h"

#include <stdlib.h>
#include <string.h>

/* ---- rows ----------------------------------------------------------------------------- */

static bool is_fetch(const char *line)
{
	return line[0] == '*' && strstr(line, " FETCH (");
}

/* A row of a FETCH of all messages: they come in order. */
static bool next_row(struct conn *c, const char *line)
{
	if (!is_fetch(line))
		return false;
	if (strtoul(line + 2, NULL, 10) != ++c->rows)
		die("row %u is of another message: %s", c->rows, line);
	return true;
}

static void flags_row(struct conn *c, const char *line)
{
	if (next_row(c, line) && !strstr(line, "FLAGS ("))
		die("row %u has no flags: %s", c->rows, line);
}

static void envelope_row(struct conn *c, const char *line)
{
	if (next_row(c, line))
		check_envelope(c, line, false);
}

static void structure_row(struct conn *c, const char *line)
{
	if (next_row(c, line))
		check_envelope(c, line, true);
}

void imap_fetch_row(struct conn *c, const char *line)
{
	if (!is_fetch(line))
		return;
	if (c->wanted && strtoul(line + 2, NULL, 10) != c->wanted)
		die("asked for message %u: %s", c->wanted, line);
	c->rows++;
}

static void search_row(struct conn *c, const char *line)
{
	if (strncmp(line, "* SEARCH", 8) != 0)
		return;
	for (const char *p = line + 8; *p; p++)
		c->hits += *p == ' ' && p[1] >= '0' && p[1] <= '9';
}

static void verify_row(struct conn *c, const char *line)
{
	const char *size = strstr(line, "RFC822.SIZE ");

	if (!next_row(c, line))
		return;
	if (!size || strtoul(size + 12, NULL, 10) != c->literal)
		die("%zu bytes come: %s", c->literal, line);
}

static bool all_rows(struct conn *c, const char *line)
{
	(void)line;
	if (c->rows != g.count)
		die("%s: %u rows for %u messages", g.mode->name, c->rows, g.count);
	return true;
}

/* ---- modes ---------------------------------------------------------------------------- */

static void select_begin(struct conn *c)
{
	putf(c, "x SELECT INBOX\r\n");
}

static bool select_ended(struct conn *c, const char *line)
{
	if (c->step == 2)
		return all_rows(c, line);
	putf(c, "x FETCH 1:* FLAGS\r\n");
	return false;
}

static void envelope_begin(struct conn *c)
{
	putf(c, "x FETCH 1:* (FLAGS INTERNALDATE RFC822.SIZE ENVELOPE)\r\n");
}

static void structure_begin(struct conn *c)
{
	putf(c, "x FETCH 1:* (FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODYSTRUCTURE)\r\n");
}

static void body_begin(struct conn *c)
{
	c->wanted = 1 + below(g.count);
	putf(c, "x FETCH %u BODY.PEEK[]\r\n", c->wanted);
}

static bool body_ended(struct conn *c, const char *line)
{
	(void)line;
	if (c->checked != 1)
		die("no body for message %u", c->wanted);
	return true;
}

static void store_begin(struct conn *c)
{
	c->wanted = 1 + c->stored / 2 % g.count;
	putf(c, "x STORE %u %cFLAGS (\\Flagged)\r\n", c->wanted, c->stored++ % 2 ? '-' : '+');
}

/* A flag that an earlier run left set changes nothing when it is set, and need not be told. */
static bool store_ended(struct conn *c, const char *line)
{
	bool was_set = c->rows == 0 && c->stored % 2 == 1;

	(void)line;
	if (c->rows != 1 && (!was_set || c->unchanged++))
		die("STORE of message %u: %u answers", c->wanted, c->rows);
	return true;
}

void imap_put_append(struct conn *c)
{
	choose_message(c);
	putf(c, "x APPEND INBOX {%zu+}\r\n", message_size(c));
	put_message(c);
	put(c, "\r\n", 2);
}

void imap_appended(struct conn *c, const char *line)
{
	if (!strstr(line, "APPENDUID"))
		die("no APPENDUID: %s", line);
	g.accepted[c->user]++;
}

static bool append_ended(struct conn *c, const char *line)
{
	imap_appended(c, line);
	return true;
}

static void noop_begin(struct conn *c)
{
	putf(c, "x NOOP\r\n");
}

static void search_begin(struct conn *c)
{
	putf(c, "x SEARCH %s\r\n", g.search);
}

static bool search_ended(struct conn *c, const char *line)
{
	(void)line;
	if (c->hits != g.hits)
		die("SEARCH %s: %u hits, not %u", g.search, c->hits, g.hits);
	return true;
}

/* An operation reads all that a user has. */
static void verify_begin(struct conn *c)
{
	c->user = (unsigned)(g.serial++ % g.users);
	open_connection(c);
}

static bool verify_ended(struct conn *c, const char *line)
{
	(void)line;
	if (c->step == 1)
		putf(c, "x SELECT INBOX\r\n");
	else if (c->step == 2 && c->exists)
		putf(c, "x FETCH 1:* (RFC822.SIZE BODY.PEEK[])\r\n");
	if (c->step < 3 && (c->step == 1 || c->exists))
		return false;
	if (c->rows != c->exists || c->checked != c->exists)
		die("u%u: %u messages, %u rows, %u bodies", user_number(c->user), c->exists,
		    c->rows, c->checked);
	g.accepted[c->user] = (int)c->exists;
	return true;
}

/* ---- protocol ------------------------------------------------------------------------- */

static void imap_untagged(struct conn *c, const char *line)
{
	const char *exists = strstr(line, " EXISTS");

	if (line[0] == '*' && exists && !exists[7])
		c->exists = (unsigned)strtoul(line + 2, NULL, 10);
	if (c->phase == WORKING && g.mode->row)
		g.mode->row(c, line);
}

/* A tagged OK in an operation. */
static void imap_working(struct conn *c, const char *line)
{
	c->step++;
	if (g.mode->ended && !g.mode->ended(c, line))
		return;
	if (g.mode->fresh) {
		putf(c, "x LOGOUT\r\n");
		c->phase = LEAVING;
		return;
	}
	done(c);
	begin(c);
}

static void imap_logged_in(struct conn *c, const char *line)
{
	if (g.mode->fresh) {
		c->phase = WORKING;
		imap_working(c, line);
	} else if (g.mode->select) {
		putf(c, "x SELECT INBOX\r\n");
		c->phase = SELECT;
	} else {
		is_ready(c);
	}
}

static void imap_tagged(struct conn *c, const char *line)
{
	if (strncmp(line, "x OK", 4) != 0)
		die("%s, answer %u: %s", g.mode->name, c->step + 1, line);
	switch (c->phase) {
	case LOGIN: imap_logged_in(c, line); break;
	case SELECT: is_ready(c); break;
	case WORKING: imap_working(c, line); break;
	case LEAVING:
		done(c);
		close_fd(c);
		begin(c);
		break;
	default: die("unasked: %s", line);
	}
}

static void imap_line(struct conn *c, const char *line, size_t n)
{
	(void)n;
	if (c->phase == GREETING) {
		if (strncmp(line, "* OK", 4) != 0)
			die("greeting: %s", line);
		putf(c, "x LOGIN u%u@%s %s\r\n", user_number(c->user), g.domain, g.password);
		c->phase = LOGIN;
	} else if (line[0] == 'x') {
		imap_tagged(c, line);
	} else {
		imap_untagged(c, line);
	}
}

const struct protocol imap_protocol = { imap_line, check_body };

#define MODE(n, ...)                                               \
	{                                                          \
		.name = n, .protocol = &imap_protocol, __VA_ARGS__ \
	}

const struct mode imap_modes[] = {
	MODE("imap-login", .begin = open_connection, .fresh = true),
	MODE("imap-select", .begin = select_begin, .row = flags_row, .ended = select_ended),
	MODE("imap-envelope", .begin = envelope_begin, .row = envelope_row, .ended = all_rows,
	     .select = true),
	MODE("imap-structure", .begin = structure_begin, .row = structure_row, .ended = all_rows,
	     .select = true),
	MODE("imap-body", .begin = body_begin, .row = imap_fetch_row, .ended = body_ended,
	     .select = true),
	MODE("imap-store", .begin = store_begin, .row = imap_fetch_row, .ended = store_ended,
	     .select = true),
	MODE("imap-append", .begin = imap_put_append, .ended = append_ended),
	MODE("imap-noop", .begin = noop_begin, .select = true),
	MODE("imap-search", .begin = search_begin, .row = search_row, .ended = search_ended,
	     .select = true),
	MODE("imap-verify", .begin = verify_begin, .row = verify_row, .ended = verify_ended,
	     .fresh = true),
	{ .name = NULL },
};
