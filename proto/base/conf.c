/* SPDX-License-Identifier: Apache-2.0 */
/* conf.c - a libconfig tree is checked against rows and poured into a struct.
 *
 * The first thing that is wrong ends it, with file, line and dotted name. Nothing libconfig
 * converts by itself is trusted: it wraps big numbers and lets unknown names pass. */
#include "base/conf_private.h"

#include <errno.h>
#include <libconfig.h>
#include <stdio.h>
#include <stdlib.h>

enum { MAX_FILE = 1 << 20 };

/* The way down to a setting, for its name. */
struct where {
	const struct where *up;
	const char *name; /* NULL: an element of a list */
	unsigned index;
};

struct load {
	const char *path;
	const char *dir; /* of includes; NULL: the working directory */
	struct arena *mem;
	struct why *why;
};

/* ---- complaints ------------------------------------------------------------------------- */

static void put_name(struct buf *out, const struct where *at)
{
	if (!at)
		return;
	put_name(out, at->up);
	if (!at->name)
		buf_printf(out, "[%u]", at->index);
	else
		buf_printf(out, at->up ? ".%s" : "%s", at->name);
}

/* libconfig names an included file as the @include does, NULL stands for the first file. */
static const char *full_path(const struct load *l, const char *file)
{
	if (!file)
		return l->path;
	return l->dir ? arena_printf(l->mem, "%s/%s", l->dir, file) : file;
}

static const char *file_of(const struct load *l, const config_setting_t *s)
{
	return full_path(l, s ? config_setting_source_file(s) : NULL);
}

static int complain(const struct load *l, const config_setting_t *s, const struct where *at,
		    const char *wrong, const char *right)
{
	unsigned line = s ? config_setting_source_line(s) : 0;
	struct buf name;
	struct bytes b;

	buf_init(&name, 128);
	put_name(&name, at);
	b = buf_bytes(&name);
	why_set(l->why, ERR_CONFIG, "%s:%u: %.*s: %s; %s", file_of(l, s), MAX(line, 1u),
		BYTES_ARG(b), wrong, right);
	buf_release(&name);
	return -ERR_CONFIG;
}

static const char *kind_of(const config_setting_t *s)
{
	switch (config_setting_type(s)) {
	case CONFIG_TYPE_GROUP: return "is a group";
	case CONFIG_TYPE_INT:
	case CONFIG_TYPE_INT64: return "is a number";
	case CONFIG_TYPE_FLOAT: return "is a number with a point";
	case CONFIG_TYPE_STRING: return "is a string";
	case CONFIG_TYPE_BOOL: return "is true or false";
	default: return "is a list";
	}
}

static int wrong_type(const struct load *l, const config_setting_t *s, const struct where *at,
		      const struct conf_option *o)
{
	char right[96];

	(void)!snprintf(right, sizeof(right), "write %s", conf_type_text(o->type));
	return complain(l, s, at, kind_of(s), right);
}

static int unreadable(const struct load *l, const config_setting_t *s, const struct where *at,
		      const struct conf_option *o)
{
	char wrong[80], right[96];

	(void)!snprintf(wrong, sizeof(wrong), "cannot read \"%.40s\"",
			config_setting_get_string(s));
	/* A complaint is one line, whatever a string holds. */
	for (char *c = wrong; *c; c++)
		if (*c < ' ' || *c == 0x7f)
			*c = '?';
	(void)!snprintf(right, sizeof(right), "write %s", conf_type_text(o->type));
	return complain(l, s, at, wrong, right);
}

static int out_of_range(const struct load *l, const config_setting_t *s, const struct where *at,
			const struct conf_option *o)
{
	char range[80], right[96];

	conf_range_text(o, range, sizeof(range));
	(void)!snprintf(right, sizeof(right), "write %s %s",
			o->type == CONF_INT  ? "a number" :
			o->type == CONF_SIZE ? "a size" :
					       "a time",
			range);
	return complain(l, s, at, "out of range", right);
}

/* ---- single values ---------------------------------------------------------------------- */

static void store(const struct conf_option *o, void *out, const struct conf_value *v)
{
	void *to = (char *)out + o->offset;

	if (o->type == CONF_BOOL)
		*(bool *)to = v->b;
	else if (o->type == CONF_INT)
		*(int64_t *)to = v->i;
	else
		*(uint64_t *)to = v->u;
}

