/* SPDX-License-Identifier: Apache-2.0 */
/* conf_private.h - what the files of conf share: values as text, names, complaints' wording. */
#ifndef TERN_CONF_PRIVATE_H
#define TERN_CONF_PRIVATE_H

#include "base/conf.h"

struct conf_value {
	bool b;     /* BOOL */
	int64_t i;  /* INT */
	uint64_t u; /* SIZE, DURATION */
};

/* Reads a BOOL, INT, SIZE or DURATION as it is written in a row or a file. */
bool conf_parse_value(enum conf_type type, struct bytes text, struct conf_value *v) MUST_USE;
bool conf_in_range(const struct conf_option *o, const struct conf_value *v);
/* "between 1 and 10", "at least 1", "at most 10"; "" without bounds. */
void conf_range_text(const struct conf_option *o, char *out, size_t n);
/* "a whole number", "a time such as \"30s\"" … */
const char *conf_type_text(enum conf_type type);

/* The known name most like `name`, NULL if none is. */
const char *conf_nearest(const struct conf_option *options, const char *name);

/* Line of the first integer that libconfig would silently wrap (no L, over 31 bits); 0: none. */
int conf_wrapped_int(struct bytes text);

#endif
