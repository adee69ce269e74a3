/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_select.c - SELECT, EXAMINE, CLOSE, UNSELECT: which mailbox the session looks at. */
#include "imap/name.h"
#include "imap/private.h"
#include "imap/write.h"

#define COLUMNS ROW_FLAGS /* of which only the UIDs are wanted: no columns would be no page */

CO int imap_find(struct imap *im, struct bytes raw, struct mailbox *box)
{
	struct bytes path;
	int ret = name_path(raw, &im->s->mem, &path);

	if (ret == 0)
		ret = store_mailbox(&im->s->user, im->s->account, path, &im->s->mem, box);
	return ret;
}

struct store_flags imap_store_flags(const struct imap_flags *flags)
{
	return (struct store_flags){ flags->system, flags->keywords, flags->n };
}

void imap_unselect(struct imap *im)
{
	im->selected = im->read_only = false;
	im->keywords_told = 0;
	view_release(&im->view);
	store_box_release(&im->box);
}

/* What came after the first page was read is for the next command to tell. */
static int load(struct view *v, struct bytes page, uint32_t columns, uint32_t uid_next)
{
	struct row row;

	while (page.n) {
		if (!row_unpack(&page, columns, &row))
			return -ERR_CORRUPT;
		if (row.uid < uid_next)
			uidset_add(&v->uids, row.uid, row.uid);
	}
	return 0;
}

CO static int load_view(struct imap *im, struct bytes path, struct mailbox *info)
{
	struct session *s = im->s;
	struct store_page page;
	struct arena mem;
	int ret = store_select(&s->user, s->account, path, COLUMNS, &s->mem, info, &im->box,
			       &page.rows, &page.next_uid);

	if (ret == 0)
		ret = load(&im->view, page.rows, COLUMNS, info->uid_next);
	arena_init(&mem, 0);
	while (ret == 0 && page.next_uid && page.next_uid < info->uid_next) {
		struct store_ask ask = { .from_uid = page.next_uid };

		ret = store_rows(&s->user, &im->box, &ask, &mem, &page);
		if (ret == 0)
			ret = load(&im->view, page.rows, 0, info->uid_next);
		arena_clear(&mem);
	}
	arena_release(&mem);
	view_seen(&im->view, info->highest_modseq);
	return ret;
}

static void describe(struct imap *im, const struct mailbox *info)
{
	uint32_t unseen = view_seq(&im->view, info->first_unseen_uid);
	struct store_box *box = &im->box;
	struct buf out;

	buf_init(&out, 0);
	buf_puts(&out, "* FLAGS ");
	write_all_flags(&out, box->keywords, box->n_keywords, false);
	buf_puts(&out, "\r\n* OK [PERMANENTFLAGS ");
	if (im->read_only)
		buf_puts(&out, "()");
	else
		write_all_flags(&out, box->keywords, box->n_keywords,
				box->n_keywords < KEYWORDS_MAX);
	buf_puts(&out, "] Flags kept\r\n");
	buf_printf(&out, "* %u EXISTS\r\n* 0 RECENT\r\n", view_count(&im->view));
	if (unseen)
		buf_printf(&out, "* OK [UNSEEN %u] First unseen\r\n", unseen);
	buf_printf(&out, "* OK [UIDVALIDITY %u] UIDs valid\r\n* OK [UIDNEXT %u] Next UID\r\n",
		   info->uid_validity, info->uid_next);
	session_put(im->s, buf_bytes(&out));
	buf_release(&out);
	im->keywords_told = box->n_keywords;
}

/* RFC 3501, 6.3.1: a mailbox that was selected no longer is, whatever comes of it. */
CO static int open_mailbox(struct imap *im, struct imap_cmd *cmd, bool read_only)
{
	struct mailbox info;
	struct bytes path;
	int ret;

	imap_unselect(im);
	ret = name_path(cmd->name, &im->s->mem, &path);
	if (ret == 0)
		ret = load_view(im, path, &info);
	if (ret < 0) {
		imap_unselect(im);
		return ret;
	}
	im->selected = true;
	im->read_only = read_only;
	describe(im, &info);
	cmd->code = read_only ? "READ-ONLY" : "READ-WRITE";
	return 0;
}

CO int imap_cmd_select(struct imap *im, struct imap_cmd *cmd)
{
	return open_mailbox(im, cmd, false);
}

CO int imap_cmd_examine(struct imap *im, struct imap_cmd *cmd)
{
	return open_mailbox(im, cmd, true);
}

/* Not a word about what goes (RFC 3501, 6.4.2). If it does not go the mailbox stays selected:
 * the client can try again. */
CO int imap_cmd_close(struct imap *im, struct imap_cmd *cmd UNUSED)
{
	struct uidset gone;
	int ret = 0;

	uidset_init(&gone);
	if (!im->read_only)
		ret = store_expunge(&im->s->user, &im->box, NULL, true, &gone);
	uidset_release(&gone);
	if (ret == 0 || ret == -ERR_NOTFOUND)
		imap_unselect(im);
	return ret == -ERR_NOTFOUND ? 0 : ret;
}

CO int imap_cmd_unselect(struct imap *im, struct imap_cmd *cmd UNUSED)
{
	imap_unselect(im);
	return 0;
}
