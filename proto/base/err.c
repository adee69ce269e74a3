/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>

struct row {
	const char *name, *text, *imap;
	int smtp;
	const char *enhanced;
};

static const struct row rows[] = {
#define ERR(name, text, imap, smtp, enh) { #name, text, imap, smtp, enh },
#include "base/err.def"
#undef ERR
};

/* A number of a newer version is a passing trouble, as far as a client is concerned. */
static const struct row newer = { "?", "an error this version does not know", "UNAVAILABLE", 451,
				  "4.3.0" };

static const struct row *row(int err)
{
	unsigned n = err < 0 ? 0u - (unsigned)err : (unsigned)err;

	return n < ARRAY_LEN(rows) ? &rows[n] : &newer;
}

const char *err_name(int err)
{
	return row(err)->name;
}

const char *err_text(int err)
{
	return row(err)->text;
}

const char *err_imap_code(int err)
{
	return row(err)->imap;
}

int err_smtp_code(int err)
{
	return row(err)->smtp;
}

const char *err_smtp_enhanced(int err)
{
	return row(err)->enhanced;
}

int why_set(struct why *why, enum err err, const char *fmt, ...)
{
	va_list ap;

	if (why) {
		va_start(ap, fmt);
		vsnprintf(why->text, sizeof(why->text), fmt, ap);
		va_end(ap);
	}
	return -(int)err;
}

void why_add(struct why *why, const char *fmt, ...)
{
	char context[sizeof(why->text)];
	size_t n, kept;
	va_list ap;

	if (!why)
		return;
	va_start(ap, fmt);
	vsnprintf(context, sizeof(context) - 2, fmt, ap);
	va_end(ap);
	n = strlen(context);
	context[n++] = ':';
	context[n++] = ' ';
	kept = MIN(strlen(why->text), sizeof(why->text) - 1 - n);
	memmove(why->text + n, why->text, kept);
	memcpy(why->text, context, n);
	why->text[n + kept] = '\0';
}
