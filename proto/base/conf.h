/* SPDX-License-Identifier: Apache-2.0 */
/* conf.h - configuration: libconfig below, an own schema above it.
 *
 * A program describes its options as rows; conf_load checks a file against them and fills a
 * struct. Every complaint is one line: "FILE:LINE: NAME: what is wrong; what would be right".
 * Unknown keys, wrong types, values out of range and missing files are all errors. Sizes
 * ("64M", "4K", bytes when bare) and times ("30s", "5m", "2h", "14d", "200ms") carry units.
 * @include is relative to the directory of the file that conf_load was given. */
#ifndef TERN_CONF_H
#define TERN_CONF_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

enum conf_type {
	CONF_BOOL,     /* bool */
	CONF_INT,      /* int64_t */
	CONF_SIZE,     /* uint64_t, bytes */
	CONF_DURATION, /* uint64_t, milliseconds */
	CONF_STRING,   /* const char * */
	CONF_STRINGS,  /* struct conf_strings: a list, or one string */
	CONF_GROUP,    /* a nested struct at offset; rows in `group` */
	CONF_GROUPS,   /* struct conf_list of structs of `item_size`: a list of groups */
};

struct conf_strings {
	const char **v;
	size_t n;
};

struct conf_list {
	void *v; /* array of structs, each item_size long */
	size_t n;
};

struct conf_option {
	const char *name;
	enum conf_type type;
	size_t offset;
	/* As written in a file, but without quotes; NULL: required; "" on GROUPS/STRINGS: empty; a
	 * STRINGS default is split at spaces. A GROUP that is absent counts as an empty one, whose
	 * required rows are missing; with def "" they are then left zero. */
	const char *def;
	const char *min, *max; /* as written in a file; NULL: no bound */
	const char *help;
	const struct conf_option *group; /* ends in a row without a name */
	size_t item_size;
};

/* Loads `path` into *out (described by options; strings live in mem). */
int conf_load(const char *path, const struct conf_option *options, void *out, struct arena *mem,
	      struct why *why) MUST_USE;
/* The same for text that came from somewhere else; `name` stands for the file in complaints. */
int conf_load_text(const char *name, struct bytes text, const struct conf_option *options,
		   void *out, struct arena *mem, struct why *why) MUST_USE;
/* Only defaults; required ones are left zero. */
void conf_defaults(const struct conf_option *options, void *out, struct arena *mem);
/* Line of a setting ("imap.listen", "nodes[1].host"), for checks that a caller makes itself; 0 if
 * absent. */
int conf_line(const char *path, const char *dotted_name);

/* One row per option: name, type, default, range, help; Markdown for options.md. */
void conf_print_options(struct buf *out, const char *title, const struct conf_option *options);

bool conf_parse_size(struct bytes text, uint64_t *bytes) MUST_USE;
bool conf_parse_duration(struct bytes text, uint64_t *ms) MUST_USE;

#endif
