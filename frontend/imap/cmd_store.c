/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_store.c - STORE, in steps: answers leave while the rest is done. */
#include "imap/private.h"
#include "imap/write.h"

enum { STEP = 1000 }; /* as the store takes them */
#define COLUMNS (ROW_FLAGS | ROW_MODSEQ)

struct store_run {
	struct imap *im;
	const struct imap_cmd *cmd;
	struct store_flags flags;
	enum store_mode mode;
	uint64_t done, modseq; /* modseq: of the last change */
};

CO static int tell_rows(struct store_run *r, struct bytes page)
{
	struct imap *im = r->im;
	struct row row;
	struct buf out;
	int ret;

	imap_tell_keywords(im);
	buf_init(&out, 0);
	while (page.n) {
		if (!row_unpack(&page, COLUMNS, &row)) {
			buf_release(&out);
			return -ERR_CORRUPT;
		}
		r->done++;
		r->modseq = MAX(r->modseq, row.modseq);
		view_tell(&im->view, row.modseq);
		if (!r->cmd->store.silent)
			imap_write_flags(im, &out, &row);
	}
	ret = session_write(im->s, buf_bytes(&out));
	buf_release(&out);
	return ret;
}

CO static int store_step(struct store_run *r, struct uidset *step)
{
	struct imap *im = r->im;
	struct bytes page;
	struct arena mem;
	int ret;

	arena_init(&mem, 0);
	view_cover(&im->view, step);
	ret = store_flags(&im->s->user, &im->box, step, r->mode, &r->flags, NULL, &mem, &page,
			  NULL);
	if (ret == 0)
		ret = tell_rows(r, page);
	arena_release(&mem);
	return ret;
}

CO int imap_cmd_store(struct imap *im, struct imap_cmd *cmd)
{
	struct store_run r = { .im = im, .cmd = cmd, .flags = imap_store_flags(&cmd->flags) };
	struct uidset uids, step;
	struct view_steps at = { 0 };
	uint64_t before = im->view.modseq;
	int ret = 0;

	r.mode = cmd->store.mode == '+' ? FLAGS_ADD :
		 cmd->store.mode == '-' ? FLAGS_REMOVE :
					  FLAGS_REPLACE;
	uidset_init(&uids);
	uidset_init(&step);
	view_resolve(&im->view, cmd->set, cmd->uid, &uids);
	while (ret == 0 && view_step(&uids, &at, STEP, &step))
		ret = store_step(&r, &step);
	im->current = r.modseq > before && r.modseq == im->view.modseq;
	if (ret == 0 && r.done < uidset_count(&uids)) {
		cmd->code = "EXPUNGEISSUED";
		cmd->text = "Some of the messages are gone";
	}
	uidset_release(&uids);
	uidset_release(&step);
	return ret;
}