static bool is_int(const config_setting_t *s)
{
	int type = config_setting_type(s);

	return type == CONFIG_TYPE_INT || type == CONFIG_TYPE_INT64;
}

static int take_scalar(const struct load *l, const config_setting_t *s, const struct where *at,
		       const struct conf_option *o, void *out)
{
	struct conf_value v = { 0 };

	if (o->type == CONF_BOOL && config_setting_type(s) == CONFIG_TYPE_BOOL) {
		v.b = config_setting_get_bool(s);
	} else if (o->type == CONF_INT && is_int(s)) {
		v.i = config_setting_get_int64(s);
	} else if (o->type == CONF_SIZE && is_int(s)) {
		v.i = config_setting_get_int64(s);
		if (v.i < 0)
			return out_of_range(l, s, at, o);
		v.u = (uint64_t)v.i;
	} else if (config_setting_type(s) == CONFIG_TYPE_STRING && o->type != CONF_BOOL &&
		   o->type != CONF_INT) {
		if (!conf_parse_value(o->type, bytes_str(config_setting_get_string(s)), &v))
			return unreadable(l, s, at, o);
	} else {
		return wrong_type(l, s, at, o);
	}
	if (!conf_in_range(o, &v))
		return out_of_range(l, s, at, o);
	store(o, out, &v);
	return 0;
}

static const char *keep(const struct load *l, const char *s)
{
	return bytes_cstr(l->mem, bytes_str(s));
}

static int take_string(const struct load *l, const config_setting_t *s, const struct where *at,
		       const struct conf_option *o, void *out)
{
	if (config_setting_type(s) != CONFIG_TYPE_STRING)
		return wrong_type(l, s, at, o);
	*(const char **)((char *)out + o->offset) = keep(l, config_setting_get_string(s));
	return 0;
}

static int take_strings(const struct load *l, const config_setting_t *s, const struct where *at,
			const struct conf_option *o, void *out)
{
	struct conf_strings *to = (void *)((char *)out + o->offset);
	bool one = config_setting_type(s) == CONFIG_TYPE_STRING;

	if (!one && !config_setting_is_array(s) && !config_setting_is_list(s))
		return wrong_type(l, s, at, o);
	to->n = one ? 1 : (size_t)config_setting_length(s);
	to->v = arena_array(l->mem, const char *, to->n);
	for (unsigned i = 0; i < to->n; i++) {
		const config_setting_t *item = one ? s : config_setting_get_elem(s, i);

		if (config_setting_type(item) != CONFIG_TYPE_STRING)
			return wrong_type(l, item, at, o);
		to->v[i] = keep(l, config_setting_get_string(item));
	}
	return 0;
}

/* ---- defaults --------------------------------------------------------------------------- */

static void split_default(struct arena *mem, const char *def, struct conf_strings *to)
{
	struct bytes all = bytes_str(def), rest = all;

	for (to->n = 0; rest.n;)
		to->n += bytes_cut(&rest, ' ').n > 0;
	to->v = arena_array(mem, const char *, to->n);
	for (size_t i = 0; i < to->n;) {
		struct bytes word = bytes_cut(&all, ' ');

		if (word.n)
			to->v[i++] = bytes_cstr(mem, word);
	}
}

static void set_default(const struct conf_option *o, void *out, struct arena *mem)
{
	void *to = (char *)out + o->offset;
	struct conf_value v = { 0 };

	switch (o->type) {
	case CONF_STRING:
		*(const char **)to = o->def ? bytes_cstr(mem, bytes_str(o->def)) : NULL;
		break;
	case CONF_STRINGS: split_default(mem, o->def, to); break;
	case CONF_GROUP: conf_defaults(o->group, to, mem); break;
	case CONF_GROUPS: *(struct conf_list *)to = (struct conf_list){ 0 }; break;
	default:
		if (o->def && !conf_parse_value(o->type, bytes_str(o->def), &v))
			BUG("a default in an option's row is malformed");
		store(o, out, &v);
	}
}

void conf_defaults(const struct conf_option *options, void *out, struct arena *mem)
{
	for (; options->name; options++)
		set_default(options, out, mem);
}

/* ---- groups ----------------------------------------------------------------------------- */

static int take_group(const struct load *l, const config_setting_t *s, const struct where *at,
		      const struct conf_option *options, void *out);

