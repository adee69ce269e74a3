/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_auth.c - STARTTLS, LOGIN, AUTHENTICATE PLAIN (RFC 4616, 4959). */
#include "imap/private.h"

CO int imap_cmd_starttls(struct imap *im, struct imap_cmd *cmd)
{
	struct session *s = im->s;

	if (s->tls || !s->tls_available) {
		cmd->text = s->tls ? "TLS is in use already" : "TLS is not available";
		return RUN_BAD;
	}
	imap_tagged(im, cmd->tag, "OK", NULL, "Begin TLS now");
	/* RFC 3501, 6.2.1: what was learned before is not believed after. There is nothing. */
	return session_starttls(s) < 0 ? -ERR_GONE : RUN_ANSWERED;
}

/* Before anything is looked at: a password in clear is not even compared (RFC 5530). */
static bool is_private(struct imap *im, struct imap_cmd *cmd)
{
	if (session_login_allowed(im->s))
		return true;
	cmd->code = "PRIVACYREQUIRED";
	cmd->text = "Use TLS first";
	return false;
}

static void logged_in(struct imap *im, struct imap_cmd *cmd)
{
	struct buf caps;

	session_timeout(im->s, im->s->limits->imap_timeout);
	buf_init(&caps, 0);
	capability_write(im->s, &caps);
	cmd->code = bytes_cstr(&im->s->mem, buf_bytes(&caps));
	cmd->text = "Logged in";
	buf_release(&caps);
}

CO static int log_in(struct imap *im, struct imap_cmd *cmd, struct bytes authzid, struct bytes user,
		     struct bytes password)
{
	struct why why = { "" };
	int ret = session_login(im->s, authzid, user, password, &why);

	switch (ret) {
	case 0: logged_in(im, cmd); return 0;
	case -ERR_AUTH: cmd->text = "Authentication failed"; return ret;
	case -ERR_BUSY:
		/* G21: not knowing is not a wrong password. */
		cmd->text = "Logins are not possible at the moment, keep the password";
		return ret;
	case -ERR_LIMIT:
		session_puts(im->s, "* BYE [LIMIT] Too many logins, try again later\r\n");
		session_close(im->s);
		return RUN_ANSWERED;
	default: return ret;
	}
}

CO int imap_cmd_login(struct imap *im, struct imap_cmd *cmd)
{
	if (!is_private(im, cmd))
		return -ERR_DENIED;
	return log_in(im, cmd, BYTES_NONE, cmd->login.user, cmd->login.password);
}

/* Without an initial response the client is asked for it; its line comes back as a command. */
static int ask(struct imap *im, struct imap_cmd *cmd)
{
	memcpy(im->tag, cmd->tag.p, cmd->tag.n);
	im->tag[cmd->tag.n] = '\0';
	im->mode = MODE_AUTH;
	session_puts(im->s, "+ \r\n");
	return RUN_ANSWERED;
}

CO int imap_cmd_authenticate(struct imap *im, struct imap_cmd *cmd)
{
	struct bytes authzid, user, password;
	bool answered = im->mode == MODE_AUTH;

	im->mode = MODE_COMMANDS;
	if (!is_private(im, cmd))
		return -ERR_DENIED;
	if (!lex_is(cmd->auth.mechanism, "PLAIN")) {
		cmd->text = "No such mechanism";
		return -ERR_CANNOT;
	}
	if (!cmd->auth.has_initial)
		return ask(im, cmd);
	if (answered && bytes_eq(cmd->auth.initial, BYTES("*"))) {
		cmd->text = "Cancelled";
		return RUN_BAD;
	}
	if (sasl_plain(cmd->auth.initial, &im->s->mem, &authzid, &user, &password, NULL) < 0) {
		cmd->text = "Malformed response";
		return RUN_BAD;
	}
	return log_in(im, cmd, authzid, user, password);
}
