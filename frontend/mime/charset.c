/* SPDX-License-Identifier: Apache-2.0 */
/* charset.c - what people call charsets, to UTF-8. The common ones without iconv.
 *
 * Only names of a list reach iconv: it knows stateful and internal encodings that no mail needs,
 * UTF-7 among them. ISO-8859-1 is read as windows-1252, as browsers do. */
#include "mime/charset.h"

#include "mime/decode.h"

#include <errno.h>
#include <iconv.h>
#include <stdlib.h>

#define REPLACEMENT 0xfffd

enum kind { KIND_UTF8, KIND_1252, KIND_ASCII, KIND_ICONV };

struct decode_charset {
	enum kind kind;
	iconv_t cd;
	uint8_t held[16]; /* an incomplete character */
	size_t n;
};

static unsigned tail_length(uint8_t c)
{
	return c < 0xc2 ? 0 : c < 0xe0 ? 1 : c < 0xf0 ? 2 : c < 0xf5 ? 3 : 0;
}

static bool tail_fits(const uint8_t *p, size_t i)
{
	if ((p[i] & 0xc0) != 0x80)
		return false;
	if (i > 1)
		return true;
	/* RFC 3629, 4: no overlong forms, no surrogates, nothing above U+10FFFF. */
	return !((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
		 (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f));
}

int utf8_get(struct bytes b, uint32_t *c)
{
	unsigned tail = tail_length(b.p[0]);

	*c = b.p[0];
	if (b.p[0] < 0x80)
		return 1;
	if (tail == 0)
		return 0;
	*c &= 0x3fu >> tail;
	for (size_t i = 1; i <= tail; i++) {
		if (i >= b.n)
			return -1;
		if (!tail_fits(b.p, i))
			return 0;
		*c = *c << 6 | (b.p[i] & 0x3f);
	}
	return (int)tail + 1;
}

void charset_put_utf8(struct buf *out, uint32_t c)
{
	uint8_t p[4];
	size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

	if (c > 0x10ffff || (c >= 0xd800 && c < 0xe000)) {
		charset_put_utf8(out, REPLACEMENT);
		return;
	}
	for (size_t i = n - 1; i > 0; i--, c >>= 6)
		p[i] = 0x80 | (c & 0x3f);
	p[0] = (uint8_t)(n == 1 ? c : (0xf00u >> n & 0xff) | c);
	buf_put(out, p, n);
}

/* ---- names -------------------------------------------------------------------------------- */

static const char *const utf8_names[] = { "",
					  "utf-8",
					  "utf8",
					  "us-ascii",
					  "ascii",
					  "ansi_x3.4-1968",
					  "unicode-1-1-utf-8",
					  "unknown-8bit" };
static const char *const latin_names[] = { "iso-8859-1",   "iso8859-1", "iso_8859-1", "latin1",
					   "windows-1252", "cp1252",    "cp-1252" };
static const char *const iconv_prefixes[] = {
	"iso-8859-", "iso8859-",  "iso_8859-", "windows-125", "cp125",       "windows-874",
	"cp874",     "koi8-",     "gb2312",    "gbk",         "gb18030",     "big5",
	"euc-",      "shift_jis", "shift-jis", "sjis",        "windows-31j", "cp932",
	"cp936",     "cp949",     "cp950",     "iso-2022-jp", "iso-2022-kr", "tis-620",
	"macintosh", "utf-16",    "utf-32",    "utf16",       "utf32",       "cp437",
	"cp850",     "cp852",     "cp866",     "ibm8",        "viscii",
};
static const struct {
	const char *name, *iconv;
} other_names[] = {
	{ "ks_c_5601-1987", "CP949" },
	{ "ks_c_5601", "CP949" },
	{ "korean", "CP949" },
	{ "windows-949", "CP949" },
	{ "x-sjis", "CP932" },
	{ "x-gbk", "GBK" },
	{ "iso-8859-8-i", "ISO-8859-8" },
	{ "iso-8859-6-i", "ISO-8859-6" },
	{ "x-mac-roman", "MACINTOSH" },
	{ "x-mac-cyrillic", "MAC-CYRILLIC" },
};

static bool listed(const char *const *names, size_t n, struct bytes name)
{
	for (size_t i = 0; i < n; i++)
		if (bytes_ieq(name, bytes_str(names[i])))
			return true;
	return false;
}

static bool is_name_char(uint8_t c)
{
	c = ascii_lower(c);
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

/* The name for iconv; false: not one of ours. */
static bool iconv_name(struct bytes charset, char *name, size_t room)
{
	for (size_t i = 0; i < ARRAY_LEN(other_names); i++) {
		if (bytes_ieq(charset, bytes_str(other_names[i].name))) {
			charset = bytes_str(other_names[i].iconv);
			memcpy(name, charset.p, charset.n + 1);
			return true;
		}
	}
	if (charset.n >= room || bytes_span(charset, is_name_char) < charset.n)
		return false;
	memcpy(name, charset.p, charset.n);
	name[charset.n] = '\0';
	for (size_t i = 0; i < ARRAY_LEN(iconv_prefixes); i++)
		if (bytes_istarts(charset, bytes_str(iconv_prefixes[i])))
			return true;
	return false;
}

static enum kind kind_of(struct bytes charset, iconv_t *cd)
{
	char name[32];

	charset = bytes_trim(charset);
	if (listed(utf8_names, ARRAY_LEN(utf8_names), charset))
		return KIND_UTF8;
	if (listed(latin_names, ARRAY_LEN(latin_names), charset))
		return KIND_1252;
	if (!iconv_name(charset, name, sizeof(name)))
		return KIND_ASCII;
	*cd = iconv_open("UTF-8", name);
	return *cd == (iconv_t)-1 ? KIND_ASCII : KIND_ICONV;
}

bool decode_charset_known(struct bytes charset)
{
	iconv_t cd;
	enum kind kind = kind_of(charset, &cd);

	if (kind == KIND_ICONV)
		iconv_close(cd);
	return kind != KIND_ASCII;
}

struct decode_charset *decode_charset_new(struct bytes charset)
{
	struct decode_charset *d = xnew(struct decode_charset);

	d->kind = kind_of(charset, &d->cd);
	return d;
}

void decode_charset_free(struct decode_charset **d)
{
	if (!*d)
		return;
	if ((*d)->kind == KIND_ICONV)
		iconv_close((*d)->cd);
	free(*d);
	*d = NULL;
}

/* ---- decoding ----------------------------------------------------------------------------- */

/* ASCII alone is most of any text; the rest is what cannot be read. */
static void from_ascii(struct bytes in, struct buf *out)
{
	while (in.n) {
		size_t n = bytes_ascii(in);

		buf_put(out, in.p, n);
		in = bytes_skip(in, n);
		if (in.n)
			charset_put_utf8(out, REPLACEMENT);
		in = bytes_skip(in, 1);
	}
}

static void from_1252(struct bytes in, struct buf *out)
{
	static const uint16_t c1[32] = {
		0x20ac, 0x81,   0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021,
		0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0x8d,   0x017d, 0x8f,
		0x90,   0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
		0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0x9d,   0x017e, 0x0178,
	};

	for (size_t i = 0; i < in.n; i++) {
		uint8_t c = in.p[i];

		charset_put_utf8(out, c >= 0x80 && c < 0xa0 ? c1[c - 0x80] : c);
	}
}

/* Complete characters; what is left over is returned. */
static struct bytes from_utf8(struct bytes in, struct buf *out)
{
	while (in.n) {
		size_t n = bytes_ascii(in);
		uint32_t c;
		int len;

		buf_put(out, in.p, n);
		in = bytes_skip(in, n);
		if (in.n == 0)
			break;
		len = utf8_get(in, &c);
		if (len < 0)
			return in;
		if (len == 0)
			charset_put_utf8(out, REPLACEMENT);
		else
			buf_put(out, in.p, (size_t)len);
		in = bytes_skip(in, len ? (size_t)len : 1);
	}
	return in;
}

static struct bytes from_iconv(struct decode_charset *d, struct bytes in, struct buf *out)
{
	char step[1024];

	while (in.n) {
		char *from = (char *)in.p, *to = step;
		size_t from_n = in.n, to_n = sizeof(step);
		size_t ret = iconv(d->cd, &from, &from_n, &to, &to_n);

		buf_put(out, step, sizeof(step) - to_n);
		in = bytes_skip(in, in.n - from_n);
		if (ret != (size_t)-1 || errno == E2BIG)
			continue;
		if (errno == EINVAL && in.n < sizeof(d->held))
			return in;
		charset_put_utf8(out, REPLACEMENT);
		in = bytes_skip(in, 1);
	}
	return in;
}

static struct bytes convert(struct decode_charset *d, struct bytes in, struct buf *out)
{
	return d->kind == KIND_UTF8 ? from_utf8(in, out) : from_iconv(d, in, out);
}

/* Adds bytes one by one to what is held until that is used up. */
static struct bytes finish_held(struct decode_charset *d, struct bytes in, struct buf *out)
{
	while (d->n && in.n) {
		struct bytes left;

		d->held[d->n++] = in.p[0];
		in = bytes_skip(in, 1);
		left = convert(d, bytes_of(d->held, d->n), out);
		memmove(d->held, left.p, left.n);
		d->n = left.n;
	}
	return in;
}

void decode_charset(struct decode_charset *d, struct bytes in, struct buf *out)
{
	if (d->kind == KIND_ASCII) {
		from_ascii(in, out);
	} else if (d->kind == KIND_1252) {
		from_1252(in, out);
	} else {
		in = finish_held(d, in, out);
		if (in.n == 0)
			return;
		in = convert(d, in, out);
		memcpy(d->held, in.p, in.n);
		d->n = in.n;
	}
}

void decode_charset_end(struct decode_charset *d, struct buf *out)
{
	char step[64], *to = step;
	size_t to_n = sizeof(step);

	if (d->n)
		charset_put_utf8(out, REPLACEMENT);
	d->n = 0;
	if (d->kind != KIND_ICONV)
		return;
	iconv(d->cd, NULL, NULL, &to, &to_n); /* some hold a character for what may combine */
	buf_put(out, step, sizeof(step) - to_n);
}