static int take_groups(const struct load *l, const config_setting_t *s, const struct where *at,
		       const struct conf_option *o, void *out)
{
	struct conf_list *to = (void *)((char *)out + o->offset);
	size_t n = (size_t)config_setting_length(s);
	int ret = 0;

	if (!config_setting_is_list(s) && !(config_setting_is_array(s) && n == 0))
		return wrong_type(l, s, at, o);
	to->n = n;
	to->v = arena_alloc(l->mem, n * o->item_size);
	for (unsigned i = 0; i < n && ret == 0; i++) {
		const config_setting_t *item = config_setting_get_elem(s, i);
		struct where here = { .up = at, .index = i };

		if (!config_setting_is_group(item))
			return wrong_type(l, item, &here, o);
		ret = take_group(l, item, &here, o->group, (char *)to->v + i * o->item_size);
	}
	return ret;
}

static int take_absent(const struct load *l, const config_setting_t *group, const struct where *at,
		       const struct conf_option *o, void *out)
{
	char right[96];

	if (o->type == CONF_GROUP && !o->def)
		return take_group(l, NULL, at, o->group, (char *)out + o->offset);
	if (!o->def) {
		(void)!snprintf(right, sizeof(right), "set it to %s", conf_type_text(o->type));
		return complain(l, group, at, "missing", right);
	}
	set_default(o, out, l->mem);
	return 0;
}

static int take(const struct load *l, const config_setting_t *s, const struct where *at,
		const struct conf_option *o, void *out)
{
	switch (o->type) {
	case CONF_STRING: return take_string(l, s, at, o, out);
	case CONF_STRINGS: return take_strings(l, s, at, o, out);
	case CONF_GROUPS: return take_groups(l, s, at, o, out);
	case CONF_GROUP:
		if (!config_setting_is_group(s))
			return wrong_type(l, s, at, o);
		return take_group(l, s, at, o->group, (char *)out + o->offset);
	default: return take_scalar(l, s, at, o, out);
	}
}

static int find_unknown(const struct load *l, const config_setting_t *group, const struct where *at,
			const struct conf_option *options)
{
	for (unsigned i = 0; i < (unsigned)config_setting_length(group); i++) {
		const config_setting_t *s = config_setting_get_elem(group, i);
		struct where here = { .up = at, .name = config_setting_name(s) };
		const struct conf_option *o = options;
		const char *near;
		char right[96];

		while (o->name && strcmp(o->name, here.name) != 0)
			o++;
		if (o->name)
			continue;
		near = conf_nearest(options, here.name);
		(void)!snprintf(right, sizeof(right), near ? "did you mean %s?" : "remove it",
				near);
		return complain(l, s, &here, "unknown setting", right);
	}
	return 0;
}

/* `s` is NULL for a group that is not in the file. */
static int take_group(const struct load *l, const config_setting_t *s, const struct where *at,
		      const struct conf_option *options, void *out)
{
	int ret = s ? find_unknown(l, s, at, options) : 0;

	for (; options->name && ret == 0; options++) {
		struct where here = { .up = at, .name = options->name };
		const config_setting_t *member = s ? config_setting_get_member(s, options->name) :
						     NULL;

		if (member)
			ret = take(l, member, &here, options, out);
		else
			ret = take_absent(l, s, &here, options, out);
	}
	return ret;
}

/* ---- files ------------------------------------------------------------------------------ */

static int read_file(const char *path, struct buf *text, struct why *why)
{
	FILE *f = fopen(path, "re");
	size_t n = 1;

	if (!f)
		return why_set(why, ERR_CONFIG, "%s:1: cannot be opened: %s", path,
			       strerror(errno));
	while (n > 0) {
		void *room = buf_room(text, 4096);

		if (!room)
			break;
		n = fread(room, 1, 4096, f);
		buf_grew(text, n);
	}
	if (ferror(f) || text->full) {
		fclose(f);
		return why_set(why, ERR_CONFIG, "%s:1: cannot be read, or is larger than 1 MiB",
			       path);
	}
	fclose(f);
	return 0;
}

static int refuse_wrapped(const char *path, struct bytes text, struct why *why)
{
	int line = conf_wrapped_int(text);

	if (line)
		return why_set(
			why, ERR_CONFIG,
			"%s:%d: number out of range; write a smaller one, or put an L after it",
			path, line);
	return 0;
}

