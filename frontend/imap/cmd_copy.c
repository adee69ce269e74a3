/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_copy.c - COPY, MOVE (RFC 6851), EXPUNGE, and their UID forms (RFC 4315). */
#include "imap/private.h"

enum { STEP = 1000 }; /* as the store takes them */

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

struct copying {
	struct imap *im;
	struct mailbox to;
	struct uidset uids, from, made; /* from[i] became made[i] */
};

/* Each message is here or there at any moment, so that a MOVE may go in steps. What has moved
 * before a step failed has moved: it is told. RFC 6851, 4.3: COPYUID before the messages go. */
CO static int move_all(struct copying *c)
{
	struct imap *im = c->im;
	struct view_steps at = { 0 };
	struct uidset step;
	const char *code;
	int ret = 0;

	uidset_init(&step);
	while (ret == 0 && view_step(&c->uids, &at, STEP, &step))
		ret = store_copy(&im->s->user, &im->box, &step, &c->to, true, &c->from, &c->made);
	uidset_release(&step);
	if (ret == -ERR_GONE || ret == -ERR_UNKNOWN)
		return ret;
	code = copy_code(im, &c->to, &c->from, &c->made);
	if (code) {
		session_puts(im->s, "* OK [");
		session_puts(im->s, code);
		session_puts(im->s, "] Moved\r\n");
	}
	imap_tell_gone(im, &c->from);
	return ret < 0 ? ret : session_flush_wait(im->s);
}

CO static int copy_all(struct copying *c, struct imap_cmd *cmd)
{
	struct imap *im = c->im;
	int ret = 0;

	if (c->uids.n)
		ret = store_copy(&im->s->user, &im->box, &c->uids, &c->to, false, &c->from,
				 &c->made);
	if (ret == 0)
		cmd->code = copy_code(im, &c->to, &c->from, &c->made);
	return ret;
}

CO static int copy(struct imap *im, struct imap_cmd *cmd, bool move)
{
	struct copying c = { .im = im };
	int ret = imap_find_target(im, cmd, cmd->to, &c.to);

	if (ret < 0)
		return ret;
	uidset_init(&c.uids);
	uidset_init(&c.from);
	uidset_init(&c.made);
	view_resolve(&im->view, cmd->set, cmd->uid, &c.uids);
	ret = move ? move_all(&c) : copy_all(&c, cmd);
	uidset_release(&c.uids);
	uidset_release(&c.from);
	uidset_release(&c.made);
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
