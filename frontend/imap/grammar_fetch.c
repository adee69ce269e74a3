/* SPDX-License-Identifier: Apache-2.0 */
/* grammar_fetch.c - what FETCH asks for (RFC 3501, 6.4.5). */
#include "imap/grammar.h"

enum { ITEMS = 128, FIELDS = 1000, SPEC_MAX = 1200 };

static const struct {
	const char *name;
	enum fetch_what what;
} atoms[] = {
	{ "UID", FETCH_UID },
	{ "FLAGS", FETCH_FLAGS },
	{ "INTERNALDATE", FETCH_INTERNALDATE },
	{ "RFC822.SIZE", FETCH_SIZE },
	{ "ENVELOPE", FETCH_ENVELOPE },
	{ "BODY", FETCH_BODY },
	{ "BODYSTRUCTURE", FETCH_BODYSTRUCTURE },
	{ "RFC822", FETCH_RFC822 },
	{ "RFC822.HEADER", FETCH_RFC822_HEADER },
	{ "RFC822.TEXT", FETCH_RFC822_TEXT },
};

static struct fetch_item *add(struct grammar *g, enum fetch_what what)
{
	struct imap_cmd *cmd = g->cmd;
	struct fetch_item *item;

	if (cmd->fetch.n == ITEMS) {
		(void)lex_fail(&g->lex, "Too many items");
		return NULL;
	}
	if (!cmd->fetch.items)
		cmd->fetch.items = arena_array(g->lex.mem, struct fetch_item, ITEMS);
	item = &cmd->fetch.items[cmd->fetch.n++];
	item->what = what;
	return item;
}

/* ---- BODY[section]<from.count> -------------------------------------------------------------- */

static bool is_spec(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       c == '.';
}

static bool is_item(uint8_t c)
{
	return is_spec(c) && c != 0;
}

/* "HEADER.FIELDS.NOT" is HEADER and a list; the rest is section.h's business. */
static enum fetch_fields cut_fields(struct bytes *spec)
{
	static const struct {
		const char *name;
		enum fetch_fields fields;
	} ends[] = { { "HEADER.FIELDS", FIELDS_LISTED }, { "HEADER.FIELDS.NOT", FIELDS_NOT } };

	for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
		struct bytes end = bytes_str(ends[i].name);
		struct bytes tail = bytes_skip(*spec, spec->n - MIN(end.n, spec->n));
		size_t before = spec->n - tail.n;

		if (!bytes_ieq(tail, end) || (before && spec->p[before - 1] != '.'))
			continue;
		spec->n = before + 6; /* "HEADER" */
		return ends[i].fields;
	}
	return FIELDS_NONE;
}

/* "(Subject From)" */
static bool header_list(struct grammar *g, struct fetch_item *item)
{
	struct lex *l = &g->lex;

	if (!lex_sp(l) || !lex_open(l))
		return false;
	item->names = arena_array(l->mem, struct bytes, MIN(FIELDS, l->in.n / 2 + 1));
	do {
		if (item->n_names == FIELDS)
			return lex_fail(l, "Too many fields");
		if (!lex_astring(l, &item->names[item->n_names++]))
			return false;
	} while (lex_take(l, ' '));
	return lex_close(l);
}

static bool section(struct grammar *g, struct fetch_item *item)
{
	struct lex *l = &g->lex;
	size_t n = bytes_span(l->in, is_spec);

	if (n > SPEC_MAX)
		return lex_fail(l, "Section too deep");
	item->spec = bytes_head(l->in, n);
	l->in = bytes_skip(l->in, n);
	item->fields = cut_fields(&item->spec);
	if (!section_parse(item->spec, l->mem, &item->section))
		return lex_fail(l, "Malformed section");
	if (item->fields && item->section.what != SECTION_HEADER)
		return lex_fail(l, "Malformed section");
	return (!item->fields || header_list(g, item)) && lex_char(l, ']');
}

static bool partial(struct lex *l, struct fetch_item *item)
{
	if (!lex_take(l, '<'))
		return true;
	item->partial = true;
	if (!lex_number(l, UINT32_MAX, &item->from) || !lex_char(l, '.') ||
	    !lex_number(l, UINT32_MAX, &item->count) || !lex_char(l, '>'))
		return false;
	return item->count > 0 || lex_fail(l, "Number out of range");
}

/* ---- items ---------------------------------------------------------------------------------- */

static bool body_section(struct grammar *g, struct bytes name)
{
	struct fetch_item *item = add(g, FETCH_SECTION);

	if (!item)
		return false;
	item->peek = lex_is(name, "BODY.PEEK");
	if (!item->peek && !lex_is(name, "BODY"))
		return lex_fail(&g->lex, "Unknown FETCH item");
	return lex_char(&g->lex, '[') && section(g, item) && partial(&g->lex, item);
}

static bool one_item(struct grammar *g)
{
	struct lex *l = &g->lex;
	size_t n = bytes_span(l->in, is_item);
	struct bytes name = bytes_head(l->in, n);

	l->in = bytes_skip(l->in, n);
	if (lex_peek(l, '['))
		return body_section(g, name);
	for (size_t i = 0; i < ARRAY_LEN(atoms); i++)
		if (lex_is(name, atoms[i].name))
			return add(g, atoms[i].what) != NULL;
	return lex_fail(l, "Unknown FETCH item");
}

/* ALL, FAST and FULL stand alone only. */
static bool macro(struct grammar *g, bool *was)
{
	static const enum fetch_what all[] = { FETCH_FLAGS, FETCH_INTERNALDATE, FETCH_SIZE,
					       FETCH_ENVELOPE, FETCH_BODY };
	static const struct {
		const char *name;
		size_t n;
	} macros[] = { { "FAST", 3 }, { "ALL", 4 }, { "FULL", 5 } };
	size_t n = bytes_span(g->lex.in, is_item);
	struct bytes name = bytes_head(g->lex.in, n);

	*was = false;
	for (size_t i = 0; i < ARRAY_LEN(macros) && !*was; i++) {
		*was = lex_is(name, macros[i].name);
		for (size_t j = 0; *was && j < macros[i].n; j++)
			(void)!add(g, all[j]);
	}
	if (*was)
		g->lex.in = bytes_skip(g->lex.in, n);
	return true;
}

bool args_fetch(struct grammar *g)
{
	struct lex *l = &g->lex;
	bool was;

	if (!args_set(g) || !lex_sp(l))
		return false;
	if (!lex_peek(l, '('))
		return macro(g, &was) && (was || one_item(g));
	if (!lex_open(l))
		return false;
	do
		if (!one_item(g))
			return false;
	while (lex_take(l, ' '));
	return lex_close(l);
}
