/* SPDX-License-Identifier: Apache-2.0 */
/* conf_print.c - the rows of a schema as a Markdown table. */
#include "base/conf_private.h"

static const char *const types[] = {
	[CONF_BOOL] = "true or false", [CONF_INT] = "number",
	[CONF_SIZE] = "size",          [CONF_DURATION] = "time",
	[CONF_STRING] = "string",      [CONF_STRINGS] = "strings",
	[CONF_GROUP] = "group",        [CONF_GROUPS] = "list of groups",
};

static void put_cell(struct buf *out, const char *text)
{
	if (text && *text)
		buf_putc(out, ' ');
	for (; text && *text; text++) {
		if (*text == '|')
			buf_putc(out, '\\');
		buf_putc(out, (uint8_t)(*text == '\n' ? ' ' : *text));
	}
	buf_puts(out, " |");
}

static void put_default(struct buf *out, const struct conf_option *o)
{
	if (o->type == CONF_GROUP)
		put_cell(out, "");
	else if (!o->def)
		put_cell(out, "required");
	else if (!*o->def)
		put_cell(out, o->type == CONF_STRING ? "`\"\"`" : "none");
	else
		buf_printf(out, " `%s` |", o->def);
}

static void put_rows(struct buf *out, const char *prefix, const struct conf_option *options)
{
	char range[80];
	struct buf inner;

	for (const struct conf_option *o = options; o->name; o++) {
		conf_range_text(o, range, sizeof(range));
		buf_printf(out, "| `%s%s` |", prefix, o->name);
		put_cell(out, types[o->type]);
		put_default(out, o);
		put_cell(out, range);
		put_cell(out, o->help);
		buf_putc(out, '\n');
		if (!o->group)
			continue;
		buf_init(&inner, 1024);
		buf_printf(&inner, "%s%s%s.", prefix, o->name, o->type == CONF_GROUPS ? "[]" : "");
		buf_putc(&inner, '\0');
		put_rows(out, (const char *)buf_bytes(&inner).p, o->group);
		buf_release(&inner);
	}
}

void conf_print_options(struct buf *out, const char *title, const struct conf_option *options)
{
	buf_printf(out, "## %s\n\n| setting | type | default | range | meaning |\n", title);
	buf_puts(out, "| --- | --- | --- | --- | --- |\n");
	put_rows(out, "", options);
}
