/* SPDX-License-Identifier: Apache-2.0 */
/* table.h - what ternctl prints: tables and single records, for people or as JSON. */
#ifndef TERN_CTL_TABLE_H
#define TERN_CTL_TABLE_H

#include "base/base.h"

#include <stdio.h>

struct table;

enum table_type { TABLE_TEXT, TABLE_NUMBER, TABLE_BOOL };

/* `name` is the name of the list in JSON. */
struct table *table_new(const char *name, bool json);
void table_column(struct table *t, const char *name, enum table_type type);
void table_row(struct table *t);
/* The next cell of the row; numbers and sizes are right-aligned. */
void table_text(struct table *t, const char *fmt, ...) PRINTF(2, 3);
void table_number(struct table *t, uint64_t v);
void table_size(struct table *t, uint64_t bytes); /* "1.5 GiB"; plain bytes in JSON */
void table_bool(struct table *t, bool v);         /* "yes" or "-" */
/* Prints and frees. A record is a table of one row: name and value a line, an object in JSON. */
void table_print(struct table **t, FILE *out);
void table_print_record(struct table **t, FILE *out);

void size_text(uint64_t bytes, char out[16]);
void time_text(uint64_t ms, char out[16]); /* "3d 4h" */

#endif
