/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_quota.c - GETQUOTA, GETQUOTAROOT (RFC 9208): one root, "", for all mailboxes of a user. */
#include "imap/private.h"
#include "imap/write.h"

#include <inttypes.h>

static void resource(struct buf *out, const char *name, uint64_t used, uint64_t limit)
{
	write_word(out, name);
	buf_printf(out, " %" PRIu64 " %" PRIu64, used, limit);
}

/* STORAGE counts in units of 1024 octets; what is used is never shown as less than it is. */
CO static int tell_quota(struct imap *im)
{
	struct store_quota q;
	struct buf out;
	int ret = store_quota(&im->s->user, im->s->account, &q);

	if (ret < 0)
		return ret;
	buf_init(&out, 0);
	buf_puts(&out, "* QUOTA \"\" (");
	if (q.bytes_limit)
		resource(&out, "STORAGE", (q.bytes_used + 1023) / 1024, q.bytes_limit / 1024);
	if (q.messages_limit)
		resource(&out, "MESSAGE", q.messages_used, q.messages_limit);
	buf_puts(&out, ")\r\n");
	session_put(im->s, buf_bytes(&out));
	buf_release(&out);
	return 0;
}

CO int imap_cmd_getquota(struct imap *im, struct imap_cmd *cmd)
{
	if (cmd->name.n) {
		cmd->text = "No such quota root";
		return -ERR_NOTFOUND;
	}
	return tell_quota(im);
}

CO int imap_cmd_getquotaroot(struct imap *im, struct imap_cmd *cmd)
{
	struct mailbox box;
	struct buf out;
	int ret = imap_find(im, cmd->name, &box);

	if (ret < 0)
		return ret;
	buf_init(&out, 0);
	buf_puts(&out, "* QUOTAROOT ");
	write_mailbox(&out, box.path);
	buf_puts(&out, " \"\"\r\n");
	session_put(im->s, buf_bytes(&out));
	buf_release(&out);
	return tell_quota(im);
}
