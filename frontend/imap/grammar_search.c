/* SPDX-License-Identifier: Apache-2.0 */
/* grammar_search.c - search keys (RFC 3501, 6.4.4) become a tree.
 *
 * Recursion is bounded by the lexer's depth: each parenthesis, NOT and OR goes one deeper. */
#include "imap/grammar.h"

#include "mime/envelope.h"
#include "model/flags.h"

enum kind { /* of argument */
	    ARG_NONE,
	    ARG_FLAG,   /* none; number is the flag's bit */
	    ARG_UNFLAG, /* the same, negated */
	    ARG_STRING,
	    ARG_FIELD, /* a string that is looked for in the header field of the key's name */
	    ARG_ATOM,
	    ARG_UNATOM,
	    ARG_DATE,
	    ARG_NUMBER,
	    ARG_SET,
};

static const struct row {
	const char *name;
	enum search_what what;
	enum kind kind;
	uint32_t number;
} rows[] = {
	{ "ALL", SEARCH_ALL, ARG_NONE, 0 },
	{ "ANSWERED", SEARCH_FLAG, ARG_FLAG, FLAG_ANSWERED },
	{ "BCC", SEARCH_HEADER, ARG_FIELD, ENVELOPE_BCC },
	{ "BEFORE", SEARCH_BEFORE, ARG_DATE, 0 },
	{ "BODY", SEARCH_BODY, ARG_STRING, 0 },
	{ "CC", SEARCH_HEADER, ARG_FIELD, ENVELOPE_CC },
	{ "DELETED", SEARCH_FLAG, ARG_FLAG, FLAG_DELETED },
	{ "DRAFT", SEARCH_FLAG, ARG_FLAG, FLAG_DRAFT },
	{ "FLAGGED", SEARCH_FLAG, ARG_FLAG, FLAG_FLAGGED },
	{ "FROM", SEARCH_HEADER, ARG_FIELD, ENVELOPE_FROM },
	{ "KEYWORD", SEARCH_KEYWORD, ARG_ATOM, 0 },
	{ "LARGER", SEARCH_LARGER, ARG_NUMBER, 0 },
	{ "NEW", SEARCH_NONE, ARG_NONE, 0 },
	{ "OLD", SEARCH_ALL, ARG_NONE, 0 },
	{ "OLDER", SEARCH_OLDER, ARG_NUMBER, 0 },
	{ "ON", SEARCH_ON, ARG_DATE, 0 },
	{ "RECENT", SEARCH_NONE, ARG_NONE, 0 },
	{ "SEEN", SEARCH_FLAG, ARG_FLAG, FLAG_SEEN },
	{ "SENTBEFORE", SEARCH_SENTBEFORE, ARG_DATE, 0 },
	{ "SENTON", SEARCH_SENTON, ARG_DATE, 0 },
	{ "SENTSINCE", SEARCH_SENTSINCE, ARG_DATE, 0 },
	{ "SINCE", SEARCH_SINCE, ARG_DATE, 0 },
	{ "SMALLER", SEARCH_SMALLER, ARG_NUMBER, 0 },
	{ "SUBJECT", SEARCH_HEADER, ARG_FIELD, ENVELOPE_SUBJECT },
	{ "TEXT", SEARCH_TEXT, ARG_STRING, 0 },
	{ "TO", SEARCH_HEADER, ARG_FIELD, ENVELOPE_TO },
	{ "UID", SEARCH_UIDS, ARG_SET, 0 },
	{ "UNANSWERED", SEARCH_FLAG, ARG_UNFLAG, FLAG_ANSWERED },
	{ "UNDELETED", SEARCH_FLAG, ARG_UNFLAG, FLAG_DELETED },
	{ "UNDRAFT", SEARCH_FLAG, ARG_UNFLAG, FLAG_DRAFT },
	{ "UNFLAGGED", SEARCH_FLAG, ARG_UNFLAG, FLAG_FLAGGED },
	{ "UNKEYWORD", SEARCH_KEYWORD, ARG_UNATOM, 0 },
	{ "UNSEEN", SEARCH_FLAG, ARG_UNFLAG, FLAG_SEEN },
	{ "YOUNGER", SEARCH_YOUNGER, ARG_NUMBER, 0 },
};

static struct search_key *key_new(struct grammar *g, enum search_what what)
{
	struct search_key *k;

	if (g->terms == g->limits->terms) {
		(void)lex_fail(&g->lex, "Too many search terms");
		return NULL;
	}
	g->terms++;
	k = arena_new(g->lex.mem, struct search_key);
	k->what = what;
	return k;
}

