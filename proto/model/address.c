/* SPDX-License-Identifier: Apache-2.0 */
/* address.c - Mailbox of RFC 5321, 4.1.2 and RFC 6531, 3.3, and nothing more lenient.
 *
 * No source routes, comments, percent or bang hacks: they are text of a local part or errors.
 * A local part is opaque but for the case of its ASCII letters. */
#include "model/address.h"

#include <arpa/inet.h>
#include <idn2.h>
#include <stdlib.h>

enum { LOCAL_MAX = 64, DOMAIN_MAX = 255, LABEL_MAX = 63 }; /* RFC 5321, 4.5.3.1 */

static bool is_let_dig(uint8_t c)
{
	c = ascii_lower(c);
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* RFC 5322, 3.2.3; bytes above 127 are checked as UTF-8 beforehand. */
static bool is_atext(uint8_t c)
{
	return is_let_dig(c) || c >= 0x80 || (c && strchr("!#$%&'*+-/=?^_`{|}~", c));
}

/* Length of the UTF-8 character at the start of b; 0: overlong, surrogate, cut or not UTF-8. */
static size_t utf8_char(struct bytes b)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	uint8_t c = b.p[0];
	size_t n = c < 0x80 ? 1 : c < 0xc2 ? 0 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : c < 0xf5 ? 4 : 0;
	uint32_t v;

	if (n <= 1 || n > b.n)
		return n <= 1 ? n : 0;
	v = c & (0xffu >> (n + 1));
	for (size_t i = 1; i < n; i++) {
		if ((b.p[i] & 0xc0) != 0x80)
			return 0;
		v = v << 6 | (b.p[i] & 0x3f);
	}
	if (v < least[n] || v > 0x10ffff || (v >= 0xd800 && v < 0xe000))
		return 0;
	return v >= 0xa0 ? n : 0; /* C1 controls are no text */
}

static bool is_text(struct bytes b, bool utf8)
{
	while (b.n) {
		size_t n = utf8_char(b);

		if (n == 0 || (n > 1 && !utf8) || b.p[0] < 0x20 || b.p[0] == 0x7f)
			return false;
		b = bytes_skip(b, n);
	}
	return true;
}

/* Dot-string: atoms with single dots between them. */
static size_t dot_string(struct bytes in)
{
	size_t n = 0, atom;

	for (;;) {
		atom = bytes_span(bytes_skip(in, n), is_atext);
		n += atom;
		if (atom == 0)
			return 0;
		if (n >= in.n || in.p[n] != '.')
			return n;
		n++;
	}
}

/* Quoted-string, resolved into out. Returns what was used of `in`, 0 if malformed. */
static size_t quoted_string(struct bytes in, struct arena *mem, struct bytes *out)
{
	uint8_t *p = arena_alloc(mem, in.n);
	size_t n = 0;

	for (size_t i = 1; i < in.n; i++) {
		if (in.p[i] == '"') {
			*out = bytes_of(p, n);
			return i + 1;
		}
		if (in.p[i] == '\\' && (++i == in.n || in.p[i] >= 0x80))
			return 0;
		p[n++] = in.p[i];
	}
	return 0;
}

static size_t take_local(struct bytes text, struct arena *mem, struct bytes *local)
{
	size_t n;

	if (text.n && text.p[0] == '"')
		return quoted_string(text, mem, local);
	n = dot_string(text);
	*local = bytes_head(text, n);
	return n;
}

/* RFC 1123, 2.1 and RFC 5321, 4.1.2: letters, digits and inner hyphens. */
static bool is_hostname(struct bytes name)
{
	if (name.n == 0 || name.n > DOMAIN_MAX || name.p[name.n - 1] == '.')
		return false;
	while (name.n) {
		struct bytes label = bytes_cut(&name, '.');

		if (label.n == 0 || label.n > LABEL_MAX || !is_let_dig(label.p[0]) ||
		    !is_let_dig(label.p[label.n - 1]))
			return false;
		for (size_t i = 0; i < label.n; i++)
			if (!is_let_dig(label.p[i]) && label.p[i] != '-')
				return false;
	}
	return true;
}

static bool needs_idna(struct bytes lower)
{
	struct bytes rest = lower;

	for (size_t i = 0; i < lower.n; i++)
		if (lower.p[i] >= 0x80)
			return true;
	while (rest.n)
		if (bytes_starts(bytes_cut(&rest, '.'), BYTES("xn--")))
			return true;
	return false;
}

