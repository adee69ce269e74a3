/* SPDX-License-Identifier: Apache-2.0 */
/* log.c - one line, built on the stack, written once.
 *
 * The last bytes of the buffer are kept for closing quotes and the end of the line, so that a
 * line that is too long is still well-formed; it ends in " cut=1". */
#include "base/log.h"

#include "base/clock.h"
#include "base/metric.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

enum { MAX_LINE = 2000, MAX_PARENTS = 8 };

struct out {
	char *p;
	size_t n, max;
	bool cut;
};

static _Atomic int least = LOG_INFO;
static void (*sink)(struct bytes line, void *arg);
static void *sink_arg;

void log_set_level(enum log_level level)
{
	atomic_store_explicit(&least, (int)level, memory_order_relaxed);
}

void log_set_sink(void (*to)(struct bytes line, void *arg), void *arg)
{
	sink = to;
	sink_arg = arg;
}

/* ---- values ----------------------------------------------------------------------------- */

/* All of it or nothing, and nothing more once something did not fit. */
static void put(struct out *o, const char *p, size_t n)
{
	if (o->cut || n > o->max - o->n) {
		o->cut = true;
		return;
	}
	memcpy(o->p + o->n, p, n);
	o->n += n;
}

static unsigned utf8_length(uint8_t first)
{
	if (first < 0x80)
		return 1;
	if (first >= 0xc2 && first <= 0xdf)
		return 2;
	if (first >= 0xe0 && first <= 0xef)
		return 3;
	return first >= 0xf0 && first <= 0xf4 ? 4 : 0;
}

/* Length of the character at the front, 0 if it is no valid UTF-8. */
static unsigned utf8_char(struct bytes b, uint32_t *c)
{
	unsigned n = utf8_length(b.p[0]);
	uint32_t v = n > 1 ? b.p[0] & (0x7fu >> n) : b.p[0];

	if (n == 0 || n > b.n)
		return 0;
	for (unsigned i = 1; i < n; i++) {
		if ((b.p[i] & 0xc0) != 0x80)
			return 0;
		v = v << 6 | (b.p[i] & 0x3f);
	}
	if ((n == 3 && v < 0x800) || (n == 4 && v < 0x10000) || v > 0x10ffff ||
	    (v >= 0xd800 && v <= 0xdfff))
		return 0;
	*c = v;
	return n;
}

/* Controls, line separators and what reorders or hides text on a terminal. */
static bool is_dangerous(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0x200b && c <= 0x200f) ||
	       (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0xfeff;
}

static bool needs_quotes(struct bytes v)
{
	uint32_t c;

	if (v.n == 0)
		return true;
	for (unsigned n; v.n; v = bytes_skip(v, n)) {
		n = utf8_char(v, &c);
		if (n == 0 || c == ' ' || c == '"' || is_dangerous(c))
			return true;
	}
	return false;
}

static void put_escaped(struct out *o, struct bytes raw)
{
	static const char named[] = "\nn\rr\tt\"\"\\\\";
	static const char hex[] = "0123456789abcdef";
	char text[16];
	size_t n = 0;

	for (size_t i = 0; i < raw.n; i++) {
		const char *name = raw.p[i] ? memchr(named, raw.p[i], sizeof(named) - 1) : NULL;

		text[n++] = '\\';
		if (name && (name - named) % 2 == 0) {
			text[n++] = name[1];
		} else {
			text[n++] = 'x';
			text[n++] = hex[raw.p[i] >> 4];
			text[n++] = hex[raw.p[i] & 15];
		}
	}
	put(o, text, n);
}

static void put_quoted(struct out *o, struct bytes v)
{
	uint32_t c = 0;

	for (unsigned n; v.n && !o->cut; v = bytes_skip(v, n)) {
		n = utf8_char(v, &c);
		if (n && c != '"' && c != '\\' && !is_dangerous(c)) {
			put(o, (const char *)v.p, n);
		} else {
			n = n ? n : 1;
			put_escaped(o, bytes_head(v, n));
		}
	}
}

static void put_value(struct out *o, struct bytes v)
{
	if (!needs_quotes(v)) {
		put(o, (const char *)v.p, v.n);
		/* A long one is still worth its beginning. */
		if (!o->cut || v.n < 64)
			return;
		o->cut = false;
	}
	put(o, "\"", 1);
	if (o->cut)
		return;
	put_quoted(o, v);
	o->p[o->n++] = '"'; /* out of what is kept back */
}

/* ---- formats ---------------------------------------------------------------------------- */

static unsigned long long take_unsigned(unsigned longs, va_list *ap)
{
	if (longs == 0)
		return va_arg(*ap, unsigned);
	return longs == 1 ? va_arg(*ap, unsigned long) : va_arg(*ap, unsigned long long);
}

