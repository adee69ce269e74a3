/* SPDX-License-Identifier: Apache-2.0 */
#include "imap/parse.h"

#include "imap/grammar.h"

enum { ANNOUNCEMENT_MAX = 32 }; /* bytes of "{18446744073709551615+}\r\n" and some */

static const struct {
	const char *name;
	grammar_fn *args;
	unsigned states;
} verbs[] = {
#define CMD(verb, name, arguments, run, states, flags) { name, args_##arguments, states },
#include "imap/cmd.def"
#undef CMD
};

/* ---- one command, as far as it is there ----------------------------------------------------- */

/* RFC 3501, 9: tag = 1*<any ASTRING-CHAR except "+">. */
static bool take_tag(struct lex *l, struct bytes *tag)
{
	struct bytes in = l->in;

	if (lex_peek(l, '"') || lex_peek(l, '{') || !lex_astring(l, tag) || tag->n > TAG_MAX ||
	    bytes_chr(*tag, '+') < tag->n || !lex_sp(l)) {
		l->in = in;
		*tag = BYTES("*");
		l->why = NULL;
		return lex_fail(l, "Invalid tag");
	}
	return true;
}

/* "UID FETCH" is one name. */
static bool take_verb(struct lex *l, enum imap_verb *verb)
{
	struct bytes name = l->in, word;

	if (!lex_atom(l, &word))
		return false;
	if (lex_is(word, "UID") && (!lex_sp(l) || !lex_atom(l, &word)))
		return false;
	name = bytes_head(name, name.n - l->in.n);
	for (*verb = 0; *verb < VERB_COUNT; ++*verb)
		if (lex_is(name, verbs[*verb].name))
			return true;
	return lex_fail(l, "Unknown command");
}

static bool allowed(struct lex *l, enum imap_verb verb, unsigned state)
{
	if (verbs[verb].states & state)
		return true;
	if (state == IN_STRANGER)
		return lex_fail(l, "Log in first");
	return lex_fail(l, verbs[verb].states == IN_MAILBOX ? "No mailbox selected" :
							      "Not allowed now");
}

/* Arguments of a command that is not allowed are not looked at. */
static bool read_command(struct grammar *g, unsigned state)
{
	struct lex *l = &g->lex;
	struct imap_cmd *cmd = g->cmd;

	if (!take_tag(l, &cmd->tag) || !take_verb(l, &cmd->verb) || !allowed(l, cmd->verb, state))
		return false;
	cmd->uid = bytes_starts(bytes_str(verbs[cmd->verb].name), BYTES("UID "));
	return verbs[cmd->verb].args(g) && lex_end(l);
}

/* ---- throwing away -------------------------------------------------------------------------- */

static void begin(struct imap_parser *p)
{
	*p = (struct imap_parser){ 0 };
}

void imap_parse_skip(struct imap_parser *p)
{
	begin(p);
	p->skipping = true;
}

/* Goes on behind a line that was thrown away: there is more of the command only where a literal
 * follows that the client sends without being asked. */
static enum parse after_line(struct imap_parser *p, uint64_t max, struct bytes line)
{
	uint64_t size;
	bool sync;

	if (bytes_ends(line, BYTES("\n")))
		line.n--;
	if (bytes_ends(line, BYTES("\r")))
		line.n--;
	if (!lex_announces(line, &size, &sync) || sync) {
		begin(p);
		return PARSE_AGAIN;
	}
	p->skipping = true;
	p->skip = size;
	p->skipped = size == UINT64_MAX ? size : p->skipped + size;
	return p->skipped > max ? PARSE_BYE : PARSE_MORE;
}

static enum parse skip(struct imap_parser *p, uint64_t max, struct bytes in, size_t *used)
{
	enum parse more = PARSE_MORE;

	for (*used = 0; more == PARSE_MORE;) {
		struct bytes rest = bytes_skip(in, *used);
		size_t n = (size_t)MIN(p->skip, (uint64_t)rest.n), eol;

		*used += n;
		p->skip -= n;
		if (p->skip)
			return PARSE_MORE;
		rest = bytes_skip(rest, n);
		eol = bytes_chr(rest, '\n');
		/* The announcement of a literal may be cut in two. */
		n = eol < rest.n              ? eol + 1 :
		    rest.n > ANNOUNCEMENT_MAX ? rest.n - ANNOUNCEMENT_MAX :
						0;
		*used += n;
		p->skipped += n;
		if (p->skipped > max)
			return PARSE_BYE;
		if (eol == rest.n)
			return PARSE_MORE;
		more = after_line(p, max, bytes_head(rest, eol + 1));
	}
	return more;
}

/* ---- refusing ------------------------------------------------------------------------------- */

