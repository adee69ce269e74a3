/* SPDX-License-Identifier: Apache-2.0 */
#include "smtp/reply.h"

#include "session/session.h"

static const struct {
	unsigned code;
	const char *enhanced, *text;
} replies[REPLY_COUNT] = {
#define REPLY(name, number, enh, sentence) [REPLY_##name] = { number, enh, sentence },
#include "smtp/reply.def"
#undef REPLY
};

unsigned smtp_reply_code(enum smtp_reply r)
{
	return replies[r].code;
}

void smtp_say_with(struct session *s, enum smtp_reply r, const char *value)
{
	struct bytes text = bytes_str(replies[r].text);
	size_t at = bytes_find(text, BYTES("%s"));

	INVARIANT(r > REPLY_NONE && r < REPLY_COUNT);
	session_printf(s, "%u %s%s%.*s", replies[r].code, replies[r].enhanced,
		       *replies[r].enhanced ? " " : "", BYTES_ARG(bytes_head(text, at)));
	if (at < text.n)
		session_printf(s, "%s%.*s", value, BYTES_ARG(bytes_skip(text, at + 2)));
	session_puts(s, "\r\n");
}

void smtp_say(struct session *s, enum smtp_reply r)
{
	smtp_say_with(s, r, "");
}

void smtp_say_error(struct session *s, int err)
{
	int code = err_smtp_code(err);

	if (code)
		session_printf(s, "%d %s %s\r\n", code, err_smtp_enhanced(err), err_text(err));
	else
		smtp_say(s, REPLY_TRY_LATER);
}
