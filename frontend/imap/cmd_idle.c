/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_idle.c - IDLE (RFC 2177): no stack and no request while it lasts.
 *
 * A watch wakes the session, a short run tells what changed. Hints may get lost; the watch is
 * asserted again every 30 s, so that costs a delay and never a change. */
#include "imap/private.h"
#include "store/watch.h"

static void changed(void *arg)
{
	struct imap *im = arg;

	session_wake(im->s);
}

CO static int begin(struct imap *im, const struct imap_cmd *cmd)
{
	struct session *s = im->s;
	int ret;

	memcpy(im->tag, cmd->tag.p, cmd->tag.n);
	im->tag[cmd->tag.n] = '\0';
	im->mode = MODE_IDLE;
	session_puts(s, "+ idling\r\n");
	if (!im->selected)
		return RUN_ANSWERED;
	im->watch = store_watch(&s->user, s->account, im->view.modseq, changed, im);
	/* What happened up to here is told at once. If it cannot be had now the watch brings it. */
	ret = imap_sync(im, true);
	if (ret == -ERR_NOTFOUND)
		return imap_mailbox_gone(im);
	store_watch_seen(im->watch, im->view.modseq);
	return ret == -ERR_GONE ? ret : RUN_ANSWERED;
}

CO int imap_cmd_idle(struct imap *im, struct imap_cmd *cmd)
{
	if (im->mode != MODE_IDLE)
		return begin(im, cmd);
	im->mode = MODE_COMMANDS;
	store_watch_free(&im->watch);
	if (lex_is(cmd->auth.initial, "DONE"))
		return 0;
	cmd->text = "DONE was expected";
	return RUN_BAD;
}
