/* SPDX-License-Identifier: Apache-2.0 */
#include "base/bytes.h"

#include "base/arena.h"

static int icmp(const uint8_t *a, const uint8_t *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (ascii_lower(a[i]) != ascii_lower(b[i]))
			return 1;
	return 0;
}

bool bytes_ieq(struct bytes a, struct bytes b)
{
	return a.n == b.n && icmp(a.p, b.p, a.n) == 0;
}

int bytes_cmp(struct bytes a, struct bytes b)
{
	size_t n = MIN(a.n, b.n);
	int order = n ? memcmp(a.p, b.p, n) : 0;

	if (order == 0)
		order = (a.n > b.n) - (a.n < b.n);
	return order;
}

bool bytes_starts(struct bytes b, struct bytes prefix)
{
	return b.n >= prefix.n && bytes_eq(bytes_head(b, prefix.n), prefix);
}

bool bytes_istarts(struct bytes b, struct bytes prefix)
{
	return b.n >= prefix.n && bytes_ieq(bytes_head(b, prefix.n), prefix);
}

bool bytes_ends(struct bytes b, struct bytes suffix)
{
	return b.n >= suffix.n && bytes_eq(bytes_skip(b, b.n - suffix.n), suffix);
}

size_t bytes_span(struct bytes b, bool (*in)(uint8_t c))
{
	size_t n = 0;

	while (n < b.n && in(b.p[n]))
		n++;
	return n;
}

size_t bytes_ascii(struct bytes b)
{
	size_t n = 0;

	for (; n + sizeof(uint64_t) <= b.n; n += sizeof(uint64_t)) {
		uint64_t word;

		memcpy(&word, b.p + n, sizeof(word));
		if (word & 0x8080808080808080)
			break;
	}
	while (n < b.n && b.p[n] < 0x80)
		n++;
	return n;
}

size_t bytes_chr(struct bytes b, uint8_t c)
{
	const uint8_t *at = b.n ? memchr(b.p, c, b.n) : NULL;

	return at ? (size_t)(at - b.p) : b.n;
}

size_t bytes_find(struct bytes b, struct bytes needle)
{
	const uint8_t *at;

	if (needle.n == 0)
		return 0;
	if (needle.n > b.n)
		return b.n;
	at = memmem(b.p, b.n, needle.p, needle.n);
	return at ? (size_t)(at - b.p) : b.n;
}

static bool is_white(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct bytes bytes_trim(struct bytes b)
{
	b = bytes_skip(b, bytes_span(b, is_white));
	while (b.n && is_white(b.p[b.n - 1]))
		b.n--;
	return b;
}

struct bytes bytes_cut(struct bytes *b, uint8_t sep)
{
	size_t n = bytes_chr(*b, sep);
	struct bytes head = bytes_head(*b, n);

	*b = bytes_skip(*b, n < b->n ? n + 1 : n);
	return head;
}

bool bytes_u64(struct bytes b, uint64_t max, uint64_t *value)
{
	uint64_t v = 0;

	if (b.n == 0)
		return false;
	for (size_t i = 0; i < b.n; i++) {
		unsigned digit = b.p[i] - (unsigned)'0';

		if (digit > 9 || v > (UINT64_MAX - digit) / 10)
			return false;
		v = v * 10 + digit;
	}
	if (v > max)
		return false;
	*value = v;
	return true;
}

struct bytes bytes_dup(struct arena *mem, struct bytes b)
{
	uint8_t *p;

	if (b.n == 0)
		return BYTES_NONE;
	p = arena_alloc(mem, b.n);
	memcpy(p, b.p, b.n);
	return bytes_of(p, b.n);
}

char *bytes_cstr(struct arena *mem, struct bytes b)
{
	char *s = arena_alloc(mem, b.n + 1);

	if (b.n)
		memcpy(s, b.p, b.n);
	return s;
}

struct bytes bytes_lower(struct arena *mem, struct bytes b)
{
	uint8_t *p;

	if (b.n == 0)
		return BYTES_NONE;
	p = arena_alloc(mem, b.n);
	for (size_t i = 0; i < b.n; i++)
		p[i] = ascii_lower(b.p[i]);
	return bytes_of(p, b.n);
}