static struct search_key *one_key(struct grammar *g);

/* Keys with blanks between them, up to what is no blank. */
static struct search_key *all_of(struct grammar *g)
{
	struct search_key *k = key_new(g, SEARCH_AND), **last;

	if (!k)
		return NULL;
	last = &k->child;
	do {
		*last = one_key(g);
		if (!*last)
			return NULL;
		last = &(*last)->next;
	} while (lex_take(&g->lex, ' '));
	return k;
}

static struct search_key *parenthesis(struct grammar *g)
{
	struct search_key *k;

	if (!lex_open(&g->lex))
		return NULL;
	k = all_of(g);
	return k && lex_close(&g->lex) ? k : NULL;
}

/* NOT key, OR key key */
static struct search_key *composed(struct grammar *g, enum search_what what)
{
	struct search_key *k = key_new(g, what);

	if (!k || !lex_enter(&g->lex) || !lex_sp(&g->lex))
		return NULL;
	k->child = one_key(g);
	if (!k->child)
		return NULL;
	if (what == SEARCH_OR) {
		if (!lex_sp(&g->lex))
			return NULL;
		k->child->next = one_key(g);
		if (!k->child->next)
			return NULL;
	}
	lex_leave(&g->lex);
	return k;
}

static bool argument(struct grammar *g, const struct row *row, struct search_key *k)
{
	struct lex *l = &g->lex;

	k->number = row->number;
	if (row->kind == ARG_NONE || row->kind == ARG_FLAG || row->kind == ARG_UNFLAG)
		return true;
	if (!lex_sp(l))
		return false;
	switch (row->kind) {
	case ARG_FIELD: k->name = bytes_str(row->name); return lex_astring(l, &k->text);
	case ARG_STRING: return lex_astring(l, &k->text);
	case ARG_ATOM:
	case ARG_UNATOM: return lex_atom(l, &k->text);
	case ARG_DATE: return lex_date(l, &k->day);
	case ARG_NUMBER: return lex_number(l, UINT32_MAX, &k->number);
	default: return lex_set(l, &k->text);
	}
}

static struct search_key *negate(struct grammar *g, struct search_key *k)
{
	struct search_key *not = key_new(g, SEARCH_NOT);

	if (not )
		not ->child = k;
	return not ;
}

static struct search_key *simple(struct grammar *g, const struct row *row)
{
	struct search_key *k = key_new(g, row->what);

	if (!k || !argument(g, row, k))
		return NULL;
	return row->kind == ARG_UNFLAG || row->kind == ARG_UNATOM ? negate(g, k) : k;
}

static struct search_key *header(struct grammar *g)
{
	struct search_key *k = key_new(g, SEARCH_HEADER);
	struct lex *l = &g->lex;

	return k && lex_sp(l) && lex_astring(l, &k->name) && lex_sp(l) && lex_astring(l, &k->text) ?
		       k :
		       NULL;
}

static struct search_key *sequence(struct grammar *g)
{
	struct search_key *k = key_new(g, SEARCH_SEQS);

	return k && lex_set(&g->lex, &k->text) ? k : NULL;
}

static struct search_key *one_key(struct grammar *g)
{
	struct lex *l = &g->lex;
	struct bytes name;

	if (lex_peek(l, '('))
		return parenthesis(g);
	if (l->in.n && (lex_peek(l, '*') || (l->in.p[0] >= '0' && l->in.p[0] <= '9')))
		return sequence(g);
	if (!lex_atom(l, &name))
		return NULL;
	if (lex_is(name, "NOT"))
		return composed(g, SEARCH_NOT);
	if (lex_is(name, "OR"))
		return composed(g, SEARCH_OR);
	if (lex_is(name, "HEADER"))
		return header(g);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (lex_is(name, rows[i].name))
			return simple(g, &rows[i]);
	(void)lex_fail(l, "Unknown search key");
	return NULL;
}

bool args_search(struct grammar *g)
{
	struct imap_cmd *cmd = g->cmd;
	struct lex *l = &g->lex;

	if (!lex_sp(l))
		return false;
	if (bytes_istarts(l->in, BYTES("CHARSET "))) {
		l->in = bytes_skip(l->in, 8);
		if (!lex_astring(l, &cmd->search.charset) || !lex_sp(l))
			return false;
	}
	cmd->search.root = all_of(g);
	return cmd->search.root != NULL;
}
