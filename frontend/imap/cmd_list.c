/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_list.c - LIST with RFC 5258, 5819 and 6154, and LSUB.
 *
 * The store gives all names, each before what is below it; which of them are selected, and which
 * only lie above selected ones, is found in one pass. */
#include "imap/pattern.h"
#include "imap/private.h"
#include "imap/write.h"

struct listing {
	struct imap *im;
	const struct imap_cmd *cmd;
	bool lsub;
	unsigned options;
	struct pattern *patterns;
	struct mailbox *boxes;
	size_t n;
	struct bytes implied; /* the last name told that is not among the boxes */
	struct buf out;
};

/* ---- which ---------------------------------------------------------------------------------- */

static bool matches(const struct listing *l, struct bytes path)
{
	for (size_t i = 0; i < l->cmd->list.n; i++)
		if (pattern_match(&l->patterns[i], path))
			return true;
	return false;
}

static bool is_selected(const struct listing *l, const struct mailbox *box)
{
	if (l->options & LIST_SUBSCRIBED ? !box->subscribed : !box->id)
		return false;
	return !(l->options & LIST_SPECIAL) || box->special_use;
}

static bool is_below(struct bytes path, struct bytes parent)
{
	return path.n > parent.n && path.p[parent.n] == '/' && bytes_starts(path, parent);
}

/* Something selected below `path`, which would stand before boxes[i]. LSUB cares only for what
 * is not told itself (RFC 3501, 6.3.9). */
static bool has_selected(const struct listing *l, struct bytes path, size_t i)
{
	for (; i < l->n && is_below(l->boxes[i].path, path); i++)
		if (is_selected(l, &l->boxes[i]) && !(l->lsub && matches(l, l->boxes[i].path)))
			return true;
	return false;
}

/* Tree order: '/' comes before all else. */
static int order(struct bytes a, struct bytes b)
{
	for (size_t i = 0; i < a.n && i < b.n; i++)
		if (a.p[i] != b.p[i])
			return a.p[i] == '/' ? -1 : b.p[i] == '/' ? 1 : a.p[i] - b.p[i];
	return (a.n > b.n) - (a.n < b.n);
}

static bool is_listed(const struct listing *l, struct bytes path)
{
	size_t low = 0, high = l->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int c = order(l->boxes[mid].path, path);

		if (c == 0)
			return true;
		if (c < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return false;
}

/* ---- lines ---------------------------------------------------------------------------------- */

static void attributes(struct listing *l, const struct mailbox *box)
{
	struct buf *out = &l->out;

	if (!box || !box->id)
		write_word(out, l->lsub ? "\\Noselect" : "\\NonExistent");
	else if (!box->selectable)
		write_word(out, "\\Noselect");
	if (box && box->subscribed && (l->options & (LIST_SUBSCRIBED | RETURN_SUBSCRIBED)) &&
	    !l->lsub)
		write_word(out, "\\Subscribed");
	if (!box || !box->id || l->lsub)
		return;
	write_word(out, box->has_children ? "\\HasChildren" : "\\HasNoChildren");
	for (uint32_t use = USE_ALL; use <= USE_TRASH; use <<= 1)
		if (box->special_use & use)
			write_word(out, use_name(use));
}

static void child_info(struct listing *l)
{
	buf_puts(&l->out, " (\"CHILDINFO\" (");
	if (l->options & LIST_SUBSCRIBED)
		write_word(&l->out, "\"SUBSCRIBED\"");
	if (l->options & LIST_SPECIAL)
		write_word(&l->out, "\"SPECIAL-USE\"");
	buf_puts(&l->out, "))");
}

static void line(struct listing *l, const struct mailbox *box, struct bytes path, bool parent)
{
	buf_puts(&l->out, l->lsub ? "* LSUB (" : "* LIST (");
	attributes(l, box);
	buf_puts(&l->out, ") \"/\" ");
	write_mailbox(&l->out, path);
	if (parent && !l->lsub)
		child_info(l);
	buf_puts(&l->out, "\r\n");
	/* RFC 5819, 2: right behind it, where there is anything to say. */
	if ((l->options & RETURN_STATUS) && box && box->id && box->selectable)
		status_write(l->im, &l->out, box, l->cmd->status);
}

/* ---- one name after the other --------------------------------------------------------------- */

/* Names above a subscription that are neither mailboxes nor subscriptions. */
static void tell_implied(struct listing *l, size_t i)
{
	struct bytes path = l->boxes[i].path;

	for (size_t n = 0; n < path.n; n++) {
		struct bytes parent = bytes_head(path, n);

		if (path.p[n] != '/' || bytes_eq(parent, l->implied) ||
		    is_below(l->implied, parent) || is_listed(l, parent) || !matches(l, parent) ||
		    !has_selected(l, parent, i))
			continue;
		line(l, NULL, parent, true);
		l->implied = parent;
	}
}

static void tell_box(struct listing *l, size_t i)
{
	struct mailbox box = l->boxes[i];
	bool selected = is_selected(l, &box), parent = false;

	if (l->options & LIST_RECURSIVE && !box.id)
		tell_implied(l, i);
	if (!matches(l, box.path))
		return;
	if (l->options & LIST_RECURSIVE)
		parent = has_selected(l, box.path, i + 1);
	/* RFC 3501, 6.3.9: "foo" is there because of "foo/bar" only. */
	if (l->lsub && !selected)
		box.selectable = false;
	if (selected || parent)
		line(l, &box, box.path, parent);
}

CO static int tell_all(struct listing *l)
{
	struct session *s = l->im->s;
	int ret = store_mailboxes(&s->user, s->account, &s->mem, &l->boxes, &l->n);

	for (size_t i = 0; ret == 0 && i < l->n; i++) {
		tell_box(l, i);
		if (l->out.n < KIB(16) && i + 1 < l->n)
			continue;
		ret = session_write(s, buf_bytes(&l->out));
		buf_clear(&l->out);
	}
	return ret;
}

CO static int list(struct imap *im, struct imap_cmd *cmd, bool lsub)
{
	struct listing l = { .im = im, .cmd = cmd, .lsub = lsub, .options = cmd->options };
	int ret;

	if (lsub)
		l.options = LIST_SUBSCRIBED | LIST_RECURSIVE;
	l.patterns = arena_array(&im->s->mem, struct pattern, cmd->list.n);
	for (size_t i = 0; i < cmd->list.n; i++)
		pattern_init(&l.patterns[i], cmd->name, cmd->list.patterns[i], &im->s->mem);
	buf_init(&l.out, 0);
	ret = tell_all(&l);
	buf_release(&l.out);
	return ret;
}

CO int imap_cmd_list(struct imap *im, struct imap_cmd *cmd)
{
	/* RFC 3501, 6.3.8: an empty pattern asks for the separator. */
	if (!(cmd->options & LIST_EXTENDED) && cmd->list.patterns[0].n == 0) {
		session_puts(im->s, "* LIST (\\Noselect) \"/\" \"\"\r\n");
		return 0;
	}
	return list(im, cmd, false);
}

CO int imap_cmd_lsub(struct imap *im, struct imap_cmd *cmd)
{
	return list(im, cmd, true);
}