static long long take_signed(unsigned longs, va_list *ap)
{
	if (longs == 0)
		return va_arg(*ap, int);
	return longs == 1 ? va_arg(*ap, long) : va_arg(*ap, long long);
}

static void put_hex(struct out *o, unsigned long long v, unsigned width)
{
	char text[32];
	int n = snprintf(text, sizeof(text), "%0*llx", (int)MIN(width, 16u), v);

	put(o, text, (size_t)n);
}

static void put_number(struct out *o, unsigned long long v, bool negative)
{
	char text[32];
	int n = snprintf(text, sizeof(text), negative ? "-%llu" : "%llu", negative ? 0 - v : v);

	put(o, text, (size_t)n);
}

static void put_string(struct out *o, const char *s)
{
	put_value(o, s ? bytes_str(s) : BYTES("(null)"));
}

static void put_bytes(struct out *o, const struct bytes *b)
{
	put_value(o, b ? *b : BYTES_NONE);
}

/* One conversion, after its '%'; false if it is none of ours: then nothing that follows can be
 * read either. */
static bool convert(struct out *o, const char **fmt, va_list *ap)
{
	unsigned width = 0, longs = 0;
	long long v;

	for (; **fmt >= '0' && **fmt <= '9'; (*fmt)++)
		width = width * 10 + (unsigned)(**fmt - '0');
	for (; **fmt == 'l' || **fmt == 'z'; (*fmt)++)
		longs++;
	switch (*(*fmt)++) {
	case 'd':
	case 'i':
		v = take_signed(longs, ap);
		put_number(o, (unsigned long long)v, v < 0);
		return true;
	case 'u': put_number(o, take_unsigned(longs, ap), false); return true;
	case 'x': put_hex(o, take_unsigned(longs, ap), width); return true;
	case 's': put_string(o, va_arg(*ap, const char *)); return true;
	case 'B': put_bytes(o, va_arg(*ap, const struct bytes *)); return true;
	default: return false;
	}
}

static void put_fields(struct out *o, const char *fmt, va_list *ap)
{
	while (*fmt && !o->cut) {
		size_t n = strcspn(fmt, "%");

		put(o, fmt, n);
		fmt += n;
		if (*fmt == '%') {
			fmt++;
			if (!convert(o, &fmt, ap)) {
				put(o, "?", 1);
				return;
			}
		}
	}
}

/* ---- lines ------------------------------------------------------------------------------ */

void log_ctx_set(struct log_ctx *ctx, const struct log_ctx *parent, const char *fmt, ...)
{
	struct out o = { .p = ctx->fields, .max = sizeof(ctx->fields) - 2 };
	va_list ap;

	ctx->parent = parent;
	va_start(ap, fmt);
	put_fields(&o, fmt, &ap);
	va_end(ap);
	ctx->fields[o.n] = '\0';
}

static void put_context(struct out *o, const struct log_ctx *ctx)
{
	const struct log_ctx *chain[MAX_PARENTS];
	unsigned n = 0;

	for (; ctx && n < MAX_PARENTS; ctx = ctx->parent)
		chain[n++] = ctx;
	while (n > 0) {
		const char *fields = chain[--n]->fields;

		if (*fields) {
			put(o, " ", 1);
			put(o, fields, strlen(fields));
		}
	}
}

static void write_line(struct bytes line)
{
	metric_inc(M_log_lines_total);
	if (sink) {
		sink(line, sink_arg);
		return;
	}
	/* Nobody may wait for a log that does not take its lines: what fails is dropped. */
	while (write(STDERR_FILENO, line.p, line.n) < 0 && errno == EINTR)
		;
}

void log_event(const struct log_ctx *ctx, enum log_level level, const char *event, const char *fmt,
	       ...)
{
	static const char *const names[] = { " debug ", " info ", " notice ", " warn ", " error " };
	char text[MAX_LINE];
	char time[32];
	struct out o = { .p = text, .max = sizeof(text) - 16 };
	va_list ap;

	if ((int)level < atomic_load_explicit(&least, memory_order_relaxed))
		return;
	clock_iso(clock_wall_ms(), time);
	put(&o, time, strlen(time));
	put(&o, names[level], strlen(names[level]));
	put(&o, event, strlen(event));
	put_context(&o, ctx);
	if (fmt && *fmt) {
		put(&o, " ", 1);
		va_start(ap, fmt);
		put_fields(&o, fmt, &ap);
		va_end(ap);
	}
	if (o.cut) {
		memcpy(o.p + o.n, " cut=1", 6);
		o.n += 6;
	}
	o.p[o.n++] = '\n';
	write_line(bytes_of(text, o.n));
}
