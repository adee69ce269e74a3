/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_mailbox.c - CREATE, DELETE, RENAME, SUBSCRIBE, UNSUBSCRIBE. */
#include "imap/name.h"
#include "imap/private.h"

/* What the store finds wrong with a name. */
static int about_name(int ret)
{
	return ret == -ERR_INVALID ? -ERR_CANNOT : ret;
}

/* RFC 3501, 6.3.3: a separator at the end only says that there will be names below. */
static struct bytes without_separator(struct bytes raw)
{
	return bytes_head(raw, raw.n - bytes_ends(raw, BYTES("/")));
}

CO int imap_cmd_create(struct imap *im, struct imap_cmd *cmd)
{
	struct session *s = im->s;
	struct bytes path;
	uint32_t id;
	int ret = name_path(without_separator(cmd->name), &s->mem, &path);

	if (ret == 0)
		ret = store_mailbox_create(&s->user, s->account, path, cmd->special_use, &id);
	return about_name(ret);
}

CO int imap_cmd_delete(struct imap *im, struct imap_cmd *cmd)
{
	struct mailbox box;
	int ret = imap_find(im, cmd->name, &box);

	if (ret == 0)
		ret = store_mailbox_delete(&im->s->user, im->s->account, box.id);
	return about_name(ret);
}

CO int imap_cmd_rename(struct imap *im, struct imap_cmd *cmd)
{
	struct session *s = im->s;
	struct bytes from, to;
	int ret = name_path(cmd->name, &s->mem, &from);

	if (ret == 0)
		ret = name_path(without_separator(cmd->to), &s->mem, &to);
	if (ret == 0)
		ret = store_mailbox_rename(&s->user, s->account, from, to);
	return about_name(ret);
}

CO static int subscribe(struct imap *im, struct imap_cmd *cmd, bool on)
{
	struct session *s = im->s;
	struct bytes path;
	int ret = name_path(cmd->name, &s->mem, &path);

	if (ret == 0)
		ret = store_subscribe(&s->user, s->account, path, on);
	return about_name(ret);
}

CO int imap_cmd_subscribe(struct imap *im, struct imap_cmd *cmd)
{
	return subscribe(im, cmd, true);
}

CO int imap_cmd_unsubscribe(struct imap *im, struct imap_cmd *cmd)
{
	return subscribe(im, cmd, false);
}
