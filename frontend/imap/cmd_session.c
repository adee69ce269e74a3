/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_session.c - NOOP, CHECK, LOGOUT, ID, NAMESPACE. */
#include "imap/private.h"

/* Also CHECK: there is nothing to be written down, everything that was answered is. */
CO int imap_cmd_noop(struct imap *im, struct imap_cmd *cmd UNUSED)
{
	int ret = imap_sync(im, true);

	return ret == -ERR_NOTFOUND ? imap_mailbox_gone(im) : ret;
}

CO int imap_cmd_logout(struct imap *im, struct imap_cmd *cmd)
{
	session_puts(im->s, "* BYE Logging out\r\n");
	imap_tagged(im, cmd->tag, "OK", NULL, "LOGOUT completed");
	session_close(im->s);
	return RUN_ANSWERED;
}

CO int imap_cmd_id(struct imap *im, struct imap_cmd *cmd UNUSED)
{
	session_puts(im->s, "* ID (\"name\" \"Tern\")\r\n");
	return 0;
}

CO int imap_cmd_namespace(struct imap *im, struct imap_cmd *cmd UNUSED)
{
	session_puts(im->s, "* NAMESPACE ((\"\" \"/\")) NIL NIL\r\n");
	return 0;
}
