/* SPDX-License-Identifier: Apache-2.0 */
/* sasl.c - base64 and the three parts of PLAIN, with nothing forgiven.
 *
 * What is unusual here is refused: blanks, missing or inner padding, bits beyond the last byte.
 * A decoder that takes two spellings for one text has been a way around checks elsewhere. */
#include "session/private.h"

enum { MAX_BASE64 = 4096 };

/* ---- text -------------------------------------------------------------------------------------- */

/* Length of the UTF-8 character at the front; 0: none (overlong, surrogate, out of range too). */
static size_t utf8_char(struct bytes b)
{
	uint8_t c = b.p[0], next = b.n > 1 ? b.p[1] : 0;
	size_t n = c < 0x80 ? 1 : c < 0xc2 ? 0 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : c < 0xf5 ? 4 : 0;

	if (n == 0 || n > b.n)
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((b.p[i] & 0xc0) != 0x80)
			return 0;
	if ((c == 0xe0 && next < 0xa0) || (c == 0xed && next > 0x9f) ||
	    (c == 0xf0 && next < 0x90) || (c == 0xf4 && next > 0x8f))
		return 0;
	return n;
}

bool sasl_text(struct bytes b, size_t max)
{
	if (b.n > max)
		return false;
	for (size_t n; b.n; b = bytes_skip(b, n)) {
		n = utf8_char(b);
		if (n == 0 || b.p[0] == '\0')
			return false;
	}
	return true;
}

/* ---- base64 ------------------------------------------------------------------------------------ */

static int digit(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+')
		return 62;
	return c == '/' ? 63 : -1;
}

/* Four characters, the last `pad` of them '=', to 3 - pad bytes. */
static bool decode4(const uint8_t *in, size_t pad, uint8_t *out)
{
	uint32_t v = 0;

	for (size_t i = 0; i < 4; i++) {
		int d = i < 4 - pad ? digit(in[i]) : 0;

		if (d < 0)
			return false;
		v = v << 6 | (uint32_t)d;
	}
	if (v & ((1u << (8 * pad)) - 1))
		return false;
	for (size_t i = 0; i < 3 - pad; i++)
		out[i] = (uint8_t)(v >> (16 - 8 * i));
	return true;
}

int sasl_base64(struct bytes base64, struct arena *mem, struct bytes *out)
{
	uint8_t *p;
	size_t n = 0;

	*out = BYTES_NONE;
	if (base64.n > MAX_BASE64 || base64.n % 4)
		return -ERR_INVALID;
	p = arena_alloc(mem, base64.n / 4 * 3 + 1);
	for (size_t i = 0; i < base64.n; i += 4) {
		const uint8_t *in = base64.p + i;
		size_t pad = 0;

		if (i + 4 == base64.n && in[3] == '=')
			pad = in[2] == '=' ? 2 : 1;
		if (!decode4(in, pad, p + n))
			return -ERR_INVALID;
		n += 3 - pad;
	}
	*out = bytes_of(p, n);
	return 0;
}

/* RFC 4616: [authzid] NUL authcid NUL passwd, each valid UTF-8 without NUL. */
int sasl_plain(struct bytes base64, struct arena *mem, struct bytes *authzid, struct bytes *user,
	       struct bytes *password, struct why *why)
{
	struct bytes all;

	if (sasl_base64(base64, mem, &all) < 0)
		return why_set(why, ERR_INVALID, "invalid base64");
	if (bytes_chr(all, '\0') == all.n)
		return why_set(why, ERR_INVALID, "malformed PLAIN response");
	*authzid = bytes_cut(&all, '\0');
	if (bytes_chr(all, '\0') == all.n)
		return why_set(why, ERR_INVALID, "malformed PLAIN response");
	*user = bytes_cut(&all, '\0');
	*password = all;
	if (user->n == 0 || password->n == 0 || !sasl_text(*authzid, SASL_NAME_MAX) ||
	    !sasl_text(*user, SASL_NAME_MAX) || !sasl_text(*password, SASL_PASSWORD_MAX))
		return why_set(why, ERR_INVALID, "malformed PLAIN response");
	return 0;
}
