/* SPDX-License-Identifier: Apache-2.0 */
/* addresses.c - address lists as people write them (RFC 5322, 3.4, 4.4), for ENVELOPE.
 *
 * One pass without looking back: words are gathered twice, with blanks (a name) and without
 * (an address), until ',' ';' ':' or '<' tells what they were. */
#include "mime/facts.h"
#include "mime/header.h"
#include "mime/lexer.h"

#include <stdlib.h>

struct gather {
	struct bytes in;
	struct arena *mem;
	struct addr_list *list;
	size_t max;
	struct buf spaced, compact, adl, comment;
	size_t at;    /* of the last '@' in compact; SIZE_MAX: none */
	size_t start; /* of the address in compact */
	bool words;   /* there is something */
	bool in_group;
	bool full;
};

static ProtobufCBinaryData dup_data(struct arena *mem, struct bytes b)
{
	struct bytes copy = bytes_dup(mem, b);

	return (ProtobufCBinaryData){ copy.n, (uint8_t *)copy.p };
}

static void list_add(struct addr_list *list, struct arena *mem, Tern__FactsAddr *a)
{
	if (list->n == list->cap) {
		size_t cap = list->cap ? list->cap * 2 : 4;
		Tern__FactsAddr **v = arena_array(mem, Tern__FactsAddr *, cap);

		if (list->n)
			memcpy(v, list->v, list->n * sizeof(*v));
		list->v = v;
		list->cap = cap;
	}
	list->v[list->n++] = a;
}

static Tern__FactsAddr *add(struct gather *g, uint32_t null)
{
	Tern__FactsAddr *a;

	if (g->list->n >= g->max) {
		g->full = true;
		return NULL;
	}
	a = arena_new(g->mem, Tern__FactsAddr);
	tern__facts_addr__init(a);
	a->null = null;
	list_add(g->list, g->mem, a);
	return a;
}

static void clear_words(struct gather *g)
{
	buf_clear(&g->spaced);
	buf_clear(&g->compact);
	buf_clear(&g->adl);
	buf_clear(&g->comment);
	g->at = SIZE_MAX;
	g->start = 0;
	g->words = false;
}

static void put(struct gather *g, struct bytes text, bool blank_before)
{
	if (blank_before && g->spaced.n)
		buf_putc(&g->spaced, ' ');
	buf_put_bytes(&g->spaced, text);
	buf_put_bytes(&g->compact, text);
	g->words = true;
}

static bool is_word(uint8_t c)
{
	return !lex_is_white(c) && !strchr("()<>@,;:\"[", c);
}

/* "[...]" of a domain literal may hold ':'; without its end it is no literal. */
static struct bytes literal(struct bytes in)
{
	for (size_t i = 1; i < in.n; i++) {
		if (in.p[i] == ']')
			return bytes_head(in, i + 1);
		if (!is_word(in.p[i]) && in.p[i] != ':')
			break;
	}
	return bytes_head(in, 1);
}

static void quoted_word(struct gather *g, bool blank_before)
{
	struct buf text;

	buf_init(&text, 0);
	lex_quoted_string(&g->in, &text);
	put(g, buf_bytes(&text), blank_before);
	buf_release(&text);
}

/* One word, quoted string, literal or other character as text. */
static void word(struct gather *g, bool blank_before)
{
	struct bytes text = bytes_head(g->in, bytes_span(g->in, is_word));

	if (g->in.p[0] == '"') {
		quoted_word(g, blank_before);
		return;
	}
	if (g->in.p[0] == '[')
		text = literal(g->in);
	else if (text.n == 0)
		text = bytes_head(g->in, 1);
	put(g, text, blank_before);
	g->in = bytes_skip(g->in, text.n);
}

static void at_sign(struct gather *g, bool blank_before)
{
	word(g, blank_before);
	g->at = g->compact.n - 1;
}

/* What compact holds from `start` on is an address; name from the phrase or a comment. */
static void finish_address(struct gather *g, struct bytes name)
{
	struct bytes all = bytes_skip(buf_bytes(&g->compact), g->start);
	size_t at = g->at == SIZE_MAX ? all.n : g->at - g->start;
	Tern__FactsAddr *a = add(g, 0);

	if (!a)
		return;
	if (name.n == 0)
		name = bytes_trim(buf_bytes(&g->comment));
	a->name = dup_data(g->mem, name);
	a->adl = dup_data(g->mem, buf_bytes(&g->adl));
	a->mailbox = dup_data(g->mem, bytes_head(all, at));
	a->host = dup_data(g->mem, bytes_skip(all, at + 1));
	a->null = (name.n ? 0 : ADDR_NO_NAME) | (g->adl.n ? 0 : ADDR_NO_ADL);
}

