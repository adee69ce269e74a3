/* SPDX-License-Identifier: Apache-2.0 */
/* conf_value.c - values, ranges and names of the configuration; nothing of libconfig. */
#include "base/conf_private.h"

#include <stdio.h>

struct unit {
	const char *name;
	uint64_t factor;
};

static const struct unit sizes[] = {
	{ "", 1 }, { "K", KIB(1) }, { "M", MIB(1) }, { "G", GIB(1) }, { "T", GIB(1024) },
};

static const struct unit durations[] = {
	{ "ms", 1 }, { "s", 1000 }, { "m", 60000 }, { "h", 3600000 }, { "d", 86400000 },
};

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static bool with_unit(struct bytes text, const struct unit *units, size_t n, uint64_t *value)
{
	size_t len = bytes_span(text, is_digit);
	struct bytes unit = bytes_skip(text, len);
	uint64_t v;

	if (!bytes_u64(bytes_head(text, len), UINT64_MAX, &v))
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!bytes_eq(unit, bytes_str(units[i].name)))
			continue;
		/* What a caller adds to it must not overflow either. */
		if (v > INT64_MAX / units[i].factor)
			return false;
		*value = v * units[i].factor;
		return true;
	}
	return false;
}

bool conf_parse_size(struct bytes text, uint64_t *bytes)
{
	return with_unit(text, sizes, ARRAY_LEN(sizes), bytes);
}

bool conf_parse_duration(struct bytes text, uint64_t *ms)
{
	if (bytes_eq(text, BYTES("0"))) {
		*ms = 0;
		return true;
	}
	return with_unit(text, durations, ARRAY_LEN(durations), ms);
}

static bool parse_int(struct bytes text, int64_t *value)
{
	bool negative = bytes_starts(text, BYTES("-"));
	uint64_t v;

	if (!bytes_u64(bytes_skip(text, negative), INT64_MAX, &v))
		return false;
	*value = negative ? -(int64_t)v : (int64_t)v;
	return true;
}

static bool parse_bool(struct bytes text, bool *value)
{
	*value = bytes_eq(text, BYTES("true"));
	return *value || bytes_eq(text, BYTES("false"));
}

bool conf_parse_value(enum conf_type type, struct bytes text, struct conf_value *v)
{
	switch (type) {
	case CONF_BOOL: return parse_bool(text, &v->b);
	case CONF_INT: return parse_int(text, &v->i);
	case CONF_SIZE: return conf_parse_size(text, &v->u);
	case CONF_DURATION: return conf_parse_duration(text, &v->u);
	default: return false;
	}
}

static int order(enum conf_type type, const struct conf_value *a, const struct conf_value *b)
{
	if (type == CONF_INT)
		return (a->i > b->i) - (a->i < b->i);
	return (a->u > b->u) - (a->u < b->u);
}

static struct conf_value bound(const struct conf_option *o, const char *text)
{
	struct conf_value v = { 0 };

	if (!conf_parse_value(o->type, bytes_str(text), &v))
		BUG("a bound in an option's row is malformed");
	return v;
}

bool conf_in_range(const struct conf_option *o, const struct conf_value *v)
{
	struct conf_value b;

	if (o->type != CONF_INT && o->type != CONF_SIZE && o->type != CONF_DURATION)
		return true;
	if (o->min) {
		b = bound(o, o->min);
		if (order(o->type, v, &b) < 0)
			return false;
	}
	if (o->max) {
		b = bound(o, o->max);
		if (order(o->type, v, &b) > 0)
			return false;
	}
	return true;
}

void conf_range_text(const struct conf_option *o, char *out, size_t n)
{
	if (o->min && o->max)
		(void)!snprintf(out, n, "between %s and %s", o->min, o->max);
	else if (o->min)
		(void)!snprintf(out, n, "at least %s", o->min);
	else if (o->max)
		(void)!snprintf(out, n, "at most %s", o->max);
	else
		*out = '\0';
}

