/* SPDX-License-Identifier: Apache-2.0 */
#include "imap/grammar.h"

#include "model/flags.h"

enum { ID_PAIRS = 30, ID_FIELD = 30, ID_VALUE = 1024, PATTERNS = 100 };

bool args_none(struct grammar *g UNUSED)
{
	return true;
}

/* RFC 2971, 3.3: at most 30 pairs, fields of 30 octets, values of 1024. */
static bool id_pair(struct lex *l)
{
	struct bytes field, value;
	bool nil;

	return lex_string(l, &field) && lex_sp(l) && lex_nstring(l, &value, &nil) &&
	       ((field.n <= ID_FIELD && value.n <= ID_VALUE) || lex_fail(l, "ID value too long"));
}

bool args_id(struct grammar *g)
{
	struct lex *l = &g->lex;
	struct bytes nil;

	if (!lex_sp(l))
		return false;
	if (!lex_peek(l, '('))
		return lex_atom(l, &nil) && (lex_is(nil, "NIL") || lex_fail(l, "Syntax error"));
	if (!lex_open(l))
		return false;
	for (unsigned n = 0; !lex_peek(l, ')'); n++) {
		if (n == ID_PAIRS)
			return lex_fail(l, "Too many ID pairs");
		if ((n && !lex_sp(l)) || !id_pair(l))
			return false;
	}
	return lex_close(l);
}

/* base64 and "=": what they mean is the mechanism's business. */
static bool is_response(uint8_t c)
{
	return c > 0x20 && c < 0x7f;
}

bool args_authenticate(struct grammar *g)
{
	struct imap_cmd *cmd = g->cmd;
	struct lex *l = &g->lex;
	size_t n;

	if (!lex_sp(l) || !lex_atom(l, &cmd->auth.mechanism))
		return false;
	cmd->auth.has_initial = lex_take(l, ' ');
	if (!cmd->auth.has_initial)
		return true;
	n = bytes_span(l->in, is_response);
	cmd->auth.initial = bytes_head(l->in, n);
	l->in = bytes_skip(l->in, n);
	/* RFC 4959, 3: an empty response is a single "=". */
	if (bytes_eq(cmd->auth.initial, BYTES("=")))
		cmd->auth.initial = BYTES_NONE;
	return n > 0 || lex_fail(l, "Missing argument");
}

bool args_login(struct grammar *g)
{
	struct lex *l = &g->lex;

	return lex_sp(l) && lex_astring(l, &g->cmd->login.user) && lex_sp(l) &&
	       lex_astring(l, &g->cmd->login.password);
}

bool args_mailbox(struct grammar *g)
{
	return lex_sp(&g->lex) && lex_astring(&g->lex, &g->cmd->name);
}

bool args_quota(struct grammar *g)
{
	return args_mailbox(g);
}

bool args_two_mailboxes(struct grammar *g)
{
	return args_mailbox(g) && lex_sp(&g->lex) && lex_astring(&g->lex, &g->cmd->to);
}

bool args_set(struct grammar *g)
{
	return lex_sp(&g->lex) && lex_set(&g->lex, &g->cmd->set);
}

bool args_copy(struct grammar *g)
{
	return args_set(g) && lex_sp(&g->lex) && lex_astring(&g->lex, &g->cmd->to);
}

static bool take_word(struct lex *l, const char *word)
{
	struct bytes atom;

	return lex_atom(l, &atom) && (lex_is(atom, word) || lex_fail(l, "Syntax error"));
}

/* "\Sent" */
static bool special_use(struct lex *l, uint32_t *uses)
{
	struct bytes start = l->in, name;
	uint32_t use;

	if (!lex_char(l, '\\') || !lex_atom(l, &name))
		return false;
	use = use_parse(bytes_head(start, name.n + 1));
	*uses |= use;
	return use || lex_fail(l, "No such special use");
}

/* RFC 6154, 3: CREATE name (USE (\Drafts)). */
bool args_create(struct grammar *g)
{
	struct lex *l = &g->lex;

	if (!args_mailbox(g))
		return false;
	if (!lex_take(l, ' '))
		return true;
	if (!lex_open(l) || !take_word(l, "USE") || !lex_sp(l) || !lex_open(l))
		return false;
	do
		if (!special_use(l, &g->cmd->special_use))
			return false;
	while (lex_take(l, ' '));
	return lex_close(l) && lex_close(l);
}

/* ---- STATUS and LIST ------------------------------------------------------------------------ */

struct word {
	const char *name;
	unsigned bit;
};

/* "(" words ")"; NULL-terminated table. */
static bool one_of(struct lex *l, const struct word *words, unsigned *bits, unsigned *bit)
{
	struct bytes name;

	if (!lex_atom(l, &name))
		return false;
	for (; words->name; words++) {
		if (!lex_is(name, words->name))
			continue;
		*bits |= *bit = words->bit;
		return true;
	}
	return lex_fail(l, "Unknown option");
}

bool grammar_status_items(struct lex *l, unsigned *items)
{
	static const struct word words[] = { { "MESSAGES", STATUS_MESSAGES },
					     { "RECENT", STATUS_RECENT },
					     { "UIDNEXT", STATUS_UIDNEXT },
					     { "UIDVALIDITY", STATUS_UIDVALIDITY },
					     { "UNSEEN", STATUS_UNSEEN },
					     { "SIZE", STATUS_SIZE },
					     { "DELETED", STATUS_DELETED },
					     { "APPENDLIMIT", STATUS_APPENDLIMIT },
					     { NULL, 0 } };
	unsigned bit;

	if (!lex_open(l))
		return false;
	do
		if (!one_of(l, words, items, &bit))
			return false;
	while (lex_take(l, ' '));
	return lex_close(l);
}

