/* SPDX-License-Identifier: Apache-2.0 */
/* parse.c - RFC 5321, 4.1.1 and 4.1.2; RFC 1870, 6152 and 4954 for the parameters. */
#include "smtp/parse.h"

enum { PATH_MAX_OCTETS = 1024 }; /* RFC 5321, 4.5.3.1.3 says 256; a route may be longer */

static const struct {
	const char *name;
	enum smtp_arg arg;
} verbs[VERB_COUNT] = {
	[VERB_NONE] = { "", ARG_ANY },
#define CMD(verb, arg, run, on, needs, flags) [VERB_##verb] = { #verb, arg },
#include "smtp/cmd.def"
#undef CMD
};

/* ---- words --------------------------------------------------------------------------------- */

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

static bool is_alnum(uint8_t c)
{
	c = ascii_lower(c);
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool is_keyword(uint8_t c)
{
	return is_alnum(c) || c == '-';
}

/* esmtp-value: anything visible but '='. */
static bool is_value(uint8_t c)
{
	return c > 32 && c < 127 && c != '=';
}

static bool is_mechanism(uint8_t c)
{
	return is_alnum(c) || c == '-' || c == '_';
}

static bool is_base64(uint8_t c)
{
	return is_alnum(c) || c == '+' || c == '/' || c == '=';
}

static bool is_visible(uint8_t c)
{
	return c > 32 && c < 127;
}

static struct bytes take(struct bytes *in, bool (*member)(uint8_t c))
{
	struct bytes word = bytes_head(*in, bytes_span(*in, member));

	*in = bytes_skip(*in, word.n);
	return word;
}

static bool take_char(struct bytes *in, uint8_t c)
{
	if (in->n == 0 || in->p[0] != c)
		return false;
	*in = bytes_skip(*in, 1);
	return true;
}

static struct bytes trim_end(struct bytes b)
{
	while (b.n && is_blank(b.p[b.n - 1]))
		b.n--;
	return b;
}

/* S9. A tab is let through here: HELO names hold it, other grammars know none. */
static bool has_control(struct bytes line)
{
	for (size_t i = 0; i < line.n; i++)
		if ((line.p[i] < 32 && line.p[i] != '\t') || line.p[i] == 127)
			return true;
	return false;
}

static bool has_8bit(struct bytes b)
{
	for (size_t i = 0; i < b.n; i++)
		if (b.p[i] >= 128)
			return true;
	return false;
}

/* ---- paths --------------------------------------------------------------------------------- */

/* Where the '>' of a path is: one in a quoted local part is text. b.n: nowhere. */
static size_t path_end(struct bytes b)
{
	bool quoted = false;

	for (size_t i = 0; i < b.n; i++) {
		if (quoted && b.p[i] == '\\')
			i++;
		else if (b.p[i] == '"')
			quoted = !quoted;
		else if (!quoted && b.p[i] == '>')
			return i;
	}
	return b.n;
}

/* "@a,@b:" in front of a mailbox. False: malformed. */
static bool drop_route(struct bytes *path, struct arena *mem)
{
	struct bytes route = bytes_head(*path, bytes_chr(*path, ':')), domain;

	if (path->n == 0 || path->p[0] != '@')
		return true;
	if (route.n == path->n)
		return false;
	*path = bytes_skip(*path, route.n + 1);
	while (route.n) {
		struct bytes hop = bytes_cut(&route, ',');

		if (!take_char(&hop, '@') || !domain_normalise(hop, mem, &domain))
			return false;
	}
	return true;
}

static enum smtp_reply parse_mailbox(struct bytes text, struct arena *mem, enum smtp_reply bad,
				     struct smtp_path *path)
{
	if (has_8bit(text))
		return REPLY_NO_UTF8;
	if (!drop_route(&text, mem))
		return bad;
	path->text = text;
	if (address_parse(text, false, mem, &path->addr, NULL) < 0)
		return bad;
	return REPLY_NONE;
}

/* Takes "<...>" off *in. */
static enum smtp_reply parse_path(struct bytes *in, struct arena *mem, bool sender,
				  struct smtp_path *path)
{
	enum smtp_reply bad = sender ? REPLY_BAD_SENDER : REPLY_BAD_RCPT;
	struct bytes inside;

	if (!take_char(in, '<'))
		return REPLY_SYNTAX;
	inside = bytes_head(*in, path_end(*in));
	if (inside.n == in->n)
		return REPLY_SYNTAX;
	*in = bytes_skip(*in, inside.n + 1);
	if (inside.n > PATH_MAX_OCTETS)
		return bad;
	path->null = sender && inside.n == 0;
	/* RFC 5321, 4.5.1: the one mailbox that needs no domain. */
	path->postmaster = !sender && bytes_ieq(inside, BYTES("postmaster"));
	if (path->postmaster)
		path->text = inside;
	if (path->null || path->postmaster)
		return REPLY_NONE;
	return parse_mailbox(inside, mem, bad, path);
}

/* ---- parameters ---------------------------------------------------------------------------- */

enum { SEEN_SIZE = BIT(0), SEEN_BODY = BIT(1), SEEN_AUTH = BIT(2) };

static bool is_xchar(uint8_t c)
{
	return is_visible(c) && c != '+' && c != '=';
}

/* RFC 3461, 4: xtext. RFC 4954, 5: what AUTH= says is not believed, but it must be well-formed. */
static bool is_xtext(struct bytes b)
{
	while (b.n) {
		if (is_xchar(b.p[0])) {
			b = bytes_skip(b, 1);
			continue;
		}
		for (size_t i = 1; i < 3; i++)
			if (b.n < 3 ||
			    !((b.p[i] >= '0' && b.p[i] <= '9') || (b.p[i] >= 'A' && b.p[i] <= 'F')))
				return false;
		if (b.p[0] != '+')
			return false;
		b = bytes_skip(b, 3);
	}
	return true;
}

/* RFC 1870, 3: 1*20DIGIT. What overflows is too big as well. */
static enum smtp_reply parse_size(struct bytes value, struct smtp_cmd *cmd)
{
	for (size_t i = 0; i < value.n; i++)
		if (value.p[i] < '0' || value.p[i] > '9')
			return REPLY_SYNTAX;
	if (value.n == 0 || value.n > 20)
		return REPLY_SYNTAX;
	if (!bytes_u64(value, UINT64_MAX, &cmd->size))
		cmd->size = UINT64_MAX;
	return REPLY_NONE;
}

static enum smtp_reply mail_param(struct bytes name, struct bytes value, unsigned *seen,
				  struct smtp_cmd *cmd)
{
	unsigned what = bytes_ieq(name, BYTES("SIZE")) ? SEEN_SIZE :
			bytes_ieq(name, BYTES("BODY")) ? SEEN_BODY :
			bytes_ieq(name, BYTES("AUTH")) ? SEEN_AUTH :
							 0;

	if (!what)
		return REPLY_NO_PARAM;
	if (*seen & what)
		return REPLY_SYNTAX;
	*seen |= what;
	if (what == SEEN_SIZE)
		return parse_size(value, cmd);
	if (what == SEEN_BODY)
		return bytes_ieq(value, BYTES("7BIT")) || bytes_ieq(value, BYTES("8BITMIME")) ?
			       REPLY_NONE :
			       REPLY_SYNTAX;
	return value.n && is_xtext(value) ? REPLY_NONE : REPLY_SYNTAX;
}

/* Blanks, then keyword["=" value]. */
static enum smtp_reply parse_params(struct bytes in, struct smtp_cmd *cmd)
{
	unsigned seen = 0;

	while (in.n) {
		struct bytes name, value = BYTES_NONE;
		enum smtp_reply bad;

		if (!take_char(&in, ' '))
			return REPLY_SYNTAX;
		while (take_char(&in, ' '))
			;
		name = take(&in, is_keyword);
		if (name.n == 0 || name.p[0] == '-')
			return REPLY_SYNTAX;
		if (take_char(&in, '=')) {
			value = take(&in, is_value);
			if (value.n == 0)
				return REPLY_SYNTAX;
		}
		if (in.n && in.p[0] != ' ')
			return REPLY_SYNTAX;
		bad = cmd->verb == VERB_MAIL ? mail_param(name, value, &seen, cmd) : REPLY_NO_PARAM;
		if (bad)
			return bad;
	}
	return REPLY_NONE;
}

/* ---- commands ------------------------------------------------------------------------------ */

static enum smtp_reply parse_envelope(struct bytes in, struct arena *mem, struct smtp_cmd *cmd)
{
	bool sender = cmd->verb == VERB_MAIL;
	struct bytes word = sender ? BYTES("FROM:") : BYTES("TO:");
	enum smtp_reply bad;

	if (!bytes_istarts(in, word))
		return REPLY_SYNTAX;
	in = bytes_skip(in, word.n);
	while (take_char(&in, ' '))
		;
	bad = parse_path(&in, mem, sender, &cmd->path);
	return bad ? bad : parse_params(in, cmd);
}

static enum smtp_reply parse_auth(struct bytes in, struct smtp_cmd *cmd)
{
	cmd->arg = take(&in, is_mechanism);
	if (cmd->arg.n == 0 || cmd->arg.n > 20)
		return REPLY_SYNTAX;
	if (in.n == 0)
		return REPLY_NONE;
	if (!take_char(&in, ' '))
		return REPLY_SYNTAX;
	cmd->has_initial = true;
	cmd->initial = take(&in, is_base64);
	return in.n || cmd->initial.n == 0 ? REPLY_AUTH_SYNTAX : REPLY_NONE;
}

static enum smtp_verb find_verb(struct bytes word)
{
	for (enum smtp_verb v = VERB_NONE + 1; v < VERB_COUNT; v++)
		if (bytes_ieq(word, bytes_str(verbs[v].name)))
			return v;
	return VERB_NONE;
}

static enum smtp_reply parse_arg(struct bytes in, struct arena *mem, struct smtp_cmd *cmd)
{
	cmd->arg = in;
	switch (verbs[cmd->verb].arg) {
	case ARG_NONE: return in.n ? REPLY_SYNTAX : REPLY_NONE;
	case ARG_NAME: cmd->arg = bytes_trim(in); return cmd->arg.n ? REPLY_NONE : REPLY_NO_HELO;
	case ARG_FROM:
	case ARG_TO: return parse_envelope(in, mem, cmd);
	case ARG_AUTH: return parse_auth(in, cmd);
	case ARG_ANY:
	default: return REPLY_NONE;
	}
}

void smtp_parse(struct bytes line, struct arena *mem, struct smtp_cmd *cmd)
{
	struct bytes rest = trim_end(line), word = bytes_cut(&rest, ' ');

	memset(cmd, 0, sizeof(*cmd));
	cmd->verb = find_verb(word);
	if (has_control(line))
		cmd->error = REPLY_GARBLED;
	else if (cmd->verb == VERB_NONE)
		cmd->error = REPLY_UNKNOWN;
	else
		cmd->error = parse_arg(rest, mem, cmd);
}
