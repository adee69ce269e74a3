/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_misc.c - commands that do little: RSET, NOOP, VRFY, HELP, QUIT, and XCLIENT to strangers. */
#include "smtp/private.h"

CO void smtp_rset(struct smtp *m, const struct smtp_cmd *c UNUSED)
{
	smtp_tx_free(&m->tx);
	smtp_say(m->s, REPLY_OK);
}

CO void smtp_noop(struct smtp *m, const struct smtp_cmd *c UNUSED)
{
	smtp_say(m->s, REPLY_OK);
}

/* RFC 5321, 7.3: who is here is nobody's business. */
CO void smtp_vrfy(struct smtp *m, const struct smtp_cmd *c UNUSED)
{
	smtp_say(m->s, REPLY_NO_VRFY);
}

CO void smtp_help(struct smtp *m, const struct smtp_cmd *c UNUSED)
{
	smtp_say(m->s, REPLY_HELP);
}

CO void smtp_quit(struct smtp *m, const struct smtp_cmd *c UNUSED)
{
	smtp_say(m->s, REPLY_BYE);
	session_close(m->s);
}

CO void smtp_xclient(struct smtp *m, const struct smtp_cmd *c UNUSED)
{
	smtp_fail(m, REPLY_NO_XCLIENT);
}