bool args_status(struct grammar *g)
{
	return args_mailbox(g) && lex_sp(&g->lex) &&
	       grammar_status_items(&g->lex, &g->cmd->options);
}

static bool selection(struct grammar *g)
{
	static const struct word words[] = { { "SUBSCRIBED", LIST_SUBSCRIBED },
					     { "REMOTE", LIST_REMOTE },
					     { "RECURSIVEMATCH", LIST_RECURSIVE },
					     { "SPECIAL-USE", LIST_SPECIAL },
					     { NULL, 0 } };
	unsigned *options = &g->cmd->options, bit;
	struct lex *l = &g->lex;

	*options |= LIST_EXTENDED;
	if (!lex_open(l))
		return false;
	if (!lex_peek(l, ')'))
		do
			if (!one_of(l, words, options, &bit))
				return false;
		while (lex_take(l, ' '));
	/* RFC 5258, 3.1: RECURSIVEMATCH alone says nothing. */
	if ((*options & LIST_RECURSIVE) && !(*options & (LIST_SUBSCRIBED | LIST_SPECIAL)))
		return lex_fail(l, "RECURSIVEMATCH needs another option");
	return lex_close(l) && lex_sp(l);
}

static bool returns(struct grammar *g)
{
	static const struct word words[] = { { "SUBSCRIBED", RETURN_SUBSCRIBED },
					     { "CHILDREN", RETURN_CHILDREN },
					     { "SPECIAL-USE", RETURN_SPECIAL },
					     { "STATUS", RETURN_STATUS },
					     { NULL, 0 } };
	struct lex *l = &g->lex;
	unsigned bit;

	if (!take_word(l, "RETURN") || !lex_sp(l) || !lex_open(l))
		return false;
	g->cmd->options |= LIST_EXTENDED;
	if (lex_peek(l, ')'))
		return lex_close(l);
	do {
		if (!one_of(l, words, &g->cmd->options, &bit))
			return false;
		if (bit == RETURN_STATUS &&
		    (!lex_sp(l) || !grammar_status_items(l, &g->cmd->status)))
			return false;
	} while (lex_take(l, ' '));
	return lex_close(l);
}

static bool add_pattern(struct grammar *g)
{
	struct imap_cmd *cmd = g->cmd;

	if (cmd->list.n == PATTERNS)
		return lex_fail(&g->lex, "Too many patterns");
	if (!cmd->list.patterns)
		cmd->list.patterns = arena_array(g->lex.mem, struct bytes, PATTERNS);
	return lex_pattern(&g->lex, &cmd->list.patterns[cmd->list.n++]);
}

static bool patterns(struct grammar *g)
{
	struct lex *l = &g->lex;

	if (!lex_peek(l, '('))
		return add_pattern(g);
	g->cmd->options |= LIST_EXTENDED;
	if (!lex_open(l))
		return false;
	do
		if (!add_pattern(g))
			return false;
	while (lex_take(l, ' '));
	return lex_close(l);
}

bool args_lsub(struct grammar *g)
{
	return args_mailbox(g) && lex_sp(&g->lex) && add_pattern(g);
}

bool args_list(struct grammar *g)
{
	struct lex *l = &g->lex;

	if (!lex_sp(l) || (lex_peek(l, '(') && !selection(g)))
		return false;
	if (!lex_astring(l, &g->cmd->name) || !lex_sp(l) || !patterns(g))
		return false;
	return !lex_take(l, ' ') || returns(g);
}

/* ---- APPEND and STORE ----------------------------------------------------------------------- */

bool args_append(struct grammar *g)
{
	struct imap_cmd *cmd = g->cmd;
	struct lex *l = &g->lex;
	struct bytes none;

	if (!args_mailbox(g) || !lex_sp(l))
		return false;
	if (lex_peek(l, '(') && (!lex_flags(l, &cmd->flags) || !lex_sp(l)))
		return false;
	cmd->append.dated = lex_peek(l, '"');
	if (cmd->append.dated &&
	    (!lex_date_time(l, &cmd->append.date_ms, &cmd->append.zone) || !lex_sp(l)))
		return false;
	g->message = true;
	(void)lex_literal(l, &none);
	return lex_fail(l, "Malformed literal");
}

/* FLAGS, +FLAGS, -FLAGS, each with .SILENT */
bool args_store(struct grammar *g)
{
	struct imap_cmd *cmd = g->cmd;
	struct lex *l = &g->lex;
	struct bytes item;

	if (!args_set(g) || !lex_sp(l))
		return false;
	cmd->store.mode = lex_take(l, '+') ? '+' : lex_take(l, '-') ? '-' : 0;
	if (!lex_atom(l, &item))
		return false;
	cmd->store.silent = lex_is(item, "FLAGS.SILENT");
	if (!cmd->store.silent && !lex_is(item, "FLAGS"))
		return lex_fail(l, "Unknown STORE item");
	if (!lex_sp(l))
		return false;
	if (lex_peek(l, '('))
		return lex_flags(l, &cmd->flags);
	do
		if (!lex_flag(l, &cmd->flags))
			return false;
	while (lex_take(l, ' '));
	return true;
}
