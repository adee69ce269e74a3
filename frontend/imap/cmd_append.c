/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_append.c - APPEND: the message goes to the store as it comes, byte for byte.
 *
 * A literal that was announced with '+' is on its way whatever we say: it is swallowed before
 * the refusal, so that what follows it is a command again. */
#include "imap/name.h"
#include "imap/private.h"

#include "base/clock.h"
#include "model/ids.h"

#define READ_MS SECONDS(60)
#define ASK_FIRST KIB(256)

struct incoming {
	struct imap *im;
	struct upload *up;
	uint64_t left, taken, since;
	int status; /* what the store says so far */
	bool nul;
};

/* RFC 3501, 6.3.11 and 6.4.7: a client may make the mailbox and try again. */
static int no_target(struct imap_cmd *cmd, int ret)
{
	if (ret != -ERR_NOTFOUND && ret != -ERR_CANNOT)
		return ret;
	cmd->code = "TRYCREATE";
	cmd->text = "No such mailbox";
	return -ERR_NOTFOUND;
}

CO int imap_find_target(struct imap *im, struct imap_cmd *cmd, struct bytes raw,
			struct mailbox *box)
{
	struct bytes path;
	int ret = name_path(raw, &im->s->mem, &path);

	if (ret == 0)
		ret = store_mailbox(&im->s->user, im->s->account, path, &im->s->mem, box);
	return no_target(cmd, ret);
}

/* ---- reading -------------------------------------------------------------------------------- */

static int too_slow(struct imap *im)
{
	session_puts(im->s, "* BYE Too slow\r\n");
	session_close(im->s);
	return -ERR_GONE;
}

static bool is_slow(const struct incoming *in)
{
	uint64_t ms = clock_ms() - in->since;

	return ms > READ_MS && in->taken < in->im->s->limits->data_rate * (ms / 1000);
}

/* All of the literal; only to the store what the store still wants. */
CO static int receive(struct incoming *in)
{
	struct session *s = in->im->s;
	struct bytes piece;
	int ret;

	while (in->left) {
		ret = session_read(s, READ_MS, &piece);
		if (ret == -ERR_LATE || (ret == 0 && is_slow(in)))
			return too_slow(in->im);
		if (ret < 0)
			return ret;
		piece = bytes_head(piece, (size_t)MIN(in->left, (uint64_t)piece.n));
		in->nul |= bytes_chr(piece, 0) < piece.n;
		if (in->up && in->status == 0 && !in->nul)
			in->status = upload_write(in->up, piece);
		session_consume(s, piece.n);
		in->left -= piece.n;
		in->taken += piece.n;
	}
	return in->status == -ERR_GONE ? -ERR_GONE : 0;
}

CO static int take_char(struct session *s, char c)
{
	struct bytes in;
	int ret = session_read(s, READ_MS, &in);

	if (ret < 0)
		return -ERR_GONE;
	if (in.p[0] != (uint8_t)c)
		return -ERR_INVALID;
	session_consume(s, 1);
	return 0;
}

/* CRLF ends the command. MULTIAPPEND is not announced: more is a mistake. */
CO static int end_of_command(struct imap *im)
{
	int ret = take_char(im->s, '\r');

	if (ret == 0)
		ret = take_char(im->s, '\n');
	if (ret == -ERR_INVALID)
		imap_parse_skip(&im->parser);
	return ret;
}

CO static int receive_command(struct incoming *in)
{
	int ret;

	in->since = clock_ms();
	ret = receive(in);
	return ret < 0 ? ret : end_of_command(in->im);
}

/* ---- refusing ------------------------------------------------------------------------------- */

/* Before anything of the message has been read. */
CO static int refuse(struct imap *im, struct imap_cmd *cmd, int why)
{
	struct incoming in = { .im = im, .left = cmd->append.size };
	int ret;

	if (cmd->append.sync || why == -ERR_GONE || why == -ERR_UNKNOWN)
		return why;
	if (cmd->append.size > im->s->limits->message_size) {
		session_puts(im->s, "* BYE [TOOBIG] Message too big\r\n");
		session_close(im->s);
		return RUN_ANSWERED;
	}
	ret = receive_command(&in);
	return ret == -ERR_GONE ? ret : why;
}

/* ---- APPEND --------------------------------------------------------------------------------- */

static int check_size(const struct imap *im, struct imap_cmd *cmd)
{
	if (cmd->append.size > im->s->limits->message_size)
		return -ERR_TOOBIG;
	if (cmd->append.size)
		return 0;
	cmd->text = "An empty message cannot be stored";
	return -ERR_CANNOT;
}

CO static int store(struct imap *im, struct imap_cmd *cmd, struct upload *up, struct bytes path)
{
	struct append a = { .account = im->s->account,
			    .path = path,
			    .flags = imap_store_flags(&cmd->flags) };
	uint32_t uid_validity = 0, uid = 0;
	int ret;

	if (cmd->append.dated) {
		a.date_ms = (uint64_t)MAX(cmd->append.date_ms, 1);
		a.zone = cmd->append.zone;
	}
	ret = upload_end(up);
	if (ret == 0)
		ret = no_target(cmd, upload_append(up, &a, &uid_validity, &uid));
	if (ret == 0)
		cmd->code = arena_printf(&im->s->mem, "APPENDUID %u %u", uid_validity, uid);
	return ret;
}

static int verdict(struct incoming *in, struct imap_cmd *cmd)
{
	if (in->status < 0 || !in->nul)
		return in->status;
	cmd->text = "A message may not hold NUL";
	return -ERR_CANNOT;
}

CO static int take_message(struct imap *im, struct imap_cmd *cmd, struct bytes path)
{
	struct incoming in = { .im = im, .left = cmd->append.size };
	int ret;

	if (cmd->append.sync)
		session_puts(im->s, "+ Go on\r\n");
	in.up = upload_open(&im->s->user, ACCOUNT_SHARD(im->s->account));
	ret = receive_command(&in);
	if (ret == -ERR_INVALID) {
		cmd->text = "Unexpected argument";
		ret = RUN_BAD;
	} else if (ret == 0) {
		ret = verdict(&in, cmd);
	}
	if (ret == 0)
		ret = store(im, cmd, in.up, path);
	upload_close(&in.up);
	return ret;
}

CO int imap_cmd_append(struct imap *im, struct imap_cmd *cmd)
{
	struct mailbox box;
	struct bytes path;
	int ret = check_size(im, cmd);

	if (ret == 0)
		ret = name_path(cmd->name, &im->s->mem, &path);
	/* Who waits for the word to go on need not send for nothing, nor who has much to send; of
	 * the others the commit itself says that there is no such mailbox. */
	if (ret == 0 && (cmd->append.sync || cmd->append.size > ASK_FIRST))
		ret = imap_find_target(im, cmd, cmd->name, &box);
	return ret < 0 ? refuse(im, cmd, ret) : take_message(im, cmd, path);
}