static int check_file(const struct load *l, const char *path)
{
	struct buf text;
	int ret;

	buf_init(&text, MAX_FILE);
	ret = read_file(path, &text, l->why);
	if (ret == 0)
		ret = refuse_wrapped(path, buf_bytes(&text), l->why);
	buf_release(&text);
	return ret;
}

/* Included files show up as the source of what they set. */
static int check_included(const struct load *l, const config_setting_t *s, const char **last)
{
	const char *file = config_setting_source_file(s);
	unsigned n = config_setting_is_aggregate(s) ? (unsigned)config_setting_length(s) : 0;
	int ret = 0;

	if (file && file != *last) {
		ret = check_file(l, full_path(l, file));
		*last = file;
	}
	for (unsigned i = 0; i < n && ret == 0; i++)
		ret = check_included(l, config_setting_get_elem(s, i), last);
	return ret;
}

static int syntax_error(const struct load *l, const config_t *tree)
{
	const char *text = config_error_text(tree);

	return why_set(l->why, ERR_CONFIG, "%s:%d: %s; see options.md for what may stand here",
		       full_path(l, config_error_file(tree)), config_error_line(tree),
		       text ? text : "cannot be read");
}

static int parse(const struct load *l, struct bytes text, config_t *tree)
{
	const char *last = NULL;
	int ret;

	if (bytes_chr(text, '\0') < text.n)
		return why_set(l->why, ERR_CONFIG, "%s:1: holds a NUL byte; it must be plain text",
			       l->path);
	ret = refuse_wrapped(l->path, text, l->why);
	if (ret < 0)
		return ret;
	if (l->dir)
		config_set_include_dir(tree, l->dir);
	if (config_read_string(tree, bytes_cstr(l->mem, text)) != CONFIG_TRUE)
		return syntax_error(l, tree);
	return check_included(l, config_root_setting(tree), &last);
}

static struct load load_of(const char *path, struct arena *mem, struct why *why)
{
	struct load l = { .path = path, .mem = mem, .why = why };
	const char *slash = strrchr(path, '/');

	if (slash)
		l.dir = bytes_cstr(mem, bytes_of(path, MAX((size_t)(slash - path), (size_t)1)));
	return l;
}

int conf_load_text(const char *name, struct bytes text, const struct conf_option *options,
		   void *out, struct arena *mem, struct why *why)
{
	struct load l = load_of(name, mem, why);
	config_t tree;
	int ret;

	config_init(&tree);
	ret = parse(&l, text, &tree);
	if (ret == 0)
		ret = take_group(&l, config_root_setting(&tree), NULL, options, out);
	config_destroy(&tree);
	return ret;
}

int conf_load(const char *path, const struct conf_option *options, void *out, struct arena *mem,
	      struct why *why)
{
	struct buf text;
	int ret;

	buf_init(&text, MAX_FILE);
	ret = read_file(path, &text, why);
	if (ret == 0)
		ret = conf_load_text(path, buf_bytes(&text), options, out, mem, why);
	buf_release(&text);
	return ret;
}

static unsigned line_of(const config_t *tree, const char *dotted_name)
{
	const config_setting_t *s;
	struct buf path;

	/* libconfig writes a.[1].b */
	buf_init(&path, 1024);
	for (; *dotted_name; dotted_name++) {
		if (*dotted_name == '[')
			buf_putc(&path, '.');
		buf_putc(&path, (uint8_t)*dotted_name);
	}
	buf_putc(&path, '\0');
	s = path.full ? NULL : config_lookup(tree, (const char *)buf_bytes(&path).p);
	buf_release(&path);
	return s ? config_setting_source_line(s) : 0;
}

int conf_line(const char *path, const char *dotted_name)
{
	struct arena mem;
	struct load l;
	struct buf text;
	config_t tree;
	int line = 0;

	arena_init(&mem, 0);
	l = load_of(path, &mem, NULL);
	buf_init(&text, MAX_FILE);
	config_init(&tree);
	if (read_file(path, &text, NULL) == 0 && parse(&l, buf_bytes(&text), &tree) == 0)
		line = (int)line_of(&tree, dotted_name);
	config_destroy(&tree);
	buf_release(&text);
	arena_release(&mem);
	return line;
}
