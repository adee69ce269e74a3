/* SPDX-License-Identifier: Apache-2.0 */
/* imap.c - the life of an IMAP session: lines in, commands run, answers out.
 *
 * The table cmd.def says where a command is allowed and what it may tell beside its own answer;
 * all of that is enforced here, none of it in the commands. */
#include "imap/private.h"

#include <ctype.h>
#include <stdlib.h>

static const struct {
	const char *name;
	run_fn *run;
	unsigned states, flags;
} commands[] = {
#define CMD(verb, name, arguments, run, states, flags) { name, run, states, flags },
#include "imap/cmd.def"
#include "store/watch.h"
#undef CMD
};

unsigned imap_state(const struct imap *im)
{
	if (!im->s->account)
		return IN_STRANGER;
	return im->selected ? IN_MAILBOX : IN_HOME;
}

/* ---- answers -------------------------------------------------------------------------------- */

void imap_tagged(struct imap *im, struct bytes tag, const char *status, const char *code,
		 const char *text)
{
	if (code)
		session_printf(im->s, "%.*s %s [%s] %s\r\n", BYTES_ARG(tag), status, code, text);
	else
		session_printf(im->s, "%.*s %s %s\r\n", BYTES_ARG(tag), status, text);
}

static const char *sentence(struct arena *mem, const char *text)
{
	char *s = arena_printf(mem, "%s", text);

	*s = (char)toupper((unsigned char)*s);
	return s;
}

static void answer_no(struct imap *im, struct imap_cmd *cmd, int ret)
{
	const char *code = err_imap_code(ret);

	/* An outcome that nobody knows has no answer: the client must look (G21). */
	if (ret == -ERR_GONE)
		return;
	if (ret == -ERR_UNKNOWN) {
		session_abort(im->s);
		return;
	}
	if (!code)
		log_warn(&im->s->log, "command_failed", "command=%s error=%s",
			 commands[cmd->verb].name, err_name(ret));
	imap_tagged(im, cmd->tag, "NO",
		    cmd->code ? cmd->code :
		    code      ? code :
				"SERVERBUG",
		    cmd->text ? cmd->text : sentence(&im->s->mem, err_text(ret)));
}

static void answer(struct imap *im, struct imap_cmd *cmd, int ret)
{
	if (ret < 0)
		answer_no(im, cmd, ret);
	else if (ret == RUN_BAD)
		imap_tagged(im, cmd->tag, "BAD", cmd->code, cmd->text);
	else if (ret == 0)
		imap_tagged(im, cmd->tag, "OK", cmd->code,
			    cmd->text ? cmd->text :
					arena_printf(&im->s->mem, "%s completed",
						     commands[cmd->verb].name));
}

/* Too many mistakes: a client that does not speak IMAP. */
static enum take strike(struct imap *im)
{
	if (!session_strike(im->s))
		return TAKE_AGAIN;
	session_puts(im->s, "* BYE Too many errors\r\n");
	return TAKE_CLOSE;
}

/* ---- taking commands ------------------------------------------------------------------------ */

static struct imap_limits limits_of(const struct session *s)
{
	const struct limits *l = s->limits;
	struct imap_limits limits = { .line = (size_t)l->imap_line,
				      .literal = (size_t)l->imap_line,
				      .skip = MIB(1),
				      .literals = (unsigned)l->imap_literals,
				      .depth = (unsigned)l->imap_depth,
				      .terms = (unsigned)l->search_terms };

	if (!s->account) {
		limits.line = (size_t)l->imap_line_before_login;
		limits.literal = (size_t)l->imap_literal_before_login;
		limits.skip = l->imap_line_before_login;
	}
	return limits;
}

static enum take take_wrong(struct imap *im, const struct imap_cmd *cmd, const char *status,
			    const char *code, const char *text)
{
	imap_tagged(im, cmd->tag, status, code, text);
	arena_release(&im->s->mem);
	arena_init(&im->s->mem, 0);
	return strike(im);
}

static enum take take_command(struct imap *im, struct buf *in)
{
	struct imap_limits limits = limits_of(im->s);
	struct imap_cmd cmd;
	struct why why;
	size_t used;
	enum parse parse = imap_parse(&im->parser, &limits, imap_state(im), buf_bytes(in), &used,
				      &im->s->mem, &cmd, &why);

	buf_take(in, used);
	switch (parse) {
	case PARSE_DONE:
		im->cmd = arena_new(&im->s->mem, struct imap_cmd);
		*im->cmd = cmd;
		return TAKE_RUN;
	case PARSE_CONTINUE: session_puts(im->s, "+ Go on\r\n"); return TAKE_AGAIN;
	case PARSE_AGAIN: return TAKE_AGAIN;
	case PARSE_BAD: return take_wrong(im, &cmd, "BAD", NULL, why.text);
	case PARSE_TOOBIG: return take_wrong(im, &cmd, "NO", "TOOBIG", "Literal too big");
	case PARSE_BYE: session_puts(im->s, "* BYE [TOOBIG] Too big\r\n"); return TAKE_CLOSE;
	default: return TAKE_MORE;
	}
}