bool domain_normalise(struct bytes text, struct arena *mem, struct bytes *domain)
{
	uint8_t *ascii = NULL;
	bool ok;

	if (text.n == 0 || text.n > DOMAIN_MAX || !is_text(text, true))
		return false;
	*domain = bytes_lower(mem, text);
	if (!needs_idna(*domain))
		return is_hostname(*domain);
	/* Checks the round trip of A-labels too, so "xn--" junk does not pass. */
	ok = idn2_lookup_u8((const uint8_t *)bytes_cstr(mem, *domain), &ascii,
			    IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) == IDN2_OK;
	if (ok)
		*domain = bytes_lower(mem, bytes_str((const char *)ascii));
	idn2_free(ascii);
	return ok && is_hostname(*domain);
}

/* RFC 5321, 4.1.3: "[192.0.2.1]", "[IPv6:2001:db8::1]", in one spelling each. */
static bool literal_normalise(struct bytes text, struct arena *mem, struct bytes *domain)
{
	struct bytes in = bytes_slice(text, 1, text.n - 2);
	bool six = bytes_istarts(in, BYTES("IPv6:"));
	char name[INET6_ADDRSTRLEN];
	uint8_t addr[16];
	int family = six ? AF_INET6 : AF_INET;

	if (text.n < 3 || text.p[text.n - 1] != ']')
		return false;
	in = bytes_skip(in, six ? 5 : 0);
	if (in.n >= sizeof(name) || memchr(in.p, 0, in.n) ||
	    inet_pton(family, bytes_cstr(mem, in), addr) != 1)
		return false;
	inet_ntop(family, addr, name, sizeof(name));
	*domain = bytes_str(arena_printf(mem, "[%s%s]", six ? "ipv6:" : "", name));
	return true;
}

static struct bytes join(struct bytes local, struct bytes domain, struct arena *mem)
{
	uint8_t *p = arena_alloc(mem, local.n + 1 + domain.n);

	for (size_t i = 0; i < local.n; i++)
		p[i] = ascii_lower(local.p[i]);
	p[local.n] = '@';
	if (domain.n)
		memcpy(p + local.n + 1, domain.p, domain.n);
	return bytes_of(p, local.n + 1 + domain.n);
}

int address_parse(struct bytes text, bool utf8, struct arena *mem, struct address *a,
		  struct why *why)
{
	struct bytes domain;
	size_t n;

	memset(a, 0, sizeof(*a));
	if (text.n > 2 * LOCAL_MAX + 2 + 1 + DOMAIN_MAX)
		return why_set(why, ERR_INVALID, "address too long");
	if (!is_text(text, utf8))
		return why_set(why, ERR_INVALID, "address holds a control or 8-bit character");
	n = take_local(text, mem, &a->local);
	if (n == 0 || a->local.n == 0)
		return why_set(why, ERR_INVALID, "local part is empty or malformed");
	if (a->local.n > LOCAL_MAX)
		return why_set(why, ERR_INVALID, "local part is longer than 64 octets");
	if (n == text.n)
		return why_set(why, ERR_INVALID, "address without a domain");
	if (text.p[n] != '@')
		return why_set(why, ERR_INVALID, "local part is malformed");
	a->domain = bytes_skip(text, n + 1);
	if (a->domain.n > DOMAIN_MAX)
		return why_set(why, ERR_INVALID, "domain is longer than 255 octets");
	if (a->domain.n && a->domain.p[0] == '[' ? !literal_normalise(a->domain, mem, &domain) :
						   !domain_normalise(a->domain, mem, &domain))
		return why_set(why, ERR_INVALID, "domain is malformed");
	a->full = join(a->local, domain, mem);
	return 0;
}

/* A quoted local part may hold '@', a domain never: the last one divides. */
static size_t divide(struct bytes full)
{
	const uint8_t *at = full.n ? memrchr(full.p, '@', full.n) : NULL;

	return at ? (size_t)(at - full.p) : full.n;
}

struct bytes address_local(struct bytes full)
{
	return bytes_head(full, divide(full));
}

struct bytes address_domain(struct bytes full)
{
	return bytes_skip(full, divide(full) + 1);
}

bool address_base(struct bytes full, struct arena *mem, struct bytes *base)
{
	struct bytes local = address_local(full);
	size_t cut = bytes_chr(local, '+');

	if (cut == 0 || cut == local.n)
		return false;
	local = bytes_head(local, cut);
	if (address_domain(full).n)
		*base = join(local, address_domain(full), mem);
	else
		*base = bytes_lower(mem, local);
	return true;
}
