/* SPDX-License-Identifier: Apache-2.0 */
#include "pop3/parse.h"

static const struct {
	const char *name;
	enum pop3_arg arg;
} verbs[POP3_VERBS] = {
	[POP3_UNKNOWN] = { "", ARG_NONE },
#define CMD(verb, arg, run, state, flags) [POP3_##verb] = { #verb, arg },
#include "pop3/cmd.def"
#undef CMD
};

static enum pop3_verb find_verb(struct bytes word)
{
	for (enum pop3_verb v = POP3_UNKNOWN + 1; v < POP3_VERBS; v++)
		if (bytes_ieq(word, bytes_str(verbs[v].name)))
			return v;
	return POP3_UNKNOWN;
}

static bool has_control(struct bytes line)
{
	for (size_t i = 0; i < line.n; i++)
		if (line.p[i] < 32 || line.p[i] == 127)
			return true;
	return false;
}

static bool number(struct bytes word, uint32_t *out)
{
	uint64_t v;

	if (!bytes_u64(word, UINT32_MAX, &v))
		return false;
	*out = (uint32_t)v;
	return true;
}

/* What is left must be numbers, one blank between them; blanks at the end are forgiven. */
static bool numbers(struct bytes in, struct pop3_cmd *cmd, enum pop3_arg arg)
{
	struct bytes first;

	in = bytes_trim(in);
	if (in.n == 0)
		return arg == ARG_MSG_OPT;
	first = bytes_cut(&in, ' ');
	cmd->has_msg = true;
	if (!number(first, &cmd->msg))
		return false;
	return arg == ARG_MSG_LINES ? number(in, &cmd->lines) : in.n == 0;
}

static bool auth(struct bytes in, struct pop3_cmd *cmd)
{
	cmd->text = bytes_cut(&in, ' ');
	cmd->initial = in;
	cmd->has_initial = in.n > 0;
	return cmd->text.n > 0 && bytes_chr(in, ' ') == in.n;
}

static bool parse_arg(struct bytes in, struct pop3_cmd *cmd)
{
	enum pop3_arg arg = verbs[cmd->verb].arg;

	switch (arg) {
	case ARG_NONE: return bytes_trim(in).n == 0;
	case ARG_TEXT: cmd->text = in; return in.n > 0;
	case ARG_AUTH: return auth(in, cmd);
	case ARG_MSG:
	case ARG_MSG_OPT:
	case ARG_MSG_LINES:
	default: return numbers(in, cmd, arg);
	}
}

void pop3_parse(struct bytes line, struct pop3_cmd *cmd)
{
	struct bytes rest = line, word = bytes_cut(&rest, ' ');

	memset(cmd, 0, sizeof(*cmd));
	cmd->verb = find_verb(word);
	if (has_control(line))
		cmd->bad = "line holds control characters";
	else if (cmd->verb == POP3_UNKNOWN)
		cmd->bad = "unknown command";
	else if (!parse_arg(rest, cmd))
		cmd->bad = "syntax error in arguments";
}
