/* SPDX-License-Identifier: Apache-2.0 */
#include "router/ctl/table.h"

#include "base/err.h"

#include <libsmartcols/libsmartcols.h>
#include <stdarg.h>
#include <stdlib.h>

#define MAX_COLUMNS 24

struct table {
	struct libscols_table *scols;
	struct libscols_line *line;
	const char *names[MAX_COLUMNS];
	enum table_type types[MAX_COLUMNS];
	unsigned columns, at;
	bool json;
};

struct table *table_new(const char *name, bool json)
{
	struct table *t = xnew(struct table);

	t->json = json;
	t->scols = scols_new_table();
	INVARIANT(t->scols);
	scols_table_set_name(t->scols, name);
	scols_table_enable_json(t->scols, json);
	return t;
}

void table_column(struct table *t, const char *name, enum table_type type)
{
	static const int json_types[] = { SCOLS_JSON_STRING, SCOLS_JSON_NUMBER,
					  SCOLS_JSON_BOOLEAN };
	struct libscols_column *c = scols_table_new_column(
		t->scols, name, 0, type == TABLE_NUMBER ? SCOLS_FL_RIGHT : 0);

	INVARIANT(c && t->columns < MAX_COLUMNS);
	scols_column_set_json_type(c, json_types[type]);
	t->names[t->columns] = name;
	t->types[t->columns++] = type;
}

void table_row(struct table *t)
{
	INVARIANT(!t->line || t->at == t->columns);
	t->line = scols_table_new_line(t->scols, NULL);
	INVARIANT(t->line);
	t->at = 0;
}

void table_text(struct table *t, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	INVARIANT(t->at < t->columns);
	scols_line_set_data(t->line, t->at++, text);
}

void table_number(struct table *t, uint64_t v)
{
	table_text(t, "%llu", (unsigned long long)v);
}

void table_size(struct table *t, uint64_t bytes)
{
	char text[16];

	if (t->json) {
		table_number(t, bytes);
		return;
	}
	size_text(bytes, text);
	table_text(t, "%s", text);
}

void table_bool(struct table *t, bool v)
{
	table_text(t, "%s", t->json ? (v ? "1" : "0") : v ? "yes" : "-");
}

static void release(struct table **t)
{
	scols_unref_table((*t)->scols);
	free(*t);
	*t = NULL;
}

void table_print(struct table **t, FILE *out)
{
	if (scols_table_get_nlines((*t)->scols) || (*t)->json) {
		scols_table_set_stream((*t)->scols, out);
		scols_print_table((*t)->scols);
	}
	if ((*t)->json && scols_table_get_nlines((*t)->scols) == 0)
		fprintf(out, "{\"%s\": []}\n", scols_table_get_name((*t)->scols));
	release(t);
}

static void print_json_text(FILE *out, const char *s)
{
	fputc('"', out);
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			fprintf(out, "\\%c", *s);
		else if ((unsigned char)*s < 0x20)
			fprintf(out, "\\u%04x", (unsigned char)*s);
		else
			fputc(*s, out);
	}
	fputc('"', out);
}

static void print_json_value(FILE *out, enum table_type type, const char *value)
{
	if (type == TABLE_TEXT)
		print_json_text(out, value);
	else if (type == TABLE_BOOL)
		fputs(value[0] == '1' ? "true" : "false", out);
	else
		fputs(value, out);
}

void table_print_record(struct table **table, FILE *out)
{
	struct table *t = *table;
	unsigned width = 0;

	INVARIANT(t->at == t->columns && scols_table_get_nlines(t->scols) == 1);
	for (unsigned i = 0; i < t->columns; i++)
		width = MAX(width, (unsigned)strlen(t->names[i]));
	for (unsigned i = 0; i < t->columns; i++) {
		const char *value = scols_cell_get_data(scols_line_get_cell(t->line, i));

		if (t->json) {
			fprintf(out, "%s\"%s\": ", i ? ", " : "{", t->names[i]);
			print_json_value(out, t->types[i], value ? value : "");
		} else {
			fprintf(out, "%-*s  %s\n", (int)width, t->names[i], value ? value : "");
		}
	}
	if (t->json)
		fputs("}\n", out);
	release(table);
}

void size_text(uint64_t bytes, char out[16])
{
	static const char units[][4] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB" };
	unsigned unit = 0;
	double v = (double)bytes;

	for (; v >= 1024 && unit + 1 < ARRAY_LEN(units); unit++)
		v /= 1024;
	snprintf(out, 16, unit && v < 100 ? "%.1f %s" : "%.0f %s", v, units[unit]);
}

void time_text(uint64_t ms, char out[16])
{
	uint64_t s = ms / 1000;

	if (s < 60)
		snprintf(out, 16, "%us", (unsigned)s);
	else if (s < 3600)
		snprintf(out, 16, "%um %us", (unsigned)(s / 60), (unsigned)(s % 60));
	else if (s < 86400)
		snprintf(out, 16, "%uh %um", (unsigned)(s / 3600), (unsigned)(s / 60 % 60));
	else
		snprintf(out, 16, "%ud %uh", (unsigned)(s / 86400 % 100000),
			 (unsigned)(s / 3600 % 24));
}