/* Words that no '<' followed. */
static void finish_bare(struct gather *g)
{
	if (!g->words)
		return;
	if (g->at == SIZE_MAX) { /* not an address at all: shown as it is */
		buf_clear(&g->compact);
		buf_put_bytes(&g->compact, buf_bytes(&g->spaced));
	}
	finish_address(g, BYTES_NONE);
}

/* RFC 5322, 4.4: obs-route, "@a,@b:". What was gathered since '<' becomes the route. */
static void route(struct gather *g)
{
	buf_clear(&g->adl);
	buf_put_bytes(&g->adl, bytes_skip(buf_bytes(&g->compact), g->start));
	g->start = g->compact.n;
	g->at = SIZE_MAX;
}

static void angle(struct gather *g)
{
	bool routed = false;

	g->in = bytes_skip(g->in, 1);
	g->start = g->compact.n;
	g->at = SIZE_MAX;
	for (;;) {
		uint8_t c;

		lex_cfws(&g->in, NULL);
		c = g->in.n ? g->in.p[0] : '>';
		if (c == '>' || (c == ',' && g->at != g->start)) /* ',' of a route: after "@a" */
			break;
		if (c == ':' && g->at == g->start) {
			g->in = bytes_skip(g->in, 1);
			route(g);
			routed = true;
		} else if (c == ',' && routed) {
			break;
		} else if (c == '@' && g->at != g->start) {
			word(g, false);
			g->at = g->compact.n - 1;
		} else {
			word(g, false);
		}
	}
	if (g->in.n && g->in.p[0] == '>')
		g->in = bytes_skip(g->in, 1);
}

/* '<' after any words: they were the name. The rest up to ',' says nothing. */
static void named(struct gather *g)
{
	struct bytes name = bytes_dup(g->mem, buf_bytes(&g->spaced));

	angle(g);
	lex_cfws(&g->in, &g->comment);
	finish_address(g, name);
	clear_words(g);
	while (g->in.n && g->in.p[0] != ',' && g->in.p[0] != ';') {
		word(g, false);
		lex_cfws(&g->in, NULL);
	}
	clear_words(g);
}

static void group_begin(struct gather *g)
{
	Tern__FactsAddr *a = add(g, ADDR_NO_NAME | ADDR_NO_ADL | ADDR_NO_HOST);

	if (a) {
		a->mailbox = dup_data(g->mem, buf_bytes(&g->spaced));
		g->in_group = true;
	}
}

static void group_end(struct gather *g)
{
	if (!g->in_group)
		return;
	g->max++; /* what was begun is ended, whatever the limit */
	add(g, ADDR_NO_NAME | ADDR_NO_ADL | ADDR_NO_MAILBOX | ADDR_NO_HOST);
	g->max--;
	g->in_group = false;
}

static void separator(struct gather *g, uint8_t c)
{
	if (c == ':')
		group_begin(g);
	else
		finish_bare(g);
	if (c == ';')
		group_end(g);
	clear_words(g);
	g->in = bytes_skip(g->in, 1);
}

static void step(struct gather *g, bool blank_before)
{
	uint8_t c = g->in.p[0];

	if (c == ',' || c == ';' || (c == ':' && !g->in_group && g->at == SIZE_MAX))
		separator(g, c);
	else if (c == '<')
		named(g);
	else if (c == '@')
		at_sign(g, blank_before);
	else
		word(g, blank_before);
}

static void gather_release(struct gather *g)
{
	buf_release(&g->spaced);
	buf_release(&g->compact);
	buf_release(&g->adl);
	buf_release(&g->comment);
}

bool header_addresses(struct bytes value, struct arena *mem, size_t max, struct addr_list *list)
{
	struct gather g = { .in = value, .mem = mem, .list = list, .max = max };
	bool blank_before;

	clear_words(&g);
	for (;;) {
		blank_before = lex_cfws(&g.in, &g.comment);
		if (g.in.n == 0 || g.full)
			break;
		step(&g, blank_before);
	}
	if (!g.full)
		finish_bare(&g);
	group_end(&g);
	gather_release(&g);
	return !g.full;
}