const char *conf_type_text(enum conf_type type)
{
	switch (type) {
	case CONF_BOOL: return "true or false";
	case CONF_INT: return "a whole number";
	case CONF_SIZE: return "a size such as \"64M\"";
	case CONF_DURATION: return "a time such as \"30s\"";
	case CONF_STRING: return "a string in quotes";
	case CONF_STRINGS: return "a list of strings such as [ \"a\", \"b\" ]";
	case CONF_GROUP: return "a group { ... }";
	case CONF_GROUPS: return "a list of groups ( { ... }, { ... } )";
	}
	return "?";
}

/* ---- names ------------------------------------------------------------------------------ */

enum { MAX_NAME = 40 };

/* Levenshtein's distance; names beyond MAX_NAME are like nothing. */
static unsigned distance(const char *a, const char *b)
{
	unsigned row[MAX_NAME + 1], an = (unsigned)strlen(a), bn = (unsigned)strlen(b);

	if (an > MAX_NAME || bn > MAX_NAME)
		return MAX_NAME;
	for (unsigned j = 0; j <= bn; j++)
		row[j] = j;
	for (unsigned i = 1; i <= an; i++) {
		unsigned diagonal = row[0];

		row[0] = i;
		for (unsigned j = 1; j <= bn; j++) {
			unsigned change = diagonal + (a[i - 1] != b[j - 1]);

			diagonal = row[j];
			row[j] = MIN(change, MIN(row[j], row[j - 1]) + 1);
		}
	}
	return row[bn];
}

const char *conf_nearest(const struct conf_option *options, const char *name)
{
	unsigned best = MAX(2u, (unsigned)strlen(name) / 3) + 1;
	const char *found = NULL;

	for (; options->name; options++) {
		unsigned d = distance(options->name, name);

		if (d < best) {
			best = d;
			found = options->name;
		}
	}
	return found;
}

/* ---- numbers that libconfig wraps ------------------------------------------------------- */

struct scan {
	struct bytes in;
	int line;
};

static void skip(struct scan *s, size_t n)
{
	struct bytes gone = bytes_head(s->in, n);

	for (size_t i = 0; i < gone.n; i++)
		s->line += gone.p[i] == '\n';
	s->in = bytes_skip(s->in, n);
}

static size_t string_length(struct bytes in)
{
	size_t n = 1;

	while (n < in.n && in.p[n] != '"')
		n += in.p[n] == '\\' ? 2 : 1;
	return n + 1;
}

/* Length of a comment or string at the front; 0 if there is none. */
static size_t opaque_length(struct bytes in)
{
	if (in.p[0] == '"')
		return string_length(in);
	if (in.p[0] == '#' || bytes_starts(in, BYTES("//")))
		return bytes_chr(in, '\n');
	if (bytes_starts(in, BYTES("/*")))
		return bytes_find(in, BYTES("*/")) + 2;
	return 0;
}

static bool is_word(uint8_t c)
{
	return is_digit(c) || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z') || c == '_' ||
	       c == '.' || c == '-' || c == '+' || c == '*';
}

static bool wraps(struct bytes word)
{
	bool negative = bytes_starts(word, BYTES("-"));
	struct bytes hex = bytes_skip(word, 2);
	uint64_t v;

	if (bytes_istarts(word, BYTES("0x"))) {
		while (bytes_starts(hex, BYTES("0")))
			hex = bytes_skip(hex, 1);
		return hex.n > 8 || (hex.n == 8 && hex.p[0] > '7') ?
			       ascii_lower(word.p[word.n - 1]) != 'l' :
			       false;
	}
	if (negative || bytes_starts(word, BYTES("+")))
		word = bytes_skip(word, 1);
	if (word.n == 0 || bytes_span(word, is_digit) != word.n)
		return false;
	return !bytes_u64(word, INT32_MAX + (uint64_t)negative, &v);
}

int conf_wrapped_int(struct bytes text)
{
	struct scan s = { .in = text, .line = 1 };

	while (s.in.n) {
		size_t n = opaque_length(s.in);

		if (n == 0) {
			n = bytes_span(s.in, is_word);
			if (wraps(bytes_head(s.in, n)))
				return s.line;
		}
		skip(&s, MAX(n, (size_t)1));
	}
	return 0;
}
