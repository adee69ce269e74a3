/* SPDX-License-Identifier: Apache-2.0 */
/* mail - deliveries by SMTP and LMTP: MAIL, RCPT and DATA in one packet, then the message. */
#include "load.h"

#include <string.h>

static bool is_lmtp(void)
{
	return strcmp(g.mode->name, "lmtp") == 0;
}

static unsigned recipient(const struct conn *c, unsigned i)
{
	return (c->user + i) % g.users;
}

static void mail_begin(struct conn *c)
{
	c->user = (unsigned)(g.serial * g.recipients % g.users);
	choose_message(c);
	putf(c, "MAIL FROM:<load@elsewhere.test>\r\n");
	for (unsigned i = 0; i < g.recipients; i++)
		putf(c, "RCPT TO:<u%u@%s>\r\n", user_number(recipient(c, i)), g.domain);
	putf(c, "DATA\r\n");
}

static void mail_working(struct conn *c, const char *line)
{
	unsigned data = 1 + g.recipients;

	if (strncmp(line, c->step == data ? "354" : "250", 3) != 0)
		die("answer %u of a delivery: %s", c->step + 1, line);
	c->step++;
	if (c->step == data + 1) {
		put_message(c);
		put(c, ".\r\n", 3);
	} else if (c->step == data + 1 + (is_lmtp() ? g.recipients : 1)) {
		for (unsigned i = 0; i < g.recipients; i++)
			g.accepted[recipient(c, i)]++;
		done(c);
		begin(c);
	}
}

static void mail_line(struct conn *c, const char *line, size_t n)
{
	if (n > 3 && line[3] == '-')
		return;
	if (c->phase == GREETING) {
		putf(c, "%s bench.elsewhere.test\r\n", is_lmtp() ? "LHLO" : "EHLO");
		c->phase = HELLO;
	} else if (c->phase == HELLO) {
		if (strncmp(line, "250", 3) != 0)
			die("hello: %s", line);
		is_ready(c);
	} else if (c->phase == WORKING) {
		mail_working(c, line);
	} else {
		die("unasked: %s", line);
	}
}

static const struct protocol mail = { mail_line, NULL };

const struct mode mail_modes[] = {
	{ .name = "lmtp", .protocol = &mail, .begin = mail_begin },
	{ .name = "smtp", .protocol = &mail, .begin = mail_begin },
	{ .name = NULL },
};
