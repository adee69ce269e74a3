/* SPDX-License-Identifier: Apache-2.0 */
#include "smtp/trace.h"

#include <inttypes.h>
#include <time.h>

enum { NAME_MAX_OCTETS = 255, COMMENT_MAX = 64 };

void smtp_date_put(struct buf *out, uint64_t wall_ms)
{
	static const char days[] = "SunMonTueWedThuFriSat";
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	time_t seconds = (time_t)(wall_ms / 1000);
	struct tm tm;

	gmtime_r(&seconds, &tm);
	buf_printf(out, "%.3s, %d %.3s %d %02d:%02d:%02d +0000", days + 3 * tm.tm_wday, tm.tm_mday,
		   months + 3 * tm.tm_mon, tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

/* Domain or address literal by its letters. */
static bool is_name(struct bytes helo)
{
	bool literal = helo.n > 2 && helo.p[0] == '[' && helo.p[helo.n - 1] == ']';

	if (literal)
		helo = bytes_slice(helo, 1, helo.n - 2);
	for (size_t i = 0; i < helo.n; i++) {
		uint8_t c = ascii_lower(helo.p[i]);

		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-' && c != '.' &&
		    c != '_' && !(literal && c == ':'))
			return false;
	}
	return helo.n > 0 && helo.n <= NAME_MAX_OCTETS;
}

/* RFC 5322, 3.2.2: ctext and quoted-pair. */
static void put_comment(struct buf *out, struct bytes text)
{
	bool cut = text.n > COMMENT_MAX;

	text = bytes_head(text, COMMENT_MAX);
	for (size_t i = 0; i < text.n; i++) {
		uint8_t c = text.p[i];

		if (c == '(' || c == ')' || c == '\\')
			buf_putc(out, '\\');
		buf_putc(out, c < 32 || c > 126 ? '?' : c);
	}
	if (cut)
		buf_puts(out, "...");
}

static void put_from(struct buf *out, const struct smtp_trace *t)
{
	const char *tag = strchr(t->peer, ':') ? "IPv6:" : "";

	if (is_name(t->helo)) {
		buf_puts(out, "Received: from ");
		buf_put_bytes(out, t->helo);
		buf_printf(out, " ([%s%s])\r\n", tag, t->peer);
		return;
	}
	buf_printf(out, "Received: from [%s%s] (helo ", tag, t->peer);
	put_comment(out, t->helo);
	buf_puts(out, ")\r\n");
}

/* RFC 3848. */
static void put_with(struct buf *out, const struct smtp_trace *t)
{
	bool esmtp = t->esmtp || t->login || *t->tls;

	buf_printf(out, "%s%s%s",
		   t->lmtp ? "LMTP" :
		   esmtp   ? "ESMTP" :
			     "SMTP",
		   *t->tls ? "S" : "", t->login ? "A" : "");
	if (*t->tls)
		buf_printf(out, " (%s)", t->tls);
}

void smtp_trace_put(struct buf *out, const struct smtp_trace *t)
{
	buf_puts(out, "Return-Path: <");
	buf_put_bytes(out, t->sender);
	buf_puts(out, ">\r\n");
	put_from(out, t);
	buf_printf(out, "\tby %s with ", t->host);
	put_with(out, t);
	buf_printf(out, "\r\n\tid %016" PRIx64, t->id);
	if (t->rcpt.n) {
		buf_puts(out, "\r\n\tfor <");
		buf_put_bytes(out, t->rcpt);
		buf_putc(out, '>');
	}
	buf_puts(out, ";\r\n\t");
	smtp_date_put(out, t->wall_ms);
	buf_puts(out, "\r\n");
}
