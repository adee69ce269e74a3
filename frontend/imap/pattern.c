/* SPDX-License-Identifier: Apache-2.0 */
#include "imap/pattern.h"

#include "imap/mutf7.h"

enum { NAME_MAX_BYTES = 1020, STATES = 2 * NAME_MAX_BYTES + 2 };

static bool is_wild(uint8_t c)
{
	return c == '*' || c == '%';
}

/* "%%" is "%", and whatever holds a '*' is "*". */
static void join(struct pattern *p, struct bytes text, struct arena *mem)
{
	uint8_t *out = arena_alloc(mem, text.n);
	size_t n = 0;

	for (size_t i = 0; i < text.n; i++) {
		uint8_t c = text.p[i];

		if (is_wild(c) && n && is_wild(out[n - 1]))
			out[n - 1] = c == '*' ? c : out[n - 1];
		else
			out[n++] = c;
		p->plain += !is_wild(c);
	}
	p->text = bytes_of(out, n);
}

void pattern_init(struct pattern *p, struct bytes reference, struct bytes pattern,
		  struct arena *mem)
{
	struct buf all, text;

	*p = (struct pattern){ 0 };
	buf_init(&all, 0);
	buf_init(&text, 0);
	buf_put_bytes(&all, reference);
	buf_put_bytes(&all, pattern);
	p->never = !mutf7_decode(buf_bytes(&all), &text);
	if (!p->never)
		join(p, buf_bytes(&text), mem);
	buf_release(&all);
	buf_release(&text);
}

/* At a wildcard that takes c too. */
static bool stays(uint8_t want, uint8_t c)
{
	return want == '*' || (want == '%' && c != '/');
}

static bool moves(uint8_t want, uint8_t c, bool fold)
{
	return !is_wild(want) && (want == c || (fold && ascii_lower(want) == ascii_lower(c)));
}

/* States are positions in the pattern; one step for each byte of the name, from the end so that
 * what stands before is still the old state. */
static void step(struct bytes text, bool *at, uint8_t c, bool fold)
{
	for (size_t i = text.n + 1; i-- > 0;)
		at[i] = (i < text.n && at[i] && stays(text.p[i], c)) ||
			(i > 0 && at[i - 1] && moves(text.p[i - 1], c, fold));
}

/* A wildcard may also stand for nothing. */
static void close_over(struct bytes text, bool *at)
{
	for (size_t i = 0; i < text.n; i++)
		if (at[i] && is_wild(text.p[i]))
			at[i + 1] = true;
}

bool pattern_match(const struct pattern *p, struct bytes path)
{
	bool at[STATES] = { true };
	size_t inbox = bytes_eq(bytes_head(path, bytes_chr(path, '/')), BYTES("INBOX")) ? 5 : 0;

	if (p->never || p->plain > path.n || path.n > NAME_MAX_BYTES)
		return false;
	close_over(p->text, at);
	for (size_t i = 0; i < path.n; i++) {
		step(p->text, at, path.p[i], i < inbox);
		close_over(p->text, at);
	}
	return at[p->text.n];
}