/* Everything up to `end` is gone; `line` is the line that ends there. */
static enum parse refuse(struct imap_parser *p, const struct imap_limits *limits, enum parse how,
			 struct bytes line, size_t end, size_t *used)
{
	*used = end;
	begin(p);
	return after_line(p, limits->skip, line) == PARSE_BYE ? PARSE_BYE : how;
}

static enum parse bad(struct imap_parser *p, const struct imap_limits *limits, const char *text,
		      struct bytes line, size_t end, size_t *used, struct why *why)
{
	(void)why_set(why, ERR_INVALID, "%s", text ? text : "Syntax error");
	return refuse(p, limits, PARSE_BAD, line, end, used);
}

static bool is_stranger(unsigned state)
{
	return state == IN_STRANGER;
}

static void find_tag(struct bytes in, struct arena *mem, struct imap_cmd *cmd)
{
	struct lex l = { .in = in, .mem = mem };

	(void)take_tag(&l, &cmd->tag);
	cmd->tag = bytes_dup(mem, cmd->tag);
}

/* Longer than a command may be, whether its end is there or not. */
static enum parse overlong(struct imap_parser *p, unsigned state, struct bytes in, size_t *used,
			   struct arena *mem, struct imap_cmd *cmd, struct why *why)
{
	if (is_stranger(state))
		return PARSE_BYE;
	find_tag(bytes_head(in, TAG_MAX + 2), mem, cmd);
	*used = p->at + (size_t)p->literal;
	imap_parse_skip(p);
	(void)why_set(why, ERR_LIMIT, "Command too long");
	return PARSE_BAD;
}

/* ---- literals ------------------------------------------------------------------------------- */

/* The grammar wants the literal that was just announced. `end`: behind the announcement. */
static enum parse want_literal(struct imap_parser *p, const struct grammar *g, unsigned state,
			       struct bytes line, size_t end, size_t *used, struct why *why)
{
	const struct imap_limits *limits = g->limits;
	const struct lex *l = &g->lex;
	/* What does not fit is skipped where it is small, for strangers never. */
	bool fits = !l->big && l->literal <= limits->literal && l->literal < limits->line - end;

	if (!fits && !l->sync && is_stranger(state))
		return PARSE_BYE;
	if (!fits)
		return refuse(p, limits, PARSE_TOOBIG, line, end, used);
	if (p->literals == limits->literals)
		return bad(p, limits, "Too many literals", line, end, used, why);
	p->literals++;
	p->at = p->scanned = end;
	p->literal = l->literal;
	return l->sync ? PARSE_CONTINUE : PARSE_MORE;
}

static enum parse message_literal(struct imap_parser *p, const struct grammar *g, size_t end,
				  size_t *used)
{
	g->cmd->append.size = g->lex.literal;
	g->cmd->append.sync = g->lex.sync;
	*used = end;
	begin(p);
	return PARSE_DONE;
}

/* ---- the next line is there ----------------------------------------------------------------- */

static enum parse at_line(struct imap_parser *p, const struct imap_limits *limits, unsigned state,
			  struct bytes in, size_t end, size_t *used, struct arena *mem,
			  struct imap_cmd *cmd, struct why *why)
{
	size_t start = p->at + (size_t)p->literal;
	struct bytes line = bytes_slice(in, start, end - start);
	struct grammar g = { .cmd = cmd, .limits = limits };

	g.lex = (struct lex){ .in = bytes_dup(mem, bytes_head(in, end)),
			      .mem = mem,
			      .max_depth = limits->depth };
	if (read_command(&g, state)) {
		*used = end;
		begin(p);
		return PARSE_DONE;
	}
	if (g.lex.open && g.message)
		return message_literal(p, &g, end, used);
	if (g.lex.open)
		return want_literal(p, &g, state, line, end, used, why);
	return bad(p, limits, g.lex.why, line, end, used, why);
}

enum parse imap_parse(struct imap_parser *p, const struct imap_limits *limits, unsigned state,
		      struct bytes in, size_t *used, struct arena *mem, struct imap_cmd *cmd,
		      struct why *why)
{
	enum parse ret = PARSE_MORE;

	*used = 0;
	if (p->skipping)
		return skip(p, limits->skip, in, used);
	while (ret == PARSE_MORE && *used == 0) {
		size_t from = MAX(p->at + (size_t)p->literal, p->scanned);
		size_t eol = from + bytes_chr(bytes_skip(in, from), '\n');

		if (from > in.n)
			return PARSE_MORE;
		arena_clear(mem);
		memset(cmd, 0, sizeof(*cmd));
		if (MIN(eol, in.n) >= limits->line)
			return overlong(p, state, in, used, mem, cmd, why);
		p->scanned = MAX(from, in.n);
		if (eol >= in.n)
			return PARSE_MORE;
		ret = at_line(p, limits, state, in, eol + 1, used, mem, cmd, why);
	}
	return ret;
}