/* The line that a running exchange waits for becomes a command of its own. */
static enum take take_line(struct imap *im, struct buf *in)
{
	struct bytes all = buf_bytes(in), line;
	size_t eol = bytes_chr(all, '\n');
	struct imap_limits limits = limits_of(im->s);

	if (eol == all.n && all.n < limits.line)
		return TAKE_MORE;
	if (eol == all.n) {
		session_puts(im->s, "* BYE Line too long\r\n");
		return TAKE_CLOSE;
	}
	line = bytes_head(all, eol);
	if (bytes_ends(line, BYTES("\r")))
		line.n--;
	im->cmd = arena_new(&im->s->mem, struct imap_cmd);
	im->cmd->tag = bytes_str(im->tag);
	im->cmd->verb = im->mode == MODE_IDLE ? VERB_IDLE : VERB_AUTHENTICATE;
	im->cmd->auth.mechanism = BYTES("PLAIN");
	im->cmd->auth.initial = bytes_dup(&im->s->mem, line);
	im->cmd->auth.has_initial = true;
	buf_take(in, eol + 1);
	return TAKE_RUN;
}

static enum take imap_take(struct session *s, struct buf *in)
{
	struct imap *im = s->state;

	if (!im->spoken)
		session_timeout(s, s->limits->imap_timeout);
	im->spoken = true;
	return im->mode == MODE_COMMANDS ? take_command(im, in) : take_line(im, in);
}

static size_t imap_max_input(const struct session *s)
{
	return limits_of(s).line + 1;
}

/* ---- running them --------------------------------------------------------------------------- */

CO static int run_command(struct imap *im, struct imap_cmd *cmd)
{
	unsigned flags = commands[cmd->verb].flags;
	int ret = 0;

	if ((flags & WRITES) && im->read_only) {
		cmd->text = "The mailbox was opened read-only";
		return -ERR_CANNOT;
	}
	/* A UID from elsewhere, say from an APPEND on the client's other connection. */
	if ((flags & NEWS_AFTER) && cmd->uid && !view_knows(&im->view, cmd->set))
		ret = imap_sync(im, true);
	im->current = false;
	if (ret < 0)
		return ret;
	return commands[cmd->verb].run(im, cmd);
}

/* What a command did is true whether or not its news can be had. */
CO static int run_news(struct imap *im, const struct imap_cmd *cmd)
{
	unsigned flags = commands[cmd->verb].flags;
	bool expunges = flags & EXPUNGES;

	if (!im->selected || !(flags & NEWS_AFTER) ||
	    (im->current && imap_is_current(im, im->view.modseq, expunges)))
		return 0;
	return imap_sync(im, expunges);
}

CO static void imap_run(struct session *s)
{
	struct imap *im = s->state;
	struct imap_cmd *cmd = im->cmd;
	int ret, news = 0;

	im->cmd = NULL;
	ret = run_command(im, cmd);
	if (ret == -ERR_NOTFOUND && commands[cmd->verb].states == IN_MAILBOX && !cmd->code) {
		imap_mailbox_gone(im);
		return;
	}
	if (ret == 0)
		news = run_news(im, cmd);
	answer(im, cmd, ret);
	if (news == -ERR_NOTFOUND)
		imap_mailbox_gone(im);
}

/* ---- the session ---------------------------------------------------------------------------- */

static void imap_open(struct session *s)
{
	struct imap *im = s->state;
	struct buf out;

	im->s = s;
	view_init(&im->view);
	buf_init(&out, 0);
	buf_puts(&out, "* OK [");
	capability_write(s, &out);
	buf_printf(&out, "] %s Tern ready\r\n", s->site->hostname);
	session_put(s, buf_bytes(&out));
	buf_release(&out);
}

static void imap_timeout(struct session *s)
{
	session_puts(s, s->account ? "* BYE Silent for too long\r\n" : "* BYE Log in sooner\r\n");
}

static void imap_drain(struct session *s)
{
	session_puts(s, "* BYE [UNAVAILABLE] The server goes down, come back in a moment\r\n");
}

static void imap_close(struct session *s)
{
	struct imap *im = s->state;

	store_watch_free(&im->watch);
	imap_unselect(im);
}

CO static void imap_wake(struct session *s)
{
	struct imap *im = s->state;

	/* Outside of IDLE nobody asked (RFC 3501, 5.2: the next command will). */
	if (im->mode == MODE_IDLE && im->selected && imap_sync(im, true) == -ERR_NOTFOUND)
		imap_mailbox_gone(im);
	if (im->watch)
		store_watch_seen(im->watch, im->view.modseq);
}

const struct proto proto_imap = {
	.name = "imap",
	.state_size = sizeof(struct imap),
	.open = imap_open,
	.take = imap_take,
	.run = imap_run,
	.wake = imap_wake,
	.timeout = imap_timeout,
	.drain = imap_drain,
	.close = imap_close,
	.max_input = imap_max_input,
};
