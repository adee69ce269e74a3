/* SPDX-License-Identifier: Apache-2.0 */
#include "imap/private.h"
#include "imap/write.h"

#include <inttypes.h>

static void item(struct buf *out, const char *name, uint64_t value)
{
	write_word(out, name);
	buf_printf(out, " %" PRIu64, value);
}

/* "* STATUS INBOX (MESSAGES 3 UNSEEN 1)" */
void status_write(struct imap *im, struct buf *out, const struct mailbox *box, unsigned items)
{
	buf_puts(out, "* STATUS ");
	write_mailbox(out, box->path);
	buf_puts(out, " (");
	if (items & STATUS_MESSAGES)
		item(out, "MESSAGES", box->messages);
	if (items & STATUS_RECENT)
		item(out, "RECENT", 0);
	if (items & STATUS_UIDNEXT)
		item(out, "UIDNEXT", box->uid_next);
	if (items & STATUS_UIDVALIDITY)
		item(out, "UIDVALIDITY", box->uid_validity);
	if (items & STATUS_UNSEEN)
		item(out, "UNSEEN", box->unseen);
	if (items & STATUS_SIZE)
		item(out, "SIZE", box->size);
	if (items & STATUS_DELETED)
		item(out, "DELETED", box->deleted);
	if (items & STATUS_APPENDLIMIT)
		item(out, "APPENDLIMIT", im->s->limits->message_size);
	buf_puts(out, ")\r\n");
}

CO int imap_cmd_status(struct imap *im, struct imap_cmd *cmd)
{
	struct mailbox box;
	struct buf out;
	int ret = imap_find(im, cmd->name, &box);

	if (ret < 0)
		return ret;
	buf_init(&out, 0);
	status_write(im, &out, &box, cmd->options);
	session_put(im->s, buf_bytes(&out));
	buf_release(&out);
	return 0;
}
