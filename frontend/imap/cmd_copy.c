/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_copy.c - COPY, MOVE (RFC 6851), EXPUNGE, and their UID forms (RFC 4315). */
#include "imap/private.h"

/* "COPYUID 38505 304,319:320 3956:3958"; NULL if nothing was copied. */
static const char *copy_code(struct imap *im, const struct mailbox *to, const struct uidset *from,
			     const struct uidset *made)
{
	struct buf b;
	const char *code;

	if (from->n == 0)
		return NULL;
	buf_init(&b, 0);
	buf_printf(&b, "COPYUID %u ", to->uid_validity);
	uidset_print(from, &b);
	buf_putc(&b, ' ');
	uidset_print(made, &b);
	code = bytes_cstr(&im->s->mem, buf_bytes(&b));
	buf_release(&b);
	return code;
}

/* RFC 6851, 4.3: COPYUID comes before the messages go. */
CO static int tell_move(struct imap *im, const char *code, const struct uidset *from)
{
	if (code) {
		session_puts(im->s, "* OK [");
		session_puts(im->s, code);
		session_puts(im->s, "] Moved\r\n");
	}
	imap_tell_gone(im, from);
	return session_flush_wait(im->s);
}

CO static int copy(struct imap *im, struct imap_cmd *cmd, bool move)
{
	struct uidset uids, from, made;
	struct mailbox to;
	const char *code;
	int ret;

	uidset_init(&uids);
	uidset_init(&from);
	uidset_init(&made);
	ret = imap_find_target(im, cmd, cmd->to, &to);
	if (ret == 0)
		view_resolve(&im->view, cmd->set, cmd->uid, &uids);
	if (ret == 0 && uids.n)
		ret = store_copy(&im->s->user, &im->box, &uids, &to, move, &from, &made);
	if (ret == 0) {
		code = copy_code(im, &to, &from, &made);
		if (move)
			ret = tell_move(im, code, &from);
		else
			cmd->code = code;
	}
	uidset_release(&uids);
	uidset_release(&from);
	uidset_release(&made);
	return ret;
}

CO int imap_cmd_copy(struct imap *im, struct imap_cmd *cmd)
{
	return copy(im, cmd, false);
}

CO int imap_cmd_move(struct imap *im, struct imap_cmd *cmd)
{
	return copy(im, cmd, true);
}

/* EXPUNGE takes all that is marked \Deleted, UID EXPUNGE of those named. */
CO int imap_cmd_expunge(struct imap *im, struct imap_cmd *cmd)
{
	struct uidset uids, gone;
	int ret = 0;

	uidset_init(&uids);
	uidset_init(&gone);
	if (cmd->uid)
		view_resolve(&im->view, cmd->set, true, &uids);
	view_cover(&im->view, &uids);
	if (!cmd->uid || uids.n)
		ret = store_expunge(&im->s->user, &im->box, cmd->uid ? &uids : NULL, true, &gone);
	/* What went before something failed is gone all the same. */
	imap_tell_gone(im, &gone);
	if (ret == 0)
		ret = session_flush_wait(im->s);
	uidset_release(&uids);
	uidset_release(&gone);
	return ret;
}
